"""Answers of the right envelope with something odd in them: whatever it is, calls raise what is documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from kucoin_sync.okx.lookups import OkxLookUps
from kucoin_sync.okx.rest import RestClient
from kucoin_sync.orders.lookup import Question
from kucoin_sync.protocol.dialect import HttpCall
from tests.odd_data import check_end, spoilt
from tests.okx.rest_recorder import Recorder
from tests.okx.test_okx_lookups import AMEND, CANCEL, PLACE, ROW, RULES, SENT, SPREAD_ROW
from tests.okx.test_okx_rest import NAMED


def make(call: Callable[[RestClient], Any], answer: Callable[[HttpCall], Any]) -> None:
    check_end(lambda: call(Recorder(answer=answer).rest))


@pytest.mark.parametrize("name", NAMED)
def test_R05_odd_data_is_returned_or_a_documented_error(name: str) -> None:
    call, data, _ = NAMED[name]
    for odd in spoilt(data):
        make(call, lambda _, odd=odd: odd)  # type: ignore[misc]


SPREAD_PLACE = {"sprdId": "X_Y", "clOrdId": "a1", "side": "buy"}
ASKED = [
    ("order", PLACE),
    ("cancel-order", CANCEL),
    ("cancel-order", {"instId": "BTC-USDT", "clOrdId": "a1"}),
    ("amend-order", AMEND),
    ("sprd-order", SPREAD_PLACE),
    ("sprd-cancel-order", {"clOrdId": "a1"}),
    ("sprd-amend-order", {"clOrdId": "a1", "newPx": "3"}),
]


@pytest.mark.parametrize("way", [0, 1], ids=["single", "lists"])
@pytest.mark.parametrize(("op", "args"), ASKED)
def test_O14_an_odd_answer_to_a_look_up_is_a_documented_error(op: str, args: Any, way: int) -> None:
    question = Question(RULES.operations[op], args, SENT, until_ms=SENT + 400)
    row = SPREAD_ROW if op.startswith("sprd") else ROW
    others = [{**row, "ordId": "32", "clOrdId": "other"}]

    def look(rest: RestClient) -> Any:
        return OkxLookUps(rest).ways(question)[way].look(question, 5.0)

    for is_single in (True, False):
        for odd in spoilt([row] if is_single else others):

            def answer(call: HttpCall, is_single: bool = is_single, odd: Any = odd) -> Any:
                asks_single = urlsplit(call.url).path.endswith("/order")
                if asks_single is is_single:
                    return odd
                return [row] if asks_single else others

            make(look, answer)
