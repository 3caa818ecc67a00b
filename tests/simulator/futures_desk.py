"""A futures exchange for tests of the engine: a clock one can turn, fixed prices, and traders with money."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any, TypeVar

from kucoin_sync.simulator.futures.events import FuturesOrderState, PositionState
from kucoin_sync.simulator.futures.exchange import FuturesExchange
from kucoin_sync.simulator.matching.events import Event

NOW_NS = 1_760_000_000_000_000_000
HOUSE = "house"

E = TypeVar("E")


class FuturesDesk:
    """
    Two traders with 10000 USDT and 10 XBT each, and a house with none that needs none.

    Index and mark price of all contracts stay where they are put: 60000 and 3000 at first.
    """

    def __init__(self, **options: Any) -> None:
        self.now_ns = NOW_NS
        self.events: list[Event] = []
        self.exchange = FuturesExchange(
            now_ns=lambda: self.now_ns, emit=self.events.append, house_accounts=(HOUSE,), **options
        )
        self._names = itertools.count(1)
        for symbol, price in (("XBTUSDTM", "60000"), ("ETHUSDTM", "3000"), ("XBTUSDM", "60000")):
            self.exchange.set_index_price(symbol, price)
        for account in ("ann", "bob"):
            self.exchange.deposit(account, "USDT", "10000")
            self.exchange.deposit(account, "XBT", "10")

    def order(self, account: str, side: str, price: str | None, size: int, **more: Any) -> FuturesOrderState:
        """Place a limit order, or a market order without a price, at tenfold leverage."""
        args: dict[str, Any] = {"symbol": "XBTUSDTM", "side": side, "size": size, "leverage": 10}
        args.update({"type": "market"} if price is None else {"type": "limit", "price": price})
        args.setdefault("clientOid", f"t{next(self._names)}")
        return self.exchange.place(account, {**args, **more})

    def trade(self, buyer: str, seller: str, price: str, size: int, **more: Any) -> None:
        """Let two traders trade with each other."""
        self.order(seller, "sell", price, size, **more)
        self.order(buyer, "buy", price, size, **more)

    def mark(self, price: str, symbol: str = "XBTUSDTM") -> None:
        """Move index and mark price."""
        self.exchange.set_index_price(symbol, price)

    def position(self, account: str, symbol: str = "XBTUSDTM", side: str = "BOTH") -> PositionState:
        return self.exchange.position(account, symbol, side)

    def balance(self, account: str, currency: str = "USDT") -> Decimal:
        return self.exchange.wallet(account, currency).wallet_balance

    def available(self, account: str, currency: str = "USDT") -> Decimal:
        return self.exchange.wallet(account, currency).available

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one kind, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def is_conserved(self) -> bool:
        return self.exchange.accounts.totals() == self.exchange.accounts.deposited()
