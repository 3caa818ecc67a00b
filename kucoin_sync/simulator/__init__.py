"""
A local KuCoin for tests, demos and drills: it speaks the protocols, takes faults on order, keeps the truth.

>>> with Simulator() as simulator:  # doctest: +SKIP
...     client = WebsocketClient(**simulator.client_options())
"""

from __future__ import annotations

from .credentials import Credentials
from .faults import FaultLogEntry
from .futures.contracts import Contract
from .futures.events import FuturesFill, FuturesOrderState, FuturesWallet, PositionState
from .market.replay import ReplayProgress
from .matching.account_states import Balance, Debt, Loan, MarginAccount
from .matching.events import Ticker, Trade
from .matching.orders import LendingOrderState, OrderState, Refused
from .matching.symbols import Symbol, many_symbols
from .simulator import Simulator
from .truth import TruthFrame, TruthRecord
from .venue import Limits

__all__ = [
    "Balance",
    "Contract",
    "Credentials",
    "Debt",
    "FaultLogEntry",
    "FuturesFill",
    "FuturesOrderState",
    "FuturesWallet",
    "LendingOrderState",
    "Limits",
    "Loan",
    "MarginAccount",
    "OrderState",
    "PositionState",
    "Refused",
    "ReplayProgress",
    "Simulator",
    "Symbol",
    "Ticker",
    "Trade",
    "TruthFrame",
    "TruthRecord",
    "many_symbols",
]
