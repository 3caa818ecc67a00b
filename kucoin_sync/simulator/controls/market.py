"""What happened on the simulator and what is, and acting as the exchange or as other traders."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

from ..clock import SECOND_NS, nanoseconds
from ..frame_log import FrameRecord
from ..market.replay import ReplayProgress
from ..matching.account_states import TRADE, Balance
from ..matching.events import Ticker, Trade
from ..matching.orders import OrderState
from ..status import BookStatus, Status, book_of, status_of
from ..truth import TruthFrame, TruthRecord
from ..venue import COUNTERPARTY
from .control import control, lasting_control, query
from .faults import FaultControls

__all__ = ["MarketControls"]


class MarketControls(FaultControls):
    """The part of `Simulator` that is about its lines, its truth and its spot market."""

    # What happened and what is.

    @query
    def truth(self, client_oid: str, *, op: str | None = None) -> TruthRecord:
        """Return what reached the simulator under a client order id (by default: orders placed)."""
        return self._venue.truth.record(client_oid, op)

    @query
    def truth_frames(self, *, client_oid: str | None = None, op: str | None = None) -> list[TruthFrame]:
        """Return the order-carrying frames received, oldest first."""
        return self._venue.truth.frames(client_oid=client_oid, op=op)

    @query
    def frames(self, connection_id: str | None = None) -> list[FrameRecord]:
        """Return the remembered frames, oldest first; there are none without ``Simulator(frame_log=...)``."""
        return self._venue.frame_log.records(connection_id)

    @query
    def connections(self, system: str = "all") -> int:
        """Return how many WebSocket connections of a kind, or of ``"all"``, exist."""
        return len(self._venue.peers(system))

    @query
    def welcomed(self, system: str = "all") -> int:
        """Return how many of the existing connections got their welcome."""
        return sum(peer.is_welcomed for peer in self._venue.peers(system))

    @query
    def opened(self, system: str = "all") -> int:
        """Return how many connections there have ever been."""
        return _of(self._venue.opened, system)

    @query
    def frames_received(self, system: str = "all") -> int:
        """Return how many text or binary frames clients have ever sent."""
        return _of(self._venue.frames_received, system)

    @query
    def subscriptions(self) -> dict[str, int]:
        """Return the active single topics and the number of connections on each."""
        return self._venue.subscriptions()

    @query
    def orders(self) -> list[OrderState]:
        """Return the first account's orders, finished ones included, oldest first."""
        return self._venue.exchange.orders(self.api_key)

    @query
    def open_orders(self) -> list[OrderState]:
        """Return the first account's live orders, oldest first."""
        return self._venue.exchange.open_orders(self.api_key)

    @query
    def spread_open_orders(self) -> list[OrderState]:
        """Return the first account's live orders on spreads, oldest first (OKX; elsewhere there are none)."""
        return self._venue.spread_open_orders(self.api_key)

    @query
    def balances(self, account: str | None = None, *, wallet: str = TRADE) -> dict[str, Balance]:
        """Return the balances of an account (an API key; by default the first), of its spot wallet or another."""
        return self._venue.exchange.balances(account or self.api_key, wallet)

    @query
    def trades(self) -> list[Trade]:
        """Return the latest trades of everybody, oldest first."""
        return list(self._venue.exchange.trades)

    @query
    def ticker(self, symbol: str) -> Ticker:
        """Return best prices and last trade of a pair."""
        return self._venue.exchange.ticker(symbol)

    @query
    def market_time(self) -> Decimal:
        """Return market time, seconds since 1970."""
        return Decimal(self._venue.now_ns()) / SECOND_NS

    @query
    def replay_progress(self) -> ReplayProgress:
        """
        Return how far the recording was played.

        Raises:
            RuntimeError: The simulator was made without one.
        """
        if self._venue.player is None:
            raise RuntimeError("this simulator replays nothing; make it with replay=")
        return self._venue.player.progress()

    @query
    def book(self, symbol: str, levels: int = 20) -> BookStatus:
        """Return the best ``levels`` of each side of a pair's or a contract's book."""
        return book_of(self._venue, symbol, levels)

    @query
    def stats(self) -> dict[str, Any]:
        """Return counters: connections, frames, tokens, orders, faults."""
        venue = self._venue
        return {
            "connections": {system: len(venue.peers(system)) for system in venue.opened},
            "opened": dict(venue.opened),
            "frames_received": dict(venue.frames_received),
            "frames_sent": venue.all_frames_sent(),
            "token_calls": venue.token_calls,
            "topics": len(venue.subscriptions()),
            "orders": len(venue.exchange.orders(self.api_key)),
            "truth_frames": venue.truth.received_count,
            "executed": venue.truth.executed_count,
            "faults_in_force": len(venue.faults.in_force()),
            "held_acks": venue.faults.acks.held_count,
        }

    @query
    def status(self, rows: int = 10) -> Status:
        """Return everything at one glance, at most ``rows`` of each list."""
        return status_of(self._venue, self.faults_in_force(), rows)

    # Acting as the exchange and as other traders.

    @control
    def push_ticker(self, symbol: str) -> int:
        """Send the ticker of a pair now, on all streams that have it; return how many connections took it."""
        return sum(push(symbol) for push in self._venue.push_tickers)

    @control
    def publish(self, topic: str, subject: str | None, data: object) -> int:
        """
        Send one message to the subscribers of a single topic; return how many took it.

        A topic of the Pro streams has no leading slash, such as ``ticker.SPOT:BTC-USDT``; its subject is
        ``"snapshot"``, ``"delta"`` or ``None``. On OKX the subject is the ``action`` of order books, else ``None``.
        """
        return self._venue.send_message(topic, subject, data)

    @control
    def step_market(self, steps: int = 1) -> None:
        """Let the market maker take steps now, besides its own rhythm."""
        for _ in range(steps):
            self._venue.step_market()

    @lasting_control
    def advance(self, seconds: float | Decimal | str) -> Future[None]:
        """
        Let market time pass in a stepped simulator; return when all that is due in it has happened.

        Steps of the market maker, expiries, interest, funding, candles and pushes come in their order and each at its
        moment, so the same calls on the same seed give the same market. Readers are waited for, within limits.

        Args:
            seconds: How much, 0 or more.

        Raises:
            RuntimeError: The simulator is not stepped, is stopped meanwhile, or this is its own thread.
            ValueError: The seconds are negative or no number.
        """
        span_ns = nanoseconds(seconds)
        if span_ns < 0:
            raise ValueError("time does not go back")
        if not self._venue.clock.is_stepped:
            raise RuntimeError("only a simulator made with speed='stepped' can be advanced")
        return self._drive.advance(span_ns)

    @control
    def counter_order(self, symbol: str, side: str, size: str, price: str | None = None) -> OrderState:
        """
        Place an order as another trader with deep pockets: a limit order, or a market order without price.

        Raises:
            kucoin_sync.simulator.Refused: The order breaks the pair's rules.
        """
        args: dict[str, Any] = {"symbol": symbol, "side": side, "size": size, "type": "market"}
        if price is not None:
            args.update(type="limit", price=price)
        return self._venue.exchange.place(COUNTERPARTY, args)

    @control
    def counter_spread_order(self, spread: str, side: str, size: str, price: str | None = None) -> OrderState:
        """
        Place an order in a spread as another trader, a market order without price (OKX).

        Raises:
            ValueError: There is no such spread.
            kucoin_sync.simulator.Refused: The order breaks the rules of the spread.
        """
        return self._venue.counter_spread_order(spread, side, size, price)

    @control
    def deposit(self, currency: str, amount: Decimal | str, *, wallet: str = TRADE) -> None:
        """Give the first account money, in its spot wallet or another."""
        if not Decimal(amount) > 0:
            raise ValueError("amount must be positive")
        self._venue.exchange.deposit(self.api_key, currency, amount, wallet=wallet)


def _of(counters: Mapping[str, int], system: str) -> int:
    return sum(counters.values()) if system == "all" else counters[system]
