"""
What a user can set: `Options` with the market and the accounts, and `Account`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from kucoin_sync import options as general
from kucoin_sync.errors import ConfigError
from kucoin_sync.options import Credentials, check_url

__all__ = ["MARKETS", "Account", "Options"]

MARKETS = {"PROD": "GLOBAL", "GLOBAL": "GLOBAL", "EEA": "EEA", "US": "US"}
"""Names of the markets, in upper case, to the site each is of."""

HOST_NAMES = {"rest": ("https", "http"), "ws": ("wss", "ws")}

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_QUERY = re.compile(r"[A-Za-z0-9_.=&-]*")
_FOREIGN = ("api_key_version", "broker", "enable_ns", "pro_login", "api_region", "check_symbols")
"""Options of the client for the other exchange, which mean nothing here."""
_SPELLINGS = {"apiKey": "api_key", "apiSecret": "api_secret", "apiPass": "api_passphrase"}
"""Names of the Node client."""


@attrs.frozen(repr=False)
class Account:
    """
    One account of several. ``repr`` shows the ends of the key and nothing else.

    Attributes:
        api_key: API key.
        api_secret: API secret.
        api_passphrase: Passphrase, as typed when the key was made.
        name: What ``account=`` calls it; ``None``: its place among the accounts, ``"1"`` for the first.
    """

    api_key: str
    api_secret: str
    api_passphrase: str
    name: str | None = None

    @property
    def credentials(self) -> Credentials:
        """The three credentials as one value. Raises ConfigError if one is unfit."""
        return Credentials(self.api_key, self.api_secret, self.api_passphrase)

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, {self.credentials!r})"


def _accounts(value: Any) -> tuple[Account, ...]:
    if value is None:
        return ()
    if isinstance(value, (Mapping, Account)) or not isinstance(value, (list, tuple)):
        raise ConfigError("accounts: must be a list of Account or of mappings")
    return tuple(_account(each) for each in value)


def _account(value: Any) -> Account:
    if isinstance(value, Account):
        return value
    fields = {field.name for field in attrs.fields(Account)}
    if not isinstance(value, Mapping):
        raise ConfigError(f"accounts: each must be an Account or a mapping, got {type(value).__name__}")
    given: dict[str, Any] = {_SPELLINGS.get(name, str(name)): each for name, each in value.items()}
    if not set(given) <= fields or not fields - {"name"} <= set(given):
        raise ConfigError("accounts: each must have api_key, api_secret and api_passphrase, and may have a name")
    return Account(**given)


def _market(_: Any, __: Any, value: Any) -> None:
    if not isinstance(value, str) or value.upper() not in MARKETS:
        raise ConfigError(f"market: must be one of prod, GLOBAL, EEA, US, got {value!r:.40}")


def _is_bool(_: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{attribute.name}: must be True or False, got {value!r:.40}")


def _is_query(_: Any, __: Any, value: Any) -> None:
    if not isinstance(value, str) or not _QUERY.fullmatch(value):
        raise ConfigError("ws_query: must be a text such as 'brokerId=9999'")


@attrs.frozen(kw_only=True)
class Options(general.Options):
    """
    Options of a client for OKX; each is also a keyword argument of the client.

    Those of `kucoin_sync.options.Options` apply, but for ``api_key_version``, ``broker``, ``enable_ns``, ``pro_login``,
    ``api_region`` and ``check_symbols``; ``hosts`` takes ``rest`` and ``ws``, to which the paths are added. What they
    say of KuCoin's figures is here: a ping every 10 s with 10 s for the answer, three openings a second, 480
    subscribes, unsubscribes and logins an hour on a line, 1000 topics on a connection.

    Attributes:
        market: Where the account lives: ``prod`` (also called ``GLOBAL``), ``EEA`` or ``US``, in any case.
        demo_trading: Use the demo hosts, with a key made for demo trading.
        accounts: Several accounts instead of ``api_key`` and the other two: a list of `Account`, or of mappings
            with the same names or the Node client's. Each has connections of its own, because OKX takes one account a
            line; calls say which by ``account=``, and the first is meant where they do not.
        ws_query: Added to the URL of every WebSocket after a ``?``.
    """

    market: str = attrs.field(default="prod", validator=_market)
    demo_trading: bool = attrs.field(default=False, validator=_is_bool)
    accounts: tuple[Account, ...] = attrs.field(default=None, converter=_accounts)
    ws_query: str = attrs.field(default="", validator=_is_query)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.accounts and self.api_key is not None:
            raise ConfigError("accounts: give these, or api_key, api_secret and api_passphrase")
        names = [account.name or str(place) for place, account in enumerate(self.accounts, start=1)]
        for name in names:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ConfigError(f"accounts: a name must be 1 to 32 letters and digits, got {name!r:.40}")
        if len(set(names)) < len(names):
            raise ConfigError("accounts: two have the same name")
        if len({account.api_key for account in self.accounts}) < len(names):
            raise ConfigError("accounts: two have the same key")
        if self.journal is not None and len(self.accounts) > 1 and any(each.name is None for each in self.accounts):
            raise ConfigError("accounts: with a journal each needs a name, by which a later process knows its orders")
        self.named_accounts  # noqa: B018  (checks the credentials now, not at the first connection)
        for name, url in self.hosts.items():
            if name not in HOST_NAMES:
                raise ConfigError(f"hosts: no host {name!r}; there are {', '.join(HOST_NAMES)}")
            check_url(f"hosts[{name!r}]", url, HOST_NAMES[name])

    @property
    def site(self) -> str:
        """``GLOBAL``, ``EEA`` or ``US``."""
        return MARKETS[self.market.upper()]

    @property
    def named_accounts(self) -> dict[str, Credentials]:
        """The credentials of each account, by its name, the first one first."""
        if self.credentials is not None:
            return {"1": self.credentials}
        return {account.name or str(place): account.credentials for place, account in enumerate(self.accounts, start=1)}

    def check_foreign(self) -> None:
        """Raise `ConfigError` for options that mean nothing here."""
        for field in attrs.fields(general.Options):
            if field.name in _FOREIGN and getattr(self, field.name) != field.default:
                raise ConfigError(f"{field.name}: is no option of the client for OKX")
