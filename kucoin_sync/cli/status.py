"""
The screen of a running simulator: markets, trades, open orders, connections, faults.

A picture is made of two looks, so that it can tell how many frames a second pass.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kucoin_sync.simulator import Controls, Status

__all__ = ["StatusScreen"]

SYSTEMS = {"v1": "streams", "pro_v2": "Pro streams", "ws_api": "orders"}
"""Kind of connections to its name, where that says less."""
TWO_COLUMNS = 112
"""Characters of a terminal from which on tables stand side by side."""
FIXED_WIDE, FIXED_NARROW = 16, 25
"""Lines of a picture that are there whatever happens: frame, headings, rules, gaps, connections."""
BAR = 12
"""Characters of the longest bar of a book."""
LOW = 32
"""Lines of a narrow terminal below which there is no room for trades."""

_UP, _DOWN, _DIM = "green", "red", "bright_black"


class StatusScreen:
    """
    Draws a simulator.

    Args:
        simulator: The simulator.
        facts: Lines for the head: where it listens, with what one logs in.
    """

    def __init__(self, simulator: Controls, facts: Iterable[Text]) -> None:
        self._simulator = simulator
        self._facts = list(facts)
        self._began = time.monotonic()
        self._last: tuple[float, Status] | None = None

    def picture(self, width: int, height: int) -> RenderableType:
        """Return what the screen shows now, at most ``height`` lines of it."""
        is_wide = width >= TWO_COLUMNS
        is_low = not is_wide and height < LOW
        room = height - (FIXED_WIDE if is_wide else FIXED_NARROW - 4 * is_low) - len(self._facts)
        rows = max(1, room // (2 if is_wide else 4 - is_low))
        now, status = time.monotonic(), self._simulator.status(rows)
        then, before = self._last or (now, status)
        if self._last is None or now - then >= 1:
            self._last = (now, status)
        markets, trades = self._markets(status), self._trades(status, rows)
        orders, faults = self._orders(status, rows), self._faults(status, rows)
        lines = self._lines(status, before, now - then)
        if is_wide:
            book = self._book(status, rows - 1 - max(0, len(status.markets) - 5))
            body: RenderableType = Group(
                _side_by_side(_stacked(markets, book), _stacked(trades, orders)), Text(""), _side_by_side(lines, faults)
            )
        else:
            body = _stacked(markets, *([] if is_low else [trades]), orders, lines, faults)
        title = Text(f" {self._simulator.exchange.upper()} SIMULATOR ", style="bold black on yellow")
        seconds = int(now - self._began)
        clock = datetime.fromtimestamp(status.time_ns / 1e9, timezone.utc)
        foot = f"market time {clock:%Y-%m-%d %H:%M:%S} UTC · up {seconds // 60}:{seconds % 60:02} · Ctrl-C ends it"
        return Panel(
            Group(*self._facts, Text(""), body), title=title, subtitle=foot, border_style="yellow", padding=(0, 1)
        )

    def _markets(self, status: Status) -> Table:
        table = _table("market", ("bid", 9), ("ask", 9), ("last", 9), ("24 h", 7))
        for market in status.markets:
            ticker = market.ticker
            percent = market.change_rate * 100
            table.add_row(
                market.symbol,
                _price(ticker.best_bid),
                _price(ticker.best_ask),
                _price(ticker.price),
                Text(f"{percent:+.2f} %", style=_UP if percent >= 0 else _DOWN),
            )
        hidden = status.market_count - len(status.markets)
        if hidden:
            table.add_row(Text(f"and {hidden} more", style=_DIM))
        return table

    def _book(self, status: Status, rows: int) -> Table:
        book = status.book
        table = _table("book" if book is None else f"book {book.symbol}", ("price", 9), ("size", 9), ("", BAR))
        table.columns[3].justify = "left"
        if book is None or not (book.bids or book.asks):
            return _empty(table, "nobody is there")
        depth = max(1, rows // 2)
        asks, bids = book.asks[:depth], book.bids[:depth]
        most = max(size for _, size in (*asks, *bids))
        for name, style, levels in (("ask", _DOWN, asks[::-1]), ("bid", _UP, bids)):
            for price, size in levels:
                bar = "█" * max(1, round(BAR * size / most))
                table.add_row(
                    Text(name, style=_DIM), _price(price), f"{size.normalize():f}", Text(f"{bar:<{BAR}}", style=style)
                )
        return table

    def _trades(self, status: Status, rows: int) -> Table:
        table = _table("last trades", ("price", 9), ("size", 9), ("time", 8))
        for trade in status.trades[:rows]:
            at = datetime.fromtimestamp(trade.time_ns / 1e9, timezone.utc)
            mark = "▲" if trade.side == "buy" else "▼"
            table.add_row(
                Text(f"{mark} {trade.symbol}", style=_UP if trade.side == "buy" else _DOWN),
                _price(trade.price),
                f"{trade.size.normalize():f}",
                f"{at:%H:%M:%S}",
            )
        return table if status.trades else _empty(table, "none yet")

    def _orders(self, status: Status, rows: int) -> Table:
        table = _table(f"open orders ({status.order_count})", ("price", 9), ("filled", 12), ("client id", 8))
        for order in status.orders[:rows]:
            size = "funds" if order.size is None else f"{order.size.normalize():f}"
            table.add_row(
                Text(f"{order.side} {order.symbol}", style=_UP if order.side == "buy" else _DOWN),
                _price(order.price) if order.type == "limit" else order.type,
                f"{order.deal_size.normalize():f} / {size}",
                _short(order.client_oid or "-"),
            )
        return table if status.orders else _empty(table, "none")

    def _lines(self, status: Status, before: Status, seconds: float) -> Table:
        table = _table("connections", ("open", 5), ("ever", 5), ("in /s", 7), ("out /s", 7))
        for line, old in zip(status.lines, before.lines, strict=True):
            table.add_row(
                SYSTEMS.get(line.system, line.system),
                str(line.connections),
                str(line.opened),
                _rate(line.frames_received - old.frames_received, seconds),
                _rate(line.frames_sent - old.frames_sent, seconds),
            )
        table.caption = (
            f"{status.topic_count} topics · {status.order_frames} operations, {status.orders_executed} executed"
        )
        table.caption_justify = "left"
        return table

    def _faults(self, status: Status, rows: int) -> Table:
        table = _table("faults in force", ("left", 4), ("", 20))
        for fault in status.faults[:rows]:
            left = "∞" if fault.left is None else str(fault.left)
            chance = {} if fault.probability == 1 else {"probability": fault.probability}
            what = ", ".join(f"{key}={value}" for key, value in {**chance, **fault.details}.items())
            table.add_row(Text(fault.name, style="yellow"), left, Text(what, overflow="ellipsis", no_wrap=True))
        name, _, told = table.columns
        name.min_width, name.ratio = 19, None
        told.justify, told.min_width, told.ratio = "left", None, 1
        strikes = sum(entry.what == "struck" for entry in status.fault_log)
        if not status.faults:
            _empty(table, "none")
        if strikes:
            last = next(entry for entry in status.fault_log if entry.what == "struck")
            at = datetime.fromtimestamp(last.at_ns / 1e9, timezone.utc)
            table.caption = f"last struck: {last.name} at {at:%H:%M:%S}"
            table.caption_justify = "left"
        return table


def _table(first: str, *others: tuple[str, int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, expand=True)
    table.add_column(first, no_wrap=True, header_style="bold cyan", ratio=1)
    for name, width in others:
        table.add_column(name, no_wrap=True, justify="right", min_width=width, header_style=_DIM)
    return table


def _empty(table: Table, text: str) -> Table:
    table.add_row(Text(text, style=_DIM))
    return table


def _side_by_side(left: RenderableType, right: RenderableType) -> Table:
    grid = Table.grid(padding=(0, 3), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    return grid


def _stacked(*tables: Table) -> Group:
    parts: list[RenderableType] = []
    for table in tables:
        parts += [table, Text("")]
    return Group(*parts[:-1])


def _price(price: Decimal) -> str:
    return f"{price.normalize():f}" if price else "-"


def _rate(frames: int, seconds: float) -> str:
    return f"{frames / seconds:.0f}" if seconds > 0 else "-"


def _short(text: str) -> str:
    return text if len(text) <= 14 else f"{text[:6]}…{text[-6:]}"
