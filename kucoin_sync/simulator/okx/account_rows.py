"""
Balances and positions in the words of the account channels and of the REST calls.

A currency of the trading account is what its spot wallet and its futures wallet have together. The two do not lend to
each other: an order may spend what the wallet of its own engine has (assumed, for the exchange has one wallet).

Source: OKX v5 documents of 2026, account, positions, balance and position channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from ..futures.events import FuturesWallet, PositionState
from ..matching.account_states import Balance
from ..matching.symbols import plain
from .instruments import Instrument
from .numbers import milliseconds, quotient

__all__ = ["Money", "account_row", "balance_data", "balance_detail", "position_data", "position_row"]

ZERO = Decimal(0)

_SIDES = {"BOTH": "net", "LONG": "long", "SHORT": "short"}


@frozen
class Money:
    """
    What an account has of one currency.

    Attributes:
        dollars: What one unit is worth.
    """

    currency: str
    spot: Balance
    futures: FuturesWallet
    dollars: Decimal
    time_ns: int

    @property
    def cash(self) -> Decimal:
        """Both wallets without unrealised profit."""
        return self.spot.total + self.futures.wallet_balance

    @property
    def equity(self) -> Decimal:
        """Both wallets with it."""
        return self.spot.total + self.futures.equity

    @property
    def available(self) -> Decimal:
        """What new orders may use."""
        return self.spot.available + self.futures.available

    @property
    def unrealised(self) -> Decimal:
        """Profit of all positions that settle in it."""
        return self.futures.cross_unrealised + self.futures.isolated_unrealised

    @property
    def order_margin(self) -> Decimal:
        """What open orders hold."""
        return self.spot.held + self.futures.cross_order_margin + self.futures.isolated_order_margin


def balance_detail(money: Money) -> dict[str, Any]:
    """Spell one currency of ``details``; what does not apply is empty."""
    futures = money.futures
    isolated = futures.isolated_pos_margin + futures.isolated_order_margin + futures.isolated_unrealised
    in_dollars = plain(money.equity * money.dollars)
    return {
        "availBal": plain(money.available),
        "availEq": plain(money.available),
        "borrowFroz": "0",
        "cashBal": plain(money.cash),
        "ccy": money.currency,
        "coinUsdPrice": plain(money.dollars),
        "crossLiab": "0",
        "colRes": "0",
        "collateralEnabled": False,
        "collateralRestrict": False,
        "colBorrAutoConversion": "0",
        "disEq": in_dollars,
        "eq": plain(money.equity),
        "eqUsd": in_dollars,
        "smtSyncEq": "0",
        "spotCopyTradingEq": "0",
        "fixedBal": "0",
        "frozenBal": plain(max(ZERO, money.equity - money.available)),
        "imr": plain(futures.cross_pos_margin + futures.cross_order_margin),
        "interest": "0",
        "isoEq": plain(isolated),
        "isoLiab": "0",
        "isoUpl": plain(futures.isolated_unrealised),
        "liab": "0",
        "maxLoan": "0",
        "mgnRatio": quotient(futures.total_cross_margin, futures.cross_maint_margin)
        if futures.cross_maint_margin
        else "",
        "mmr": plain(futures.cross_maint_margin),
        "notionalLever": "",
        "ordFrozen": plain(money.order_margin),
        "rewardBal": "0",
        "spotInUseAmt": "",
        "clSpotInUseAmt": "",
        "maxSpotInUseAmt": "",
        "spotIsoBal": "0",
        "stgyEq": "0",
        "twap": "0",
        "uTime": milliseconds(money.time_ns),
        "upl": plain(money.unrealised),
        "uplLiab": "0",
        "spotBal": plain(money.spot.total),
        "openAvgPx": "",
        "accAvgPx": "",
        "spotUpl": "",
        "spotUplRatio": "",
        "totalPnl": "",
        "totalPnlRatio": "",
    }


def account_row(everything: Iterable[Money], told: Iterable[Money], now_ns: int) -> dict[str, Any]:
    """
    Spell an account.

    Args:
        everything: All its currencies, for the sums in dollars.
        told: Those that ``details`` names.
        now_ns: Time of the message.
    """
    rows = list(everything)
    total = sum((money.equity * money.dollars for money in rows), ZERO)
    notional = sum((money.futures.cross_pos_margin * money.dollars for money in rows), ZERO)
    return {
        # Cross currency sums are of the higher account levels.
        "adjEq": "",
        "availEq": "",
        "borrowFroz": "",
        "delta": "",
        "deltaLever": "",
        "deltaNeutralStatus": "",
        "details": [balance_detail(money) for money in told],
        "imr": "",
        "isoEq": plain(sum((_isolated(money) * money.dollars for money in rows), ZERO)),
        "mgnRatio": "",
        "mmr": "",
        "notionalUsd": plain(notional),
        "notionalUsdForBorrow": "",
        "notionalUsdForFutures": "",
        "notionalUsdForOption": "",
        "notionalUsdForSwap": "",
        "ordFroz": "",
        "totalEq": plain(total),
        "uTime": milliseconds(now_ns),
        "upl": "",
    }


def balance_data(money: Money) -> dict[str, Any]:
    """Spell one currency of ``balData``."""
    return {"ccy": money.currency, "cashBal": plain(money.cash), "uTime": milliseconds(money.time_ns)}


_EMPTY_POSITION: Mapping[str, Any] = {
    "adl": "",
    "availPos": "",
    "avgPx": "",
    "cTime": "",
    "ccy": "",
    "deltaBS": "",
    "deltaPA": "",
    "gammaBS": "",
    "gammaPA": "",
    "hedgedPos": "",
    "imr": "",
    "instId": "",
    "instType": "SWAP",
    "interest": "",
    "idxPx": "",
    "last": "",
    "lever": "",
    "liab": "",
    "liabCcy": "",
    "liqPx": "",
    "markPx": "",
    "margin": "",
    "mgnMode": "",
    "mgnRatio": "",
    "mmr": "",
    "notionalUsd": "",
    "optVal": "",
    "pTime": "",
    "pendingCloseOrdLiabVal": "",
    "pos": "0",
    "baseBorrowed": "",
    "baseInterest": "",
    "quoteBorrowed": "",
    "quoteInterest": "",
    "posCcy": "",
    "posId": "",
    "posSide": "net",
    "spotInUseAmt": "",
    "clSpotInUseAmt": "",
    "maxSpotInUseAmt": "",
    "spotInUseCcy": "",
    "bizRefId": "",
    "bizRefType": "",
    "thetaBS": "",
    "thetaPA": "",
    "tradeId": "",
    "uTime": "",
    "upl": "",
    "uplLastPx": "",
    "uplRatio": "",
    "uplRatioLastPx": "",
    "vegaBS": "",
    "vegaPA": "",
    "realizedPnl": "",
    "pnl": "",
    "fee": "",
    "fundingFee": "",
    "liqPenalty": "0",
    "nonSettleAvgPx": "",
    "settledPnl": "",
    "closeOrderAlgo": [],
}


def position_row(
    position: PositionState, instrument: Instrument, *, last: Decimal, index: Decimal, trade_id: str, now_ns: int
) -> dict[str, Any]:
    """Spell a position as the channel ``positions`` does."""
    contract = instrument.contract
    assert contract is not None
    is_cross = position.margin_mode == "CROSS"
    worth = abs(position.mark_value) * (position.mark_price if contract.is_inverse else Decimal(1))
    last_profit = position.qty * contract.unit(last) - position.pos_cost if position.qty else ZERO
    margin = position.pos_init
    return {
        **_EMPTY_POSITION,
        "adl": str(max(1, int(position.delev_percentage * 5))) if position.qty else "",
        "availPos": plain(abs(position.qty)),
        "avgPx": plain(position.avg_entry_price),
        "cTime": milliseconds(position.opened_at_ns),
        "ccy": position.settle_currency,
        "imr": plain(position.pos_init) if is_cross else "",
        "instId": instrument.inst_id,
        "idxPx": plain(index),
        "last": plain(last),
        "lever": plain(position.leverage),
        "liqPx": plain(position.liquidation_price) if position.liquidation_price else "",
        "markPx": plain(position.mark_price),
        "margin": "" if is_cross else plain(position.pos_margin),
        "mgnMode": position.margin_mode.lower(),
        "mgnRatio": quotient(position.maint_margin, position.pos_maint) if position.pos_maint else "",
        "mmr": plain(position.pos_maint),
        "notionalUsd": plain(worth),
        "pTime": milliseconds(now_ns),
        "pos": plain(position.qty if position.position_side == "BOTH" else abs(position.qty)),
        "posId": _digits(position.position_id),
        "posSide": _SIDES[position.position_side],
        "tradeId": trade_id,
        "uTime": milliseconds(position.updated_at_ns),
        "upl": plain(position.unrealised_pnl),
        "uplLastPx": plain(last_profit),
        "uplRatio": quotient(position.unrealised_pnl, margin),
        "uplRatioLastPx": quotient(last_profit, margin),
        "realizedPnl": plain(position.realised_pnl),
        "pnl": plain(position.realised_gross_pnl),
        "fee": plain(-position.deal_comm),
        "fundingFee": plain(position.pos_funding),
    }


def position_data(position: PositionState, trade_id: str) -> dict[str, Any]:
    """Spell a position as ``posData`` of the channel ``balance_and_position`` does."""
    return {
        "posId": _digits(position.position_id),
        "tradeId": trade_id,
        "instId": position.symbol,
        "instType": "SWAP",
        "mgnMode": position.margin_mode.lower(),
        "posSide": _SIDES[position.position_side],
        "pos": plain(position.qty if position.position_side == "BOTH" else abs(position.qty)),
        "ccy": position.settle_currency,
        "posCcy": "",
        "avgPx": plain(position.avg_entry_price),
        "nonSettleAvgPx": "",
        "settledPnl": "",
        "uTime": milliseconds(position.updated_at_ns),
    }


def _margin_ratio(futures: FuturesWallet) -> str:
    needed = futures.cross_maint_margin
    return quotient(futures.total_cross_margin, needed) if needed else ""


def _isolated(money: Money) -> Decimal:
    return money.futures.isolated_pos_margin + money.futures.isolated_unrealised


def _digits(position_id: str) -> str:
    """Return the id of a position in digits, as the exchange has it; 93 in front tells a simulated one."""
    return "93" + "".join(letter for letter in position_id if letter.isdigit()).rjust(17, "0")
