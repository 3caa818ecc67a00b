"""
One life of a line, from the opening handshake to its end, as a state machine without I/O.

The session knows which greeting steps are still due, answers them, and says when the line is ready. After that only
messages about the line itself come here; pushes and replies go straight to those who wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kucoin_sync.errors import AuthError, ConnectError, shorten
from kucoin_sync.events import Update
from kucoin_sync.protocol.dialect import Dialect, Step
from kucoin_sync.protocol.messages import (
    Ack,
    Challenge,
    Inbound,
    LoginReply,
    Refusal,
    Reply,
    Unreadable,
    Welcome,
)
from kucoin_sync.protocol.state import Phase, SessionState

__all__ = ["Session"]

MAX_EARLY = 1000
"""Pushes kept that came before the line was ready; more is not a greeting any more."""

_EXPECTED: dict[Step, type] = {
    Step.WELCOME: Welcome,
    Step.CHALLENGE: Challenge,
    Step.LOGIN: LoginReply,
}


class Session:
    """
    The greeting of one line.

    Args:
        dialect: How this connection is spelled.
        next_id: Makes request ids.
    """

    def __init__(self, dialect: Dialect, next_id: Callable[[], str]) -> None:
        self.state = SessionState.GREETING
        self.welcome: Welcome | None = None
        self.logged_in = False
        self.early: list[Update] = []
        """Pushes that came before the line was ready; whoever declares it ready delivers them."""
        self._dialect = dialect
        self._next_id = next_id
        self._steps = list(dialect.greeting)
        self._login_id: str | None = None

    @property
    def ready(self) -> bool:
        """Whether the greeting is over."""
        return self.state is SessionState.READY

    @property
    def phase(self) -> Phase:
        """What the session waits for."""
        waits_for_welcome = bool(self._steps) and self._steps[0] is Step.WELCOME
        return Phase.WELCOME if waits_for_welcome and not self.logged_in else Phase.AUTH

    def start(self, *, timestamp_ms: int) -> list[str]:
        """Return the texts to send once the line is up; nothing may leave before."""
        return self._advance(timestamp_ms)

    def receive(self, message: Inbound, *, timestamp_ms: int) -> list[str]:
        """
        Take a message that came before the line was ready.

        Returns:
            Texts to send now.

        Raises:
            ConnectError: If the message means that this line will not become ready.
        """
        if isinstance(message, Update):
            if len(self.early) >= MAX_EARLY:
                raise ConnectError("a flood of data before the welcome", phase=self.phase.value)
            self.early.append(message)
            return []
        if isinstance(message, Refusal):
            raise self._dialect.opening_error(message, self.phase.value)
        if isinstance(message, Reply):
            refusal = Refusal(message.id, message.code, message.message, message.raw)
            raise self._dialect.opening_error(refusal, self.phase.value)
        if isinstance(message, Unreadable):
            raise ConnectError(f"unreadable greeting ({message.problem})", phase=self.phase.value)
        if isinstance(message, Ack) and message.id == self._login_id:
            message = LoginReply(True, "", "")  # some exchanges answer a login like any other command
        if not self._steps or not isinstance(message, _EXPECTED[self._steps[0]]):
            return []  # an ack or a pong that nobody asked for: not what we wait for, and no harm
        self._steps.pop(0)
        texts = []
        if isinstance(message, Challenge):
            texts.append(self._dialect.answer_challenge(message.text))
            self.logged_in = True
        elif isinstance(message, LoginReply):
            if not message.accepted:
                raise AuthError(shorten(message.message), phase=Phase.AUTH.value, code=message.code)
            self.logged_in = True
        elif isinstance(message, Welcome):
            self.welcome = message
        return texts + self._advance(timestamp_ms)

    def _advance(self, timestamp_ms: int) -> list[str]:
        if not self._steps:
            self.state = SessionState.READY
            return []
        if self._steps[0] is Step.LOGIN:
            self._login_id = self._next_id()
            return [self._dialect.encode_login(request_id=self._login_id, timestamp_ms=timestamp_ms)]
        return []

    def end(self) -> None:
        """The line is over."""
        self.state = SessionState.ENDED

    def __repr__(self) -> str:
        due: list[Any] = [step.value for step in self._steps]
        return f"Session({self.state.value}, due={due})"
