"""
Private REST calls of the spot host about accounts.

Source: KuCoin docs, pages of the calls under Account and Funding. The words of ``status``, and what an unknown account
is answered with, are assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

from ..classic.spot_private_frames import account_id
from ..kucoin_venue import KucoinVenue, user_id
from ..matching.account_states import MAIN, MARGIN, TRADE, MarginAccount, isolated
from ..matching.accounts import Ledger
from ..matching.symbols import plain
from ..spot.refusals import refused
from .calls import RestCall, Route

__all__ = ["AccountCalls"]

#: The trading wallet under the name clients of the newer calls ask for; reports of balances use it as a prefix too.
TRADE_HF = "trade_hf"

_ROUGH = Context(prec=60)
_QUOTES = ("USDT", "KCS", "BTC")
_CREATED_AT_MS = 1_728_443_843_000


class AccountCalls:
    """
    Wallets, margin accounts and the API key.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: KucoinVenue) -> None:
        self._venue = venue
        self._exchange = venue.exchange

    def routes(self) -> list[Route]:
        """Return the table of these calls."""
        return [
            Route("GET", "/api/v1/accounts", self._list, pool="management", weight=5),
            Route("GET", "/api/v1/accounts/{accountId}", self._one, pool="management", weight=5),
            Route("GET", "/api/v3/margin/accounts", self._cross, weight=15),
            Route("GET", "/api/v3/isolated/accounts", self._isolated, weight=15),
            Route("GET", "/api/v1/hf/accounts/opened", lambda call: True, weight=30),
            Route("GET", "/api/v1/user/api-key", self._api_key, pool="management", weight=20),
        ]

    # Wallets.

    def _list(self, call: RestCall) -> Any:
        kind, currency = call.query.get("type"), call.query.get("currency")
        if kind not in (None, "", MAIN, TRADE, TRADE_HF, "option"):
            raise refused("parameter", "type is invalid.")
        wallets = (MAIN, TRADE) if kind in (None, "") else (kind,)
        rows = [row for wallet in wallets for row in self._rows(call.account, wallet)]
        return [row for row in rows if currency in (None, "", row["currency"])]

    def _one(self, call: RestCall) -> Any:
        rows = [row for wallet in (MAIN, TRADE) for row in self._rows(call.account, wallet)]
        for row in rows:
            if row["id"] == call.path["accountId"]:
                return {name: row[name] for name in ("currency", "balance", "available", "holds")}
        raise refused("parameter", "account not exist.")

    def _rows(self, account: str, wallet: str) -> list[dict[str, Any]]:
        ledger: Ledger = self._exchange.ledger
        owned = TRADE if wallet == TRADE_HF else wallet
        return [
            {
                "id": account_id(account, owned, currency),
                "currency": currency,
                "type": wallet,
                "balance": plain(balance.total),
                "available": plain(balance.available),
                "holds": plain(balance.held),
            }
            for currency, balance in ledger.balances(account, owned).items()
        ]

    # Margin.

    def _cross(self, call: RestCall) -> Any:
        _one_of(call, "queryType", ("MARGIN", "MARGIN_V2", "ALL"))
        in_quote = self._quote(call)
        state = self._exchange.margin.state(call.account, MARGIN)
        return {
            "totalAssetOfQuoteCurrency": in_quote(state.total_asset),
            "totalLiabilityOfQuoteCurrency": in_quote(state.total_debt),
            "debtRatio": plain(state.debt_ratio),
            "status": state.status,
            "accounts": [self._asset(state, currency) for currency in state.assets],
        }

    def _isolated(self, call: RestCall) -> Any:
        _one_of(call, "queryType", ("ISOLATED", "ISOLATED_V2", "ALL"))
        in_quote = self._quote(call)
        wanted = call.query.get("symbol")
        pairs = [s for s in self._exchange.symbols.values() if s.margin_enabled and wanted in (None, "", s.name)]
        if not pairs:
            raise refused("symbol")
        states = {pair.name: self._exchange.margin.state(call.account, isolated(pair.name)) for pair in pairs}
        return {
            "totalAssetOfQuoteCurrency": in_quote(sum((s.total_asset for s in states.values()), Decimal(0))),
            "totalLiabilityOfQuoteCurrency": in_quote(sum((s.total_debt for s in states.values()), Decimal(0))),
            "timestamp": self._venue.now_ms(),
            "assets": [
                {
                    "symbol": pair.name,
                    "status": states[pair.name].status,
                    "debtRatio": plain(states[pair.name].debt_ratio),
                    "baseAsset": self._asset(states[pair.name], pair.base),
                    "quoteAsset": self._asset(states[pair.name], pair.quote),
                }
                for pair in pairs
            ],
        }

    def _asset(self, state: MarginAccount, currency: str) -> dict[str, Any]:
        balance, debt = state.assets[currency], state.debts[currency]
        return {
            "currency": currency,
            "borrowEnabled": True,
            "transferInEnabled": True,
            "liability": plain(debt.total),
            "liabilityPrincipal": plain(debt.principal),
            "liabilityInterest": plain(debt.interest),
            "total": plain(balance.total),
            "available": plain(balance.available),
            "hold": plain(balance.held),
            "maxBorrowSize": plain(self._exchange.margin.max_borrow(state.account, state.wallet, currency)),
        }

    def _quote(self, call: RestCall) -> Callable[[Decimal], str]:
        """Return what turns a worth in USDT into the quote currency of the call, eight decimals."""
        price = self._exchange.price_of(_one_of(call, "quoteCurrency", _QUOTES))
        if not price:
            raise refused("parameter", "quoteCurrency has no price here.")

        def in_quote(worth: Decimal) -> str:
            return plain(_ROUGH.divide(worth, price).quantize(Decimal("0.00000001"), ROUND_DOWN, _ROUGH))

        return in_quote

    # The key.

    def _api_key(self, call: RestCall) -> Any:
        return {
            "remark": "SIMULATOR",
            "apiKey": call.account,
            "apiVersion": 3,
            "permission": "General,Futures,Spot,Margin,InnerTransfer",
            "createdAt": _CREATED_AT_MS,
            "uid": int(user_id(call.account)[:7], 16),
            "isMaster": True,
        }


def _one_of(call: RestCall, name: str, allowed: tuple[str, ...]) -> str:
    """Return a parameter out of a set; the first is the default. Raises Refused for any other."""
    value = call.query.get(name) or allowed[0]
    if value not in allowed:
        raise refused("parameter", f"{name} is invalid.")
    return value
