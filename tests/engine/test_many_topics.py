"""
More topics than one connection takes: further connections, one wish.
"""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import pytest

from kucoin_sync import ClosedError, SubscribeError, WebsocketClient
from tests.clients import SPOT, Clients
from tests.peers import Line, ScriptedPeer, background, v1_handshake
from tests.sides import KUCOIN, Side

MATCH = "/market/match"


def names(count: int, first: int = 0) -> list[str]:
    return KUCOIN.topics(count, first)


def accept_all(side: Side, line: Line, topics: int) -> list[str]:
    """Acknowledge subscribes until so many single topics were asked for; return them in order."""
    asked: list[str] = []
    while len(asked) < topics:
        command = side.read_command(line)
        asked += side.topics_in(command)
        side.confirm(line, command)
    return asked


def subscribed(
    side: Side, clients: Clients, peer: ScriptedPeer, topics: list[str], **options: Any
) -> tuple[Any, Any, list[Line]]:
    """A client with a stream of these topics, two on a connection, and the other ends of its lines."""
    client = side.client(clients, peer, max_topics_per_connection=2, **options)
    call = background(client.stream, topics, side.stream_key)
    lines = side.stream_handshakes(peer, (len(topics) + 1) // 2)
    asked = {line: accept_all(side, line, 2 if len(topics) > 1 else 1) for line in lines}
    return client, call.result(), sorted(lines, key=lambda line: topics.index(asked[line][0]))


def test_topics_beyond_the_limit_go_to_further_connections(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The caller sees one stream."""
    _, stream, lines = subscribed(side, clients, peer, side.topics(4))
    assert len(lines) == 2
    for n, line in enumerate(lines):
        for topic in side.topics(4):
            line.send_text(side.push(n, topic))  # a connection delivers what was asked for on it
    updates = [stream.get(5) for _ in range(4)]
    assert {update.topic for update in updates} == set(side.topics(4))
    assert len({update.connection_id for update in updates}) == 2


def test_a_topic_stays_on_the_connection_where_it_is_wanted(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """A second wish for it sends nothing, and the first one's end takes nothing away."""
    client, stream, lines = subscribed(KUCOIN, clients, plain_peer, names(4))
    again = client.subscribe(names(1, first=3), SPOT)
    stream.close()
    for line in lines[:1]:
        line.expect_json(type="unsubscribe")
    command = lines[1].expect_json(type="unsubscribe")
    assert command["topic"] == names(1, first=2)[0]
    lines[1].send_json({"id": command["id"], "type": "ack"})
    assert again.state == dict.fromkeys(names(1, first=3), "active")


def test_a_further_connection_closes_when_nobody_wants_it(side: Side, peer: ScriptedPeer, clients: Clients) -> None:
    """The first one stays, and `close` is not reported: the user lost nothing."""
    client, stream, lines = subscribed(side, clients, peer, side.topics(2))
    closes: list[Any] = []
    client.on("close", closes.append)
    call = background(client.subscribe, side.topics(2, first=2), side.stream_key)
    further = side.stream_handshake(peer)
    accept_all(side, further, 2)
    call.result().close()
    while further.read_frame()[0] != 0x8:  # perhaps an unsubscribe first
        pass
    lines[0].send_text(side.push(1, side.topics(1)[0]))
    assert stream.get(5).sequence == 1
    assert client.is_connected(side.stream_key)
    client.close(timeout=1.0)
    assert [event.error for event in closes] == [None]


def test_room_that_is_free_again_is_used_first(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client, _, lines = subscribed(KUCOIN, clients, plain_peer, names(1))
    first = client.subscribe(names(1), SPOT)
    call = background(client.subscribe, names(1, first=1), SPOT)
    accept_all(KUCOIN, lines[0], 1)
    call.result()
    assert first.state == dict.fromkeys(names(1), "active")
    assert not plain_peer.has_pending()


def test_S11_every_connection_resubscribes_its_own_topics(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client, stream, lines = subscribed(side, clients, plain_peer, side.topics(4))
    resumed: Future[Any] = Future()
    client.on("reconnected", resumed.set_result)
    lines[1].rst()
    again = side.stream_handshake(plain_peer)
    assert set(accept_all(side, again, 2)) == set(side.topics(2, first=2))
    assert set(resumed.result(5).confirmed) == set(side.topics(2, first=2))
    # Two lines have no order between them, so one update at a time.
    lines[0].send_text(side.push(1, side.topics(1)[0]))
    assert not stream.get(5).gap_before
    again.send_text(side.push(2, side.topics(1, first=2)[0]))
    assert stream.get(5).gap_before


def test_a_refusal_on_a_further_connection_is_named_and_the_rest_kept(
    plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = clients.stream_client(plain_peer, max_topics_per_connection=1)
    call = background(client.subscribe, [*names(1), f"{MATCH}:B-USDT"], SPOT)
    answered = 0
    for line in KUCOIN.stream_handshakes(plain_peer, 2):
        command = line.expect_json(type="subscribe")
        answered += 1
        if command["topic"].startswith(MATCH):
            line.send_json({"id": command["id"], "type": "error", "code": 404, "data": "no such topic"})
        else:
            line.send_json({"id": command["id"], "type": "ack"})
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert answered == 2
    assert caught.value.rejected == {f"{MATCH}:B-USDT": ("404", "no such topic")}
    assert caught.value.acked == tuple(names(1))


def test_S11_one_bad_symbol_of_a_frame_is_found_and_named(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The others are confirmed although their frame was refused."""
    client = clients.stream_client(plain_peer)
    call = background(client.subscribe, names(4), SPOT)
    line = v1_handshake(plain_peer)
    bad, confirmed = names(1, first=2)[0], 0
    while confirmed < 3:
        command = line.expect_json(type="subscribe")
        symbols = command["topic"].partition(":")[2].split(",")
        if bad.partition(":")[2] in symbols:
            line.send_json({"id": command["id"], "type": "error", "code": 400, "data": "topic is invalid"})
        else:
            confirmed += len(symbols)
            line.send_json({"id": command["id"], "type": "ack"})
    with pytest.raises(SubscribeError) as caught:
        call.result()
    assert caught.value.rejected == {bad: ("400", "topic is invalid")}
    assert set(caught.value.acked) == set(names(4)) - {bad}


def test_S24_closing_while_further_connections_open_ends_them_all(
    side: Side, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    client = side.client(clients, plain_peer, max_topics_per_connection=1)
    call = background(client.subscribe, side.topics(5), side.stream_key)
    side.stream_handshakes(plain_peer, 2)
    client.close(timeout=1.0)
    with pytest.raises(ClosedError):
        call.result()


def test_a_limit_of_the_client_is_kept_in_every_frame(plain_peer: ScriptedPeer, clients: Clients) -> None:
    client: WebsocketClient = clients.stream_client(plain_peer, max_topics_per_frame=3)
    call = background(client.subscribe, names(7), SPOT)
    line = v1_handshake(plain_peer)
    sizes = []
    while sum(sizes) < 7:
        command = json.loads(line.read_text())
        sizes.append(len(command["topic"].split(",")))
        line.send_json({"id": command["id"], "type": "ack"})
    call.result()
    assert sizes == [3, 3, 1]
