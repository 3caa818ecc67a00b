"""
Every connection of OKX against the simulator: logged in, refused, kept alive, told to leave, dropped and back.

``docs/okx.rst`` holds the same table; a test keeps the two together.
"""

from __future__ import annotations

import queue
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync import Accepted, AuthError, OutcomeUnknown, RestError, SubscribeError
from kucoin_sync.okx import WebsocketAPIClient, WebsocketClient
from kucoin_sync.simulator import Credentials, OkxLimits, Simulator

LIMIT = 5.0
PAGE = Path(__file__).resolve().parents[2] / "docs" / "okx.rst"
ORDER: dict[str, Any] = {
    "inst_id": "BTC-USDT",
    "td_mode": "cash",
    "side": "buy",
    "ord_type": "limit",
    "px": "20000",
    "sz": "0.01",
}
SPREAD: dict[str, Any] = {
    "sprd_id": "BTC-USDT_BTC-USDT-SWAP",
    "side": "buy",
    "ord_type": "limit",
    "px": "-50",
    "sz": "0.1",
}


@attrs.frozen
class Facts:
    """
    One connection.

    Attributes:
        path: What the simulator calls its kind.
        login: Whether somebody logs in on it.
        topic: One that brings updates, by themselves or after `act`.
        refused: One that the exchange refuses there.
    """

    path: str
    login: bool
    topic: str
    refused: str


CONNECTIONS = {
    "prodPublic": Facts("public", False, "tickers:BTC-USDT", "tickers:NONE-USDT"),
    "prodPublic@1": Facts("public", True, "books-l2-tbt:BTC-USDT", "books-l2-tbt:NONE-USDT"),
    "prodPrivate": Facts("private", True, "orders?instType=SPOT", "orders?instType=NONE"),
    "prodBusiness": Facts("business", True, "sprd-orders", "candle1m:NONE-USDT"),
}
LINES = list(CONNECTIONS)
WITH_LOGIN = [key for key in LINES if CONNECTIONS[key].login]
WORDS = {True: "yes", False: "—"}


class Events:
    """What happens on one connection, in order, to be waited for."""

    def __init__(self, client: WebsocketClient, key: str, *names: str) -> None:
        self._events: queue.Queue[tuple[str, Any]] = queue.Queue()
        for name in names:
            client.on(name, lambda event, name=name: self._events.put((name, event)) if event.ws_key == key else None)  # type: ignore[misc]

    def next(self) -> tuple[str, Any]:
        return self._events.get(timeout=LIMIT)


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def exchange(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(exchange="okx", limits="off", ticker_interval=0.0, tls=request.param) as exchange:
        yield exchange


def connect(exchange: Simulator, **options: Any) -> WebsocketClient:
    given = {"reconnect_timeout": 0.01, "openings_per_minute": 1000, **options}
    return WebsocketClient(**{**exchange.client_options(), **given})


def subscribe(client: WebsocketClient, key: str, topic: str) -> Any:
    """Stream a topic; its channel says by itself which connection serves it."""
    stream = client.stream(topic)
    assert client.is_connected(key)
    return stream


def act(client: WebsocketClient, key: str) -> None:
    """Do what a topic of the account tells of."""
    api = WebsocketAPIClient(client=client)
    if key == "prodPrivate":
        api.submit_new_order(**ORDER)
    elif key == "prodBusiness":
        api.submit_spread_order(**SPREAD)


@pytest.mark.parametrize("key", LINES)
def test_okx_login(key: str, exchange: Simulator) -> None:
    """Right credentials are accepted, wrong ones are an `AuthError`, and on a public line nobody logs in."""
    facts = CONNECTIONS[key]
    with connect(exchange) as client:
        events = Events(client, key, "authenticated", "open")
        client.connect(key)
        assert events.next()[0] == "open"
        if facts.login:
            assert events.next()[0] == "authenticated"
        assert exchange.opened(facts.path) == 1
    if facts.login:
        with connect(exchange, api_secret="simulator-wrong") as client, pytest.raises(AuthError) as caught:
            client.connect(key)
        assert (caught.value.code, caught.value.retryable) == ("60007", False)


@pytest.mark.parametrize("key", LINES)
def test_okx_refuse(key: str, exchange: Simulator) -> None:
    """The exchange's no reaches the caller with its code and words, and the line goes on."""
    with connect(exchange) as client:
        client.connect(key)
        with pytest.raises(SubscribeError) as caught:
            client.subscribe(CONNECTIONS[key].refused)
        assert [code for code, text in caught.value.rejected.values() if text] == ["60018"]
        assert client.is_connected(key)


@pytest.mark.parametrize("key", LINES)
def test_okx_ping_pong(key: str, exchange: Simulator) -> None:
    """Pings leave by themselves and are answered; when no answer comes the line is given up."""
    path = CONNECTIONS[key].path
    with connect(exchange, ping_interval=0.05, pong_timeout=0.5) as client:
        events = Events(client, key, "suspended")
        client.connect(key)
        before = exchange.frames_received(path)
        exchange.wait_for(lambda _: exchange.frames_received(path) >= before + 2, LIMIT)
        assert client.is_connected(key)
        exchange.silence(path)
        assert "pong" in str(events.next()[1].error)


@pytest.mark.parametrize("key", LINES)
def test_okx_notice(key: str, exchange: Simulator) -> None:
    """The announced end costs nothing: another line is open and subscribed before the old one is let go."""
    facts = CONNECTIONS[key]
    with connect(exchange) as client:
        lost = Events(client, key, "suspended")
        stream = subscribe(client, key, facts.topic)
        ids = {client._group(key).first.connection_id}
        assert exchange.service_notice(60.0, facts.path) == 1
        exchange.wait_for(lambda _: exchange.connections(facts.path) == 1 and exchange.opened(facts.path) == 2, LIMIT)
        ids.add(client._group(key).first.connection_id)
        assert len(ids) == 2
        assert list(exchange.subscriptions().values()) == [1]
        act(client, key)
        assert stream.get(LIMIT).ws_key == key
        assert lost._events.empty()


@pytest.mark.parametrize("key", LINES)
def test_okx_drop_reconnect(key: str, exchange: Simulator) -> None:
    """The loss is told at once; the line comes back, and what was subscribed is confirmed before `reconnected`."""
    facts = CONNECTIONS[key]
    with connect(exchange) as client:
        events = Events(client, key, "suspended", "reconnect", "open", "reconnected")
        stream = subscribe(client, key, facts.topic)
        assert events.next()[0] == "open"
        assert exchange.cut(facts.path) == 1
        happened = [events.next() for _ in range(4)]
        assert [name for name, _ in happened] == ["suspended", "reconnect", "open", "reconnected"]
        assert happened[-1][1].confirmed == (facts.topic,)
        act(client, key)
        assert stream.get(LIMIT).ws_key == key


def test_okx_limit_of_connections_is_told_and_ends_the_topic() -> None:
    """Too many connections of one account on a channel: the newest one is acknowledged and then loses it."""
    limits = OkxLimits(connections_per_channel=1)
    with Simulator(exchange="okx", limits=limits) as exchange, connect(exchange) as first, connect(exchange) as second:
        first.subscribe("account")
        stream = second.stream("account")
        with pytest.raises(SubscribeError, match="connections of the account"):
            while True:
                stream.get(LIMIT)


def test_okx_every_account_trades_over_lines_of_its_own() -> None:
    """Also when one of them has a lost reply: it is looked up with the credentials of its own."""
    accounts = [
        {
            "name": name,
            "api_key": f"simulator-{name}",
            "api_secret": f"simulator-secret-of-{name}",
            "api_passphrase": f"simulator-passphrase-of-{name}",
        }
        for name in ("main", "other")
    ]
    known = [Credentials(each["api_key"], each["api_secret"], each["api_passphrase"]) for each in accounts]
    with Simulator(exchange="okx", market_maker=False, limits="off", credentials=known) as exchange:
        options = {name: value for name, value in exchange.client_options().items() if not name.startswith("api_")}
        with WebsocketAPIClient(**options, accounts=accounts, settle=0.1) as api:
            same = {**ORDER, "cl_ord_id": "same1"}
            acks = [api.submit_new_order(**same, account=name) for name in ("main", "other")]
            assert [ack.ws_key for ack in acks] == ["prodPrivate@main", "prodPrivate@other"]
            assert api.rest_of("main").order("BTC-USDT", cl_ord_id="same1")["ordId"] == acks[0].order_id
            assert api.rest_of("other").order("BTC-USDT", cl_ord_id="same1")["ordId"] == acks[1].order_id
            exchange.drop_ack(op="order")
            with pytest.raises(OutcomeUnknown) as caught:
                api.submit_new_order(**{**ORDER, "cl_ord_id": "lost1"}, account="other", timeout=0.4)
            fate = caught.value.reconcile()
            assert isinstance(fate, Accepted) and fate.order is not None
            assert api.rest_of("other").order("BTC-USDT", ord_id=fate.order.order_id)["clOrdId"] == "lost1"
            with pytest.raises(RestError, match="51603"):
                api.rest_of("main").order("BTC-USDT", ord_id=fate.order.order_id)


def test_the_page_lists_every_connection_and_what_was_seen_of_it() -> None:
    """The table of the documentation is this module's."""
    rows = re.findall(r"^   \* - ``(prod[\w@]+)``\n     - (\S+)\n((?:     - yes\n){5})", PAGE.read_text("utf-8"), re.M)
    assert [(key, login) for key, login, _ in rows] == [(key, WORDS[key in WITH_LOGIN]) for key in LINES]
