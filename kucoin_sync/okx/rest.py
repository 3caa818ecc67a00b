"""
`RestClient`: OKX's REST calls by name, and the one that ends everything.

Source: OKX docs v5, REST pages of the calls (as of 2026-07, read 2026-11). Calls whose page was not at hand say
"assumed": `request` makes any call in the form you know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from kucoin_sync.errors import ConfigError, KucoinSyncError, UnknownReason
from kucoin_sync.exchange_rest.legs import Leg, run_legs
from kucoin_sync.okx import refusals
from kucoin_sync.okx.rest_calls import TIME, RestBase, time_of

__all__ = ["LARGEST_PAGE", "RestClient", "check_deadman"]

LARGEST_PAGE = 100
SAMPLES = 5
MOST_IN_BATCH = 20
MOST_BATCHES = 25
"""Of open orders that are cancelled in one go: as many as an account may place in a second."""
SHORTEST_DEADMAN, LONGEST_DEADMAN = 10, 120


class RestClient(RestBase):
    """
    OKX's REST calls.

    Every method is one call with one deadline, on its caller's thread, over a connection of its own, and ``close()`` of
    the client ends it at once. Results are plain dictionaries and lists with OKX's own names.

    A call that only reads returns its data, or raises `RestError` (the exchange says no), `AuthError`, `ConnectError`,
    `ConnectionLost` or `DeadlineExceeded`. It may be sent twice. A call that changes the account is sent once and
    returns, or raises `Rejected`, `NotSent` or `OutcomeUnknown`, as order calls do.
    """

    # Clock and state.

    def server_time_ms(self, *, timeout: float | None = None) -> int:
        """Return the exchange's clock, milliseconds since 1970."""
        return time_of(self._call("GET", TIME, signed=False, timeout=timeout))

    def clock_offset_ms(self, *, samples: int = SAMPLES, timeout: float | None = None) -> float:
        """
        Measure how far the exchange's clock is ahead of this machine's.

        What is learned is kept: later calls are signed with the exchange's time, and orders expire by it.

        Args:
            samples: How often to ask; the quickest answer counts.
            timeout: Seconds for all of them; ``None`` takes ``request_timeout``.

        Returns:
            Milliseconds; negative if this machine's clock is ahead.
        """
        call = self._prepare("GET", TIME, None, None, signed=False)
        return self._measure_clock(call, samples, self._deadline(timeout), time_of)

    def system_status(self, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """Return announced and running maintenance."""
        return self._rows("/api/v5/system/status", {}, timeout, signed=False)

    # Instruments and account.

    def instruments(
        self,
        inst_type: str,
        *,
        inst_family: str | None = None,
        inst_id: str | None = None,
        series_id: str | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """
        Return the instruments of a kind.

        Args:
            inst_type: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION`` or ``EVENTS``.
            inst_family: Only those of one; older hosts require it for options.
            inst_id: Only this one.
            series_id: For ``EVENTS``.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {"instType": inst_type, "instFamily": inst_family, "instId": inst_id, "seriesId": series_id}
        return self._rows("/api/v5/public/instruments", params, timeout, signed=False)

    def account_instruments(self, inst_type: str, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """Return the instruments of a kind that the account may trade."""
        return self._rows("/api/v5/account/instruments", {"instType": inst_type}, timeout)

    def spreads(self, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """Return all spreads."""
        return self._rows("/api/v5/sprd/spreads", {}, timeout, signed=False)

    def account_config(self, *, timeout: float | None = None) -> dict[str, Any]:
        """Return the account's settings: ``acctLv``, ``posMode``, ``uid`` and others."""
        return self._row("/api/v5/account/config", {}, timeout)

    def balance(self, ccy: str | None = None, *, timeout: float | None = None) -> dict[str, Any]:
        """Return the account's balances, or those of currencies (joined by commas). Assumed."""
        return self._row("/api/v5/account/balance", {"ccy": ccy}, timeout)

    # Orders.

    def order(
        self,
        inst_id: str,
        *,
        ord_id: str | None = None,
        cl_ord_id: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """
        Look an order up. Of several under one client order id the newest is told.

        Args:
            inst_id: Its instrument.
            ord_id: The exchange's id; or
            cl_ord_id: the client order id.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Raises:
            RestError: Among others with code ``51603`` if there is no such order; orders that were cancelled without a
                fill are told for about two hours.
        """
        return self._row("/api/v5/trade/order", {"instId": inst_id, **_named(ord_id, cl_ord_id)}, timeout)

    def open_orders(
        self,
        inst_id: str | None = None,
        *,
        inst_type: str | None = None,
        after: str | None = None,
        limit: int = LARGEST_PAGE,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """
        Return open orders, the newest first.

        Args:
            inst_id: Only those of one instrument.
            inst_type: Only those of one kind.
            after: Only those older than the order of this id (assumed).
            limit: At most so many, up to 100 (assumed).
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {"instId": inst_id, "instType": inst_type, "after": after, "limit": limit}
        return self._rows("/api/v5/trade/orders-pending", params, timeout)

    def done_orders(
        self,
        inst_type: str,
        inst_id: str | None = None,
        *,
        begin_ms: int | None = None,
        end_ms: int | None = None,
        after: str | None = None,
        limit: int = LARGEST_PAGE,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """
        Return done orders of the last seven days, the newest first. Assumed.

        Args:
            inst_type: Of one kind.
            inst_id: Only those of one instrument.
            begin_ms: Only those created from then on.
            end_ms: Only those created until then.
            after: Only those older than the order of this id.
            limit: At most so many, up to 100.
            timeout: Seconds; ``None`` takes ``request_timeout``.
        """
        params = {"instType": inst_type, "instId": inst_id, "begin": begin_ms, "end": end_ms}
        return self._rows("/api/v5/trade/orders-history", {**params, "after": after, "limit": limit}, timeout)

    def fills(
        self, inst_id: str | None = None, *, ord_id: str | None = None, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Return the fills of the last three days, of an instrument or an order, the newest first. Assumed."""
        return self._rows("/api/v5/trade/fills", {"instId": inst_id, "ordId": ord_id}, timeout)

    def spread_order(
        self, *, ord_id: str | None = None, cl_ord_id: str | None = None, timeout: float | None = None
    ) -> dict[str, Any]:
        """Look an order on a spread up; arguments and result as in `order`."""
        return self._row("/api/v5/sprd/order", _named(ord_id, cl_ord_id), timeout)

    def open_spread_orders(
        self, sprd_id: str | None = None, *, end_id: str | None = None, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Return open orders on a spread, or on all; only those older than ``end_id``, up to 100. Assumed."""
        params = {"sprdId": sprd_id, "endId": end_id, "limit": LARGEST_PAGE}
        return self._rows("/api/v5/sprd/orders-pending", params, timeout)

    def done_spread_orders(
        self,
        sprd_id: str | None = None,
        *,
        begin_ms: int | None = None,
        end_id: str | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """Return done orders on a spread, or on all, created from ``begin_ms`` on, older than ``end_id``. Assumed."""
        params = {"sprdId": sprd_id, "begin": begin_ms, "endId": end_id, "limit": LARGEST_PAGE}
        return self._rows("/api/v5/sprd/orders-history", params, timeout)

    # Changes.

    def cancel_all_orders(self, inst_id: str | None = None, *, timeout: float | None = None) -> list[dict[str, Any]]:
        """
        Cancel all open orders: the panic button, which works while the WebSocket lines are down.

        The exchange cancels by order, so the open orders are asked for and cancelled, 20 at a time; if one call fails
        the others are made all the same. Algo orders that wait for their trigger, and orders on spreads, are not
        touched. Orders placed meanwhile may or may not be among the cancelled. That ``cancel-batch-orders`` takes 20 is
        assumed.

        Args:
            inst_id: Only those of one instrument; ``None`` is every one.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            What the exchange answered, an entry an order.

        Raises:
            Rejected, NotSent, OutcomeUnknown: The worst end of its calls; ``notes`` tells of the others.
            RestError, AuthError, ConnectError, ConnectionLost, DeadlineExceeded: If the open orders cannot be asked
                for; nothing was cancelled then.
        """
        deadline = self._deadline(timeout)
        orders: list[dict[str, Any]] = []
        problem: KucoinSyncError | None = None
        after: str | None = None
        for _ in range(MOST_BATCHES * MOST_IN_BATCH // LARGEST_PAGE):
            # Half of the time for asking; what was found is cancelled even if there is more than can be read.
            try:
                page = self.open_orders(inst_id, after=after, timeout=deadline.remaining() / 2)
            except KucoinSyncError as error:
                if not orders:
                    raise
                problem = error
                break
            orders += page
            if len(page) < LARGEST_PAGE:
                break
            after = str(page[-1].get("ordId"))
        names = [{name: order.get(name) for name in ("instId", "ordId")} for order in orders]
        batches = [names[start : start + MOST_IN_BATCH] for start in range(0, len(names), MOST_IN_BATCH)]
        legs: dict[str, Leg] = {f"batch {i}": partial(self._cancel_batch, b) for i, b in enumerate(batches, start=1)}
        done = [entry for entries in run_legs(legs, deadline).values() for entry in entries]
        if problem is not None:
            raise problem
        return done

    def _cancel_batch(self, orders: Sequence[Mapping[str, Any]], seconds: float) -> Any:
        doubt = partial(_doubt_cancelled, len(orders))
        return self._call("POST", "/api/v5/trade/cancel-batch-orders", body=orders, timeout=seconds, doubt=doubt)

    def mass_cancel(
        self, inst_family: str, *, inst_type: str = "OPTION", lock_ms: int | None = None, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Cancel all orders under market maker protection of an option family. Assumed to be as over the WebSocket."""
        body = {"instType": inst_type, "instFamily": inst_family}
        body |= {} if lock_ms is None else {"lockInterval": str(lock_ms)}
        return self._changed("/api/v5/trade/mass-cancel", body, timeout, _doubt_result)

    def cancel_all_spread_orders(
        self, sprd_id: str | None = None, *, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Cancel all orders on a spread, or on all spreads. Assumed to be as over the WebSocket."""
        body = {} if sprd_id is None else {"sprdId": sprd_id}
        return self._changed("/api/v5/sprd/mass-cancel", body, timeout, _doubt_result)

    def set_deadman(self, seconds: int, *, tag: str | None = None, timeout: float | None = None) -> dict[str, Any]:
        """
        Have the exchange cancel all orders unless this is called again in time (``cancel-all-after``). Assumed.

        Args:
            seconds: 10 to 120; 0 ends it.
            tag: Only orders with this tag.
            timeout: Seconds; ``None`` takes ``request_timeout``.

        Returns:
            ``{"triggerTime": "1587971460", "ts": ..., "tag": ...}``
        """
        if seconds != 0 or isinstance(seconds, bool):
            check_deadman(seconds)
        body = {"timeOut": str(seconds), **({} if tag is None else {"tag": tag})}
        return self._changed("/api/v5/trade/cancel-all-after", body, timeout, _doubt_trigger)[0]

    def _changed(self, path: str, body: Mapping[str, Any], timeout: float | None, doubt: Any) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self._call("POST", path, body=body, timeout=timeout, doubt=doubt)
        return data


def check_deadman(seconds: Any) -> None:
    """Raise `ConfigError` for seconds after which the exchange cancels no orders by itself."""
    whole = isinstance(seconds, int) and not isinstance(seconds, bool)
    if not whole or not SHORTEST_DEADMAN <= seconds <= LONGEST_DEADMAN:
        raise ConfigError(f"seconds: must be whole, {SHORTEST_DEADMAN} to {LONGEST_DEADMAN}, got {seconds!r:.20}")


def _named(ord_id: str | None, cl_ord_id: str | None) -> dict[str, str]:
    named = {name: value for name, value in (("ordId", ord_id), ("clOrdId", cl_ord_id)) if value is not None}
    if len(named) != 1:
        raise ConfigError("ord_id: give either ord_id or cl_ord_id")
    return named


def _doubt_cancelled(count: int, data: Any) -> UnknownReason | None:
    """Find orders that may still be open in the answer to a cancel of so many."""
    if not isinstance(data, list) or len(data) != count or not all(isinstance(entry, Mapping) for entry in data):
        return "unreadable_reply"
    return None if all(_is_gone(entry) for entry in data) else "partial_batch"


def _is_gone(entry: Mapping[str, Any]) -> bool:
    code = entry.get("sCode")
    return code == refusals.SUCCESS or (isinstance(code, str) and refusals.is_gone(code))


def _doubt_result(data: Any) -> UnknownReason | None:
    """Find what is no ``[{"result": true}]``; false says that nothing was cancelled, which is an answer too."""
    entry = data[0] if isinstance(data, list) and len(data) == 1 else None
    return None if isinstance(entry, Mapping) and isinstance(entry.get("result"), bool) else "unreadable_reply"


def _doubt_trigger(data: Any) -> UnknownReason | None:
    entry = data[0] if isinstance(data, list) and len(data) == 1 else None
    return None if isinstance(entry, Mapping) and "triggerTime" in entry else "unreadable_reply"
