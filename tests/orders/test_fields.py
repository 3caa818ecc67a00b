"""What a field takes at first sight is what its check takes as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.kucoin.operations import OPERATIONS as KUCOIN
from kucoin_sync.okx.operations import OPERATIONS as OKX
from kucoin_sync.orders.arguments import Field, OperationArguments, OrderList


def _fields() -> dict[str, Field]:
    found: dict[str, Field] = {}
    for row in (*KUCOIN.values(), *OKX.values()):
        table = row.arguments.item if isinstance(row.arguments, OrderList) else row.arguments
        if isinstance(table, OperationArguments):
            found |= {f"{row.name}.{keyword}": field for keyword, (_, _, field) in table._by_keyword.items()}
    return found


FIELDS = _fields()
# The characters that the rules are about, ones that only look like them, and what ends a line.
TEXTS = st.text(st.sampled_from("019AZaz.-_+e \n\0٣é²"), max_size=70) | st.sampled_from(
    ["BTC-USDT", "XBTUSDTM", "BTC-USDT-SWAP", "-", "--", "0", "0.0", "1.", ".5", "1e5", "00.10", "9" * 40, "9" * 41]
)


@given(text=TEXTS, data=st.data())
def test_what_is_taken_at_first_sight_passes_the_check_as_it_is(text: str, data: st.DataObject) -> None:
    field = FIELDS[data.draw(st.sampled_from(sorted(FIELDS)))]
    if field.takes(text):
        assert field.check("it", text) == text


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("spot.order.symbol", ["BTC-USDT", "1INCH-BTC"]),
        ("spot.order.side", ["buy", "sell"]),
        ("spot.order.price", ["20000", "0.00001"]),
        ("spot.order.client_oid", ["kx3b9a1", "a-b_c", "A" * 40]),
        ("futures.order.symbol", ["XBTUSDTM"]),
        ("order.inst_id", ["BTC-USDT", "BTC-USD-270326-80000-C"]),
        ("order.sz", ["1", "0.5"]),
    ],
)
def test_the_texts_of_common_orders_are_taken_at_first_sight(field: str, texts: list[str]) -> None:
    assert all(FIELDS[field].takes(text) for text in texts)


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("spot.order.symbol", ["", "-", "BTC USDT", "BTC-USDT\n", "BTÇ-USDT"]),
        ("spot.order.side", ["BUY", "hold", ""]),
        ("spot.order.price", ["0", "0.00", "-1", "1e5", "1.", ".5", "", "9" * 41, "1\n"]),
        ("spot.order.client_oid", ["", "A" * 41, "a.b", "a\n", "é"]),
        ("order.inst_id", ["", "-", "A" * 65, "BTC/USDT", "BTC-USDT\n"]),
    ],
)
def test_what_breaks_a_rule_is_not_taken_at_first_sight(field: str, texts: list[str]) -> None:
    assert not any(FIELDS[field].takes(text) for text in texts)
