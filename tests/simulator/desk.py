"""An exchange without a server, with a clock one can turn and two rich traders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from kucoin_sync.simulator.matching.events import BookChanged, Event, TickerChanged, WalletChanged
from kucoin_sync.simulator.spot.exchange import Exchange

NOW_MS = 1_760_000_000_000

E = TypeVar("E")


class Desk:
    def __init__(self, **options: Any) -> None:
        self.now_ms = NOW_MS
        self.events: list[Event] = []
        self.exchange = Exchange(now_ns=lambda: self.now_ms * 1_000_000, emit=self.events.append, **options)
        for account in ("ann", "bob"):
            for currency, amount in (("BTC", "10"), ("ETH", "10"), ("USDT", "100000")):
                self.exchange.deposit(account, currency, amount)
        self.events.clear()

    def limit(self, account: str, side: str, price: str, size: str, **more: Any) -> Any:
        args = {"symbol": "BTC-USDT", "type": "limit", "side": side, "price": price, "size": size}
        return self.exchange.place(account, {**args, **more})

    def market(self, account: str, side: str, **more: Any) -> Any:
        return self.exchange.place(account, {"symbol": "BTC-USDT", "type": "market", "side": side, **more})

    def margin(self, account: str, side: str, price: str | None, size: str, **more: Any) -> Any:
        """Place a margin order, a market order without price, and return it with its loan."""
        args = {"symbol": "BTC-USDT", "side": side, "size": size, "clientOid": f"m{len(self.events)}"}
        args |= {"type": "market"} if price is None else {"type": "limit", "price": price}
        return self.exchange.place_margin(account, {**args, **more})

    def trade_at(self, price: str) -> None:
        """Let bob trade with himself, so that this is the last price."""
        order = self.limit("bob", "sell", price, "0.001")
        self.limit("bob", "buy", price, "0.001", timeInForce="IOC")
        if self.exchange.order(order.order_id).is_live:  # type: ignore[union-attr]
            raise AssertionError("a better offer was in the way")

    def of_kind(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def kinds(self) -> list[type]:
        """Return what happened to orders, in order."""
        return [type(e) for e in self.events if not isinstance(e, (BookChanged, TickerChanged, WalletChanged))]

    def pass_time(self, seconds: int) -> None:
        self.now_ms += seconds * 1000
        self.exchange.poll()

    def check_money(self) -> None:
        """Check that nothing was made or lost, and that the lender has or is owed what it had, interest included."""
        exchange = self.exchange
        assert exchange.ledger.totals() == exchange.ledger.deposited()
        assert exchange.ledger.lowest() >= 0

    def amounts(self, account: str, wallet: str = "trade") -> dict[str, tuple[Decimal, Decimal]]:
        """Return available and held by currency, without what is empty."""
        balances = self.exchange.balances(account, wallet).items()
        return {currency: (b.available, b.held) for currency, b in balances if b.total}
