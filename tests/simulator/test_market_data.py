"""Candles, rolling statistics, last trades and index prices: pure, against tables and a slow second reckoning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.simulator.market.candles import INTERVALS, Candle, period
from kucoin_sync.simulator.market.index_prices import MAX_MARKS, IndexPrices
from kucoin_sync.simulator.market.market_data import LAST_TRADES, WINDOWS, MarketData
from kucoin_sync.simulator.matching.events import Ticker, Trade
from kucoin_sync.simulator.matching.symbols import Symbol

NOON = int(datetime(2024, 2, 29, 12, tzinfo=timezone.utc).timestamp())
SECOND = 1_000_000_000


class Clock:
    """A clock one sets."""

    def __init__(self, second: float = NOON) -> None:
        self.second = second

    def __call__(self) -> int:
        return int(self.second * SECOND)


def trade(price: str, size: str = "1", *, at: float = NOON, symbol: str = "BTC-USDT", number: int = 1) -> Trade:
    fee = Decimal(0)
    time_ns = int(at * SECOND)
    return Trade(number, symbol, "buy", Decimal(price), Decimal(size), "m", "t", "a", "b", fee, fee, time_ns)


def market(clock: Callable[[], int] | None = None, **options: object) -> MarketData:
    return MarketData({"BTC-USDT": Decimal(100)}, clock or Clock(), **options)  # type: ignore[arg-type]


def date(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


@pytest.mark.parametrize(
    ("interval", "moment", "start", "end"),
    [
        ("1min", "2024-02-29 12:34:56", "2024-02-29 12:34:00", "2024-02-29 12:35:00"),
        ("3min", "2024-02-29 12:34:56", "2024-02-29 12:33:00", "2024-02-29 12:36:00"),
        ("5min", "2024-02-29 12:34:59", "2024-02-29 12:30:00", "2024-02-29 12:35:00"),
        ("15min", "2024-02-29 12:30:00", "2024-02-29 12:30:00", "2024-02-29 12:45:00"),
        ("30min", "2024-02-29 12:29:59", "2024-02-29 12:00:00", "2024-02-29 12:30:00"),
        ("1hour", "2024-02-29 12:34:56", "2024-02-29 12:00:00", "2024-02-29 13:00:00"),
        ("2hour", "2024-02-29 13:34:56", "2024-02-29 12:00:00", "2024-02-29 14:00:00"),
        ("4hour", "2024-02-29 15:34:56", "2024-02-29 12:00:00", "2024-02-29 16:00:00"),
        ("6hour", "2024-02-29 17:34:56", "2024-02-29 12:00:00", "2024-02-29 18:00:00"),
        ("8hour", "2024-02-29 12:34:56", "2024-02-29 08:00:00", "2024-02-29 16:00:00"),
        ("12hour", "2024-02-29 12:00:00", "2024-02-29 12:00:00", "2024-03-01 00:00:00"),
        ("1day", "2024-02-29 12:34:56", "2024-02-29 00:00:00", "2024-03-01 00:00:00"),
        ("1week", "2022-03-23 12:34:56", "2022-03-17 00:00:00", "2022-03-24 00:00:00"),
        ("1month", "2024-02-29 12:34:56", "2024-02-01 00:00:00", "2024-03-01 00:00:00"),
        ("1month", "2023-12-31 23:59:59", "2023-12-01 00:00:00", "2024-01-01 00:00:00"),
    ],
)
def test_period_of_a_moment(interval: str, moment: str, start: str, end: str) -> None:
    assert period(interval, date(moment)) == (date(start), date(end))


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_gets_every_trade(interval: str) -> None:
    data = market()
    for number, (price, size) in enumerate([("100", "2"), ("103", "1"), ("99", "0.5"), ("101", "4")]):
        data.record(trade(price, size, at=NOON + number))
    candle = data.candle("BTC-USDT", interval)
    assert candle is not None
    assert (candle.start, candle.end) == period(interval, NOON)
    assert candle == Candle(
        candle.start,
        candle.end,
        open=Decimal(100),
        close=Decimal(101),
        high=Decimal(103),
        low=Decimal(99),
        volume=Decimal("7.5"),
        turnover=Decimal("756.5"),
        trades=4,
    )


def test_first_trade_of_a_period_opens_a_candle_and_empty_periods_have_none() -> None:
    data = market()
    for at, price in ((0, "100"), (59.9, "101"), (60, "102"), (300, "103")):
        data.record(trade(price, at=NOON + at))
    candles = data.candles("BTC-USDT", "1min")
    assert [(c.start - NOON, c.open, c.close, c.trades) for c in candles] == [
        (0, 100, 101, 2),
        (60, 102, 102, 1),
        (300, 103, 103, 1),
    ]
    assert candles[-1] == data.candle("BTC-USDT", "1min")


@pytest.mark.parametrize(
    ("arguments", "minutes"),
    [
        ({}, [0, 1, 2, 3]),
        ({"start": NOON + 60}, [1, 2, 3]),
        ({"start": NOON + 61}, [2, 3]),
        ({"end": NOON + 120}, [0, 1]),
        ({"start": NOON + 60, "end": NOON + 180}, [1, 2]),
        ({"limit": 2}, [2, 3]),
        ({"end": NOON + 180, "limit": 2}, [1, 2]),
        ({"start": NOON + 300}, []),
    ],
)
def test_candles_are_chosen_by_their_start(arguments: dict[str, int], minutes: list[int]) -> None:
    data = market()
    for minute in range(4):
        data.record(trade("100", at=NOON + 60 * minute))
    assert [(c.start - NOON) // 60 for c in data.candles("BTC-USDT", "1min", **arguments)] == minutes


def test_history_is_bounded() -> None:
    data = market(history=3)
    for minute in range(LAST_TRADES + 10):
        data.record(trade("100", at=NOON + 60 * minute, number=minute))
    assert [(c.start - NOON) // 60 for c in data.candles("BTC-USDT", "1min")] == [107, 108, 109]
    assert [t.trade_id for t in data.trades("BTC-USDT")] == list(range(10, LAST_TRADES + 10))


def test_clock_set_back_leaves_old_candles_alone() -> None:
    data = market()
    for at, price in ((0, "100"), (60, "101"), (30, "90")):
        data.record(trade(price, at=NOON + at))
    assert [(c.start - NOON, c.low, c.trades) for c in data.candles("BTC-USDT", "1min")] == [(0, 100, 1), (60, 90, 2)]


def test_before_the_first_trade_the_initial_price_holds() -> None:
    data = market()
    assert (data.candle("BTC-USDT", "1min"), data.candles("BTC-USDT", "1min"), data.trades("BTC-USDT")) == (
        None,
        [],
        [],
    )
    assert data.last_trade("BTC-USDT") is None
    assert data.last_price("BTC-USDT") == 100
    stats = data.statistics("BTC-USDT")
    assert (stats.open, stats.close, stats.high, stats.low, stats.volume, stats.turnover) == (100, 100, 100, 100, 0, 0)
    assert (stats.change_price, stats.change_rate, stats.average_price) == (0, 0, 100)


def test_symbols_are_apart_and_unknown_ones_ignored() -> None:
    data = MarketData({"BTC-USDT": Decimal(100), "ETH-USDT": Decimal(10)}, Clock())
    data.record(trade("101"))
    data.record(trade("7", symbol="XBTUSDTM"))
    assert data.last_price("BTC-USDT") == 101
    assert data.last_price("ETH-USDT") == 10
    assert data.candles("ETH-USDT", "1min") == []
    assert data.candles("XBTUSDTM", "1min") == []


def test_windows_take_in_and_let_go_of_trades() -> None:
    clock = Clock()
    data = market(clock)
    for hour, price, size in ((0, "110", "1"), (2, "90", "2"), (5, "120", "4")):
        clock.second = NOON + 3600 * hour
        data.record(trade(price, size, at=clock.second))
    day, four, one = (data.statistics("BTC-USDT", hours) for hours in (24, 4, 1))
    assert (day.open, day.close, day.high, day.low, day.volume, day.turnover) == (100, 120, 120, 90, 7, 770)
    assert (four.open, four.close, four.high, four.low, four.volume) == (110, 120, 120, 90, 6)
    assert (one.open, one.close, one.high, one.low, one.volume) == (90, 120, 120, 120, 4)
    clock.second = NOON + 3600 * 40
    still = data.statistics("BTC-USDT")
    assert (still.open, still.close, still.high, still.low, still.volume, still.turnover) == (120, 120, 120, 120, 0, 0)
    assert (still.change_price, still.average_price) == (0, 120)


@pytest.mark.parametrize(
    ("last", "change", "rate"),
    [("100.47", "0.47", "0.0047"), ("99.995", "-0.005", "0"), ("88.86", "-11.14", "-0.1114"), ("100", "0", "0")],
)
def test_change_is_from_the_price_when_the_window_began(last: str, change: str, rate: str) -> None:
    data = market()
    data.record(trade(last))
    stats = data.statistics("BTC-USDT")
    assert (stats.change_price, stats.change_rate) == (Decimal(change), Decimal(rate))


def test_average_price_is_weighted_and_rounded() -> None:
    data = market()
    data.record(trade("100", "1"))
    data.record(trade("101", "2"))
    assert data.statistics("BTC-USDT").average_price == Decimal("100.66666667")


def test_contracts_are_worth_what_their_multiplier_says() -> None:
    """A candle counts contracts, a window coins, and the turnover is in the quote currency in both."""
    multiplier = Decimal("0.001")
    data = market(turnover_of=lambda t: t.price * t.size * multiplier, base_of=lambda t: t.size * multiplier)
    data.record(trade("90000", "21"))
    candle, stats = data.candle("BTC-USDT", "1min"), data.statistics("BTC-USDT")
    assert candle is not None
    assert (candle.volume, candle.turnover) == (21, 1890)
    assert (stats.volume, stats.turnover) == (Decimal("0.021"), 1890)


def test_clock_that_ran_ahead_and_was_set_back_keeps_the_sums_right() -> None:
    clock = Clock()
    data = market(clock)
    data.record(trade("100", "3"))
    clock.second = NOON + 100 * 3600
    assert data.statistics("BTC-USDT").volume == 0
    clock.second = NOON + 1
    data.record(trade("101", "2", at=NOON + 1))
    assert data.statistics("BTC-USDT").volume == 5
    clock.second = NOON + 100 * 3600
    assert data.statistics("BTC-USDT").volume == 0


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5 * 3600),  # seconds until this trade
        st.decimals("0.01", "1000", places=2),
        st.decimals("0.00000001", "1000", places=8),
    ),
    min_size=1,
    max_size=40,
)


@given(STEPS, st.integers(0, 30 * 3600))
def test_rolling_sums_equal_a_second_reckoning(steps: list[tuple[int, Decimal, Decimal]], rest: int) -> None:
    clock = Clock()
    data = market(clock)
    trades: list[Trade] = []
    for wait, price, size in steps:
        clock.second += wait
        trades.append(trade(str(price), str(size), at=clock.second))
        data.record(trades[-1])
        data.statistics("BTC-USDT", 1)
    clock.second += rest
    for hours, length in WINDOWS.items():
        inside = [t for t in trades if t.time_ns // SECOND // 60 * 60 + 60 > clock.second - length]
        before = trades[: len(trades) - len(inside)]
        stats = data.statistics("BTC-USDT", hours)
        last = trades[-1].price
        assert stats.volume == sum(t.size for t in inside)
        assert stats.turnover == sum(t.size * t.price for t in inside)
        assert stats.high == max((t.price for t in inside), default=last)
        assert stats.low == min((t.price for t in inside), default=last)
        assert (stats.open, stats.close) == (before[-1].price if before else 100, last)


@given(STEPS)
def test_candles_of_all_intervals_hold_the_same_trades(steps: list[tuple[int, Decimal, Decimal]]) -> None:
    data = market()
    at = NOON
    for wait, price, size in steps:
        at += wait
        data.record(trade(str(price), str(size), at=at))
    for interval in INTERVALS:
        candles = data.candles("BTC-USDT", interval)
        assert sum(c.trades for c in candles) == len(steps)
        assert sum(c.volume for c in candles) == sum(size for _, _, size in steps)
        assert max(c.high for c in candles) == max(price for _, price, _ in steps)
        assert all(c.low <= min(c.open, c.close) <= max(c.open, c.close) <= c.high for c in candles)
        assert [c.start for c in candles] == sorted({c.start for c in candles})


# Index prices.

SYMBOLS = tuple(
    Symbol(f"{base}-{quote}", base, quote, price_increment=Decimal("0.1"))
    for base, quote in (("BTC", "USDT"), ("ETH", "USDT"), ("KCS", "BTC"), ("BTC", "USDC"))
)


class Books:
    """Best prices one sets."""

    def __init__(self) -> None:
        self.prices = {
            "BTC-USDT": (Decimal(40000), Decimal(40002)),
            "ETH-USDT": (Decimal(2000), Decimal("2000.1")),
            "KCS-BTC": (Decimal("0.0002"), Decimal(0)),
            "BTC-USDC": (Decimal(40001), Decimal(40003)),
        }

    def ticker(self, name: str) -> Ticker:
        bid, ask = self.prices[name]
        return Ticker(name, Decimal("0.00021"), Decimal(1), bid, Decimal(1), ask, Decimal(1), 0)


@pytest.mark.parametrize(
    ("pair", "price"),
    [
        ("BTC-USDT", "40001"),
        ("USDT-BTC", "0.000024999375016"),
        ("ETH-BTC", "0.050000000000000"),
        ("BTC-ETH", "20.000000000000000"),
        ("KCS-BTC", "0.00021"),  # one side is empty: the last price
        ("KCS-USDT", "8.40021"),
        ("USDT-USDC", "1.000024999375016"),
        ("ETH-XXX", None),
        ("ETH", None),
        ("", None),
        ("A-B-C", None),
    ],
)
def test_index_is_the_middle_of_books(pair: str, price: str | None) -> None:
    index = IndexPrices(SYMBOLS, Books().ticker, Clock()).index(pair)
    assert index == (None if price is None else Decimal(price))


def test_mark_price_follows_the_index_slowly() -> None:
    clock, books = Clock(), Books()
    prices = IndexPrices(SYMBOLS, books.ticker, clock)
    assert prices.mark("BTC-USDT") == prices.index("BTC-USDT") == 40001
    books.prices["BTC-USDT"] = (Decimal(40010), Decimal(40012))
    assert prices.mark("BTC-USDT") == 40001
    clock.second += 5
    assert prices.mark("BTC-USDT") == 40006
    assert prices.index("BTC-USDT") == 40011
    clock.second += 10**9
    assert abs(prices.mark("BTC-USDT") - 40011) < Decimal("0.001")  # type: ignore[operator]
    clock.second -= 10**9
    assert prices.mark("BTC-USDT") is not None
    assert prices.mark("ETH-XXX") is None


def test_marks_that_are_kept_are_bounded() -> None:
    symbols = [Symbol(f"A{n}-USDT", f"A{n}", "USDT", price_increment=Decimal(1)) for n in range(120)]
    ticker = Ticker("", Decimal(1), Decimal(1), Decimal(1), Decimal(1), Decimal(1), Decimal(1), 0)
    prices = IndexPrices(symbols, lambda name: ticker, Clock())
    for first in range(120):
        for second in range(120):
            prices.mark(f"A{first}-A{second}")
    assert len(prices._marks) == MAX_MARKS
