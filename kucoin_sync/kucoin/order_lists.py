"""
Where orders are looked up: for each product the call that tells one order, and the lists of live and of done ones.

A list ends when all of it was read. One that cannot be read far enough to say that an order is not in it raises, so
that nobody takes its silence for an answer.

Source: KuCoin docs, Get Order By OrderId, Get Order By ClientOid, Get Open Orders, Get Closed Orders, Get Recent Closed
Orders, Get Order List, Get Stop Order List, and Get Order Details of the unified API for how long orders are told (read
2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import RestError
from kucoin_sync.exchange_rest.answers import odd_data
from kucoin_sync.kucoin.numbers import to_milliseconds
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.kucoin.rest_orders import LARGEST_PAGE, TRADE_TYPES
from kucoin_sync.orders.lookup import Question
from kucoin_sync.orders.operation import OperationKind

__all__ = ["CLOCK_SLACK_MS", "FuturesLists", "MarginLists", "OrderLists", "Row", "SpotLists"]

Row = Mapping[str, Any]
"""An order as the exchange tells it."""

DAY = 86_400.0

CLOCK_SLACK_MS = 5000
"""
An order may seem to be this much older or younger than its call: the exchange itself takes time stamps that are 5 s
off, so neither our picture of its clock nor its clocks among each other are sure to be better than that.
"""

LARGEST_BATCH = 100
MOST_SPOT_BATCHES = 140
"""
Of done spot orders: what the busiest account may make in the ten seconds around a call, 40000 in 30 s. A batch has a
weight of 2, so to read them costs a fiftieth of what it cost to make them.
"""
MOST_MARGIN_BATCHES = 40
"""Of done margin orders: a batch has a weight of 10, so together they take 1/10 of the smallest pool."""

MOST_PARTS = 20
"""Of the time in which futures orders were done: 1000 orders each, at a weight of 40 in a pool of 2000 together."""

MOST_PAGES = 10
"""Of live futures orders, 1000 each."""

MOST_RECENT = 1000
"""The exchange tells at most so many futures orders of the last day."""


class OrderLists(Protocol):
    """
    The calls of one product.

    Attributes:
        product: Its name in the table of operations.
        needs_symbol: Whether no order can be looked up without its symbol.
        by_order_id: The call that tells one order, for logs and errors; ``by_client_oid`` likewise.
        lists: The calls that list orders, likewise.
        reach: Seconds after its end for which ``one`` tells an order; ``lists_reach`` likewise.
    """

    product: str
    needs_symbol: bool
    by_order_id: str
    by_client_oid: str
    lists: str
    reach: float
    lists_reach: float

    def one(
        self, question: Question, timeout: float, *, order_id: str | None = None, client_oid: str | None = None
    ) -> Row:
        """Return the order of an id. Raises RestError if there is none, as `codes.is_not_found` has it."""

    def trade_types(self, question: Question) -> tuple[str, ...]:
        """Return what ``tradeType`` the order may have; nothing where the product has one only."""

    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]:
        """Yield the live orders that may be the one."""

    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]:
        """
        Yield the finished orders that may be the one.

        Args:
            question: For its symbol.
            since_ms: Only those created from then on matter, and up to the question's ``until_ms`` if it has one.
                ``None``: as far back as the exchange tells them.
            deadline: For all calls together.
        """


class SpotLists:
    """Spot."""

    product = "spot"
    needs_symbol = True
    by_order_id = "GET /api/v1/hf/orders/{orderId}"
    by_client_oid = "GET /api/v1/hf/orders/client-order/{clientOid}"
    lists = "GET /api/v1/hf/orders/active, /done"
    reach = lists_reach = 2 * DAY  # of a cancelled order; a filled one is told for seven days

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._done = _DoneOrders("GET /api/v1/hf/orders/done", MOST_SPOT_BATCHES)

    def one(
        self, question: Question, timeout: float, *, order_id: str | None = None, client_oid: str | None = None
    ) -> Row:
        symbol = question.symbol or ""
        return self._rest.spot_order(symbol, order_id=order_id, client_oid=client_oid, timeout=timeout)

    def trade_types(self, question: Question) -> tuple[str, ...]:
        return ()

    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]:
        yield from self._rest.open_spot_orders(question.symbol or "", timeout=deadline.remaining())

    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]:
        def batch(until_ms: int | None, last_id: int | None) -> Row:
            return self._rest.done_spot_orders(
                question.symbol or "",
                start_ms=since_ms,
                end_ms=until_ms,
                last_id=last_id,
                limit=LARGEST_BATCH,
                timeout=deadline.remaining(),
            )

        return self._done.created_within(since_ms, question.until_ms, batch)


class MarginLists:
    """Margin, cross and isolated: one order is told whichever it is, lists are of one of them."""

    product = "margin"
    needs_symbol = True
    by_order_id = "GET /api/v3/hf/margin/orders/{orderId}"
    by_client_oid = "GET /api/v3/hf/margin/orders/client-order/{clientOid}"
    lists = "GET /api/v3/hf/margin/orders/active, /done"
    reach = lists_reach = 2 * DAY  # said of spot orders; assumed for margin

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._done = _DoneOrders("GET /api/v3/hf/margin/orders/done", MOST_MARGIN_BATCHES)

    def one(
        self, question: Question, timeout: float, *, order_id: str | None = None, client_oid: str | None = None
    ) -> Row:
        symbol = question.symbol or ""
        return self._rest.margin_order(symbol, order_id=order_id, client_oid=client_oid, timeout=timeout)

    def trade_types(self, question: Question) -> tuple[str, ...]:
        """A placed order says itself whether it is isolated (default: cross), a cancel does not."""
        if question.operation.kind is not OperationKind.PLACE:
            return TRADE_TYPES
        cross, isolated = TRADE_TYPES
        return (isolated if question.args.get("isIsolated") is True else cross,)

    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]:
        for trade_type in self.trade_types(question):
            symbol = question.symbol or ""
            yield from self._rest.open_margin_orders(symbol, trade_type, timeout=deadline.remaining())

    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]:
        def batch(trade_type: str, until_ms: int | None, last_id: int | None) -> Row:
            return self._rest.done_margin_orders(
                question.symbol or "",
                trade_type,
                start_ms=since_ms,
                end_ms=until_ms,
                last_id=last_id,
                limit=LARGEST_BATCH,
                timeout=deadline.remaining(),
            )

        for trade_type in self.trade_types(question):
            yield from self._done.created_within(since_ms, question.until_ms, partial(batch, trade_type))


class FuturesLists:
    """
    Futures.

    One order is told whether or not it is a stop order that waits; lists of live orders are without those, which have
    a list of their own. That a stop order cancelled before its trigger is listed as done is assumed.
    """

    product = "futures"
    needs_symbol = False
    by_order_id = "GET /api/v1/orders/{orderId}"
    by_client_oid = "GET /api/v1/orders/byClientOid"
    lists = "GET /api/v1/orders, /recentDoneOrders"
    reach = 7 * DAY  # by client order id; by its own id an order is told for three months
    lists_reach = DAY

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def one(
        self, question: Question, timeout: float, *, order_id: str | None = None, client_oid: str | None = None
    ) -> Row:
        return self._rest.futures_order(order_id=order_id, client_oid=client_oid, timeout=timeout)

    def trade_types(self, question: Question) -> tuple[str, ...]:
        return ()

    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]:
        """Yield waiting stop orders first: one that is triggered meanwhile is then found among the others."""

        def stops(page: int) -> Row:
            return self._rest.futures_stop_orders(
                symbol=question.symbol, page=page, page_size=LARGEST_PAGE, timeout=deadline.remaining()
            )

        def active(page: int) -> Row:
            return self._rest.futures_orders(
                status="active",
                symbol=question.symbol,
                page=page,
                page_size=LARGEST_PAGE,
                timeout=deadline.remaining(),
            )

        if question.operation.kind is OperationKind.CANCEL or question.args.get("stop"):
            yield from _pages(stops, "GET /api/v1/stopOrders")
        yield from _pages(active, "GET /api/v1/orders")

    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]:
        """
        Yield the orders that ended in the last day; the exchange calls this list the one without delay.

        It may be full. That does no harm if it goes back to before the order was made, which ended later than that.
        Else the list of all done orders has what ended before: by then it is no longer about the last moments.
        """
        rows = self._rest.recent_done_futures_orders(question.symbol, timeout=deadline.remaining())
        yield from rows
        if len(rows) < MOST_RECENT:
            return
        ends = [end for end in (to_milliseconds(row.get("endAt")) for row in rows) if end is not None]
        if since_ms is None or not ends:
            raise _not_far_enough("GET /api/v1/recentDoneOrders")
        if min(ends) >= since_ms:
            yield from self._ended_within(question, since_ms, min(ends), deadline)

    def _ended_within(self, question: Question, since_ms: int, until_ms: int, deadline: Deadline) -> Iterator[Row]:
        """
        Yield the done orders that were made and ended in some time.

        Whether ``startAt`` and ``endAt`` are about the making of an order or about its end is documented nowhere: of
        these orders both are within. Each part of the time that is read fits on one page, for orders may move from
        page to page, and nobody says how.
        """

        def done(start_ms: int, end_ms: int) -> Row:
            return self._rest.futures_orders(
                status="done",
                symbol=question.symbol,
                start_ms=start_ms,
                end_ms=end_ms,
                page_size=LARGEST_PAGE,
                timeout=deadline.remaining(),
            )

        op = "GET /api/v1/orders"
        parts = [(since_ms, until_ms + 1)]  # the end may be meant exclusively
        for _ in range(MOST_PARTS):
            start_ms, end_ms = parts.pop()
            items, total = _page(done(start_ms, end_ms), op)
            if total <= len(items):
                yield from items
            elif end_ms - start_ms > 1:
                middle_ms = (start_ms + end_ms) // 2
                parts += [(middle_ms, end_ms), (start_ms, middle_ms)]
            else:
                break
            if not parts:
                return
        raise _not_far_enough(op)


class _DoneOrders:
    """
    Done orders that were created in some time, which on a busy account are few of all those since.

    Whether ``endAt`` is about the creation of an order or about its end is documented nowhere. If it is about the end,
    a list up to then is without orders that were created before and ended after. A list that shows one of those proves
    the contrary, once and for all; until one did, all orders since are read. That the last update of a done order is
    its end is assumed; an absence needs the look-up by id besides.

    Args:
        op: The call, for errors.
        most_batches: So many are read before giving up.
    """

    def __init__(self, op: str, most_batches: int) -> None:
        self._op = op
        self._most_batches = most_batches
        self._goes_by_creation = False

    def created_within(
        self, since_ms: int | None, until_ms: int | None, fetch: Callable[[int | None, int | None], Row]
    ) -> Iterator[Row]:
        """
        Yield all done orders that may have been created then; some others are among them, and some come twice.

        Args:
            since_ms: From then on; ``None``: the bounds do not matter.
            until_ms: Up to then; ``None``: until now.
            fetch: Returns a batch, from ``endAt`` and ``lastId``.

        Raises:
            RestError: If they cannot be read to the end.
        """
        if since_ms is not None and until_ms is not None:
            bound = until_ms + CLOCK_SLACK_MS
            for row in _batches(partial(fetch, bound), self._op, self._most_batches):
                ended = to_milliseconds(row.get("lastUpdatedAt"))
                self._goes_by_creation |= ended is not None and ended > bound
                yield row
            if self._goes_by_creation:
                return
        yield from _batches(partial(fetch, None), self._op, self._most_batches)


def _batches(fetch: Callable[[int | None], Row], op: str, most: int) -> Iterator[Row]:
    """
    Yield the orders of all batches, each asked for by the ``lastId`` of the one before.

    Raises:
        RestError: If there are more than so many, or one that cannot be read.
    """
    last_id: int | None = None
    for _ in range(most):
        batch = fetch(last_id)
        items = _items(batch, op)
        yield from items
        # A short batch need not be the last one; an empty one is, and so is one that leads nowhere else.
        if not items:
            return
        following = batch.get("lastId")
        if type(following) is not int:
            raise odd_data(op, batch)
        if following in (0, last_id):
            return
        last_id = following
    raise _not_far_enough(op)


def _pages(fetch: Callable[[int], Row], op: str) -> Iterator[Row]:
    """
    Yield the orders of all pages.

    Raises:
        RestError: If there are more than `MOST_PAGES`, or one that cannot be read, or if orders came or went meanwhile:
            one may then have moved to a page that was read before.
    """
    first: int | None = None
    for number in range(1, MOST_PAGES + 1):
        page = fetch(number)
        items, total = _page(page, op)
        pages = page.get("totalPage")
        if type(pages) is not int:
            raise odd_data(op, page)
        if first not in (None, total):
            raise RestError("the list changed while it was read", op=op, retryable=True)
        first = total
        yield from items
        if number >= pages:
            return
    raise _not_far_enough(op)


def _page(page: Row, op: str) -> tuple[list[Row], int]:
    """Return the orders of a page, and how many there are on all pages."""
    items, total = _items(page, op), page.get("totalNum")
    if type(total) is not int:
        raise odd_data(op, page)
    return items, total


def _items(part: Row, op: str) -> list[Row]:
    items = part.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise odd_data(op, part)
    return items


def _not_far_enough(op: str) -> RestError:
    return RestError("could not look far enough: more orders are done than can be read", op=op)
