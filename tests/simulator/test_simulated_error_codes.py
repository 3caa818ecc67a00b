"""One table of situations: what the spot and the margin market answer in each, over the order entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync.simulator import Limits, Simulator, Symbol
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.spot.refusals import MARGIN, SPOT, in_words_of, refused
from tests.simulator.clients import Socket, open_orders_socket

PAIRS = [
    Symbol("BTC-USDT", "BTC", "USDT", "0.1", initial_price="60000", price_limit_rate="0.1"),
    Symbol("SLOW-USDT", "SLOW", "USDT", "0.1", enabled=False),
    Symbol("ODD-USDT", "ODD", "USDT", "0.1", margin_enabled=False),
]
ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "60000", "size": "0.001", "clientOid": "new"}

#: Situation, operation, changes of the arguments, code on the spot and on the margin market.
TABLE: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("balance", "order", {"size": "1000"}, "200004", "126013"),
    ("bad parameter", "order", {"side": "BUY"}, "400100", "400100"),
    ("unknown symbol", "order", {"symbol": "NO-PE"}, "400100", "126004"),
    ("symbol not trading", "order", {"symbol": "SLOW-USDT"}, "600203", "126007"),
    ("duplicate client id", "order", {"clientOid": "live"}, "400100", "126044"),
    ("below minimum size", "order", {"size": "0.000001"}, "400100", "126003"),
    ("size off the step", "order", {"size": "0.001000001"}, "400100", "400100"),
    ("price off the step", "order", {"price": "60000.01"}, "400100", "400100"),
    ("price above the limit", "order", {"price": "66000.1"}, "400100", "126029"),
    ("price below the limit", "order", {"side": "sell", "price": "53999.9"}, "400100", "126030"),
    ("cancel of an unknown order", "cancel", {"clientOid": "nobody"}, "400100", "126043"),
    ("cancel without an id", "cancel", {"clientOid": ""}, "400100", "400100"),
    ("cancel on an unknown symbol", "cancel", {"symbol": "NO-PE"}, "400100", "126004"),
    ("args of another form", "order", {}, "400100", "400100"),
]


@pytest.fixture
def simulator(make: Callable[..., Simulator]) -> Simulator:
    simulator = make(symbols=PAIRS, balances={"USDT": "100000", "BTC": "1"})
    simulator.transfer("USDT", "1000", "trade", "margin")
    return simulator


@pytest.fixture
def orders(simulator: Simulator) -> Iterator[Socket]:
    with open_orders_socket(simulator) as socket:
        yield socket


@pytest.mark.parametrize("market", ["spot", "margin"])
@pytest.mark.parametrize(("situation", "op", "changes", "spot", "margin"), TABLE, ids=[row[0] for row in TABLE])
def test_code_of_a_situation(
    orders: Socket, situation: str, op: str, changes: dict[str, Any], spot: str, margin: str, market: str
) -> None:
    live = {"id": "0", "op": f"{market}.order", "args": {**ORDER, "clientOid": "live"}}
    assert orders.ask(live)["code"] == "200000"
    args: Any = {**ORDER, **changes} if changes else [ORDER]
    reply = orders.ask({"id": "1", "op": f"{market}.{op}", "args": args})
    assert reply["code"] == (spot if market == "spot" else margin)
    assert set(reply) == {"id", "op", "code", "msg", "inTime", "outTime", "userRateLimit"}


@pytest.mark.parametrize(("market", "code"), [("spot", "200003"), ("margin", "126011")])
def test_too_many_orders(make: Callable[..., Simulator], market: str, code: str) -> None:
    simulator = make(limits=Limits(open_orders_per_symbol=1), balances={"USDT": "100000"})
    simulator.transfer("USDT", "1000", "trade", "margin")
    with open_orders_socket(simulator) as orders:
        assert orders.ask({"id": "0", "op": f"{market}.order", "args": {**ORDER, "clientOid": "a"}})["code"] == "200000"
        assert orders.ask({"id": "1", "op": f"{market}.order", "args": ORDER})["code"] == code


def test_pair_that_is_not_traded_on_margin(orders: Socket) -> None:
    args = {**ORDER, "symbol": "ODD-USDT"}
    assert orders.ask({"id": "1", "op": "margin.order", "args": args})["code"] == "126004"


def test_refusal_names_its_situation_for_other_tables() -> None:
    refusal = refused("balance")
    assert (refusal.code, refusal.situation) == ("200004", "balance")
    assert in_words_of(MARGIN, refusal).code == "126013"
    assert in_words_of(MARGIN, refused("late")).code == SPOT["late"][0]
    untold = Refused("400100", "something else")
    assert in_words_of(MARGIN, untold) is untold
