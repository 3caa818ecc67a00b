"""The operation table: what each operation does, what proves that it was accepted, and where it goes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.events import OrderResult
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.operations import OPERATIONS, KucoinRules
from kucoin_sync.orders.operation import ItemReply, OperationKind, Proof
from kucoin_sync.protocol.messages import Reply
from kucoin_sync.protocol.server_clock import ServerClock
from tests.kucoin.samples import ORIGIN, frames, trade

NOW = 1_760_000_000.0
SPOT, FUTURES = WsKey.WS_API_SPOT_V1, WsKey.WS_API_FUTURES_V1
PLACE, MODIFY, CANCEL = OperationKind.PLACE, OperationKind.MODIFY, OperationKind.CANCEL


def rules(recv_window: float | None = None) -> KucoinRules:
    return KucoinRules(recv_window)


def earliest(offset_ms: float, uncertainty_ms: float) -> int:
    """Return the earliest time it can be at the exchange, whose clock was measured to be so far ahead of ours."""
    clock = ServerClock()
    clock.observe(
        NOW * 1000 + offset_ms,
        sent_ms=NOW * 1000 - uncertainty_ms,
        received_ms=NOW * 1000 + uncertainty_ms,
        now=0.0,
    )
    return clock.earliest_ms(NOW * 1000)


EXPIRING = ("spot.order", "spot.sync_order")
TABLE = [
    ("ping", OperationKind.READ, "spot"),
    ("spot.order", PLACE, "spot"),
    ("spot.sync_order", PLACE, "spot"),
    ("spot.modify", MODIFY, "spot"),
    ("spot.cancel", CANCEL, "spot"),
    ("spot.sync_cancel", CANCEL, "spot"),
    ("margin.order", PLACE, "margin"),
    ("margin.cancel", CANCEL, "margin"),
    ("futures.order", PLACE, "futures"),
    ("futures.cancel", CANCEL, "futures"),
    ("futures.multi_order", PLACE, "futures"),
    ("futures.multi_cancel", CANCEL, "futures"),
    ("uta.order", PLACE, "uta"),
    ("uta.amend", MODIFY, "uta"),
    ("uta.cancel", CANCEL, "uta"),
    ("something new", OperationKind.OTHER, "something new"),
    ("spot.multi_order", OperationKind.OTHER, "spot"),
]


@pytest.mark.parametrize(("name", "kind", "product"), TABLE)
def test_an_operation_is_known_or_taken_to_change_the_account(name: str, kind: OperationKind, product: str) -> None:
    operation = rules().operations[name]
    assert (operation.kind, operation.product) == (kind, product)
    assert operation.reply_op == ("pong" if name == "ping" else name)
    assert (operation.expire is not None) == (name in EXPIRING), "the others have no such fields"
    assert (operation.batch is not None) == (name in ("futures.multi_order", "futures.multi_cancel"))


def test_the_table_above_is_about_every_operation() -> None:
    assert set(OPERATIONS) <= {name for name, _, _ in TABLE}


LINES: list[Any] = [
    *(
        pytest.param(op, {"symbol": "BTC-USDT"}, SPOT, id=op)
        for op in OPERATIONS
        if op.startswith(("spot.", "margin."))
    ),
    *(pytest.param(op, {"symbol": "XBTUSDTM"}, FUTURES, id=op) for op in OPERATIONS if op.startswith("futures.")),
    pytest.param("ping", {}, SPOT, id="ping"),
    *(
        pytest.param(op, {"tradeType": kind, "symbol": "X"}, FUTURES if kind == "FUTURES" else SPOT, id=f"{op}-{kind}")
        for op in ("uta.order", "uta.cancel")
        for kind in ("SPOT", "MARGIN", "ISOLATED", "CROSS", "FUTURES")
    ),
    pytest.param("uta.amend", {"symbol": "BTC-USDT"}, SPOT, id="uta.amend-spot"),
    pytest.param("uta.amend", {"symbol": "XBTUSDTM"}, FUTURES, id="uta.amend-futures"),
]


@pytest.mark.parametrize(("op", "args", "line"), LINES)
def test_an_operation_has_a_line_that_it_goes_to_if_nobody_names_one(op: str, args: Any, line: WsKey) -> None:
    row = OPERATIONS[op]
    assert (row.line if row.line_of is None else row.line_of(args)) is line


# Expiry.

ORDER = {"symbol": "BTC-USDT", "clientOid": "c-1"}


@pytest.mark.parametrize("op", EXPIRING)
def test_O10_an_order_ends_with_its_call_by_the_earliest_time_it_can_be_at_the_exchange(op: str) -> None:
    """Exchange 3 s ahead, known to 50 ms: the window begins at what its clock shows at least."""
    operation = rules().operations[op]
    assert operation.expire is not None
    args, expires_ms = operation.expire(ORDER, earliest(3000, 50), 2.5)
    begin = int(NOW * 1000) + 2950
    assert args == {**ORDER, "clientTimestamp": begin, "allowMaxTimeWindow": 2500}
    assert expires_ms == begin + 2500


def test_O10_a_window_that_the_user_set_replaces_the_time_left() -> None:
    operation = rules(recv_window=0.75).operations["spot.order"]
    assert operation.expire is not None
    assert operation.expire(ORDER, earliest(0, 1), 2.5)[0]["allowMaxTimeWindow"] == 750


def test_O10_an_order_at_the_very_end_of_its_call_still_has_a_window() -> None:
    operation = rules().operations["spot.order"]
    assert operation.expire is not None
    assert operation.expire(ORDER, earliest(0, 1), 0.0)[0]["allowMaxTimeWindow"] == 1


def test_O10_the_callers_own_window_is_kept_and_nothing_else_is_changed() -> None:
    operation = rules().operations["spot.order"]
    assert operation.expire is not None
    own = {**ORDER, "clientTimestamp": 1, "allowMaxTimeWindow": 2}
    assert operation.expire(own, earliest(0, 1), 2.5) == (own, 3)
    before = dict(ORDER)
    operation.expire(ORDER, earliest(0, 1), 2.5)
    assert before == ORDER


# Proofs.

BY_OID, BY_ID = {"symbol": "A-B", "clientOid": "c-1"}, {"symbol": "A-B", "orderId": "o1"}
FILLED = {"originSize": "2", "dealSize": "0.5", "remainSize": 1.5, "canceledSize": "0", "status": "open"}
RESULT = OrderResult(Decimal(2), Decimal("0.5"), Decimal("1.5"), Decimal(0), "open", 1729174140586, 1729174140588)
NO_TIMES = OrderResult(Decimal(2), Decimal("0.5"), Decimal("1.5"), Decimal(0), "open")
NOTHING_TOLD = OrderResult(None, None, None, None, None)
TIMES = {"orderTime": 1729174140586, "matchTime": 1729174140588000000}

PLACING = ("spot.order", "futures.order", "uta.order")
CANCELLING = ("spot.cancel", "margin.cancel", "futures.cancel", "uta.cancel")
PROOFS: list[Any] = [
    *(pytest.param(op, BY_OID, {"orderId": "a", "clientOid": "c-1"}, Proof("a", "c-1"), id=op) for op in PLACING),
    *(pytest.param(op, BY_OID, {"orderId": "a"}, Proof("a", "c-1"), id=f"{op}-without-echo") for op in PLACING),
    pytest.param(
        "spot.sync_order",
        BY_OID,
        {"orderId": "a", "clientOid": "c-1", **FILLED, **TIMES},
        Proof("a", "c-1", {"result": RESULT}),
        id="sync-place",
    ),
    pytest.param(
        "spot.sync_order",
        BY_OID,
        {"orderId": "a", "originSize": "much", "dealSize": "nan", "status": 7, "orderTime": "soon"},
        Proof("a", "c-1", {"result": NOTHING_TOLD}),
        id="P08-sync-place-without-a-readable-result",
    ),
    pytest.param(
        "margin.order",
        BY_OID,
        {"orderId": "a", "clientOid": "c-1", "borrowSize": "10.20", "loanApplyId": "600656d9"},
        Proof("a", "c-1", {"borrow_size": Decimal("10.20"), "loan_apply_id": "600656d9"}),
        id="margin",
    ),
    pytest.param(
        "margin.order",
        BY_OID,
        {"orderId": "a", "borrowSize": None},
        Proof("a", "c-1", {"borrow_size": None, "loan_apply_id": None}),
        id="margin-without-a-loan",
    ),
    *(pytest.param(op, BY_OID, {"clientOid": "c-1"}, Proof(None, "c-1"), id=f"{op}-by-oid") for op in CANCELLING),
    *(pytest.param(op, BY_ID, {"orderId": "o1"}, Proof("o1", None), id=f"{op}-by-id") for op in CANCELLING),
    pytest.param("futures.cancel", BY_ID, {"cancelledOrderIds": ["o1"]}, Proof("o1", None), id="cancel-in-a-list"),
    pytest.param("uta.cancel", BY_ID, {"orderId": "o1", "clientOid": "x"}, Proof("o1", "x"), id="cancel-with-both"),
    pytest.param(
        "spot.sync_cancel",
        BY_ID,
        {"orderId": "o1", **FILLED},
        Proof("o1", None, {"result": NO_TIMES}),
        id="sync-cancel",
    ),
    pytest.param("spot.modify", BY_ID, {"newOrderId": "n", "clientOid": "z"}, Proof("n", "z"), id="modify"),
    pytest.param("spot.modify", BY_OID, {"newOrderId": "n"}, Proof("n", None), id="modify-without-echo"),
    pytest.param("uta.amend", BY_ID, {"orderId": "o1", "clientOid": "z"}, Proof("o1", "z"), id="amend-by-id"),
    pytest.param("uta.amend", BY_OID, {"orderId": "o1", "clientOid": "c-1"}, Proof("o1", "c-1"), id="amend-by-oid"),
    pytest.param("new.operation", {}, {"anything": 1}, Proof(None, None), id="unknown-operation"),
]


@pytest.mark.parametrize(("op", "args", "data", "proof"), PROOFS)
def test_a_success_reply_proves_which_order_it_is_about(op: str, args: Any, data: Any, proof: Proof) -> None:
    assert rules().operations[op].prove(args, data) == proof


NO_PROOFS: list[Any] = [
    *(
        pytest.param(op, BY_OID, data, id=f"{op}-{name}")
        for op in (*PLACING, "spot.sync_order", "margin.order")
        for name, data in {
            "P18-no-data": None,
            "P18-empty": {},
            "P18-empty-id": {"orderId": "", "clientOid": "c-1"},
            "P18-number": {"orderId": 5, "clientOid": "c-1"},
            "P18-list": ["o1"],
            "P17-foreign-oid": {"orderId": "a", "clientOid": "c-2"},
        }.items()
    ),
    *(
        pytest.param(op, args, data, id=f"{op}-{name}")
        for op in (*CANCELLING, "spot.sync_cancel")
        for name, args, data in (
            ("P18-no-data", BY_ID, None),
            ("P17-another-order", BY_ID, {"orderId": "o2"}),
            ("P17-another-oid", BY_OID, {"clientOid": "c-2"}),
            ("P17-answered-by-another-kind-of-id", BY_ID, {"clientOid": "c-1"}),
            ("P18-list-of-none", BY_ID, {"cancelledOrderIds": []}),
            ("P17-list-of-others", BY_ID, {"cancelledOrderIds": ["o2"]}),
            ("P18-list-for-an-oid", BY_OID, {"cancelledOrderIds": ["o1"]}),
        )
    ),
    pytest.param("spot.modify", BY_ID, {"orderId": "o1"}, id="P18-modify-names-the-old-order"),
    pytest.param("spot.modify", BY_OID, {"newOrderId": "n", "clientOid": "c-2"}, id="P17-modify-of-another-order"),
    pytest.param("uta.amend", BY_ID, {"orderId": "o2", "clientOid": "c-1"}, id="P17-amend-of-another-order"),
    pytest.param("uta.amend", BY_OID, {"orderId": "o1"}, id="P18-amend-without-the-id-asked-for"),
    pytest.param("uta.amend", {"symbol": "A"}, {"orderId": "o1"}, id="P18-amend-of-nothing"),
]


@pytest.mark.parametrize(("op", "args", "data"), NO_PROOFS)
def test_P17_P18_whatever_else_comes_with_success_proves_nothing(op: str, args: Any, data: Any) -> None:
    assert rules().operations[op].prove(args, data) is None


# Batches.

ORDERS = [{"clientOid": "a", "symbol": "X"}, {"clientOid": "b", "symbol": "X"}]
YES_A = {"orderId": "1", "clientOid": "a", "symbol": "X", "code": "200000", "msg": "success"}
NO_B = {"clientOid": "b", "symbol": "X", "code": "300003", "msg": "balance"}
IDS = {"orderIdsList": ["1", "2"]}
OIDS = {"clientOidsList": [{"symbol": "X", "clientOid": "a"}, {"symbol": "Y", "clientOid": "b"}]}


def matched(op: str, args: Any, data: Any) -> list[tuple[bool, str] | None]:
    batch = rules().operations[op].batch
    assert batch is not None
    answers = batch.match(batch.items(args), data)
    return [answer and (answer.succeeded, answer.code) for answer in answers]


MATCHES: list[Any] = [
    pytest.param("futures.multi_order", ORDERS, [YES_A, NO_B], [(True, "200000"), (False, "300003")], id="in-order"),
    pytest.param("futures.multi_order", ORDERS, [NO_B, YES_A], [(True, "200000"), (False, "300003")], id="reversed"),
    pytest.param("futures.multi_order", ORDERS, [NO_B], [None, (False, "300003")], id="one-missing"),
    pytest.param("futures.multi_order", ORDERS, [YES_A, YES_A], [(True, "200000"), None], id="said-twice"),
    pytest.param(
        "futures.multi_order", ORDERS, [YES_A, {**YES_A, "orderId": "2"}], [None, None], id="said-twice-differently"
    ),
    pytest.param(
        "futures.multi_order", ORDERS, [{**YES_A, "clientOid": "c"}, NO_B], [None, (False, "300003")], id="foreign-id"
    ),
    pytest.param(
        "futures.multi_order", ORDERS, [{**YES_A, "clientOid": None}, NO_B], [None, (False, "300003")], id="no-id"
    ),
    pytest.param("futures.multi_order", ORDERS, [{**YES_A, "code": "200"}], [(False, "200"), None], id="wrong-success"),
    pytest.param("futures.multi_order", ORDERS, [{**YES_A, "code": 200000}], [(True, "200000"), None], id="number"),
    pytest.param("futures.multi_order", ORDERS, [{"clientOid": "a"}], [(False, ""), None], id="no-code"),
    *(
        pytest.param("futures.multi_order", ORDERS, data, [None, None], id=f"data-{name}")
        for name, data in {"none": None, "map": YES_A, "text": "a", "numbers": [1, None, "a", []]}.items()
    ),
    pytest.param(
        "futures.multi_cancel",
        IDS,
        [{"orderId": "2", "clientOid": None, "code": "200"}, {"orderId": "1", "clientOid": None, "code": "100004"}],
        [(False, "100004"), (True, "200")],
        id="cancel-by-id",
    ),
    pytest.param(
        "futures.multi_cancel",
        OIDS,
        [{"orderId": None, "clientOid": "a", "code": "200000"}, {"orderId": "9", "clientOid": "b", "code": 200}],
        [(True, "200000"), (True, "200")],
        id="cancel-by-client-oid",
    ),
    pytest.param(
        "futures.multi_cancel", IDS, [{"clientOid": "1", "code": "200"}], [None, None], id="another-kind-of-id"
    ),
]


@pytest.mark.parametrize(("op", "args", "data", "expected"), MATCHES)
def test_P19_what_a_batch_says_of_an_order_is_found_by_its_id_and_never_by_its_place(
    op: str, args: Any, data: Any, expected: Any
) -> None:
    assert matched(op, args, data) == expected


def test_P19_an_order_of_a_batch_whose_symbol_comes_back_as_another_is_not_proven() -> None:
    prove = rules().operations["futures.multi_order"].prove
    assert prove(ORDERS[0], YES_A) == Proof("1", "a")
    assert prove(ORDERS[0], {**YES_A, "symbol": "Y"}) is None
    assert prove(ORDERS[0], None) is None


def test_an_answer_to_one_order_of_a_batch_keeps_what_was_said_of_it() -> None:
    batch = rules().operations["futures.multi_order"].batch
    assert batch is not None
    assert batch.match(ORDERS, [NO_B])[1] == ItemReply(False, "300003", "balance", NO_B)


# Fixtures of this repository, numbers invented: a request and its reply for each operation, in each of its forms.

EXCHANGES: dict[str, dict[str, Any]] = {}
for _sample in frames(Path(__file__).parents[1] / "data" / "kucoin_operations.jsonl"):
    EXCHANGES.setdefault(_sample.frame["id"], {})[_sample.row["direction"]] = _sample


def name_of(request_id: str) -> str:
    return f"{EXCHANGES[request_id]['client'].frame['op']}-{request_id}"


@pytest.mark.parametrize("request_id", EXCHANGES, ids=name_of)
def test_a_request_is_spelled_and_its_reply_proves_what_it_asked_for(request_id: str) -> None:
    sent, received = EXCHANGES[request_id]["client"], EXCHANGES[request_id]["server"]
    op, args = sent.frame["op"], sent.frame["args"]
    dialect = trade(sent.row["ws_key"])
    assert OPERATIONS[op].arguments.check(args, {}, None) == args
    assert json.loads(dialect.encode_request(op, args, request_id=request_id)) == sent.frame
    reply = dialect.decode(received.text, 0.0, ORIGIN)
    assert isinstance(reply, Reply)
    operation = rules().operations[op]
    assert reply.op == operation.reply_op
    items = operation.items(args)
    answers = [reply.data]
    if operation.batch is not None:
        answers = [answer and answer.data for answer in operation.batch.match(items, reply.data)]
    for item, data in zip(items, answers, strict=True):
        proof = operation.prove(item, data)
        assert proof is not None
        for proven, asked in ((proof.order_id, item.get("orderId")), (proof.client_oid, item.get("clientOid"))):
            assert asked is None or proven == asked or op == "spot.modify"


def test_the_fixtures_hold_every_operation() -> None:
    assert {exchange["client"].frame["op"] for exchange in EXCHANGES.values()} == set(OPERATIONS) - {"ping"}


_NAMES = ("orderId", "clientOid", "newOrderId", "cancelledOrderIds", "symbol", "code", "dealSize", "orderTime")
_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["1", "c-1", "200000"])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=8,
)


@given(request_id=st.sampled_from(list(EXCHANGES)), data=_DATA)
@settings(max_examples=400)
def test_O02_no_data_however_odd_breaks_a_proof(request_id: str, data: Any) -> None:
    """It proves something or it does not."""
    frame = EXCHANGES[request_id]["client"].frame
    operation = rules().operations[frame["op"]]
    items = operation.items(frame["args"])
    if operation.batch is not None:
        answers = operation.batch.match(items, data)
        assert len(answers) == len(items)
        assert all(answer is None or isinstance(answer, ItemReply) for answer in answers)
    for item in items:
        proof = operation.prove(item, data)
        assert proof is None or isinstance(proof, Proof)
