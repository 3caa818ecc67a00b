"""Private Pro channels: orders, fills and balances of an account, in the words of the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Credentials, Simulator
from kucoin_sync.simulator.credentials import DEFAULT_CREDENTIALS
from tests.kucoin.samples import Sample, parameters
from tests.simulator.clients import ProSocket, Socket, open_orders_socket, open_pro

Make = Callable[..., Simulator]
SYMBOL = "BTC-USDT"
LIMIT_ORDER = {"symbol": SYMBOL, "side": "buy", "type": "limit", "price": "20000", "size": "0.01"}


@pytest.fixture
def private(simulator: Simulator) -> Iterator[ProSocket]:
    with open_pro(simulator, "private") as socket:
        yield socket


def subscribe(socket: ProSocket, channel: str, scope: str = "UNIFIED", **parameters: Any) -> None:
    name = "accountType" if channel == "balance" else "tradeType"
    assert socket.subscribe(channel, **{name: scope}, **parameters) == {"id": "s", "result": True}


def receive(socket: ProSocket, topic: str) -> Any:
    frame = socket.receive()
    assert frame["T"] == topic and abs(frame["P"] - time.time_ns()) < 10**10
    return frame["d"]


def events(socket: ProSocket, count: int) -> list[tuple[str, int]]:
    """Return event and status of the next order pushes."""
    rows = [socket.receive()["d"] for _ in range(count)]
    return [(row["eT"], row["os"]) for row in rows]


def place(orders: Socket, op: str = "spot.order", **args: Any) -> str:
    reply = orders.ask({"id": "o", "op": op, "args": args})
    assert reply["code"] == "200000", reply
    return str(reply["data"]["orderId"])


def expect_silence(socket: ProSocket) -> None:
    """Whatever the server sent before would arrive before this."""
    assert socket.ask({"id": "silence", "type": "ping"})["id"] == "silence"


# Orders.


def test_resting_order_is_told_with_every_field(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "orderAll")
    order_id = place(orders, **LIMIT_ORDER, clientOid="mine", stp="CN", postOnly=True)
    row = receive(private, "orderAll.UNIFIED")
    assert row.pop("O") == row.pop("U") > 10**18
    assert row == {
        "oi": order_id,
        "ci": "mine",
        "tT": "SPOT",
        "s": SYMBOL,
        "os": 2,
        "eT": "OPEN",
        "S": "BUY",
        "oT": "LIMIT",
        "oS": "USER",
        "p": "20000",
        "q": "0.01",
        "qU": "BASECCY",
        "fS": "0",
        "lS": "0",
        "ls": "0",
        "aP": "0",
        "lR": "",
        "ti": "",
        "f": "0",
        "fC": "USDT",
        "t": "0",
        "rS": "0.01",
        "cS": "0",
        "cR": "",
        "mM": "",
        "tD": "",
        "tP": "",
        "tPT": "",
        "toi": "",
        "pP": "",
        "pPT": "",
        "pOP": "",
        "lP": "",
        "lPT": "",
        "lOP": "",
        "stp": "CN",
        "rO": False,
        "pO": True,
        "tIF": "GTC",
        "bT": "",
    }
    place(orders, "spot.cancel", symbol=SYMBOL, orderId=order_id)
    row = receive(private, "orderAll.UNIFIED")
    assert [row[key] for key in ("oi", "eT", "os", "cS", "rS", "cR")] == [order_id, "CANCEL", 5, "0.01", "0", "USER"]


def test_fills_of_a_resting_order(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "orderAll")
    place(orders, **LIMIT_ORDER)
    private.receive()
    simulator.counter_order(SYMBOL, "sell", "0.004", "20000")
    row = receive(private, "orderAll.UNIFIED")
    assert [row[key] for key in ("eT", "os", "fS", "rS", "lS", "ls", "lR", "ti")] == [
        "MATCH",
        4,
        "0.004",
        "0.006",
        "0.004",
        "20000",
        "MAKER",
        "1",
    ]
    assert [row[key] for key in ("aP", "f", "cS")] == ["20000", "0.08", "0"]
    simulator.counter_order(SYMBOL, "sell", "0.006", "20000")
    row = receive(private, "orderAll.UNIFIED")
    assert [row[key] for key in ("eT", "os", "fS", "rS", "f")] == ["FILL", 3, "0.01", "0", "0.2"]
    expect_silence(private)


def test_average_price_of_several_fills(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "orderAll")
    simulator.counter_order(SYMBOL, "sell", "0.001", "20000")
    simulator.counter_order(SYMBOL, "sell", "0.002", "20001")
    place(orders, symbol=SYMBOL, side="buy", type="market", size="0.003")
    rows = [receive(private, "orderAll.UNIFIED") for _ in range(3)]
    assert [(row["eT"], row["os"], row["aP"]) for row in rows] == [
        ("OPEN", 2, "0"),
        ("MATCH", 4, "20000"),
        ("FILL", 3, "20000.6666666667"),
    ]
    assert rows[0]["p"] == "" and rows[0]["oT"] == "MARKET"


def test_market_order_by_funds_counts_in_the_quote_currency(
    simulator: Simulator, private: ProSocket, orders: Socket
) -> None:
    subscribe(private, "orderAll")
    simulator.counter_order(SYMBOL, "sell", "0.001", "20000")
    place(orders, symbol=SYMBOL, side="buy", type="market", funds="50")
    rows = [receive(private, "orderAll.UNIFIED") for _ in range(3)]
    assert [(row["eT"], row["os"]) for row in rows] == [("OPEN", 2), ("MATCH", 4), ("FILL", 3)]
    assert [rows[0][key] for key in ("q", "qU", "rS")] == ["50", "QUOTECCY", "50"]
    assert [rows[1][key] for key in ("fS", "rS", "lS")] == ["0.001", "30", "0.001"]
    assert rows[2]["lS"] == "0", "the last event repeats no fill"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timeInForce": "IOC"}, "IOC"),
        ({"timeInForce": "FOK"}, "FOK"),
        ({"postOnly": True, "price": "30000"}, "POST_ONLY"),
    ],
)
def test_cancel_reasons(
    simulator: Simulator, private: ProSocket, orders: Socket, changes: dict[str, Any], reason: str
) -> None:
    simulator.counter_order(SYMBOL, "sell", "0.001", "25000")
    subscribe(private, "orderAll")
    place(orders, **{**LIMIT_ORDER, **changes})
    rows = [receive(private, "orderAll.UNIFIED") for _ in range(2)]
    assert [(row["eT"], row["os"], row["cR"]) for row in rows] == [("OPEN", 2, ""), ("CANCEL", 5, reason)]


def test_partly_filled_then_cancelled(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "orderAll")
    order_id = place(orders, **LIMIT_ORDER)
    simulator.counter_order(SYMBOL, "sell", "0.004", "20000")
    place(orders, "spot.cancel", symbol=SYMBOL, orderId=order_id)
    assert events(private, 3) == [("OPEN", 2), ("MATCH", 4), ("CANCEL", 6)]


def test_order_channel_is_for_one_symbol(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "order", symbol="ETH-USDT")
    place(orders, **LIMIT_ORDER)
    expect_silence(private)
    place(orders, **{**LIMIT_ORDER, "symbol": "ETH-USDT", "price": "2000"})
    assert receive(private, "order.UNIFIED")["s"] == "ETH-USDT"


def test_classic_trade_type_gets_its_product_with_less_keys(
    simulator: Simulator, private: ProSocket, orders: Socket
) -> None:
    subscribe(private, "orderAll", "SPOT")
    subscribe(private, "orderAll", "FUTURES")
    subscribe(private, "orderAll", "MARGIN")
    place(orders, symbol=SYMBOL, side="buy", type="limit", price="20000", size="0.01")
    row = receive(private, "orderAll.SPOT")
    assert "tT" not in row and row["eT"] == "OPEN"
    expect_silence(private)


def test_only_the_owner_hears_of_an_order(make: Make) -> None:
    other = Credentials("simulator-other", "simulator-b", "simulator-c")
    simulator = make(credentials=(DEFAULT_CREDENTIALS, other))
    with (
        open_pro(simulator, "private") as ours,
        open_pro(simulator, "private", credentials=other) as theirs,
        open_orders_socket(simulator) as orders,
    ):
        subscribe(ours, "orderAll")
        subscribe(theirs, "orderAll")
        place(orders, **LIMIT_ORDER)
        assert receive(ours, "orderAll.UNIFIED")["eT"] == "OPEN"
        expect_silence(theirs)


# Fills.


def test_executions_of_both_roles(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "execution")
    order_id = place(orders, **LIMIT_ORDER, clientOid="maker")
    simulator.counter_order(SYMBOL, "sell", "0.01", "20000")
    row = receive(private, "execution.UNIFIED")
    assert abs(row.pop("E") - time.time_ns()) < 10**10
    assert row == {
        "oi": order_id,
        "ci": "maker",
        "s": SYMBOL,
        "S": "BUY",
        "oT": "LIMIT",
        "p": "20000",
        "q": "0.01",
        "ti": "1",
        "lR": "MAKER",
        "f": "0.2",
        "fC": "USDT",
        "fT": "NORMAL",
        "fP": "",
    }
    simulator.counter_order(SYMBOL, "buy", "0.01", "20000")
    place(orders, symbol=SYMBOL, side="sell", type="market", size="0.01")
    row = receive(private, "execution.UNIFIED")
    assert [row[key] for key in ("S", "oT", "lR", "ci", "ti")] == ["SELL", "MARKET", "TAKER", "", "2"]


def test_lite_executions_have_a_number_for_the_trade(simulator: Simulator, private: ProSocket, orders: Socket) -> None:
    subscribe(private, "execution.lite")
    order_id = place(orders, **LIMIT_ORDER)
    simulator.counter_order(SYMBOL, "sell", "0.01", "20000")
    row = receive(private, "execution.lite.UNIFIED")
    assert row.pop("E") > 10**18
    assert row == {
        "oi": order_id,
        "s": SYMBOL,
        "S": "BUY",
        "oT": "LIMIT",
        "p": "20000",
        "q": "0.01",
        "ti": 1,
        "lR": "MAKER",
    }


# Balances.


def test_balance_follows_what_orders_hold_and_trades_move(
    simulator: Simulator, private: ProSocket, orders: Socket
) -> None:
    subscribe(private, "balance")
    place(orders, **LIMIT_ORDER)
    row = receive(private, "balance.UNIFIED")
    assert abs(row.pop("U") - time.time_ns()) < 10**10
    balance = Decimal(row["b"])
    assert row == {
        "c": "USDT",
        "a": str(balance - Decimal("200.2")),
        "b": str(balance),
        "e": str(balance),
        "h": "200.2",
        "l": "0",
        "cS": "1",
    }
    simulator.counter_order(SYMBOL, "sell", "0.01", "20000")
    rows = {row["c"]: row for row in (receive(private, "balance.UNIFIED") for _ in range(2))}
    assert rows["BTC"]["a"] == "10.01"
    assert (rows["USDT"]["b"], rows["USDT"]["h"]) == (str(balance - Decimal("200.2")), "0")


def test_spot_balance_is_the_trade_wallet(simulator: Simulator, private: ProSocket) -> None:
    subscribe(private, "balance", "SPOT")
    subscribe(private, "balance", "FUNDING")
    simulator.deposit("BTC", "1")
    row = receive(private, "balance.SPOT")
    assert (row["c"], row["a"], row["b"], row["h"]) == ("BTC", "11", "11", "0")
    expect_silence(private)


# Keys.


SPOT_FRAMES = ("orderAll.SPOT", "execution.SPOT")


@pytest.mark.parametrize("sample", parameters("messages.jsonl", topic=SPOT_FRAMES))
def test_classic_frames_have_the_keys_of_the_captured_ones(
    simulator: Simulator, private: ProSocket, orders: Socket, sample: Sample
) -> None:
    channel, _, scope = sample.frame["T"].rpartition(".")
    simulator.counter_order(SYMBOL, "sell", "0.01", "20000")
    subscribe(private, channel, scope)
    place(orders, symbol=SYMBOL, side="buy", type="market", size="0.001")
    row = private.receive()["d"]
    assert set(row) == set(sample.frame["d"])
    assert {key: type(value) for key, value in row.items()} == {k: type(v) for k, v in sample.frame["d"].items()}
