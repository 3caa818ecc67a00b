"""
Every operation of the WebSocket API against the simulator: accepted, rejected, and unknown when the reply is lost.

What the caller is told is compared with what the exchange did. `docs/orders.rst` holds the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync import BatchResult, OrderAck, OutcomeUnknown, Rejected, WebsocketAPIClient
from kucoin_sync.kucoin.operations import OPERATIONS
from kucoin_sync.simulator import Simulator

PAGE = Path(__file__).parents[1] / "docs" / "orders.rst"
SHORT = 0.4
"""Seconds that a call waits for a reply that does not come."""

SPOT: dict[str, Any] = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.001"}
FUTURES: dict[str, Any] = {
    "symbol": "XBTUSDTM",
    "side": "buy",
    "type": "limit",
    "price": "59000",
    "size": 1,
    "leverage": 5,
}
UTA: dict[str, Any] = {
    "trade_type": "SPOT",
    "symbol": "BTC-USDT",
    "side": "BUY",
    "order_type": "LIMIT",
    "size": "0.001",
    "size_unit": "BASECCY",
    "price": "20000",
}


def spot_order(api: WebsocketAPIClient) -> str:
    return str(api.submit_new_spot_order(**SPOT).order_id)


def margin_order(api: WebsocketAPIClient) -> str:
    return str(api.submit_margin_order(**SPOT).order_id)


def futures_order(api: WebsocketAPIClient) -> str:
    return str(api.submit_futures_order(**FUTURES).order_id)


@attrs.frozen
class Case:
    """
    One operation.

    Attributes:
        method: Of `WebsocketAPIClient`.
        good: Makes arguments that the exchange takes, perhaps after placing an order to change.
        bad: Arguments that pass our checks and that the exchange refuses.
    """

    method: str
    good: Callable[[WebsocketAPIClient], dict[str, Any]]
    bad: dict[str, Any]


UNKNOWN_SPOT = {"symbol": "BTC-USDT", "order_id": "000000000000000000000000"}
UNKNOWN_FUTURES = {"order_id": "000000000000000000"}

CASES: dict[str, Case] = {
    "spot.order": Case("submit_new_spot_order", lambda _: SPOT, {**SPOT, "symbol": "NO-USDT"}),
    "spot.sync_order": Case("submit_sync_spot_order", lambda _: SPOT, {**SPOT, "size": "1000000"}),
    "spot.modify": Case(
        "modify_spot_order",
        lambda api: {"symbol": "BTC-USDT", "order_id": spot_order(api), "new_price": "20001"},
        {**UNKNOWN_SPOT, "new_price": "20001"},
    ),
    "spot.cancel": Case(
        "cancel_spot_order", lambda api: {"symbol": "BTC-USDT", "order_id": spot_order(api)}, UNKNOWN_SPOT
    ),
    "spot.sync_cancel": Case(
        "cancel_sync_spot_order", lambda api: {"symbol": "BTC-USDT", "order_id": spot_order(api)}, UNKNOWN_SPOT
    ),
    "margin.order": Case("submit_margin_order", lambda _: SPOT, {**SPOT, "size": "1000"}),
    "margin.cancel": Case(
        "cancel_margin_order", lambda api: {"symbol": "BTC-USDT", "order_id": margin_order(api)}, UNKNOWN_SPOT
    ),
    "futures.order": Case("submit_futures_order", lambda _: FUTURES, {**FUTURES, "symbol": "NOUSDTM"}),
    "futures.cancel": Case("cancel_futures_order", lambda api: {"order_id": futures_order(api)}, UNKNOWN_FUTURES),
    "futures.multi_order": Case(
        "submit_multiple_futures_orders",
        lambda _: {"orders": [FUTURES, {**FUTURES, "price": "59001"}]},
        {"orders": [{**FUTURES, "symbol": "NOUSDTM"}, {**FUTURES, "symbol": "NOUSDTM", "size": 2}]},
    ),
    "futures.multi_cancel": Case(
        "cancel_multiple_futures_orders",
        lambda api: {"order_ids_list": [futures_order(api), futures_order(api)]},
        {"order_ids_list": [UNKNOWN_FUTURES["order_id"]]},
    ),
    "uta.order": Case("submit_uta_order", lambda _: UTA, {**UTA, "symbol": "NO-USDT"}),
    "uta.amend": Case(
        "amend_uta_order",
        lambda api: {"symbol": "BTC-USDT", "order_id": spot_order(api), "new_price": "20001"},
        {**UNKNOWN_SPOT, "new_price": "20001"},
    ),
    "uta.cancel": Case(
        "cancel_uta_order",
        lambda api: {"trade_type": "SPOT", "symbol": "BTC-USDT", "order_id": spot_order(api)},
        {"trade_type": "SPOT", **UNKNOWN_SPOT},
    ),
}
BATCHES = ("futures.multi_order", "futures.multi_cancel")


@pytest.fixture
def exchange() -> Iterator[Simulator]:
    """A quiet exchange whose contract has a price that the orders are near to, and margin to trade with."""
    with Simulator(market_maker=False, limits="off") as exchange:
        exchange.counter_contract_order("XBTUSDTM", "sell", 10, "60010")
        exchange.transfer("USDT", "1000", "trade", "margin")
        yield exchange


@pytest.fixture
def api(exchange: Simulator) -> Iterator[WebsocketAPIClient]:
    with WebsocketAPIClient(**exchange.client_options(), reconnect_timeout=0.01) as api:
        yield api


def executed(exchange: Simulator, op: str) -> list[bool]:
    """Return of each order in each frame of an operation whether the engine took it."""
    return [frame.executed for frame in exchange.truth_frames(op=op)]


@pytest.mark.parametrize("op", CASES)
def test_I01_accepted_is_what_the_engine_did_once(op: str, exchange: Simulator, api: WebsocketAPIClient) -> None:
    case = CASES[op]
    arguments = case.good(api)
    result = getattr(api, case.method)(**arguments)
    if op in BATCHES:
        assert isinstance(result, BatchResult) and result.all_accepted
        assert executed(exchange, op) == [True] * len(result)
    else:
        assert isinstance(result, OrderAck) and result.op == op
        assert executed(exchange, op) == [True]
        placed = exchange.truth_frames(op=op)[0].order_id
        assert result.order_id == placed or result.order_id is None


@pytest.mark.parametrize("op", CASES)
def test_I02_rejected_is_what_the_engine_did_not(op: str, exchange: Simulator, api: WebsocketAPIClient) -> None:
    case = CASES[op]
    if op in BATCHES:
        result = getattr(api, case.method)(**case.bad)
        assert len(result.rejected) == len(result) and all(refusal.code for refusal in result.rejected)
    else:
        with pytest.raises(Rejected) as caught:
            getattr(api, case.method)(**case.bad)
        assert caught.value.op == op and caught.value.code
    assert not any(executed(exchange, op))


@pytest.mark.parametrize("op", CASES)
def test_I03_a_lost_reply_is_unknown_whatever_the_engine_did(
    op: str, exchange: Simulator, api: WebsocketAPIClient
) -> None:
    """The engine had done it; the caller is not told otherwise."""
    case = CASES[op]
    arguments = case.good(api)
    exchange.drop_ack(op=op)
    with pytest.raises(OutcomeUnknown) as caught:
        getattr(api, case.method)(**arguments, timeout=SHORT)
    assert (caught.value.op, caught.value.reason, caught.value.sent) == (op, "timeout", "complete")
    assert executed(exchange, op) == [True] * (2 if op in BATCHES else 1)
    if caught.value.results is not None:
        assert len(caught.value.results.unknown) == len(caught.value.results) == 2


def test_the_page_lists_every_operation_and_its_three_ends() -> None:
    """The table of the documentation is this module's, and this module's is the library's."""
    assert set(CASES) == set(OPERATIONS) - {"ping"}
    rows = re.findall(r"^   \* - ``([a-z_.]+)``\n     - yes\n     - yes\n     - yes\n", PAGE.read_text("utf-8"), re.M)
    assert sorted(rows) == sorted(CASES)
