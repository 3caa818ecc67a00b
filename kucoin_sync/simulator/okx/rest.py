"""
REST calls of the simulated OKX: public data, accounts, orders and their look-ups.

Calls that the reference at hand lists are as it says; the form of all others follows their WebSocket channel and is
assumed, and so is every paging: the newest hundred, or ``limit``, and ``before`` and ``after`` an id.

Source: OKX v5 documents of 2026, REST API.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from attrs import field, frozen

from ..agenda import Entry
from ..futures.events import FuturesFill
from ..matching.orders import OrderState, Refused
from .arguments import given, one_of
from .books_feed import levels
from .channels import BARS
from .fills import Fill, fill_of_contract, fill_of_pair
from .instruments import Instrument
from .market_rows import MarketRows
from .numbers import milliseconds
from .operations import Answer
from .order_rows import order_row
from .refusals import bad, refused
from .spreads_feed import spread_order_row
from .terms import AnyOrder, client_id
from .venue import OkxVenue, user_id

__all__ = ["OkxCall", "OkxRest", "OkxRoute"]

MAX_PAGE = 100
MAX_BOOK = 400
MAX_CANDLES = 300
_KEPT_MS = 2 * 3600 * 1000
"""For how long orders that were cancelled without a fill are told."""
_TIMEOUTS = (10, 120)


@frozen
class OkxCall:
    """
    One call that passed the guard, and the signature check where its route asks for one.

    Attributes:
        account: API key of the caller; ``""`` on a public route.
        query: Decoded query.
        body: Decoded JSON of the body: an object, an array, or an empty object.
        exp_time: Header ``expTime``.
    """

    account: str = ""
    query: Mapping[str, str] = field(factory=dict)
    body: Any = field(factory=dict)
    exp_time: str | None = None

    @property
    def args(self) -> list[Any]:
        """The body as the ``args`` of an operation."""
        return self.body if isinstance(self.body, list) else [self.body]

    def limit(self, default: int = MAX_PAGE, most: int = MAX_PAGE) -> int:
        """Return how many rows are wanted."""
        text = self.query.get("limit") or self.query.get("sz")
        if text is None:
            return default
        if not text.isdigit() or len(text) > 6 or not int(text):
            raise bad("limit")
        return min(int(text), most)


@frozen
class OkxRoute:
    """
    One REST call of the exchange.

    Attributes:
        handler: Returns ``data``, or the `Answer` of an operation; raises `Refused`.
        limit: Calls in two seconds, of an account or else of an address.
    """

    method: str
    path: str
    handler: Callable[[OkxCall], list[Any] | Answer]
    limit: int
    signed: bool = True


class OkxRest:
    """
    All calls.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue
        self._rows = MarketRows(venue)
        #: Account to its running countdown.
        self._countdowns: dict[str, Entry] = {}

    def routes(self) -> list[OkxRoute]:
        """Return the table."""
        public = [
            ("/api/v5/public/time", self._time, 10),
            ("/api/v5/public/instruments", self._instruments, 20),
            ("/api/v5/public/mark-price", self._mark_price, 10),
            ("/api/v5/public/funding-rate", self._funding_rate, 10),
            ("/api/v5/public/open-interest", self._open_interest, 20),
            ("/api/v5/public/price-limit", self._price_limit, 20),
            ("/api/v5/market/index-tickers", self._index_tickers, 20),
            ("/api/v5/market/tickers", self._tickers, 20),
            ("/api/v5/market/ticker", self._ticker, 20),
            ("/api/v5/market/books", self._books, 40),
            ("/api/v5/market/trades", self._trades, 100),
            ("/api/v5/market/candles", self._candles, 40),
            ("/api/v5/sprd/spreads", self._spreads, 20),
            ("/api/v5/system/status", self._status, 1),
        ]
        own = [
            ("/api/v5/trade/order", self._order, 60),
            ("/api/v5/trade/orders-pending", self._pending, 60),
            ("/api/v5/trade/orders-history", self._history, 40),
            ("/api/v5/trade/fills", self._fills, 60),
            ("/api/v5/sprd/order", self._spread_order, 20),
            ("/api/v5/sprd/orders-pending", self._spread_pending, 10),
            ("/api/v5/sprd/orders-history", self._spread_history, 20),
            ("/api/v5/account/balance", self._balance, 10),
            ("/api/v5/account/positions", self._positions, 10),
            ("/api/v5/account/config", self._config, 5),
            ("/api/v5/account/instruments", self._instruments, 20),
        ]
        twins = [
            ("/api/v5/trade/order", "order", 60),
            ("/api/v5/trade/batch-orders", "batch-orders", 300),
            ("/api/v5/trade/cancel-order", "cancel-order", 60),
            ("/api/v5/trade/cancel-batch-orders", "batch-cancel-orders", 300),
            ("/api/v5/trade/amend-order", "amend-order", 60),
            ("/api/v5/trade/amend-batch-orders", "batch-amend-orders", 300),
            ("/api/v5/trade/mass-cancel", "mass-cancel", 5),
            ("/api/v5/sprd/order", "sprd-order", 20),
            ("/api/v5/sprd/amend-order", "sprd-amend-order", 20),
            ("/api/v5/sprd/cancel-order", "sprd-cancel-order", 20),
            ("/api/v5/sprd/mass-cancel", "sprd-mass-cancel", 10),
        ]
        return [
            *(OkxRoute("GET", path, handler, limit, signed=False) for path, handler, limit in public),
            *(OkxRoute("GET", path, handler, limit) for path, handler, limit in own),
            *(OkxRoute("POST", path, self._twin_of(op), limit) for path, op, limit in twins),
            OkxRoute("POST", "/api/v5/trade/cancel-all-after", self._cancel_all_after, 2),
            OkxRoute("POST", "/api/v5/account/set-leverage", self._set_leverage, 40),
        ]

    # Public data.

    def _time(self, call: OkxCall) -> list[Any]:
        return [{"ts": str(self._venue.line_ms())}]

    def _status(self, call: OkxCall) -> list[Any]:
        return []

    def _instruments(self, call: OkxCall) -> list[Any]:
        kind = call.query.get("instType", "")
        return [{**instrument.row(), "instType": kind} for instrument in self._chosen(call)]

    def _spreads(self, call: OkxCall) -> list[Any]:
        wanted = call.query.get("sprdId")
        return [spread.row() for spread in self._venue.spreads.by_id.values() if wanted in (None, spread.sprd_id)]

    def _tickers(self, call: OkxCall) -> list[Any]:
        return [self._rows.ticker(instrument) for instrument in self._chosen(call)]

    def _ticker(self, call: OkxCall) -> list[Any]:
        return [self._rows.ticker(self._named(call))]

    def _index_tickers(self, call: OkxCall) -> list[Any]:
        index = given(call.query, "instId")
        if all(instrument.index != index for instrument in self._venue.instruments.by_id.values()):
            raise refused("51001")
        return [self._rows.index_ticker(index)]

    def _mark_price(self, call: OkxCall) -> list[Any]:
        return [self._rows.mark_price(instrument) for instrument in self._chosen(call)]

    def _funding_rate(self, call: OkxCall) -> list[Any]:
        row = self._rows.funding_rate(self._named(call))
        if row is None:
            raise refused("51001")
        return [row]

    def _open_interest(self, call: OkxCall) -> list[Any]:
        rows = (self._rows.open_interest(instrument) for instrument in self._chosen(call))
        return [row for row in rows if row is not None]

    def _price_limit(self, call: OkxCall) -> list[Any]:
        instrument = self._named(call)
        return [self._rows.price_limit(instrument, self._venue.operations.orders.price_limits(instrument))]

    def _books(self, call: OkxCall) -> list[Any]:
        """Answer with the best levels; ``seqId`` is the count of the streams (assumed to be told)."""
        instrument, depth = self._named(call), call.limit(1, MAX_BOOK)
        book = self._engine(instrument).book(instrument.inst_id)
        sides = {
            name: [list(level) for level in islice(levels(side), depth)]
            for name, side in (("asks", book.asks), ("bids", book.bids))
        }
        return [{**sides, "ts": str(self._venue.now_ms()), "seqId": book.sequence}]

    def _trades(self, call: OkxCall) -> list[Any]:
        instrument = self._named(call)
        trades = self._rows.data(instrument).trades(instrument.inst_id)[::-1]
        return [self._rows.trade(trade) for trade in trades[: call.limit()]]

    def _candles(self, call: OkxCall) -> list[Any]:
        bar = one_of(call.query, "bar", BARS, "1m")
        return self._rows.candles(self._named(call), bar, call.limit(100, MAX_CANDLES))

    def _chosen(self, call: OkxCall) -> list[Instrument]:
        kind = one_of(call.query, "instType", ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"))
        found = self._venue.instruments.of_type("SPOT" if kind == "MARGIN" else kind, call.query.get("instFamily"))
        if kind == "MARGIN":
            # Every pair that can be borrowed for is listed there as well.
            found = [i for i in found if i.pair is not None and i.pair.margin_enabled]
        wanted = call.query.get("instId")
        chosen = [instrument for instrument in found if wanted in (None, "", instrument.inst_id)]
        if wanted and not chosen:
            raise refused("51001")
        return chosen

    def _named(self, call: OkxCall) -> Instrument:
        return self._venue.instruments.named(call.query, "name")

    # Orders.

    def _twin_of(self, op: str) -> Callable[[OkxCall], Answer]:
        """Return the handler of the call that does what an operation of the WebSocket does."""

        def run(call: OkxCall) -> Answer:
            operations = self._venue.operations
            wrong = operations.check(op, call.args, call.exp_time)
            if wrong is not None:
                return wrong
            return operations.run(op, call.account, call.args, form="name", exp_time=call.exp_time)

        return run

    def _order(self, call: OkxCall) -> list[Any]:
        return [self._order_row(self._venue.operations.orders.find(call.account, call.query))]

    def _pending(self, call: OkxCall) -> list[Any]:
        venue = self._venue
        live: list[AnyOrder] = [*venue.exchange.open_orders(call.account), *venue.futures.open_orders(call.account)]
        chosen = sorted(
            (order for order in live if self._fits(call, order)),
            key=lambda order: (order.created_at_ns, order.order_id),
            reverse=True,
        )
        return [self._order_row(order) for order in chosen[: call.limit()]]

    def _history(self, call: OkxCall) -> list[Any]:
        """Answer with the orders that are over; those without a fill are told for two hours."""
        venue = self._venue
        kind = one_of(call.query, "instType", ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"))
        since = (venue.now_ms() - _KEPT_MS) * 1_000_000
        over = (
            order
            for order in self._ended(call, kind)
            if _is_between(call, order)
            and not venue.is_forgotten(order)
            and (order.deal_size or order.updated_at_ns >= since)
            and self._fits(call, order)
        )
        return [self._order_row(order) for order in itertools.islice(over, call.limit())]

    def _ended(self, call: OkxCall, kind: str) -> Iterator[AnyOrder]:
        """Yield the orders of a kind that are over, newest first, as far back as is asked; there may be very many."""
        account, inst_id = call.account, call.query.get("instId")
        found: list[Iterator[AnyOrder]] = [
            self._venue.exchange.ended_orders(account, instrument.inst_id)
            if kind == "SPOT"
            else self._venue.futures.ended_orders(account, instrument.inst_id)
            for instrument in self._venue.instruments.of_type(kind)
            if inst_id in (None, "", instrument.inst_id)
        ]
        begin = str(call.query.get("begin") or "0")
        oldest = int(begin) * 1_000_000 if begin.isdigit() else 0
        latest_first = heapq.merge(*found, key=lambda order: (-order.created_at_ns, order.order_id))
        return itertools.takewhile(lambda order: order.created_at_ns >= oldest, latest_first)

    def _fits(self, call: OkxCall, order: AnyOrder) -> bool:
        """Tell whether the query lets an order through."""
        instrument = self._venue.instruments.by_id.get(order.symbol)
        if instrument is None or not _is_in_page(call, order.order_id):
            return False
        facts = {
            "instType": instrument.inst_type,
            "instId": instrument.inst_id,
            "instFamily": instrument.family,
            "ordType": self._venue.terms.of(order).ord_type,
            "state": order.outcome or ("partially_filled" if order.deal_size else "live"),
        }
        return all(call.query.get(name) in (None, "", value) for name, value in facts.items())

    def _fills(self, call: OkxCall) -> list[Any]:
        venue = self._venue
        # By the clock itself: the times that are told are too coarse, and each market counts its trades by itself.
        rows = [
            (event.trade.time_ns, self._fill_row(event.order, fill_of_pair(event)))
            for event in venue.exchange.fills(call.account)
        ]
        rows += [(fill.time_ns, self._contract_fill_row(fill)) for fill in venue.futures.fills(call.account)]
        rows.sort(key=lambda timed: (timed[0], int(timed[1]["tradeId"])), reverse=True)
        wanted = {name: call.query.get(name) for name in ("instType", "instId", "ordId")}
        chosen = [row for _, row in rows if all(value in (None, "", row[name]) for name, value in wanted.items())]
        return self._page(call, chosen, "billId")

    def _spread_order(self, call: OkxCall) -> list[Any]:
        return [spread_order_row(self._venue, self._venue.spreads.find(call.account, call.query))]

    def _spread_pending(self, call: OkxCall) -> list[Any]:
        return self._spread_rows(call, reversed(self._venue.spreads.open_orders(call.account)))

    def _spread_history(self, call: OkxCall) -> list[Any]:
        over = self._venue.spreads.ended_orders(call.account)
        return self._spread_rows(
            call, (order for order in over if _is_between(call, order) and not self._venue.is_forgotten(order))
        )

    def _spread_rows(self, call: OkxCall, orders: Iterable[OrderState]) -> list[Any]:
        """Return those orders of one spread, or of all, that are older than ``endId``; they come newest first."""
        wanted = call.query.get("sprdId")
        chosen = (
            order
            for order in orders
            if wanted in (None, "", order.symbol) and _is_in_page(call, order.order_id, "endId", "beginId")
        )
        return [spread_order_row(self._venue, order) for order in itertools.islice(chosen, call.limit())]

    def _order_row(self, order: AnyOrder) -> dict[str, Any]:
        venue, instrument = self._venue, self._venue.instruments.by_id[order.symbol]
        fill, pnl = venue.fills.of(order.order_id)
        source = venue.terms.cancel_source(order)
        return order_row(order, instrument, venue.terms.of(order), fill=fill, pnl=pnl, cancel_source=source)

    def _fill_row(self, order: AnyOrder, fill: Fill) -> dict[str, Any]:
        return self._any_fill_row(order.symbol, order.order_id, client_id(order), order.side, "net", fill)

    def _contract_fill_row(self, fill: FuturesFill) -> dict[str, Any]:
        client_oid = fill.client_oid if fill.client_oid is not None and fill.client_oid.isalnum() else ""
        side = {"BOTH": "net", "LONG": "long", "SHORT": "short"}[fill.position_side]
        return self._any_fill_row(fill.symbol, fill.order_id, client_oid, fill.side, side, fill_of_contract(fill))

    def _any_fill_row(
        self, symbol: str, order_id: str, client_oid: str, side: str, position_side: str, fill: Fill
    ) -> dict[str, Any]:
        instrument = self._venue.instruments.by_id[symbol]
        stamp = milliseconds(fill.time_ns)
        pair = instrument.pair
        return {
            "instType": instrument.inst_type,
            "instId": symbol,
            "tradeId": fill.trade_id,
            "ordId": order_id,
            "clOrdId": client_oid,
            "billId": f"{order_id}{fill.trade_id}",
            "tag": "",
            "fillPx": str(fill.price),
            "fillSz": str(fill.size),
            "fillPnl": str(fill.pnl),
            "side": side,
            "posSide": position_side,
            "execType": fill.exec_type,
            "feeCcy": instrument.pays_in("buy") if pair is None else pair.quote,
            "fee": str(-fill.fee),
            "ts": stamp,
            "fillTime": stamp,
        }

    # Accounts.

    def _balance(self, call: OkxCall) -> list[Any]:
        wanted = [ccy for ccy in (call.query.get("ccy") or "").split(",") if ccy]
        accounts = self._venue.accounts
        everything = accounts.everything(call.account)
        return [accounts.row(call.account, [each for each in everything if not wanted or each.currency in wanted])]

    def _positions(self, call: OkxCall) -> list[Any]:
        wanted = [name for name in (call.query.get("instId") or "").split(",") if name]
        positions = self._venue.futures.positions(call.account)
        kind = call.query.get("instType")
        return [
            self._venue.accounts.position_row(position)
            for position in positions
            if kind in (None, "", "SWAP") and (not wanted or position.symbol in wanted)
        ]

    def _config(self, call: OkxCall) -> list[Any]:
        is_hedging = self._venue.futures.accounts.is_hedging(call.account)
        return [
            {
                "uid": user_id(call.account),
                "mainUid": user_id(call.account),
                "acctLv": self._venue.forms.account_level,
                "posMode": "long_short_mode" if is_hedging else "net_mode",
                "autoLoan": False,
                "greeksType": "PA",
                "level": f"Lv{self._venue.forms.fee_tier}",
                "levelTmp": "",
                "ctIsoMode": "automatic",
                "mgnIsoMode": "automatic",
                "acctStpMode": "cancel_maker",
                "label": "SIMULATOR",
                "ip": "",
                "perm": "read_only,trade",
                "roleType": "0",
            }
        ]

    def _set_leverage(self, call: OkxCall) -> list[Any]:
        """Choose the leverage of a swap in one margin mode (assumed)."""
        instrument = self._venue.instruments.named(call.body, "name")
        mode, text = one_of(call.body, "mgnMode", ("cross", "isolated")), given(call.body, "lever")
        contract = instrument.contract
        if contract is None or not text.isdigit() or not 1 <= int(text[:6]) <= contract.max_leverage:
            raise bad("lever")
        futures = self._venue.futures
        if mode == "cross":
            try:
                futures.settings.set_cross_leverage(call.account, contract.symbol, int(text))
            except Refused:
                raise refused("51008", contract.settle) from None
        else:
            futures.accounts.remember_leverage(call.account, contract.symbol, type(contract.tick_size)(text))
        return [{"instId": contract.symbol, "lever": text, "mgnMode": mode, "posSide": "net"}]

    # The switch that cancels everything.

    def _cancel_all_after(self, call: OkxCall) -> list[Any]:
        """Cancel all orders in ``timeOut`` seconds unless called again; ``"0"`` ends that (form assumed)."""
        text = str(call.body.get("timeOut", "")) if isinstance(call.body, Mapping) else ""
        least, most = _TIMEOUTS
        if not text.isdigit() or len(text) > 3 or not (text == "0" or least <= int(text) <= most):
            raise bad("timeOut")
        running = self._countdowns.pop(call.account, None)
        if running is not None:
            running.cancel()
        trigger = "0"
        if text != "0":
            venue, seconds = self._venue, int(text)
            due = venue.agenda.now_ns() + seconds * 1_000_000_000
            self._countdowns[call.account] = venue.agenda.at(due, lambda: self._time_is_over(call.account))
            trigger = str(venue.now_ms() + seconds * 1000)
        tag = str(call.body.get("tag") or "") if isinstance(call.body, Mapping) else ""
        return [{"triggerTime": trigger, "tag": tag, "ts": str(self._venue.now_ms())}]

    def _time_is_over(self, account: str) -> None:
        self._countdowns.pop(account, None)
        self._venue.operations.orders.cancel_all(account, source="20")
        self._venue.on_change()

    # Parts.

    def _engine(self, instrument: Instrument) -> Any:
        return self._venue.exchange if instrument.contract is None else self._venue.futures

    def _page(self, call: OkxCall, rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
        """Return the newest rows, ``after`` an id (older) or ``before`` one (newer)."""
        return [row for row in rows if _is_in_page(call, str(row[key]))][: call.limit()]


def _is_in_page(call: OkxCall, row_id: str, older_than: str = "after", newer_than: str = "before") -> bool:
    """Tell whether a row is older than one id, and newer than another; ids are numbers that grow."""
    older, newer = (str(call.query.get(name) or "") for name in (older_than, newer_than))
    return (not older.isdigit() or int(row_id) < int(older)) and (not newer.isdigit() or int(row_id) > int(newer))


def _is_between(call: OkxCall, order: AnyOrder) -> bool:
    """Tell whether an order was made in the time from ``begin`` to ``end``, in milliseconds."""
    begin, end = (str(call.query.get(name) or "") for name in ("begin", "end"))
    made = order.created_at_ns // 1_000_000
    return (not begin.isdigit() or made >= int(begin)) and (not end.isdigit() or made <= int(end))
