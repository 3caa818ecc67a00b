"""Private topics of the classic spot stream: what is pushed when, to whom, and with which fields."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Credentials, Simulator
from kucoin_sync.simulator.agenda import Agenda
from kucoin_sync.simulator.private_pushes import PrivatePushes
from tests.kucoin.samples import MISSING, folder, frames
from tests.simulator.clients import Socket, on_venue, open_orders_socket, open_stream
from tests.simulator.samples import form

Make = Callable[..., Simulator]

ORDERS, ORDERS_V2, STOP_ORDERS = "/spotMarket/tradeOrders", "/spotMarket/tradeOrdersV2", "/spotMarket/advancedOrders"
BALANCE, POSITION, ISOLATED = "/account/balance", "/margin/position", "/margin/isolatedPosition:BTC-USDT"
LOAN = "/margin/loan:BTC"

PURSE = {"BTC": "10", "ETH": "100", "USDT": "1000000"}


class Clock:
    """A clock that stands until it is turned; it begins now, so that signatures made with another one are valid."""

    def __init__(self) -> None:
        self.now_ns = time.time_ns()

    def __call__(self) -> int:
        return self.now_ns

    def turn(self, seconds: int) -> None:
        self.now_ns += seconds * 10**9


@pytest.fixture
def simulator(make: Make) -> Simulator:
    """Nothing but a spot wallet is filled."""
    return make(balances=PURSE)


@pytest.fixture
def private(simulator: Simulator) -> Iterator[Socket]:
    with open_stream(simulator, private=True) as socket:
        yield socket


def place(simulator: Simulator, **changes: Any) -> Any:
    """Place an order of the first account past the wire."""
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01", **changes}
    return on_venue(simulator, lambda venue: venue.exchange.place(simulator.api_key, args))


def place_stop(simulator: Simulator, **changes: Any) -> Any:
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.01", **changes}
    return on_venue(simulator, lambda venue: venue.exchange.place_stop(simulator.api_key, args))


def data_of(frames: list[Any], topic: str) -> list[Any]:
    return [frame["data"] for frame in frames if frame["topic"] == topic]


def test_life_of_a_resting_order(simulator: Simulator, private: Socket) -> None:
    private.subscribe(ORDERS_V2)
    order = place(simulator, clientOid="x", size="0.03")
    simulator.counter_order("BTC-USDT", "sell", "0.01", "50000")
    simulator.counter_order("BTC-USDT", "sell", "0.02", "50000")
    pushes = private.arrived()
    assert {push["topic"] for push in pushes} == {ORDERS_V2}
    assert all(push["channelType"] == "private" and len(push["userId"]) == 24 for push in pushes)
    rows = [push["data"] for push in pushes]
    assert [(r["type"], r["status"]) for r in rows] == [
        ("received", "new"),
        ("open", "open"),
        ("match", "open"),
        ("match", "match"),
        ("filled", "done"),
    ]
    assert {(r["orderId"], r["clientOid"], r["symbol"], r["side"]) for r in rows} == {
        (order.order_id, "x", "BTC-USDT", "buy")
    }
    assert not {"size", "remainSize", "filledSize", "canceledSize"} & rows[0].keys()
    assert [(r["filledSize"], r["remainSize"]) for r in rows[1:]] == [
        ("0", "0.03"),
        ("0.01", "0.02"),
        ("0.03", "0"),
        ("0.03", "0"),
    ]
    fill = rows[2]
    assert (fill["liquidity"], fill["feeType"], fill["matchPrice"], fill["matchSize"]) == (
        "maker",
        "makerFee",
        "50000",
        "0.01",
    )
    assert rows[-1]["remainFunds"] == "0"
    assert [r["ts"] for r in rows] == sorted(r["ts"] for r in rows)


def test_older_topic_has_no_received_event(simulator: Simulator, private: Socket) -> None:
    private.subscribe(ORDERS)
    place(simulator)
    assert [row["type"] for row in data_of(private.arrived(), ORDERS)] == ["open"]


def test_taker_by_funds(simulator: Simulator, private: Socket) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.1", "50000")
    private.subscribe(ORDERS_V2)
    place(simulator, type="market", price=None, size=None, funds="1000.01")
    received, match, filled = data_of(private.arrived(), ORDERS_V2)
    assert received["originFunds"] == "1000.01" and "originSize" not in received and "price" not in received
    assert (match["type"], match["status"], match["liquidity"], match["matchSize"]) == (
        "match",
        "match",
        "taker",
        "0.0200002",
    )
    assert (filled["type"], filled["remainFunds"], filled["filledSize"]) == ("filled", "0", "0.0200002")


def test_remainder_that_is_cancelled(simulator: Simulator, private: Socket) -> None:
    simulator.counter_order("BTC-USDT", "sell", "0.01", "50000")
    private.subscribe(ORDERS_V2)
    place(simulator, size="0.03", timeInForce="IOC")
    rows = data_of(private.arrived(), ORDERS_V2)
    assert [row["type"] for row in rows] == ["received", "match", "canceled"]
    last = rows[-1]
    assert (last["filledSize"], last["canceledSize"], last["remainSize"], last["status"]) == (
        "0.01",
        "0.02",
        "0",
        "done",
    )


def test_partial_cancel_is_an_update(simulator: Simulator, private: Socket) -> None:
    order = place(simulator, size="0.03")
    private.subscribe(ORDERS_V2)
    args = {"symbol": "BTC-USDT", "orderId": order.order_id, "cancelSize": "0.01"}
    on_venue(simulator, lambda venue: venue.exchange.decrease(simulator.api_key, args))
    (row,) = data_of(private.arrived(), ORDERS_V2)
    names = ("type", "status", "oldSize", "size", "originSize", "remainSize", "canceledSize")
    assert [row[name] for name in names] == ["update", "open", "0.03", "0.02", "0.03", "0.02", "0.01"]


def test_modify_ends_one_order_and_begins_another(simulator: Simulator, private: Socket) -> None:
    with open_orders_socket(simulator) as orders:
        old = orders.order("x").receive()["data"]["orderId"]
        private.subscribe(ORDERS_V2)
        args = {"symbol": "BTC-USDT", "clientOid": "x", "newPrice": "21000"}
        new = orders.ask({"id": "1", "op": "spot.modify", "args": args})["data"]["newOrderId"]
    rows = [(row["type"], row["orderId"]) for row in data_of(private.arrived(), ORDERS_V2)]
    assert rows == [("canceled", old), ("received", new), ("open", new)]


def test_margin_orders_come_on_the_same_topic(simulator: Simulator, private: Socket) -> None:
    private.subscribe(ORDERS_V2)
    with open_orders_socket(simulator) as orders:
        args = {"symbol": "BTC-USDT", "side": "buy", "price": "20000", "size": "0.01", "clientOid": "m"}
        simulator.transfer("USDT", "1000", "trade", "margin")
        assert orders.ask({"id": "1", "op": "margin.order", "args": args})["code"] == "200000"
        cancel = {"symbol": "BTC-USDT", "clientOid": "m"}
        assert orders.ask({"id": "2", "op": "margin.cancel", "args": cancel})["data"] == {"clientOid": "m"}
    assert [row["type"] for row in data_of(private.arrived(), ORDERS_V2)] == ["received", "open", "canceled"]


def test_nobody_hears_of_anothers_orders(make: Make) -> None:
    first = Credentials("simulator-key", "simulator-secret", "simulator-passphrase")
    second = Credentials("simulator-two", "simulator-secret", "simulator-passphrase")
    simulator = make(credentials=[second, first])
    with open_stream(simulator, private=True) as other:
        other.subscribe(ORDERS_V2, BALANCE)
        args = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}
        on_venue(simulator, lambda venue: venue.exchange.place("simulator-key", args))
        assert other.arrived() == []


def test_balance_names_wallet_cause_and_context(simulator: Simulator, private: Socket) -> None:
    private.subscribe(BALANCE)
    order = place(simulator, size="0.02")
    simulator.counter_order("BTC-USDT", "sell", "0.02", "50000")
    simulator.transfer("USDT", "5", "trade", "margin")
    simulator.transfer("USDT", "5", "trade", "isolated:BTC-USDT")
    simulator.transfer("USDT", "5", "trade", "main")
    simulator.borrow("BTC", "0.00001")
    pushes = private.arrived()
    rows = [push["data"] for push in pushes]
    assert all(push["id"] == push["data"]["relationEventId"] for push in pushes)
    assert len({push["id"] for push in pushes}) == len(pushes)
    assert [(row["relationEvent"], row["currency"]) for row in rows] == [
        ("trade_hf.hold", "USDT"),
        ("trade_hf.setted", "USDT"),
        ("trade_hf.setted", "BTC"),
        ("trade_hf.transfer", "USDT"),
        ("margin.transfer", "USDT"),
        ("trade_hf.transfer", "USDT"),
        ("isolated_BTC-USDT.transfer", "USDT"),
        ("trade_hf.transfer", "USDT"),
        ("main.transfer", "USDT"),
        ("margin.other", "BTC"),
    ]
    hold = rows[0]
    assert hold["relationContext"] == {"symbol": "BTC-USDT", "orderId": order.order_id}
    assert (hold["availableChange"], hold["holdChange"], hold["hold"]) == ("-1001", "1001", "1001")
    assert Decimal(hold["total"]) == Decimal(hold["available"]) + Decimal(hold["hold"])
    assert set(rows[1]["relationContext"]) == {"symbol", "orderId", "tradeId"}
    assert rows[3]["relationContext"] == {}
    assert hold["accountId"] != rows[2]["accountId"]


def test_stop_orders_tell_when_they_fire(simulator: Simulator, private: Socket) -> None:
    private.subscribe(STOP_ORDERS)
    good, dear = place_stop(simulator, stopPrice="50000"), place_stop(simulator, stopPrice="50000", size="1000")
    gone = place_stop(simulator, stopPrice="10000")
    on_venue(simulator, lambda venue: venue.exchange.cancel_stop(simulator.api_key, gone))
    simulator.counter_order("BTC-USDT", "sell", "0.01", "49000")
    simulator.counter_order("BTC-USDT", "buy", "0.01", "49000")
    rows = data_of(private.arrived(), STOP_ORDERS)
    assert [(row["orderId"], row["type"]) for row in rows] == [
        (good.order_id, "open"),
        (dear.order_id, "open"),
        (gone.order_id, "open"),
        (gone.order_id, "cancel"),
        (good.order_id, "triggered"),
        (dear.order_id, "triggered"),
    ]
    assert (rows[4]["triggerSuccess"], "error" in rows[4]) == (True, False)
    assert (rows[5]["triggerSuccess"], rows[5]["error"]) == (False, "Balance insufficient!")
    assert (rows[0]["stop"], rows[0]["orderType"], rows[0]["tradeType"]) == ("loss", "stop", "TRADE")


def test_debt_ratio_is_told_every_four_seconds_while_there_is_a_debt(make: Make) -> None:
    clock = Clock()
    simulator = make(clock=clock, step_interval=60, balances=PURSE)
    simulator.deposit("USDT", "10000", wallet="margin")
    simulator.counter_order("BTC-USDT", "sell", "0.01", "60000")
    simulator.counter_order("BTC-USDT", "buy", "0.01", "60000")
    with open_stream(simulator, private=True) as private:
        private.subscribe(POSITION)

        def pushes_after(seconds: int) -> list[Any]:
            clock.turn(seconds)
            on_venue(simulator, lambda venue: venue.step())
            return private.arrived()

        assert pushes_after(0) == []
        simulator.borrow("USDT", "5000")
        (first,) = pushes_after(0)
        assert first["subject"] == "debt.ratio"
        data = first["data"]
        assert (data["debtRatio"], data["totalAsset"]) == (Decimal("0.3333"), Decimal("0.25"))
        assert (data["totalDebt"], data["debtList"]["USDT"]) == ("0.08333333", "5000")
        assert data["assetList"]["USDT"] == {"total": "15000", "available": "15000", "hold": "0"}
        assert pushes_after(3) == []
        (second,) = pushes_after(1)
        assert second["data"]["timestamp"] == data["timestamp"] + 4000
        simulator.repay("USDT")
        assert pushes_after(10) == []


def test_liquidation_of_the_cross_wallet(simulator: Simulator, private: Socket) -> None:
    private.subscribe(POSITION)
    simulator.transfer("USDT", "6000", "trade", "margin")
    simulator.counter_order("BTC-USDT", "sell", "0.49", "60000")
    args = {"symbol": "BTC-USDT", "side": "buy", "type": "market", "size": "0.49", "clientOid": "m", "autoBorrow": True}
    with open_orders_socket(simulator) as orders:
        reply = orders.ask({"id": "1", "op": "margin.order", "args": args})["data"]
    assert reply["borrowSize"] == "23429.4" and reply["loanApplyId"].startswith("SIML")
    simulator.counter_order("BTC-USDT", "buy", "1", "40000")
    simulator.counter_order("BTC-USDT", "sell", "0.01", "40000")
    kinds = [p["data"]["type"] for p in private.arrived() if p["subject"] == "position.status"]
    assert kinds == ["FROZEN_FL", "UNFROZEN_FL", "LIABILITY"]


def test_isolated_position_tells_its_debts(simulator: Simulator, private: Socket) -> None:
    private.subscribe(ISOLATED)
    simulator.transfer("USDT", "100", "trade", "isolated:BTC-USDT")
    simulator.borrow("USDT", "26", symbol="BTC-USDT")
    simulator.repay("USDT", symbol="BTC-USDT")
    rows = data_of(private.arrived(), ISOLATED)
    assert [(row["status"], row["statusBizType"]) for row in rows] == [
        ("CLEAR", "DEFAULT_CLEAR"),
        ("DEBT", "USER_BORROW"),
        ("CLEAR", "USER_REPAY"),
    ]
    assert rows[1]["accumulatedPrincipal"] == "100"
    assert rows[1]["changeAssets"] == {
        "BTC": {"total": "0", "hold": "0", "liabilityPrincipal": "0", "liabilityInterest": "0"},
        "USDT": {"total": "126", "hold": "0", "liabilityPrincipal": "26", "liabilityInterest": "0"},
    }


def test_lending_orders(simulator: Simulator, private: Socket) -> None:
    private.subscribe(LOAN)
    simulator.transfer("BTC", "3", "trade", "main")
    order = simulator.lend("BTC", "2", "0.0001", 7)
    simulator.house_borrow("BTC", "0.5", "0.0002", 7)
    simulator.cancel_lending(order.order_id)
    pushes = private.arrived()
    assert [push["subject"] for push in pushes] == ["order.open", "order.update", "order.done"]
    assert pushes[1]["data"]["lentSize"] == Decimal("0.5")
    assert pushes[2]["data"]["reason"] == "canceled"


# When events leave.


@pytest.mark.parametrize(("is_first", "order"), [(False, ["reply", "event"]), (True, ["event", "reply"])])
def test_events_leave_after_the_reply_or_before_it(is_first: bool, order: list[str]) -> None:
    """An operation and its reply are one callback of the loop; the agenda's turn is the next one."""
    sent: list[str] = []
    agenda = Agenda(lambda: 0)
    pushes = PrivatePushes(agenda)
    pushes.is_first = is_first
    pushes.put(lambda: sent.append("event"))
    sent.append("reply")
    agenda.run_soon()
    assert sent == order


@pytest.mark.parametrize("on", [True, False])
def test_events_arrive_whatever_their_turn_is(simulator: Simulator, private: Socket, on: bool) -> None:
    simulator.events_first(on=on)
    private.subscribe(ORDERS_V2)
    with open_orders_socket(simulator) as orders:
        assert orders.order("a").receive()["code"] == "200000"
    assert [row["type"] for row in data_of(private.arrived(), ORDERS_V2)] == ["received", "open"]


def test_events_can_be_held_while_replies_come(simulator: Simulator, private: Socket) -> None:
    private.subscribe(ORDERS_V2)
    simulator.hold_events()
    with open_orders_socket(simulator) as orders:
        assert orders.order("a").receive()["code"] == "200000"
        assert private.arrived() == []
        assert simulator.release_events() == 2
        assert [row["type"] for row in data_of(private.arrived(), ORDERS_V2)] == ["received", "open"]
        assert orders.order("b").receive()["code"] == "200000"
        assert len(private.arrived()) == 2


def test_swallowed_reply_leaves_the_event_as_evidence(simulator: Simulator, private: Socket) -> None:
    private.subscribe(ORDERS_V2)
    simulator.drop_ack(1, "spot.order")
    with open_orders_socket(simulator) as orders:
        orders.order("a")
        assert private.receive()["data"]["clientOid"] == "a"


# Fields of the real frames.


def _sample_pushes(simulator: Simulator, private: Socket) -> list[Any]:
    """Let everything happen once and return all pushes."""
    simulator.transfer("BTC", "3", "trade", "main")
    for wallet in ("margin", "isolated:BTC-USDT"):
        simulator.transfer("USDT", "1000", "trade", wallet)
    private.subscribe(ORDERS_V2, ORDERS, STOP_ORDERS, BALANCE, POSITION, ISOLATED, LOAN)
    order = place(simulator, clientOid="x", size="0.03")
    args = {"symbol": "BTC-USDT", "orderId": order.order_id, "cancelSize": "0.01"}
    on_venue(simulator, lambda venue: venue.exchange.decrease(simulator.api_key, args))
    simulator.counter_order("BTC-USDT", "sell", "0.02", "50000")
    canceled = place(simulator, clientOid="y")
    args = {"symbol": "BTC-USDT", "orderId": canceled.order_id}
    on_venue(simulator, lambda venue: venue.exchange.cancel(simulator.api_key, args))
    simulator.counter_order("BTC-USDT", "sell", "0.01", "50000")
    place(simulator, clientOid="z", type="market", price=None)
    for price in ("50000", "10000"):
        place_stop(simulator, stopPrice=price)
    simulator.borrow("USDT", "26", symbol="BTC-USDT")
    simulator.borrow("USDT", "26")
    simulator.lend("BTC", "2", "0.0001", 7)
    simulator.house_borrow("BTC", "0.5", "0.0002", 7)
    simulator.house_borrow("BTC", "1.5", "0.0002", 7)
    on_venue(simulator, lambda venue: venue.step())
    return private.arrived()


#: Keys that only newer frames have, or only those of some products.
_NEWER = {"userId", "id", "accountId", "canceledSize", "originSize", "remainFunds", "orderTime"}
#: Keys of old captures, with values that contradict each other, that new frames do not have.
_OLDER = {"canceledFunds", "originFunds"}


def test_pushes_have_the_fields_of_the_real_ones(make: Make) -> None:
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    simulator = make(step_interval=60, balances=PURSE)
    with open_stream(simulator, private=True) as private:
        ours = _sample_pushes(simulator, private)
    kinds: dict[tuple[str, str, str], list[Any]] = {}
    for push in ours:
        kinds.setdefault((push["topic"], push["subject"], push["data"].get("type", "")), []).append(push)
    compared = 0
    for sample in frames(data / "messages.jsonl"):
        if sample.row["ws_key"] != "spotPrivateV1" or sample.frame["subject"] == "position.status":
            continue
        real = sample.frame
        candidates = kinds[real["topic"], real["subject"], real["data"].get("type", "")]
        reals = form(real["data"])
        assert any(_fits(form(push["data"]), reals) for push in candidates), (real, candidates)
        assert all(set(real) - {"userId", "id"} <= set(push) for push in candidates)
        compared += 1
    assert compared >= 20


def _fits(ours: Any, reals: Any) -> bool:
    """Whether our payload has the real one's keys and kinds of values, give or take what depends on its age."""
    wallets = ("assetList", "debtList", "changeAssets", "relationContext")
    for key in reals.keys() - _OLDER:
        if key not in ours:
            return key in ("size",) and "originFunds" in ours
        if key not in wallets and ours[key] != reals[key]:
            return False
    more = {"feeType", "price", "originSize", "canceledSize", "remainFunds", "accountId", "triggerSuccess"}
    return ours.keys() - reals.keys() <= more
