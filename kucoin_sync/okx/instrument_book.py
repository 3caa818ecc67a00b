"""
The exchange's numbers of its instruments, by which orders over the WebSocket name them.

Source: OKX docs v5, Get instruments, and the changelog on ``instIdCode`` (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConfigError
from kucoin_sync.exchange_rest.shelf import Shelf

__all__ = ["FetchKind", "InstrumentBook", "types_of"]

FetchKind = Callable[[str, str | None, float], Sequence[Mapping[str, Any]]]
"""Takes kind, family (options only) and the seconds it may last; returns the exchange's rows of instruments."""

_KINDS = ("SPOT", "SWAP", "FUTURES")
_OPTION_PARTS = 5
_FUTURES_DATE = 6


def types_of(inst_id: str) -> tuple[str, ...]:
    """
    Return the kinds of instrument that an id may be of, by its form.

    ``BTC-USDT`` is ``SPOT`` and, where it is traded on margin, ``MARGIN``; ``BTC-USDT-SWAP`` is ``SWAP``;
    ``BTC-USD-241227`` is ``FUTURES``; ``BTC-USD-241227-50000-C`` is ``OPTION``. What has another form is ``EVENTS``.
    """
    parts = inst_id.split("-")
    if len(parts) == 2:
        return ("SPOT", "MARGIN")
    if parts[-1] == "SWAP":
        return ("SWAP",)
    if len(parts) == _OPTION_PARTS and parts[-1] in ("C", "P"):
        return ("OPTION",)
    if len(parts) == 3 and parts[-1].isdigit() and len(parts[-1]) == _FUTURES_DATE:
        return ("FUTURES",)
    return ("EVENTS",)


class InstrumentBook:
    """
    Find the number of an instrument.

    Numbers differ between production and demo trading: a book is of one of them. Safe from any thread.

    Args:
        fetch: Fetches instruments.
    """

    def __init__(self, fetch: FetchKind) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()  # guards _shelves
        self._shelves: dict[tuple[str, str | None], Shelf[int | None]] = {}

    def complete(self, orders: Sequence[dict[str, Any]], *, now: float, deadline: Deadline, wait: bool) -> None:
        """
        Put ``instIdCode`` into orders that name an instrument by ``instId`` alone.

        Args:
            orders: Arguments of each order; changed in place. ``instId`` stays: the exchange passes over it, and
                look-ups need it.
            now: Monotonic clock.
            deadline: Of the call.
            wait: Whether to wait for a list that has to be fetched; else what is there has to do.

        Raises:
            ConfigError: If there is no such instrument, or it has no number yet.
            KucoinSyncError: If the list could not be fetched, for whatever reason.
        """
        for order in orders:
            if "instIdCode" not in order:
                order["instIdCode"] = self._find(order["instId"], now=now, deadline=deadline, wait=wait)

    def load(self, wanted: str, *, now: float, deadline: Deadline) -> None:
        """
        Fetch a list ahead of time, if it is not there or old. Raises as `complete`.

        Args:
            wanted: A kind (``SPOT``, ``SWAP``, ``FUTURES``), or the id of an instrument whose list is meant.
            now: Monotonic clock.
            deadline: For fetching it.
        """
        shelf = self._list(wanted, None) if wanted in _KINDS else self._shelf(wanted)
        shelf.load(now=now, deadline=deadline)

    def _find(self, inst_id: str, *, now: float, deadline: Deadline, wait: bool) -> int:
        found = self._shelf(inst_id).find(inst_id, now=now, deadline=deadline, wait=wait)
        if found is None:
            raise ConfigError(f"inst_id: the exchange lists no number for {inst_id}; if you know it, give inst_id_code")
        return found

    def _shelf(self, inst_id: str) -> Shelf[int | None]:
        kind = types_of(inst_id)[0]
        if kind == "EVENTS":
            raise ConfigError(f"inst_id: the kind of {inst_id} cannot be told from its form; give inst_id_code too")
        family = "-".join(inst_id.split("-")[:2]) if kind == "OPTION" else None
        return self._list(kind, family)

    def _list(self, kind: str, family: str | None) -> Shelf[int | None]:
        with self._lock:
            key = (kind, family)
            if key not in self._shelves:
                self._shelves[key] = Shelf(f"{kind} instruments", partial(self._fetch, kind, family), _numbers)
            return self._shelves[key]


def _numbers(rows: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    """Return the numbers by id; ``None`` where one is not made yet, or is none."""
    return {
        row["instId"]: row["instIdCode"] if type(row.get("instIdCode")) is int else None
        for row in rows
        if isinstance(row.get("instId"), str)
    }
