"""What the simulator does for clients of others, from the wire: one base URL, URLs as they are, no key version."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import LIMIT, Socket, call, done, open_stream, rest_headers, sign, token_url

Make = Callable[..., Simulator]


def subscribe(topic: str, **more: Any) -> dict[str, Any]:
    return {"id": 7, "type": "subscribe", "topic": topic, "privateChannel": False, "response": True, **more}


def test_a_token_survives_a_url_that_carries_it_as_it_is(make: Make) -> None:
    """Some clients do not encode it: a plus sign would come back as a space, so it must not occur."""
    simulator = make(limits="off")
    for _ in range(40):
        url = unquote(token_url(simulator))
        token = url.partition("?token=")[2]
        assert token.startswith("SIM-") and not set(token) - set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="
        )
    with Socket(connect(url, proxy=None)) as socket:
        assert socket.receive()["type"] == "welcome"


def test_one_host_gives_tokens_for_the_topics_of_both(simulator: Simulator) -> None:
    with open_stream(simulator, host="/both") as stream:
        for topic in ("/market/match:BTC-USDT", "/contractMarket/execution:XBTUSDTM"):
            assert stream.ask(subscribe(topic)) == {"id": "7", "type": "ack"}
        simulator.counter_order("BTC-USDT", "sell", "1", "60000")
        simulator.counter_order("BTC-USDT", "buy", "0.5", "60000")
        assert stream.next_of("/market/match:BTC-USDT")["data"]["size"] == "0.5"
        simulator.counter_contract_order("XBTUSDTM", "sell", 3, "60000")
        simulator.counter_contract_order("XBTUSDTM", "buy", 2, "60000")
        assert stream.next_of("/contractMarket/execution:XBTUSDTM")["data"]["size"] == 2
        stream.send({"id": 8, "type": "unsubscribe", "topic": "/contractMarket/execution:XBTUSDTM", "response": True})
        assert [frame for frame in stream.arrived() if frame["type"] == "ack"] == [{"id": "8", "type": "ack"}]
        assert simulator.subscriptions() == {"/market/match:BTC-USDT": 1}


def test_its_private_token_opens_the_private_topics_of_both(simulator: Simulator) -> None:
    with open_stream(simulator, host="/both", private=True) as stream:
        for topic in ("/spotMarket/tradeOrdersV2", "/contractMarket/tradeOrders"):
            assert stream.ask(subscribe(topic, privateChannel=True)) == {"id": "7", "type": "ack"}
        order = {"side": "buy", "type": "limit", "price": "50000"}
        spot = {**order, "clientOid": "a", "symbol": "BTC-USDT", "size": "0.1"}
        done(call(simulator, "POST", "/api/v1/hf/orders", spot))
        assert stream.next_of("/spotMarket/tradeOrdersV2")["data"]["clientOid"] == "a"
        contract = {**order, "clientOid": "b", "symbol": "XBTUSDTM", "size": 1, "leverage": 3}
        done(call(simulator, "POST", "/api/v1/orders", contract, host="/futures"))
        assert stream.next_of("/contractMarket/tradeOrders")["data"]["clientOid"] == "b"


def test_its_public_token_opens_no_private_topic(simulator: Simulator) -> None:
    with open_stream(simulator, host="/both") as stream:
        for topic in ("/spotMarket/tradeOrdersV2", "/contractMarket/tradeOrders"):
            assert stream.ask(subscribe(topic))["code"] == 403


@pytest.mark.parametrize(
    ("host", "stream"), [("", "both"), ("/futures", "both"), ("/both", "spot"), ("/both", "futures")]
)
def test_its_tokens_and_those_of_the_real_hosts_are_not_exchanged(simulator: Simulator, host: str, stream: str) -> None:
    _, _, token = token_url(simulator, host=host).partition("?")
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"{simulator.ws_url}/v1/stream/{stream}?{token}", proxy=None)


@pytest.mark.parametrize(
    ("host", "topic"), [("", "/contractMarket/execution:XBTUSDTM"), ("/futures", "/market/match:BTC-USDT")]
)
def test_the_real_hosts_still_refuse_the_topics_of_each_other(simulator: Simulator, host: str, topic: str) -> None:
    with open_stream(simulator, host=host) as stream:
        assert stream.ask(subscribe(topic))["code"] == 404


def unsigned(simulator: Simulator, key: str) -> Socket:
    return Socket(connect(f"{simulator.ws_url}/v1/private/{key}", compression=None, proxy=None))


def test_order_entry_without_a_signed_query_asks_the_challenge_all_the_same(simulator: Simulator) -> None:
    with unsigned(simulator, simulator.api_key) as socket:
        challenge = socket.text()
        assert set(json.loads(challenge)) == {"sessionId", "timestamp"}
        socket.send(sign(simulator.api_secret, challenge))
        assert socket.receive()["data"] == "welcome"
        assert socket.order("a").receive()["data"]["clientOid"] == "a"
    assert simulator.truth("a").executed == 1


@pytest.mark.parametrize(
    ("key", "secret", "code"), [("own", "simulator-wrong", "400011"), ("simulator-x", "", "400003")]
)
def test_order_entry_without_a_signed_query_is_refused_by_the_secret_and_the_key(
    simulator: Simulator, key: str, secret: str, code: str
) -> None:
    with unsigned(simulator, simulator.api_key if key == "own" else key) as socket:
        frame = socket.text()
        if secret:
            socket.send(sign(secret, frame))
            frame = socket.text()
        assert json.loads(frame)["code"] == code
        with pytest.raises(ConnectionClosed):
            socket.text()


def test_a_query_without_a_signature_is_refused_on_the_real_path(simulator: Simulator) -> None:
    url = f"{simulator.ws_url}/v1/private?apikey={simulator.api_key}"
    with Socket(connect(url, compression=None, proxy=None)) as socket:
        assert socket.receive()["code"] == "400001"


def test_a_signed_call_without_a_key_version_is_one_with_a_passphrase_in_clear(simulator: Simulator) -> None:
    """As some clients send it; with the passphrase signed it is refused like that of a key of version 1."""
    headers = rest_headers(simulator)
    del headers["KC-API-KEY-VERSION"]
    url = simulator.url + "/api/v1/bullet-private"
    assert requests.post(url, headers=headers, timeout=LIMIT).json()["code"] == "400004"
    headers["KC-API-PASSPHRASE"] = simulator.api_passphrase
    assert requests.post(url, headers=headers, timeout=LIMIT).json()["code"] == "200000"
