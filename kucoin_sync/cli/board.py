"""
The board of live prices: what was seen of each symbol, as a table or as plain lines.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from rich import box
from rich.table import Table
from rich.text import Text

from kucoin_sync.cli.console import spelled_mark

__all__ = ["Board"]

_UP, _DOWN, _SAME = ("▲", "green"), ("▼", "red"), (" ", "")


@attrs.define
class _Row:
    price: str = "-"
    bid: str = "-"
    ask: str = "-"
    updates: int = 0
    trend: tuple[str, str] = _SAME

    def take(self, price: str, bid: str, ask: str) -> None:
        if self.updates and price != self.price:
            self.trend = _UP if float(price) > float(self.price) else _DOWN
        self.price, self.bid, self.ask = price, bid, ask
        self.updates += 1


class Board:
    """
    Prices of some symbols.

    Args:
        topics: Ticker topics, one row each.
    """

    def __init__(self, topics: Sequence[str]) -> None:
        self._rows = {topic: _Row() for topic in topics}

    def take(self, topic: str, price: str, bid: str, ask: str) -> None:
        """Note a ticker."""
        self._rows[topic].take(price, bid, ask)

    @property
    def is_complete(self) -> bool:
        """Whether every symbol was seen."""
        return all(row.updates for row in self._rows.values())

    def table(self, seconds: float) -> Table:
        """Draw it, ``seconds`` after the first look."""
        table = Table(box=box.ROUNDED, border_style="bright_black", padding=(0, 1))
        table.add_column("symbol", style="bold", min_width=9)
        for name, width in (("last price", 12), ("best bid", 10), ("best ask", 10), ("updates", 7), ("per s", 5)):
            table.add_column(name, justify="right", min_width=width)
        for topic, row in self._rows.items():
            arrow, colour = row.trend
            last = Text(f"{spelled_mark(arrow)} {row.price}", style=colour)
            table.add_row(_symbol(topic), last, row.bid, row.ask, str(row.updates), _rate(row.updates, seconds))
        return table

    def lines(self, seconds: float) -> list[str]:
        """Spell it, one line a symbol."""
        return [
            f"{seconds:4.1f} s  {_symbol(topic):<9} last {row.price:>9}  bid {row.bid:>9}  ask {row.ask:>9}"
            f"  {row.updates:>3} updates  {_rate(row.updates, seconds):>5}/s"
            for topic, row in self._rows.items()
        ]


def _symbol(topic: str) -> str:
    return topic.partition(":")[2]


def _rate(updates: int, seconds: float) -> str:
    return f"{updates / seconds:.1f}" if seconds > 0 else "-"
