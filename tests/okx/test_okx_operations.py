"""OKX's operations: what they take, what proves them, when they expire, and what each reply is taken for."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import OutcomeUnknown, Rejected
from kucoin_sync.events import BatchResult, OrderAck
from kucoin_sync.okx.operations import OPERATIONS, OkxRules
from kucoin_sync.orders.operation import OperationKind, Verdict
from kucoin_sync.orders.outcome import conclude
from kucoin_sync.protocol.messages import Reply
from kucoin_sync.protocol.server_clock import ServerClock
from tests.okx.order_samples import MISSING, samples

NOW = 1_775_556_000.0
RULES = OkxRules(None)
PLACE = {
    "instId": "BTC-USDT",
    "tdMode": "cash",
    "side": "buy",
    "ordType": "limit",
    "sz": "1",
    "px": "2",
    "clOrdId": "a1",
}
SPREAD = {"sprdId": "BTC-USDT_BTC-USDT-SWAP", "side": "buy", "ordType": "limit", "sz": "1", "px": "-2", "clOrdId": "a1"}
CANCEL = {"instId": "BTC-USDT", "ordId": "31"}
AMEND = {**CANCEL, "newSz": "2"}
ENTRY = {"clOrdId": "a1", "ordId": "31", "tag": "", "ts": "1695190491421", "sCode": "0", "sMsg": "", "subCode": ""}
REFUSED = {**ENTRY, "ordId": "", "sCode": "51008", "sMsg": "Insufficient balance", "subCode": "1000"}

ARGS: dict[str, Any] = {
    "order": PLACE,
    "batch-orders": [PLACE, {**PLACE, "clOrdId": "a2"}],
    "amend-order": AMEND,
    "batch-amend-orders": [AMEND, {**AMEND, "ordId": "32"}],
    "cancel-order": CANCEL,
    "batch-cancel-orders": [CANCEL, {**CANCEL, "ordId": "32"}],
    "mass-cancel": {"instType": "OPTION", "instFamily": "BTC-USD"},
    "sprd-order": SPREAD,
    "sprd-amend-order": {"ordId": "31", "newPx": "1"},
    "sprd-cancel-order": {"ordId": "31"},
    "sprd-mass-cancel": {},
}
SINGLE = ("order", "amend-order", "cancel-order", "sprd-order", "sprd-amend-order", "sprd-cancel-order")
BATCHES = ("batch-orders", "batch-amend-orders", "batch-cancel-orders")
MASS = ("mass-cancel", "sprd-mass-cancel")
UNCERTAIN = ("50001", "50004", "50013", "50026", "51054", "51149", "63999", "64007", "99999", "1", "2", "", "5XXXX")


def outcome(
    op: str,
    code: str,
    data: Any,
    *,
    args: Any = None,
    message: str = "",
    times: bool = True,
    reply_op: str | None = None,
) -> Any:
    """Return what a request that was sent whole ended with, by its reply."""
    request = PendingRequest("7", op, ARGS[op] if args is None else args, Deadline(5.0))
    request.sent = "complete"
    request.reply = Reply("7", reply_op or op, code, message, data, 1 if times else None, None, None, "{}")
    return conclude(request, RULES.operations[op], RULES, ws_key="prodPrivate")


def test_the_table_has_every_operation_of_the_reference() -> None:
    assert set(OPERATIONS) == set(ARGS)
    assert {name for name, row in OPERATIONS.items() if row.path == "business"} == {
        name for name in OPERATIONS if name.startswith("sprd-")
    }


@pytest.mark.parametrize("op", ARGS)
def test_what_the_tests_send_is_what_the_operation_takes(op: str) -> None:
    assert OPERATIONS[op].arguments.check(ARGS[op], {}, None) == ARGS[op]


def test_an_operation_that_is_not_known_counts_as_one_that_changes_the_account() -> None:
    assert RULES.operations["new-operation"].kind is OperationKind.OTHER
    assert RULES.operations["new-operation"].expire is None


# Expiry.


def test_O10_exactly_the_operations_that_may_carry_an_expiry_do() -> None:
    expiring = {op for op in OPERATIONS if RULES.operations[op].expire is not None}
    assert expiring == {"order", "batch-orders", "amend-order", "batch-amend-orders"}


@pytest.mark.parametrize("op", ["order", "batch-orders", "amend-order", "batch-amend-orders"])
@pytest.mark.parametrize(("window", "left", "lasts"), [(None, 2.5, 2500), (0.75, 2.5, 750), (None, 0.0, 1)])
def test_O10_an_order_ends_with_its_call_by_the_earliest_time_it_can_be_at_the_exchange(
    op: str, window: float | None, left: float, lasts: int
) -> None:
    """Exchange 3 s ahead, known to 50 ms. The expiry stands beside the arguments, which stay as they are."""
    clock = ServerClock()
    clock.observe(int(NOW * 1000) + 3000, sent_ms=NOW * 1000 - 50, received_ms=NOW * 1000 + 50, now=0.0)
    expire = OkxRules(window).operations[op].expire
    assert expire is not None
    earliest = clock.earliest_ms(NOW * 1000)
    assert expire(ARGS[op], earliest, left) == (ARGS[op], earliest + lasts)
    assert earliest < NOW * 1000 + 3000


# One order.


@pytest.mark.parametrize("op", SINGLE)
@pytest.mark.parametrize("times", [True, False])
def test_an_order_is_accepted_by_its_entry_with_or_without_times(op: str, times: bool) -> None:
    """Replies to spread operations carry no times of the gateway."""
    ended = outcome(op, "0", [ENTRY], times=times)
    assert isinstance(ended, OrderAck)
    assert (ended.order_id, ended.client_oid, ended.data) == ("31", "a1", ENTRY)
    assert (ended.in_time is None) == (not times)


@pytest.mark.parametrize("op", SINGLE)
@pytest.mark.parametrize("around", ["1", "0", "2"])
def test_the_code_of_the_entry_decides_and_not_the_one_around_it(op: str, around: str) -> None:
    ended = outcome(op, around, [{**REFUSED, "sCode": "51000"}])
    assert isinstance(ended, Rejected)
    assert (ended.code, ended.msg, ended.data["subCode"]) == ("51000", "Insufficient balance", "1000")
    assert isinstance(outcome(op, around, [ENTRY]), OrderAck)


@pytest.mark.parametrize("op", (*SINGLE, *MASS))
def test_a_request_that_is_refused_as_a_whole_is_rejected(op: str) -> None:
    ended = outcome(op, "60013", [], message="Invalid args")
    assert isinstance(ended, Rejected)
    assert (ended.code, ended.msg) == ("60013", "Invalid args")


@pytest.mark.parametrize("op", (*SINGLE, *MASS))
@pytest.mark.parametrize("code", UNCERTAIN)
def test_P16_what_is_no_definite_refusal_leaves_the_outcome_open(op: str, code: str) -> None:
    """Around the entry or inside it: a timeout, a failing server, a code that nobody listed."""
    whole = outcome(op, code, [])
    assert isinstance(whole, OutcomeUnknown)
    if op in SINGLE:
        inside = outcome(op, "1", [{**REFUSED, "sCode": code}])
        assert isinstance(inside, OutcomeUnknown)
        assert (inside.reason, inside.code) == ("server_error", code)


@pytest.mark.parametrize("op", SINGLE)
@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "0",
        [ENTRY, ENTRY],
        ["0"],
        [{}],
        [{**ENTRY, "sCode": None}],
        [{**ENTRY, "sCode": 0}],
        [{**ENTRY, "ordId": ""}],
        [{**ENTRY, "ordId": 31}],
    ],
)
def test_P17_a_yes_without_proof_leaves_the_outcome_open(op: str, data: Any) -> None:
    assert isinstance(outcome(op, "0", data), OutcomeUnknown)


@pytest.mark.parametrize("op", ["order", "sprd-order"])
@pytest.mark.parametrize("entry", [{**ENTRY, "clOrdId": "other"}, {**REFUSED, "clOrdId": "other"}])
def test_P18_an_entry_about_another_order_says_nothing(op: str, entry: Any) -> None:
    ended = outcome(op, "1", [entry])
    assert isinstance(ended, OutcomeUnknown)
    assert ended.reason == "unreadable_reply"


@pytest.mark.parametrize("op", ["amend-order", "cancel-order", "sprd-cancel-order"])
def test_P18_another_order_id_than_the_one_asked_for_says_nothing(op: str) -> None:
    assert isinstance(outcome(op, "0", [{**ENTRY, "ordId": "99"}]), OutcomeUnknown)


def test_a_cancel_by_client_order_id_is_proven_by_that() -> None:
    args = {"instId": "BTC-USDT", "clOrdId": "a1"}
    assert isinstance(outcome("cancel-order", "0", [{**ENTRY, "ordId": ""}], args=args), OrderAck)
    assert isinstance(outcome("cancel-order", "0", [{**ENTRY, "clOrdId": ""}], args=args), OutcomeUnknown)


def test_a_reply_under_another_operation_says_nothing() -> None:
    assert isinstance(outcome("order", "0", [ENTRY], reply_op="cancel-order"), OutcomeUnknown)


def test_both_an_entry_and_a_refusal_of_the_whole_say_nothing() -> None:
    assert isinstance(outcome("order", "60013", [ENTRY]), OutcomeUnknown)


@pytest.mark.parametrize("op", ["order", "batch-orders", "sprd-order"])
@pytest.mark.parametrize("code", ["51016", "50071"])
def test_a_client_order_id_that_exists_is_a_duplicate(op: str, code: str) -> None:
    ended = outcome(op, "1", [{**REFUSED, "sCode": code}])
    refused = ended.results[0] if op == "batch-orders" else ended
    assert isinstance(refused, Rejected)
    assert refused.duplicate


@pytest.mark.parametrize("op", ["cancel-order", "sprd-cancel-order", "amend-order", "sprd-amend-order"])
def test_an_order_that_is_not_there_is_a_refusal_that_says_so(op: str) -> None:
    code = "51503" if "amend" in op else "51400"
    ended = outcome(op, "1", [{**ENTRY, "sCode": code}])
    assert isinstance(ended, Rejected)
    assert ended.no_such_order


@pytest.mark.parametrize(
    ("op", "code"), [("cancel-order", "51410"), ("sprd-cancel-order", "51401"), ("sprd-cancel-order", "51402")]
)
def test_a_cancel_of_what_is_cancelled_or_done_had_no_effect(op: str, code: str) -> None:
    ended = outcome(op, "1", [{**ENTRY, "sCode": code}])
    assert isinstance(ended, OrderAck)
    assert ended.no_effect


@pytest.mark.parametrize(
    ("code", "definite"), [("51008", False), ("51000", False), ("60013", True), ("50037", True), ("51503", True)]
)
def test_a_refused_amendment_that_cancels_on_failure_is_open_until_looked_up(code: str, definite: bool) -> None:
    """Unless no order was looked at, or none was there."""
    for cancels in (True, False):
        ended = outcome("amend-order", "1", [{**ENTRY, "sCode": code}], args={**AMEND, "cxlOnFail": cancels})
        assert isinstance(ended, Rejected if definite or not cancels else OutcomeUnknown)
    batch = [{**AMEND, "cxlOnFail": True}, {**AMEND, "ordId": "32"}]
    ended = outcome("batch-amend-orders", code, [], args=batch)
    assert isinstance(ended, BatchResult if definite else OutcomeUnknown)


@pytest.mark.parametrize("op", MASS)
def test_a_mass_cancel_is_proven_by_its_result(op: str) -> None:
    assert outcome(op, "0", [{"result": True}], times=False).no_effect is False
    assert outcome(op, "0", [{"result": False}]).no_effect is True
    for data in ([], [{}], [{"result": "true"}], None, [{"result": True}] * 2):
        assert isinstance(outcome(op, "0", data), OutcomeUnknown)


# Several orders.

SECOND = {**ENTRY, "clOrdId": "a2", "ordId": "32"}


@pytest.mark.parametrize("op", BATCHES)
def test_a_batch_has_an_outcome_an_order(op: str) -> None:
    every = outcome(op, "0", [ENTRY, SECOND])
    assert [result.order_id for result in every.accepted] == ["31", "32"]
    partly = outcome(op, "2", [{**SECOND, "sCode": "51000", "sMsg": "no"}, ENTRY])
    assert isinstance(partly, BatchResult)
    assert (partly.results[0].order_id, partly.results[1].code) == ("31", "51000"), "by id and not by place"
    none = outcome(op, "1", [{**ENTRY, "sCode": "51000"}, {**SECOND, "sCode": "51001"}])
    assert [result.code for result in none.rejected] == ["51000", "51001"]


@pytest.mark.parametrize("op", BATCHES)
def test_a_batch_with_an_open_order_is_an_error_that_keeps_the_others(op: str) -> None:
    ended = outcome(op, "2", [ENTRY, {**SECOND, "sCode": "51149"}])
    assert isinstance(ended, OutcomeUnknown)
    assert ended.reason == "partial_batch"
    assert ended.results is not None
    assert len(ended.results.accepted) == 1
    assert ended.results.unknown[0].code == "51149"
    assert pickle.loads(pickle.dumps(ended)).results.accepted[0].order_id == "31"


@pytest.mark.parametrize("op", BATCHES)
@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_an_order_that_the_reply_leaves_out_is_open(op: str, code: str) -> None:
    ended = outcome(op, code, [ENTRY])
    assert isinstance(ended, OutcomeUnknown)
    assert ended.results is not None
    assert [result.reason for result in ended.results.unknown] == ["unreadable_reply"]


@pytest.mark.parametrize("op", BATCHES)
def test_a_batch_that_is_refused_as_a_whole_is_refused_order_by_order(op: str) -> None:
    ended = outcome(op, "50011", [], message="Too many")
    assert [result.code for result in ended.rejected] == ["50011", "50011"]
    for code in ("50026", "77777"):
        unknown = outcome(op, code, [])
        assert isinstance(unknown, OutcomeUnknown)
        assert unknown.reason == "server_error"


def test_two_entries_for_one_order_that_differ_say_nothing() -> None:
    ended = outcome("batch-orders", "2", [ENTRY, REFUSED, SECOND])
    assert isinstance(ended, OutcomeUnknown)
    assert ended.results is not None
    assert len(ended.results.unknown) == 1


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["0", "1", "51008", "31", "a1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sCode", "ordId", "clOrdId", "sMsg", "result"]) | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(op=st.sampled_from(sorted(ARGS)), code=st.sampled_from(["0", "1", "2", "60013", "50026"]), data=JUNK)
def test_whatever_a_reply_holds_no_order_is_accepted_without_its_id(op: str, code: str, data: Any) -> None:
    ended = outcome(op, code, data)
    results = ended.results if isinstance(ended, (BatchResult, OutcomeUnknown)) and ended.results else [ended]
    for result in results:
        if isinstance(result, OrderAck) and op not in MASS:
            assert "31" in (result.order_id, "") or result.order_id == "32" or result.client_oid in ("a1", "a2")
            assert result.data["sCode"] == "0" or result.no_effect


# The exchange's own samples.

REPLIES = samples("op:", "server")


@pytest.mark.skipif(not REPLIES, reason=MISSING)
def test_every_recorded_reply_ends_as_the_reference_says() -> None:
    """Each is judged as the reply to a request whose orders it names; entries without our id are open."""
    seen = {"ack": 0, "rejected": 0, "unknown": 0}
    for line in REPLIES:
        frame = line["frame"]
        op = frame["op"]
        entries = frame["data"]
        args: Any = [
            {"instId": "X", **{name: entry[name] for name in ("ordId", "clOrdId") if entry.get(name)}}
            for entry in entries
            if "result" not in entry
        ]
        if op in ("order", "sprd-order"):
            args = [{"instId": "X", "clOrdId": entry["clOrdId"] or "a1"} for entry in entries]
        if op not in BATCHES:
            args = args[0] if args else None
        ended = outcome(op, frame["code"], entries, args=args or None, message=frame["msg"], times="inTime" in frame)
        results = ended.results if isinstance(ended, (BatchResult, OutcomeUnknown)) and ended.results else [ended]
        for result in results:
            kind = "ack" if isinstance(result, OrderAck) else "rejected" if isinstance(result, Rejected) else "unknown"
            seen[kind] += 1
            said = result.data.get("sCode") if isinstance(result, OrderAck) and op not in MASS else None
            assert said in (None, "0")
        if frame["code"] == "60013":
            assert not entries
            assert all(isinstance(result, Rejected) for result in results)
    assert seen["ack"] >= 12
    assert seen["rejected"] >= 12


REQUESTS = samples("op:", "client")


@pytest.mark.skipif(not REQUESTS, reason=MISSING)
@pytest.mark.parametrize("line", REQUESTS, ids=[f"{i}-{line['channel']}" for i, line in enumerate(REQUESTS)])
def test_every_recorded_request_is_taken_as_it_is(line: dict[str, Any]) -> None:
    op, args = line["frame"]["op"], line["frame"]["args"]
    given = args if op in BATCHES else args[0]
    assert OPERATIONS[op].arguments.check(given, {}, None) == given


# Codes.


def test_no_code_of_a_failing_server_is_a_refusal_for_any_operation() -> None:
    for op in (*OPERATIONS, "new-operation"):
        for code in UNCERTAIN:
            assert RULES.judge(RULES.operations[op], {}, code, "") is Verdict.UNKNOWN, (op, code)
