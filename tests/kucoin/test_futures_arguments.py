"""Arguments of margin and futures orders and of batches: what goes out, and which rule each bad one breaks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments import (
    ANYTHING,
    FUTURES_CANCEL,
    FUTURES_MULTI_CANCEL,
    FUTURES_MULTI_ORDER,
    FUTURES_ORDER,
    MARGIN_ORDER,
    NoArguments,
)

MARGIN = {"symbol": "BTC-USDT", "side": "buy", "price": "20000", "size": "0.001"}
LIMIT = {"symbol": "XBTUSDTM", "side": "buy", "price": "20000", "size": 1}
MARKET = {"symbol": "XBTUSDTM", "side": "sell", "type": "market", "size": 1}
STOP = {"stop": "up", "stop_price": "21000", "stop_price_type": "TP"}


def without(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in names}


GOOD: list[Any] = [
    pytest.param(MARGIN_ORDER, MARGIN, MARGIN, id="margin-limit-is-the-default"),
    pytest.param(
        MARGIN_ORDER,
        {"symbol": "BTC-USDT", "side": "buy", "type": "market", "funds": 25, "is_isolated": True, "auto_borrow": True},
        {
            "symbol": "BTC-USDT",
            "side": "buy",
            "type": "market",
            "funds": "25",
            "isIsolated": True,
            "autoBorrow": True,
        },
        id="margin-market",
    ),
    pytest.param(
        MARGIN_ORDER,
        {**MARGIN, "auto_repay": False, "remark": "mine", "stp": "CB"},
        {**MARGIN, "autoRepay": False, "remark": "mine", "stp": "CB"},
        id="margin-terms",
    ),
    pytest.param(FUTURES_ORDER, LIMIT, LIMIT, id="limit-is-the-default"),
    pytest.param(FUTURES_ORDER, MARKET, MARKET, id="market"),
    *(
        pytest.param(
            FUTURES_ORDER, {**LIMIT, "size": value}, {**LIMIT, "size": 3}, id=f"size-as-{type(value).__name__}"
        )
        for value in (3, "3", Decimal(3), Decimal("3.0"), 3.0)
    ),
    pytest.param(
        FUTURES_ORDER, {**without(LIMIT, "size"), "qty": 0.5}, {**without(LIMIT, "size"), "qty": "0.5"}, id="by-coins"
    ),
    pytest.param(
        FUTURES_ORDER,
        {**without(LIMIT, "size"), "value_qty": 100},
        {**without(LIMIT, "size"), "valueQty": "100"},
        id="by-value",
    ),
    pytest.param(
        FUTURES_ORDER,
        {"symbol": "XBTUSDTM", "type": "market", "close_order": True},
        {"symbol": "XBTUSDTM", "type": "market", "closeOrder": True},
        id="close-the-position",
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "leverage": "5"}, {**LIMIT, "leverage": 5}, id="leverage-in-digits-is-a-number"
    ),
    pytest.param(
        FUTURES_ORDER,
        {
            **LIMIT,
            **STOP,
            "client_oid": "c-1",
            "margin_mode": "CROSS",
            "position_side": "LONG",
            "time_in_force": "RPI",
            "post_only": False,
            "hidden": True,
            "iceberg": True,
            "visible_size": 1,
            "reduce_only": True,
            "close_order": False,
            "force_hold": True,
            "stp": "CN",
            "remark": "é" * 100,
        },
        {
            **LIMIT,
            "stop": "up",
            "stopPrice": "21000",
            "stopPriceType": "TP",
            "clientOid": "c-1",
            "marginMode": "CROSS",
            "positionSide": "LONG",
            "timeInForce": "RPI",
            "postOnly": False,
            "hidden": True,
            "iceberg": True,
            "visibleSize": "1",
            "reduceOnly": True,
            "closeOrder": False,
            "forceHold": True,
            "stp": "CN",
            "remark": "é" * 100,
        },
        id="every-argument",
    ),
    pytest.param(FUTURES_CANCEL, {"order_id": "1"}, {"orderId": "1"}, id="cancel-by-id"),
    pytest.param(
        FUTURES_CANCEL, {"client_oid": "c", "symbol": "X"}, {"clientOid": "c", "symbol": "X"}, id="cancel-by-oid"
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL, {"order_ids_list": ["1", "2"]}, {"orderIdsList": ["1", "2"]}, id="cancel-several-by-id"
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"client_oids_list": [{"symbol": "X", "client_oid": "a"}, {"symbol": "Y", "clientOid": "b"}]},
        {"clientOidsList": [{"symbol": "X", "clientOid": "a"}, {"symbol": "Y", "clientOid": "b"}]},
        id="cancel-several-by-oid",
    ),
]


@pytest.mark.parametrize(("operation", "keywords", "wire"), GOOD)
def test_keywords_become_the_exchanges_names(operation: Any, keywords: dict[str, Any], wire: dict[str, Any]) -> None:
    got = operation.check(None, keywords, None)
    assert got == wire
    assert {name: type(value) for name, value in got.items()} == {name: type(value) for name, value in wire.items()}
    assert operation.check(wire, {}, None) == wire, "what is copied from the exchange's documents works as it is"


NO_SIZE = without(LIMIT, "size")
BAD: list[Any] = [
    pytest.param(MARGIN_ORDER, without(MARGIN, "price"), "price: is required for a limit order", id="margin-no-price"),
    pytest.param(MARGIN_ORDER, without(MARGIN, "side"), "side: is required", id="margin-no-side"),
    pytest.param(MARGIN_ORDER, {**MARGIN, "tags": "t"}, "tags: no such argument", id="margin-tags"),
    pytest.param(
        MARGIN_ORDER,
        {**MARGIN, "allow_max_time_window": 1},
        "allow_max_time_window: no such argument",
        id="margin-window",
    ),
    pytest.param(
        MARGIN_ORDER, {**MARGIN, "auto_borrow": "yes"}, "auto_borrow: must be True or False", id="margin-flag"
    ),
    pytest.param(FUTURES_ORDER, without(LIMIT, "symbol"), "symbol: is required", id="no-symbol"),
    pytest.param(FUTURES_ORDER, without(LIMIT, "side"), "side: is required unless close_order is set", id="no-side"),
    pytest.param(FUTURES_ORDER, without(LIMIT, "price"), "price: is required for a limit order", id="no-price"),
    pytest.param(FUTURES_ORDER, {**MARKET, "price": "1"}, "price: is for limit orders only", id="market-with-price"),
    pytest.param(FUTURES_ORDER, NO_SIZE, "size: give one of size or qty or value_qty", id="no-size"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "qty": "1"}, "size: give one of size or qty or value_qty", id="two-sizes"),
    pytest.param(
        FUTURES_ORDER, {**NO_SIZE, "qty": "1", "value_qty": "1"}, "qty: give one of size or qty", id="two-other-sizes"
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "close_order": True, "qty": "1"}, "size: give one of", id="close-with-two-sizes"
    ),
    pytest.param(FUTURES_ORDER, {**NO_SIZE, "close_order": False}, "size: give one of", id="close-that-is-off"),
    *(
        pytest.param(
            FUTURES_ORDER, {**LIMIT, "size": value}, "size: must be a whole number of at least 1", id=f"{value!r}"
        )
        for value in (0, -1, 1.5, "1.5", "", "x", "1e3", "１", True, None, float("nan"), float("inf"), Decimal("sNaN"))
        if value is not None
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "size": Decimal("1E+99999999")}, "size: must be a whole number", id="X22-enormous"
    ),
    pytest.param(FUTURES_ORDER, {**LIMIT, "size": "9" * 30}, "size: must be a whole number", id="X22-more-than-64-bit"),
    pytest.param(FUTURES_ORDER, {**NO_SIZE, "qty": "-1"}, "qty: must be above zero", id="X22-negative-qty"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "leverage": 2.5}, "leverage: must be a whole number", id="leverage-half"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "type": "stop"}, "type: must be one of limit, market", id="type"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "margin_mode": "cross"}, "margin_mode: must be one of", id="margin-mode"),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "position_side": "NET"}, "position_side: must be one of BOTH, LONG", id="hedge"
    ),
    *(
        pytest.param(
            FUTURES_ORDER, {**LIMIT, "time_in_force": value}, "time_in_force: must be one of GTC, IOC, RPI", id=value
        )
        for value in ("GTT", "FOK")
    ),
    pytest.param(
        FUTURES_ORDER,
        {**LIMIT, "post_only": True, "time_in_force": "IOC"},
        "post_only: does not go with IOC",
        id="post-only-with-IOC",
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "post_only": True, "hidden": True}, "post_only: does not go with hidden", id="hidden"
    ),
    pytest.param(
        FUTURES_ORDER,
        {**LIMIT, "post_only": True, "iceberg": True, "visible_size": 1},
        "post_only: does not go with iceberg",
        id="post-only-iceberg",
    ),
    pytest.param(FUTURES_ORDER, {**MARKET, "post_only": True}, "post_only: is for limit orders only", id="market-post"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "iceberg": True}, "visible_size: is required for an iceberg", id="iceberg"),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "visible_size": 1}, "visible_size: goes with iceberg only", id="visible-size"
    ),
    pytest.param(
        FUTURES_ORDER,
        {**LIMIT, "iceberg": True, "visible_size": "0.5"},
        "visible_size: must be a whole number",
        id="half-a-contract-visible",
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, **without(STOP, "stop_price")}, "stop_price: is required with stop", id="no-stop-price"
    ),
    pytest.param(
        FUTURES_ORDER,
        {**LIMIT, **without(STOP, "stop_price_type")},
        "stop_price_type: is required with stop",
        id="no-stop-price-type",
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, **without(STOP, "stop")}, "stop_price: goes with stop only", id="stop-price-alone"
    ),
    pytest.param(
        FUTURES_ORDER, {**LIMIT, "stop_price_type": "MP"}, "stop_price_type: goes with stop only", id="stop-type-alone"
    ),
    pytest.param(FUTURES_ORDER, {**LIMIT, **STOP, "stop": "UP"}, "stop: must be one of up, down", id="stop"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "stp": "DC"}, "stp: must be one of CN, CO, CB", id="stp"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "remark": "x" * 101}, "remark: must be at most 100", id="X23-long-remark"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "remark": "a\nb"}, "remark: must be at most 100 printable", id="X23-remark"),
    pytest.param(FUTURES_ORDER, {**LIMIT, "client_oid": "a.b"}, "client_oid: only letters", id="X23-oid"),
    pytest.param(FUTURES_CANCEL, {}, "order_id: give either order_id or client_oid", id="cancel-nothing"),
    pytest.param(
        FUTURES_CANCEL, {"client_oid": "c"}, "symbol: is required with client_oid", id="cancel-without-symbol"
    ),
    pytest.param(
        FUTURES_CANCEL, {"order_id": "1", "symbol": "X"}, "symbol: goes with client_oid only", id="cancel-with-symbol"
    ),
    pytest.param(FUTURES_MULTI_CANCEL, {}, "order_ids_list: give either order_ids_list or", id="cancel-none-of-many"),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"order_ids_list": ["1"], "client_oids_list": [{"symbol": "X", "clientOid": "a"}]},
        "order_ids_list: give either",
        id="cancel-many-by-both",
    ),
    pytest.param(FUTURES_MULTI_CANCEL, {"order_ids_list": []}, "order_ids_list: must be a list of at", id="empty"),
    pytest.param(FUTURES_MULTI_CANCEL, {"order_ids_list": "12"}, "order_ids_list: must be a list of at", id="text"),
    pytest.param(
        FUTURES_MULTI_CANCEL, {"order_ids_list": ["1", 2]}, "order_ids_list[1]: must be an order id", id="id-number"
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL, {"order_ids_list": ["1", "1"]}, "order_ids_list[1]: 1 is in the list already", id="twice"
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"client_oids_list": [{"symbol": "X", "clientOid": "a"}, {"symbol": "Y", "clientOid": "a"}]},
        "client_oids_list[1]: a is in the list already",
        id="one-oid-for-two-symbols",
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL, {"client_oids_list": ["a"]}, "client_oids_list[0]: must be a mapping", id="oid-alone"
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"client_oids_list": [{"client_oid": "a"}]},
        "client_oids_list[0].symbol: is required",
        id="oid-without-symbol",
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"client_oids_list": [{"symbol": "X"}]},
        "client_oids_list[0].clientOid: is required",
        id="symbol-without-oid",
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"client_oids_list": [{"symbol": "X", "clientOid": "a", "client_oid": "b"}]},
        "client_oids_list[0]: no such field 'clientOid'",
        id="oid-in-both-spellings",
    ),
    pytest.param(
        FUTURES_MULTI_CANCEL,
        {"client_oids_list": [{"symbol": "X", "client_oid": "a b"}]},
        "client_oids_list[0].client_oid: only letters",
        id="X23-oid-in-a-list",
    ),
]


@pytest.mark.parametrize(("operation", "keywords", "text"), BAD)
def test_X23_a_bad_argument_is_refused_by_name_and_rule(operation: Any, keywords: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        operation.check(None, keywords, None)
    assert str(caught.value).startswith(text)
    assert "\n" not in str(caught.value), "one line, whatever was given"


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        ({**without(LIMIT, "size"), "closeOrder": False}, "size: give one of size or qty or valueQty"),
        (without(LIMIT, "side"), "side: is required unless closeOrder is set"),
        ({**LIMIT, "stop": "up", "stopPrice": "1"}, "stopPriceType: is required with stop"),
        ({**LIMIT, "iceberg": True}, "visibleSize: is required"),
    ],
)
def test_errors_about_a_mapping_name_what_the_caller_wrote(mapping: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FUTURES_ORDER.check(mapping, {}, None)
    assert str(caught.value).startswith(text)


# Lists of orders.

WIRE = {"symbol": "XBTUSDTM", "side": "buy", "price": "1", "size": 1, "clientOid": "a", "timeInForce": "GTC"}
KEYWORDS = {"symbol": "XBTUSDTM", "side": "buy", "price": 1, "size": "1", "client_oid": "a", "time_in_force": "GTC"}


def test_each_order_of_a_batch_may_be_written_either_way() -> None:
    other = {**KEYWORDS, "client_oid": "b", "hidden": None, "extra": {"newField": 1}}
    expected = [WIRE, {**WIRE, "clientOid": "b", "newField": 1}]
    assert FUTURES_MULTI_ORDER.check(None, {"orders": [WIRE, other]}, None) == expected
    assert FUTURES_MULTI_ORDER.check((WIRE, other), {}, None) == expected


def test_the_callers_orders_are_not_changed() -> None:
    orders = [dict(WIRE)]
    FUTURES_MULTI_ORDER.check(orders, {}, None)[0]["symbol"] = "changed"
    assert orders == [WIRE]


LISTS: list[Any] = [
    pytest.param([], "orders: must hold 1 to 20 orders, got 0", id="none"),
    pytest.param([WIRE] * 21, "orders: must hold 1 to 20 orders, got 21", id="too-many"),
    pytest.param(WIRE, "orders: must be a list of orders, got dict", id="one-order"),
    pytest.param("text", "orders: must be a list of orders, got str", id="text"),
    pytest.param(None, "orders: must be a list of orders, got NoneType", id="nothing"),
    pytest.param([WIRE, 5], "orders[1]: must be a mapping, got int", id="no-mapping"),
    pytest.param([WIRE, without(WIRE, "price")], "orders[1].price: is required for a limit order", id="rule"),
    pytest.param([{**KEYWORDS, "stop_price": 1}], "orders[0].stop_price: goes with stop only", id="rule-by-keyword"),
    pytest.param([{**WIRE, "stopPrice": 1}], "orders[0].stopPrice: goes with stop only", id="rule-by-wire-name"),
    pytest.param([{**WIRE, "side": "BUY"}], "orders[0].side: must be one of buy, sell", id="value"),
    pytest.param([{**WIRE, "new": 1}], "orders[0].new: no such argument", id="unknown-field"),
    pytest.param([{**KEYWORDS, "clientOid": "b"}], "orders[0].clientOid: no such argument", id="both-spellings"),
    pytest.param([{**WIRE, "extra": {"side": "buy"}}], "orders[0].extra: side has an argument", id="extra-known"),
    pytest.param([{**WIRE, "extra": [1]}], "orders[0].extra: must map field names", id="extra-no-mapping"),
    pytest.param([{**WIRE, "hidden": None}], "orders[0].hidden: must be True or False", id="None-by-wire-name"),
]


@pytest.mark.parametrize(("orders", "text"), LISTS)
def test_X23_a_bad_order_of_a_batch_is_refused_by_place_name_and_rule(orders: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FUTURES_MULTI_ORDER.check(None, {"orders": orders}, None)
    assert str(caught.value).startswith(text)
    with pytest.raises(ConfigError) as caught:
        FUTURES_MULTI_ORDER.check(orders, {}, None)
    assert str(caught.value).startswith(text.replace("orders", "params", 1))


def test_unknown_fields_of_a_batch_belong_into_its_orders() -> None:
    with pytest.raises(ConfigError, match=r"^extra: belongs into each order of params"):
        FUTURES_MULTI_ORDER.check([WIRE], {}, {"new": 1})


def test_how_the_caller_spelled_each_order_is_known_afterwards() -> None:
    spellings = FUTURES_MULTI_ORDER.spellings(None, {"orders": [WIRE, KEYWORDS]})
    assert [spell("valueQty") for spell in spellings] == ["orders[0].valueQty", "orders[1].value_qty"]
    (by_keyword,) = FUTURES_ORDER.spellings(None, KEYWORDS)
    (by_mapping,) = FUTURES_ORDER.spellings(WIRE, {})
    assert (by_keyword("valueQty"), by_mapping("valueQty")) == ("value_qty", "valueQty")
    assert by_keyword("newField") == "newField"


# Operations without a table of their own.


@pytest.mark.parametrize(
    ("params", "extra", "expected"),
    [
        (None, None, {}),
        ({"a": 1}, {"b": [None]}, {"a": 1, "b": [None]}),
        ([{"a": 1}, {"b": 2}], None, [{"a": 1}, {"b": 2}]),
        (({"a": 1},), None, [{"a": 1}]),
    ],
)
def test_an_unknown_operation_takes_whatever_json_can_carry(params: Any, extra: Any, expected: Any) -> None:
    assert ANYTHING.check(params, {}, extra) == expected


@pytest.mark.parametrize(
    ("params", "extra", "text"),
    [
        ("text", None, "params: must be a mapping or a list of mappings, got str"),
        (5, None, "params: must be a mapping or a list of mappings, got int"),
        ({"a": {1}}, None, "params: not JSON ("),
        ([{"a": 1}, 5], None, "params[1]: must map field names to values"),
        ([{"a": 1}], {"b": 2}, "extra: does not go with a list"),
    ],
)
def test_what_json_cannot_carry_is_refused(params: Any, extra: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ANYTHING.check(params, {}, extra)
    assert str(caught.value).startswith(text)


def test_a_ping_takes_nothing() -> None:
    """What it took would not be sent."""
    assert NoArguments().check(None, {}, None) == NoArguments().check({}, {}, {}) == {}
    for params, keywords, extra in (({"a": 1}, {}, None), (None, {}, {"a": 1}), (None, {"a": 1}, None), ([], {}, None)):
        with pytest.raises(ConfigError):
            NoArguments().check(params, keywords, extra)
