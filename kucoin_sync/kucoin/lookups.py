"""
What became of an order: KuCoin's answers to the questions of `kucoin_sync.orders.lookup`.

There are two ways for each order, at different calls: the one that tells a single order, and the lists of live and
of done ones. The old ``/api/v1/order/client-order/`` is none of them: it denies orders that are over. Fills name no
client order id and so tell nothing that these do not. For unified orders no look-up is documented; they have no ways.

Source: KuCoin docs, as in `order_lists`; Modify Order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import chain, islice

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConfigError, RestError
from kucoin_sync.fates import OrderState
from kucoin_sync.kucoin import codes
from kucoin_sync.kucoin.order_lists import CLOCK_SLACK_MS, FuturesLists, MarginLists, OrderLists, Row, SpotLists
from kucoin_sync.kucoin.order_states import state_of_order
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.orders.lookup import LookUp, LookUps, Question, Sighting
from kucoin_sync.orders.operation import OperationKind
from kucoin_sync.protocol.decimals import exact

__all__ = ["KucoinLookUps"]

LIST_CALLS = 10
"""Calls for a list that are given time: more than that many hundred orders in the time of one call are a rarity."""
LATEST_DONE = 300
"""Done orders that are read for a cancel, to tell how its order ended."""

_Look = Callable[[OrderLists, Question, float], Sighting]


class KucoinLookUps(LookUps):
    """
    KuCoin's ways to look an order up.

    Args:
        rest: Makes the calls.
    """

    def __init__(self, rest: RestClient) -> None:
        products: tuple[OrderLists, ...] = (SpotLists(rest), MarginLists(rest), FuturesLists(rest))
        self._products = {lists.product: lists for lists in products}

    def ways(self, question: Question) -> Sequence[LookUp]:
        """
        Return the ways to answer a question, the best first: a single order, then lists.

        Each raises `RestError`, `AuthError`, `ConnectError`, `ConnectionLost`, `DeadlineExceeded` or `ClosedError` if
        it could not look, or not far enough.
        """
        lists = self._products.get(question.operation.product)
        looks = _LOOKS.get(question.operation.kind)
        if lists is None or looks is None or not _is_askable(lists, question):
            return ()
        single, listed = looks
        return (
            LookUp(_call_of(lists, question), partial(single, lists), lists.reach),
            LookUp(lists.lists, partial(listed, lists), lists.lists_reach, LIST_CALLS),
        )


def _is_askable(lists: OrderLists, question: Question) -> bool:
    """Whether the arguments say which order it is."""
    if not isinstance(question.args, Mapping) or (lists.needs_symbol and question.symbol is None):
        return False
    places = question.operation.kind is OperationKind.PLACE
    return question.client_oid is not None or (question.order_id is not None and not places)


def _call_of(lists: OrderLists, question: Question) -> str:
    return lists.by_client_oid if _named_order_id(question) is None else lists.by_order_id


def _named_order_id(question: Question) -> str | None:
    """The exchange's id in the arguments; no order has one before it is placed."""
    return None if question.operation.kind is OperationKind.PLACE else question.order_id


# Placed orders.


def _placed_single(lists: OrderLists, question: Question, timeout: float) -> Sighting:
    order = _single(lists, question, Deadline(timeout), client_oid=question.client_oid)
    return Sighting(order if order is not None and _is_ours(lists, order, question) else None)


def _placed_listed(lists: OrderLists, question: Question, timeout: float) -> Sighting:
    for row in _rows(lists, question, Deadline(timeout), _earliest(question)):
        if row.get("clientOid") == question.client_oid:
            order = state_of_order(row, lists.lists)
            if _is_ours(lists, order, question):
                return Sighting(order)
    return Sighting()


def _is_ours(lists: OrderLists, order: OrderState, question: Question) -> bool:
    """
    Whether an order under our client order id is the one that the call placed.

    KuCoin lets an id be used again once its order is over. With ids that users make, an older order may have it.
    """
    asked_side, trade_types = question.text("side"), lists.trade_types(question)
    return (
        _is_recent(order, question)
        and question.symbol in (None, order.symbol)
        and (asked_side is None or order.side in (None, asked_side))
        and (not trade_types or order.raw.get("tradeType") in (None, *trade_types))
    )


# Orders to cancel.


def _cancelled_single(lists: OrderLists, question: Question, timeout: float) -> Sighting:
    deadline = Deadline(timeout)
    if question.order_id is not None:
        return Sighting(_single(lists, question, deadline, order_id=question.order_id))
    return Sighting(_single(lists, question, deadline, client_oid=question.client_oid))


def _cancelled_listed(lists: OrderLists, question: Question, timeout: float) -> Sighting:
    """
    Look for the order among all that are live, then among the latest that are done.

    What matters is whether it is live: if it is not, and is not known by its id either, there is nothing to cancel. So
    done orders need not be read as far back as the exchange tells them, which on a busy account is further than can be
    read. Of several under one client order id the cancel was about the one that is live, or was last.
    """
    by_client_oid = question.order_id is None
    key, asked = ("clientOid", question.client_oid) if by_client_oid else ("id", question.order_id)
    deadline = Deadline(timeout)
    for row in chain(lists.live(question, deadline), islice(lists.done(question, None, deadline), LATEST_DONE)):
        if row.get(key) == asked and question.symbol in (None, row.get("symbol")):
            return Sighting(state_of_order(row, lists.lists))
    return Sighting()


# Modified orders. The exchange cancels the old one and places another, with an id of its own and the client order id
# of the old one (assumed). If the new size is less than what is filled already it only cancels.


def _modified_single(lists: OrderLists, question: Question, timeout: float) -> Sighting:
    deadline = Deadline(timeout)
    if question.order_id is None:
        # One of the two, whichever is live or was last. An old one made a moment ago has another price or size, unless
        # nothing was to change: then it is as good as the new one.
        seen = _single(lists, question, deadline, client_oid=question.client_oid)
        if seen is not None and _is_recent(seen, question) and _fits(seen, question):
            return Sighting(order=seen)
        return Sighting(old=seen)
    old = _single(lists, question, deadline, order_id=question.order_id)
    if old is None or old.client_oid is None:
        return _modified_listed(lists, question, deadline.remaining())
    try:
        seen = _single(lists, question, deadline, client_oid=old.client_oid)
    except ConfigError:  # it is the exchange's word, and no id that can be asked for
        return _modified_listed(lists, question, deadline.remaining())
    if seen is None:
        raise _cannot_tell(lists.by_client_oid, "an order is known by one of its ids and not by the other")
    if seen.order_id == old.order_id:
        return Sighting(old=seen)
    if not _is_recent(seen, question):
        return Sighting(old=old)
    if not _fits(seen, question, [old]):
        raise _cannot_tell(lists.by_client_oid, "the order was changed once more")
    if old.is_live:  # it was read before the change
        old = _single(lists, question, deadline, order_id=old.order_id) or old
    return Sighting(order=seen, old=old)


def _modified_listed(lists: OrderLists, question: Question, timeout: float) -> Sighting:
    deadline = Deadline(timeout)
    # By id, as an order may be on both lists: what was read last counts.
    rows = _rows(lists, question, deadline, _earliest(question))
    orders = {order.order_id: order for order in (state_of_order(row, lists.lists) for row in rows)}
    client_oid, old = question.client_oid, None
    if question.order_id is not None:
        # An old one that is over may have been made long before what these lists go back to.
        old = orders.pop(question.order_id, None) or _single(lists, question, deadline, order_id=question.order_id)
        if old is None or old.client_oid is None:
            return _modified_nameless(lists, question, orders.values(), old)
        client_oid = old.client_oid
    same = [order for order in orders.values() if order.client_oid == client_oid]
    others = same if old is None else [*same, old]
    new = _newest(
        order
        for order in same
        if _is_recent(order, question) and _fits(order, question, (o for o in others if o is not order))
    )
    return Sighting(order=new, old=old or _newest(order for order in same if order is not new))


def _modified_nameless(
    lists: OrderLists, question: Question, orders: Iterable[OrderState], old: OrderState | None
) -> Sighting:
    """Look for the new order by what was asked for, as there is no client order id that would name it."""
    fitting = [
        order
        for order in orders
        if _is_recent(order, question)
        and (old is None or (order.client_oid is None and order.side == old.side))
        and _fits(order, question, [] if old is None else [old])
    ]
    if not fitting:
        return Sighting(old=old)
    if len(fitting) > 1 or old is None:
        raise _cannot_tell(lists.lists, f"{len(fitting)} orders could be the new one")
    return Sighting(order=fitting[0], old=old)


def _fits(order: OrderState, question: Question, replaced: Iterable[OrderState] = ()) -> bool:
    """
    Whether an order has the new price and size.

    Args:
        order: It.
        question: For what was asked.
        replaced: What it may have replaced: whether a new size includes what was filled before is not said, so the
            rest of it fits as well.
    """
    price, size = exact(question.text("newPrice")), exact(question.text("newSize"))
    if price is not None and order.price != price:
        return False
    filled = {Decimal(0), *(old.filled_size or Decimal(0) for old in replaced)}
    return size is None or any(order.size == size - part for part in filled)


def _newest(orders: Iterable[OrderState]) -> OrderState | None:
    return max(orders, key=lambda order: order.created_ms or 0, default=None)


def _cannot_tell(op: str, why: str) -> RestError:
    return RestError(f"cannot tell: {why}", op=op, retryable=True)


_LOOKS: Mapping[OperationKind, tuple[_Look, _Look]] = {
    OperationKind.PLACE: (_placed_single, _placed_listed),
    OperationKind.CANCEL: (_cancelled_single, _cancelled_listed),
    OperationKind.MODIFY: (_modified_single, _modified_listed),
}


# Looking.


def _single(
    lists: OrderLists,
    question: Question,
    deadline: Deadline,
    *,
    order_id: str | None = None,
    client_oid: str | None = None,
) -> OrderState | None:
    """Return the order of an id; ``None`` if the exchange says that there is none, or one of another symbol."""
    op = lists.by_client_oid if order_id is None else lists.by_order_id
    try:
        row = lists.one(question, deadline.remaining(), order_id=order_id, client_oid=client_oid)
    except RestError as error:
        if codes.is_not_found(lists.product, error.code, error.msg):
            return None
        raise
    order = state_of_order(row, op)
    if order_id not in (None, order.order_id) or client_oid not in (None, order.client_oid):
        raise RestError("an answer about another order", op=op, retryable=True)
    return order if question.symbol in (None, order.symbol) else None


def _rows(lists: OrderLists, question: Question, deadline: Deadline, since_ms: int | None) -> Iterable[Row]:
    """Return live orders, then done ones: so one that ends meanwhile is not missed."""
    return chain(lists.live(question, deadline), lists.done(question, since_ms, deadline))


def _earliest(question: Question) -> int:
    """Return when an order that the call made was made at the earliest, milliseconds since 1970."""
    return question.since_ms - CLOCK_SLACK_MS


def _is_recent(order: OrderState, question: Question) -> bool:
    return order.created_ms is not None and order.created_ms >= _earliest(question)
