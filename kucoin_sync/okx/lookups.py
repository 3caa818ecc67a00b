"""
What became of an order: OKX's answers to the questions of `kucoin_sync.orders.lookup`.

There are two ways for each order, at different calls: the one that tells a single order, and the lists of live and of
done ones. How long either tells orders is counted from those that were cancelled without a fill, which go first.

An amendment changes an order in place: its id stays, so one order answers for old and new, by whether it has what was
asked for.

Source: OKX docs v5, Get order details, Order list, Order history, and the same of Spread Trading (as of 2026-07, read
2026-11); the lists of done orders, and all of spreads, are assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, Protocol

import attrs

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import RestError, shorten
from kucoin_sync.fates import OrderState
from kucoin_sync.okx import refusals
from kucoin_sync.okx.instrument_book import types_of
from kucoin_sync.okx.order_states import state_of_order
from kucoin_sync.okx.rest import LARGEST_PAGE, RestClient
from kucoin_sync.orders.lookup import LookUp, LookUps, Question, Sighting
from kucoin_sync.orders.operation import OperationKind
from kucoin_sync.protocol.decimals import exact

__all__ = ["OkxLookUps"]

CLOCK_SLACK_MS = 5000
"""An order may seem to be this much older than its call: clocks are not that exact."""
REACH = 6000.0
"""Seconds for which a cancelled order is told: the exchange says about two hours."""
MOST_PAGES = 50
"""Of 100 orders: what an account may make in the ten seconds around a call, 1000 in 2 s."""
LIST_CALLS = 10
"""Calls for a list that are given time."""

Row = Mapping[str, Any]
_Page = Callable[[str | None], Sequence[Row]]
"""Takes the id of the last order of the page before."""


class _Lists(Protocol):
    """The calls of one product: names for logs, and where one order, live ones and done ones are told."""

    single: str
    lists: str
    needs_symbol: bool

    def one(self, question: Question, ids: Mapping[str, str], timeout: float) -> Row: ...
    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]: ...
    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]: ...


class _TradeLists:
    """Orders on instruments. Done ones are listed by kind of instrument, which the id of one shows."""

    single = "GET /api/v5/trade/order"
    lists = "GET /api/v5/trade/orders-pending, orders-history"
    needs_symbol = True

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def one(self, question: Question, ids: Mapping[str, str], timeout: float) -> Row:
        return self._rest.order(question.symbol or "", timeout=timeout, **ids)

    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]:
        def page(after: str | None) -> Sequence[Row]:
            return self._rest.open_orders(question.symbol, after=after, timeout=deadline.remaining())

        return _pages(page, "GET /api/v5/trade/orders-pending")

    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]:
        order_id = _ids(question).get("ord_id")
        if order_id is not None:
            for kind in types_of(question.symbol or ""):
                yield from self._rest.done_orders(
                    kind, question.symbol, after=_following(order_id, self.lists), limit=1, timeout=deadline.remaining()
                )
            return
        until_ms = None if since_ms is None or question.until_ms is None else question.until_ms + CLOCK_SLACK_MS

        def page(kind: str, after: str | None) -> Sequence[Row]:
            return self._rest.done_orders(
                kind,
                question.symbol,
                begin_ms=since_ms,
                end_ms=until_ms,
                after=after,
                timeout=deadline.remaining(),
            )

        for kind in types_of(question.symbol or ""):
            yield from _pages(partial(page, kind), "GET /api/v5/trade/orders-history")


class _SpreadLists:
    """Orders on spreads; a cancel or an amendment names no spread, and then all are listed."""

    single = "GET /api/v5/sprd/order"
    lists = "GET /api/v5/sprd/orders-pending, orders-history"
    needs_symbol = False

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest

    def one(self, question: Question, ids: Mapping[str, str], timeout: float) -> Row:
        return self._rest.spread_order(timeout=timeout, **ids)

    def live(self, question: Question, deadline: Deadline) -> Iterator[Row]:
        def page(end_id: str | None) -> Sequence[Row]:
            return self._rest.open_spread_orders(question.symbol, end_id=end_id, timeout=deadline.remaining())

        return _pages(page, "GET /api/v5/sprd/orders-pending")

    def done(self, question: Question, since_ms: int | None, deadline: Deadline) -> Iterator[Row]:
        order_id = _ids(question).get("ord_id")
        if order_id is not None:
            yield from self._rest.done_spread_orders(
                question.symbol, end_id=_following(order_id, self.lists), timeout=deadline.remaining()
            )
            return

        def page(end_id: str | None) -> Sequence[Row]:
            return self._rest.done_spread_orders(
                question.symbol, begin_ms=since_ms, end_id=end_id, timeout=deadline.remaining()
            )

        yield from _pages(page, "GET /api/v5/sprd/orders-history")


class OkxLookUps(LookUps):
    """
    OKX's ways to look an order up.

    Args:
        rest: Makes the calls, for the account whose orders they are.
    """

    def __init__(self, rest: RestClient) -> None:
        self._products: Mapping[str, _Lists] = {"trade": _TradeLists(rest), "spread": _SpreadLists(rest)}

    def ways(self, question: Question) -> Sequence[LookUp]:
        """
        Return the ways to answer a question, the best first: a single order, then lists.

        Each raises `RestError`, `AuthError`, `ConnectError`, `ConnectionLost`, `DeadlineExceeded` or `ClosedError` if
        it could not look, or not far enough.
        """
        lists = self._products.get(question.operation.product)
        judge = _JUDGES.get(question.operation.kind)
        if lists is None or judge is None or not isinstance(question.args, Mapping) or not _ids(question):
            return ()
        if lists.needs_symbol and question.symbol is None:
            return ()
        return (
            LookUp(lists.single, partial(_single, lists, judge), REACH),
            LookUp(lists.lists, partial(_listed, lists, judge), REACH, LIST_CALLS),
        )


def _ids(question: Question) -> dict[str, str]:
    """Return by which id the order is named; the exchange's own wins, and no order has one before it is placed."""
    if question.order_id is not None and question.operation.kind is not OperationKind.PLACE:
        return {"ord_id": question.order_id}
    return {} if question.client_oid is None else {"cl_ord_id": question.client_oid}


# What an order that was found means.

_Judge = Callable[[Question, OrderState], Sighting]


def _placed(question: Question, order: OrderState) -> Sighting:
    """An id may be used again once its order is over: an older order may have it."""
    asked_side = question.text("side")
    ours = order.created_ms is not None and order.created_ms >= question.since_ms - CLOCK_SLACK_MS
    return Sighting(order if ours and asked_side in (None, order.side) else None)


def _cancelled(question: Question, order: OrderState) -> Sighting:
    return Sighting(order)


def _amended(question: Question, order: OrderState) -> Sighting:
    """Where nothing was to change the order as it was is as good as the new one."""
    asked = (("px", "newPx"), ("pxUsd", "newPxUsd"), ("pxVol", "newPxVol"), ("sz", "newSz"))
    for name, argument in asked:
        wanted = exact(question.text(argument))
        if wanted is not None and exact(order.raw.get(name)) != wanted:
            return Sighting(old=order)
    return Sighting(order)


_JUDGES: Mapping[OperationKind, _Judge] = {
    OperationKind.PLACE: _placed,
    OperationKind.CANCEL: _cancelled,
    OperationKind.MODIFY: _amended,
}


# Looking.


def _single(lists: _Lists, judge: _Judge, question: Question, timeout: float) -> Sighting:
    try:
        row = lists.one(question, _ids(question), timeout)
    except RestError as error:
        if error.code == refusals.NOT_FOUND:
            return Sighting()
        raise
    order = state_of_order(row, lists.single)
    if not _is_named(question, order):
        raise RestError("an answer about another order", op=lists.single, retryable=True)
    return judge(question, order)


def _listed(lists: _Lists, judge: _Judge, question: Question, timeout: float) -> Sighting:
    """Read live orders, then done ones, so that one that ends meanwhile is not missed; the latest come first."""
    deadline = Deadline(timeout)
    question = _by_exchange_id(lists, question, deadline)
    places = question.operation.kind is OperationKind.PLACE
    since_ms = question.since_ms - CLOCK_SLACK_MS if places else None
    seen = Sighting()
    for row in _named_rows(question, chain(lists.live(question, deadline), lists.done(question, since_ms, deadline))):
        sighting = judge(question, state_of_order(row, lists.lists))
        if sighting.order is not None:
            return sighting
        seen = Sighting(old=seen.old or sighting.old)
    return seen


def _by_exchange_id(lists: _Lists, question: Question, deadline: Deadline) -> Question:
    """
    Return a question about an order that was there before by the exchange's id, where it names the client's.

    The lists cannot be asked for a client order id, and an old order may be too far back to be read.
    """
    if question.operation.kind is OperationKind.PLACE or question.order_id is not None:
        return question
    try:
        row = lists.one(question, _ids(question), deadline.remaining())
    except RestError as error:
        if error.code == refusals.NOT_FOUND:
            return question
        raise
    order = state_of_order(row, lists.single)
    args = {**question.args, question.operation.order_id_key: order.order_id}
    return attrs.evolve(question, args=args) if _is_named(question, order) else question


def _named_rows(question: Question, rows: Iterable[Row]) -> Iterator[Row]:
    ((name, value),) = _ids(question).items()
    field = {"ord_id": "ordId", "cl_ord_id": "clOrdId"}[name]
    for row in rows:
        if row.get(field) == value and question.symbol in (None, row.get("instId") or row.get("sprdId")):
            yield row


def _is_named(question: Question, order: OrderState) -> bool:
    ((name, value),) = _ids(question).items()
    known = order.order_id if name == "ord_id" else order.client_oid
    return known == value and question.symbol in (None, order.symbol)


def _following(order_id: str, op: str) -> str:
    """
    Return an id after that of an order.

    Ids grow: of the orders before that id the latest one is the order, if it is there. So there is no need to read all
    that came since, and on a busy account more came than can be read.

    Raises:
        RestError: If it is none of the exchange's, which are numbers.
    """
    try:
        return str(int(order_id) + 1)
    except ValueError:
        raise RestError(f"an order with the id {shorten(order_id, 40)}", op=op, retryable=True) from None


def _pages(fetch: _Page, op: str) -> Iterator[Row]:
    """
    Yield the orders of all pages, each asked for by the last order of the one before.

    Raises:
        RestError: If there are more than `MOST_PAGES`, or one leads nowhere.
    """
    last: str | None = None
    for _ in range(MOST_PAGES):
        page = fetch(last)
        yield from page
        if len(page) < LARGEST_PAGE:
            return
        following = page[-1].get("ordId")
        if not isinstance(following, str) or following in ("", last):
            raise RestError("a page that leads nowhere", op=op, retryable=True)
        last = following
    raise RestError("could not look far enough: more orders than can be read", op=op)
