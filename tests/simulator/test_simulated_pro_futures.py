"""What the Pro streams tell of contracts: markets, prices, funding, orders, positions, wallets, risks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.pro.account_rows import risk_ratio
from kucoin_sync.simulator.venue import COUNTERPARTY, Venue
from tests.kucoin.samples import Sample, parameters
from tests.simulator.clients import ProSocket, on_venue, open_pro, unified_book

Make = Callable[..., Simulator]
SYMBOL = "XBTUSDTM"
SECOND = 1_000_000_000

_numbers = itertools.count(1)


class Clock:
    """The server's time, moved by hand."""

    def __init__(self) -> None:
        # The middle of a minute of UTC, so that a few seconds more stay inside it.
        self.now_ns = time.time_ns() // (60 * SECOND) * 60 * SECOND + 30 * SECOND

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(make: Make, clock: Clock) -> Simulator:
    """Prices stand at 60000 and time stands still."""
    simulator = make(clock=clock)
    mark(simulator, "60000")
    on_venue(simulator, lambda venue: venue.futures.deposit(simulator.api_key, "USDT", "1000"))
    return simulator


@pytest.fixture
def public(simulator: Simulator) -> Iterator[ProSocket]:
    with open_pro(simulator, "futures") as socket:
        yield socket


@pytest.fixture
def private(simulator: Simulator, clock: Clock) -> Iterator[ProSocket]:
    with open_pro(simulator, "private", now_ns=clock.now_ns) as socket:
        yield socket


def mark(simulator: Simulator, price: str) -> None:
    on_venue(simulator, lambda venue: venue.futures.set_index_price(SYMBOL, price))


def place(simulator: Simulator, side: str, price: str | None, size: int, account: str = "", **more: Any) -> str:
    """Place an order of the counterparty, or of ``account``; return its id."""
    args: dict[str, Any] = {"symbol": SYMBOL, "side": side, "size": size, "clientOid": f"t{next(_numbers)}"}
    args.update({"type": "market"} if price is None else {"type": "limit", "price": price})
    who = account or COUNTERPARTY
    return on_venue(simulator, lambda venue: venue.futures.place(who, {**args, **more}).order_id)


def ours(simulator: Simulator, side: str, price: str | None, size: int, **more: Any) -> str:
    return place(simulator, side, price, size, simulator.api_key, **more)


def buy_in(simulator: Simulator, size: int = 10, **more: Any) -> None:
    """Let the account buy contracts at 60000."""
    place(simulator, "sell", "60000", size)
    ours(simulator, "buy", "60000", size, **more)


def subscribe(socket: ProSocket, channel: str, **parameters: Any) -> None:
    assert socket.subscribe(channel, **parameters) == {"id": "s", "result": True}


def receive(socket: ProSocket, topic: str) -> Any:
    frame = socket.receive()
    assert frame["T"] == topic, frame
    return frame["d"]


# Markets.


def test_trades_and_tickers_of_a_contract(simulator: Simulator, clock: Clock, public: ProSocket) -> None:
    subscribe(public, "trade", tradeType="FUTURES", symbol=SYMBOL)
    subscribe(public, "ticker", tradeType="FUTURES", symbol=SYMBOL)
    place(simulator, "sell", "60000", 5)
    place(simulator, "buy", "60000", 2)
    row = receive(public, "trade.FUTURES")
    assert row == {
        "s": SYMBOL,
        "E": 1,
        "ti": "1",
        "p": "60000",
        "q": "2",
        "S": "buy",
        "M": clock.now_ns,
        "rpi": False,
    }
    row = receive(public, "ticker.FUTURES")
    assert [row[key] for key in ("a", "A", "b", "B", "l", "q", "S")] == ["60000", "3", "0", "0", "60000", "2", "buy"]


def test_increments_rebuild_the_book_of_a_contract(simulator: Simulator, public: ProSocket) -> None:
    place(simulator, "sell", "60010", 5)
    subscribe(public, "obu", tradeType="FUTURES", symbol=SYMBOL, depth="increment@10ms")
    snapshot = receive(public, "obu.FUTURES")
    asks = dict(snapshot["a"])
    place(simulator, "sell", "60020", 7)
    place(simulator, "buy", "60010", 2)
    sequence = snapshot["C"]
    book = on_venue(simulator, lambda venue: venue.futures.book(SYMBOL))
    while sequence < book.sequence:
        delta = receive(public, "obu.FUTURES")
        assert delta["O"] == sequence + 1
        sequence = delta["C"]
        asks |= dict(delta["a"])
    assert asks == {"60010": "3", "60020": "7"}


def test_retail_orders_are_seen_with_the_filter_only(simulator: Simulator, public: ProSocket) -> None:
    place(simulator, "sell", "60010", 5)
    place(simulator, "sell", "60010", 3, timeInForce="RPI")
    place(simulator, "sell", "60005", 4, timeInForce="RPI")
    subscribe(public, "obu", tradeType="FUTURES", symbol=SYMBOL, depth="5", rpiFilter=0)
    assert receive(public, "obu.FUTURES")["a"] == [["60010", "5"]]
    with open_pro(simulator, "futures") as retail:
        subscribe(retail, "obu", tradeType="FUTURES", symbol=SYMBOL, depth="5", rpiFilter=1)
        frame = retail.receive()
        assert (frame["dp"], frame["d"]["a"]) == ("5", [["60005", "0", "4"], ["60010", "5", "3"]])
        subscribe(retail, "trade", tradeType="FUTURES", symbol=SYMBOL)
        place(simulator, "buy", "60010", 4)
        frame = retail.receive()
        while frame["T"] != "trade.FUTURES":
            frame = retail.receive()
        assert (frame["d"]["p"], frame["d"]["rpi"]) == ("60005", True)


def test_candle_of_six_hours_is_silent_on_futures(simulator: Simulator, clock: Clock, public: ProSocket) -> None:
    subscribe(public, "kline", tradeType="FUTURES", symbol=SYMBOL, interval="6hour")
    subscribe(public, "kline", tradeType="FUTURES", symbol=SYMBOL, interval="1min")
    place(simulator, "sell", "60000", 5)
    place(simulator, "buy", "60000", 5)
    clock.now_ns += SECOND
    row = receive(public, "kline.FUTURES")
    assert [row[key] for key in ("i", "o", "v", "a", "S")] == ["1min", "60000", "5", "300", True]


def test_mark_price_is_told_when_it_is_calculated(simulator: Simulator, clock: Clock, public: ProSocket) -> None:
    subscribe(public, "mark-price", symbol=SYMBOL)
    mark(simulator, "61000")
    row = receive(public, "mark-price")
    assert row == {"s": SYMBOL, "mp": "61000", "ip": "61000", "oi": "0", "ts": clock.now_ns // 1_000_000}


def test_funding_is_told_by_the_minute(simulator: Simulator, clock: Clock, public: ProSocket) -> None:
    subscribe(public, "funding-fee", symbols=[SYMBOL, "ETHUSDTM"])
    subscribe(public, "funding-fee-all-symbols")
    clock.now_ns += 60 * SECOND
    rows = {}
    for _ in range(2):
        row = receive(public, "funding-fee")
        rows[row["s"]] = row
    everything = receive(public, "funding-fee-all-symbols")
    assert [row for row in everything if row["s"] in rows] == list(rows.values())
    assert len(everything) == len(on_venue(simulator, lambda venue: venue.futures.contracts))
    row = rows[SYMBOL]
    assert set(row) == {"s", "fr", "ft", "lfr", "nt", "gl", "fc", "ff"}
    assert row["nt"] - row["ft"] == row["gl"] == 8 * 3600 * 1000
    assert (row["fc"], row["ff"]) == ("0.003", "-0.003")


def test_unified_book_call_serves_contracts(simulator: Simulator, clock: Clock) -> None:
    place(simulator, "sell", "60010", 5)
    data = unified_book(simulator, "FUTURES", SYMBOL, now_ns=clock.now_ns)["data"]
    assert (data["symbol"], data["asks"], data["bids"]) == (SYMBOL, [["60010", "5"]], [])


# Orders and fills.


def test_life_of_a_futures_order(simulator: Simulator, private: ProSocket) -> None:
    subscribe(private, "orderAll", tradeType="UNIFIED")
    place(simulator, "sell", "60000", 4)
    order_id = ours(simulator, "buy", "60000", 10, leverage=5)
    place(simulator, "sell", "60000", 6)
    rows = [receive(private, "orderAll.UNIFIED") for _ in range(3)]
    assert [(row["oi"], row["eT"], row["os"]) for row in rows] == [
        (order_id, "OPEN", 2),
        (order_id, "MATCH", 4),
        (order_id, "FILL", 3),
    ]
    assert [rows[0][key] for key in ("fS", "rS", "aP", "f")] == ["0", "10", "0", "0"]
    assert [rows[1][key] for key in ("fS", "rS", "lS", "ls", "lR", "aP")] == ["4", "6", "4", "60000", "TAKER", "60000"]
    assert [rows[2][key] for key in ("fS", "rS", "lS", "lR", "fC")] == ["10", "0", "6", "MAKER", "USDT"]


def test_stop_order_fires_under_its_own_id(simulator: Simulator, private: ProSocket) -> None:
    subscribe(private, "order", tradeType="UNIFIED", symbol=SYMBOL)
    order_id = ours(simulator, "buy", "60500", 1, stop="up", stopPrice="60400", stopPriceType="MP")
    mark(simulator, "60450")
    rows = [receive(private, "order.UNIFIED") for _ in range(3)]
    assert [(row["oi"], row["eT"], row["os"], row["toi"]) for row in rows] == [
        (order_id, "OPEN", 0, ""),
        (order_id, "TRIGGER", 1, ""),
        (order_id, "OPEN", 2, order_id),
    ]


def test_classic_futures_trade_type_gets_no_product(simulator: Simulator, private: ProSocket) -> None:
    subscribe(private, "orderAll", tradeType="FUTURES")
    subscribe(private, "orderAll", tradeType="SPOT")
    ours(simulator, "buy", "59000", 1)
    row = receive(private, "orderAll.FUTURES")
    assert "tT" not in row and row["qU"] == "UNIT"


def test_executions_tell_the_profit_of_what_they_close(simulator: Simulator, private: ProSocket) -> None:
    subscribe(private, "execution", tradeType="UNIFIED")
    subscribe(private, "execution.lite", tradeType="FUTURES")
    buy_in(simulator, 10)
    place(simulator, "buy", "60100", 10)
    order_id = ours(simulator, "sell", None, 10)
    opening, lite = receive(private, "execution.UNIFIED"), receive(private, "execution.lite.FUTURES")
    assert (opening["fP"], opening["fT"], opening["lR"], opening["fC"]) == ("", "NORMAL", "TAKER", "USDT")
    assert lite == {key: opening[key] for key in ("E", "S", "p", "q", "s", "lR", "oT", "oi", "ti")}
    closing = receive(private, "execution.UNIFIED")
    assert [closing[key] for key in ("oi", "S", "oT", "p", "q", "fP")] == [
        order_id,
        "SELL",
        "MARKET",
        "60100",
        "10",
        "1",
    ]


# Positions, wallets, leverage and risk.


def test_position_is_told_with_every_field(simulator: Simulator, clock: Clock, private: ProSocket) -> None:
    subscribe(private, "positionAll", tradeType="UNIFIED")
    subscribe(private, "position", tradeType="FUTURES", symbol=SYMBOL)
    buy_in(simulator, 10, leverage=10)
    row = receive(private, "positionAll.UNIFIED")
    assert receive(private, "position.FUTURES") == row
    assert row["pi"] and row["U"] == row["O"] == clock.now_ns
    assert [row[key] for key in ("s", "mM", "q", "eP", "mP", "pV")] == [
        SYMBOL,
        "ISOLATED",
        "10",
        "60000",
        "60000",
        "600",
    ]
    assert Decimal(row["lP"]) < Decimal(row["eP"]) and Decimal(row["bP"]) < Decimal(row["lP"])
    assert 0 < Decimal(row["r"]) < 1 and 0 < Decimal(row["mtM"]) < Decimal(row["pM"])
    assert set(row) == set("O U l q s bP eP iM lP mM mP pM pV pi mmr mtM rPL uPL r adl".split())  # noqa: SIM905
    mark(simulator, "60600")
    row = receive(private, "positionAll.UNIFIED")
    assert (row["mP"], row["uPL"]) == ("60600", "6")


def test_wallets_are_told_alone_and_together(simulator: Simulator, private: ProSocket) -> None:
    before = on_venue(simulator, lambda venue: venue.futures.wallet(simulator.api_key, "USDT")).wallet_balance
    subscribe(private, "balance", accountType="FUTURES")
    subscribe(private, "balance", accountType="UNIFIED")
    on_venue(simulator, lambda venue: venue.futures.deposit(simulator.api_key, "USDT", "500"))
    unified, futures = receive(private, "balance.UNIFIED"), receive(private, "balance.FUTURES")
    assert (futures["c"], Decimal(futures["b"]), futures["tCM"]) == ("USDT", before + 500, futures["b"])
    spot = simulator.balances()["USDT"].total
    assert Decimal(unified["b"]) == Decimal(unified["a"]) == before + 500 + spot
    simulator.deposit("USDT", "1")
    assert Decimal(receive(private, "balance.UNIFIED")["e"]) == before + 501 + spot


def test_leverage_is_told_when_it_is_chosen(simulator: Simulator, private: ProSocket) -> None:
    subscribe(private, "leverage", tradeType="UNIFIED")
    on_venue(simulator, lambda venue: venue.futures.settings.set_cross_leverage(simulator.api_key, SYMBOL, 7))
    assert receive(private, "leverage.UNIFIED") == {"s": SYMBOL, "l": "7", "mM": "CROSS", "tT": "FUTURES"}


def test_liquidation_warnings_come_by_kind(simulator: Simulator, private: ProSocket) -> None:
    """A falling price eats up the margin of a cross position: each kind is sent once, as time stands still."""
    subscribe(private, "lw", tradeType="UNIFIED")
    sink(simulator, until=lambda venue: not venue.futures.positions(simulator.api_key))
    rows = [receive(private, "lw.UNIFIED") for _ in range(4)]
    assert [row["eT"] for row in rows] == ["MARGIN_CALL", "REDUCE_ONLY", "LIQUIDATION_WARNING", "FORCE_LIQUIDATION"]
    limits = ["0.8", "0.85", "0.9", "1"]
    for row, least, most in zip(rows, limits, [*limits[1:], "9"], strict=True):
        assert Decimal(least) <= Decimal(row["r"]) < Decimal(most)
        assert row["l"] == "0" and row["U"] > 0
    assert 0 < Decimal(rows[0]["mM"]) < Decimal(rows[0]["a"]) < Decimal(rows[0]["iM"])


def test_liquidation_warning_is_repeated_after_a_minute(simulator: Simulator, clock: Clock, private: ProSocket) -> None:
    subscribe(private, "lw", tradeType="FUTURES")
    sink(simulator, until=lambda venue: risk_ratio(venue.futures.wallet(simulator.api_key, "USDT")) >= Decimal("0.8"))
    first = receive(private, "lw.FUTURES")
    clock.now_ns += 60 * SECOND
    second = receive(private, "lw.FUTURES")
    assert (second["eT"], second["U"] - first["U"]) == ("MARGIN_CALL", 60 * SECOND)


def sink(simulator: Simulator, *, until: Callable[[Venue], bool]) -> None:
    """Give the account a cross position it can just afford, and let the price fall step by step."""
    account = simulator.api_key

    def cross(venue: Venue) -> None:
        venue.futures.settings.set_margin_mode(account, SYMBOL, "CROSS")
        venue.futures.settings.set_cross_leverage(account, SYMBOL, 10)
        balance = venue.futures.wallet(account, "USDT").wallet_balance
        venue.futures.withdraw(account, "USDT", balance - 1000)

    on_venue(simulator, cross)
    buy_in(simulator, 100, marginMode="CROSS")
    for price in range(50600, 49500, -2):
        mark(simulator, str(price))
        if on_venue(simulator, until):
            return
    pytest.fail("the price fell, and nothing came of it")


# Keys.

PUBLIC = {
    "ticker.FUTURES": {"tradeType": "FUTURES", "symbol": SYMBOL},
    "trade.FUTURES": {"tradeType": "FUTURES", "symbol": SYMBOL},
    "kline.FUTURES": {"tradeType": "FUTURES", "symbol": SYMBOL, "interval": "1min"},
    "mark-price": {"symbol": SYMBOL},
    "funding-fee": {"symbol": SYMBOL},
    "obu.FUTURES": {"tradeType": "FUTURES", "symbol": SYMBOL},
}


@pytest.mark.parametrize("sample", parameters("messages.jsonl", topic=tuple(PUBLIC)))
def test_public_frames_have_the_keys_of_the_captured_ones(
    simulator: Simulator, clock: Clock, public: ProSocket, sample: Sample
) -> None:
    real = sample.frame
    wanted = dict(PUBLIC[real["T"]])
    if "dp" in real:
        wanted["depth"] = real["dp"]
        if len(real["d"]["b"][0]) == 3:
            wanted["rpiFilter"] = 1
    place(simulator, "sell", "60000", 9)
    place(simulator, "buy", "59990", 9)
    subscribe(public, real["T"].removesuffix(".FUTURES"), **wanted)
    place(simulator, "buy", "60000", 2)
    mark(simulator, "60001")
    clock.now_ns += 60 * SECOND
    frame = public.receive()
    while frame.get("t") != real.get("t"):
        frame = public.receive()
    assert set(frame) == set(real) and set(frame["d"]) == set(real["d"])
    assert {key: type(value) for key, value in frame["d"].items()} == {k: type(v) for k, v in real["d"].items()}
    for side in "ab" if "dp" in real else "":
        assert all(len(level) == len(real["d"]["b"][0]) for level in frame["d"][side])


PRIVATE = {
    "balance.FUTURES": {"accountType": "FUTURES"},
    "balance.UNIFIED": {"accountType": "UNIFIED"},
    "execution.UNIFIED": {"tradeType": "UNIFIED"},
    "order.UNIFIED": {"tradeType": "UNIFIED", "symbol": SYMBOL},
    "orderAll.UNIFIED": {"tradeType": "UNIFIED"},
    "positionAll.UNIFIED": {"tradeType": "UNIFIED"},
    "positionAll.FUTURES": {"tradeType": "FUTURES"},
}
#: Documented keys that the captured frames lack.
MORE = {"mM", "pS", "pOP", "lOP", "bT", "pM", "r", "adl", "tT"}


@pytest.mark.parametrize("sample", parameters("messages.jsonl", topic=tuple(PRIVATE)))
def test_private_frames_have_the_keys_of_the_captured_ones(
    simulator: Simulator, private: ProSocket, sample: Sample
) -> None:
    real = sample.frame
    subscribe(private, real["T"].rpartition(".")[0], **PRIVATE[real["T"]])
    buy_in(simulator)
    row = receive(private, real["T"])
    assert set(real["d"]) <= set(row) and set(row) - set(real["d"]) <= MORE
    numbers = {key for key, value in real["d"].items() if type(value) is not type(row[key])}
    assert numbers <= {"cS"}, "canceled sizes and collateral states are texts or numbers"
