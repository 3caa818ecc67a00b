"""
REST calls about balances and positions. All need credentials.

Source: KuCoin docs, Account Info, Margin Account, Futures Account, Positions (read 2026-11).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from kucoin_sync.errors import ConfigError, UnknownReason
from kucoin_sync.exchange_rest.spelling import spell_id
from kucoin_sync.kucoin.rest_calls import RestBase
from kucoin_sync.protocol.decimals import decimal_text
from kucoin_sync.tables import Rows

__all__ = ["AccountCalls"]

ACCOUNT_TYPES = ("main", "trade", "option")
MARGIN_MODES = ("ISOLATED", "CROSS")


class AccountCalls(RestBase):
    """Balances and positions, as plain dictionaries with KuCoin's own names."""

    # Balances.

    def accounts(
        self,
        currency: str | None = None,
        type: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Rows:
        """
        Return the spot accounts: ``{"currency", "type", "balance", "available", "holds", "id"}`` each.

        Args:
            currency: Only this one.
            type: ``main`` (funding), ``trade`` (spot) or ``option``.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        if type is not None and type not in ACCOUNT_TYPES:
            raise ConfigError(f"type: must be one of {', '.join(ACCOUNT_TYPES)}, got {type!r:.60}")
        return self._objects("GET", "/api/v1/accounts", params={"currency": currency, "type": type}, timeout=timeout)

    def account(self, account_id: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return one spot account by its ``id``."""
        return self._object("GET", f"/api/v1/accounts/{spell_id('account_id', account_id)}", timeout=timeout)

    def cross_margin_accounts(
        self, *, quote_currency: str | None = None, query_type: str | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        """
        Return the cross margin account: totals, ``debtRatio``, ``status``, and ``accounts`` by currency.

        Args:
            quote_currency: Currency of the totals: ``USDT``, ``KCS`` or ``BTC``.
            query_type: ``MARGIN``, ``MARGIN_V2`` or ``ALL``.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {"quoteCurrency": quote_currency, "queryType": query_type}
        return self._object("GET", "/api/v3/margin/accounts", params=params, timeout=timeout)

    def isolated_margin_accounts(
        self,
        *,
        symbol: str | None = None,
        quote_currency: str | None = None,
        query_type: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Return the isolated margin accounts: totals, and ``assets`` by symbol.

        Args:
            symbol: Only this one.
            quote_currency: Currency of the totals: ``USDT``, ``KCS`` or ``BTC``.
            query_type: ``ISOLATED``, ``ISOLATED_V2`` or ``ALL``.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {"symbol": symbol, "quoteCurrency": quote_currency, "queryType": query_type}
        return self._object("GET", "/api/v3/isolated/accounts", params=params, timeout=timeout)

    def futures_account(self, currency: str | None = None, *, timeout: float | None = None) -> dict[str, Any]:
        """
        Return the futures wallet of a currency: ``accountEquity``, ``availableBalance`` and so on.

        Args:
            currency: Such as ``USDT``; ``None`` is the exchange's default, XBT.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        path = "/api/v1/account-overview"
        return self._object("GET", path, params={"currency": currency}, host="futures", timeout=timeout)

    def api_key_info(self, *, timeout: float | None = None) -> dict[str, Any]:
        """Return what the API key may do: ``permission``, ``ipWhitelist``, ``apiVersion`` and so on."""
        return self._object("GET", "/api/v1/user/api-key", timeout=timeout)

    # Positions.

    def position(self, symbol: str, *, timeout: float | None = None) -> Any:
        """Return the position in a futures contract; a list of them where the account holds both sides."""
        params = {"symbol": spell_id("symbol", symbol)}
        return self._call("GET", "/api/v1/position", params=params, host="futures", timeout=timeout)

    def positions(self, currency: str | None = None, *, timeout: float | None = None) -> Rows:
        """
        Return all futures positions.

        Args:
            currency: Only those settled in this one.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        path = "/api/v1/positions"
        return self._objects("GET", path, params={"currency": currency}, host="futures", timeout=timeout)

    def margin_mode(self, symbol: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return the margin mode of a contract: ``{"symbol": ..., "marginMode": "ISOLATED"}``."""
        path, params = "/api/v2/position/getMarginMode", {"symbol": spell_id("symbol", symbol)}
        return self._object("GET", path, params=params, host="futures", timeout=timeout)

    def change_margin_mode(self, symbol: str, margin_mode: str, *, timeout: float | None = None) -> Any:
        """
        Change the margin mode of a contract.

        Args:
            symbol: Such as ``XBTUSDTM``.
            margin_mode: ``ISOLATED`` or ``CROSS``.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            As `margin_mode`, after the change.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every call that changes the account.
        """
        if margin_mode not in MARGIN_MODES:
            raise ConfigError(f"margin_mode: must be one of {', '.join(MARGIN_MODES)}, got {margin_mode!r:.60}")
        return self._call(
            "POST",
            "/api/v2/position/changeMarginMode",
            body={"symbol": spell_id("symbol", symbol), "marginMode": margin_mode},
            host="futures",
            timeout=timeout,
            doubt=partial(_doubt_mode, margin_mode),
        )

    def cross_leverage(self, symbol: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return the leverage of a contract in cross mode: ``{"symbol": ..., "leverage": "3"}``."""
        path, params = "/api/v2/getCrossUserLeverage", {"symbol": spell_id("symbol", symbol)}
        return self._object("GET", path, params=params, host="futures", timeout=timeout)

    def change_cross_leverage(self, symbol: str, leverage: str | int, *, timeout: float | None = None) -> Any:
        """
        Change the leverage of a contract in cross mode.

        Args:
            symbol: Such as ``XBTUSDTM``.
            leverage: Such as ``"10"``.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            ``True``.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As for every call that changes the account.
        """
        return self._call(
            "POST",
            "/api/v2/changeCrossUserLeverage",
            body={"symbol": spell_id("symbol", symbol), "leverage": decimal_text("leverage", leverage)},
            host="futures",
            timeout=timeout,
            doubt=_doubt_true,
        )


def _doubt_mode(margin_mode: str, data: Any) -> UnknownReason | None:
    changed = isinstance(data, dict) and data.get("marginMode") == margin_mode
    return None if changed else "unreadable_reply"


def _doubt_true(data: Any) -> UnknownReason | None:
    return None if data is True else "unreadable_reply"
