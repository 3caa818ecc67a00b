"""Order operations of the simulated OKX: what each accepts, what it says no to, and how."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import OkxForms, OkxLimits, Simulator
from tests.simulator.clients import on_venue
from tests.simulator.okx.clients import SPOT, SPREAD, SWAP, OkxSocket, call, codes, open_okx, order

Make = Callable[..., Simulator]


def named(okx: Simulator, inst_id: str = SPOT, **names: str) -> dict[str, Any]:
    return {"instIdCode": codes(okx)[inst_id], **names}


def refusal(reply: Any) -> tuple[str, list[str]]:
    """Return code of a reply and those of its items."""
    return reply["code"], [item["sCode"] for item in reply["data"]]


# Placing.


def test_an_order_is_accepted(okx: Simulator, private: OkxSocket) -> None:
    reply = private.run("order", order(okx, clOrdId="b15", tag="mine"))
    (item,) = reply["data"]
    (state,) = okx.orders()
    assert item == {
        "clOrdId": "b15",
        "ordId": state.order_id,
        "tag": "mine",
        "ts": str(state.created_at_ns // 1_000_000),
        "sCode": "0",
        "sMsg": "",
        "subCode": "",
    }
    assert (reply["id"], reply["op"], reply["code"], reply["msg"]) == ("9", "order", "0", "")
    assert int(reply["inTime"]) <= int(reply["outTime"]) and len(reply["inTime"]) == 16
    assert state.order_id.isdigit() and state.order_id.startswith("90")
    record = okx.truth("b15")
    assert (record.frames_received, record.executed, record.order_id) == (1, 1, state.order_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instIdCode": None}, "50014"),
        ({"instIdCode": 1}, "51001"),
        ({"instIdCode": "2026032600000001"}, "51001"),
        ({"side": None}, "50014"),
        ({"side": "hold"}, "51000"),
        ({"ordType": "stop"}, "51000"),
        ({"ordType": "mmp"}, "51000"),
        ({"ordType": "rpi"}, "51000"),
        ({"tdMode": None}, "50014"),
        ({"tdMode": "cross"}, "51010"),
        ({"sz": None}, "50014"),
        ({"sz": "0"}, "51000"),
        ({"sz": "-1"}, "51000"),
        ({"sz": "1e-2"}, "51000"),
        ({"sz": 0.01}, "51000"),
        ({"sz": "0.000001"}, "51020"),
        ({"sz": "0.010000001"}, "51121"),
        ({"px": None}, "50014"),
        ({"px": "20000.05"}, "51000"),
        ({"sz": "1000"}, "51008"),
        ({"clOrdId": "a-b"}, "51000"),
        ({"clOrdId": "a" * 33}, "51000"),
        ({"tag": "a" * 17}, "51000"),
        ({"stpMode": "never"}, "51000"),
        ({"stpMode": "cancel_both", "ordType": "fok"}, "54036"),
        ({"tgtCcy": "dollars"}, "51000"),
        ({"tradeQuoteCcy": "EUR"}, "51000"),
        ({"reduceOnly": "true"}, "51000"),
        ({"attachAlgoOrds": [{"tpTriggerPx": "1"}]}, "51000"),
    ],
)
def test_an_order_is_refused(okx: Simulator, private: OkxSocket, changes: dict[str, Any], code: str) -> None:
    reply = private.run("order", order(okx, **{"clOrdId": "b15", **changes}))
    assert refusal(reply) == ("1", [code])
    item = reply["data"][0]
    assert (reply["msg"], item["ordId"], item["clOrdId"]) == ("", "", changes.get("clOrdId", "b15"))
    assert item["sMsg"] and item["subCode"] == ("1000" if code == "51008" else "")
    assert okx.orders() == []


def test_texts_that_were_captured(okx: Simulator, private: OkxSocket) -> None:
    assert private.place("a", instIdCode=None)["sMsg"] == "Parameter instIdCode can not be empty"
    assert private.place("a-b")["sMsg"] == "Parameter clOrdId  error"
    assert private.place(sz="1000")["sMsg"] == "Order failed. Insufficient USDT balance in account"
    assert private.place(side="sell", sz="1000")["sMsg"] == "Order failed. Insufficient BTC balance in account"


def test_a_client_order_id_is_one_name_for_pairs_and_swaps(okx: Simulator, private: OkxSocket) -> None:
    assert private.place("twin")["sCode"] == "0"
    assert private.place("twin")["sCode"] == "51016"
    assert private.place("twin", inst_id=SWAP)["sCode"] == "51016"
    assert refusal(private.run("cancel-order", named(okx, clOrdId="twin"))) == ("0", ["0"])
    assert private.place("twin", inst_id=SWAP)["sCode"] == "0"


@pytest.mark.parametrize(
    ("form", "by_code", "by_name"), [("code", "0", "50014"), ("name", "50014", "0"), ("either", "0", "0")]
)
def test_how_orders_name_their_instrument(make_okx: Make, form: str, by_code: str, by_name: str) -> None:
    okx = make_okx(okx=OkxForms(instruments=form))
    with open_okx(okx) as private:
        assert private.place()["sCode"] == by_code
        assert private.place(instIdCode=None, instId=SPOT)["sCode"] == by_name


def test_an_instrument_name_beside_a_code_is_ignored(okx: Simulator, private: OkxSocket) -> None:
    assert private.place(instId="ETH-USDT")["sCode"] == "0"
    assert [state.symbol for state in okx.orders()] == [SPOT]


def test_market_orders_count_in_either_currency(okx: Simulator, private: OkxSocket) -> None:
    okx.counter_order(SPOT, "sell", "1", "50000")
    okx.counter_order(SPOT, "buy", "1", "40000")
    for side, tgt_ccy, size in (("buy", None, "500"), ("buy", "base_ccy", "0.01"), ("sell", None, "0.01")):
        item = private.place(side=side, ordType="market", px=None, sz=size, tgtCcy=tgt_ccy)
        assert item["sCode"] == "0"
    first, second, third = okx.orders()
    assert (first.deal_funds, second.deal_size, third.deal_size) == (Decimal(500), Decimal("0.01"), Decimal("0.01"))
    assert [state.outcome for state in (first, second, third)] == ["filled"] * 3


@pytest.mark.parametrize("inst_id", [SPOT, SWAP])
@pytest.mark.parametrize(
    ("kind", "filled", "outcome"),
    [("limit", 1, None), ("ioc", 1, "canceled"), ("fok", 0, "canceled"), ("post_only", 0, "canceled")],
)
def test_kinds_of_orders(
    okx: Simulator, private: OkxSocket, inst_id: str, kind: str, filled: int, outcome: str | None
) -> None:
    if inst_id == SPOT:
        okx.counter_order(SPOT, "sell", "1", "60000")
    else:
        okx.counter_contract_order(SWAP, "sell", 1, "60000")
    assert private.place(inst_id=inst_id, ordType=kind, px="60000", sz="2")["sCode"] == "0"
    (state,) = okx.orders() if inst_id == SPOT else okx.futures_orders()
    assert (state.deal_size, state.outcome) == (filled, outcome)


def test_swaps_take_whole_contracts_and_a_margin_mode(okx: Simulator, private: OkxSocket) -> None:
    assert private.place(inst_id=SWAP, sz="1.5")["sCode"] == "51121"
    assert private.place(inst_id=SWAP, tdMode="cash")["sCode"] == "51010"
    assert private.place(inst_id=SWAP, px="90000")["sCode"] == "51137"
    assert private.place(inst_id=SWAP, px="20000", side="sell")["sCode"] == "51138"
    assert private.place(inst_id=SWAP, side="sell", px="60000", reduceOnly=True)["sCode"] == "51169"
    assert private.place(inst_id=SWAP, posSide="long")["sCode"] == "51000"
    assert private.place("iso", inst_id=SWAP, tdMode="isolated")["sCode"] == "0"
    assert private.place(inst_id=SWAP, tdMode="cross")["sCode"] == "51010"
    assert refusal(private.run("cancel-order", named(okx, SWAP, clOrdId="iso"))) == ("0", ["0"])
    assert private.place(inst_id=SWAP, tdMode="cross")["sCode"] == "0"


def test_a_price_outside_the_limits_may_be_moved_to_them(okx: Simulator, private: OkxSocket) -> None:
    okx.set_index_price(SWAP, "60000")
    assert private.place(inst_id=SWAP, px="90000", pxAmendType="1")["sCode"] == "0"
    assert [state.price for state in okx.futures_orders()] == [Decimal(63000)]


def test_long_and_short_positions_side_by_side(okx: Simulator, private: OkxSocket) -> None:
    okx.set_position_mode(hedging=True)
    okx.counter_contract_order(SWAP, "sell", 10, "60000")
    assert private.place(inst_id=SWAP, ordType="market", px=None)["sCode"] == "51000"
    assert private.place(inst_id=SWAP, ordType="market", px=None, posSide="long")["sCode"] == "0"
    assert [position.position_side for position in okx.positions()] == ["LONG"]


def test_account_levels(make_okx: Make) -> None:
    for level, spot, swap in (("1", "0", "51010"), ("2", "0", "0")):
        okx = make_okx(okx=OkxForms(account_level=level))
        with open_okx(okx) as private:
            assert [private.place()["sCode"], private.place(inst_id=SWAP)["sCode"]] == [spot, swap]
            assert call(okx, "GET", "/api/v5/account/config")["data"][0]["acctLv"] == level
    okx = make_okx(okx=OkxForms(account_level="3"))
    with open_okx(okx) as private:
        assert private.place(tdMode="cross")["sCode"] == "0"


def test_self_trade_cancels_the_resting_order_unless_told_otherwise(okx: Simulator, private: OkxSocket) -> None:
    assert private.place("rests", px="50000")["sCode"] == "0"
    assert private.place("comes", side="sell", px="50000")["sCode"] == "0"
    assert {state.client_oid: state.outcome for state in okx.orders()} == {"rests": "canceled", "comes": None}
    assert private.place("second", px="50000", stpMode="cancel_taker")["sCode"] == "0"
    assert {state.client_oid: state.outcome for state in okx.orders()}["comes"] is None


# Batches.


def test_a_batch_is_partly_accepted(okx: Simulator, private: OkxSocket) -> None:
    reply = private.run("batch-orders", order(okx, clOrdId="a"), order(okx, clOrdId="b", sz="1000"))
    assert refusal(reply) == ("2", ["0", "51008"])
    assert [(item["clOrdId"], bool(item["ordId"])) for item in reply["data"]] == [("a", True), ("b", False)]
    assert [okx.truth(name).outcome for name in ("a", "b")] == ["accepted", "refused"]
    assert okx.truth("b").code == "51008"


def test_a_batch_of_pairs_and_swaps(okx: Simulator, private: OkxSocket) -> None:
    reply = private.run("batch-orders", order(okx), order(okx, SWAP))
    assert refusal(reply) == ("0", ["0", "0"])
    assert (len(okx.open_orders()), len(okx.futures_open_orders())) == (1, 1)


@pytest.mark.parametrize(
    ("op", "code"),
    [("batch-orders", "51111"), ("batch-cancel-orders", "51406"), ("batch-amend-orders", "51501")],
)
def test_a_batch_takes_twenty(okx: Simulator, private: OkxSocket, op: str, code: str) -> None:
    reply = private.run(op, *[order(okx)] * 21)
    assert (reply["code"], reply["data"]) == (code, [])
    assert len(private.run(op, *[named(okx, clOrdId=f"a{n}", newSz="1") for n in range(20)])["data"]) == 20
    assert okx.orders() == []


@pytest.mark.parametrize("args", [[], ["text"], "text", None, [{}, {}]])
def test_args_of_another_form_are_refused_as_a_whole(okx: Simulator, private: OkxSocket, args: object) -> None:
    private.send({"id": "9", "op": "order", "args": args})
    reply = private.receive()
    assert (reply["code"], reply["msg"], reply["data"]) == ("60013", "Invalid args", [])


def test_nothing_may_be_twice_in_a_batch(okx: Simulator, private: OkxSocket) -> None:
    twice = [order(okx, clOrdId="a")] * 2
    assert refusal(private.run("batch-orders", *twice)) == ("2", ["0", "51016"])
    twice = [named(okx, clOrdId="a", newPx="20001")] * 2
    assert refusal(private.run("batch-amend-orders", *twice)) == ("2", ["0", "51512"])
    assert refusal(private.run("batch-cancel-orders", *[named(okx, clOrdId="a")] * 2)) == ("2", ["0", "51400"])


# Cancelling and amending.


def test_an_order_is_cancelled_by_either_id(okx: Simulator, private: OkxSocket) -> None:
    for inst_id in (SPOT, SWAP):
        for use in ("ordId", "clOrdId"):
            item = private.place("c1", inst_id=inst_id)
            reply = private.run("cancel-order", named(okx, inst_id, **{use: item[use]}))
            assert refusal(reply) == ("0", ["0"])
            assert set(reply["data"][0]) == {"clOrdId", "ordId", "ts", "sCode", "sMsg"}
            assert (reply["data"][0]["ordId"], reply["data"][0]["clOrdId"]) == (item["ordId"], "c1")
    reply = private.run("cancel-order", named(okx, ordId=item["ordId"]))
    assert refusal(reply) == ("1", ["51400"])
    assert reply["data"][0]["sMsg"].startswith("Order cancellation failed as the order has been filled, canceled")
    assert refusal(private.run("cancel-order", named(okx))) == ("1", ["51003"])


def test_order_id_wins(okx: Simulator, private: OkxSocket) -> None:
    kept, gone = private.place("kept"), private.place("gone")
    assert refusal(private.run("cancel-order", named(okx, ordId=gone["ordId"], clOrdId="kept"))) == ("0", ["0"])
    assert [state.order_id for state in okx.open_orders()] == [kept["ordId"]]


def test_an_order_of_another_instrument_is_not_found(okx: Simulator, private: OkxSocket) -> None:
    item = private.place("mine")
    for names in ({"ordId": item["ordId"]}, {"clOrdId": "mine"}):
        assert refusal(private.run("cancel-order", named(okx, "ETH-USDT", **names))) == ("1", ["51400"])
        assert refusal(private.run("cancel-order", named(okx, SWAP, **names))) == ("1", ["51400"])


@pytest.mark.parametrize("inst_id", [SPOT, SWAP])
def test_an_order_is_amended_in_its_place(okx: Simulator, private: OkxSocket, inst_id: str) -> None:
    item = private.place("a1", inst_id=inst_id)
    size, price = ("0.02", "20001") if inst_id == SPOT else ("3", "58001")
    reply = private.run("amend-order", named(okx, inst_id, clOrdId="a1", newSz=size, newPx=price, reqId="r7"))
    assert refusal(reply) == ("0", ["0"])
    assert reply["data"][0]["reqId"] == "r7" and reply["data"][0]["ordId"] == item["ordId"]
    (state,) = okx.open_orders() if inst_id == SPOT else okx.futures_open_orders()
    assert (state.order_id, state.size, state.price) == (item["ordId"], Decimal(size), Decimal(price))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "51500"),
        ({"newSz": "0.000000001"}, "51020"),
        ({"newSz": "1000"}, "51008"),
        ({"newPx": "0.05"}, "51000"),
        ({"newSz": "x"}, "51000"),
        ({"newSz": "1", "reqId": "a-b"}, "51000"),
        ({"newSz": "1", "clOrdId": "none"}, "51503"),
    ],
)
def test_an_amendment_is_refused(okx: Simulator, private: OkxSocket, changes: dict[str, str], code: str) -> None:
    private.place("a1")
    assert refusal(private.run("amend-order", named(okx, **{"clOrdId": "a1", **changes}))) == ("1", [code])
    (state,) = okx.open_orders()
    assert (state.size, state.price) == (Decimal("0.01"), Decimal(20000))


def test_a_refused_amendment_may_cancel_the_order(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe({"channel": "orders", "instType": "ANY"})
    private.place("a1")
    reply = private.run("amend-order", named(okx, clOrdId="a1", newSz="1000", reqId="r1", cxlOnFail=True))
    assert refusal(reply) == ("1", ["51008"])
    assert okx.open_orders() == []
    rows = [frame["data"][0] for frame in private.arrived()]
    assert [(row["state"], row["reqId"], row["amendResult"]) for row in rows] == [("canceled", "r1", "1")]


# Expiry.


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize(
    ("op", "args"),
    [("order", {}), ("batch-orders", {}), ("amend-order", {"clOrdId": "a", "newSz": "1"})],
)
@pytest.mark.parametrize("form", ["item", "code"])
def test_a_request_after_its_expiry_is_not_processed(make_okx: Make, form: str, op: str, args: dict[str, str]) -> None:
    okx = make_okx(okx=OkxForms(limit_errors=form))
    with open_okx(okx) as private:
        reply = private.run(op, order(okx, **args), expTime=str(now_ms() - 1000))
        assert reply["code"] == ("1" if form == "item" else "50036")
        assert [item["sCode"] for item in reply["data"]] == (["50036"] if form == "item" else [])
        assert okx.orders() == []
        assert private.run(op, order(okx, **args), expTime=str(now_ms() + 60_000))["code"] in ("0", "1")
        assert private.run(op, order(okx, **args), expTime="soon")["code"] == "60013"


def test_a_request_that_waited_too_long_is_not_processed(make_okx: Make) -> None:
    """It came in time, and its turn came too late, as with the fault ``late_execution``."""
    clock = [time.time_ns()]
    okx = make_okx(clock=lambda: clock[0])
    args, exp_time = [order(okx)], str(clock[0] // 1_000_000 + 100)

    def execute(venue: Any) -> Any:
        return venue.operations.run("order", okx.api_key, args, form="code", exp_time=exp_time)

    assert on_venue(okx, lambda venue: venue.operations.check("order", args, exp_time)) is None
    assert on_venue(okx, execute).data[0]["sCode"] == "0"
    clock[0] += 1_000_000_000
    answer = on_venue(okx, execute)
    assert (answer.code, answer.data[0]["sCode"], len(okx.orders())) == ("1", "50037", 1)


def test_a_cancel_has_no_expiry(okx: Simulator, private: OkxSocket) -> None:
    private.place("a")
    assert private.run("cancel-order", named(okx, clOrdId="a"), expTime="1")["code"] == "0"


# Limits.


@pytest.mark.parametrize("form", ["item", "code"])
def test_orders_of_one_instrument_are_limited(make_okx: Make, form: str) -> None:
    okx = make_okx(limits=OkxLimits(orders=2, batch_orders=3, order_window=3600), okx=OkxForms(limit_errors=form))
    with open_okx(okx) as private:
        replies = [private.run("order", order(okx)) for _ in range(3)]
        assert [reply["code"] for reply in replies] == ["0", "0", "1" if form == "item" else "50011"]
        assert [item["sCode"] for item in replies[2]["data"]] == (["50011"] if form == "item" else [])
        assert private.place(inst_id=SWAP)["sCode"] == "0"
        assert private.run("batch-orders", *[order(okx)] * 3)["code"] == "0"
        assert private.run("batch-orders", *[order(okx)] * 2)["code"] == ("1" if form == "item" else "50011")


def test_orders_of_an_account_are_limited(make_okx: Make) -> None:
    okx = make_okx(limits=OkxLimits(account_orders=1, order_window=3600))
    with open_okx(okx) as private:
        assert [private.place()["sCode"], private.place(inst_id=SWAP)["sCode"]] == ["0", "50061"]


# Mass cancel.


def test_mass_cancel_needs_a_right(okx: Simulator, private: OkxSocket) -> None:
    reply = private.run("mass-cancel", {"instType": "OPTION", "instFamily": SPOT})
    assert (reply["code"], reply["data"]) == ("51411", [])


def test_mass_cancel_ends_protected_orders_and_may_lock(make_okx: Make) -> None:
    okx = make_okx(okx=OkxForms(market_maker_protection=True))
    args = {"instType": "OPTION", "instFamily": SPOT}
    with open_okx(okx) as private:
        assert private.place("plain", inst_id=SWAP)["sCode"] == "0"
        assert private.place("protected", inst_id=SWAP, ordType="mmp")["sCode"] == "0"
        reply = private.run("mass-cancel", {**args, "lockInterval": "10000"})
        assert (reply["code"], reply["data"], "inTime" in reply) == ("0", [{"result": True}], False)
        assert [state.client_oid for state in okx.futures_open_orders()] == ["plain"]
        assert private.place(inst_id=SWAP, ordType="mmp_and_post_only")["sCode"] == "54008"
        assert private.run("mass-cancel", args)["data"] == [{"result": False}]
        assert private.run("mass-cancel", {**args, "lockInterval": "10001"})["code"] == "51000"
        assert private.run("mass-cancel", {"instType": "SPOT"})["code"] == "51000"


# Spreads.


def spread(**changes: Any) -> dict[str, Any]:
    args = {"sprdId": SPREAD, "side": "buy", "ordType": "limit", "px": "-2.1", "sz": "2", "clOrdId": "s1", **changes}
    return {name: value for name, value in args.items() if value is not None}


def test_a_spread_order_lives_and_ends(okx: Simulator) -> None:
    with open_okx(okx, "business") as socket:
        reply = socket.run("sprd-order", spread(tag="t"))
        (item,) = reply["data"]
        assert set(item) == {"clOrdId", "ordId", "tag", "sCode", "sMsg"} and "inTime" not in reply
        assert (reply["code"], item["sCode"], item["tag"]) == ("0", "0", "t")
        assert okx.truth("s1").order_id == item["ordId"]
        reply = socket.run("sprd-amend-order", {"clOrdId": "s1", "newPx": "-2", "newSz": "3", "reqId": "r"})
        assert (reply["code"], reply["data"][0]["reqId"]) == ("0", "r")
        found = call(okx, "GET", "/api/v5/sprd/order?clOrdId=s1")["data"][0]
        assert (found["px"], found["sz"], found["state"]) == ("-2", "3", "live")
        okx.counter_spread_order(SPREAD, "sell", "1", "-5")
        found = call(okx, "GET", f"/api/v5/sprd/order?ordId={item['ordId']}")["data"][0]
        assert (found["accFillSz"], found["avgPx"], found["state"]) == ("1", "-2", "partially_filled")
        assert socket.run("sprd-cancel-order", {"clOrdId": "s1"})["code"] == "0"
        assert refusal(socket.run("sprd-cancel-order", {"ordId": item["ordId"]})) == ("1", ["51401"])
        assert refusal(socket.run("sprd-amend-order", {"clOrdId": "s1", "newSz": "4"})) == ("1", ["51509"])


def test_a_spread_order_that_is_filled(okx: Simulator) -> None:
    okx.counter_spread_order(SPREAD, "sell", "5", "1")
    with open_okx(okx, "business") as socket:
        assert socket.run("sprd-order", spread(ordType="market", px=None))["code"] == "0"
        assert refusal(socket.run("sprd-cancel-order", {"clOrdId": "s1"})) == ("1", ["51402"])
        assert refusal(socket.run("sprd-amend-order", {"clOrdId": "s1", "newSz": "4"})) == ("1", ["51510"])
        assert socket.run("sprd-order", spread(ordType="post_only", px="1"))["code"] == "0"
        assert call(okx, "GET", "/api/v5/sprd/order?clOrdId=s1")["data"][0]["cancelSource"] == "31"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sprdId": "A_B"}, "51001"),
        ({"sprdId": None}, "50014"),
        ({"side": "hold"}, "51000"),
        ({"ordType": "fok"}, "51000"),
        ({"px": None}, "50014"),
        ({"px": "0.05"}, "51000"),
        ({"sz": "0.001"}, "51020"),
        ({"sz": "0.015"}, "51121"),
        ({"clOrdId": "a-b"}, "51000"),
    ],
)
def test_a_spread_order_is_refused(okx: Simulator, changes: dict[str, Any], code: str) -> None:
    with open_okx(okx, "business") as socket:
        assert refusal(socket.run("sprd-order", spread(**changes))) == ("1", [code])
        assert refusal(socket.run("sprd-cancel-order", {"clOrdId": "s1"})) == ("1", ["51400"])


def test_an_amendment_to_what_is_filled_ends_a_spread_order(okx: Simulator) -> None:
    with open_okx(okx, "business") as socket:
        socket.run("sprd-order", spread())
        okx.counter_spread_order(SPREAD, "sell", "1", "-2.1")
        assert socket.run("sprd-amend-order", {"clOrdId": "s1", "newSz": "1"})["code"] == "0"
        assert call(okx, "GET", "/api/v5/sprd/order?clOrdId=s1")["data"][0]["state"] == "canceled"


def test_spread_orders_are_mass_cancelled(make_okx: Make) -> None:
    okx = make_okx(okx=OkxForms(gateway_times="all"), limits=OkxLimits(spread_orders=2, order_window=3600))
    with open_okx(okx, "business") as socket:
        for name in ("s1", "s2"):
            assert socket.run("sprd-order", spread(clOrdId=name))["code"] == "0"
        assert refusal(socket.run("sprd-order", spread(clOrdId="s3"))) == ("1", ["50011"])
        assert socket.run("sprd-mass-cancel", {"sprdId": "A_B"})["code"] == "51001"
        reply = socket.run("sprd-mass-cancel", {})
        assert (reply["data"], "inTime" in reply) == ([{"result": True}], True)
        assert call(okx, "GET", "/api/v5/sprd/order?clOrdId=s1")["data"][0]["state"] == "canceled"


def test_a_simulated_kucoin_has_no_spreads(make: Make) -> None:
    with pytest.raises(ValueError, match="KuCoin has no spread"):
        make().counter_spread_order(SPREAD, "buy", "1")
