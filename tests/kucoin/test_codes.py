"""What a code means for a request: a refusal for certain, or nothing certain."""

from __future__ import annotations

import json
import logging

import pytest

from kucoin_sync.kucoin import codes
from kucoin_sync.kucoin.trade import KucoinRules
from kucoin_sync.orders.outcome import Verdict
from tests.kucoin.samples import MISSING, folder

RULES = KucoinRules(None, lambda: 0.0)
REFUSED, DUPLICATE, LIMITED, UNKNOWN = Verdict.REFUSED, Verdict.DUPLICATE, Verdict.LIMITED, Verdict.UNKNOWN
NOT_THERE = "order_not_exist_or_not_allow_to_cancel"

ONE_STEP = ("spot.order", "spot.cancel")
SPOT_OPS = (*ONE_STEP, "spot.modify")
SPOT_REFUSALS = (
    *("200001", "200002", "200003", "200004", "200009", "400500", "400600", "400700"),
    *("411100", "600004", "600203", "900001"),
)
FAILING = (
    *("408000", "230005", "420001", "420002", "500000", "501000", "503000", "504000", "505000"),
    *("1015", "1024"),
)
NO_CODES = ("", "0", "200", "400", "999999", "4001001", "40010", "４００１００", " 400100")

ROWS = [
    # The gateway refuses before the trading engine sees the frame.
    *((op, code, "", REFUSED) for code in codes.AUTH_CODES for op in ("spot.order", "spot.modify", "futures.order")),
    *((op, "400100", "bad parameter", REFUSED) for op in (*SPOT_OPS, "margin.order", "new.operation")),
    *((op, code, "", REFUSED) for code in ("400101", "400102", "4001002") for op in SPOT_OPS),
    ("spot.cancel", "400100", NOT_THERE, REFUSED),
    ("spot.order", "400100", "Order size below the minimum requirement.", REFUSED),
    # A duplicate: this frame made no order, but one with the id is live.
    ("spot.order", "400100", "validation.createOrder.clientOidDuplicated", DUPLICATE),
    ("spot.order", "400100", "CLIENTOIDDUPLICATED", DUPLICATE),
    ("spot.order", "200004", "clientOidDuplicated", REFUSED),
    *((op, code, "", LIMITED) for code in ("429000", "429001", "429002") for op in (*SPOT_OPS, "futures.order")),
    # Spot trading, definite for the operations that are one step.
    *((op, code, "", REFUSED) for code in SPOT_REFUSALS for op in ONE_STEP),
    # spot.modify cancels before it places: these may be said of the second half.
    *(("spot.modify", code, "Balance insufficient!", UNKNOWN) for code in SPOT_REFUSALS),
    # The same number means something else for another product.
    *((op, "200004", "Balance insufficient!", UNKNOWN) for op in ("margin.order", "futures.order", "uta.order")),
    # A failing server may have acted first.
    *((op, code, "", UNKNOWN) for code in FAILING for op in SPOT_OPS),
    # Not listed, or no code at all.
    *(("spot.order", code, "clientOidDuplicated", UNKNOWN) for code in NO_CODES),
    ("new.operation", "300003", "", UNKNOWN),
]


@pytest.mark.parametrize(
    ("op", "code", "message", "verdict"), ROWS, ids=[f"{op}-{code}-{message[:12]}" for op, code, message, _ in ROWS]
)
def test_a_code_means_what_the_table_lists_and_else_nothing(op: str, code: str, message: str, verdict: Verdict) -> None:
    assert RULES.judge(RULES.operation(op), code, message) is verdict


def test_no_code_of_a_failing_server_is_a_refusal() -> None:
    """Over every code that KuCoin publishes for its gateway and for spot trading."""
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    published = json.loads((data / "error_codes.json").read_text(encoding="utf-8"))
    gateway = [code for code, _ in published["gateway"]]
    uncertain = [code for code in gateway if code.startswith(("5", "42000", "408", "230"))]
    assert uncertain
    for op in ("spot.order", "spot.cancel", "spot.modify"):
        assert {RULES.judge(RULES.operation(op), code, "") for code in uncertain} == {UNKNOWN}


def test_an_unlisted_code_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody has to learn of it, to list it."""
    with caplog.at_level(logging.WARNING, logger="kucoin_sync"):
        RULES.judge(RULES.operation("spot.order"), "777777", "new")
    assert [record.getMessage() for record in caplog.records] == [
        "spot.order: code 777777 is not a definite refusal; the outcome is unknown"
    ]


def test_P06_a_code_from_the_wire_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="kucoin_sync"):
        RULES.judge(RULES.operation("spot.order"), "1\nERROR forged \u202e" + "x" * 2000, "")
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 1000


@pytest.mark.parametrize("code", ["200000"])
def test_success_is_one_code(code: str) -> None:
    assert RULES.is_success(code)


@pytest.mark.parametrize("code", ["", "200", "0", "2000000", "200001"])
def test_nothing_else_is_success(code: str) -> None:
    assert not RULES.is_success(code)
