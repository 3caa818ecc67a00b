"""
Forced liquidation of a margin wallet.

Assumed, the documents name only its beginning and its end: live orders of the wallet are cancelled, debts are paid from
what is there, everything that is not owed is sold at the market, what is owed is bought, and debts are paid again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal

from ..matching.account_states import MARGIN, MarginAccount
from ..matching.orders import OrderRequest
from ..matching.symbols import Symbol
from .margin import MarginDesk

__all__ = ["liquidate"]

_ROUGH = Context(prec=60)


def liquidate(
    account: str,
    wallet: str,
    *,
    margin: MarginDesk,
    pairs: Iterable[Symbol],
    buy_factor: Decimal,
    cancel_orders: Callable[[str, str], None],
    trade: Callable[[str, OrderRequest], bool],
) -> None:
    """
    Close one wallet.

    Args:
        account, wallet: Whose.
        margin: The debts.
        pairs: Pairs the wallet may trade.
        buy_factor: One plus the fee of a buyer.
        cancel_orders: Cancels the live orders of an account's wallet.
        trade: Places a market order past all checks but that of the balance; returns whether it was taken.
    """
    pairs = list(pairs)
    margin.freeze(account, wallet)
    cancel_orders(account, wallet)
    _pay(margin, account, wallet)
    trade_type = "MARGIN_TRADE" if wallet == MARGIN else "MARGIN_ISOLATED_TRADE"

    def order(pair: Symbol, side: str, *, size: Decimal | None = None, funds: Decimal | None = None) -> bool:
        request = OrderRequest(
            pair.name, side, "market", size=size, funds=funds, trade_type=trade_type, auto_repay=True
        )
        return (size or funds or 0) > 0 and trade(account, request)

    for pair in pairs:
        state = margin.state(account, wallet)
        if _owed(state) and not state.debts[pair.base].total:
            order(pair, "sell", size=_whole(state.assets[pair.base].available, pair.base_increment))
    for pair in pairs:
        state = margin.state(account, wallet)
        owed = state.debts[pair.base].total
        if owed and not order(pair, "buy", size=_whole(owed, pair.base_increment, ROUND_UP)):
            purse = _ROUGH.divide(state.assets[pair.quote].available, buy_factor)
            order(pair, "buy", funds=_whole(purse, pair.quote_increment))
    _pay(margin, account, wallet)
    margin.thaw(account, wallet)


def _pay(margin: MarginDesk, account: str, wallet: str) -> None:
    for currency, debt in margin.state(account, wallet).debts.items():
        if debt.total:
            margin.repay(account, wallet, currency, cause="FORCE_LIQUIDATION")


def _owed(state: MarginAccount) -> bool:
    return any(debt.total for debt in state.debts.values())


def _whole(amount: Decimal, step: Decimal, rounding: str = ROUND_DOWN) -> Decimal:
    """Return ``amount`` in whole steps."""
    return _ROUGH.divide(amount, step).quantize(Decimal(1), rounding, _ROUGH) * step
