"""What a client tells of itself in numbers, tables and log fields."""

from __future__ import annotations

import json
import logging
import math
import sys
import threading
from typing import Any

import pytest

from kucoin_sync import (
    LatencyHistogram,
    NotSent,
    OutcomeUnknown,
    Rejected,
    Rows,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
)
from kucoin_sync.protocol.backoff import OpeningBudget
from kucoin_sync.simulator import Simulator
from kucoin_sync.stats import BUCKET_BOUNDS, bucket_of
from kucoin_sync.tables import MOST_ROWS, data_frame, rows_html

TICKER = "/market/ticker:BTC-USDT"
ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}


def histogram(*latencies: float) -> LatencyHistogram:
    counts = [0] * (len(BUCKET_BOUNDS) + 1)
    for latency in latencies:
        counts[bucket_of(latency)] += 1
    return LatencyHistogram(tuple(counts), min(latencies), max(latencies))


# Latencies.


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 50e-6, 51e-6, 0.004, 1.0, 59.0, 64.0, 1e9])
def test_a_latency_falls_into_the_bucket_whose_bounds_hold_it(seconds: float) -> None:
    index = bucket_of(seconds)
    bounds = (0.0, *BUCKET_BOUNDS, math.inf)
    assert bounds[index] <= seconds <= bounds[index + 1]


def test_quantiles_are_too_large_by_a_quarter_at_most() -> None:
    latencies = [0.0005 * 1.01**n for n in range(1000)]
    found = histogram(*latencies)
    for share in (0.01, 0.25, 0.5, 0.9, 0.99):
        exact = sorted(latencies)[math.ceil(share * 1000) - 1]
        quantile = found.quantile(share)
        assert quantile is not None and exact <= quantile <= exact * 1.2501
    assert found.quantile(0) == pytest.approx(0.0005, rel=0.26)
    assert found.quantile(1) == max(latencies)


def test_a_quantile_is_never_beyond_what_was_measured() -> None:
    found = histogram(0.0101, 0.0102)
    assert found.quantile(0.5) == found.quantile(1) == 0.0102
    assert list(found.buckets()) == [(BUCKET_BOUNDS[bucket_of(0.0101)], 2)]


def test_an_empty_histogram_has_no_quantile_and_a_wrong_share_is_refused() -> None:
    assert LatencyHistogram().quantile(0.5) is None
    assert repr(LatencyHistogram()) == "<LatencyHistogram empty>"
    with pytest.raises(ValueError, match="share"):
        histogram(1.0).quantile(1.5)


# The client's own numbers.


def test_a_client_without_connections_tells_so() -> None:
    with WebsocketClient() as client:
        stats = client.stats()
        assert (stats.connections, stats.topics, stats.unresolved) == ((), (), 0)
        assert stats.clock.uncertainty_ms == math.inf
        assert stats.as_dict()["clock_offset_ms"] is None
        assert repr(stats).startswith("<ClientStats no connections yet; 0 topics")
        assert stats["openings_left"] == 20
        with pytest.raises(KeyError):
            stats["as_dict"]


def test_stats_tell_of_lines_topics_queues_and_latencies() -> None:
    with Simulator(market_maker=False) as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        client = api.get_ws_client()
        with client.stream([TICKER, "/market/match:ETH-USDT"], WsKey.SPOT_PUBLIC_V1, maxlen=1) as stream:
            exchange.push_ticker("BTC-USDT")
            stream.get(timeout=10)
            for _ in range(3):
                exchange.push_ticker("BTC-USDT")
            api.submit_new_spot_order(**ORDER)
            with pytest.raises(Rejected):
                api.submit_new_spot_order(**{**ORDER, "symbol": "NO-SUCH"})
            exchange.drop_ack(1)
            with pytest.raises(OutcomeUnknown):
                api.submit_new_spot_order(**ORDER, timeout=0.2)
            exchange.wait_for(lambda s: len(s.open_orders()) == 2)
            stats = api.stats()
            operation = stats.requests.operations["spot.order"]
            assert (operation.accepted, operation.rejected, operation.unknown) == (1, 1, 1)
            assert operation.latency.total == 2  # no reply, no latency
            assert 0 < operation.latency.quantile(0.5) <= operation.latency.most < 10  # type: ignore[operator]
            assert stats.unresolved == 1
            public, orders = sorted(stats.connections, key=lambda each: each.ws_key)
            assert (public.ws_key, public.state, public.topics, public.reconnects) == ("spotPublicV1", "ready", 2, 0)
            assert (orders.ws_key, orders.in_flight, orders.last_error) == ("wsApiSpotV1", 0, None)
            assert public.connection_id and 0 <= public.silence <= public.age + 1  # type: ignore[operator]
            ages = {topic.topic: (topic.state, topic.age) for topic in stats.topics}
            assert ages["/market/match:ETH-USDT"] == ("active", None)
            assert ages[TICKER][0] == "active" and 0 <= ages[TICKER][1] < 60  # type: ignore[operator]
            assert math.isfinite(stats.clock.uncertainty_ms) and abs(stats.clock.offset_ms) < 5000
            assert [queue.name for queue in stats.queues] == ["listeners", f"{TICKER}, /market/match:ETH-USDT"]
            assert stats.openings_left == 18
            json.dumps(stats.as_dict())
        assert [queue.name for queue in client.stats().queues] == ["listeners"]


def test_updates_that_a_slow_stream_loses_are_counted_with_it() -> None:
    with Simulator(market_maker=False) as exchange, WebsocketClient(**exchange.client_options()) as client:
        arrived = threading.Semaphore(0)
        client.on("update", lambda _: arrived.release())
        with client.stream(TICKER, WsKey.SPOT_PUBLIC_V1, maxlen=1):
            for _ in range(3):
                exchange.push_ticker("BTC-USDT")
                assert arrived.acquire(timeout=10)
            stats = client.stats()
            assert (stats.queues[1].waiting, stats.queues[1].size, stats.queues[1].dropped) == (1, 1, 2)
            assert stats.dropped == 2


def test_updates_that_slow_listeners_lose_stay_counted_when_the_queue_was_read_empty() -> None:
    with (
        Simulator(market_maker=False) as exchange,
        WebsocketClient(**exchange.client_options(), queue_size=1) as client,
    ):
        enter, go_on, over = threading.Event(), threading.Event(), threading.Event()

        def listener(_: Any) -> None:
            enter.set()
            go_on.wait(30)

        client.on("overflow", lambda _: over.set())
        client.subscribe(TICKER, WsKey.SPOT_PUBLIC_V1, listener=listener)
        with client.stream(TICKER, WsKey.SPOT_PUBLIC_V1, maxlen=10) as stream:
            exchange.push_ticker("BTC-USDT")
            assert enter.wait(10)
            for _ in range(3):
                exchange.push_ticker("BTC-USDT")
            for _ in range(4):
                stream.get(timeout=10)
            assert client.stats().queues[0].dropped == 2  # the listeners' copies were handed over before these
            go_on.set()
            assert over.wait(10)
            assert client.stats().queues[0].dropped == 2


def test_reconnects_and_the_last_error_are_told() -> None:
    with (
        Simulator() as exchange,
        WebsocketClient(**exchange.client_options(), reconnect_timeout=0.0) as client,
        client.stream(TICKER, WsKey.SPOT_PUBLIC_V1) as stream,
    ):
        stream.get(timeout=10)
        back = threading.Event()
        client.on("reconnected", lambda _: back.set())
        exchange.refuse_upgrade(503, 1, "v1")
        exchange.cut("v1")
        assert back.wait(20)
        (connection,) = client.stats().connections
        assert (connection.reconnects, connection.failed_openings, connection.state) == (1, 1, "ready")
        assert connection.last_error is not None and connection.last_error.startswith("line ended by")
        assert client.stats().reconnects == 1


def test_a_heartbeat_tells_the_round_trip() -> None:
    with Simulator(market_maker=False) as exchange:
        options = {**exchange.client_options(), "ping_interval": 0.05, "probe_after": 0.05}
        with WebsocketAPIClient(**options) as api:
            api.connect_ws_api()
            exchange.drop_ack(1)
            with pytest.raises(OutcomeUnknown):  # its wait is long enough for a ping and its pong
                api.submit_new_spot_order(**ORDER, timeout=1.5)
            (connection,) = api.stats().connections
            assert connection.round_trip is not None and 0 < connection.round_trip < 1.5


def test_a_topic_that_nobody_wants_any_more_is_forgotten_with_its_time() -> None:
    with Simulator() as exchange, WebsocketClient(**exchange.client_options()) as client:
        with client.stream(TICKER, WsKey.SPOT_PUBLIC_V1) as stream:
            stream.get(timeout=10)
        client.subscribe("/market/match:BTC-USDT", WsKey.SPOT_PUBLIC_V1)
        assert [topic.topic for topic in client.stats().topics] == ["/market/match:BTC-USDT"]
        client.subscribe(TICKER, WsKey.SPOT_PUBLIC_V1, wait=False)
        board = client._group("spotPublicV1").first._board
        assert set(board.last_seen) <= set(board.routes)


def test_openings_are_left_again_after_a_minute() -> None:
    budget = OpeningBudget(3)
    for now in (0.0, 1.0, 2.0):
        budget.take(now)
    assert [budget.left(now) for now in (2.0, 60.5, 61.5, 200.0)] == [0, 1, 2, 3]


# Tables.


def test_clients_outcomes_and_stats_show_themselves_in_a_notebook() -> None:
    with Simulator(market_maker=False) as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        assert "none yet" in api._repr_html_()
        ack = api.submit_new_spot_order(**ORDER, client_oid="mine")
        assert all(text in ack._repr_html_() for text in ("OrderAck", "spot.order", "mine", str(ack.order_id)))
        with pytest.raises(Rejected) as refused:
            api.submit_new_spot_order(**{**ORDER, "symbol": "NO-SUCH"})
        assert "Rejected" in refused.value._repr_html_()
        assert "wsApiSpotV1" in api._repr_html_() and "SIMULATOR" in api._repr_html_()
        stats = api.stats()._repr_html_()
        assert all(text in stats for text in ("Connections", "Requests", "spot.order", "wsApiSpotV1"))
        assert "<table>" in api.stats().requests._repr_html_()
        balances = api.rest.accounts(type="trade")
        assert isinstance(balances, list) and "USDT" in balances._repr_html_()
        book = api.rest.book("BTC-USDT", depth=20)
        assert str(book.bids[0][0]) in book._repr_html_()
        orders = [{"symbol": "XBTUSDTM", "side": "buy", "price": "20000", "size": 1, "leverage": 3}]
        assert "orderId" not in api.submit_multiple_futures_orders(orders)._repr_html_()
        secrets = (exchange.api_secret, exchange.api_passphrase)
        assert not any(secret in api._repr_html_() + stats for secret in secrets)
    assert "closed" in api._repr_html_()


def test_what_a_peer_wrote_is_shown_as_text() -> None:
    shown = Rows([{"<b>": "<script>"}, {"other": "line\nbreak"}])._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown and "line\\nbreak" in shown


def test_a_long_table_is_cut() -> None:
    shown = rows_html("many", [{"n": n} for n in range(MOST_ROWS + 5)])
    assert f"<td style='text-align:left'>{MOST_ROWS - 1}</td>" in shown and "and 5 more" in shown


def test_data_frames() -> None:
    pytest.importorskip("pandas")
    with Simulator(market_maker=False) as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        api.submit_new_spot_order(**ORDER)
        stats = api.stats()
        assert list(stats.requests.to_dataframe()["operation"]) == ["spot.order"]
        assert list(stats.to_dataframe()["ws_key"]) == ["wsApiSpotV1"]
        assert list(stats.to_dataframe("queues")["name"]) == ["listeners"]
        with pytest.raises(ValueError, match="table"):
            stats.to_dataframe("requsts")
        balances = api.rest.accounts().to_dataframe()
        assert "USDT" in set(balances["currency"])


def test_a_data_frame_without_pandas_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="'notebook'"):
        data_frame([])


# Logging.


def test_log_records_carry_fields(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG, "kucoin_sync"),
        Simulator(market_maker=False) as exchange,
        WebsocketAPIClient(**exchange.client_options(), reconnect=False) as api,
    ):
        api.submit_new_spot_order(**ORDER, client_oid="one")
        with pytest.raises(Rejected):
            api.submit_new_spot_order(**{**ORDER, "symbol": "NO-SUCH"}, client_oid="two")
        gone = threading.Event()
        api.get_ws_client().on("close", lambda _: gone.set())
        exchange.cut("ws_api")
        assert gone.wait(10)
        with pytest.raises(NotSent):
            api.nowait.submit_new_spot_order(**ORDER, client_oid="three").result(10)
    ready = next(record for record in caplog.records if "ready after" in record.getMessage())
    assert vars(ready)["ws_key"] == "wsApiSpotV1" and vars(ready)["connection_id"] and vars(ready)["elapsed"] > 0
    lost = next(record for record in caplog.records if " lost: " in record.getMessage())
    assert vars(lost)["connection_id"] == vars(ready)["connection_id"] and vars(lost)["error"] == "ConnectionLost"
    ends = {vars(record)["client_oid"]: record for record in caplog.records if hasattr(record, "outcome")}
    assert {oid: vars(record)["outcome"] for oid, record in ends.items()} == {
        "one": "accepted",
        "two": "rejected",
        "three": "not_sent",
    }
    one = vars(ends["one"])
    assert (one["op"], one["ws_key"], one["levelname"]) == ("spot.order", "wsApiSpotV1", "DEBUG")
    assert one["order_id"] and one["request_id"] and one["elapsed"] > 0
    assert ends["two"].levelname == "INFO"
