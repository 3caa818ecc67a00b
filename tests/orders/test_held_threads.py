"""
The risky moments of an order call, forced: its thread is held at a point, something happens, it is let go.

Whatever the moment: not sent means that the peer never sees the order, accepted that the peer said so, and everything
else is unknown and on the list.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from kucoin_sync import Accepted, NotSent, OrderAck, OutcomeUnknown, RequestError, Resolved
from kucoin_sync.engine.connection import Connection
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.line_end import LineEnd
from tests.clients import Clients
from tests.peers import Background, Gate, Line, ScriptedPeer, background
from tests.sides import Side, opened

LIMIT = 0.25
TIMEOUT = 5.0


@attrs.define
class Scene:
    """An open order line, both ends of it, and an order on its way."""

    side: Side
    api: Any
    connection: Connection
    line: Line
    timeout: float
    end: LineEnd
    call: Background[Any] | None = None
    request: dict[str, Any] | None = None

    def place(self) -> None:
        self.call = self.side.order(self.api, "mine", timeout=self.timeout)

    def outcome(self) -> Any:
        assert self.call is not None
        try:
            return self.call.result()
        except RequestError as error:
            return error

    def read_order(self) -> None:
        self.request = self.line.expect_json(op=self.side.op)

    def wait_until_line_is_over(self) -> None:
        assert self.end.wait(10.0)


def scene(side: Side, clients: Clients, peer: ScriptedPeer, *, timeout: float = TIMEOUT) -> Scene:
    api, line = opened(side, clients, peer, reconnect=False, close_timeout=0.3)
    return staged(side, api, line, timeout)


def staged(side: Side, api: Any, line: Line, timeout: float = TIMEOUT) -> Scene:
    connection = api.get_ws_client()._group(side.ws_key).first
    assert connection.line_end is not None
    return Scene(side, api, connection, line, timeout, connection.line_end)


Point = Callable[[Scene], Gate]


def transport(scene: Scene) -> Any:
    assert scene.connection._line is not None
    return scene.connection._line.transport


POINTS: dict[str, Point] = {
    "before it is entered": lambda scene: Gate(scene.connection.registry, "begin_send"),
    "entered, before its first byte": lambda scene: Gate(scene.connection.registry, "begin_send", after=True),
    "after its last byte": lambda scene: Gate(transport(scene), "send_text", after=True),
    "before its send is over": lambda scene: Gate(scene.connection.registry, "end_send"),
    "after its send is over": lambda scene: Gate(scene.connection.registry, "end_send", after=True),
}
BEFORE = ("before it is entered", "entered, before its first byte")


def cut(scene: Scene) -> None:
    scene.line.rst()
    scene.wait_until_line_is_over()


def peer_closes(scene: Scene) -> None:
    scene.line.send_close(1001)
    scene.wait_until_line_is_over()


def client_closes(scene: Scene) -> None:
    scene.api.close()


def time_is_over(scene: Scene) -> None:
    deadline = time.monotonic() + scene.timeout
    while time.monotonic() < deadline:  # a wait for an end that does not come, for exactly that long
        scene.end.wait(deadline - time.monotonic())


def reply(scene: Scene) -> None:
    assert scene.request is not None
    with Gate(scene.connection.registry, "resolve", after=True) as resolved:
        scene.line.send_json(scene.side.success(scene.request))
        resolved.wait()


def reply_then_cut(scene: Scene) -> None:
    reply(scene)
    cut(scene)


EVENTS: dict[str, Callable[[Scene], None]] = {
    "cut": cut,
    "the peer closes": peer_closes,
    "the client closes": client_closes,
    "its time is over": time_is_over,
    "reply": reply,
    "reply, then cut": reply_then_cut,
}
REASONS = {
    "cut": "disconnected",
    "the peer closes": "disconnected",
    "the client closes": "closed",
    "its time is over": "timeout",
}
CASES = [
    pytest.param(point, event, id=f"{point}: {event}")
    for point in POINTS
    for event in EVENTS
    if not (point in BEFORE and event.startswith("reply"))
]


@pytest.mark.parametrize(("point", "event"), CASES)
def test_O02_O04_whatever_happens_while_a_call_is_held_it_tells_the_truth(
    side: Side, peer: ScriptedPeer, clients: Clients, point: str, event: str
) -> None:
    stage = scene(side, clients, peer, timeout=0.4 if event == "its time is over" else TIMEOUT)
    with ExitStack() as gates:
        gate = gates.enter_context(POINTS[point](stage))
        began = time.monotonic()
        stage.place()
        gate.wait()
        if point not in BEFORE:
            stage.read_order()
        EVENTS[event](stage)
        gate.open()
        outcome = stage.outcome()
        took = time.monotonic() - began

    assert took < TIMEOUT + LIMIT
    if event.startswith("reply"):
        assert isinstance(outcome, OrderAck)
    elif point in BEFORE:
        assert isinstance(outcome, NotSent)
        assert outcome.safe_to_retry
        if event != "cut":  # there the peer itself has let go of the line
            assert_no_order_came(stage)
    else:
        assert isinstance(outcome, OutcomeUnknown)
        assert outcome.reason == REASONS[event]
        assert [error.client_oid for error in stage.api.unresolved()] == ["mine"]
        return
    assert stage.api.unresolved() == []


def assert_no_order_came(stage: Scene) -> None:
    """Read the line to its end: there is no order in it."""
    stage.api.close()
    try:
        while True:
            opcode, payload = stage.line.read_frame(5.0)
            assert b"mine" not in payload, opcode
            if opcode == 8:
                return
    except AssertionError as ended:
        assert "mine" not in str(ended)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_O15_a_reply_that_is_read_while_its_call_times_out_belongs_to_the_call(
    side: Side, peer: ScriptedPeer, clients: Clients, moment: str
) -> None:
    """The call has given up waiting, and is held before it says so."""
    stage = scene(side, clients, peer, timeout=0.3)
    ledger = stage.api.get_ws_client()._desk._ledger
    inbox = stage.connection._inbox
    with Gate(ledger, "enter", after=moment == "after") as gate, Gate(inbox, "_late_reply", after=True) as taken:
        stage.place()
        stage.read_order()
        gate.wait()
        assert stage.request is not None
        stage.line.send_json(stage.side.success(stage.request, "order7"))
        taken.wait()
        gate.open()
        outcome = stage.outcome()

    if moment == "before":
        assert isinstance(outcome, OrderAck)
        assert outcome.order_id == "order7"
    else:
        assert isinstance(outcome, OutcomeUnknown)
        assert outcome.fate == Accepted(None, "reply", order_id="order7")
    assert stage.api.unresolved() == []


def test_O04_a_reply_that_is_held_on_its_way_to_the_call_is_late(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    stage = scene(side, clients, peer, timeout=0.3)
    with Gate(stage.connection.registry, "resolve") as gate:
        stage.place()
        stage.read_order()
        assert stage.request is not None
        stage.line.send_json(stage.side.success(stage.request, "order7"))
        gate.wait()
        outcome = stage.outcome()
        assert isinstance(outcome, OutcomeUnknown)
        assert outcome.fate is None
        resolved: queue.Queue[Resolved] = queue.Queue()
        stage.api.get_ws_client().on("resolved", resolved.put)
        gate.open()
        told = resolved.get(timeout=10.0)

    assert told.fate == outcome.fate == Accepted(None, "reply", order_id="order7")


def test_O05_a_line_that_is_let_go_between_choosing_and_sending_sends_over_the_next_one(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    """The call had chosen the old line; nothing was sent on it, so the new one takes the order, once."""
    stage = scene(side, clients, peer)
    group = stage.api.get_ws_client()._group(side.ws_key)
    with Gate(stage.connection, "send_request") as gate:
        stage.place()
        gate.wait()
        retiring = background(group.retire, stage.end, Deadline(10.0))
        fresh = side.handshake(peer)
        assert retiring.result()
        gate.open()
        request = fresh.expect_json(op=side.op)
        fresh.send_json(side.success(request))
        assert isinstance(stage.outcome(), OrderAck)


def test_O06_an_order_that_met_a_dying_line_is_sent_again_over_the_next_one_if_the_user_wants_that(
    side: Side, peer: ScriptedPeer, clients: Clients
) -> None:
    api, line = opened(side, clients, peer, retry_not_sent=True)
    connection = api.get_ws_client()._group(side.ws_key).first
    with Gate(connection, "_line_over") as dying:
        line.rst()
        dying.wait()
        with Gate(connection.registry, "begin_send", after=True) as tried:
            call = side.order(api, "mine", timeout=TIMEOUT)
            tried.wait()
            tried.open()
        dying.open()
        again = side.handshake(peer)
        request = again.expect_json(op=side.op)
        again.send_json(side.success(request))

    assert side.client_oid(request) == "mine"
    assert call.result().client_oid == "mine"


@pytest.mark.parametrize("op", ["place", "modify"])
@pytest.mark.parametrize("held", ["after its last byte", "after its send is over"])
def test_O07_an_order_that_may_have_left_is_sent_once_whatever_the_user_wished(
    side: Side, peer: ScriptedPeer, clients: Clients, op: str, held: str
) -> None:
    """The line breaks, another one comes up, and the call still has time: the order is not on it."""
    api, line = opened(side, clients, peer, retry_not_sent=True)
    stage = staged(side, api, line)
    with POINTS[held](stage) as gate:
        if op == "place":
            stage.place()
        else:
            stage.call = background(side.amend, api, "mine", timeout=TIMEOUT)
        gate.wait()
        line.rst()
        gate.open()
        outcome = stage.outcome()
    assert isinstance(outcome, OutcomeUnknown)

    again = side.handshake(peer)
    following = side.order(api, "next", timeout=TIMEOUT)
    request = again.read_json()
    assert side.client_oid(request) == "next", "the first frame on the new line"
    again.send_json(side.success(request))
    following.result()


def test_O23_a_reply_does_not_wait_for_a_listener(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """One that blocks for as long as the order is in flight."""
    stage = scene(side, clients, peer)
    blocked, release = threading.Event(), threading.Event()

    def block(_: Any) -> None:
        blocked.set()
        release.wait(20.0)

    stage.api.get_ws_client().on("unknown", block)
    stage.line.send_json({"hello": 1})
    assert blocked.wait(10.0)
    stage.place()
    stage.read_order()
    assert stage.request is not None
    stage.line.send_json(stage.side.success(stage.request))
    try:
        assert isinstance(stage.outcome(), OrderAck)
    finally:
        release.set()


def test_O06_without_that_wish_it_is_not_sent(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    stage = scene(side, clients, peer)
    with Gate(stage.connection, "_line_over") as dying:
        stage.line.rst()
        dying.wait()
        stage.place()
        outcome = stage.outcome()
        dying.open()

    assert isinstance(outcome, NotSent)


def test_O06_a_retry_never_outlives_the_call(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    api, line = opened(side, clients, peer, retry_not_sent=True)
    connection = api.get_ws_client()._group(side.ws_key).first
    with Gate(connection, "_line_over") as dying:
        line.rst()
        dying.wait()
        began = time.monotonic()
        with pytest.raises(NotSent):
            side.place(api, timeout=0.5)
        took = time.monotonic() - began
        dying.open()

    assert took < 0.5 + LIMIT


def test_O16_an_order_that_the_peers_kernel_never_took_is_withdrawn_when_its_call_ends(
    side: Side, clients: Clients
) -> None:
    """It was handed over whole, but lies in our own kernel because the peer's window is shut: the line is reset."""
    with ScriptedPeer(receive_buffer=4096, auto_time=True) as peer:
        stage = scene(side, clients, peer, timeout=0.3)
        stage.line.stop_reading()
        orders = [side.order(stage.api, timeout=0.3, extra={"padding": "x" * 50_000}) for _ in range(8)]
        outcomes = []
        for call in orders:
            with pytest.raises(RequestError) as caught:
                call.result()
            outcomes.append(caught.value)
        assert stage.end.at is not None, "before the call returned"
        unknown = [error for error in outcomes if isinstance(error, OutcomeUnknown)]
        assert any(error.sent == "complete" for error in unknown)
        assert stage.connection.state.value != "ready"


def test_O16_an_order_that_arrived_leaves_the_line_as_it_is(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    stage = scene(side, clients, peer, timeout=0.4)
    stage.place()
    stage.read_order()
    stage.line.send_json({"hello": 1})  # takes the acknowledgement along
    outcome = stage.outcome()

    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.line_alive
    assert stage.connection.is_ready


def test_O17_a_line_with_an_unanswered_order_ends_by_a_reset(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    stage = scene(side, clients, peer)
    stage.place()
    stage.read_order()
    stage.api.close(timeout=0.2)

    outcome = stage.outcome()

    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.reason == "closed"
    assert stage.line.expect_eof() == "rst"


def test_O17_a_line_without_one_is_closed_by_agreement(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    stage = scene(side, clients, peer)
    stage.place()
    stage.read_order()
    assert stage.request is not None
    stage.line.send_json(stage.side.success(stage.request))
    assert isinstance(stage.outcome(), OrderAck)
    closing = background(stage.api.close, timeout=5.0)

    assert stage.line.read_frame()[0] == 8
    stage.line.send_close(1000)
    closing.result()

    assert stage.line.expect_eof() == "fin"


def test_O24_an_order_overtakes_subscriptions_that_wait_for_the_message_limit(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """Pings and orders share no queue with what is paced."""
    stage = scene(side, clients, plain_peer)
    line = stage.connection._line
    assert line is not None
    pace = line.pace
    while not pace.delay(time.monotonic()):
        pace.count(time.monotonic())

    stage.place()
    stage.read_order()
    assert stage.request is not None
    stage.line.send_json(stage.side.success(stage.request))

    assert isinstance(stage.outcome(), OrderAck)
