"""Orders against the steps and limits of their symbol: what passes, and which rule each bad one breaks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.symbol_rules import CHECKED, SymbolRule, read_contracts, read_symbols, uses_contracts
from tests.odd_data import spoilt

SPOT = {
    "symbol": "BTC-USDT",
    "baseMinSize": "0.00001",
    "baseMaxSize": "10000000000",
    "quoteMinSize": "0.1",
    "quoteMaxSize": "99999999",
    "baseIncrement": "0.00000001",
    "quoteIncrement": "0.000001",
    "priceIncrement": "0.1",
    "minFunds": "0.1",
    "enableTrading": True,
}
COARSE = {**SPOT, "symbol": "DOGE-USDT", "baseMinSize": "10", "baseIncrement": "5", "priceIncrement": "0.00001"}
CLOSED = {**SPOT, "symbol": "OLD-USDT", "enableTrading": False}
LINEAR = {
    "symbol": "XBTUSDTM",
    "tickSize": 0.1,
    "lotSize": 1,
    "multiplier": 0.001,
    "maxOrderQty": 1000000,
    "maxPrice": 1000000.0,
    "isInverse": False,
    "status": "Open",
}
LOTS = {**LINEAR, "symbol": "LOTUSDTM", "lotSize": 10, "multiplier": "0.5"}
INVERSE = {**LINEAR, "symbol": "XBTUSDM", "tickSize": 0.1, "multiplier": -1.0, "isInverse": True}
PAUSED = {**LINEAR, "symbol": "OLDUSDTM", "status": "CancelOnly"}
RULES = {**read_symbols([SPOT, COARSE, CLOSED]), **read_contracts([LINEAR, LOTS, INVERSE, PAUSED])}


def check(op: str, args: dict[str, Any], spell: Any = str) -> None:
    RULES[args["symbol"]].check(op, args, spell)


GOOD: list[Any] = [
    ("spot.order", {"symbol": "BTC-USDT", "price": "20000.1", "size": "0.00001"}),
    ("spot.order", {"symbol": "BTC-USDT", "price": "20000.10", "size": "0.00001000"}),
    ("spot.sync_order", {"symbol": "BTC-USDT", "funds": "0.100001"}),
    ("spot.order", {"symbol": "BTC-USDT", "size": "0.00001"}),
    ("margin.order", {"symbol": "BTC-USDT", "price": "100000", "size": "10000000000"}),
    ("spot.modify", {"symbol": "BTC-USDT", "newPrice": "1"}),
    ("spot.order", {"symbol": "DOGE-USDT", "price": "0.06", "size": "15"}),
    ("futures.order", {"symbol": "XBTUSDTM", "price": "20000.1", "size": 1}),
    ("futures.order", {"symbol": "XBTUSDTM", "qty": "0.003", "type": "market"}),
    ("futures.order", {"symbol": "XBTUSDTM", "valueQty": "17.3", "type": "market"}),
    ("futures.order", {"symbol": "XBTUSDTM", "type": "market", "closeOrder": True}),
    ("futures.order", {"symbol": "XBTUSDM", "size": 7, "price": "1"}),
    ("futures.multi_order", {"symbol": "LOTUSDTM", "size": 20, "price": "1"}),
    ("uta.order", {"symbol": "BTC-USDT", "size": "5", "sizeUnit": "QUOTECCY"}),
    ("uta.order", {"symbol": "XBTUSDTM", "tradeType": "FUTURES", "size": "2", "sizeUnit": "UNIT"}),
    ("uta.amend", {"symbol": "BTC-USDT", "newPrice": "0.1"}),
    ("uta.amend", {"symbol": "BTC-USDT", "newSize": "0.000000000001"}),  # of what, is not said
]


@pytest.mark.parametrize(("op", "args"), GOOD)
def test_an_order_that_keeps_the_rules_passes(op: str, args: dict[str, Any]) -> None:
    check(op, args)


BAD: list[Any] = [
    (
        "spot.order",
        {"symbol": "BTC-USDT", "price": "20000.05", "size": "1"},
        "price: 20000.05 is not a multiple of 0.1; nearest are 20000.0 and 20000.1",
    ),
    (
        "spot.order",
        {"symbol": "BTC-USDT", "price": "0.05", "size": "10"},
        "price: 0.05 is not a multiple of 0.1; nearest is 0.1",
    ),
    (
        "spot.order",
        {"symbol": "BTC-USDT", "price": "1", "size": "0.123456789"},
        "size: 0.123456789 is not a multiple of 0.00000001; nearest are 0.12345678 and 0.12345679",
    ),
    (
        "spot.order",
        {"symbol": "BTC-USDT", "size": "0.000001"},
        "size: 0.000001 is below the smallest allowed, 0.00001",
    ),
    (
        "spot.order",
        {"symbol": "BTC-USDT", "size": "10000000001"},
        "size: 10000000001 is above the largest allowed, 10000000000",
    ),
    ("spot.order", {"symbol": "BTC-USDT", "funds": "0.09"}, "funds: 0.09 is below the smallest allowed, 0.1"),
    (
        "spot.order",
        {"symbol": "BTC-USDT", "funds": "1.0000005"},
        "funds: 1.0000005 is not a multiple of 0.000001; nearest are 1.000000 and 1.000001",
    ),
    (
        "margin.order",
        {"symbol": "BTC-USDT", "price": "20", "size": "0.001"},
        "size: 0.001 at 20 is worth 0.020, below the smallest value of an order, 0.1; the smallest size is 0.005",
    ),
    (
        "spot.order",
        {"symbol": "DOGE-USDT", "price": "0.003", "size": "15"},
        "size: 15 at 0.003 is worth 0.045, below the smallest value of an order, 0.1; the smallest size is 35",
    ),
    (
        "spot.order",
        {"symbol": "DOGE-USDT", "price": "1", "size": "12"},
        "size: 12 is not a multiple of 5; nearest are 10 and 15",
    ),
    (
        "spot.modify",
        {"symbol": "BTC-USDT", "newPrice": "1.23"},
        "newPrice: 1.23 is not a multiple of 0.1; nearest are 1.2 and 1.3",
    ),
    (
        "spot.modify",
        {"symbol": "BTC-USDT", "newSize": "0.000001"},
        "newSize: 0.000001 is below the smallest allowed, 0.00001",
    ),
    (
        "spot.order",
        {"symbol": "OLD-USDT", "price": "1", "size": "1"},
        "symbol: OLD-USDT takes no orders now: trading is not enabled",
    ),
    (
        "futures.order",
        {"symbol": "OLDUSDTM", "price": "1", "size": 1},
        "symbol: OLDUSDTM takes no orders now: its status is CancelOnly",
    ),
    (
        "futures.order",
        {"symbol": "XBTUSDTM", "price": "20000.05", "size": 1},
        "price: 20000.05 is not a multiple of 0.1; nearest are 20000.0 and 20000.1",
    ),
    (
        "futures.order",
        {"symbol": "XBTUSDTM", "price": "1000000.1", "size": 1},
        "price: 1000000.1 is above the largest allowed, 1000000.0",
    ),
    (
        "futures.order",
        {"symbol": "XBTUSDTM", "price": "1", "size": 1000001},
        "size: 1000001 is above the largest allowed, 1000000",
    ),
    (
        "futures.multi_order",
        {"symbol": "LOTUSDTM", "price": "1", "size": 15},
        "size: 15 is not a multiple of 10; nearest are 10 and 20",
    ),
    (
        "futures.multi_order",
        {"symbol": "LOTUSDTM", "price": "1", "size": 999999},
        "size: 999999 is not a multiple of 10; nearest are 999990 and 1000000",
    ),
    (
        "futures.order",
        {"symbol": "XBTUSDTM", "price": "1", "qty": "0.0015"},
        "qty: 0.0015 is not a multiple of 0.001; nearest are 0.001 and 0.002",
    ),
    (
        "futures.order",
        {"symbol": "XBTUSDM", "qty": "1"},
        "qty: XBTUSDM is settled in coins; give its size in contracts",
    ),
    ("futures.order", {"symbol": "XBTUSDM", "valueQty": "1"}, "valueQty: XBTUSDM is settled in coins; give its size"),
    (
        "uta.order",
        {"symbol": "BTC-USDT", "size": "0.01", "sizeUnit": "QUOTECCY"},
        "size: 0.01 is below the smallest allowed, 0.1",
    ),
    (
        "uta.order",
        {"symbol": "LOTUSDTM", "size": "5", "sizeUnit": "UNIT"},
        "size: 5 is not a multiple of 10; nearest is 10",
    ),
    (
        "uta.amend",
        {"symbol": "BTC-USDT", "newSize": "0.000001", "sizeUnit": "BASECCY"},
        "newSize: 0.000001 is below the smallest allowed, 0.00001",
    ),
]


@pytest.mark.parametrize(("op", "args", "text"), BAD)
def test_X23_an_order_that_breaks_a_rule_of_its_symbol_is_refused_with_the_nearest_values(
    op: str, args: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check(op, args)
    assert str(caught.value).startswith(text)


def test_an_error_names_the_argument_as_the_caller_wrote_it() -> None:
    with pytest.raises(ConfigError, match=r"^orders\[1\]\.value_qty: "):
        check("futures.order", {"symbol": "XBTUSDM", "valueQty": "1"}, lambda wire: "orders[1].value_qty")


@given(
    price=st.decimals("0.000001", "1e9", places=6),
    size=st.decimals("0.00000001", "1e9", places=8),
)
def test_the_values_that_an_error_offers_pass(price: Any, size: Any) -> None:
    """Whoever takes the advice gets the order through, or at least to the next rule."""
    args = {"symbol": "BTC-USDT", "price": f"{price:f}", "size": f"{size:f}"}
    seen = set()
    while True:
        try:
            check("spot.order", args)
            return
        except ConfigError as error:
            name, _, rule = str(error).partition(": ")
            assert rule not in seen
            seen.add(rule)
            args[name] = rule.split()[-1].rstrip(".")


@pytest.mark.parametrize(
    "row",
    [
        {"symbol": "A-B"},
        {"symbol": "A-B", "priceIncrement": None, "baseIncrement": "much", "minFunds": "", "baseMinSize": []},
        {"symbol": "A-B", "priceIncrement": "0", "baseIncrement": "-1", "quoteIncrement": "NaN", "minFunds": "-5"},
    ],
)
def test_P08_a_rule_that_cannot_be_read_is_none(row: dict[str, Any]) -> None:
    """The exchange checks it anyway; a missing field must not stop orders."""
    order = {"symbol": "A-B", "price": "0.123", "size": "0.456", "funds": "7"}
    read_symbols([row])["A-B"].check("spot.order", order)
    read_contracts([row])["A-B"].check("futures.order", {**order, "size": 1})


@pytest.mark.parametrize(
    ("read", "row", "op", "args"),
    [
        (read_symbols, SPOT, "spot.order", {"price": "20000", "size": "0.000001"}),
        (read_contracts, LINEAR, "futures.order", {"price": "20000.05", "size": 1, "leverage": 3}),
    ],
)
def test_P08_whatever_stands_in_a_rule_an_order_passes_or_is_refused_in_plain_words(
    read: Any, row: dict[str, Any], op: str, args: dict[str, Any]
) -> None:
    for odd in spoilt([row]):
        rows = [each for each in odd if isinstance(each, dict)] if isinstance(odd, list) else []
        for rule in read(rows).values():
            try:
                rule.check(op, {"symbol": rule.symbol, **args})
            except ConfigError as error:
                assert str(error).replace(rule.symbol, "").isascii()  # the symbol is as the caller gave it
                assert len(str(error)) - len(rule.symbol) < 300


def test_P08_rows_without_a_name_are_passed_over() -> None:
    assert list(read_symbols([{"name": "x"}, {"symbol": 5}, SPOT])) == ["BTC-USDT"]
    assert list(read_contracts([{}, {"symbol": None}, LINEAR])) == ["XBTUSDTM"]


@pytest.mark.parametrize(
    ("op", "args", "contracts"),
    [
        ("spot.order", {"symbol": "BTC-USDT"}, False),
        ("margin.order", {"symbol": "BTC-USDT"}, False),
        ("futures.order", {"symbol": "XBTUSDTM"}, True),
        ("futures.multi_order", {"symbol": "XBTUSDTM"}, True),
        ("uta.order", {"symbol": "BTC-USDT", "tradeType": "SPOT"}, False),
        ("uta.order", {"symbol": "BTC-USDT", "tradeType": "CROSS"}, False),
        ("uta.order", {"symbol": "XBTUSDTM", "tradeType": "FUTURES"}, True),
        ("uta.amend", {"symbol": "BTC-USDT"}, False),
        ("uta.amend", {"symbol": "XBTUSDTM"}, True),
    ],
)
def test_an_orders_symbol_is_a_pair_or_a_contract(op: str, args: dict[str, Any], contracts: bool) -> None:
    assert op in CHECKED
    assert uses_contracts(op, args) is contracts


def test_what_only_reduces_a_risk_is_not_checked() -> None:
    """A cancel must not fail for a rule about sizes, nor wait for one."""
    assert not [op for op in CHECKED if "cancel" in op]


def test_a_rule_shows_its_symbol() -> None:
    assert isinstance(RULES["BTC-USDT"], SymbolRule)
    assert "BTC-USDT" in repr(RULES["BTC-USDT"])
