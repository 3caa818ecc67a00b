"""Arguments of the unified account's operations: what goes out, and which rule each bad one breaks."""

from __future__ import annotations

from typing import Any

import pytest

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments import UNIFIED_AMEND, UNIFIED_CANCEL, UNIFIED_ORDER

LIMIT = {
    "trade_type": "SPOT",
    "symbol": "BTC-USDT",
    "side": "BUY",
    "order_type": "LIMIT",
    "size": "0.001",
    "size_unit": "BASECCY",
    "price": "20000",
}
WIRE = {
    "tradeType": "SPOT",
    "symbol": "BTC-USDT",
    "side": "BUY",
    "orderType": "LIMIT",
    "size": "0.001",
    "sizeUnit": "BASECCY",
    "price": "20000",
}
FUTURES = {**LIMIT, "trade_type": "FUTURES", "symbol": "XBTUSDTM", "size": 1, "size_unit": "UNIT"}
FUTURES_WIRE = {**WIRE, "tradeType": "FUTURES", "symbol": "XBTUSDTM", "size": "1", "sizeUnit": "UNIT"}
TRIGGER = {"trigger_direction": "UP", "trigger_price": "1", "trigger_price_type": "MP"}
AMEND = {"symbol": "BTC-USDT", "order_id": "1", "new_price": 5}


def without(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in names}


GOOD: list[Any] = [
    pytest.param(UNIFIED_ORDER, LIMIT, WIRE, id="limit"),
    pytest.param(
        UNIFIED_ORDER,
        {**without(LIMIT, "price"), "order_type": "MARKET", "size_unit": "QUOTECCY"},
        {**without(WIRE, "price"), "orderType": "MARKET", "sizeUnit": "QUOTECCY"},
        id="market",
    ),
    pytest.param(UNIFIED_ORDER, FUTURES, FUTURES_WIRE, id="futures"),
    pytest.param(
        UNIFIED_ORDER,
        {**LIMIT, "time_in_force": "GTT", "cancel_after": 60, "post_only": True, "stp": "DC", "tags": "t"},
        {**WIRE, "timeInForce": "GTT", "cancelAfter": 60, "postOnly": True, "stp": "DC", "tags": "t"},
        id="terms",
    ),
    pytest.param(
        UNIFIED_ORDER,
        {**LIMIT, "trade_type": "CROSS", "auto_borrow": True, "auto_repay": False},
        {**WIRE, "tradeType": "CROSS", "autoBorrow": True, "autoRepay": False},
        id="classic-margin",
    ),
    pytest.param(
        UNIFIED_ORDER,
        {
            **FUTURES,
            **TRIGGER,
            "client_oid": "c",
            "time_in_force": "RPI",
            "reduce_only": True,
            "position_side": "SHORT",
            "margin_mode": "CROSS",
            "leverage": "3",
            "tp_trigger_price": 2,
            "tp_trigger_price_type": "TP",
            "sl_trigger_price": 1,
            "sl_trigger_price_type": "IP",
            "close_order": False,
        },
        {
            **FUTURES_WIRE,
            "triggerDirection": "UP",
            "triggerPrice": "1",
            "triggerPriceType": "MP",
            "clientOid": "c",
            "timeInForce": "RPI",
            "reduceOnly": True,
            "positionSide": "SHORT",
            "marginMode": "CROSS",
            "leverage": 3,
            "tpTriggerPrice": "2",
            "tpTriggerPriceType": "TP",
            "slTriggerPrice": "1",
            "slTriggerPriceType": "IP",
            "closeOrder": False,
        },
        id="futures-with-everything",
    ),
    pytest.param(
        UNIFIED_ORDER,
        {**LIMIT, **without(TRIGGER, "trigger_price_type")},
        {**WIRE, "triggerDirection": "UP", "triggerPrice": "1"},
        id="trigger-of-a-spot-order",
    ),
    pytest.param(
        UNIFIED_CANCEL,
        {"trade_type": "SPOT", "symbol": "BTC-USDT", "client_oid": "c"},
        {"tradeType": "SPOT", "symbol": "BTC-USDT", "clientOid": "c"},
        id="cancel",
    ),
    pytest.param(
        UNIFIED_AMEND,
        {**AMEND, "new_size": 1, "size_unit": "UNIT", "cxl_on_fail": True},
        {
            "symbol": "BTC-USDT",
            "orderId": "1",
            "newPrice": "5",
            "newSize": "1",
            "sizeUnit": "UNIT",
            "cxlOnFail": True,
        },
        id="amend",
    ),
    pytest.param(
        UNIFIED_AMEND,
        {"symbol": "X", "client_oid": "c", "sl_trigger_price": 1, "sl_trigger_price_type": "MP"},
        {"symbol": "X", "clientOid": "c", "slTriggerPrice": "1", "slTriggerPriceType": "MP"},
        id="amend-a-trigger",
    ),
]


@pytest.mark.parametrize(("operation", "keywords", "wire"), GOOD)
def test_keywords_become_the_exchanges_names(operation: Any, keywords: dict[str, Any], wire: dict[str, Any]) -> None:
    got = operation.check(None, keywords, None)
    assert got == wire
    assert {name: type(value) for name, value in got.items()} == {name: type(value) for name, value in wire.items()}
    assert operation.check(wire, {}, None) == wire, "what is copied from the exchange's documents works as it is"


BAD: list[Any] = [
    *(
        pytest.param(UNIFIED_ORDER, without(LIMIT, name), f"{name}: is required", id=f"no-{name}")
        for name in ("trade_type", "symbol", "side", "order_type", "size", "size_unit", "price")
    ),
    *(
        pytest.param(UNIFIED_ORDER, {**LIMIT, name: value}, f"{name}: must be one of", id=f"{name}-{value}")
        for name, value in {
            "trade_type": "OPTIONS",
            "side": "buy",
            "order_type": "limit",
            "size_unit": "base",
            "time_in_force": "gtc",
            "stp": "XX",
            "position_side": "NET",
            "margin_mode": "cross",
            "trigger_direction": "up",
            "trigger_price_type": "last",
        }.items()
    ),
    pytest.param(
        UNIFIED_ORDER, {**LIMIT, "order_type": "MARKET"}, "price: is for limit orders only", id="market-price"
    ),
    pytest.param(
        UNIFIED_ORDER, {**LIMIT, "size_unit": "UNIT"}, "size_unit: UNIT goes with trade_type FUTURES only", id="unit"
    ),
    pytest.param(
        UNIFIED_ORDER, {**LIMIT, "time_in_force": "RPI"}, "time_in_force: RPI goes with trade_type FUTURES", id="rpi"
    ),
    pytest.param(
        UNIFIED_ORDER,
        {**FUTURES, "time_in_force": "GTT", "cancel_after": 5},
        "time_in_force: GTT does not go with trade_type FUTURES",
        id="gtt-futures",
    ),
    pytest.param(
        UNIFIED_ORDER, {**LIMIT, "time_in_force": "GTT"}, "cancel_after: goes together with time_in_force", id="gtt"
    ),
    pytest.param(UNIFIED_ORDER, {**LIMIT, "cancel_after": 5}, "cancel_after: goes together with", id="cancel-after"),
    pytest.param(
        UNIFIED_ORDER, {**LIMIT, "reduce_only": True}, "reduce_only: goes with trade_type FUTURES", id="reduce"
    ),
    *(
        pytest.param(
            UNIFIED_ORDER,
            {**base, name: True},
            f"{name}: goes with trade_type MARGIN or ISOLATED or CROSS only",
            id=f"{name}-{base['trade_type']}",
        )
        for base in (LIMIT, FUTURES)
        for name in ("auto_borrow", "auto_repay")
    ),
    *(
        pytest.param(
            UNIFIED_ORDER, {**LIMIT, name: value}, f"{name}: goes with trade_type FUTURES only", id=f"spot-{name}"
        )
        for name, value in {
            "tp_trigger_price": 1,
            "sl_trigger_price": 1,
            "tp_trigger_price_type": "TP",
            "sl_trigger_price_type": "TP",
        }.items()
    ),
    *(
        pytest.param(
            UNIFIED_ORDER, {**FUTURES, **without(TRIGGER, name)}, f"{name}: is required with trigger", id=f"no-{name}"
        )
        for name in TRIGGER
    ),
    pytest.param(
        UNIFIED_ORDER,
        {**LIMIT, "trigger_price_type": "MP"},
        "trigger_direction: is required with trigger_price_type",
        id="trigger-type-alone",
    ),
    *(
        pytest.param(
            UNIFIED_ORDER, {**FUTURES, f"{leg}_type": "MP"}, f"{leg}_type: goes with {leg} only", id=f"{leg}-type-alone"
        )
        for leg in ("tp_trigger_price", "sl_trigger_price")
    ),
    pytest.param(UNIFIED_ORDER, {**LIMIT, "tags": "x" * 21}, "tags: must be at most 20", id="X23-tags"),
    pytest.param(
        UNIFIED_ORDER, {**LIMIT, "client_oid": "x" * 41}, "client_oid: must be a text of 1 to 40", id="X23-oid"
    ),
    pytest.param(UNIFIED_CANCEL, {"symbol": "X", "order_id": "1"}, "trade_type: is required", id="cancel-trade-type"),
    pytest.param(
        UNIFIED_CANCEL, {"trade_type": "SPOT", "symbol": "X"}, "order_id: give either order_id or", id="cancel-what"
    ),
    pytest.param(UNIFIED_AMEND, without(AMEND, "new_price"), "new_price: give one of new_price, new_size", id="amend"),
    pytest.param(
        UNIFIED_AMEND,
        {**without(AMEND, "new_price"), "cxl_on_fail": True},
        "new_price: give one of",
        id="amend-nothing",
    ),
    pytest.param(UNIFIED_AMEND, {**AMEND, "client_oid": "c"}, "order_id: give either", id="amend-by-both"),
    pytest.param(
        UNIFIED_AMEND, {**AMEND, "tp_trigger_price_type": "MP"}, "tp_trigger_price_type: goes with", id="amend-leg"
    ),
    pytest.param(UNIFIED_AMEND, {**AMEND, "new_size": 0}, "new_size: must be above zero", id="X22-amend-to-zero"),
]


@pytest.mark.parametrize(("operation", "keywords", "text"), BAD)
def test_X23_a_bad_argument_is_refused_by_name_and_rule(operation: Any, keywords: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        operation.check(None, keywords, None)
    assert str(caught.value).startswith(text)
