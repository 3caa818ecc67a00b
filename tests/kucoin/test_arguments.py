"""Arguments of order methods: what goes out for good ones, and which rule each bad one breaks."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments import SPOT_CANCEL, SPOT_MODIFY, SPOT_ORDER, OperationArguments

LIMIT = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}
MARKET = {"symbol": "BTC-USDT", "side": "sell", "type": "market", "size": "0.0001"}
CANCEL = {"symbol": "BTC-USDT", "order_id": "670fd33bf9406e0007ab3945"}
MODIFY = {**CANCEL, "new_price": "30000"}


class Side(str, Enum):
    """Names of one's own for the exchange's words, as many users have them."""

    BUY = "buy"


def without(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in names}


GOOD: list[Any] = [
    pytest.param(SPOT_ORDER, LIMIT, LIMIT, id="limit"),
    pytest.param(SPOT_ORDER, MARKET, MARKET, id="market-by-size"),
    pytest.param(
        SPOT_ORDER,
        {**without(MARKET, "size"), "funds": 25},
        {**without(MARKET, "size"), "funds": "25"},
        id="market-by-funds",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "price": Decimal("1E-5"), "size": 1e-05},
        {**LIMIT, "price": "0.00001", "size": "0.00001"},
        id="X22-numbers-of-every-type",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "price": 20000, "size": 0.1},
        {**LIMIT, "price": "20000", "size": "0.1"},
        id="int-and-float",
    ),
    pytest.param(SPOT_ORDER, {**LIMIT, "client_oid": None, "remark": None}, LIMIT, id="None-counts-as-not-given"),
    pytest.param(
        SPOT_ORDER, {**LIMIT, "client_oid": "a-B_9" * 8}, {**LIMIT, "clientOid": "a-B_9" * 8}, id="longest-oid"
    ),
    pytest.param(SPOT_ORDER, {**LIMIT, "side": Side.BUY}, LIMIT, id="word-from-an-enum-of-texts"),
    pytest.param(
        SPOT_ORDER,
        {
            **LIMIT,
            "client_oid": "c-1",
            "time_in_force": "GTT",
            "cancel_after": 60,
            "post_only": True,
            "hidden": False,
            "iceberg": True,
            "visible_size": "0.00001",
            "stp": "CN",
            "tags": "a tag",
            "remark": "order remarks",
            "client_timestamp": 1760000000000,
            "allow_max_time_window": 5000,
        },
        {
            **LIMIT,
            "clientOid": "c-1",
            "timeInForce": "GTT",
            "cancelAfter": 60,
            "postOnly": True,
            "hidden": False,
            "iceberg": True,
            "visibleSize": "0.00001",
            "stp": "CN",
            "tags": "a tag",
            "remark": "order remarks",
            "clientTimestamp": 1760000000000,
            "allowMaxTimeWindow": 5000,
        },
        id="every-argument",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "time_in_force": "GTT", "cancel_after": -1},
        {**LIMIT, "timeInForce": "GTT", "cancelAfter": -1},
        id="never-cancelled",
    ),
    pytest.param(
        SPOT_ORDER,
        {**MARKET, "post_only": False},
        {**MARKET, "postOnly": False},
        id="a-flag-that-is-off-breaks-no-rule",
    ),
    pytest.param(
        SPOT_CANCEL, CANCEL, {"symbol": "BTC-USDT", "orderId": "670fd33bf9406e0007ab3945"}, id="cancel-by-order-id"
    ),
    pytest.param(
        SPOT_CANCEL,
        {"symbol": "BTC-USDT", "client_oid": "c-1"},
        {"symbol": "BTC-USDT", "clientOid": "c-1"},
        id="cancel-by-client-oid",
    ),
    pytest.param(
        SPOT_MODIFY,
        {"symbol": "BTC-USDT", "client_oid": "c-1", "new_price": 30000, "new_size": Decimal("0.5")},
        {"symbol": "BTC-USDT", "clientOid": "c-1", "newPrice": "30000", "newSize": "0.5"},
        id="modify-price-and-size",
    ),
    pytest.param(
        SPOT_MODIFY,
        MODIFY,
        {"symbol": "BTC-USDT", "orderId": "670fd33bf9406e0007ab3945", "newPrice": "30000"},
        id="modify-price",
    ),
]


@pytest.mark.parametrize(("operation", "keywords", "wire"), GOOD)
def test_keywords_become_the_exchanges_names(
    operation: OperationArguments, keywords: dict[str, Any], wire: dict[str, Any]
) -> None:
    got = operation.check(None, keywords, None)
    assert got == wire
    assert {name: str(value) for name, value in got.items()} == {name: str(value) for name, value in wire.items()}


@pytest.mark.parametrize("wire", [case.values[2] for case in GOOD if case.values[0] is SPOT_ORDER])
def test_a_mapping_with_the_exchanges_names_gives_the_same(wire: dict[str, Any]) -> None:
    """What is copied from the exchange's documents works as it is."""
    assert SPOT_ORDER.check(wire, {}, None) == wire


BAD: list[Any] = [
    pytest.param(SPOT_ORDER, without(LIMIT, "symbol"), "symbol: is required", id="no-symbol"),
    pytest.param(SPOT_ORDER, without(LIMIT, "side"), "side: is required", id="no-side"),
    pytest.param(SPOT_ORDER, without(LIMIT, "type"), "type: is required", id="no-type"),
    pytest.param(SPOT_ORDER, without(LIMIT, "price"), "price: is required for a limit order", id="limit-without-price"),
    pytest.param(SPOT_ORDER, without(LIMIT, "size"), "size: is required for a limit order", id="limit-without-size"),
    pytest.param(SPOT_ORDER, {**LIMIT, "funds": "1"}, "funds: is for market orders only", id="limit-with-funds"),
    pytest.param(SPOT_ORDER, {**MARKET, "price": "1"}, "price: is for limit orders only", id="market-with-price"),
    pytest.param(SPOT_ORDER, without(MARKET, "size"), "size: a market order takes either", id="market-without-either"),
    pytest.param(SPOT_ORDER, {**MARKET, "funds": "1"}, "size: a market order takes either", id="market-with-both"),
    pytest.param(SPOT_ORDER, {**MARKET, "post_only": True}, "post_only: is for limit orders", id="market-post-only"),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "post_only": True, "time_in_force": "IOC"},
        "post_only: does not go with IOC",
        id="post-only-with-IOC",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "post_only": True, "time_in_force": "FOK"},
        "post_only: does not go with FOK",
        id="post-only-with-FOK",
    ),
    pytest.param(SPOT_ORDER, {**LIMIT, "cancel_after": 60}, "cancel_after: goes with time_in_force GTT", id="no-GTT"),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "cancel_after": 60, "time_in_force": "GTC"},
        "cancel_after: goes with time_in_force GTT",
        id="cancel-after-with-GTC",
    ),
    pytest.param(
        SPOT_ORDER, {**LIMIT, "iceberg": True}, "visible_size: is required", id="iceberg-without-visible-size"
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "client_timestamp": 1760000000000},
        "client_timestamp: goes together with allow_max_time_window",
        id="timestamp-without-window",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "allow_max_time_window": 5000},
        "client_timestamp: goes together with allow_max_time_window",
        id="window-without-timestamp",
    ),
    pytest.param(SPOT_ORDER, {**LIMIT, "side": "BUY"}, "side: must be one of buy, sell", id="side-in-capitals"),
    pytest.param(SPOT_ORDER, {**LIMIT, "side": ["buy"]}, "side: must be one of buy, sell", id="side-in-a-list"),
    pytest.param(SPOT_ORDER, {**LIMIT, "type": "stop"}, "type: must be one of limit, market", id="unknown-type"),
    pytest.param(SPOT_ORDER, {**LIMIT, "time_in_force": "gtc"}, "time_in_force: must be one of", id="unknown-force"),
    pytest.param(SPOT_ORDER, {**LIMIT, "stp": "XX"}, "stp: must be one of DC, CO, CN, CB", id="unknown-stp"),
    pytest.param(SPOT_ORDER, {**LIMIT, "size": "-1"}, "size: must be above zero", id="X22-negative-size"),
    pytest.param(SPOT_ORDER, {**LIMIT, "size": 0}, "size: must be above zero", id="X22-zero-size"),
    pytest.param(SPOT_ORDER, {**LIMIT, "size": float("nan")}, "size: must be finite", id="X22-nan"),
    pytest.param(SPOT_ORDER, {**LIMIT, "price": float("inf")}, "price: must be finite", id="X22-inf"),
    pytest.param(SPOT_ORDER, {**LIMIT, "price": "1e-05"}, "price: must be plain", id="X22-exponent-text"),
    pytest.param(SPOT_ORDER, {**LIMIT, "price": True}, "price: must be a str, Decimal, int or float", id="X22-bool"),
    pytest.param(
        SPOT_ORDER, {**LIMIT, "client_oid": "x" * 41}, "client_oid: must be a text of 1 to 40", id="X23-long-oid"
    ),
    pytest.param(SPOT_ORDER, {**LIMIT, "client_oid": ""}, "client_oid: must be a text of 1 to 40", id="X23-empty-oid"),
    pytest.param(SPOT_ORDER, {**LIMIT, "client_oid": 7}, "client_oid: must be a text of 1 to 40", id="X23-number-oid"),
    pytest.param(SPOT_ORDER, {**LIMIT, "client_oid": "a\nb"}, "client_oid: only letters", id="X23-control-character"),
    pytest.param(SPOT_ORDER, {**LIMIT, "client_oid": "a b"}, "client_oid: only letters", id="X23-blank-in-oid"),
    pytest.param(SPOT_ORDER, {**LIMIT, "client_oid": "é"}, "client_oid: only letters", id="X23-letter-outside-ascii"),
    pytest.param(SPOT_ORDER, {**LIMIT, "remark": "x" * 21}, "remark: must be at most 20", id="X23-long-remark"),
    pytest.param(SPOT_ORDER, {**LIMIT, "remark": "a\tb"}, "remark: must be at most 20 printable", id="X23-tab"),
    pytest.param(SPOT_ORDER, {**LIMIT, "tags": "x" * 21}, "tags: must be at most 20", id="X23-long-tags"),
    pytest.param(SPOT_ORDER, {**LIMIT, "tags": "é"}, "tags: must be at most 20 printable", id="X23-tags-outside-ascii"),
    pytest.param(SPOT_ORDER, {**LIMIT, "symbol": ""}, "symbol: must be a symbol", id="empty-symbol"),
    pytest.param(SPOT_ORDER, {**LIMIT, "symbol": "-"}, "symbol: must be a symbol", id="symbol-of-a-dash"),
    pytest.param(SPOT_ORDER, {**LIMIT, "symbol": "BTC-USDT\n"}, "symbol: must be a symbol", id="X23-symbol-line-end"),
    pytest.param(SPOT_ORDER, {**LIMIT, "symbol": "BTC/USDT"}, "symbol: must be a symbol", id="symbol-with-slash"),
    pytest.param(SPOT_ORDER, {**LIMIT, "symbol": 5}, "symbol: must be a symbol", id="symbol-number"),
    pytest.param(SPOT_ORDER, {**LIMIT, "post_only": 1}, "post_only: must be True or False", id="flag-as-number"),
    pytest.param(SPOT_ORDER, {**LIMIT, "hidden": "true"}, "hidden: must be True or False", id="flag-as-text"),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "time_in_force": "GTT", "cancel_after": 1.5},
        "cancel_after: must be a whole number",
        id="half-a-second",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "time_in_force": "GTT", "cancel_after": -2},
        "cancel_after: must be a whole number of at least -1",
        id="cancel-after-too-small",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "client_timestamp": 1, "allow_max_time_window": 0},
        "allow_max_time_window: must be a whole number of at least 1",
        id="no-window",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "client_timestamp": True, "allow_max_time_window": 5},
        "client_timestamp: must be a whole number",
        id="timestamp-bool",
    ),
    pytest.param(
        SPOT_ORDER,
        {**LIMIT, "client_timestamp": 2**70, "allow_max_time_window": 5},
        "client_timestamp: ",
        id="number-that-the-json-encoder-cannot-spell",
    ),
    pytest.param(SPOT_ORDER, {**LIMIT, "clientOid": "c-1"}, "clientOid: no such argument", id="wire-name-as-keyword"),
    pytest.param(SPOT_ORDER, {**LIMIT, "leverage": 3}, "leverage: no such argument", id="unknown-name"),
    pytest.param(SPOT_CANCEL, {"symbol": "BTC-USDT"}, "order_id: give either order_id or client_oid", id="cancel-what"),
    pytest.param(SPOT_CANCEL, {**CANCEL, "client_oid": "c"}, "order_id: give either order_id or", id="cancel-by-both"),
    pytest.param(SPOT_CANCEL, without(CANCEL, "symbol"), "symbol: is required", id="cancel-without-symbol"),
    pytest.param(SPOT_CANCEL, {**CANCEL, "order_id": "a/b"}, "order_id: must be an order id", id="order-id-with-slash"),
    pytest.param(SPOT_CANCEL, {**CANCEL, "order_id": 5}, "order_id: must be an order id", id="order-id-number"),
    pytest.param(
        SPOT_CANCEL, {**CANCEL, "order_id": "x" * 65}, "order_id: must be an order id", id="order-id-too-long"
    ),
    pytest.param(SPOT_MODIFY, CANCEL, "new_price: give new_price, new_size or both", id="modify-nothing"),
    pytest.param(SPOT_MODIFY, without(MODIFY, "order_id"), "order_id: give either", id="modify-what"),
    pytest.param(SPOT_MODIFY, {**MODIFY, "new_size": "0"}, "new_size: must be above zero", id="modify-to-zero"),
]


@pytest.mark.parametrize(("operation", "keywords", "text"), BAD)
def test_X23_a_bad_argument_is_refused_by_name_and_rule(
    operation: OperationArguments, keywords: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        operation.check(None, keywords, None)
    assert str(caught.value).startswith(text)
    assert "\n" not in str(caught.value), "one line, whatever was given"


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        pytest.param(without(LIMIT, "price"), "price: is required for a limit order", id="missing"),
        pytest.param({**LIMIT, "cancelAfter": 5}, "cancelAfter: goes with timeInForce GTT only", id="rule-between-two"),
        pytest.param({**LIMIT, "iceberg": True}, "visibleSize: is required", id="rule-of-a-flag"),
        pytest.param({**LIMIT, "client_oid": "c"}, "client_oid: no such argument", id="keyword-in-a-mapping"),
        pytest.param({**LIMIT, "remark": None}, "remark: must be at most 20", id="None-is-a-value-here"),
        pytest.param({**LIMIT, 5: 1}, "5: no such argument", id="name-that-is-no-text"),
        pytest.param([("symbol", "BTC-USDT")], "params: must be a mapping, got list", id="no-mapping"),
        pytest.param("symbol", "params: must be a mapping, got str", id="text"),
    ],
)
def test_errors_about_a_mapping_name_what_the_caller_wrote(mapping: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SPOT_ORDER.check(mapping, {}, None)
    assert str(caught.value).startswith(text)


def test_a_mapping_and_keywords_together_are_refused() -> None:
    """Which of the two should win is nobody's guess to make."""
    with pytest.raises(ConfigError, match=r"^side: give one mapping or keywords, not both$"):
        SPOT_ORDER.check(LIMIT, {"side": "sell"}, None)


def test_the_callers_mapping_is_not_changed() -> None:
    mapping = dict(LIMIT)
    SPOT_ORDER.check(mapping, {}, {"new": 1})["symbol"] = "changed"
    assert mapping == LIMIT


def test_extra_fields_are_passed_on_as_they_are() -> None:
    """A field that the exchange adds tomorrow can be used tomorrow."""
    extra = {"newField": [1, {"a": None}]}
    assert SPOT_ORDER.check(LIMIT, {}, extra) == {**LIMIT, **extra}


@pytest.mark.parametrize(
    ("extra", "text"),
    [
        pytest.param({"clientOid": "c"}, "extra: clientOid has an argument of its own, client_oid", id="known-name"),
        pytest.param({"a": Decimal(1)}, "extra: not JSON (", id="no-JSON"),
        pytest.param({"a": {1, 2}}, "extra: not JSON (", id="set"),
        pytest.param({"a": float("nan")}, "extra: not JSON (", id="X22-nan"),
        pytest.param({"a": [float("inf")]}, "extra: not JSON (", id="X22-inf-inside"),
        pytest.param({"a": "\ud800"}, "extra: not JSON (", id="X23-lone-surrogate"),
        pytest.param({5: 1}, "extra: must map field names", id="name-that-is-no-text"),
        pytest.param([1], "extra: must map field names", id="no-mapping"),
    ],
)
def test_extra_fields_that_cannot_be_sent_are_refused(extra: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SPOT_ORDER.check(LIMIT, {}, extra)
    assert str(caught.value).startswith(text)
