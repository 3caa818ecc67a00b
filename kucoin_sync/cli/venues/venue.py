"""
`Venue`: what the commands ask of an exchange.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import click

from kucoin_sync.cli.examination import Examination
from kucoin_sync.events import OrderAck
from kucoin_sync.fates import OrderState
from kucoin_sync.options import Options
from kucoin_sync.orders.api_client import ApiClient
from kucoin_sync.orders.client import OrderClient

__all__ = [
    "CREDENTIALS",
    "CancelPlan",
    "Row",
    "Send",
    "Unavailable",
    "Venue",
    "check_given",
    "count_of",
    "number_pages",
]

CREDENTIALS = ("api_key", "api_secret", "api_passphrase")

Row = dict[str, Any]
Send = Callable[[Any], OrderAck]
"""Makes one request with an open order client of the venue."""


class Unavailable(click.ClickException):
    """The exchange has no such thing; ends a command with one line and exit code 2."""

    exit_code = 2


@attrs.frozen
class CancelPlan:
    """
    What a cancel of all orders will do.

    Attributes:
        what: In words, such as ``all open orders of spot``.
        run: Does it with an open order client, and returns what was done, by market.
        leaves: What it does not touch, in a sentence.
    """

    what: str
    run: Callable[[Any], Mapping[str, str]]
    leaves: str


class Venue(abc.ABC):
    """
    An exchange.

    What it cannot do raises `Unavailable` before anything is sent.

    Attributes:
        name: What ``--exchange`` calls it.
        title: What people call it.
        default_profile: Profile that is taken where none is named.
        environment: Variables of the environment besides the credentials, and the options they set.
        settings: Further options that a profile may have, as texts.
        flags: Further options that a profile may have, as yes or no.
        markets: What ``--market`` may be.
        every_market: What is listed where neither a market nor a symbol is named.
    """

    name: str
    title: str
    default_profile: str
    environment: Sequence[tuple[str, str]]
    settings: Sequence[str]
    flags: Sequence[str] = ()
    markets: Sequence[str]
    every_market: str

    # Opening.

    def variable(self, option: str) -> str:
        """Return the variable of the environment for one of the credentials."""
        return f"{self.name.upper()}_{option.upper()}"

    @abc.abstractmethod
    def options(self, keywords: Mapping[str, Any]) -> Options:
        """Return options of its clients. Raises ConfigError."""

    @abc.abstractmethod
    def is_simulated(self, options: Options) -> bool:
        """Whether the options are for a simulator."""

    @abc.abstractmethod
    def describe(self, options: Options) -> str:
        """Return which part of it the options are for, such as ``KuCoin (global)``."""

    def is_practice(self, options: Options) -> bool:
        """Whether the options are for the exchange's own practice market, where no real money moves."""
        return False

    @abc.abstractmethod
    def client(self, options: Options) -> OrderClient:
        """Return a client for streams."""

    @abc.abstractmethod
    def api(self, options: Options) -> ApiClient[Any]:
        """Return a client for orders."""

    # Topics.

    @abc.abstractmethod
    def places(self, words: Sequence[str], ws_key: str | None) -> Mapping[str | None, list[str]]:
        """Return the topics that words of a command line stand for, by the connection that has to be named for them."""

    @abc.abstractmethod
    def patterns(self) -> Iterable[str]:
        """Return a pattern of every topic, with what has to be filled in in braces."""

    def subscribe(self, client: Any, topics: Sequence[str], line: str | None) -> None:
        """Subscribe to topics of one place of `places`."""
        client.subscribe(topics, line)

    # Markets.

    def market_of(self, market: str | None, symbol: str) -> str:
        """Return the market that is named, or else the one that a symbol belongs to."""
        return self.known_market(market) or self.market_of_symbol(symbol)

    def known_market(self, market: str | None) -> str | None:
        """Return a market if there is such a one."""
        if market is not None and market not in self.markets:
            raise Unavailable(f"{self.title} has no market {market!r}; there are {', '.join(self.markets)}")
        return market

    @abc.abstractmethod
    def market_of_symbol(self, symbol: str) -> str:
        """Return the market that a symbol belongs to by its form."""

    # Orders.

    @abc.abstractmethod
    def placing(self, market: str, order: Mapping[str, Any], *, test: bool) -> Send:
        """
        Return what places an order.

        Args:
            market: One of `markets`.
            order: ``symbol``, ``side``, ``type`` (``limit`` or ``market``), ``client_oid``, and of the other options
                of ``order place`` those that were given.
            test: Have the exchange check it and place nothing.
        """

    @abc.abstractmethod
    def changing(self, market: str, symbol: str, named: Mapping[str, Any], changes: Mapping[str, str]) -> Send:
        """Return what changes an order, named by ``order_id`` or ``client_oid``, to ``new_price`` and ``new_size``."""

    @abc.abstractmethod
    def cancelling(self, market: str, symbol: str, named: Mapping[str, Any]) -> Send:
        """Return what cancels an order."""

    @abc.abstractmethod
    def connect_orders(self, api: Any, market: str, symbol: str) -> None:
        """Open the line that takes the orders of a market."""

    @abc.abstractmethod
    def look_up(self, api: Any, market: str, symbol: str, named: Mapping[str, Any]) -> Row:
        """Look an order up, as the exchange tells it."""

    @abc.abstractmethod
    def state(self, order: Mapping[str, Any]) -> OrderState:
        """Read an order as the exchange tells it. Raises RestError."""

    @abc.abstractmethod
    def orders(self, api: Any, market: str | None, symbol: str | None, *, done: bool) -> Iterable[Row]:
        """Return open orders, or the latest ones that are done."""

    @abc.abstractmethod
    def cancelling_all(self, market: str | None, symbol: str | None) -> CancelPlan:
        """Return what cancels all open orders, of one market (or ``all``) or one symbol."""

    # The account.

    @abc.abstractmethod
    def balances(self, api: Any, market: str | None, currencies: Sequence[str]) -> tuple[str, list[Row]]:
        """Return the market or account that was asked, and its balances, one row a currency."""

    @abc.abstractmethod
    def examination(self, options: Options, client: Any, market: str | None, source: str) -> Examination:
        """Return the doctor's checks; ``client`` is one of `client`."""


def check_given(venue: Venue, market: str, order: Mapping[str, Any], allowed: Sequence[str]) -> dict[str, Any]:
    """Return the options of an order beside the four that each has. Raises UsageError for those it cannot have."""
    given = {name: value for name, value in order.items() if name not in ("symbol", "side", "type", "client_oid")}
    for name in given:
        if name not in allowed:
            raise Unavailable(f"--{name.replace('_', '-')} is not for {market} orders at {venue.title}")
    return given


def number_pages(page: Callable[[int], Mapping[str, Any]]) -> Iterator[Row]:
    """Yield the items of all pages, which are counted from 1."""
    number = 1
    while True:
        answer = page(number)
        yield from answer.get("items") or ()
        if number >= (answer.get("totalPage") or 0):
            return
        number += 1


def count_of(number: int) -> str:
    """Spell how many orders were cancelled."""
    return "there was none" if number == 0 else f"{number} {'order' if number == 1 else 'orders'}"
