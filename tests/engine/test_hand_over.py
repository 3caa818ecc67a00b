"""
One line takes the place of another while both are open: no update is lost without a mark, and none comes twice.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync import WebsocketClient
from kucoin_sync.engine.deadline import Deadline
from tests.clients import SPOT, TICKER, Clients, accept_subscribe, ticker
from tests.peers import Background, Line, ScriptedPeer, background, v1_handshake

OTHER = "/market/ticker:ETH-USDT"


def streaming(clients: Clients, peer: ScriptedPeer, topic: str = TICKER) -> tuple[WebsocketClient, Any, Line]:
    """A client with a stream, and the other end of its line."""
    client = clients.stream_client(peer)
    call = background(client.stream, topic, SPOT)
    line = v1_handshake(peer)
    accept_subscribe(line, topic)
    return client, call.result(), line


def retire(client: WebsocketClient) -> Background[bool]:
    """Begin to replace the line."""
    group = client._group(SPOT)
    end = group.first.line_end
    assert end is not None
    return background(group.retire, end, Deadline(10.0))


def sequences(stream: Any, count: int) -> list[tuple[int, bool]]:
    updates = [stream.get(5) for _ in range(count)]
    return [(update.sequence, update.gap_before) for update in updates]


def test_the_old_line_is_heard_until_the_new_one_speaks(peer: ScriptedPeer, clients: Clients) -> None:
    """Topic by topic; the first update of the new line is marked, and what the old one says after that is left out."""
    client, stream, old = streaming(clients, peer, f"{TICKER},ETH-USDT")
    retiring = retire(client)
    new = v1_handshake(peer)
    command = new.expect_json(type="subscribe", topic=f"{TICKER},ETH-USDT")
    old.send_text(ticker(1))
    assert sequences(stream, 1) == [(1, False)]
    new.send_text(ticker(2))
    assert sequences(stream, 1) == [(2, True)]
    old.send_text(ticker(1))
    old.send_text(ticker(11, OTHER))
    assert sequences(stream, 1) == [(11, False)]
    new.send_json({"id": command["id"], "type": "ack"})
    assert old.expect_eof() == "rst"
    new.send_text(ticker(3))
    new.send_text(ticker(12, OTHER))
    assert sequences(stream, 2) == [(3, False), (12, True)]
    assert retiring.result()
    assert client.is_connected(SPOT)


def test_a_topic_that_is_quiet_meanwhile_is_marked_when_it_speaks(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, stream, old = streaming(clients, plain_peer)
    retiring = retire(client)
    new = v1_handshake(plain_peer)
    accept_subscribe(new)
    assert old.expect_eof() == "rst"
    assert retiring.result()
    new.send_text(ticker(7))
    new.send_text(ticker(8))
    assert sequences(stream, 2) == [(7, True), (8, False)]


def test_what_is_withdrawn_meanwhile_is_heard_from_neither_line(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, stream, old = streaming(clients, plain_peer)
    retiring = retire(client)
    new = v1_handshake(plain_peer)
    command = new.expect_json(type="subscribe", topic=TICKER)
    seen: list[Any] = []
    client.on("update", seen.append)
    stream.close()
    old.send_text(ticker(1))
    new.send_json({"id": command["id"], "type": "ack"})
    withdrawn = new.expect_json(type="unsubscribe", topic=TICKER)
    new.send_json({"id": withdrawn["id"], "type": "ack"})
    assert old.expect_eof() == "rst"
    assert retiring.result()
    assert list(stream) == []


def test_a_call_that_waits_for_its_answer_gets_it_before_the_topics_move(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client, _, old = streaming(clients, plain_peer)
    subscribing = background(client.subscribe, OTHER, SPOT)
    command = old.expect_json(type="subscribe", topic=OTHER)
    retiring = retire(client)
    new = v1_handshake(plain_peer)
    old.send_json({"id": command["id"], "type": "ack"})
    subscription = subscribing.result()
    moved = new.expect_json(type="subscribe")
    new.send_json({"id": moved["id"], "type": "ack"})
    assert moved["topic"] == f"{TICKER},ETH-USDT"
    assert old.expect_eof() == "rst"
    assert retiring.result()
    assert subscription.state == {OTHER: "active"}


def test_a_close_in_the_middle_leaves_nothing_behind(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, stream, old = streaming(clients, plain_peer)
    retiring = retire(client)
    new = v1_handshake(plain_peer)
    new.expect_json(type="subscribe", topic=TICKER)
    client.close()
    assert list(stream) == []
    for line in (old, new):
        line.expect_eof()
    assert retiring.result()
