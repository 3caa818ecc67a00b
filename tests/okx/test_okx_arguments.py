"""Arguments of OKX's order methods: keywords become the exchange's names, and what breaks a rule is not sent."""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import ConfigError
from kucoin_sync.okx import keywords
from kucoin_sync.okx.arguments import (
    AMEND,
    AMENDS,
    CANCEL,
    CANCELS,
    MASS_CANCEL,
    ORDER,
    ORDERS,
    SPREAD_AMEND,
    SPREAD_CANCEL,
    SPREAD_MASS_CANCEL,
    SPREAD_ORDER,
)
from kucoin_sync.okx.operations import OPERATIONS
from kucoin_sync.okx.order_methods import OrderMethods
from kucoin_sync.orders.arguments import OperationArguments, OrderList

LIMIT: dict[str, Any] = {
    "inst_id": "BTC-USDT",
    "td_mode": "cash",
    "side": "buy",
    "ord_type": "limit",
    "sz": Decimal("0.01"),
    "px": "30000",
}
METHODS = {
    "submit_new_order": "order",
    "submit_multiple_orders": "batch-orders",
    "amend_order": "amend-order",
    "amend_multiple_orders": "batch-amend-orders",
    "cancel_order": "cancel-order",
    "cancel_multiple_orders": "batch-cancel-orders",
    "mass_cancel_orders": "mass-cancel",
    "submit_spread_order": "sprd-order",
    "amend_spread_order": "sprd-amend-order",
    "cancel_spread_order": "sprd-cancel-order",
    "mass_cancel_spread_orders": "sprd-mass-cancel",
}
EXPIRING = {"submit_new_order", "submit_multiple_orders", "amend_order", "amend_multiple_orders"}
COMMON = {"self", "params", "account", "timeout", "extra", "exp_time"}


def test_X22_okx_keywords_become_the_exchanges_names_and_numbers_texts() -> None:
    assert ORDER.check(None, {**LIMIT, "cl_ord_id": "b15", "reduce_only": False, "tag": None}, {"new": 1}) == {
        "instId": "BTC-USDT",
        "tdMode": "cash",
        "side": "buy",
        "ordType": "limit",
        "sz": "0.01",
        "px": "30000",
        "clOrdId": "b15",
        "reduceOnly": False,
        "new": 1,
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"cl_ord_id": "a-b"}, "cl_ord_id"),
        ({"cl_ord_id": "a_b"}, "cl_ord_id"),
        ({"cl_ord_id": ""}, "cl_ord_id"),
        ({"cl_ord_id": "x" * 33}, "cl_ord_id"),
        ({"cl_ord_id": "é"}, "cl_ord_id"),
        ({"tag": "x" * 17}, "tag"),
        ({"px": None}, "px"),
        ({"px": "0"}, "px"),
        ({"px": "-1"}, "px"),
        ({"px": "1e3"}, "px"),
        ({"sz": None}, "sz"),
        ({"sz": float("nan")}, "sz"),
        ({"td_mode": None}, "td_mode"),
        ({"side": "BUY"}, "side"),
        ({"ord_type": "stop"}, "ord_type"),
        ({"ord_type": "market"}, "px"),
        ({"px_usd": "1"}, "px_usd"),
        ({"inst_id": None}, "inst_id"),
        ({"inst_id": "BTC USDT"}, "inst_id"),
        ({"inst_id_code": "123"}, "inst_id_code"),
        ({"inst_id_code": True}, "inst_id_code"),
        ({"slippage_pct": "0.06"}, "slippage_pct"),
        ({"slippage_pct": "0.00001"}, "slippage_pct"),
        ({"reduce_only": "true"}, "reduce_only"),
        ({"ord_type": "fok", "stp_mode": "cancel_both"}, "stp_mode"),
        ({"rpi_px_round": True}, "rpi_px_round"),
        ({"exp_time": 1}, "exp_time"),
    ],
)
def test_X22_X23_okx_an_order_that_breaks_a_rule_is_refused_with_the_argument_named(
    change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{named}: "):
        ORDER.check(None, {**LIMIT, **change}, None)


def test_the_number_of_an_instrument_may_need_more_than_32_bits() -> None:
    args = ORDER.check(None, {**LIMIT, "inst_id": None, "inst_id_code": 2021032622051187}, None)
    assert args["instIdCode"] == 2021032622051187
    assert "instId" not in args


@pytest.mark.parametrize("price", ["px", "px_usd", "px_vol"])
def test_an_option_has_one_of_three_prices(price: str) -> None:
    args = {name: value for name, value in LIMIT.items() if name != "px"}
    assert ORDER.check(None, {**args, price: "0.5"}, None)


@pytest.mark.parametrize("table", [AMEND, CANCEL, SPREAD_AMEND, SPREAD_CANCEL])
def test_an_order_is_named_by_one_id_or_both(table: OperationArguments) -> None:
    beside: dict[str, Any] = {"inst_id": "BTC-USDT"} if "inst_id" in table.keywords else {}
    beside |= {"new_sz": "1"} if "new_sz" in table.keywords else {}
    for ids in ({"ord_id": "31"}, {"cl_ord_id": "a1"}, {"ord_id": "31", "cl_ord_id": "a1"}):
        assert table.check(None, {**beside, **ids}, None)
    with pytest.raises(ConfigError, match="ord_id"):
        table.check(None, beside, None)
    with pytest.raises(ConfigError, match="ord_id"):
        table.check(None, {**beside, "ord_id": "31x"}, None)


@pytest.mark.parametrize("table", [AMEND, SPREAD_AMEND])
def test_an_amendment_changes_something(table: OperationArguments) -> None:
    beside: dict[str, Any] = {"inst_id": "BTC-USDT"} if "inst_id" in table.keywords else {}
    with pytest.raises(ConfigError, match="new_px"):
        table.check(None, {**beside, "ord_id": "31"}, None)
    with pytest.raises(ConfigError, match="new_sz"):
        table.check(None, {**beside, "ord_id": "31", "new_sz": "0"}, None)


@pytest.mark.parametrize("price", ["-2.15", "0", Decimal("-1"), 3])
def test_the_price_of_a_spread_may_be_negative(price: Any) -> None:
    args = {"sprd_id": "BTC-USDT_BTC-USDT-SWAP", "side": "buy", "ord_type": "limit", "sz": "1", "px": price}
    assert SPREAD_ORDER.check(None, args, None)["px"] == str(price)
    for wrong in ("--1", "-", "-1e3", "1-"):
        with pytest.raises(ConfigError, match="px"):
            SPREAD_ORDER.check(None, {**args, "px": wrong}, None)
    with pytest.raises(ConfigError, match="px"):
        SPREAD_ORDER.check(None, {**args, "px": None}, None)
    with pytest.raises(ConfigError, match="px"):
        SPREAD_ORDER.check(None, {**args, "ord_type": "market"}, None)


def test_a_mass_cancel_takes_a_family_of_options_and_a_short_lock() -> None:
    args = {"inst_type": "OPTION", "inst_family": "BTC-USD"}
    assert MASS_CANCEL.check(None, {**args, "lock_interval": 500}, None)["lockInterval"] == "500"
    assert SPREAD_MASS_CANCEL.check(None, {}, None) == {}
    for change in ({"inst_type": "SWAP"}, {"inst_family": None}, {"lock_interval": 10_001}, {"lock_interval": "x"}):
        with pytest.raises(ConfigError):
            MASS_CANCEL.check(None, {**args, **change}, None)


def test_X23_okx_a_batch_holds_up_to_20_orders_and_none_twice() -> None:
    order = ORDER.check(None, LIMIT, None)
    assert len(ORDERS.check(None, {"orders": [LIMIT, order]}, None)) == 2, "either way to spell them"
    for number in (0, 21):
        with pytest.raises(ConfigError, match="1 to 20"):
            ORDERS.check(None, {"orders": [LIMIT] * number}, None)
    cancel = {"instId": "BTC-USDT", "ordId": "31"}
    for table, item in ((CANCELS, cancel), (AMENDS, {**cancel, "newSz": "1"})):
        with pytest.raises(ConfigError, match="ordId 31 is in the list twice"):
            table.check([item, {**item, "clOrdId": "x"}], {}, None)


@given(value=st.text() | st.integers() | st.none() | st.floats() | st.booleans() | st.binary())
def test_whatever_is_given_for_a_client_order_id_is_taken_whole_or_refused(value: Any) -> None:
    try:
        args = CANCEL.check({"instId": "X", "clOrdId": value}, {}, None)
    except ConfigError:
        return
    assert args["clOrdId"] == value
    assert value.isascii() and value.isalnum() and len(value) <= 32


# Methods.


class Recorder(OrderMethods[Any, Any]):
    """Makes no request, but tells which it was asked for."""

    def _run(self, *request: Any) -> Any:
        return request


def test_every_operation_has_a_method_and_every_method_an_operation() -> None:
    assert set(METHODS.values()) == set(OPERATIONS)
    assert {name for name in dir(OrderMethods) if not name.startswith("_")} == set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_asks_for_its_operation(name: str) -> None:
    op = METHODS[name]
    batch = OPERATIONS[op].batch is not None
    expiry = {"exp_time": 1_775_556_005_000} if name in EXPIRING else {}
    given: tuple[Any, ...] = ([LIMIT],) if batch else ()
    asked = getattr(Recorder(), name)(*given, account="main", timeout=1.5, **expiry)
    assert asked[:2] == (op, None)
    assert asked[2] == ({"orders": [LIMIT]} if batch else {})
    assert asked[3:6] == ("main", 1.5, None)
    assert asked[6:] == tuple(expiry.values())


@pytest.mark.parametrize("name", METHODS)
def test_a_method_shows_the_arguments_of_its_operation(name: str) -> None:
    """In its signature, its annotations and the table: one list."""
    table = OPERATIONS[METHODS[name]].arguments
    shown = set(inspect.signature(getattr(OrderMethods, name)).parameters) - COMMON
    if isinstance(table, OrderList):
        assert shown == {"orders"}
        return
    assert isinstance(table, OperationArguments)
    assert shown == set(table.keywords)
    declared = {frozenset(get_type_hints(getattr(keywords, each))) for each in keywords.__all__}
    assert frozenset(table.keywords) in declared


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_an_expiry_where_the_exchange_does(name: str) -> None:
    assert ("exp_time" in inspect.signature(getattr(OrderMethods, name)).parameters) == (name in EXPIRING)
