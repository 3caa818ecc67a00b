"""Private REST calls about margin orders and accounts, and the operations of the margin market."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import Socket, call, done, open_orders_socket

ORDERS, SINGLE = "/api/v3/hf/margin/orders", "/api/v3/hf/margin/order"
ORDER = {"symbol": "BTC-USDT", "side": "buy", "price": "50000", "size": "0.01", "clientOid": "x"}
PAIR, CROSS, ISOLATED = "symbol=BTC-USDT", "tradeType=MARGIN_TRADE", "tradeType=MARGIN_ISOLATED_TRADE"


@pytest.fixture
def simulator(make: Callable[..., Simulator]) -> Simulator:
    """Nothing but a spot wallet is filled."""
    return make(balances={"BTC": "10", "ETH": "100", "USDT": "1000000"})


@pytest.fixture
def funded(simulator: Simulator) -> Simulator:
    """1000 USDT in the cross wallet and as much on the isolated one of BTC-USDT; the price is 60000."""
    for wallet in ("margin", "isolated:BTC-USDT"):
        simulator.transfer("USDT", "1000", "trade", wallet)
    return simulator


@pytest.fixture
def orders(funded: Simulator) -> Iterator[Socket]:
    with open_orders_socket(funded) as socket:
        yield socket


def place(simulator: Simulator, client_oid: str = "x", **changes: Any) -> Any:
    return done(call(simulator, "POST", SINGLE, {**ORDER, "clientOid": client_oid, **changes}))


def test_order_is_placed_found_and_cancelled(funded: Simulator) -> None:
    answer = call(funded, "POST", SINGLE, ORDER)
    assert answer["success"] is True
    order_id = answer["data"]["orderId"]
    assert answer["data"] == {"orderId": order_id, "clientOid": "x"}
    order = done(call(funded, "GET", f"{ORDERS}/{order_id}?{PAIR}"))
    assert order == done(call(funded, "GET", f"{ORDERS}/client-order/x?{PAIR}"))
    assert (order["tradeType"], order["stop"], order["stopTriggered"], order["stopPrice"]) == (
        "MARGIN_TRADE",
        None,
        False,
        "0",
    )
    assert done(call(funded, "DELETE", f"{ORDERS}/{order_id}?{PAIR}")) == {"orderId": order_id}
    second = place(funded)["orderId"]
    assert done(call(funded, "DELETE", f"{ORDERS}/client-order/x?{PAIR}")) == {"clientOid": "x"}
    closed = done(call(funded, "GET", f"{ORDERS}/done?{PAIR}&{CROSS}"))["items"]
    assert [o["id"] for o in closed] == [second, order_id]


def test_modes_are_kept_apart(funded: Simulator) -> None:
    cross, isolated = place(funded, "x")["orderId"], place(funded, "y", isIsolated=True)["orderId"]
    for mode, order_id in ((CROSS, cross), (ISOLATED, isolated)):
        assert [o["id"] for o in done(call(funded, "GET", f"{ORDERS}/active?{PAIR}&{mode}"))] == [order_id]
        symbols = done(call(funded, "GET", f"{SINGLE}/active/symbols?{mode}"))
        assert symbols == {"symbolSize": 1, "symbols": ["BTC-USDT"]}
    assert done(call(funded, "DELETE", f"{ORDERS}?{PAIR}&{ISOLATED}")) == "success"
    assert [o.order_id for o in funded.open_orders()] == [cross]
    assert call(funded, "GET", f"/api/v1/hf/orders/{cross}?{PAIR}")["msg"] == "order not exist."
    assert call(funded, "GET", f"{ORDERS}/active?{PAIR}&tradeType=TRADE")["code"] == "400100"
    assert call(funded, "GET", f"{ORDERS}/active?{PAIR}")["msg"] == "tradeType is required."


def test_fills(funded: Simulator) -> None:
    funded.counter_order("BTC-USDT", "sell", "0.01", "50000")
    order_id = place(funded)["orderId"]
    (fill,) = done(call(funded, "GET", f"/api/v3/hf/margin/fills?{PAIR}&{CROSS}"))["items"]
    assert (fill["orderId"], fill["tradeType"], fill["liquidity"]) == (order_id, "MARGIN_TRADE", "taker")
    assert done(call(funded, "GET", f"/api/v3/hf/margin/fills?{PAIR}&{ISOLATED}"))["items"] == []


def test_order_that_borrows_says_how_much(funded: Simulator) -> None:
    answer = place(funded, size="0.03", autoBorrow=True)
    assert answer["borrowSize"] == "501.5" and answer["loanApplyId"].startswith("SIML")
    again = place(funded, "y", price="100", size="0.01", side="sell", autoBorrow=True)
    assert again["borrowSize"] == "0.01"


def test_test_order(funded: Simulator) -> None:
    answer = call(funded, "POST", f"{SINGLE}/test", ORDER)
    assert answer["success"] is True and set(answer["data"]) == {"orderId", "clientOid"}
    with_loan = done(call(funded, "POST", f"{SINGLE}/test", {**ORDER, "autoBorrow": True}))
    assert set(with_loan) == {"orderId", "clientOid", "borrowSize", "loanApplyId"}
    assert funded.orders() == []


def test_operations(funded: Simulator, orders: Socket) -> None:
    args = {**ORDER, "size": "0.03", "isIsolated": True, "autoBorrow": True, "autoRepay": True}
    reply = orders.ask({"id": "1", "op": "margin.order", "args": args})
    assert set(reply["data"]) == {"orderId", "clientOid", "borrowSize", "loanApplyId"}
    assert reply["data"]["borrowSize"] == "501.5"
    assert funded.margin_account("BTC-USDT").debts["USDT"].principal == Decimal("501.5")
    cancel = {"symbol": "BTC-USDT", "orderId": reply["data"]["orderId"]}
    assert orders.ask({"id": "2", "op": "margin.cancel", "args": cancel})["data"] == {"orderId": cancel["orderId"]}
    assert funded.truth("x").executed == 1


#: Situation, what is asked, code. All of them are those of the margin market, whatever way they come.
REFUSALS = [
    ("balance", {"size": "1"}, "126013"),
    ("limit of borrowing", {"size": "10", "autoBorrow": True}, "126013"),
    ("bad parameter", {"side": "BUY"}, "400100"),
    ("no client order id", {"clientOid": None}, "400100"),
    ("unknown symbol", {"symbol": "NO-PE"}, "126004"),
    ("below the minimum", {"size": "0.000001"}, "126003"),
    ("size off the step", {"size": "0.010000001"}, "400100"),
    ("price off the step", {"price": "50000.05"}, "400100"),
]


@pytest.mark.parametrize(("changes", "code"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_refused_orders(funded: Simulator, orders: Socket, changes: Any, code: str) -> None:
    args = {**ORDER, **changes}
    assert orders.ask({"id": "1", "op": "margin.order", "args": args})["code"] == code
    assert call(funded, "POST", SINGLE, args)["code"] == code
    assert funded.orders() == []


def test_refused_because_of_the_state(funded: Simulator, orders: Socket) -> None:
    place(funded)
    assert orders.ask({"id": "1", "op": "margin.order", "args": ORDER})["code"] == "126044"
    nobody = {"symbol": "BTC-USDT", "orderId": "nobody"}
    assert orders.ask({"id": "2", "op": "margin.cancel", "args": nobody})["code"] == "126043"
    assert call(funded, "DELETE", f"{ORDERS}/nobody?{PAIR}")["code"] == "126043"
    assert call(funded, "GET", f"{ORDERS}/nobody?{PAIR}")["code"] == "126043"
    assert call(funded, "GET", f"{ORDERS}/active?symbol=NO-PE&{CROSS}")["code"] == "126004"


# Accounts.


def test_list_of_accounts(simulator: Simulator) -> None:
    simulator.transfer("USDT", "5", "trade", "main")
    simulator.counter_order("BTC-USDT", "sell", "0.01", "60000")
    args = {"symbol": "BTC-USDT", "side": "sell", "type": "limit", "price": "70000", "size": "0.5"}
    done(call(simulator, "POST", "/api/v1/hf/orders", args))
    rows = done(call(simulator, "GET", "/api/v1/accounts"))
    by_wallet = {(row["type"], row["currency"]): row for row in rows}
    btc = by_wallet["trade", "BTC"]
    assert (btc["balance"], btc["available"], btc["holds"]) == ("10", "9.5", "0.5")
    assert by_wallet["main", "USDT"]["balance"] == "5"
    assert len({row["id"] for row in rows}) == len(rows)
    one = done(call(simulator, "GET", f"/api/v1/accounts/{btc['id']}"))
    assert one == {"currency": "BTC", "balance": "10", "available": "9.5", "holds": "0.5"}
    main = done(call(simulator, "GET", "/api/v1/accounts?type=main&currency=USDT"))
    assert [(row["type"], row["currency"]) for row in main] == [("main", "USDT")]
    assert done(call(simulator, "GET", "/api/v1/accounts?type=option")) == []
    newer = done(call(simulator, "GET", "/api/v1/accounts?type=trade_hf&currency=BTC"))
    assert newer == [{**btc, "type": "trade_hf"}]
    assert call(simulator, "GET", "/api/v1/accounts?type=futures")["code"] == "400100"
    assert call(simulator, "GET", "/api/v1/accounts/1")["code"] == "400100"


def test_cross_margin_account(funded: Simulator) -> None:
    funded.borrow("BTC", "0.01")
    account = done(call(funded, "GET", "/api/v3/margin/accounts?quoteCurrency=USDT"))
    assert (account["totalAssetOfQuoteCurrency"], account["totalLiabilityOfQuoteCurrency"]) == ("1600", "600")
    assert (account["debtRatio"], account["status"]) == ("0.375", "EFFECTIVE")
    btc = next(row for row in account["accounts"] if row["currency"] == "BTC")
    names = ("total", "liability", "liabilityPrincipal", "liabilityInterest")
    assert [btc[name] for name in names] == ["0.01", "0.01", "0.01", "0"]
    in_btc = done(call(funded, "GET", "/api/v3/margin/accounts?quoteCurrency=BTC&queryType=ALL"))
    assert in_btc["totalLiabilityOfQuoteCurrency"] == "0.01"
    for query in ("quoteCurrency=EUR", "quoteCurrency=KCS", "queryType=SPOT"):
        assert call(funded, "GET", f"/api/v3/margin/accounts?{query}")["code"] == "400100"


def test_isolated_margin_accounts(funded: Simulator) -> None:
    funded.borrow("USDT", "100", symbol="BTC-USDT")
    answer = done(call(funded, "GET", "/api/v3/isolated/accounts"))
    assert (answer["totalAssetOfQuoteCurrency"], answer["totalLiabilityOfQuoteCurrency"]) == ("1100", "100")
    assert [row["symbol"] for row in answer["assets"]] == ["BTC-USDT", "ETH-USDT"]
    one = done(call(funded, "GET", "/api/v3/isolated/accounts?symbol=BTC-USDT"))["assets"]
    assert [row["quoteAsset"]["liability"] for row in one] == ["100"]
    assert one[0]["debtRatio"] == "0.0909"
    assert call(funded, "GET", "/api/v3/isolated/accounts?symbol=NO-PE")["code"] == "400100"


def test_key_and_kind_of_account(simulator: Simulator) -> None:
    key = done(call(simulator, "GET", "/api/v1/user/api-key"))
    assert (key["apiKey"], key["remark"], key["isMaster"]) == (simulator.api_key, "SIMULATOR", True)
    assert done(call(simulator, "GET", "/api/v1/hf/accounts/opened")) is True
