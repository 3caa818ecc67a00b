"""Models at the end of a real line: what a stream hands over knows its model, on public and private connections."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kucoin_sync import models, topics
from kucoin_sync.kucoin import classic_topics
from tests.clients import Clients, accept_subscribe
from tests.kucoin.test_models import OWN, plain
from tests.peers import ScriptedPeer, background, v1_handshake

CLASSIC_KEYS = ("spotPublicV1", "spotPrivateV1", "futuresPublicV1", "futuresPrivateV1")


@pytest.mark.parametrize("ws_key", CLASSIC_KEYS)
def test_every_push_of_a_classic_stream_has_its_model(ws_key: str, plain_peer: ScriptedPeer, clients: Clients) -> None:
    """The fixtures once more, through the whole client."""
    samples = [sample for sample in OWN if sample.row["ws_key"] == ws_key]
    client = clients.stream_client(plain_peer)
    every_topic = list(dict.fromkeys(sample.frame["topic"] for sample in samples))
    opening = background(client.stream, every_topic, ws_key)
    line = v1_handshake(plain_peer, path="/api/v1/bullet-" + ("private" if "Private" in ws_key else "public"))
    confirmed: set[str] = set()
    while confirmed != set(every_topic):
        command = line.expect_json(type="subscribe")
        confirmed.update(classic_topics.split(command["topic"], ws_key=ws_key))
        line.send_json({"id": command["id"], "type": "ack"})
    stream = opening.result()
    for sample in samples:
        line.send_text(sample.text)
        typed = stream.get(5).typed
        assert (type(typed).__name__, plain(typed)) == (sample.row["model"], sample.row["means"])


def test_a_trade_can_be_reckoned_with(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """What a user writes: topic by function, fields by name, numbers that add up."""
    client = clients.stream_client(plain_peer)
    opening = background(client.stream, topics.trades("AAA-BBB"), "spotPublicV1")
    line = v1_handshake(plain_peer)
    accept_subscribe(line, "/market/match:AAA-BBB")
    [sample] = [sample for sample in OWN if sample.row["model"] == "SpotTrade"]
    line.send_text(sample.text)
    trade = opening.result().get(5).typed
    assert isinstance(trade, models.SpotTrade) and trade.side == "buy"
    assert trade.price * trade.size == Decimal("0.00375")
