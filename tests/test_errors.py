"""What users read when something goes wrong: every sentence, and what survives a pickle."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kucoin_sync import errors
from kucoin_sync.engine.streams import GapError
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    ForkedError,
    JournalError,
    KucoinSyncError,
    NotSent,
    OutcomeUnknown,
    ProtocolViolation,
    ReentrantCallError,
    Rejected,
    RequestError,
    RestError,
    StaleBook,
    SubscribeError,
    TlsError,
    TokenError,
    describe_cause,
    freeze,
    shorten,
)
from kucoin_sync.events import BatchResult, Origin, RateLimit, Update
from kucoin_sync.kucoin.classic import ClassicDialect

FACTS: dict[str, Any] = {
    "op": "spot.order",
    "request_id": "r-1",
    "client_oid": "c-1",
    "order_id": None,
    "symbol": "BTC-USDT",
    "request": MappingProxyType({"symbol": "BTC-USDT", "size": "1"}),
    "sent": "complete",
    "bytes_sent": 120,
    "started_at": 1760000000.0,
    "elapsed": 5.0,
    "ws_key": "wsApiSpotV1",
    "connection_id": "life-1",
}
BY_ORDER_ID = {**FACTS, "op": "spot.cancel", "client_oid": None, "order_id": "o1"}
BARE = {**FACTS, "op": "ping", "client_oid": None, "symbol": None, "safe_to_retry": True}
BATCH = {**FACTS, "op": "futures.multi_order", "client_oid": ("c-1", "c-2"), "request": ({"symbol": "X", "size": 1},)}
UPDATE = Update("/a:1", "s", {}, 1, 0.5, "{}", Origin("spotPublicV1", "life-1", ClassicDialect), True)


def later(error: ConnectError) -> ConnectError:
    error.attempts, error.elapsed = 3, 12.34
    return error


TEXTS: list[Any] = [
    pytest.param(KucoinSyncError("plain"), "plain", id="root"),
    pytest.param(ConfigError("size: is required"), "size: is required", id="config"),
    pytest.param(ClosedError("the client is closed"), "the client is closed", id="closed"),
    pytest.param(ReentrantCallError("on a reader"), "on a reader", id="reentrant"),
    pytest.param(ForkedError("after fork()"), "after fork()", id="forked"),
    pytest.param(DeadlineExceeded("no update in 1 s"), "no update in 1 s", id="deadline"),
    pytest.param(JournalError("journal: full"), "journal: full", id="journal"),
    pytest.param(ConnectError("refused", phase="tcp"), "tcp: refused", id="connect"),
    pytest.param(
        later(ConnectError("refused", phase="tcp")), "tcp: refused (attempt 3, 12.3 s)", id="connect-after-attempts"
    ),
    pytest.param(AuthError("400005 sign", phase="token", code="400005"), "token: 400005 sign", id="auth"),
    pytest.param(TlsError("certificate expired"), "tls: certificate expired", id="tls"),
    pytest.param(TokenError("no servers", code="1", status=200), "token: no servers", id="token"),
    pytest.param(
        ConnectionLost("Bye", code=1000, initiator="peer"), "line ended by peer (code 1000): Bye", id="lost-by-peer"
    ),
    pytest.param(ConnectionLost("no pong"), "line ended by network (code 1006): no pong", id="lost"),
    pytest.param(ProtocolViolation("reserved bit set"), "reserved bit set", id="violation"),
    pytest.param(ProtocolViolation("not JSON", sample="<html>"), "not JSON: <html>", id="violation-with-sample"),
    pytest.param(
        SubscribeError(rejected={"/a:1": ("404", "no topic")}, acked=("/b:1",), unknown=("/c:1", "/c:2")),
        "/a:1 refused: 404 no topic; no answer in time for /c:1, /c:2",
        id="subscribe",
    ),
    pytest.param(
        SubscribeError(rejected={}, acked=(), unknown=("/c:1",), cause=ConnectError("refused", phase="tcp")),
        "no answer in time for /c:1; tcp: refused",
        id="subscribe-with-cause",
    ),
    pytest.param(StaleBook("BTC-USDT", "stale", "gap"), "the order book of BTC-USDT is stale: gap", id="stale-book"),
    pytest.param(
        RestError("Order not exist", op="GET /api/v1/hf/orders/1", code="400100", status=200),
        "GET /api/v1/hf/orders/1: 400100 Order not exist",
        id="rest",
    ),
    pytest.param(
        RestError("not JSON: <html>", op="GET /api/v1/status", status=503, retryable=True, retry_after=1.5),
        "GET /api/v1/status: not JSON: <html> (HTTP status 503) (asks to wait 1.5 s)",
        id="rest-unreadable",
    ),
    pytest.param(
        NotSent(**{**FACTS, "sent": "no", "cause": ConnectError("refused", phase="tcp")}),
        "spot.order BTC-USDT clientOid=c-1: not sent (tcp: refused); "
        "nothing reached the exchange, it is safe to try again",
        id="not-sent",
    ),
    pytest.param(
        NotSent(**{**FACTS, "sent": "no"}),
        "spot.order BTC-USDT clientOid=c-1: not sent (its time was over before it could be sent); "
        "nothing reached the exchange, it is safe to try again",
        id="not-sent-in-time",
    ),
    pytest.param(
        Rejected(code="200004", msg="Balance insufficient!", **FACTS),
        "spot.order BTC-USDT clientOid=c-1: refused by the exchange (200004 Balance insufficient!); it had no effect",
        id="rejected",
    ),
    pytest.param(
        Rejected(code="400100", msg="clientOidDuplicated", duplicate=True, **FACTS),
        "spot.order BTC-USDT clientOid=c-1: refused by the exchange (400100 clientOidDuplicated); it had no effect; "
        "but an order with this clientOid is live already",
        id="rejected-duplicate",
    ),
    pytest.param(
        Rejected(code="429000", msg="slowly", rate_limit=RateLimit(1, 0, 2.5), retry_after=2.5, **BY_ORDER_ID),
        "spot.cancel BTC-USDT orderId=o1: refused by the exchange (429000 slowly); it had no effect; "
        "the limit resets in 2.5 s",
        id="rejected-by-rate",
    ),
    pytest.param(
        Rejected(code="400100", msg="order not exist", no_such_order=True, **BY_ORDER_ID),
        "spot.cancel BTC-USDT orderId=o1: refused by the exchange (400100 order not exist); it had no effect; "
        "it found no live order with that id",
        id="rejected-no-such-order",
    ),
    pytest.param(
        NotSent(**{**BATCH, "sent": "no"}),
        "futures.multi_order BTC-USDT clientOid=c-1,c-2: not sent (its time was over before it could be sent); "
        "nothing reached the exchange, it is safe to try again",
        id="not-sent-batch",
    ),
    pytest.param(
        OutcomeUnknown(
            reason="timeout",
            results=BatchResult("futures.multi_order", (OutcomeUnknown(reason="timeout", **FACTS),)),
            kind="place",
            **BATCH,
        ),
        "futures.multi_order BTC-USDT clientOid=c-1,c-2: outcome unknown after 5.00 s (sent, no reply, 0 accepted, "
        "0 refused, 1 unknown, line gone); do not resend; call client.reconcile(error) for the unknown ones in "
        "error.results",
        id="unknown-batch",
    ),
    *(
        pytest.param(
            OutcomeUnknown(reason=reason, line_alive=True, kind="place", **FACTS),  # type: ignore[arg-type]
            f"spot.order BTC-USDT clientOid=c-1: outcome unknown after 5.00 s (sent, {why}, line alive); "
            "do not resend; call client.reconcile(error)",
            id=f"unknown-{reason}",
        )
        for reason, why in {
            "timeout": "no reply",
            "disconnected": "the line was lost",
            "closed": "the client was closed",
            "interrupted": "interrupted",
            "slept": "the machine slept",
            "unreadable_reply": "the reply proves nothing",
            "server_error": "the exchange answered an error that does not say whether it acted",
            "partial_batch": "some items have no definite answer",
        }.items()
    ),
    pytest.param(
        OutcomeUnknown(reason="server_error", code="500000", reply="{}", kind="place", **{**FACTS, "elapsed": 0.1234}),
        "spot.order BTC-USDT clientOid=c-1: outcome unknown after 0.12 s (sent, the exchange answered an error "
        "that does not say whether it acted, code 500000, line gone); "
        "do not resend; call client.reconcile(error)",
        id="unknown-with-code",
    ),
    pytest.param(
        OutcomeUnknown(reason="disconnected", kind="cancel", **{**BY_ORDER_ID, "sent": "partial"}),
        "spot.cancel BTC-USDT orderId=o1: outcome unknown after 5.00 s (partly sent, the line was lost, line gone); "
        "do not resend; call client.reconcile(error)",
        id="unknown-without-client-oid",
    ),
    pytest.param(
        OutcomeUnknown(reason="timeout", **{**BARE, "op": "DELETE /api/v3/orders", "safe_to_retry": False}),
        "DELETE /api/v3/orders: outcome unknown after 5.00 s (sent, no reply, line gone); "
        "do not resend; look up what it did",
        id="unknown-without-any-id",
    ),
    pytest.param(
        OutcomeUnknown(reason="timeout", line_alive=True, **BARE),
        "ping: outcome unknown after 5.00 s (sent, no reply, line alive); it changes nothing, so it may be repeated",
        id="unknown-ping",
    ),
    pytest.param(GapError(UPDATE), "/a:1: updates may be missing before this one", id="gap"),
]


@pytest.mark.parametrize(("error", "text"), TEXTS)
def test_the_sentence_names_what_is_known_and_what_to_do(error: KucoinSyncError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("error", [pytest.param(case.values[0], id=str(case.id)) for case in TEXTS])
def test_S39_every_exception_survives_a_pickle_with_all_its_fields(copied: Any, error: KucoinSyncError) -> None:
    """It may have to cross to another process, with the client order id above all."""
    again = copied(error)
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    assert vars(again).keys() == vars(error).keys()
    for name, value in vars(error).items():
        got = getattr(again, name)
        assert got == value or (isinstance(value, (KucoinSyncError, BatchResult)) and str(got) == str(value))
        assert type(got) is type(value)


def test_no_exception_of_the_tree_is_left_out_of_these_tables() -> None:
    tree, todo = set(), [KucoinSyncError]
    while todo:
        kind = todo.pop()
        if kind.__module__.startswith("kucoin_sync"):
            tree.add(kind)
            todo += kind.__subclasses__()
    inside = {type(case.values[0]) for case in TEXTS}
    public = {kind for kind in tree if kind.__module__ == errors.__name__}
    assert public - inside == {RequestError}, "it is raised as one of its children only"
    assert {kind.__name__ for kind in public} <= set(errors.__all__)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (ConfigError, ValueError),
        (ClosedError, RuntimeError),
        (ReentrantCallError, RuntimeError),
        (ForkedError, RuntimeError),
        (DeadlineExceeded, TimeoutError),
        (ConnectError, ConnectionError),
        (ConnectionLost, ConnectionError),
        (AuthError, ConnectError),
        (TlsError, ConnectError),
        (TokenError, ConnectError),
        (NotSent, RequestError),
        (Rejected, RequestError),
        (OutcomeUnknown, RequestError),
    ],
)
def test_an_exception_is_caught_by_the_name_everybody_knows(kind: type, builtin: type) -> None:
    assert issubclass(kind, builtin)
    assert issubclass(kind, KucoinSyncError)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (ConnectError("x", phase="tcp"), True),
        (AuthError("x", phase="auth"), False),
        (TlsError("x"), False),
        (TokenError("x"), True),
        (TokenError("x", retryable=False), False),
    ],
)
def test_whether_another_opening_can_help_is_a_fact_of_the_error(error: ConnectError, retryable: bool) -> None:
    assert error.retryable is retryable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("", "", id="empty"),
        pytest.param("a\nb\r\tc", "a\\nb\\r\\tc", id="control"),
        pytest.param("\x1b[31mred\x00", "\\x1b[31mred\\x00", id="terminal-codes"),
        pytest.param("\u202eevil\u2066", "\\u202eevil\\u2066", id="bidi-marks"),
        pytest.param("\ud800", "\\ud800", id="lone-surrogate"),
        pytest.param("é😀", "\\xe9\\U0001f600", id="beyond-ascii"),
        pytest.param("\u2028", "\\u2028", id="line-separator"),
        pytest.param(b"bytes \xff", "bytes \\ufffd", id="bytes"),
        pytest.param(bytearray(b"ab"), "ab", id="bytearray"),
        pytest.param(memoryview(b"ab"), "ab", id="memoryview"),
        pytest.param({"a": 1}, "{'a': 1}", id="object"),
        pytest.param(None, "None", id="None"),
    ],
)
def test_P06_a_peers_text_is_shown_as_printable_ascii(text: object, shown: str) -> None:
    """A peer must not write into a terminal or forge a line of a log."""
    assert shorten(text) == shown


def test_a_text_of_the_limit_is_shown_whole() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert shorten(deep) == "(list)", "what cannot be written as text is told by its kind"
    assert shorten(10**5000) == "(int)"
    while deep:  # taken apart level by level: to free it at once would need the stack that str() lacks
        deep = deep.pop()  # type: ignore[assignment]
    assert shorten("x" * 256) == "x" * 256
    assert shorten("abc", 3) == "abc"


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size to be set")
def test_an_error_that_is_told_while_files_cannot_grow_breaks_no_later_program(tmp_path: Path) -> None:
    """Python 3.11 saves half of what it compiles then, and cannot read it afterwards."""
    program = """
import resource, sys
from kucoin_sync.errors import shorten
if sys.argv[1] == "full":
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
assert shorten("a\\n") == "a\\\\n", shorten("a\\n")
"""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    for disk in ("full", "free"):
        subprocess.run([sys.executable, "-c", program, disk], env=variables, check=True, timeout=60)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 257, id="text"),
        pytest.param(b"x" * 100_000, id="bytes"),
        pytest.param(("😀" * 257).encode(), id="bytes-of-wide-characters"),
        pytest.param(("😀" * 300).encode(), id="more-bytes-of-wide-characters"),
    ],
)
def test_a_text_above_the_limit_is_cut_and_says_so(text: object) -> None:
    shown = shorten(text)
    assert len(shown) < 256 * 10 + 10
    assert shown != shorten("x" * 256) and shown != shorten("😀" * 256)


@given(text=st.text(st.characters(), max_size=600) | st.binary(max_size=1200))
@example(text="x" * 257)
def test_P06_whatever_is_shown_is_printable_ascii(text: object) -> None:
    shown = shorten(text)
    assert shown.isascii()
    assert shown.isprintable()


HOSTILE = "\ud800\n\u202e\x1b[31m" + "x" * 3000
HOSTILE_ERRORS: list[Any] = [
    pytest.param(ConnectionLost(HOSTILE, code=1000, initiator="peer"), id="close-reason"),
    pytest.param(Rejected(code="400100", msg=HOSTILE, **FACTS), id="refusal"),
    pytest.param(SubscribeError(rejected={"/a:1": ("404", HOSTILE)}, acked=(), unknown=()), id="topic-refusal"),
    pytest.param(SubscribeError(rejected={"/a:1": (HOSTILE, "x")}, acked=(), unknown=()), id="code-of-a-topic-refusal"),
    pytest.param(OutcomeUnknown(reason="server_error", code=HOSTILE, **FACTS), id="code-of-a-server-error"),
]


@pytest.mark.parametrize("error", HOSTILE_ERRORS)
def test_P06_an_exchanges_words_are_escaped_and_cut_in_the_sentence(error: KucoinSyncError) -> None:
    assert str(error).isprintable()
    assert "\u202e" not in str(error)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("error", HOSTILE_ERRORS)
def test_P06_any_error_can_be_logged_to_a_strict_ascii_stream(error: KucoinSyncError) -> None:
    """Some terminals and log files take nothing else; an error about the error would hide it."""
    stream = TextIOWrapper(BytesIO(), encoding="ascii", errors="strict")
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("strict")
    logger.addHandler(handler)
    caught: list[BaseException] = []
    handler.handleError = lambda record: caught.append(record)  # type: ignore[assignment, arg-type, method-assign]
    logger.error("%s", error)
    assert caught == []


def test_P06_the_exchanges_words_are_kept_in_the_fields() -> None:
    assert Rejected(code="1", msg=HOSTILE, **FACTS).msg == HOSTILE


def test_the_arguments_in_an_unpickled_error_are_frozen_again() -> None:
    again = pickle.loads(pickle.dumps(OutcomeUnknown(reason="timeout", **FACTS)))
    assert again.request == FACTS["request"]
    with pytest.raises(TypeError):
        again.request["size"] = "2"
    batch = pickle.loads(pickle.dumps(NotSent(**{**BATCH, "request": freeze([{"a": [{"b": 1}]}])})))
    assert batch.request == ({"a": ({"b": 1},)},)
    with pytest.raises(TypeError):
        batch.request[0]["a"][0]["b"] = 2


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(
            ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError: Connection refused", id="os"
        ),
        pytest.param(OSError("https://x/?sign=SECRET"), "OSError", id="os-error-with-a-message-of-its-own"),
        pytest.param(ValueError("https://x/?sign=SECRET"), "ValueError", id="foreign"),
        pytest.param(OSError(5, "bad\n\u202e"), "OSError: bad\\n\\u202e", id="escaped"),
    ],
)
def test_X02_a_foreign_exception_is_described_without_what_it_may_quote(error: BaseException, text: str) -> None:
    """Messages of HTTP libraries hold whole URLs, and ours hold signatures."""
    assert describe_cause(error) == text
