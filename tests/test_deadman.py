"""
The dead man's switch, against the simulator, whose market time the test moves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kucoin_sync import ConfigError, NotSent, Rejected, RequestError, WebsocketAPIClient
from kucoin_sync.orders import deadman
from kucoin_sync.orders.deadman import Deadman
from kucoin_sync.simulator import Simulator

SPOT: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
PATIENCE = 20.0


@pytest.fixture
def exchange() -> Iterator[Simulator]:
    with Simulator(limits="off", speed="stepped") as exchange:
        yield exchange


@pytest.fixture
def api(exchange: Simulator) -> Iterator[WebsocketAPIClient]:
    with WebsocketAPIClient(**exchange.client_options(), request_timeout=1.0) as api:
        yield api


class Fake:
    """The two calls of a switch, counted; what a test does instead of the exchange."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.changed = threading.Condition()
        self.alive = True
        self.errors: list[BaseException] = []

    def note(self, event: str) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def prove(self, _: float) -> None:
        self.note("prove")
        if not self.alive:
            raise _not_sent()

    def switch(self, seconds: int = 3) -> Deadman:
        return Deadman(
            seconds,
            prove=self.prove,
            arm=lambda _: self.note("arm"),
            disarm=lambda _: self.note("disarm"),
            report=self.errors.append,
        )

    def wait_for(self, event: str, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.events.count(event) >= count, PATIENCE)


def _not_sent() -> NotSent:
    return NotSent(
        op="ping",
        request_id="1",
        client_oid=None,
        order_id=None,
        symbol=None,
        request={},
        sent="no",
        bytes_sent=0,
        started_at=0.0,
        elapsed=0.0,
        ws_key="wsApiSpotV1",
        connection_id=None,
    )


def test_O10_it_is_told_again_and_again_and_only_after_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "BEATS", 60)
    fake = Fake()
    with fake.switch() as switch:
        fake.wait_for("arm", 4)
        assert switch.armed
    assert fake.events[-1] == "disarm"
    assert fake.events[:8] == ["prove", "arm"] * 4
    assert not switch.armed


def test_O10_without_a_proof_it_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "BEATS", 60)
    fake = Fake()
    with fake.switch():
        fake.wait_for("arm", 2)
        fake.alive = False
        told = fake.events.count("arm")
        fake.wait_for("prove", fake.events.count("prove") + 4)
        assert fake.events.count("arm") <= told + 1, "the one that was on its way"
        fake.alive = True
        fake.wait_for("arm", told + 3)
    assert fake.errors
    assert all(isinstance(error, NotSent) for error in fake.errors)


def test_O10_leaving_by_an_exception_leaves_it_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "BEATS", 60)
    fake = Fake()
    with pytest.raises(ZeroDivisionError), fake.switch() as switch:
        raise ZeroDivisionError
    assert "disarm" not in fake.events
    assert switch.armed
    assert not any(thread.name == "kucoin-sync-deadman" for thread in threading.enumerate())


def test_O10_it_is_not_entered_if_it_cannot_be_set() -> None:
    fake = Fake()
    fake.alive = False
    entered = False
    with pytest.raises(NotSent), fake.switch():
        entered = True
    assert not entered
    assert "arm" not in fake.events


def test_O10_it_is_entered_once() -> None:
    fake = Fake()
    switch = fake.switch()
    with switch:
        pass
    with pytest.raises(ConfigError, match="once"):
        switch.__enter__()


def test_O10_the_exchange_cancels_when_nobody_tells_it(exchange: Simulator, api: WebsocketAPIClient) -> None:
    with pytest.raises(ZeroDivisionError), api.deadman(10):
        api.submit_new_spot_order(**SPOT)
        assert len(exchange.open_orders()) == 1
        raise ZeroDivisionError
    exchange.advance(11)

    assert exchange.open_orders() == []


def test_O10_after_a_normal_end_the_orders_stay(exchange: Simulator, api: WebsocketAPIClient) -> None:
    with api.deadman(10, "BTC-USDT") as switch:
        api.submit_new_spot_order(**SPOT)
        assert switch.armed
        assert repr(switch) == "<Deadman 10 s, armed, 0 lapses>"
    exchange.advance(60)

    assert len(exchange.open_orders()) == 1


def test_O10_closing_the_client_leaves_it_set(exchange: Simulator) -> None:
    api = WebsocketAPIClient(**exchange.client_options())
    with pytest.raises(RequestError), api.deadman(10):
        api.submit_new_spot_order(**SPOT)
        api.close()
    exchange.advance(11)

    assert exchange.open_orders() == []


def test_O10_a_refused_switch_raises(exchange: Simulator, api: WebsocketAPIClient) -> None:
    exchange.refuse_rest(path="/api/v1/hf/orders/dead-cancel-all", code="400100", msg="no", count=1)
    with pytest.raises(Rejected), api.deadman(10):
        raise AssertionError


@pytest.mark.parametrize("seconds", [2, 0, -1, 2.5, True, "10"])
def test_O10_odd_seconds_are_refused(api: WebsocketAPIClient, seconds: Any) -> None:
    with pytest.raises(ConfigError, match="seconds: must be whole seconds, at least 3"):
        api.deadman(seconds)
