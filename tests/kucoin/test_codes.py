"""What a code means for a request: a refusal for certain, or nothing certain."""

from __future__ import annotations

import ast
import json
import logging
from pathlib import Path
from typing import Any

import pytest

import kucoin_sync
from kucoin_sync.kucoin import codes, refusals
from kucoin_sync.kucoin.operations import OPERATIONS, KucoinRules
from kucoin_sync.orders.operation import Verdict
from tests.kucoin.samples import MISSING, folder

RULES = KucoinRules(None)
REFUSED, DUPLICATE, LIMITED, UNKNOWN = Verdict.REFUSED, Verdict.DUPLICATE, Verdict.LIMITED, Verdict.UNKNOWN
NO_SUCH_ORDER, NO_EFFECT = Verdict.NO_SUCH_ORDER, Verdict.NO_EFFECT
NOT_THERE = "order_not_exist_or_not_allow_to_cancel"

ONE_STEP = ("spot.order", "spot.sync_order", "spot.cancel", "spot.sync_cancel")
SPOT_OPS = (*ONE_STEP, "spot.modify")
TWO_STEPS = ("spot.modify", "uta.amend")
ALL_OPS = tuple(op for op in OPERATIONS if op != "ping")
SPOT_REFUSALS = (
    *("200001", "200002", "200003", "200004", "200009", "400500", "400600", "400700"),
    *("411100", "600004", "600203", "900001"),
)
FAILING = (
    *("408000", "230005", "420001", "420002", "500000", "501000", "503000", "504000", "505000"),
    *("1015", "1024"),
)
NO_CODES = ("", "0", "200", "400", "999999", "4001001", "40010x", "４００１００", " 400100")
TOO_MANY = "Too many requests in a short period of time, please retry later."

ROWS = [
    # The gateway refuses before the trading engine sees the frame.
    *((op, code, "", REFUSED) for code in codes.AUTH_CODES for op in (*ALL_OPS, "new.operation")),
    *((op, "400100", "bad parameter", REFUSED) for op in (*ALL_OPS, "new.operation")),
    *((op, code, "", REFUSED) for code in ("400012", "400101", "400102", "4001002") for op in SPOT_OPS),
    ("spot.order", "400400", "authorization token invalid", REFUSED),
    ("spot.order", "400100", "Order size below the minimum requirement.", REFUSED),
    # What is not there cannot be cancelled or changed.
    *((op, "400100", NOT_THERE, NO_SUCH_ORDER) for op in ("spot.cancel", "spot.sync_cancel", "spot.modify")),
    ("margin.cancel", "400100", "Order not exist.", NO_SUCH_ORDER),
    ("margin.cancel", "126043", "", NO_SUCH_ORDER),
    ("futures.cancel", "100004", "", NO_SUCH_ORDER),
    ("futures.multi_cancel", "100001", "error.getOrder.orderNotExist", NO_SUCH_ORDER),
    ("futures.cancel", "100001", "", REFUSED),
    *((op, code, "", NO_SUCH_ORDER) for op in ("uta.cancel", "uta.amend") for code in ("106052", "106102")),
    ("uta.cancel", "106050", "Canceling", NO_EFFECT),
    # A duplicate: this frame made no order, but one with the id is live.
    *((op, "400100", "validation.createOrder.clientOidDuplicated", DUPLICATE) for op in ("spot.order", "margin.order")),
    ("spot.order", "400100", "CLIENTOIDDUPLICATED", DUPLICATE),
    ("spot.order", "200004", "clientOidDuplicated", REFUSED),
    *(("margin.order", code, "", DUPLICATE) for code in ("126033", "126044")),
    *((op, "300018", "", DUPLICATE) for op in ("futures.order", "futures.multi_order")),
    ("uta.order", "106151", "", DUPLICATE),
    *((op, code, TOO_MANY, LIMITED) for code in ("429000", "429001", "429002") for op in ALL_OPS),
    ("futures.order", "200002", "", LIMITED),
    # Spot trading, definite for the operations that are one step.
    *((op, code, "", REFUSED) for code in SPOT_REFUSALS for op in ONE_STEP),
    ("margin.order", "126013", "", REFUSED),
    ("futures.order", "300003", "", REFUSED),
    ("futures.multi_order", "300003", "", REFUSED),
    ("uta.order", "106150", "", REFUSED),
    # Two steps, a cancel and a new order: these may be said of the second.
    *(("spot.modify", code, "Balance insufficient!", UNKNOWN) for code in SPOT_REFUSALS),
    *((op, "400100", "Balance insufficient!", UNKNOWN) for op in TWO_STEPS),
    *((op, "400100", "account.available.amount", UNKNOWN) for op in TWO_STEPS),
    *((op, "400100", "validation.createOrder.clientOidDuplicated", UNKNOWN) for op in TWO_STEPS),
    *(("uta.amend", code, "", UNKNOWN) for code in ("106150", "106000", "106050", "106164", "106169", "106194")),
    # The same number means something else for another product.
    *((op, "200004", "Balance insufficient!", UNKNOWN) for op in ("margin.order", "futures.order", "uta.order")),
    ("margin.order", "400400", "service exception", UNKNOWN),
    # A server that is overloaded is not a limit of the user.
    ("futures.order", "429000", "Server overloaded", UNKNOWN),
    ("futures.order", "429000", "", UNKNOWN),
    ("spot.order", "429000", "", LIMITED),
    # Something had begun.
    *(("margin.order", code, "", UNKNOWN) for code in ("126034", "126036", "126038", "126039")),
    *(("uta.order", code, "", UNKNOWN) for code in ("106152", "106209", "106210", "301105", "401118", "401124")),
    # A code that means nothing for this kind of operation.
    ("futures.order", "100004", "", UNKNOWN),
    ("margin.order", "126043", "", UNKNOWN),
    # A failing server may have acted first.
    *((op, code, "", UNKNOWN) for code in FAILING for op in ALL_OPS),
    # Not listed, or no code at all.
    *(("spot.order", code, "clientOidDuplicated", UNKNOWN) for code in NO_CODES),
    ("new.operation", "300003", "", UNKNOWN),
]


@pytest.mark.parametrize(
    ("op", "code", "message", "verdict"), ROWS, ids=[f"{op}-{code}-{message[:12]}" for op, code, message, _ in ROWS]
)
def test_a_code_means_what_the_table_lists_and_else_nothing(op: str, code: str, message: str, verdict: Verdict) -> None:
    assert RULES.judge(RULES.operations[op], {}, code, message) is verdict


@pytest.mark.parametrize("cancels", [True, False])
@pytest.mark.parametrize(
    ("code", "message", "verdict"),
    [
        ("400100", "bad parameter", REFUSED),
        ("106100", "MissingParameter", REFUSED),
        ("400005", "signature", REFUSED),
        ("429000", TOO_MANY, LIMITED),
        ("106052", "NotFound", NO_SUCH_ORDER),
    ],
)
def test_an_amendment_that_cancels_on_failure_is_refused_only_before_any_order_was_looked_at(
    code: str, message: str, verdict: Verdict, cancels: bool
) -> None:
    """Else the refusal may be why the order is gone."""
    at_the_door = code in ("400005", "429000") or verdict is NO_SUCH_ORDER
    expected = verdict if at_the_door or not cancels else UNKNOWN
    assert RULES.judge(RULES.operations["uta.amend"], {"cxlOnFail": cancels}, code, message) is expected


PRODUCTS = {
    "gateway": ("spot", "margin", "futures", "uta"),
    "convert": ("spot",),
    "spot": ("spot",),
    "margin_hf": ("margin",),
    "futures": ("futures",),
    "unified": ("uta",),
}


def published() -> Any:
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    return json.loads((data / "error_codes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("group", list(PRODUCTS))
def test_every_published_code_was_decided(group: str) -> None:
    """It has a row for an operation of its product, if only to say that nothing is known."""
    listed = [code for code, _ in published()[group]]
    assert listed
    for product in PRODUCTS[group]:
        ops = [op for op, row in OPERATIONS.items() if row.product == product and op != "ping"]
        assert [code for code in listed if not any(codes.find(op, code, "") for op in ops)] == []


def test_every_message_seen_on_the_wire_was_decided() -> None:
    for product, code, message, _ in published()["seen_messages"]:
        ops = [op for op, row in OPERATIONS.items() if row.product == product and op != "ping"]
        assert any(codes.find(op, code, message) for op in ops), message


def test_no_code_of_a_failing_server_is_a_refusal() -> None:
    """Over every code that KuCoin publishes, for every operation."""
    data = published()
    listed = {code for group in PRODUCTS for code, _ in data[group]}
    uncertain = {code for code in listed if len(code) == 6 and code.startswith(("50", "42000", "408", "1120"))}
    assert len(uncertain) >= 10
    for op in ALL_OPS:
        assert {RULES.judge(RULES.operations[op], {}, code, "") for code in uncertain} == {UNKNOWN}


def test_every_row_of_the_table_can_be_reached_and_says_where_it_is_from() -> None:
    """A row behind another one that fits as well would never count."""
    for row in refusals.TABLE:
        assert row.source and row.meaning
        assert set(row.ops) <= set(OPERATIONS)
        for op in row.ops or ("new.operation",):
            assert codes.find(op, row.code, row.pattern) is row, (op, row)


PACKAGE = Path(kucoin_sync.__file__).parent


def test_no_other_place_turns_a_code_into_a_refusal() -> None:
    """`Rejected` is made in one function, from the verdict of one table."""
    makers: set[str] = set()
    judges: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rejected":
                makers.add(name)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Verdict":
                judges.add(f"{name}:{node.attr}")
    assert makers == {"orders/outcome.py"}
    elsewhere = {
        judge
        for judge in judges
        if not judge.startswith(("orders/outcome.py:", "kucoin/refusals.py:", "okx/refusals.py:"))
    }
    assert elsewhere == {"orders/code_table.py:UNKNOWN", "orders/code_table.py:NO_SUCH_ORDER"}


def test_an_unlisted_code_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody has to learn of it, to list it."""
    with caplog.at_level(logging.WARNING, logger="kucoin_sync"):
        RULES.judge(RULES.operations["spot.order"], {}, "777777", "new")
    assert [record.getMessage() for record in caplog.records] == [
        "spot.order: code 777777 is not a definite refusal; the outcome is unknown"
    ]


def test_P06_a_code_from_the_wire_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="kucoin_sync"):
        RULES.judge(RULES.operations["spot.order"], {}, "1\nERROR forged \u202e" + "x" * 2000, "")
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 1000


def test_success_is_one_code() -> None:
    assert RULES.success == "200000"
