"""The faults of the simulator on its OKX face: what they do to replies, lines, pushes and calls over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import LIMIT
from tests.simulator.okx.clients import SPOT, OkxSocket, call, codes, login_frame, open_okx, order, public

Make = Callable[..., Simulator]

ORDERS = {"channel": "orders", "instType": "ANY"}


def frame(okx: Simulator, name: str) -> dict[str, Any]:
    return {"id": name, "op": "order", "args": [order(okx, clOrdId=name)]}


def ids(socket: OkxSocket, count: int) -> list[str]:
    return [socket.receive()["id"] for _ in range(count)]


def ended(socket: OkxSocket) -> ConnectionClosed:
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            socket.text()
    return caught.value


# Replies.


def test_a_reply_is_lost_and_the_order_is_not(okx: Simulator, private: OkxSocket) -> None:
    okx.drop_ack(op="order")
    private.send(frame(okx, "a"))
    record = okx.wait_for(lambda s: s.truth("a").executed and s.truth("a"))
    assert (record.frames_received, record.executed, record.replies_sent) == (1, 1, 0)
    assert [state.client_oid for state in okx.open_orders()] == ["a"]
    assert private.arrived() == []
    assert okx.truth_frames(op="order")[0].connection_id == "private-1"


def test_late_and_swapped_and_doubled_replies(okx: Simulator, private: OkxSocket) -> None:
    okx.late_ack(0.05)
    private.send_together(frame(okx, "a"), frame(okx, "b"))
    assert ids(private, 2) == ["b", "a"]
    okx.swap_acks()
    private.send_together(frame(okx, "c"), frame(okx, "d"))
    assert ids(private, 2) == ["d", "c"]
    okx.dup_ack(patch={"code": "1", "data": []})
    private.send(frame(okx, "e"))
    first, second = private.receive(), private.receive()
    assert (first["id"], first["code"], second["id"], second["code"]) == ("e", "0", "e", "1")
    assert okx.truth("e").replies_sent == 2


def test_changed_replies(okx: Simulator, private: OkxSocket) -> None:
    okx.edit_ack({"op": "cancel-order", "data": None})
    private.send(frame(okx, "a"))
    reply = private.receive()
    assert (reply["id"], reply["op"], "data" in reply) == ("a", "cancel-order", False)
    okx.edit_batch(1)
    assert len(private.run("batch-orders", order(okx), order(okx))["data"]) == 1
    okx.edit_batch(reverse=True)
    reply = private.run("batch-orders", order(okx, clOrdId="b"), order(okx, clOrdId="c"))
    assert [item["clOrdId"] for item in reply["data"]] == ["c", "b"]


def test_held_replies(okx: Simulator, private: OkxSocket) -> None:
    okx.hold_acks("order")
    private.send_together(frame(okx, "a"), frame(okx, "b"))
    okx.wait_for(lambda s: s.held_acks() == 2)
    assert private.run("cancel-order", {"instIdCode": codes(okx)[SPOT], "clOrdId": "a"})["code"] == "0"
    assert okx.release_acks() == 2
    assert ids(private, 2) == ["a", "b"]


def test_reply_and_end_come_together(okx: Simulator, private: OkxSocket) -> None:
    okx.ack_then_cut()
    private.send(frame(okx, "a"))
    assert private.receive()["id"] == "a"
    assert isinstance(ended(private), ConnectionClosedError)


@pytest.mark.parametrize(("fault", "executed"), [("cut_instead_of_ack", 1), ("cut_before_execution", 0)])
def test_a_line_is_cut_instead_of_a_reply(okx: Simulator, private: OkxSocket, fault: str, executed: int) -> None:
    getattr(okx, fault)()
    private.send(frame(okx, "a"))
    assert isinstance(ended(private), ConnectionClosedError)
    record = okx.truth("a")
    assert (record.frames_received, record.executed, record.replies_sent) == (1, executed, 0)
    assert len(okx.orders()) == executed


def test_an_order_executes_after_its_line_was_cut(okx: Simulator, private: OkxSocket) -> None:
    okx.cut_then_execute(0.02)
    private.send(frame(okx, "a"))
    ended(private)
    assert okx.wait_for(lambda s: s.truth("a").executed) == 1
    assert [state.client_oid for state in okx.open_orders()] == ["a"]


@pytest.mark.parametrize("executed", [False, True])
def test_an_order_of_unknown_outcome(okx: Simulator, private: OkxSocket, executed: bool) -> None:
    okx.refuse_order(executed=executed)
    reply = private.run("order", order(okx, clOrdId="a"))
    assert (reply["code"], reply["data"][0]["sCode"], reply["data"][0]["clOrdId"]) == ("1", "50004", "a")
    assert (okx.truth("a").executed, len(okx.orders())) == (executed, executed)
    okx.refuse_order("60013", "Invalid args", executed=executed)
    reply = private.run("order", order(okx, clOrdId="b"))
    assert (reply["code"], reply["msg"], reply["data"]) == ("60013", "Invalid args", [])


def test_a_batch_has_a_record_for_each_order(okx: Simulator, private: OkxSocket) -> None:
    okx.cut_instead_of_ack(op="batch-orders")
    args = [order(okx, clOrdId="a"), order(okx, clOrdId="b", sz="1000"), order(okx, clOrdId="c")]
    private.send({"id": "1", "op": "batch-orders", "args": args})
    ended(private)
    assert [okx.truth(name).executed for name in "abc"] == [1, 0, 1]


def test_an_error_names_no_request(okx: Simulator, private: OkxSocket) -> None:
    with open_okx(okx, "public") as other, open_okx(okx, "business") as business:
        assert okx.error_without_id() == 2
        error = private.receive()
        assert (error["event"], error["code"], "id" in error) == ("error", "50001", False)
        assert business.receive()["code"] == "50001" and other.arrived() == []


def test_truth_and_orders_outlive_the_server(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS, {"channel": "account"})
    private.place("a")
    okx.stop()
    okx.start()
    assert okx.truth("a").executed == 1
    with open_okx(okx) as again:
        again.subscribe(ORDERS)
        assert again.run("cancel-order", {"instIdCode": codes(okx)[SPOT], "clOrdId": "a"})["code"] == "0"
        assert again.next_of("orders")["data"][0]["state"] == "canceled"


# Private events.


def test_events_come_first_or_are_kept(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    private.arrived()
    okx.events_first()
    private.send(frame(okx, "a"))
    assert ["arg" in private.receive() for _ in range(2)] == [True, False]
    okx.events_first(False)
    private.send(frame(okx, "b"))
    assert ["arg" in private.receive() for _ in range(2)] == [False, True]
    okx.hold_events()
    private.send(frame(okx, "c"))
    assert private.receive()["id"] == "c" and private.arrived() == []
    assert okx.release_events() == 1
    assert private.next_of("orders")["data"][0]["clOrdId"] == "c"


# Lines.


def test_an_upgrade_is_refused(okx: Simulator) -> None:
    okx.refuse_upgrade(503, system="business", retry_after=2)
    with open_okx(okx):
        pass
    with pytest.raises(InvalidStatus) as caught:
        open_okx(okx, "business")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (503, "2")
    with open_okx(okx, "business"):
        pass
    with pytest.raises(ValueError, match="'public', 'private', 'business' or 'all'"):
        okx.refuse_upgrade(system="ws_api")


def test_the_answer_to_a_login_is_lost_late_or_doubled(okx: Simulator) -> None:
    okx.no_welcome()
    with open_okx(okx, login=False) as socket:
        socket.send(login_frame(okx))
        assert socket.arrived() == [] and okx.welcomed() == 0
    okx.dup_welcome()
    with open_okx(okx, login=False) as socket:
        socket.send(login_frame(okx))
        assert [answer["event"] for answer in socket.arrived()] == ["login", "login"]
    okx.late_welcome(0.02)
    with open_okx(okx):
        assert [(entry.name, entry.what) for entry in okx.fault_log()][-1] == ("late_welcome", "struck")
    okx.close_after_welcome(4007)
    with open_okx(okx) as socket:
        end = ended(socket)
        assert end.rcvd is not None and end.rcvd.code == 4007


def test_a_line_ends_at_once(okx: Simulator) -> None:
    okx.cut_before_welcome(system="private")
    with open_okx(okx, login=False) as socket:
        ended(socket)
    with open_okx(okx) as private, open_okx(okx, "public") as public_:
        assert okx.close(4005, "Buffer is full, cannot write data", "public") == 1
        end = ended(public_)
        assert end.rcvd is not None and end.rcvd.code == 4005
        assert okx.cut("private") == 1
        assert isinstance(ended(private), ConnectionClosedError)


def test_pongs_are_left_out(okx: Simulator, private: OkxSocket) -> None:
    okx.no_pong()
    private.send("ping")
    private.send("ping")
    assert private.text() == "pong"
    private.send(frame(okx, "a"))
    assert private.receive()["id"] == "a"


def test_a_silent_line_reads_on(okx: Simulator, private: OkxSocket) -> None:
    assert okx.silence("private") == 1
    private.send(frame(okx, "a"))
    okx.wait_for(lambda s: s.truth("a").executed)
    assert okx.truth("a").replies_sent == 0
    okx.clear_faults()
    private.send(frame(okx, "b"))
    assert private.receive()["id"] == "b"


def test_a_frame_that_cannot_be_read(okx: Simulator, private: OkxSocket) -> None:
    assert okx.bad_frame('{"event":', "private") == 1
    assert private.text() == '{"event":'


def test_a_skewed_clock_makes_logins_expire(okx: Simulator) -> None:
    okx.clock_skew(40_000)
    with open_okx(okx, login=False) as socket:
        assert socket.ask(login_frame(okx))["code"] == "60006"


# Subscriptions and messages.


def test_a_topic_is_rejected(okx: Simulator) -> None:
    with open_okx(okx, "public") as socket:
        okx.reject_topic(f"tickers:{SPOT}")
        okx.reject_topic("trades", 64003, "no")
        args = [{"channel": channel, "instId": SPOT} for channel in ("tickers", "trades", "mark-price")]
        socket.send({"op": "subscribe", "args": args})
        answers = [answer for answer in socket.arrived() if "event" in answer]
        assert [answer.get("code", answer["event"]) for answer in answers] == ["60018", "64003", "subscribe"]


def test_acknowledgements_are_lost_or_late(okx: Simulator) -> None:
    book = {"channel": "books", "instId": SPOT}
    with open_okx(okx, "public") as socket:
        okx.drop_subscribe_ack()
        socket.send({"op": "subscribe", "args": [book]})
        assert [answer.get("action") for answer in socket.arrived()] == ["snapshot"]
        socket.send({"op": "unsubscribe", "args": [book]})
        assert socket.receive()["event"] == "unsubscribe"
        okx.late_subscribe_ack()
        socket.send({"op": "subscribe", "args": [book]})
        assert [answer.get("event") for answer in socket.arrived()] == [None, "subscribe"]


def test_messages_go_on_after_an_unsubscription(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    book = {"channel": "books", "instId": SPOT}
    with open_okx(okx, "public") as socket:
        socket.subscribe(book)
        socket.next_of("books")
        okx.late_unsubscribe(3600)
        socket.send({"op": "unsubscribe", "args": [book]})
        assert socket.receive()["event"] == "unsubscribe"
        okx.counter_order(SPOT, "sell", "1", "60001")
        assert socket.next_of("books")["action"] == "update"
        okx.late_unsubscribe(0.01)
        socket.send({"op": "unsubscribe", "args": [book]})
        okx.wait_for(lambda s: not s.subscriptions())
        socket.arrived()
        okx.counter_order(SPOT, "sell", "1", "60001")
        assert socket.arrived() == []


def test_a_lost_message_is_a_gap(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT})
        head = socket.next_of("books")["data"][0]["seqId"]
        okx.drop_push(topic=f"books:{SPOT}")
        for number in range(2):
            okx.counter_order(SPOT, "sell", "1", str(60001 + number))
        (update,) = socket.arrived()
        assert update["data"][0]["prevSeqId"] == head + 1


def test_messages_are_held_doubled_and_swapped(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    topic = f"trades:{SPOT}"
    okx.counter_order(SPOT, "sell", "9", "60000")

    def trade(size: str) -> None:
        okx.counter_order(SPOT, "buy", size, None)

    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "trades", "instId": SPOT})
        okx.dup_push(topic=topic)
        trade("1")
        okx.swap_pushes(topic=topic)
        trade("2")
        trade("3")
        okx.hold_pushes(topic)
        trade("0.5")
        assert [told["data"][0]["sz"] for told in socket.arrived()] == ["1", "1", "3", "2"]
        assert okx.release_pushes() == 1
        assert socket.next_of("trades")["data"][0]["sz"] == "0.5"


def test_first_books_are_held(make_okx: Make) -> None:
    okx = make_okx(push_interval_scale=0.0)
    okx.hold_snapshots()
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT})
        okx.counter_order(SPOT, "sell", "1", "60001")
        assert [told["action"] for told in socket.arrived()] == ["update"]
        assert okx.release_snapshots() == 1
        snapshot = socket.next_of("books")
        assert (snapshot["action"], snapshot["data"][0]["asks"]) == ("snapshot", [["60001", "1", "0", "1"]])


def test_any_message_can_be_sent(okx: Simulator) -> None:
    with open_okx(okx, "public") as socket:
        socket.subscribe({"channel": "books", "instId": SPOT}, {"channel": "status"})
        socket.arrived()
        assert okx.publish(f"books:{SPOT}", "update", {"seqId": 3}) == 1
        assert okx.publish("status", None, [{"state": "scheduled"}]) == 1
        assert okx.publish("tickers:NO-PE", None, {}) == 0
        told = socket.arrived()
        assert [(each["arg"]["channel"], each.get("action"), each["data"]) for each in told] == [
            ("books", "update", [{"seqId": 3}]),
            ("status", None, [{"state": "scheduled"}]),
        ]


# Calls over HTTP.


def test_calls_are_refused_lost_and_changed(okx: Simulator, private: OkxSocket) -> None:
    private.place("a")
    path = f"/api/v5/trade/order?instId={SPOT}&clOrdId=a"
    okx.refuse_rest("/trade/order")
    text = "Service temporarily unavailable. Please try again later"
    text = "Service temporarily unavailable. Please try again later"
    assert call(okx, "GET", path) == {"code": "50001", "data": [], "msg": text}
    okx.refuse_rest("/trade/order", "50011", "slow down", status=429, retry_after=1)
    assert call(okx, "GET", path)["code"] == "50011"
    okx.edit_rest("/trade/order", {"data": []})
    assert call(okx, "GET", path)["data"] == []
    okx.cut_rest("/trade/order")
    with pytest.raises(requests.ConnectionError):
        call(okx, "GET", path)
    okx.freeze_rest("/trade/order")
    assert call(okx, "GET", path)["data"][0]["state"] == "live"
    private.run("cancel-order", {"instIdCode": codes(okx)[SPOT], "clOrdId": "a"})
    assert call(okx, "GET", path)["data"][0]["state"] == "live"
    assert call(okx, "GET", path)["data"][0]["state"] == "canceled"


def test_faults_are_ordered_over_http(okx: Simulator, private: OkxSocket) -> None:
    response = requests.post(
        f"{okx.url}/_simulator/drop_ack", json={"op": "order"}, headers={"X-Simulator-Key": okx.api_key}, timeout=LIMIT
    )
    assert response.json() == {"code": "200000", "data": None}
    private.send(frame(okx, "a"))
    okx.wait_for(lambda s: s.truth("a").executed)
    assert okx.truth("a").replies_sent == 0
    assert public(okx, "/api/v5/public/time")


def test_status_counts_the_three_paths(okx: Simulator, private: OkxSocket) -> None:
    status = okx.status()
    assert [(line.system, line.connections) for line in status.lines] == [
        ("public", 0),
        ("private", 1),
        ("business", 0),
    ]
    assert okx.stats()["frames_received"] == {"public": 0, "private": 1, "business": 0}
