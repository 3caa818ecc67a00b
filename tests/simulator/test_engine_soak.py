"""The random walk through the engines: a short one, a long one on demand, and broken engines that it must catch."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync.simulator.futures import accounts as futures_accounts
from kucoin_sync.simulator.futures import admission, contract_market, contract_settlement, liquidation, positions
from kucoin_sync.simulator.futures import exchange as futures_exchange
from kucoin_sync.simulator.matching import accounts, book, matching
from kucoin_sync.simulator.spot import call_auction, exchange, floor, lending, margin, settlement, stop_orders
from kucoin_sync.simulator.spot import liquidation as spot_liquidation
from tests.simulator.engine_soak import main

ZERO = Decimal(0)

#: Takes a class or module apart: name of the attribute, and what makes the broken one from the sound one.
Break = tuple[Any, str, Callable[[Any], Any]]


def test_engines_agree_with_their_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--steps", "2800", "--seed", "7"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("2800 steps in 7 worlds of seed 7, ")
    assert last.endswith("0 conservation errors, 0 disagreements")


@pytest.mark.soak
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_engines_agree_with_their_models_for_long(seed: str) -> None:
    told = run("--steps", "100000", "--seed", seed, "--processes", "2")
    assert told[-1].endswith("0 conservation errors, 0 disagreements")


def test_walk_is_the_same_whatever_runs_beside_it() -> None:
    (*alone, _), (*together, _) = (run("--steps", "1000", "--seed", "5", "--processes", n) for n in ("1", "2"))
    assert alone == together


def run(*options: str) -> list[str]:
    """Run the command as a user does; return its lines."""
    command = [sys.executable, "-m", "tests.simulator.engine_soak", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600).stdout.splitlines()


def test_failure_is_told_with_what_repeats_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(book.BookSide, "best", youngest_first(book.BookSide.best))
    assert main(["--steps", "4000", "--seed", "1"]) == 1
    told = capsys.readouterr().out
    assert "DISAGREEMENT: seed 1, world" in told and "the last steps:" in told
    (again,) = [line for line in told.splitlines() if line.startswith("again: ")]
    *_, options = again.partition("engine_soak ")
    assert main(options.split()) == 1
    repeated = capsys.readouterr().out
    assert repeated.partition("\n")[0] == told[told.index("DISAGREEMENT") :].partition("\n")[0]


# Engines that are broken in one place.


def youngest_first(sound: Any) -> Any:
    def best(side: book.BookSide) -> Any:
        orders = next(iter(side.queues()), (ZERO, []))[1]
        return orders[-1] if orders else None

    return best


def nothing(sound: Any) -> Any:
    return lambda *args, **options: None


def constant(value: Any) -> Callable[[Any], Any]:
    return lambda sound: value


def call_of(result: Any) -> Callable[[Any], Any]:
    return lambda sound: lambda *args, **options: result


def every_result_negated(sound: Any) -> Any:
    return lambda *args, **options: not sound(*args, **options)


def slice_keeps_its_place(sound: Any) -> Any:
    def take(side: book.BookSide, order: Any, size: Decimal) -> None:
        sound(side, order, size)
        level = side._levels.get(order.request.price)
        if level is not None and order.order_id in level.orders:
            level.orders = {order.order_id: order, **level.orders}

    return take


def fees_changed_over(sound: Any) -> Any:
    def fill(self: Any, *args: Any) -> Any:
        self.taker_fee, self.maker_fee = self.maker_fee, self.taker_fee
        try:
            return sound(self, *args)
        finally:
            self.taker_fee, self.maker_fee = self.maker_fee, self.taker_fee

    return fill


def fee_that_nobody_gets(sound: Any) -> Any:
    def change(self: Any, account: str, *args: Any, **options: Any) -> None:
        if account != settlement.FEES:
            sound(self, account, *args, **options)

    return change


def second_change_lost(sound: Any) -> Any:
    seen: deque[int] = deque([0])

    def changed(self: Any, *args: Any) -> None:
        seen[0] += 1
        if seen[0] % 50:
            sound(self, *args)

    return changed


def prevention_of_the_other_one(sound: Any) -> Any:
    def prevent(self: Any, taker: Any, maker: Any, wanted: Decimal) -> None:
        self._finish(taker if taker.request.stp == "CO" else maker, "canceled", "STP")

    return prevent


def one_unit_more(sound: Any) -> Any:
    return lambda *args, **options: sound(*args, **options) + Decimal("0.00000001")


def expiry_forgotten(sound: Any) -> Any:
    return lambda self, now: None


def lost_interest(sound: Any) -> Any:
    return lambda self: None


def first_price(sound: Any) -> Any:
    def equilibrium(bids: Any, asks: Any, last_price: Decimal) -> Any:
        price, size = sound(bids, asks, last_price)
        return price, size / 2

    return equilibrium


def funding_to_the_wrong_side(sound: Any) -> Any:
    return lambda self, symbol, rate, due, now: sound(self, symbol, -rate, due, now)


def profit_kept(sound: Any) -> Any:
    def close(self: Any, change: Decimal, unit: Decimal) -> Any:
        realised, released = sound(self, change, unit)
        return realised / 2, released

    return close


def none_refused(sound: Any) -> Any:
    return lambda self, *args, **options: None


BROKEN: dict[str, tuple[str, Break]] = {
    "time priority": ("spot", (book.BookSide, "best", youngest_first)),
    "iceberg": ("spot", (book.BookSide, "take", slice_keeps_its_place)),
    "crossing": ("spot", (matching, "_crosses", call_of(True))),
    "post-only and fill-or-kill": ("spot", (matching.Market, "_forbidden", nothing)),
    "self-trade prevention": ("spot", (matching.Market, "_prevent_self_trade", prevention_of_the_other_one)),
    "plan": ("spot", (matching.Market, "plan", call_of((ZERO, ZERO)))),
    "increment": ("spot", (matching.Market, "_level_changed", second_change_lost)),
    "ticker": ("spot", (matching.Market, "report_ticker", nothing)),
    "last price": ("spot", (call_auction, "equilibrium", first_price)),
    "fee rates": ("spot", (settlement.SpotSettlement, "fill", fees_changed_over)),
    "fee": ("spot", (accounts.Ledger, "change", fee_that_nobody_gets)),
    "release": ("spot", (settlement.SpotSettlement, "_release", nothing)),
    "shrunk hold": ("spot", (settlement.SpotSettlement, "shrunk", nothing)),
    "hold": ("spot", (settlement.SpotSettlement, "needs", one_unit_more)),
    "expiry": ("spot", (floor.SpotFloor, "_expire", expiry_forgotten)),
    "price band": ("spot", (floor.SpotFloor, "check_price", none_refused)),
    "stop price": ("spot", (stop_orders, "_fires", every_result_negated)),
    "stop orders": ("spot", (stop_orders.StopOrders, "due", call_of([]))),
    "dead man": ("spot", (exchange.DeadManSwitch, "take_due", call_of([]))),
    "interest": ("spot", (margin.MarginDesk, "accrue", lost_interest)),
    "borrowing": ("spot", (margin, "CROSS_LEVERAGE", constant(6))),
    "liquidation ratio": ("spot", (margin, "LIQUIDATION_RATIO", constant(Decimal("0.5")))),
    "no liquidation": ("spot", (margin.MarginDesk, "at_risk", call_of(()))),
    "payment of a liquidation": ("spot", (spot_liquidation, "_pay", nothing)),
    "lending rates": ("spot", (lending, "_agree", call_of(True))),
    "contract fee": ("futures", (futures_accounts.FuturesAccounts, "move", nothing)),
    "profit": ("futures", (positions.Position, "_close", profit_kept)),
    "funding": ("futures", (futures_exchange.FuturesExchange, "_settle_funding", funding_to_the_wrong_side)),
    "closing orders": ("futures", (contract_market.ContractMarket, "_trim", nothing)),
    "cut to the position": ("futures", (admission.Admission, "_cut_to_position", nothing)),
    "margin": ("futures", (admission.Admission, "_worst_unit", call_of(ZERO))),
    "margin of orders": ("futures", (futures_accounts.FuturesAccounts, "_margin_of", call_of(ZERO))),
    "starved orders": ("futures", (contract_settlement.ContractSettlement, "starved", call_of([]))),
    "liquidation": ("futures", (positions.Position, "is_exhausted", call_of(False))),
    "cross liquidation": ("futures", (liquidation.Liquidator, "_is_overdrawn", call_of(False))),
    "contract stop price": ("futures", (futures_exchange, "_is_reached", every_result_negated)),
    "price limits": ("futures", (admission.Admission, "_check_price", nothing)),
    "risk limit": ("futures", (admission.Admission, "_check_risk_limit", nothing)),
}


#: Worlds in which rare things happen soon: where the search begins, so that it is short.
BEGIN = {
    "borrowing": 35,
    "payment of a liquidation": 25,
    "starved orders": 13,
    "cross liquidation": 103,
    "risk limit": 8,
}


@pytest.mark.parametrize("what", BROKEN)
def test_walk_catches_an_engine_that_is_broken_in_one_place(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only, (place, name, broken) = BROKEN[what]
    monkeypatch.setattr(place, name, broken(getattr(place, name)))
    begin = str(BEGIN.get(what, 0))
    assert main(["--steps", "40000", "--seed", "1", "--only", only, "--from-world", begin]) == 1
    told = capsys.readouterr().out
    assert "DISAGREEMENT" in told or "CONSERVATION ERROR" in told


@pytest.mark.parametrize("what", ["fee", "release", "shrunk hold", "contract fee"])
def test_lost_money_is_called_a_conservation_error(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only, (place, name, broken) = BROKEN[what]
    monkeypatch.setattr(place, name, broken(getattr(place, name)))
    assert main(["--steps", "4000", "--seed", "1", "--only", only]) == 1
    assert "CONSERVATION ERROR" in capsys.readouterr().out
