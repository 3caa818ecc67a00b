"""
Whose a connection is: its name says so where a client has several accounts.

``prodPrivate`` is a line of the only account, ``prodPrivate@second`` that of the account of this name; the public
connection is nobody's, unless its name tells of an account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from kucoin_sync.errors import ConfigError
from kucoin_sync.okx.keys import CONNECTIONS, ConnectionFacts, WsKey, parse_ws_key
from kucoin_sync.okx.lookups import OkxLookUps
from kucoin_sync.orders.lookup import LookUp, LookUps, Question
from kucoin_sync.protocol.dialect import ws_key_text

__all__ = ["AccountLookUps", "AccountNames"]

_OF = "@"
"""Between the name of a connection and the account it belongs to."""


class AccountNames:
    """
    The accounts of one client.

    Args:
        names: Their names, the first one first.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def check(self, account: str | int | None) -> str:
        """Return the name of an account; of none, the first one's. Raises ConfigError if there is no such account."""
        if not self.names:
            raise ConfigError(
                "accounts: this needs an account: give api_key, api_secret and api_passphrase, or accounts"
            )
        if account is None:
            return self.names[0]
        name = str(account)
        if name not in self.names:
            raise ConfigError(f"account: no account {name!r:.40}; there are {', '.join(self.names)}")
        return name

    def of(self, ws_key: str) -> str:
        """Return whose orders go over a connection; ``""`` if that cannot be told: it is of an earlier process."""
        _, of, name = ws_key.partition(_OF)
        if of:
            return name
        return self.names[0] if len(self.names) == 1 else ""

    @staticmethod
    def take_apart(ws_key: str | Enum) -> tuple[WsKey, str | None]:
        """Return the connection of a name and the account that it tells. Raises ConfigError if there is no such one."""
        key, of, name = ws_key_text(ws_key).partition(_OF)
        return parse_ws_key(key), name if of else None

    def connection(self, key: WsKey, account: str | int | None, *, login: bool) -> str:
        """
        Return the name of a connection.

        Args:
            key: Which one.
            account: Whose; ``None`` is the first.
            login: Whether it has to be one that logs in.
        """
        facts = CONNECTIONS[key]
        if facts.path == "public":
            return f"{key}{_OF}{self.check(account)}" if login else key.value
        if facts.path == "business" and not self.names and not login:
            return key.value
        name = self.check(account)
        return key.value if len(self.names) == 1 else f"{key}{_OF}{name}"

    def owner(self, ws_key: str, facts: ConnectionFacts) -> str | None:
        """Return who logs in on a connection; ``None`` if nobody does."""
        _, named = self.take_apart(ws_key)
        if named is not None:
            return self.check(named)
        return self.check(None) if facts.path == "private" or (facts.path == "business" and self.names) else None


class AccountLookUps(LookUps):
    """
    Looks each order up with the credentials of its account.

    Args:
        names: The accounts.
        lookups: The ways of each, by its name.
    """

    def __init__(self, names: AccountNames, lookups: Mapping[str, OkxLookUps]) -> None:
        self._names = names
        self._lookups = lookups

    def ways(self, question: Question) -> Sequence[LookUp]:
        """Return the ways of the account whose order it is; none for an account that the client does not have."""
        lookups = self._lookups.get(self._names.of(question.ws_key))
        return () if lookups is None else lookups.ways(question)
