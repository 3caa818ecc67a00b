"""
A local KuCoin or OKX for tests, demos and drills: it speaks the protocols, takes faults on order, keeps the truth.

>>> with Simulator() as simulator:  # doctest: +SKIP
...     client = WebsocketClient(**simulator.client_options())
"""

from __future__ import annotations

from .controls.controls import Controls, faults_by_name
from .credentials import Credentials
from .faults.armed import ArmedFault, FaultLogEntry
from .frame_log import FrameRecord
from .futures.contracts import Contract
from .futures.events import FuturesFill, FuturesOrderState, FuturesWallet, PositionState
from .limits import Limits
from .market.replay import ReplayProgress
from .matching.account_states import Balance, Debt, Loan, MarginAccount
from .matching.events import Ticker, Trade
from .matching.orders import LendingOrderState, OrderState, Refused
from .matching.symbols import Symbol, many_symbols
from .okx.forms import OkxForms
from .okx.limits import OkxLimits
from .simulator import Simulator
from .status import BookStatus, LineStatus, MarketStatus, OrderStatus, Status
from .truth import TruthFrame, TruthRecord

__all__ = [
    "ArmedFault",
    "Balance",
    "BookStatus",
    "Contract",
    "Controls",
    "Credentials",
    "Debt",
    "FaultLogEntry",
    "FrameRecord",
    "FuturesFill",
    "FuturesOrderState",
    "FuturesWallet",
    "LendingOrderState",
    "Limits",
    "LineStatus",
    "Loan",
    "MarginAccount",
    "MarketStatus",
    "OkxForms",
    "OkxLimits",
    "OrderState",
    "OrderStatus",
    "PositionState",
    "Refused",
    "ReplayProgress",
    "Simulator",
    "Status",
    "Symbol",
    "Ticker",
    "Trade",
    "TruthFrame",
    "TruthRecord",
    "faults_by_name",
    "many_symbols",
]
