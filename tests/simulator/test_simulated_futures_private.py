"""Private topics of the classic futures stream, over real connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Credentials, Simulator
from tests.simulator.clients import Socket, call, contract_order, on_venue, open_stream
from tests.simulator.samples import covers, form, sample_forms

Make = Callable[..., Simulator]

D = Decimal
XBT = "XBTUSDTM"
ORDERS, ORDER = "/contractMarket/tradeOrders", f"/contractMarket/tradeOrders:{XBT}"
STOPS = "/contractMarket/advancedOrders"
WALLET = "/contractAccount/wallet"
POSITIONS, POSITION = "/contract/positionAll", f"/contract/position:{XBT}"
MODE, LEVERAGE = "/contract/marginMode", "/contract/crossLeverage"

#: Keys that newer frames have and older ones have not, or the other way round.
OPTIONAL = {"id", "userId", "channelType", "clientOid", "positionSide", "orderType", "tradeType", "allCanceledSize"}
NEWER = OPTIONAL | {"maxWithdrawAmount", "tax", "dealComm", "fundingFee", "changeReason"}


@pytest.fixture
def exchange(make: Make) -> Simulator:
    simulator = make(limits="off")
    simulator.set_index_price(XBT, "60000")
    return simulator


def subscribe(socket: Socket, *topics: str) -> None:
    for topic in topics:
        frame = {"id": topic, "type": "subscribe", "topic": topic, "privateChannel": True, "response": True}
        assert socket.ask(frame) == {"id": topic, "type": "ack"}


@pytest.fixture
def reader(exchange: Simulator) -> Iterator[Socket]:
    with open_stream(exchange, private=True, host="/futures") as socket:
        yield socket


def order(simulator: Simulator, client_oid: str, side: str, price: str | None, size: int, **more: Any) -> str:
    """Place an order of the account under test; return its id."""
    args = {"clientOid": client_oid, "symbol": XBT, "side": side, "size": size, "leverage": 10, **more}
    args.update({"type": "market"} if price is None else {"type": "limit", "price": price})
    return on_venue(simulator, lambda venue: venue.futures.place(simulator.api_key, args)).order_id


def looks_real(frame: Any, path: str, subject: str, *, optional: set[str] = OPTIONAL) -> bool:
    """Whether one of the captured frames of a topic has the form of this one."""
    real = sample_forms("futuresPrivateV1", path, subject)
    assert real
    return any(covers(form(frame), sample, optional=optional) for sample in real)


def test_life_of_an_order_is_told_on_both_order_topics(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, ORDER, ORDERS)
    order_id = order(exchange, "mine", "buy", "60000", 5)
    contract_order(exchange, "sell", 2, "60000")
    contract_order(exchange, "sell", 3, "60000")
    frames = reader.arrived()
    one = [frame for frame in frames if frame["topic"] == ORDER]
    every = [frame for frame in frames if frame["topic"] == ORDERS]
    assert [frame["data"] for frame in one] == [frame["data"] for frame in every]
    assert {frame["subject"] for frame in one} == {"symbolOrderChange"}
    assert {frame["subject"] for frame in every} == {"orderChange"}
    told = [(d["type"], d["status"], d["filledSize"], d["remainSize"]) for d in (frame["data"] for frame in one)]
    assert told == [
        ("open", "open", "0", "5"),
        ("match", "match", "2", "3"),
        ("match", "match", "5", "0"),
        ("filled", "done", "5", "0"),
    ]
    match = one[1]["data"]
    assert (match["orderId"], match["clientOid"], match["liquidity"]) == (order_id, "mine", "maker")
    assert (match["matchPrice"], match["matchSize"], match["feeType"]) == ("60000", "2", "makerFee")
    assert isinstance(match["orderTime"], int) and match["orderTime"] > 10**18
    assert one[0]["userId"] and one[0]["channelType"] == "private"


def test_cancelled_and_reduced_orders_are_told(exchange: Simulator, reader: Socket) -> None:
    contract_order(exchange, "sell", 5, "60000")
    order(exchange, "opens", "buy", "60000", 5)
    subscribe(reader, ORDERS)
    order(exchange, "closes", "sell", "60100", 5, reduceOnly=True)
    contract_order(exchange, "buy", 2, "60000")
    order(exchange, "part", "sell", "60000", 2)
    updates = [f["data"] for f in reader.arrived() if f["data"].get("clientOid") == "closes"]
    assert [(d["type"], d["status"]) for d in updates] == [("open", "open"), ("update", "open")]
    assert (updates[1]["oldSize"], updates[1]["remainSize"], updates[1]["canceledSize"]) == ("5", "3", "2")
    on_venue(exchange, lambda venue: venue.futures.cancel_all(exchange.api_key))
    done = reader.arrived()[-1]["data"]
    assert (done["type"], done["status"], done["canceledSize"], done["remainSize"]) == ("canceled", "done", "5", "0")


def test_order_pushes_have_the_form_of_captured_ones(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, ORDER)
    order(exchange, "rests", "buy", "59000", 1)
    contract_order(exchange, "sell", 1, "60000")
    order(exchange, "takes", "buy", "60000", 1)
    on_venue(exchange, lambda venue: venue.futures.cancel_all(exchange.api_key))
    frames = {frame["data"]["type"]: frame for frame in reader.arrived()}
    assert set(frames) == {"open", "match", "filled", "canceled"}
    assert all(looks_real(frame, "/contractMarket/tradeOrders", "symbolOrderChange") for frame in frames.values())


def test_liquidation_comes_as_a_match_of_an_order_nobody_placed(exchange: Simulator, reader: Socket) -> None:
    contract_order(exchange, "sell", 5, "60000")
    order(exchange, "mine", "buy", "60000", 5)
    subscribe(reader, ORDER, POSITION)
    exchange.set_index_price(XBT, "54000")
    frames = reader.arrived()
    match = next(frame["data"] for frame in frames if frame["topic"] == ORDER)
    assert (match["type"], match["tradeType"], match["side"]) == ("match", "liquid", "sell")
    assert "clientOid" not in match
    assert call(exchange, "GET", f"/api/v1/orders/{match['orderId']}", host="/futures")["code"] == "100001"
    last = [frame["data"] for frame in frames if frame["topic"] == POSITION][-1]
    assert (last["changeReason"], last["isOpen"], last["currentQty"]) == ("liquidation", False, 0)


def test_stop_orders_are_told_when_placed_fired_and_cancelled(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, STOPS, ORDERS)
    stop = {"stop": "down", "stopPrice": "58000", "stopPriceType": "MP"}
    first = order(exchange, "fires", "buy", "57000", 1, **stop)
    order(exchange, "fails", "sell", "57000", 1, **stop, reduceOnly=True)
    order(exchange, "cancelled", "buy", "57000", 1, stop="up", stopPrice="70000", stopPriceType="IP")
    on_venue(exchange, lambda venue: venue.futures.cancel_all(exchange.api_key, stops=True))
    assert [f["data"]["type"] for f in reader.arrived()] == ["open"] * 3 + ["cancel"] * 3
    first = order(exchange, "fires", "buy", "57000", 1, **stop)
    order(exchange, "fails", "sell", "57000", 1, **stop, reduceOnly=True)
    exchange.set_index_price(XBT, "58000")
    frames = reader.arrived()[2:]
    assert [(f["topic"], f["data"]["type"]) for f in frames] == [
        (STOPS, "triggered"),
        (ORDERS, "open"),
        (STOPS, "triggered"),
    ]
    fired, opened, failed = (frame["data"] for frame in frames)
    assert fired["orderId"] == opened["orderId"] == first
    assert (fired["triggerSuccess"], failed["triggerSuccess"]) == (True, False)
    assert failed["error"] == "There is no position to close."


def test_stop_order_push_has_the_form_of_a_captured_one(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, STOPS)
    order(exchange, "waits", "buy", "0.1", 1, stop="down", stopPrice="1000", stopPriceType="TP")
    assert looks_real(reader.receive(), STOPS, "stopOrder")


def test_wallet_pushes_grow_in_version_and_add_up(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, WALLET)
    order(exchange, "mine", "buy", "60000", 100)
    contract_order(exchange, "sell", 100, "60000")
    frames = [frame for frame in reader.arrived() if frame["data"]["currency"] == "USDT"]
    assert {frame["subject"] for frame in frames} == {"walletBalance.change"}
    first, last = frames[0]["data"], frames[-1]["data"]
    # Value 6000: a tenth, and 0.0006 of it twice and of the margin once.
    assert (first["isolatedOrderMargin"], first["availableBalance"]) == ("607.56", "99392.44")
    assert (last["isolatedPosMargin"], last["walletBalance"]) == ("603.96", "99998.8")
    assert (last["availableBalance"], last["totalCrossMargin"]) == ("99394.84", "99394.84")
    versions = [int(frame["data"]["version"]) for frame in frames]
    assert versions == sorted(set(versions))
    assert all(isinstance(value, str) for value in last.values())


def test_wallet_push_has_the_form_of_a_captured_one(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, WALLET)
    exchange.futures_deposit("USDT", "1")
    assert looks_real(reader.receive(), WALLET, "walletBalance.change", optional=NEWER)


def test_deprecated_subjects_of_the_wallet_come_only_when_asked_for(make: Make) -> None:
    simulator = make(limits="off", deprecated_subjects=True)
    simulator.set_index_price(XBT, "60000")
    with open_stream(simulator, private=True, host="/futures") as reader:
        subscribe(reader, WALLET)
        order(simulator, "mine", "buy", "50000", 100)
        frames = {frame["subject"]: frame for frame in reader.arrived()}
    assert set(frames) == {"walletBalance.change", "orderMargin.change", "availableBalance.change"}
    assert frames["orderMargin.change"]["data"]["orderMargin"] == "506.3"
    assert looks_real(frames["availableBalance.change"], WALLET, "availableBalance.change")


def test_position_is_told_in_full_when_it_changes(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, POSITION, POSITIONS)
    contract_order(exchange, "sell", 10, "60000")
    order(exchange, "mine", "buy", "60000", 10)
    one, every = reader.arrived()
    assert (one["topic"], every["topic"]) == (POSITION, POSITIONS)
    assert one["data"] == every["data"]
    data = one["data"]
    assert (data["symbol"], data["currentQty"], data["isOpen"]) == (XBT, 10, True)
    assert (data["posCost"], data["posInit"], data["avgEntryPrice"]) == (600, 60, 60000)
    assert (data["changeReason"], data["marginMode"], data["crossMode"]) == ("positionChange", "ISOLATED", False)
    assert (data["liquidationPrice"], data["bankruptPrice"], data["riskLimitLevel"]) == (54240, 54000, 1)
    assert (data["realisedPnl"], data["currentComm"], data["dealComm"]) == (D("-0.36"), D("0.36"), D("-0.36"))


def test_full_position_push_has_the_form_of_a_captured_one(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, POSITION)
    contract_order(exchange, "sell", 10, "60000")
    order(exchange, "mine", "buy", "60000", 10)
    assert looks_real(reader.receive(), "/contract/position", "position.change", optional=NEWER)


def test_push_for_a_mark_price_has_only_what_moves_with_it(exchange: Simulator, reader: Socket) -> None:
    contract_order(exchange, "sell", 10, "60000")
    order(exchange, "mine", "buy", "60000", 10)
    subscribe(reader, POSITION, POSITIONS)
    exchange.set_index_price(XBT, "61000")
    one, every = reader.arrived()
    assert (one["data"]["markPrice"], one["data"]["unrealisedPnl"], one["data"]["markValue"]) == (61000, 10, 610)
    assert every["data"].pop("changeReason") == "markPriceChange"
    assert every["data"] == one["data"]
    assert "symbol" not in one["data"]
    assert looks_real(one, "/contract/position", "position.change")


def test_cross_position_has_no_margin_of_its_own(exchange: Simulator, reader: Socket) -> None:
    on_venue(exchange, lambda venue: venue.futures.settings.set_margin_mode(exchange.api_key, XBT, "CROSS"))
    subscribe(reader, POSITION)
    contract_order(exchange, "sell", 10, "60000")
    order(exchange, "mine", "buy", "60000", 10, marginMode="CROSS")
    data = reader.receive()["data"]
    assert (data["crossMode"], data["marginMode"], data["leverage"], data["posMargin"]) == (True, "CROSS", 3, 200)
    assert not {"riskLimit", "posMaint", "posCross", "autoDeposit"} & set(data)


def test_funding_is_told_to_positions(exchange: Simulator, reader: Socket) -> None:
    contract_order(exchange, "buy", 2, "60000")
    order(exchange, "mine", "sell", "60000", 2)
    subscribe(reader, POSITION, POSITIONS)
    exchange.settle_funding(XBT, "-0.000023")
    frames = reader.arrived()
    settled = [frame for frame in frames if frame["subject"] == "position.settlement"]
    assert [frame["topic"] for frame in settled] == [POSITION, POSITIONS]
    data = settled[0]["data"]
    # A short position pays at a negative rate: 0.001 * 2 * 60000 * 0.000023.
    assert (data["qty"], data["fundingFee"], data["fundingRate"]) == (-2, D("-0.00276"), D("-0.000023"))
    changed = [frame["data"] for frame in frames if frame["subject"] == "position.change"]
    assert (changed[0]["changeReason"], changed[0]["posLoss"]) == ("marginChange", D("0.00276"))
    assert looks_real(settled[0], "/contract/position", "position.settlement")


def test_risk_limit_is_told_whether_it_changed_or_not(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, POSITION, POSITIONS)
    exchange.set_risk_limit(XBT, 2)
    one, every = reader.arrived()
    assert one["data"] == every["data"] == {"success": True, "riskLimitLevel": 2, "msg": ""}
    assert looks_real(one, "/contract/position", "position.adjustRiskLimit")
    contract_order(exchange, "sell", 1000, "60000")
    order(exchange, "mine", "buy", "60000", 1000, leverage=62)
    reader.arrived()
    free = exchange.futures_wallet().available
    on_venue(exchange, lambda venue: venue.futures.withdraw(exchange.api_key, "USDT", free))
    exchange.set_risk_limit(XBT, 3)
    refused = [frame["data"] for frame in reader.arrived() if frame["subject"] == "position.adjustRiskLimit"]
    assert {data["msg"] for data in refused} == {"Insufficient balance. Cannot increase margin."}
    assert [data["success"] for data in refused] == [False, False]


def test_settings_are_told(exchange: Simulator, reader: Socket) -> None:
    subscribe(reader, MODE, LEVERAGE)
    mode = {"symbol": XBT, "marginMode": "CROSS"}
    assert call(exchange, "POST", "/api/v2/position/changeMarginMode", mode, host="/futures")["data"] == mode
    body = {"symbol": XBT, "leverage": "7"}
    assert call(exchange, "POST", "/api/v2/changeCrossUserLeverage", body, host="/futures")["data"] is True
    first, second = reader.arrived()
    assert (first["topic"], first["subject"], first["data"]) == (MODE, "user.config", {XBT: "CROSS"})
    assert (second["topic"], second["subject"], second["data"]) == (LEVERAGE, "user.config", {XBT: {"leverage": "7"}})
    real = sample_forms("futuresPrivateV1", MODE, "user.config")
    assert [set(first) ^ set(sample) for sample in real] == [set()]


def test_nobody_hears_of_another_account(make: Make) -> None:
    mine = Credentials("simulator-key", "simulator-secret", "simulator-passphrase")
    other = Credentials("simulator-other", "simulator-secret-2", "simulator-passphrase-2")
    simulator = make(limits="off", credentials=(mine, other))
    simulator.set_index_price(XBT, "60000")
    with open_stream(simulator, private=True, host="/futures") as reader:
        subscribe(reader, ORDER, ORDERS, STOPS, WALLET, POSITION, POSITIONS, MODE, LEVERAGE)
        args = {"clientOid": "x", "symbol": XBT, "side": "buy", "price": "60000", "size": 1, "leverage": 3}
        on_venue(simulator, lambda venue: venue.futures.place(other.api_key, args))
        contract_order(simulator, "sell", 1, "60000")
        assert reader.arrived() == []
