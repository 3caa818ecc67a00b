"""Wallets: what is reported when a balance changes and why, and moving money between them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.matching.accounts import EXACT, Ledger, LedgerError, Reason
from kucoin_sync.simulator.matching.events import WalletChanged
from kucoin_sync.simulator.matching.orders import Refused
from tests.simulator.desk import Desk

ZERO = Decimal(0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def changes(desk: Desk) -> list[tuple[str, ...]]:
    """Return account, wallet, currency, cause and both changes of each report."""
    return [
        (e.account, e.wallet, e.currency, e.cause, str(e.available_change), str(e.held_change))
        for e in desk.of_kind(WalletChanged)
    ]


def test_life_of_an_order_is_reported_as_holds_and_settlements(desk: Desk) -> None:
    order = desk.limit("ann", "buy", "50000", "0.5")
    desk.limit("bob", "sell", "40000", "0.5")
    assert [(c[0], *c[2:4]) for c in changes(desk)] == [
        ("ann", "USDT", "hold"),
        ("bob", "BTC", "hold"),
        ("bob", "BTC", "setted"),
        ("bob", "USDT", "setted"),
        ("ann", "USDT", "setted"),
        ("ann", "BTC", "setted"),
    ]
    hold = desk.of_kind(WalletChanged)[0]
    assert (hold.available, hold.held, hold.order_id) == (74975, 25025, order.order_id)
    paid = desk.of_kind(WalletChanged)[4]
    assert (paid.available_change, paid.held_change, paid.trade_id) == (0, -25025, 1)


def test_better_price_comes_back_with_the_settlement(desk: Desk) -> None:
    desk.limit("bob", "sell", "40000", "1")
    desk.events.clear()
    desk.limit("ann", "buy", "50000", "1")
    (paid,) = [e for e in desk.of_kind(WalletChanged) if (e.account, e.currency, e.cause) == ("ann", "USDT", "setted")]
    assert (paid.available_change, paid.held_change) == (Decimal("10010"), Decimal("-50050"))


def test_cancel_is_reported_as_the_end_of_a_hold(desk: Desk) -> None:
    order = desk.limit("ann", "sell", "50000", "1")
    desk.exchange.cancel("ann", {"symbol": "BTC-USDT", "orderId": order.order_id})
    assert changes(desk) == [
        ("ann", "trade", "BTC", "hold", "-1", "1"),
        ("ann", "trade", "BTC", "hold", "1", "-1"),
    ]


def test_each_report_carries_on_from_the_one_before(desk: Desk) -> None:
    """A reader that adds up the changes gets the balance that the report states."""
    for price, size in (("50000", "0.3"), ("49000", "0.2"), ("51000", "0.4")):
        desk.limit("bob", "sell", price, size)
        desk.limit("ann", "buy", price, "0.25")
    known = {("ann", "USDT"): (Decimal(100000), ZERO), ("bob", "BTC"): (Decimal(10), ZERO)}
    for event in desk.of_kind(WalletChanged):
        key = (event.account, event.currency)
        if key in known:
            available, held = known[key]
            known[key] = (available + event.available_change, held + event.held_change)
            assert known[key] == (event.available, event.held)


def test_transfer_moves_money_and_tells_both_ends(desk: Desk) -> None:
    desk.exchange.transfer("ann", "USDT", "100", "trade", "margin")
    assert changes(desk) == [
        ("ann", "trade", "USDT", "transfer", "-100", "0"),
        ("ann", "margin", "USDT", "transfer", "100", "0"),
    ]
    assert desk.exchange.balances("ann", "margin")["USDT"].available == 100
    desk.check_money()


@pytest.mark.parametrize(
    "transfer",
    [
        ("USDT", "100001", "trade", "main"),
        ("USDT", "0", "trade", "main"),
        ("USDT", "1", "trade", "futures-2"),
        ("USDT", "1", "main", "trade"),
        ("ETH", "1", "trade", "isolated:BTC-USDT"),
        ("BTC", "1", "trade", "isolated:NO-PE"),
    ],
)
def test_transfer_that_cannot_be(desk: Desk, transfer: Any) -> None:
    before = desk.amounts("ann")
    with pytest.raises(Refused):
        desk.exchange.transfer("ann", *transfer)
    assert desk.amounts("ann") == before and desk.events == []


def test_held_money_cannot_be_transferred(desk: Desk) -> None:
    desk.limit("ann", "sell", "50000", "10")
    with pytest.raises(Refused) as caught:
        desk.exchange.transfer("ann", "BTC", "1", "trade", "main")
    assert caught.value.code == "200004"


def test_ledger_refuses_what_would_be_negative() -> None:
    ledger = Ledger()
    ledger.deposit("ann", "trade", "BTC", Decimal(1))
    for change in ({"available": Decimal(-2)}, {"held": Decimal(-1)}):
        with pytest.raises(LedgerError):
            ledger.change("ann", "trade", "BTC", Reason("other"), **change)
    with pytest.raises(LedgerError):
        ledger.deposit("ann", "trade", "BTC", Decimal(-1))
    with pytest.raises(LedgerError):
        ledger.hold("ann", "trade", "BTC", Decimal(-1), Reason("hold"))
    with pytest.raises(LedgerError):
        ledger.move(("ann", "trade"), ("bob", "trade"), "BTC", Decimal(-1))
    assert ledger.available("ann", "trade", "BTC") == 1
    assert EXACT.prec >= 80
