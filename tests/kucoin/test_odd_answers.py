"""Answers of the right envelope with something odd in them: whatever it is, calls raise what is documented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from kucoin_sync import KucoinSyncError, RestClient
from kucoin_sync.kucoin.lookups import KucoinLookUps
from kucoin_sync.kucoin.operations import KucoinRules
from kucoin_sync.orders.lookup import Question
from kucoin_sync.protocol.dialect import HttpCall
from tests.kucoin.rest_recorder import Recorder
from tests.kucoin.test_lookups import FUTURES_ARGS, FUTURES_ORDER, ORDER, SINCE, SPOT_ARGS, page
from tests.kucoin.test_rest_named_calls import CHANGES, PAGE, READS, SIGNED_READS
from tests.odd_data import check_end, spoilt

RULES = KucoinRules(None)
CALLS = {row[0]: (row[1], row[-1]) for row in (*READS, *SIGNED_READS, *CHANGES)}
TWO = page(1, 1, 2, [FUTURES_ORDER, {**FUTURES_ORDER, "id": "o2", "clientOid": "other"}])


def make(call: Callable[[RestClient], Any], answer: Callable[[HttpCall], Any]) -> None:
    check_end(lambda: call(Recorder(answer=answer).rest))


@pytest.mark.parametrize("name", CALLS)
def test_R05_odd_data_is_returned_or_a_documented_error(name: str) -> None:
    call, data = CALLS[name]
    for odd in spoilt(TWO if data == PAGE else data):
        make(call, lambda _, odd=odd: odd)  # type: ignore[misc]


def test_R05_an_open_order_without_an_id_is_no_order() -> None:
    """It must not be taken for another one, nor be left out."""
    recorder = Recorder(page(1, 1, 2, [FUTURES_ORDER, {**FUTURES_ORDER, "id": {"a": {}}}]))
    with pytest.raises(KucoinSyncError, match="an answer of another shape"):
        recorder.rest.open_futures_orders()


ASKED = [
    ("spot.order", SPOT_ARGS),
    ("spot.cancel", SPOT_ARGS),
    ("spot.cancel", {"symbol": "BTC-USDT", "orderId": "o1"}),
    ("spot.modify", {"symbol": "BTC-USDT", "orderId": "o1", "newPrice": "1"}),
    ("spot.modify", {"symbol": "BTC-USDT", "clientOid": "mine", "newSize": "1"}),
    ("margin.order", SPOT_ARGS),
    ("margin.cancel", SPOT_ARGS),
    ("futures.order", FUTURES_ARGS),
    ("futures.cancel", FUTURES_ARGS),
]


@pytest.mark.parametrize("way", [0, 1], ids=["single", "lists"])
@pytest.mark.parametrize(("op", "args"), ASKED)
def test_O14_an_odd_answer_to_a_look_up_is_a_documented_error(op: str, args: Any, way: int) -> None:
    question = Question(RULES.operations[op], args, SINCE, until_ms=SINCE + 400)
    order = FUTURES_ORDER if op.startswith("futures") else ORDER
    others = [{**order, "id": "o2", "clientOid": "other"}]
    # By the end of the path, the first that fits.
    answers: Mapping[str, Any] = {
        "/orders/done": {"lastId": 0, "items": others},
        "/orders/active": others,
        "/api/v1/orders": page(1, 1, 1, others),
        "/stopOrders": page(1, 1, 1, others),
        "/recentDoneOrders": others,
        "": order,
    }

    def look(rest: RestClient) -> Any:
        return KucoinLookUps(rest).ways(question)[way].look(question, 5.0)

    asked: set[str] = set()

    def ending(call: HttpCall) -> str:
        path = urlsplit(call.url).path
        asked.add(end := next(end for end in answers if path.endswith(end)))
        return end

    make(look, lambda call: answers[ending(call)])
    for spoilt_end in tuple(asked):
        for odd in spoilt(answers[spoilt_end]):
            make(look, lambda call, end=spoilt_end, odd=odd: odd if ending(call) == end else answers[ending(call)])  # type: ignore[misc]
