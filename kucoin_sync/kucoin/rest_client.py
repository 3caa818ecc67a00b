"""
`RestClient`: KuCoin's REST calls by name, and the one that ends everything.
"""

from __future__ import annotations

from typing import Any

from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.errors import ConfigError, ForkedError, KucoinSyncError, ReentrantCallError
from kucoin_sync.exchange_rest.legs import Leg, run_legs
from kucoin_sync.kucoin.rest_account import AccountCalls
from kucoin_sync.kucoin.rest_changes import ChangeCalls
from kucoin_sync.kucoin.rest_market import MarketCalls
from kucoin_sync.kucoin.rest_orders import TRADE_TYPES

__all__ = ["RestClient"]

MARKETS = ("spot", "margin", "futures")
_BEFORE_ANYTHING = (ConfigError, ForkedError, ReentrantCallError)


class RestClient(MarketCalls, ChangeCalls, AccountCalls):
    """
    KuCoin's REST calls; ``client.rest`` of a `WebsocketClient` or `WebsocketAPIClient`.

    Every method is one call with one deadline, on its caller's thread, over a connection of its own, and ``close()`` of
    the client ends it at once. Results are plain dictionaries and lists with KuCoin's own names; texts stay texts, and
    numbers with a fraction are `Decimal`.

    A call that only reads returns its data, or raises `RestError` (the exchange says no), `AuthError`, `ConnectError`,
    `ConnectionLost` or `DeadlineExceeded`. It may be sent twice. A call that changes the account is sent once and
    returns, or raises `Rejected`, `NotSent` or `OutcomeUnknown`, as order calls do.
    """

    def cancel_all_orders(
        self, symbol: str | None = None, *, market: str = "spot", timeout: float | None = None
    ) -> dict[str, Any]:
        """
        Cancel all open orders; see `WebsocketClient.cancel_all_orders`.

        Raises:
            Rejected, NotSent, OutcomeUnknown: The worst end of its calls.
        """
        if market != "all" and market not in MARKETS:
            raise ConfigError(f"market: must be one of {', '.join(MARKETS)}, all, got {market!r:.60}")
        if market == "all" and symbol is not None:
            raise ConfigError("symbol: the markets name their symbols differently; give one market, or no symbol")
        deadline = checked_deadline(timeout, self._around.options.request_timeout)
        legs: dict[str, Leg] = {
            "spot": lambda seconds: self.cancel_all_spot_orders(symbol, timeout=seconds),
            "margin": lambda seconds: self._cancel_all_margin(symbol, seconds),
            "futures": lambda seconds: self.cancel_all_futures_orders(symbol, timeout=seconds),
        }
        return run_legs({name: legs[name] for name in (MARKETS if market == "all" else (market,))}, deadline)

    def _cancel_all_margin(self, symbol: str | None, seconds: float) -> dict[str, Any]:
        """Cancel cross and isolated margin orders, of one symbol or of all that have any."""
        deadline = Deadline(seconds)
        legs: dict[str, Leg] = {}
        for index, trade_type in enumerate(TRADE_TYPES):
            if symbol is not None:
                legs[f"{trade_type} {symbol}"] = self._margin_leg(symbol, trade_type)
                continue
            # Half of the time for asking, the other half for cancelling.
            share = (deadline.remaining() - seconds / 2) / (len(TRADE_TYPES) - index)
            legs |= self._margin_legs(trade_type, max(0.0, share), deadline)
        return run_legs(legs, deadline)

    def _margin_legs(self, trade_type: str, seconds: float, deadline: Deadline) -> dict[str, Leg]:
        """Return a leg for each symbol that has orders; if that is not to be had, a leg that says so."""
        try:
            symbols = self.symbols_with_open_margin_orders(trade_type, timeout=seconds)
        except _BEFORE_ANYTHING:
            raise
        except KucoinSyncError as error:
            problem = self._not_sent("DELETE", "/api/v3/hf/margin/orders", "spot", error, deadline)
            return {trade_type: _raises(problem)}
        return {f"{trade_type} {symbol}": self._margin_leg(symbol, trade_type) for symbol in symbols}

    def _margin_leg(self, symbol: str, trade_type: str) -> Leg:
        return lambda seconds: self.cancel_all_margin_orders(symbol, trade_type, timeout=seconds)


def _raises(error: Exception) -> Leg:
    def leg(_: float) -> Any:
        raise error

    return leg
