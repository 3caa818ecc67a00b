"""
Every connection of KuCoin against the simulator: opened, logged in, kept alive, subscribed, refused, dropped and back.

`docs/connections.rst` holds the same table; a test keeps the two together.
"""

from __future__ import annotations

import queue
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync import (
    AuthError,
    ConfigError,
    Rejected,
    SubscribeError,
    TopicRequest,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
)
from kucoin_sync.simulator import Simulator
from tests.clients import ORDER

LIMIT = 5.0
PAGE = Path(__file__).parents[1] / "docs" / "connections.rst"
FUTURES_ORDER = {
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "50000",
    "size": 1,
    "leverage": 5,
}


@attrs.frozen
class Facts:
    """
    One connection.

    Attributes:
        system: What the simulator calls its kind.
        private: Whether it needs credentials.
        topic: One that brings updates by themselves or after `_act`.
        refused: One that the exchange refuses.
    """

    system: str
    private: bool = False
    topic: str = ""
    refused: str | TopicRequest = ""


_NO_PATH = "/no/such:thing"
CONNECTIONS = {
    WsKey.SPOT_PUBLIC_V1: Facts("v1", topic="/market/ticker:BTC-USDT", refused=_NO_PATH),
    WsKey.SPOT_PRIVATE_V1: Facts("v1", private=True, topic="/spotMarket/tradeOrdersV2", refused=_NO_PATH),
    WsKey.FUTURES_PUBLIC_V1: Facts("v1", topic="/contractMarket/tickerV2:XBTUSDTM", refused=_NO_PATH),
    WsKey.FUTURES_PRIVATE_V1: Facts("v1", private=True, topic="/contractMarket/tradeOrders", refused=_NO_PATH),
    WsKey.SPOT_PUBLIC_PRO_V2: Facts("pro_v2", topic="ticker.SPOT:BTC-USDT", refused=TopicRequest("noSuchChannel")),
    WsKey.FUTURES_PUBLIC_PRO_V2: Facts(
        "pro_v2", topic="ticker.FUTURES:XBTUSDTM", refused=TopicRequest("noSuchChannel")
    ),
    WsKey.PRIVATE_PRO_V2: Facts(
        "pro_v2", private=True, topic="orderAll.UNIFIED", refused=TopicRequest("noSuchChannel")
    ),
    WsKey.WS_API_SPOT_V1: Facts("ws_api", private=True),
    WsKey.WS_API_FUTURES_V1: Facts("ws_api", private=True),
}
WITH_TOPICS = [key for key, facts in CONNECTIONS.items() if facts.topic]
LINES = list(CONNECTIONS)


class Events:
    """What happens on one connection, in order, to be waited for."""

    def __init__(self, client: WebsocketClient, key: WsKey, *names: str) -> None:
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        for name in names:
            client.on(name, lambda event, name=name: self._events.put((name, event)) if event.ws_key == key else None)  # type: ignore[misc]

    def next(self) -> tuple[str, Any]:
        return self._events.get(timeout=LIMIT)


@pytest.fixture
def exchange() -> Iterator[Simulator]:
    with Simulator(limits="off", ticker_interval=0.0) as exchange:
        yield exchange


def connect(exchange: Simulator, key: WsKey, **options: Any) -> WebsocketClient:
    chosen = {**exchange.client_options(), "reconnect_timeout": 0.01, **options}
    if not CONNECTIONS[key].private:  # a public connection needs no account
        chosen = {name: value for name, value in chosen.items() if not name.startswith("api_")}
    return WebsocketClient(**chosen)


def act(client: WebsocketClient, key: WsKey) -> None:
    """Do what a private topic tells of."""
    api = WebsocketAPIClient(client=client)
    if key is WsKey.FUTURES_PRIVATE_V1:
        api.submit_futures_order(**FUTURES_ORDER)
    elif CONNECTIONS[key].private:
        api.submit_new_spot_order(**ORDER)


@pytest.mark.parametrize("key", LINES)
def test_open(key: WsKey, exchange: Simulator) -> None:
    with connect(exchange, key) as client:
        events = Events(client, key, "open")
        client.connect(key)
        name, event = events.next()
        assert (name, event.ws_key) == ("open", key)
        assert exchange.welcomed(CONNECTIONS[key].system) == exchange.opened(CONNECTIONS[key].system) == 1


@pytest.mark.parametrize("key", [key for key in LINES if CONNECTIONS[key].private])
def test_login(key: WsKey, exchange: Simulator) -> None:
    """Right credentials are accepted, wrong ones are an `AuthError`, and without any nothing is sent."""
    with connect(exchange, key) as client:
        events = Events(client, key, "authenticated", "open")
        client.connect(key)
        assert events.next()[0] == "open"
        if CONNECTIONS[key].system != "v1":  # there the token is the login
            assert events.next()[0] == "authenticated"
    with connect(exchange, key, api_secret="simulator-wrong") as client, pytest.raises(AuthError) as caught:
        client.connect(key)
    assert not caught.value.retryable
    with (
        WebsocketClient(hosts=exchange.client_options()["hosts"]) as client,
        pytest.raises(ConfigError, match="api_key"),
    ):
        client.connect(key)


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_keys_of_every_version_sign_their_calls(version: str, exchange: Simulator) -> None:
    """Version 1 sends the passphrase in clear, the others signed."""
    key = WsKey.SPOT_PRIVATE_V1
    with connect(exchange, key, api_key_version=version) as client:
        client.connect(key)
        assert client.rest.accounts()
    with connect(exchange, key, api_key_version=version, api_passphrase="simulator-wrong") as client:
        with pytest.raises(AuthError) as caught:
            client.connect(key)
        assert caught.value.code == "400004"


@pytest.mark.parametrize("login", ["auth", "token"])
@pytest.mark.parametrize("frames", ["binary", "text", "deflate"])
def test_the_private_pro_line_in_every_form(login: str, frames: Any) -> None:
    """Both ways to log in, and every way the exchange may put its frames."""
    key = WsKey.PRIVATE_PRO_V2
    with (
        Simulator(limits="off", pro_frames=frames, pro_acks="string") as exchange,
        connect(exchange, key, pro_login=login) as client,
    ):
        stream = client.stream(CONNECTIONS[key].topic, key)
        act(client, key)
        assert stream.get(LIMIT).data["s"] == "BTC-USDT"


@pytest.mark.parametrize("key", LINES)
def test_ping_pong(key: WsKey, exchange: Simulator) -> None:
    """Pings leave by themselves and are answered; when no answer comes the line is given up."""
    system = CONNECTIONS[key].system
    with connect(exchange, key, ping_interval=0.05, pong_timeout=0.5) as client:
        events = Events(client, key, "suspended")
        client.connect(key)
        before = exchange.frames_received(system)
        exchange.wait_for(lambda _: exchange.frames_received(system) >= before + 2, LIMIT)
        assert client.is_connected(key)
        exchange.silence(system)
        assert "pong" in str(events.next()[1].error)


@pytest.mark.parametrize("key", WITH_TOPICS)
def test_subscribe_update_unsubscribe(key: WsKey, exchange: Simulator) -> None:
    """Confirmed both ways; what comes is of the topic that was asked for."""
    topic = CONNECTIONS[key].topic
    with connect(exchange, key) as client:
        stream = client.stream(topic, key)
        assert exchange.subscriptions() == {topic: 1}
        act(client, key)
        update = stream.get(LIMIT)
        assert (update.topic, update.ws_key) == (topic, key)
        assert update.typed is not None
        stream.close()
        exchange.wait_for(lambda _: not exchange.subscriptions(), LIMIT)
        subscription = client.subscribe(topic, key)
        assert subscription.state == {topic: "active"}
        client.unsubscribe(topic, key)
        assert not exchange.subscriptions()


@pytest.mark.parametrize("key", LINES)
def test_refuse(key: WsKey, exchange: Simulator) -> None:
    """The exchange's no reaches the caller with its words, and the line goes on."""
    with connect(exchange, key) as client:
        facts = CONNECTIONS[key]
        if facts.topic:
            with pytest.raises(SubscribeError) as caught:
                client.subscribe(facts.refused, key)
            assert [text for _, text in caught.value.rejected.values() if text]
        else:
            api = WebsocketAPIClient(client=client)
            with pytest.raises(Rejected):
                api.submit_new_spot_order(**{**ORDER, "symbol": "NONE-USDT"}, ws_key=key)
        assert client.is_connected(key)


@pytest.mark.parametrize("key", LINES)
def test_drop_reconnect(key: WsKey, exchange: Simulator) -> None:
    """The loss is told at once; the line comes back, and what was subscribed is confirmed before `reconnected`."""
    facts = CONNECTIONS[key]
    with connect(exchange, key) as client:
        events = Events(client, key, "suspended", "reconnect", "open", "reconnected")
        client.connect(key)
        assert events.next()[0] == "open"  # told after the call returned, by another thread
        topics = (facts.topic,) if facts.topic else ()
        if facts.topic:
            client.subscribe(facts.topic, key)
        assert exchange.cut(facts.system) >= 1
        happened = [events.next() for _ in range(4)]
        assert [name for name, _ in happened] == ["suspended", "reconnect", "open", "reconnected"]
        assert happened[-1][1].confirmed == topics
        assert exchange.subscriptions() == dict.fromkeys(topics, 1)


def test_the_page_lists_every_connection_and_what_was_seen_of_it() -> None:
    """The table of the documentation is this module's."""
    rows = re.findall(r"^   \* - ``(\w+)``\n((?:     - (?:yes|no)\n){9})", PAGE.read_text(encoding="utf-8"), re.M)
    facets = ("open", "login", "ping, pong", "subscribe", "update", "unsubscribe", "refuse", "drop", "reconnect")
    seen = {}
    for key, cells in rows:
        seen[key] = [cell.strip().removeprefix("- ") == "yes" for cell in cells.splitlines()]
    assert set(seen) == {key.value for key in WsKey}
    for key in LINES:
        expected = [True, CONNECTIONS[key].private, True, *[key in WITH_TOPICS] * 3, True, True, True]
        assert seen[key.value] == expected, f"{key}: {list(zip(facets, seen[key.value], strict=True))}"
