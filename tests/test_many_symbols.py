"""
Thousands of topics: spread over connections, inside every limit of the exchange, and as fast as those allow.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from kucoin_sync import WebsocketClient, WsKey
from kucoin_sync.protocol.pacing import MessagePace, time_of_frames
from kucoin_sync.protocol.subscriptions import SubscriptionTable
from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.matching.symbols import many_symbols
from tests.kucoin.samples import classic

PATHS = ("/market/ticker", "/spotMarket/level1", "/spotMarket/level2Depth5")
TOPICS = [f"{path}:{symbol.name}" for symbol in many_symbols(2000) for path in PATHS]


def test_S15_two_thousand_symbols_with_three_topics_each_without_one_refusal() -> None:
    """The simulator keeps the limits of the service; the client opens as many connections as they ask for."""
    with (
        Simulator(symbols=many_symbols(2000), market_maker=False) as exchange,
        WebsocketClient(**exchange.client_options()) as client,
    ):
        problems: list[Any] = []
        client.on("exception", problems.append)
        client.on("suspended", problems.append)
        subscription = client.subscribe(TOPICS, WsKey.SPOT_PUBLIC_V1, timeout=60.0)
        assert set(subscription.state.values()) == {"active"}
        assert exchange.subscriptions() == dict.fromkeys(TOPICS, 1)
        assert exchange.connections("v1") == len(TOPICS) // 300
        assert exchange.frames_received("v1") == len(TOPICS) // 100
        assert exchange.push_ticker("AAB0001-USDT") == 1
        assert not problems
        subscription.close()
        exchange.wait_for(lambda _: exchange.connections("v1") == 1, 10.0)


@pytest.mark.parametrize(
    ("symbols_a_frame", "seconds"),
    [pytest.param(100, 0.0, id="as-documented"), pytest.param(10, 60.0, id="ten"), pytest.param(1, 630.0, id="one")],
)
def test_S15_the_time_of_six_thousand_topics_is_what_the_pacing_rule_says(symbols_a_frame: int, seconds: float) -> None:
    """On one connection and a clock that is only a number; no window of 10 s ever holds more than 100 frames."""
    limits = classic("spotPublicV1").limits.adjusted(
        frames=None, topics_per_frame=symbols_a_frame, topics_per_connection=len(TOPICS)
    )
    dialect = classic("spotPublicV1")
    dialect.limits = limits
    table = SubscriptionTable(dialect.group_topics, answer_timeout=5.0)
    pace = MessagePace(limits.frames, limits.window)
    table.add(TOPICS)
    now, frames, next_ping = 0.0, 0, 18.0
    window: deque[float] = deque()
    while True:
        if now >= next_ping:
            next_ping += 18.0
            pace.count(now)
            window.append(now)
        delay = pace.delay(now)
        if delay:
            now = min(now + delay, max(now, next_ping))
            continue
        command = table.next_command(now)
        if command is None:
            break
        pace.count(now)
        window.append(now)
        while window[0] <= now - limits.window:
            window.popleft()
        assert len(window) <= limits.frames
        frames += 1
        table.sent(str(frames), command, now)
        table.acknowledged(str(frames))
    assert not table.unconfirmed()
    assert frames == len(TOPICS) // symbols_a_frame
    assert time_of_frames(frames, limits.frames, limits.window) <= now
    assert now == seconds
