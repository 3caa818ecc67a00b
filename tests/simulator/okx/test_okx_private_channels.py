"""Private channels of the simulated OKX: orders, fills, accounts and positions, as they follow from what happens."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Credentials, OkxForms, Simulator
from tests.simulator.okx.clients import SPOT, SPREAD, SWAP, OkxSocket, call, codes, open_okx

Make = Callable[..., Simulator]

ORDERS = {"channel": "orders", "instType": "ANY"}


def rows(frames: list[Any], channel: str) -> list[Any]:
    """Return the items of the pushes of a channel."""
    found = [frame for frame in frames if "data" in frame and frame.get("arg", {}).get("channel") == channel]
    return [row for frame in found for row in frame["data"]]


def story(frames: list[Any]) -> list[tuple[str, str, str]]:
    """Return state, filled size and size of this fill of each order push."""
    return [(row["state"], row["accFillSz"], row["fillSz"]) for row in rows(frames, "orders")]


def test_life_of_an_order(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    private.place("b16", tag="t")
    okx.counter_order(SPOT, "sell", "0.004", "20000")
    private.run("cancel-order", {"instIdCode": codes(okx)[SPOT], "clOrdId": "b16"})
    private.arrived()
    frames = [frame for frame in private.seen if "data" in frame and "arg" in frame]
    assert story(frames) == [("live", "0", "0"), ("partially_filled", "0.004", "0.004"), ("canceled", "0.004", "0")]
    live, partly, canceled = rows(frames, "orders")
    assert (live["avgPx"], live["tradeId"], live["clOrdId"], live["tag"]) == ("0", "", "b16", "t")
    assert (partly["avgPx"], partly["fillPx"], partly["execType"]) == ("20000", "20000", "M")
    assert Decimal(partly["fee"]) == -Decimal("0.004") * 20000 * Decimal("0.001")
    assert (canceled["cancelSource"], canceled["fillPx"], live["cancelSource"]) == ("1", "", "")
    assert frames[0]["arg"]["uid"].isdigit() and live["reduceOnly"] == "false"


def test_the_last_fill_tells_that_an_order_is_filled(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    okx.counter_order(SPOT, "sell", "0.01", "20000")
    private.place()
    assert story(private.arrived()) == [("live", "0", "0"), ("filled", "0.01", "0.01")]


def test_an_order_by_funds_ends_with_a_push_without_a_trade(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    okx.counter_order(SPOT, "sell", "1", "50000")
    private.place(ordType="market", px=None, sz="500")
    frames = private.arrived()
    assert story(frames) == [("live", "0", "0"), ("partially_filled", "0.01", "0.01"), ("filled", "0.01", "0")]
    assert [(row["sz"], row["tgtCcy"], row["tradeId"] != "") for row in rows(frames, "orders")] == [
        ("500", "quote_ccy", False),
        ("500", "quote_ccy", True),
        ("500", "quote_ccy", False),
    ]


def test_a_post_only_order_that_would_take_is_only_canceled(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    okx.counter_order(SPOT, "sell", "1", "20000")
    okx.counter_contract_order(SWAP, "sell", 1, "58000")
    for inst_id in (SPOT, SWAP):
        private.place(inst_id=inst_id, ordType="post_only")
        frames = private.arrived()
        assert story(frames) == [("canceled", "0", "0")]
        assert rows(frames, "orders")[0]["cancelSource"] == "31"
        private.place(inst_id=inst_id, ordType="post_only", px="19000" if inst_id == SPOT else "57500")
        assert story(private.arrived()) == [("live", "0", "0")]


@pytest.mark.parametrize(("kind", "source"), [("ioc", "14"), ("fok", "13")])
def test_why_an_order_was_cancelled(okx: Simulator, private: OkxSocket, kind: str, source: str) -> None:
    private.subscribe(ORDERS)
    for inst_id in (SPOT, SWAP):
        private.place(inst_id=inst_id, ordType=kind)
    private.arrived()
    told = [row for frame in private.seen for row in rows([frame], "orders")]
    assert [row["cancelSource"] for row in told] == ["", source] * 2


def test_life_of_a_swap_order(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    okx.counter_contract_order(SWAP, "sell", 1, "58000")
    private.place("s1", inst_id=SWAP, sz="3")
    frames = private.arrived()
    assert story(frames) == [("live", "0", "0"), ("partially_filled", "1", "1")]
    row = rows(frames, "orders")[1]
    assert (row["instType"], row["posSide"], row["tdMode"], row["lever"]) == ("SWAP", "net", "cross", "3")
    assert (row["fillPx"], row["execType"], row["feeCcy"], row["px"]) == ("58000", "T", "USDT", "58000")
    private.place(inst_id=SWAP, ordType="market", px=None, sz="1")
    assert rows(private.arrived(), "orders")[0]["clOrdId"] == ""


def test_an_amendment_is_told_once_with_its_request(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe(ORDERS)
    for inst_id, size in ((SPOT, "0.02"), (SWAP, "3")):
        private.place("a1", inst_id=inst_id)
        change = {"instIdCode": codes(okx)[inst_id], "clOrdId": "a1", "newSz": size, "reqId": "r1"}
        private.run("amend-order", change)
        (row,) = rows(private.arrived(), "orders")
        assert (row["reqId"], row["amendResult"], row["amendSource"], row["sz"]) == ("r1", "0", "1", size)
        private.run("cancel-order", {"instIdCode": codes(okx)[inst_id], "clOrdId": "a1"})
        (row,) = rows(private.arrived(), "orders")
        assert (row["reqId"], row["amendResult"], row["sz"]) == ("", "", size)


def test_filters_of_orders(okx: Simulator, private: OkxSocket) -> None:
    args = [
        {"channel": "orders", "instType": "SPOT"},
        {"channel": "orders", "instType": "SWAP", "instFamily": SPOT},
        {"channel": "orders", "instType": "SWAP", "instId": "ETH-USDT-SWAP"},
    ]
    private.subscribe(*args)
    private.arrived()
    private.place()
    private.place(inst_id=SWAP)
    private.arrived()
    pushed = [frame["arg"] for frame in private.seen if "data" in frame and "arg" in frame]
    assert [{key: arg[key] for key in arg if key != "uid"} for arg in pushed] == args[:2]
    assert sorted(okx.subscriptions()) == ["orders:SPOT", "orders:SWAP,ETH-USDT-SWAP", f"orders:SWAP,family={SPOT}"]


@pytest.mark.parametrize(("form", "pushes"), [("each", 3), ("once", 1)])
def test_overlapping_subscriptions(make_okx: Make, form: str, pushes: int) -> None:
    okx = make_okx(okx=OkxForms(overlaps=form))
    with open_okx(okx) as private, open_okx(okx) as other:
        spot = {"channel": "orders", "instType": "SPOT"}
        private.subscribe(ORDERS, spot, {**spot, "instId": SPOT})
        other.subscribe(spot)
        for socket in (private, other):
            socket.arrived()
        private.place()
        assert len(rows(private.arrived(), "orders")) == pushes
        assert len(rows(other.arrived(), "orders")) == 1


def test_fills_tell_numeric_client_ids_only(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe({"channel": "fills"})
    okx.counter_order(SPOT, "sell", "1", "20000")
    private.place("12345")
    private.place("abc")
    private.arrived()
    told = rows([frame for frame in private.seen if "arg" in frame], "fills")
    assert [(row["clOrdId"], row["fillSz"], row["execType"]) for row in told] == [
        ("12345", "0.01", "T"),
        ("0", "0.01", "T"),
    ]


def test_accounts_hear_of_their_own_orders_only(make_okx: Make) -> None:
    other = Credentials("simulator-other", "simulator-other-secret", "simulator-other-passphrase")
    okx = make_okx(credentials=(Simulator(exchange="okx").credentials, other))
    with open_okx(okx) as mine, open_okx(okx, credentials=other) as theirs:
        for socket in (mine, theirs):
            socket.subscribe(ORDERS)
            socket.arrived()
        mine.place("a")
        assert len(rows(mine.arrived(), "orders")) == 1 and theirs.arrived() == []


def test_a_position_that_is_closed_by_force(okx: Simulator, private: OkxSocket) -> None:
    leverage = {"instId": SWAP, "mgnMode": "isolated", "lever": "100"}
    assert call(okx, "POST", "/api/v5/account/set-leverage", leverage)["code"] == "0"
    okx.set_index_price(SWAP, "60000")
    okx.counter_contract_order(SWAP, "sell", 5, "60000")
    private.place(inst_id=SWAP, tdMode="isolated", ordType="market", px=None, sz="5")
    private.subscribe(ORDERS, {"channel": "balance_and_position"})
    okx.set_index_price(SWAP, "50000")
    frames = private.arrived()
    (row,) = rows(frames, "orders")
    assert (row["category"], row["state"], row["side"], row["accFillSz"]) == ("full_liquidation", "filled", "sell", "5")
    change = rows(frames, "balance_and_position")[-1]
    assert (change["eventType"], change["posData"][0]["pos"]) == ("liquidation", "0")


# Accounts.


def test_account_begins_with_a_snapshot_and_tells_what_changed(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe({"channel": "account", "extraParams": '{"updateInterval": "0"}'})
    first = private.next_of("account")
    assert (first["eventType"], first["curPage"], first["lastPage"]) == ("snapshot", 1, True)
    details = {row["ccy"]: row for row in first["data"][0]["details"]}
    assert {ccy: row["cashBal"] for ccy, row in details.items()} == {"BTC": "20", "ETH": "100", "USDT": "1100000"}
    private.place()
    change = private.next_of("account")
    (detail,) = change["data"][0]["details"]
    assert (change["eventType"], "curPage" in change, detail["ccy"]) == ("event_update", False, "USDT")
    held = Decimal("0.01") * 20000 * Decimal("1.001")
    assert (Decimal(detail["ordFrozen"]), Decimal(detail["availBal"])) == (held, Decimal(1100000) - held)


def test_account_of_one_currency(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe({"channel": "account", "ccy": "BTC"})
    assert [row["ccy"] for row in private.next_of("account")["data"][0]["details"]] == ["BTC"]
    private.place()
    private.place(side="sell", px="70000")
    assert [row["ccy"] for row in private.next_of("account")["data"][0]["details"]] == ["BTC"]


def test_account_and_positions_repeat_themselves(make_okx: Make) -> None:
    okx = make_okx(speed="stepped")
    with open_okx(okx) as private:
        fast = {"channel": "positions", "instType": "ANY", "extraParams": '{"updateInterval": "2000"}'}
        private.subscribe({"channel": "account"}, fast, {"channel": "positions", "instType": "SWAP"})
        okx.advance(0)
        private.arrived()
        okx.advance(10.5)
        frames = [frame for frame in private.arrived() if "data" in frame]
        told = [(frame["arg"]["channel"], frame["arg"].get("instType"), frame["eventType"]) for frame in frames]
        assert told.count(("account", None, "snapshot")) == 2
        assert told.count(("positions", "ANY", "snapshot")) == 5
        assert told.count(("positions", "SWAP", "snapshot")) == 2


def test_positions_tell_what_changed(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe({"channel": "positions", "instType": "SWAP", "instFamily": SPOT})
    assert private.next_of("positions")["data"] == []
    okx.counter_contract_order(SWAP, "sell", 10, "60000")
    private.place(inst_id=SWAP, ordType="market", px=None, sz="2")
    update = private.next_of("positions")
    (row,) = update["data"]
    assert update["eventType"] == "event_update"
    assert (row["instId"], row["pos"], row["avgPx"], row["mgnMode"]) == (SWAP, "2", "60000", "cross")
    assert row["tradeId"] and row["posId"].startswith("93") and row["closeOrderAlgo"] == []
    okx.counter_contract_order(SWAP, "buy", 10, "59999")
    private.place(inst_id=SWAP, side="sell", ordType="market", px=None, sz="2", reduceOnly=True)
    assert private.next_of("positions")["data"][0]["pos"] == "0"
    with open_okx(okx) as fresh:
        fresh.subscribe({"channel": "positions", "instType": "ANY"})
        assert fresh.next_of("positions")["data"] == []


def test_balance_and_position_tell_cash_not_holds(okx: Simulator, private: OkxSocket) -> None:
    private.subscribe({"channel": "balance_and_position"})
    first = private.next_of("balance_and_position")["data"][0]
    assert first["eventType"] == "snapshot" and [row["ccy"] for row in first["balData"]] == ["BTC", "ETH", "USDT"]
    private.place("rests")
    okx.deposit("BTC", "1")
    change = private.next_of("balance_and_position")["data"][0]
    assert (change["eventType"], change["posData"], change["trades"]) == ("transferred", [], [])
    assert [(row["ccy"], row["cashBal"]) for row in change["balData"]] == [("BTC", "21")]
    okx.counter_contract_order(SWAP, "sell", 10, "60000")
    private.place(inst_id=SWAP, ordType="market", px=None, sz="2")
    change = private.next_of("balance_and_position")["data"][0]
    assert change["eventType"] == "filled"
    assert [(row["instId"], row["pos"]) for row in change["posData"]] == [(SWAP, "2")]
    assert change["trades"] == [{"instId": SWAP, "tradeId": change["posData"][0]["tradeId"]}]
    okx.settle_funding(SWAP, "0.001")
    change = private.next_of("balance_and_position")["data"][0]
    assert (change["eventType"], [row["ccy"] for row in change["balData"]]) == ("funding_fee", ["USDT"])


# Spreads.


def test_orders_and_trades_of_spreads(okx: Simulator) -> None:
    with open_okx(okx, "business") as socket:
        socket.subscribe({"channel": "sprd-orders"}, {"channel": "sprd-trades", "sprdId": SPREAD})
        args = {"sprdId": SPREAD, "side": "buy", "ordType": "limit", "px": "-2.1", "sz": "2", "clOrdId": "s1"}
        socket.run("sprd-order", args)
        okx.counter_spread_order(SPREAD, "sell", "0.5", "-2.1")
        socket.run("sprd-amend-order", {"clOrdId": "s1", "newSz": "3", "reqId": "r1"})
        socket.run("sprd-cancel-order", {"clOrdId": "s1"})
        socket.arrived()
        frames = [frame for frame in socket.seen if "arg" in frame and "data" in frame]
        told = [(row["state"], row["accFillSz"], row["reqId"]) for row in rows(frames, "sprd-orders")]
        assert told == [
            ("live", "0", ""),
            ("partially_filled", "0.5", ""),
            ("partially_filled", "0.5", "r1"),
            ("canceled", "0.5", ""),
        ]
        (trade,) = rows(frames, "sprd-trades")
        assert (trade["fillPx"], trade["fillSz"], trade["state"], trade["execType"]) == ("-2.1", "0.5", "filled", "M")
        assert [leg["instId"] for leg in trade["legs"]] == [SPOT, SWAP]
