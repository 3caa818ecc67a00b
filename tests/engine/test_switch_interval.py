"""
The interpreter's switch interval: low while a line is open, the user's own value before and after.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from types import FrameType
from typing import Any

import pytest

from kucoin_sync import WebsocketAPIClient, WebsocketClient, WsKey
from kucoin_sync.engine import registry
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.lookout import Lookout
from kucoin_sync.engine.registry import PendingRequest, RequestRegistry
from kucoin_sync.engine.switch_interval import SwitchInterval, switch_interval
from kucoin_sync.protocol.messages import Reply
from kucoin_sync.simulator import Simulator

OWN = 0.004


def present() -> float:
    return round(sys.getswitchinterval(), 6)


@pytest.fixture(autouse=True)
def own_value() -> Iterator[None]:
    """A value that nobody else sets."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(OWN)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def interval() -> SwitchInterval:
    return SwitchInterval()


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every value that is set from now on."""
    values: list[float] = []
    set_it = sys.setswitchinterval

    def note(seconds: float) -> None:
        set_it(seconds)
        values.append(present())

    monkeypatch.setattr(sys, "setswitchinterval", note)
    return values


@pytest.fixture
def no_lookout(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system on which no turn can be given away: each call sleeps until its reply comes."""
    monkeypatch.setattr(registry, "Lookout", lambda: Lookout(None))


def test_it_is_low_while_anybody_wants_it_low(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    assert present() == 0.0005
    interval.hold(0.0005)
    interval.release(0.0005)
    assert present() == 0.0005
    interval.release(0.0005)
    assert present() == OWN


def test_the_least_wish_counts(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    interval.hold(0.0001)
    assert present() == 0.0001
    interval.release(0.0001)
    assert present() == 0.0005
    interval.release(0.0005)
    assert present() == OWN


def test_a_lower_value_of_the_user_stays(interval: SwitchInterval) -> None:
    sys.setswitchinterval(0.00005)
    interval.hold(0.0005)
    assert present() == 0.00005
    interval.release(0.0005)
    assert present() == 0.00005


def test_what_the_user_sets_meanwhile_is_what_comes_back(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    sys.setswitchinterval(0.002)
    interval.hold(0.0005)
    assert present() == 0.0005
    interval.release(0.0005)
    interval.release(0.0005)
    assert present() == 0.002


def test_what_the_user_sets_at_last_is_left_alone(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    sys.setswitchinterval(0.002)
    interval.release(0.0005)
    assert present() == 0.002


def test_it_is_lower_still_while_a_call_waits(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    interval.call_waits("one")
    assert present() == 0.00005
    interval.call_waits("another")
    interval.call_over("one")
    assert present() == 0.00005
    interval.call_over("another")
    assert present() == 0.0005


def test_calls_without_lines_change_nothing(interval: SwitchInterval) -> None:
    interval.call_waits("one")
    assert present() == OWN
    interval.hold(0.0005)
    interval.call_over("one")
    assert present() == 0.0005


def test_a_call_does_not_raise_a_lower_value(interval: SwitchInterval) -> None:
    interval.hold(0.00005)
    interval.call_waits("one")
    assert present() == 0.00005


def test_a_call_that_a_signal_kept_from_its_end_is_forgotten_with_the_last_line(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    interval.call_waits("one")
    interval.release(0.0005)
    assert present() == OWN
    interval.hold(0.0005)
    assert present() == 0.0005


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_without_lines_has_the_users_value(interval: SwitchInterval) -> None:
    interval.hold(0.0005)
    interval.after_fork_in_child()
    assert present() == OWN


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, 0.0005), ({"switch_interval": 0.0002}, 0.0002), ({"switch_interval": None}, OWN)],
    ids=["by-default", "as-asked", "left-alone"],
)
def test_a_client_holds_it_from_its_first_line_to_its_last(options: dict[str, float | None], expected: float) -> None:
    with Simulator() as simulator:
        with WebsocketClient(**simulator.client_options(), **options) as client:
            assert present() == OWN
            client.subscribe("/market/ticker:BTC-USDT", WsKey.SPOT_PUBLIC_V1)
            client.subscribe("/contractMarket/tickerV2:XBTUSDTM", WsKey.FUTURES_PUBLIC_V1)
            assert present() == expected
        assert present() == OWN


@pytest.mark.usefixtures("no_lookout")
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.0005, 0.00005, 0.0005, OWN]),
        ({"switch_interval": 0.00002}, [0.00002, OWN]),
        ({"switch_interval": None}, []),
    ],
    ids=["by-default", "as-asked", "left-alone"],
)
def test_a_blocking_call_makes_it_lower_for_its_time(
    values: list[float], options: dict[str, float | None], expected: list[float]
) -> None:
    with Simulator() as simulator, WebsocketAPIClient(**simulator.client_options(), **options) as api:
        api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price="30000", size="0.001")
    assert [value for value, _ in groupby(values)] == expected


@pytest.mark.parametrize(("sees_reply", "expected"), [(True, []), (False, [0.00005, 0.0005])])
def test_a_call_that_sees_its_reply_before_it_sleeps_leaves_it_alone(
    values: list[float], sees_reply: bool, expected: list[float]
) -> None:
    requests = RequestRegistry()
    reply = Reply("1", "ping", "200000", "", None, None, None, None, "{}")
    request = PendingRequest("1", "ping", {}, Deadline(5.0 if sees_reply else 0.01))
    clock = iter([0.0, 0.0, 0.0 if sees_reply else 1.0]).__next__
    requests.lookout = Lookout(lambda: requests.resolve(reply) if sees_reply else None, clock)
    requests.begin_send(request, time.monotonic())
    requests.end_send(request)
    switch_interval.hold(0.0005)
    try:
        values.clear()
        assert request.wait() is sees_reply
        assert values == expected
    finally:
        switch_interval.release(0.0005)


@pytest.mark.usefixtures("no_lookout")
@pytest.mark.parametrize("place", ["call_over", "_change"])
def test_S29_a_ctrl_c_at_the_end_of_a_wait_leaves_it_as_high_as_before(place: str) -> None:
    """At the first line of what takes the wait back, and once the wait is out of the table but nothing is changed."""
    code = getattr(SwitchInterval, place).__code__
    waits = 0

    def interrupt(frame: FrameType, event: str, _: Any) -> None:
        nonlocal waits
        if event == "call" and frame.f_code is code:
            waits += 1
            if place == "call_over" or waits == 2:  # the first change is the one for the wait
                sys.settrace(None)
                raise KeyboardInterrupt

    order = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "30000", "size": "0.001"}
    with Simulator() as simulator, WebsocketAPIClient(**simulator.client_options()) as api:
        api.submit_new_spot_order(**order)
        low = present()
        tracing = sys.gettrace()
        with pytest.raises(KeyboardInterrupt):
            try:
                sys.settrace(interrupt)
                api.submit_new_spot_order(**order)
            finally:
                sys.settrace(tracing)
        assert present() == low == 0.0005
