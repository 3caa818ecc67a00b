"""
The dead man's switch of the spot market: orders are cancelled unless the client says in time that it lives.

Source: KuCoin docs, Set DCP, Get DCP.
"""

from __future__ import annotations

from attrs import frozen

from .refusals import refused

__all__ = ["DeadManSwitch", "SwitchSetting"]

_SECOND_NS = 1_000_000_000
MIN_TIMEOUT, MAX_TIMEOUT = 5, 86_400


@frozen
class SwitchSetting:
    """What one account asked for; no symbols means all."""

    timeout: int
    symbols: tuple[str, ...]
    triggers_at_ns: int


class DeadManSwitch:
    """The settings of all accounts."""

    def __init__(self) -> None:
        self._settings: dict[str, SwitchSetting] = {}

    def set(self, account: str, timeout: object, symbols: tuple[str, ...], now: int) -> SwitchSetting | None:
        """
        Start or restart the countdown; ``-1`` ends it.

        Raises:
            Refused: The timeout is neither -1 nor 5 to 86400 seconds.
        """
        if timeout == -1:
            self._settings.pop(account, None)
            return None
        if isinstance(timeout, bool) or not isinstance(timeout, int) or not MIN_TIMEOUT <= timeout <= MAX_TIMEOUT:
            raise refused("parameter", "timeout is invalid.")
        setting = SwitchSetting(timeout, symbols, now + timeout * _SECOND_NS)
        self._settings[account] = setting
        return setting

    def get(self, account: str) -> SwitchSetting | None:
        """Return the running countdown of an account."""
        return self._settings.get(account)

    def next_due_ns(self) -> int | None:
        """Return when the first countdown is over."""
        return min((setting.triggers_at_ns for setting in self._settings.values()), default=None)

    def take_due(self, now: int) -> list[tuple[str, SwitchSetting]]:
        """Return and end the countdowns that are over."""
        due = [(account, s) for account, s in self._settings.items() if s.triggers_at_ns <= now]
        for account, _ in due:
            del self._settings[account]
        return due
