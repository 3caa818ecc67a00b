"""
Every order method of OKX against the simulator: accepted, rejected, partly rejected, unknown when the reply is lost.

What the caller is told is compared with what the exchange did. ``docs/okx.rst`` holds the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync import Accepted, BatchResult, OrderAck, OutcomeUnknown, Rejected
from kucoin_sync.okx import WebsocketAPIClient
from kucoin_sync.okx.operations import OPERATIONS
from kucoin_sync.simulator import OkxForms, Simulator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "okx.rst"
SHORT = 0.4
"""Seconds that a call waits for a reply that does not come."""
NOBODY = "7"
"""An id that no order has."""

SPOT: dict[str, Any] = {
    "inst_id": "BTC-USDT",
    "td_mode": "cash",
    "side": "buy",
    "ord_type": "limit",
    "px": "20000",
    "sz": "0.01",
}
DEAR = {**SPOT, "sz": "1000000"}
SWAP = {**SPOT, "inst_id": "BTC-USDT-SWAP", "td_mode": "cross", "px": "58000", "sz": "2"}
SPREAD: dict[str, Any] = {
    "sprd_id": "BTC-USDT_BTC-USDT-SWAP",
    "side": "buy",
    "ord_type": "limit",
    "px": "-50",
    "sz": "0.1",
}
FAMILY = {"inst_type": "OPTION", "inst_family": "BTC-USDT"}


def spot(api: WebsocketAPIClient) -> dict[str, Any]:
    """Place an order on a pair and name it."""
    return {"inst_id": "BTC-USDT", "ord_id": api.submit_new_order(**SPOT).order_id}


def spread(api: WebsocketAPIClient) -> dict[str, Any]:
    """Place an order on a spread and name it."""
    return {"ord_id": api.submit_spread_order(**SPREAD).order_id}


def missing(**changes: str) -> dict[str, Any]:
    return {"inst_id": "BTC-USDT", "ord_id": NOBODY, **changes}


@attrs.frozen
class Case:
    """
    One operation.

    Attributes:
        method: Of `WebsocketAPIClient`.
        good: Makes arguments that the exchange takes, perhaps after placing an order to change.
        bad: Arguments that pass our checks and that the exchange refuses.
        mixed: Makes arguments of which the exchange takes the first order and refuses the second.
        looked_up: Whether a look-up can tell what became of it.
    """

    method: str
    good: Callable[[WebsocketAPIClient], dict[str, Any]]
    bad: dict[str, Any]
    mixed: Callable[[WebsocketAPIClient], dict[str, Any]] | None = None
    looked_up: bool = True


CASES: dict[str, Case] = {
    "order": Case("submit_new_order", lambda _: SPOT, DEAR),
    "batch-orders": Case(
        "submit_multiple_orders",
        lambda _: {"orders": [SPOT, SWAP]},
        {"orders": [DEAR, {**DEAR, "px": "19999"}]},
        lambda _: {"orders": [SPOT, DEAR]},
    ),
    "amend-order": Case("amend_order", lambda api: {**spot(api), "new_px": "20001"}, missing(new_px="20001")),
    "batch-amend-orders": Case(
        "amend_multiple_orders",
        lambda api: {"orders": [{**spot(api), "new_px": "20001"}, {**spot(api), "new_sz": "0.02"}]},
        {"orders": [missing(new_px="20001"), missing(ord_id="8", new_px="20001")]},
        lambda api: {"orders": [{**spot(api), "new_px": "20001"}, missing(new_px="20001")]},
    ),
    "cancel-order": Case("cancel_order", spot, missing()),
    "batch-cancel-orders": Case(
        "cancel_multiple_orders",
        lambda api: {"orders": [spot(api), spot(api)]},
        {"orders": [missing(), missing(ord_id="8")]},
        lambda api: {"orders": [spot(api), missing()]},
    ),
    "mass-cancel": Case("mass_cancel_orders", lambda _: FAMILY, {**FAMILY, "inst_family": "NO-USDT"}, looked_up=False),
    "sprd-order": Case("submit_spread_order", lambda _: SPREAD, {**SPREAD, "sprd_id": "NO-USDT_NO-USDT-SWAP"}),
    "sprd-amend-order": Case(
        "amend_spread_order", lambda api: {**spread(api), "new_px": "-51"}, {"ord_id": NOBODY, "new_px": "-51"}
    ),
    "sprd-cancel-order": Case("cancel_spread_order", spread, {"ord_id": NOBODY}),
    "sprd-mass-cancel": Case(
        "mass_cancel_spread_orders",
        lambda api: spread(api) and {},
        {"sprd_id": "NO-USDT_NO-USDT-SWAP"},
        looked_up=False,
    ),
}
BATCHES = [op for op, case in CASES.items() if case.mixed is not None]
WORDS = {True: "yes", False: "—"}


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def exchange(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A quiet exchange whose swap has a price that the orders are near to."""
    forms = OkxForms(market_maker_protection=True)
    with Simulator(exchange="okx", market_maker=False, limits="off", okx=forms, tls=request.param) as exchange:
        exchange.counter_contract_order("BTC-USDT-SWAP", "sell", 10, "60010")
        yield exchange


@pytest.fixture
def api(exchange: Simulator) -> Iterator[WebsocketAPIClient]:
    with WebsocketAPIClient(**exchange.client_options(), reconnect_timeout=0.01, settle=0.1) as api:
        yield api


def executed(exchange: Simulator, op: str) -> list[bool]:
    """Return of each order in each frame of an operation whether the engine took it."""
    return [frame.executed for frame in exchange.truth_frames(op=op)]


def run(api: WebsocketAPIClient, op: str, arguments: dict[str, Any], **options: Any) -> Any:
    return getattr(api, CASES[op].method)(**arguments, **options)


@pytest.mark.parametrize("op", CASES)
def test_I01_okx_accepted_is_what_the_engine_did_once(op: str, exchange: Simulator, api: WebsocketAPIClient) -> None:
    result = run(api, op, CASES[op].good(api))
    if op in BATCHES:
        assert isinstance(result, BatchResult) and result.all_accepted
        assert executed(exchange, op) == [True, True]
        assert [ack.order_id for ack in result.accepted] == [row.order_id for row in exchange.truth_frames(op=op)]
    else:
        assert isinstance(result, OrderAck) and result.op == op
        assert executed(exchange, op) == [True]
        assert result.order_id == exchange.truth_frames(op=op)[0].order_id


@pytest.mark.parametrize("op", CASES)
def test_I02_okx_rejected_is_what_the_engine_did_not(op: str, exchange: Simulator, api: WebsocketAPIClient) -> None:
    if op in BATCHES:
        result = run(api, op, CASES[op].bad)
        assert len(result.rejected) == len(result) == 2 and all(refusal.code for refusal in result.rejected)
    else:
        with pytest.raises(Rejected) as caught:
            run(api, op, CASES[op].bad)
        assert caught.value.op == op and caught.value.code
    assert not any(executed(exchange, op))


@pytest.mark.parametrize("op", BATCHES)
def test_P19_okx_a_batch_that_is_partly_refused_keeps_what_was_taken(
    op: str, exchange: Simulator, api: WebsocketAPIClient
) -> None:
    mixed = CASES[op].mixed
    assert mixed is not None
    result = run(api, op, mixed(api))
    assert [type(one) for one in result] == [OrderAck, Rejected]
    assert executed(exchange, op) == [True, False]


@pytest.mark.parametrize("op", CASES)
def test_I03_okx_a_lost_reply_is_unknown_until_somebody_looks(
    op: str, exchange: Simulator, api: WebsocketAPIClient
) -> None:
    """The engine had done it; the caller is not told otherwise, and finds out where there is a look-up."""
    arguments = CASES[op].good(api)
    exchange.drop_ack(op=op)
    with pytest.raises(OutcomeUnknown) as caught:
        run(api, op, arguments, timeout=SHORT)
    unknown = caught.value
    assert (unknown.op, unknown.reason, unknown.sent) == (op, "timeout", "complete")
    assert executed(exchange, op) == [True] * (2 if op in BATCHES else 1)
    fates = unknown.reconcile(timeout=10.0)
    assert all(isinstance(fate, Accepted) is CASES[op].looked_up for fate in (fates if op in BATCHES else [fates]))
    assert len(api.unresolved()) == (0 if CASES[op].looked_up else 1)


def test_the_page_lists_every_operation_and_its_four_ends() -> None:
    """The table of the documentation is this module's, and this module's is the library's."""
    assert set(CASES) == set(OPERATIONS)
    row = r"^   \* - ``(\w+)``\n     - ``([a-z-]+)``\n     - yes\n     - yes\n     - (\S+)\n     - yes\n     - (\S+)\n"
    rows = re.findall(row, PAGE.read_text(encoding="utf-8"), re.M)
    assert rows == [
        (case.method, op, WORDS[case.mixed is not None], WORDS[case.looked_up]) for op, case in CASES.items()
    ]
