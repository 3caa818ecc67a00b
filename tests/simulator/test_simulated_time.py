"""Market time that runs faster or stands still, while clients keep the machine's time; over real connections."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests

from kucoin_sync import WebsocketAPIClient
from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.venue import Venue
from tests.simulator.clients import (
    LIMIT,
    call,
    get,
    on_venue,
    open_orders_socket,
    open_pro,
    open_stream,
    rest_headers,
)

Make = Callable[..., Simulator]

#: The first of January 2024: the beginning of an hour, a day and a funding interval.
START = 1_704_067_200
SYMBOL = "BTC-USDT"
LONG = 60.0


def stepped(make: Make, **options: Any) -> Simulator:
    values = {"speed": "stepped", "market_start": START, "limits": "off", "push_interval_scale": 1.0, **options}
    return make(**values)


def steps_of(simulator: Simulator) -> int:
    def steps(venue: Venue) -> int:
        assert venue.market_maker is not None
        return venue.market_maker.steps

    return on_venue(simulator, steps)


# Stepped.


def test_nothing_moves_until_time_is_advanced(make: Make) -> None:
    simulator = stepped(make, market_maker=True, step_interval=1.0)
    with open_stream(simulator) as reader:
        reader.subscribe(f"/market/level2:{SYMBOL}", f"/market/snapshot:{SYMBOL}")
        before = steps_of(simulator), simulator.ticker(SYMBOL), simulator.trades()
        # The machine's time goes on meanwhile: the connections are looked at, again and again.
        looks = on_venue(simulator, lambda venue: venue.now_ns())
        for _ in range(3):
            simulator.wait_for(_Looked(simulator, 2))
        assert reader.arrived() == []
        assert on_venue(simulator, lambda venue: venue.now_ns()) == looks == START * 10**9
        assert (steps_of(simulator), simulator.ticker(SYMBOL), simulator.trades()) == before
        simulator.advance(20)
        assert steps_of(simulator) == before[0] + 20
        assert START * 1000 < reader.next_of(f"/market/level2:{SYMBOL}")["data"]["time"] <= (START + 20) * 1000


class _Looked:
    """True when the simulator has looked at its connections that often more."""

    def __init__(self, simulator: Simulator, times: int) -> None:
        self._left = times

        def count(venue: Venue) -> None:
            inner = venue.step_lines

            def step_lines() -> None:
                self._left -= 1
                inner()

            venue.step_lines = step_lines  # type: ignore[method-assign]

        on_venue(simulator, count)

    def __call__(self, simulator: Simulator) -> bool:
        return self._left <= 0


def test_an_hour_has_all_its_steps_candles_prices_and_its_funding_sample(make: Make) -> None:
    simulator = stepped(make, market_maker=True, step_interval=10, seed=4)
    opened = steps_of(simulator)
    assert opened == 1  # the market opens with quotes
    simulator.advance(3600)
    assert (steps_of(simulator), simulator.market_time()) == (opened + 360, START + 3600)
    trades = [trade for trade in simulator.trades() if trade.symbol == SYMBOL]
    moments = {trade.time_ns - START * 10**9 for trade in trades}
    assert len(moments) > 60 and all(moment % (10 * 10**9) == 0 for moment in moments)
    minutes = {START + moment // 10**9 // 60 * 60 for moment in moments}
    rows = get(simulator, f"/api/v1/market/candles?symbol={SYMBOL}&type=1min")
    assert [int(row[0]) for row in rows] == sorted(minutes, reverse=True)
    assert len(rows) == len(minutes) > 55


def test_mark_prices_come_every_second_and_funding_by_the_minute_whatever_the_steps(make: Make) -> None:
    simulator = stepped(make, step_interval=3600, limits="off")
    with open_stream(simulator, host="/futures") as reader:
        reader.subscribe("/contract/instrument:XBTUSDTM", "/contract/announcement")
        simulator.advance(120)
        stamps: dict[str, list[int]] = {}
        for frame in reader.arrived():
            stamps.setdefault(frame["subject"], []).append(frame["data"]["timestamp"])
        assert stamps["mark.index.price"] == [(START + second) * 1000 for second in range(1, 121)]
        # The stamp of a funding rate is its minute.
        assert stamps["funding.rate"] == [(START + second) * 1000 for second in (60, 120)]
        simulator.advance(8 * 3600 - 120)
        phases = [f for f in reader.arrived() if f["topic"] == "/contract/announcement" and "XBTUSDTM" in str(f)]
        assert [frame["subject"] for frame in phases] == ["funding.begin", "funding.end"]
        assert [frame["data"]["timestamp"] for frame in phases] == [(START + 8 * 3600) * 1000] * 2


def test_order_expires_at_its_time_between_two_steps(make: Make) -> None:
    simulator = stepped(make, step_interval=60)
    with open_orders_socket(simulator) as orders:
        simulator.advance("0.25")
        orders.order("mine", timeInForce="GTT", cancelAfter=90)
        assert orders.receive()["code"] == "200000"
        simulator.advance("89.999")
        assert [order.client_oid for order in simulator.open_orders()] == ["mine"]
        simulator.advance("0.001")
        assert simulator.open_orders() == []
        (order,) = simulator.orders()
        assert order.updated_at_ns == START * 10**9 + 90_250_000_000
        assert order.updated_at_ns - order.created_at_ns == 90 * 10**9


def test_dead_mans_switch_and_interest_are_due_at_their_moments(make: Make) -> None:
    simulator = stepped(make, step_interval=10**6, balances={"USDT": "10000", "BTC": "10"})
    simulator.deposit("USDT", "10000", wallet="margin")
    simulator.borrow("USDT", "1000")
    simulator.advance(3599)
    assert simulator.margin_account().debts["USDT"].interest == 0
    simulator.advance(1)
    assert simulator.margin_account().debts["USDT"].interest > 0
    with open_orders_socket(simulator) as orders:
        orders.order("mine").receive()
        answer = call(simulator, "POST", "/api/v1/hf/orders/dead-cancel-all", {"timeout": 5})
        assert answer["code"] == "200000"
        simulator.advance("4.9")
        assert len(simulator.open_orders()) == 1
        simulator.advance("0.1")
        assert simulator.open_orders() == []
        (order,) = simulator.orders()
        assert order.updated_at_ns == (START + 3605) * 10**9


def test_waiting_pushes_fall_due_in_market_time(make: Make) -> None:
    simulator = stepped(make, step_interval=3600, ticker_interval=0.1)
    with open_stream(simulator) as reader:
        reader.subscribe(f"/market/ticker:{SYMBOL}")
        simulator.counter_order(SYMBOL, "buy", "1", "50000")
        assert reader.arrived()[0]["data"]["bestBidSize"] == "1"
        simulator.counter_order(SYMBOL, "buy", "2", "50000")
        simulator.counter_order(SYMBOL, "buy", "3", "50000")
        simulator.advance("0.099")
        assert reader.arrived() == []
        simulator.advance("0.001")
        (frame,) = reader.arrived()
        assert frame["data"]["bestBidSize"] == "6"


def test_repeated_snapshots_come_ten_times_a_market_second(make: Make) -> None:
    simulator = stepped(make, step_interval=3600)
    with open_pro(simulator) as socket:
        assert socket.subscribe("obu", tradeType="SPOT", symbol=SYMBOL, depth="5")["result"] is True
        assert socket.receive()["t"] == "snapshot"
        simulator.advance(1)
        stamps = [socket.receive()["P"] for _ in range(10)]
        assert stamps == [START * 10**9 + tenth * 10**8 for tenth in range(1, 11)]
        assert socket.ask({"id": "1", "type": "ping"})["type"] == "pong"


def recorded(make: Make, seed: int) -> dict[str, Any]:
    """What one run of a market with an order of ours leaves behind, ids of ours left out."""
    simulator = stepped(make, market_maker=True, seed=seed, step_interval=0.5, ticker_interval=0.1)
    topics = (f"/market/level2:{SYMBOL}", f"/market/ticker:{SYMBOL}", f"/market/candles:{SYMBOL}_1min")
    with (
        open_stream(simulator) as reader,
        open_stream(simulator, host="/futures") as contracts,
        open_pro(simulator) as pro,
        open_stream(simulator, private=True) as private,
        open_orders_socket(simulator) as orders,
    ):
        reader.subscribe(*topics)
        contracts.subscribe("/contractMarket/level2:XBTUSDTM", "/contractMarket/execution:XBTUSDTM")
        private.subscribe("/spotMarket/tradeOrdersV2")
        assert pro.subscribe("obu", tradeType="SPOT", symbol=SYMBOL, depth="increment@10ms")["result"] is True
        simulator.advance(5)
        orders.order("mine", type="market", side="buy", price=None, size="0.5", timeInForce=None).receive()
        simulator.advance(10)
        pro.send({"id": "end", "type": "ping"})
        increments = []
        while (frame := pro.receive()).get("type") != "pong":
            increments.append(frame)
        return {
            "spot": reader.arrived(),
            "contracts": contracts.arrived(),
            "increments": increments,
            "private": [_without_wall_stamps(frame) for frame in private.arrived()],
            "trades": simulator.trades(),
        }


def _without_wall_stamps(frame: Any) -> Any:
    return {**frame, "data": {**frame["data"], "clientOid": None}}


def test_same_seed_and_same_calls_give_the_same_trades_and_frames(make: Make) -> None:
    first, second, other = recorded(make, 5), recorded(make, 5), recorded(make, 6)
    for name, frames in first.items():
        assert len(frames) > 2, name
        assert frames == second[name], name
    assert first["trades"] != other["trades"]


@pytest.mark.parametrize(("skew_ms", "left"), [(3_600_000, []), (-3_600_000, ["mine"])])
def test_skewed_clock_of_a_stepped_market_goes_on(make: Make, skew_ms: int, left: list[str]) -> None:
    """The fault moves both times at once, and what is due by then is done with the next step forward."""
    simulator = stepped(make, market_maker=True, step_interval=1)
    with open_orders_socket(simulator) as orders:
        orders.order("mine", timeInForce="GTT", cancelAfter=60)
        assert orders.receive()["code"] == "200000"
        simulator.clock_skew(skew_ms)
        assert simulator.market_time() == START + skew_ms // 1000
        simulator.advance(120)
        assert simulator.market_time() == START + 120 + skew_ms // 1000
        assert [order.client_oid for order in simulator.open_orders()] == left
        assert steps_of(simulator) == 121


def test_many_short_spans_are_one_long_one(make: Make) -> None:
    runs = []
    for spans in ([20], ["0.3"] * 60 + [2]):
        simulator = stepped(make, market_maker=True, seed=8, step_interval=0.7)
        with open_stream(simulator) as reader:
            reader.subscribe(
                f"/market/level2:{SYMBOL}", f"/spotMarket/level2Depth5:{SYMBOL}", f"/market/ticker:{SYMBOL}"
            )
            for span in spans:
                simulator.advance(span)
            runs.append((simulator.trades(), reader.arrived()))
    assert len(runs[0][1]) > 30
    assert runs[0] == runs[1]


def test_reader_that_is_slower_than_the_market_gets_everything(make: Make) -> None:
    """Market time would outrun any line: it waits for those that read."""
    simulator = stepped(make, market_maker=True, step_interval=0.1, max_output=64 * 1024)
    topics = (f"/market/level2:{SYMBOL}", f"/spotMarket/level2Depth50:{SYMBOL}", f"/market/snapshot:{SYMBOL}")

    def advance() -> None:
        simulator.advance(60)
        simulator.publish(topics[0], "the end", {})

    with open_stream(simulator, max_queue=16) as reader:
        reader.subscribe(*topics)
        advancing = threading.Thread(target=advance)
        advancing.start()
        covered: list[tuple[int, int]] = []
        while (frame := reader.next_of(topics[0]))["subject"] != "the end":
            covered.append((frame["data"]["sequenceStart"], frame["data"]["sequenceEnd"]))
        advancing.join(LONG)
    assert all(start == end + 1 for (_, end), (start, _) in itertools.pairwise(covered))
    assert covered[-1][1] == on_venue(simulator, lambda venue: venue.exchange.book(SYMBOL).sequence)


def test_reader_is_late_before_it_is_dropped(make: Make) -> None:
    simulator = stepped(make, max_output=400)
    with open_stream(simulator) as reader:
        reader.subscribe(f"/market/ticker:{SYMBOL}")

        def leave_unread(venue: Venue) -> list[bool]:
            (peer,) = venue.peers("v1")
            found = []
            for size in (100, 101, 400):
                peer._transport.get_write_buffer_size = lambda size=size: size  # type: ignore[method-assign,misc]
                found.append(venue.has_late_readers())
            peer.cut(reset=True)
            return [*found, venue.has_late_readers()]

        assert on_venue(simulator, leave_unread) == [False, True, True, False]


def test_reader_that_stands_still_does_not_stop_the_market(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for once, and then dropped as in any market."""
    monkeypatch.setattr("kucoin_sync.simulator.drive.PATIENCE", 0.05)
    simulator = stepped(make, market_maker=True, step_interval=0.1)
    asked: list[Decimal] = []

    def never_catches_up(venue: Venue) -> None:
        def has_late_readers() -> bool:
            asked.append(simulator.market_time())
            return True

        venue.has_late_readers = has_late_readers  # type: ignore[method-assign]

    on_venue(simulator, never_catches_up)
    simulator.advance(3)
    assert simulator.market_time() == START + 3
    assert asked[:3] == [START] * 3


def test_time_passes_between_stop_and_start_too(make: Make) -> None:
    simulator = stepped(make, market_maker=True, step_interval=1)
    simulator.stop()
    simulator.advance(3)
    assert steps_of(simulator) == 4
    simulator.start()
    assert (steps_of(simulator), simulator.market_time()) == (4, START + 3)
    simulator.advance(1)
    assert steps_of(simulator) == 5


def test_stop_ends_an_advance(make: Make) -> None:
    simulator = stepped(make, market_maker=True, step_interval=0.01)
    errors: list[BaseException] = []

    def advance() -> None:
        try:
            simulator.advance(10**7)
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=advance)
    thread.start()
    simulator.wait_for(lambda s: s.market_time() > START, LIMIT)
    simulator.stop()
    thread.join(LIMIT)
    assert [str(error) for error in errors] == ["the simulator was stopped"]


def test_advance_is_for_stepped_simulators_and_other_threads(make: Make) -> None:
    with pytest.raises(RuntimeError, match="stepped"):
        make().advance(1)
    simulator = stepped(make)
    for seconds in (-1, "soon"):
        with pytest.raises(ValueError, match=r"time|seconds"):
            simulator.advance(seconds)
    with pytest.raises(RuntimeError, match="own thread"):
        simulator.wait_for(lambda s: s.advance(1))
    simulator.advance(0)
    assert simulator.market_time() == START


def test_failing_step_does_not_stop_the_market(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    simulator = stepped(make, market_maker=True, step_interval=1)

    def fail() -> None:
        raise LookupError("on purpose")

    def break_engine(venue: Venue) -> None:
        venue.exchange.poll = fail  # type: ignore[method-assign]

    on_venue(simulator, break_engine)
    simulator.advance(5)
    assert simulator.market_time() == START + 5
    assert "on purpose" in caplog.text


# Clients at any speed.


@pytest.mark.parametrize("speed", ["stepped", 50, 0.5])
def test_orders_of_a_client_work_at_any_speed(make: Make, speed: Any) -> None:
    """Log-in, time stamps and expiry windows are the machine's time."""
    simulator = make(speed=speed, market_start=START, market_maker=True)
    simulator.wait_for(lambda s: s.ticker(SYMBOL).best_ask)
    with WebsocketAPIClient(**simulator.client_options()) as api:
        ack = api.submit_new_spot_order(symbol=SYMBOL, side="buy", type="market", size="0.01")
        resting = api.submit_new_spot_order(
            symbol=SYMBOL,
            side="buy",
            type="limit",
            price="30000",
            size="0.01",
            time_in_force="GTT",
            cancel_after=9999,
        )
        assert [order.client_oid for order in simulator.open_orders()] == [resting.client_oid]
        assert api.cancel_spot_order(symbol=SYMBOL, client_oid=resting.client_oid)
        assert simulator.truth(ack.client_oid).executed == 1
    filled = next(order for order in simulator.orders() if order.client_oid == ack.client_oid)
    assert filled.created_at_ns // 10**9 - START < 86400


@pytest.mark.parametrize("speed", ["stepped", 1000])
def test_lines_keep_the_machines_time(make: Make, speed: Any) -> None:
    clock = [START * 10**9]
    simulator = make(speed=speed, market_start=START - 10**6, clock=lambda: clock[0], limits="off")
    stamp = str(clock[0] // 10**6)
    assert get(simulator, "/api/v1/timestamp") == clock[0] // 10**6
    path = "/api/v3/market/orderbook/level2?symbol=BTC-USDT"
    for moved, code in ((4, "200000"), (6, "400002")):
        clock[0] = START * 10**9 + moved * 10**9
        headers = rest_headers(simulator, path, method="GET", timestamp=stamp)
        assert requests.get(simulator.url + path, headers=headers, timeout=LIMIT).json()["code"] == code
    simulator.clock_skew(60_000)
    assert get(simulator, "/api/v1/timestamp") == clock[0] // 10**6 + 60_000


def test_expiry_window_of_an_order_is_the_machines_time(make: Make) -> None:
    clock = [START * 10**9]
    simulator = make(speed="stepped", market_start=START + 10**6, clock=lambda: clock[0])

    def order(name: str) -> dict[str, Any]:
        stamp = {"clientTimestamp": START * 1000, "allowMaxTimeWindow": 1000}
        return {
            "symbol": SYMBOL,
            "side": "buy",
            "type": "limit",
            "price": "20000",
            "size": "0.01",
            "clientOid": name,
            **stamp,
        }

    clock[0] += 999 * 10**6
    assert call(simulator, "POST", "/api/v1/hf/orders", order("in-time"))["code"] == "200000"
    simulator.advance(60)
    assert call(simulator, "POST", "/api/v1/hf/orders", order("still"))["code"] == "200000"
    clock[0] += 2 * 10**6
    assert call(simulator, "POST", "/api/v1/hf/orders", order("late"))["code"] == "400002"


# Faster.


def test_minutes_close_in_a_moment_at_a_thousand_times_the_speed(make: Make) -> None:
    simulator = make(speed=1000, market_start=START, market_maker=True, seed=2)
    with open_stream(simulator) as reader:
        reader.subscribe(f"/market/candles:{SYMBOL}_1min")
        starts: list[int] = []
        while len(set(starts)) < 3:
            starts.append(int(reader.next_of(f"/market/candles:{SYMBOL}_1min")["data"]["candles"][0]))
    assert starts == sorted(starts)
    assert all(start % 60 == 0 for start in starts)
    rows = get(simulator, f"/api/v1/market/candles?symbol={SYMBOL}&type=1min")
    assert {str(start) for start in starts} <= {row[0] for row in rows}


def test_orders_expire_sooner_in_a_faster_market(make: Make) -> None:
    simulator = make(speed=1000, market_start=START)
    with open_orders_socket(simulator) as orders:
        orders.order("mine", timeInForce="GTT", cancelAfter=300)
        assert orders.receive()["code"] == "200000"
        (order,) = simulator.wait_for(lambda s: [o for o in s.orders() if not o.is_live], LIMIT)
    assert order.updated_at_ns - order.created_at_ns >= 300 * 10**9


def test_pushes_wait_in_market_time(make: Make) -> None:
    """An hour between two tickers is some milliseconds of a fast market."""
    simulator = make(speed=100_000, market_start=START, ticker_interval=3600.0)
    with open_stream(simulator) as reader:
        reader.subscribe(f"/market/ticker:{SYMBOL}")
        stamps = []
        for size in ("1", "2", "3"):
            simulator.counter_order(SYMBOL, "buy", size, "50000")
            stamps.append(reader.next_of(f"/market/ticker:{SYMBOL}")["data"]["time"])
    assert stamps == sorted(stamps)


@pytest.mark.parametrize("options", [{"speed": 0}, {"speed": -2}, {"speed": "fast"}, {"market_start": "soon"}])
def test_bad_times_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"speed|seconds"):
        Simulator(**options)
