"""
For notebooks: tables of what the library returns, and a view that keeps itself up to date while other cells run.

Needs the extra ``[notebook]``. Nothing else in the library imports this module, pandas or IPython.
"""

from __future__ import annotations

import html
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from kucoin_sync.books.live_book import LiveBook
from kucoin_sync.errors import ConfigError, OutcomeUnknown, Rejected, RequestError
from kucoin_sync.events import BookSnapshot, OrderAck, Update

if TYPE_CHECKING:
    import pandas

__all__ = ["LiveView", "to_dataframe"]

logger = logging.getLogger("kucoin_sync.notebook")

_MISSING = "{} needs {}: pip install 'kucoin-sync[notebook]'"
_HIDDEN = {"raw", "origin"}
"""Fields that hold whole messages: a table of them cannot be read."""
_TIMES = {"_ns": "ns", "_ms": "ms"}

# Tables


def to_dataframe(values: Any, *, exact: bool = False) -> pandas.DataFrame:
    """
    Make a table of what the library returns.

    Args:
        values: A `BookSnapshot` or a `LiveBook` (a row a level); a `BatchResult` or any list of outcomes, such as
            ``api.unresolved()`` (a row an order); a list of `Update` (the fields of ``update.typed``); a list of other
            values of the library or the simulator, or of mappings, as REST calls return them. Of a mapping of values
            the keys become the index.
        exact: Keep prices and sizes as `Decimal`; by default they become ``float``, which pandas can plot.

    Returns:
        The table. Times are in UTC; whole messages are left out.

    Raises:
        ImportError: If pandas is not installed.
        ConfigError: If there is no table of such a value.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(_MISSING.format("to_dataframe", "pandas")) from error
    if callable(own := getattr(values, "to_dataframe", None)):
        return own()
    index = list(values) if isinstance(values, Mapping) else None
    rows = _rows(values.values() if isinstance(values, Mapping) else values)
    table = pandas.DataFrame([{name: _plain(value, exact) for name, value in row.items()} for row in rows], index=index)
    for name in [name for name in table.columns if str(name)[-3:] in _TIMES]:
        times = pandas.to_datetime(table[name], unit=_TIMES[name[-3:]], utc=True)
        place = list(table.columns).index(name)
        table = table.drop(columns=name)
        table.insert(place, name[:-3], times)
    return table


def _rows(values: Any) -> list[dict[str, Any]]:
    """Return one mapping of column to value for each row."""
    if isinstance(values, LiveBook):
        values = values.depth()
    if isinstance(values, BookSnapshot):
        return _levels(values)
    if isinstance(values, Iterable) and not isinstance(values, (str, bytes)):
        return [_row(value) for value in values]
    raise ConfigError(f"values: there is no table of {type(values).__name__}; give a list of them")


def _row(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (OrderAck, RequestError)):
        return _outcome(value)
    if isinstance(value, Update):
        head = {"topic": value.topic, "subject": value.subject, "sequence": value.sequence}
        return {**head, "gap_before": value.gap_before, **_fields(value.typed)}
    if attrs.has(type(value)):
        return _fields(value)
    raise ConfigError(f"values: there is no table of {type(value).__name__}")


def _levels(book: BookSnapshot) -> list[dict[str, Any]]:
    """Return the levels from the highest ask down to the lowest bid, each with what is between it and the middle."""
    rows: list[dict[str, Any]] = []
    for side, levels in (("ask", book.asks), ("bid", book.bids)):
        total = Decimal(0)
        ladder = []
        for price, size in levels:
            total += size
            ladder.append({"side": side, "price": price, "size": size, "total": total})
        rows += reversed(ladder) if side == "ask" else ladder
    return rows


def _outcome(value: OrderAck | RequestError) -> dict[str, Any]:
    """Return what is known of an order; the columns are the same however it ended."""
    ended = {OrderAck: "accepted", Rejected: "rejected", OutcomeUnknown: "unknown"}.get(type(value), "not sent")
    return {
        "outcome": ended,
        "op": value.op,
        "symbol": getattr(value, "symbol", None),
        "client_oid": value.client_oid,
        "order_id": value.order_id,
        "seconds": value.latency if isinstance(value, OrderAck) else value.elapsed,
        "code": getattr(value, "code", None),
        "why": getattr(value, "msg", None) or getattr(value, "reason", None) or getattr(value, "cause", None),
    }


def _fields(value: Any) -> dict[str, Any]:
    """Return the fields of a value; a value inside it gives a column for each of its fields, under both names."""
    row = {}
    for field in attrs.fields(type(value)):
        inner = getattr(value, field.name)
        if field.name.startswith("_") or field.name in _HIDDEN or (field.name == "extra" and not inner):
            continue
        if attrs.has(type(inner)):
            row.update({f"{field.name}_{name}": part for name, part in _fields(inner).items()})
        else:
            row[field.name] = inner
    return row


def _plain(value: Any, exact: bool) -> Any:
    if isinstance(value, Decimal) and not exact:
        return float(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Exception):
        return str(value)
    return value


# A view that follows


class LiveView:
    """
    Shows what a function returns, and again whenever ``every`` seconds have passed, while other cells run.

    It has a thread of its own, so an interrupt of the kernel does not stop it. Making one under a name closes an
    earlier one of that name: a cell that makes one can be run again. If the function raises, the error is shown in its
    place and the next try comes as before::

        view = LiveView(lambda: to_dataframe(book.depth(5)), name="book")

    Args:
        render: Returns what to show: a table, text, anything that a notebook shows. It is called on the view's thread.
        every: Seconds from one look to the next.
        name: Of the view; ``None``: none, and then none is closed.

    Raises:
        ImportError: If IPython is not installed.
        ConfigError: If ``every`` is not positive, or outside of IPython.
    """

    _named: ClassVar[dict[str, LiveView]] = {}
    _named_lock = threading.Lock()

    def __init__(self, render: Callable[[], Any], *, every: float = 0.25, name: str | None = None) -> None:
        try:
            from IPython import get_ipython
            from IPython.display import display
        except ImportError as error:
            raise ImportError(_MISSING.format("LiveView", "IPython")) from error
        get: Any = get_ipython
        if get() is None:
            raise ConfigError("LiveView: there is no notebook here to show it in")
        if not every > 0:
            raise ConfigError(f"every: must be a positive number of seconds, got {every!r:.40}")
        self._render = render
        self._every = every
        self._name = name
        self._stop = threading.Event()
        show: Any = display
        if name is not None:
            with self._named_lock:
                before = self._named.pop(name, None)
                self._named[name] = self
            if before is not None:
                before.close()
        self._handle = show(self._look(), display_id=True)
        # A daemon: a kernel that shuts down does not wait for it.
        self._thread = threading.Thread(target=self._follow, name=f"kucoin-sync-view-{name or 'unnamed'}", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether it still follows."""
        return self._thread.is_alive() and not self._stop.is_set()

    def close(self) -> None:
        """Show the value once more and stop following; what is shown stays."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join(self._every + 5.0)
        with self._named_lock:
            if self._name is not None and self._named.get(self._name) is self:
                del self._named[self._name]

    def __enter__(self) -> LiveView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<LiveView {self._name or 'unnamed'}: {'follows' if self.is_open else 'closed'}>"

    def _look(self) -> Any:
        try:
            return self._render()
        except Exception as error:  # noqa: BLE001
            # Whatever the user's function meets, such as a book that is stale for a moment: the view goes on.
            return _Trouble(error)

    def _follow(self) -> None:
        last = False
        while not last:
            last = self._stop.wait(self._every)  # once more after the stop, so that what stays is the last state
            try:
                self._handle.update(self._look())
            except Exception:
                # The notebook is gone, or cannot show this: nobody is there to be told but the log.
                logger.warning("a live view ends: its value could not be shown", exc_info=True)
                return


@attrs.frozen
class _Trouble:
    """Stands in a view for the value that could not be made."""

    error: Exception

    def __repr__(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"

    def _repr_html_(self) -> str:
        return f"<i>{html.escape(repr(self))}</i>"
