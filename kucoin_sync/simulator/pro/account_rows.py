"""
Balances, positions and risks in the words of the private Pro channels.

Source: KuCoin docs, unified account WebSocket, balance, position and liquidation warning pages, and frames captured in
2026; the rows of ``SPOT``, ``CROSS`` and ``ISOLATED`` balances are assumed.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

from ..futures.events import FuturesWallet, PositionState
from ..matching.account_states import Balance, MarginAccount
from ..matching.symbols import plain

__all__ = [
    "balance_row",
    "futures_balance",
    "margin_balance",
    "position_row",
    "risk_kind",
    "risk_ratio",
    "risk_row",
    "unified_balance",
]

ZERO = Decimal(0)

# Ratios are quotients, which the exact arithmetic of money refuses. Rounded down: a risk is 1 when it really is.
_ROUNDED = Context(prec=60, rounding=ROUND_DOWN)
_FOUR_PLACES, _CENT = Decimal("0.0001"), Decimal("0.01")

_RISKS = (
    (Decimal(1), "FORCE_LIQUIDATION"),
    (Decimal("0.9"), "LIQUIDATION_WARNING"),
    (Decimal("0.85"), "REDUCE_ONLY"),
    (Decimal("0.8"), "MARGIN_CALL"),
)


def balance_row(balance: Balance, currency: str, stamp: int | str) -> dict[str, Any]:
    """Spell what a wallet has of one currency; ``stamp`` is a text in milliseconds on ``FUNDING``."""
    return {
        "U": stamp,
        "a": plain(balance.available),
        "b": plain(balance.total),
        "c": currency,
        "h": plain(balance.held),
    }


def margin_balance(state: MarginAccount, currency: str, now_ns: int) -> dict[str, Any]:
    """Spell one currency of a margin wallet with its debt; an isolated one names its pair."""
    asset, debt = state.assets[currency], state.debts[currency].total
    row = {**balance_row(asset, currency, now_ns), "e": plain(asset.total - debt), "l": plain(debt)}
    return {**row, "s": state.symbol} if state.symbol else row


def unified_balance(spot: Balance, futures: FuturesWallet, now_ns: int) -> dict[str, Any]:
    """Spell what the spot wallet and the futures wallet have together; they never owe anything."""
    return {
        "U": now_ns,
        "a": plain(spot.available + futures.available),
        "b": plain(spot.total + futures.wallet_balance),
        "c": futures.currency,
        "e": plain(spot.total + futures.equity),
        "h": plain(spot.held + futures.hold),
        "l": "0",
        "cS": "1",
    }


def futures_balance(wallet: FuturesWallet, now_ns: int) -> dict[str, Any]:
    """Spell a futures wallet."""
    return {
        "E": wallet.version,
        "U": now_ns,
        "a": plain(wallet.available),
        "b": plain(wallet.wallet_balance),
        "c": wallet.currency,
        "e": plain(wallet.equity),
        "h": plain(wallet.hold),
        "cOM": plain(wallet.cross_order_margin),
        "cPM": plain(wallet.cross_pos_margin),
        "cUP": plain(wallet.cross_unrealised),
        "iFF": plain(wallet.isolated_funding_margin),
        "iOM": plain(wallet.isolated_order_margin),
        "iPM": plain(wallet.isolated_pos_margin),
        "iUP": plain(wallet.isolated_unrealised),
        "tCM": plain(wallet.total_cross_margin),
    }


def position_row(position: PositionState, wallet: FuturesWallet) -> dict[str, Any]:
    """
    Spell a position.

    Args:
        position: Its state.
        wallet: That of its settle currency, which stands for cross positions.
    """
    own = _share(position.pos_maint, position.maint_margin)
    return {
        "O": position.opened_at_ns,
        "U": position.updated_at_ns,
        "l": plain(position.leverage),
        "q": plain(position.qty),
        "s": position.symbol,
        "bP": plain(position.bankrupt_price),
        "eP": plain(position.avg_entry_price),
        "iM": plain(position.pos_init),
        "lP": plain(position.liquidation_price),
        "mM": position.margin_mode,
        "mP": plain(position.mark_price),
        "pM": plain(position.pos_margin),
        "pV": plain(abs(position.mark_value)),
        "pi": position.position_id,
        "mmr": plain(position.maint_margin_req),
        "mtM": plain(position.pos_maint),
        "rPL": plain(position.realised_pnl),
        "uPL": plain(position.unrealised_pnl),
        "r": plain(risk_ratio(wallet) if position.margin_mode == "CROSS" else own),
        "adl": plain(position.delev_percentage),
    }


def risk_ratio(wallet: FuturesWallet) -> Decimal:
    """Return which part of the margin of all cross positions their maintenance needs: 1 means liquidation."""
    return _share(wallet.cross_maint_margin, wallet.total_cross_margin)


def risk_kind(ratio: Decimal) -> str | None:
    """Return the kind of warning a risk asks for, ``None`` below 80 per cent."""
    return next((kind for least, kind in _RISKS if ratio >= least), None)


def risk_row(kind: str, ratio: Decimal, wallet: FuturesWallet, price: Decimal, now_ns: int) -> dict[str, Any]:
    """Spell a warning; ``price`` is what one unit of the currency is worth in dollars."""
    return {
        "eT": kind,
        "r": plain(ratio),
        "a": plain(_dollars(wallet.total_cross_margin, price)),
        "iM": plain(_dollars(wallet.cross_pos_margin + wallet.cross_order_margin, price)),
        "mM": plain(_dollars(wallet.cross_maint_margin, price)),
        "aM": plain(_dollars(wallet.available, price)),
        "e": plain(_dollars(wallet.equity, price)),
        "l": "0",
        "U": now_ns,
    }


def _share(part: Decimal, whole: Decimal) -> Decimal:
    """Return a ratio to four digits; with nothing left to stand for a part it is 1."""
    if not part:
        return ZERO
    if whole <= 0:
        return Decimal(1)
    return _ROUNDED.quantize(_ROUNDED.divide(part, whole), _FOUR_PLACES)


def _dollars(amount: Decimal, price: Decimal) -> Decimal:
    return _ROUNDED.quantize(_ROUNDED.multiply(amount, price), _CENT)
