"""
What the demo prints: the banner, a line for each outcome, and the table at the end.
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable

import attrs
from rich import box
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from kucoin_sync._version import __version__
from kucoin_sync.cli.board import Board
from kucoin_sync.cli.console import spelled_mark
from kucoin_sync.errors import OutcomeUnknown, Rejected
from kucoin_sync.events import OrderAck, Pong

__all__ = ["Report", "make_console"]

WIDEST = 100
FRAME = 0.1
"""Seconds between two pictures of the live table."""

_INDENT = 18


def make_console() -> Console:
    """Return a console on stdout that does not stretch over a wide screen."""
    console = Console(highlight=False)
    if console.width > WIDEST:
        console.width = WIDEST
    return console


@attrs.frozen
class _Row:
    step: str
    outcome: str
    order_id: str | None = None
    client_oid: str | None = None
    seconds: float | None = None
    style: str = "green"


class Report:
    """
    The demo's voice.

    Args:
        console: Where to print.

    Attributes:
        current_step: Title of the step that began last.
    """

    def __init__(self, console: Console) -> None:
        self.current_step = "start"
        self._console = console
        self._is_screen = sys.stdout.isatty() and not console.is_dumb_terminal
        self._rows: list[_Row] = []
        self._steps = 0

    def banner(self, exchange: str, url: str, *, is_remote: bool) -> None:
        """Say what this is, and above all what it is not."""
        where = "another process" if is_remote else "this process"
        text = Text.assemble(
            f"kucoin-sync {__version__} against a simulated {exchange} at ",
            (url, "bold"),
            f", in {where}.\n",
            ("No keys, no network, no real money.", "bold"),
            " Prices are made up, faults are made on purpose.",
        )
        title = Text(" SIMULATOR ", style="bold black on yellow")
        self._console.print(Panel(text, title=title, border_style="yellow", padding=(0, 1)))

    def step(self, title: str) -> None:
        """Begin a step."""
        self._steps += 1
        self.current_step = title
        self._console.print()
        self._console.print(Rule(Text(f"{self._steps}  {title}", style="bold"), align="left", style="bright_black"))

    # What a call ended with.

    def ack(self, step: str, ack: OrderAck) -> None:
        """Show that the exchange took a request."""
        text = f"OrderAck in {ack.latency * 1000:.1f} ms: orderId {ack.order_id}"
        if ack.client_oid is not None:
            text += f", clientOid {ack.client_oid}"
        if ack.order_id is None:
            text = f"OrderAck in {ack.latency * 1000:.1f} ms: clientOid {ack.client_oid}"
        self._say("✓", step, text, "green")
        self._rows.append(_Row(step, "OrderAck", ack.order_id, ack.client_oid, ack.latency))

    def fill(self, size: str, price: str, source: str) -> None:
        """Show that the order of the latest ack was filled."""
        self._say("✓", "filled", f"{size} at {price}: {source}", "green")
        self._rows[-1] = attrs.evolve(self._rows[-1], outcome="OrderAck, filled")

    def refusal(self, step: str, error: Rejected) -> None:
        """Show that the exchange said no."""
        self._say("✗", step, f"Rejected: {error}", "red")
        self._rows.append(_Row(step, f"Rejected, {error.code}", None, error.client_oid, error.elapsed, "red"))

    def unknown(self, step: str, error: OutcomeUnknown) -> None:
        """Show that nobody here knows what happened."""
        self._say("?", step, f"OutcomeUnknown: {error}", "yellow")
        self._rows.append(_Row(step, "OutcomeUnknown", error.order_id, error.client_oid, error.elapsed, "yellow"))

    def truth(self, frames: int, executed: int, replies: int, order_id: str | None) -> None:
        """Show what the exchange did in truth with the order of the latest outcome."""
        text = f"frames received {frames}, executed {executed}, replies sent {replies}: it is order {order_id}"
        self._say("=", "the truth", text, "cyan")
        self._rows[-1] = attrs.evolve(self._rows[-1], order_id=order_id)

    def reconnected(self, seconds: float) -> None:
        """Show that the line came back."""
        self._say("✓", "line is back", f"opened and logged in again by itself, after {seconds:.2f} s", "green")
        self._rows.append(_Row("line is back", f"after {seconds:.2f} s"))

    def pong(self, pong: Pong) -> None:
        """Show a sign of life."""
        self._say("✓", "ping", f"Pong in {pong.latency * 1000:.1f} ms", "green")
        self._rows.append(_Row("ping", "Pong", seconds=pong.latency))

    def note(self, text: str) -> None:
        """Explain what comes next."""
        for line in textwrap.wrap(text, self._console.width - 3):
            self._console.print(Text(f"  {line}", style="bright_black"), soft_wrap=True)

    # Tickers.

    def show_board(self, board: Board, seconds: float, read: Callable[[float], None]) -> None:
        """
        Show a board that changes.

        Args:
            board: Filled by ``read``.
            seconds: How long.
            read: Called again and again with the seconds it may wait.
        """
        began = time.monotonic()
        if not self._is_screen:
            self._print_board(board, seconds, read, began)
            return
        live = Live(board.table(0), console=self._console, auto_refresh=False)
        try:
            live.start()  # in here, for a Ctrl-C inside it has hidden the cursor already
            while (now := time.monotonic()) < began + seconds:
                _read_until(min(now + FRAME, began + seconds), read)
                live.update(board.table(time.monotonic() - began), refresh=True)
        finally:
            live.stop()

    def _print_board(self, board: Board, seconds: float, read: Callable[[float], None], began: float) -> None:
        """A pipe gets two looks: half-way and at the end."""
        for part in (0.5, 1.0):
            _read_until(began + seconds * part, read)
            for line in board.lines(time.monotonic() - began):
                self._console.print(f"  {line}", soft_wrap=True)

    # The end.

    def summary(self) -> None:
        """Print the table of all outcomes."""
        self._console.print()
        table = Table(title="What happened", box=box.ROUNDED, border_style="bright_black", title_style="bold")
        for name in ("step", "outcome", "orderId", "clientOid"):
            table.add_column(name, no_wrap=True)
        table.add_column("ms", justify="right", no_wrap=True)
        for row in self._rows:
            took = "" if row.seconds is None else f"{row.seconds * 1000:.1f}"
            outcome = Text(row.outcome, style=row.style)
            table.add_row(row.step, outcome, _short(row.order_id), row.client_oid or "", took)
        self._console.print(table)

    def closing(self, *lines: str) -> None:
        """Print where to go from here."""
        for line in lines:
            self._console.print(line, soft_wrap=True, markup=False)

    def _say(self, mark: str, word: str, text: str, style: str) -> None:
        # Wrapped here and not by rich, which would fill the lines of a pipe with spaces.
        for number, line in enumerate(textwrap.wrap(text, self._console.width - _INDENT)):
            head = f"  {spelled_mark(mark)} {word}" if number == 0 else ""
            self._console.print(Text.assemble((f"{head:<{_INDENT}}", style), line), soft_wrap=True)


def _read_until(at: float, read: Callable[[float], None]) -> None:
    while (left := at - time.monotonic()) > 0:
        read(left)


def _short(order_id: str | None) -> str:
    """Shorten the simulator's ids, which are mostly zeros."""
    if order_id is None or len(order_id) <= 12:
        return order_id or ""
    return f"{order_id[:3]}…{order_id[-6:]}"
