"""
How commands speak: sentences and tables on a terminal, plain lines in a pipe, JSON on request.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from kucoin_sync.errors import (
    AuthError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    RestError,
    SubscribeError,
)

__all__ = ["FAILED", "Output", "make_table", "silence", "spelled_mark"]

FAILED = 1
"""Exit code of a command that could not do what it was for."""

WIDEST = 140
_NUMBERS = ("price", "size", "filled", "total", "available", "held", "debt", "equity", "orders", "positions")


_PLAIN_MARKS = str.maketrans("✓✗–→…▲▼", "+x->.^v")
"""Marks for terminals whose character set lacks ours; a question mark must go on meaning that something is unknown."""


def spelled_mark(mark: str) -> str:
    """Return a mark as standard output can show it."""
    try:
        mark.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return mark.translate(_PLAIN_MARKS)
    return mark


def silence() -> None:
    """Let standard output end nowhere: whoever read it has gone, and what is left in its buffer would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Console(Console):
    """Goes on where the reader of a pipe leaves: the exit code still tells how the command ended."""

    def on_broken_pipe(self) -> None:
        silence()


@contextlib.contextmanager
def _outliving_the_reader() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        silence()


class Output:
    """
    Where a command prints. A reader that leaves early, such as ``head``, ends the printing and not the command.

    Args:
        as_json: Print JSON and nothing else on stdout.

    Attributes:
        doctor: The command that looks for the cause where nothing can be reached.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.doctor = "kucoin-sync doctor"
        self.console = _Console(highlight=False)
        self.is_screen = sys.stdout.isatty() and not self.console.is_dumb_terminal
        if self.console.width > WIDEST:
            self.console.width = WIDEST

    def json(self, value: Any) -> None:
        """Print a value as one line of JSON; exact decimals come as texts."""
        with _outliving_the_reader():
            click.echo(json.dumps(value, default=_plain))

    def say(self, text: str, style: str = "", *, mark: str = "", err: bool = False) -> None:
        """Print a sentence, on a terminal broken between words; ``mark`` stands before its first line."""
        mark = spelled_mark(mark)
        indent = " " * (len(mark) + 1) if mark else ""
        lines = [text]
        if self.is_screen:
            lines = textwrap.wrap(text, self.console.width - len(indent), break_on_hyphens=False) or [""]
        for number, line in enumerate(lines):
            head = f"{mark} " if mark and number == 0 else indent
            with _outliving_the_reader():
                if err:
                    click.echo(head + line, err=True)
                else:
                    self.console.print(Text(head + line, style=style), soft_wrap=True)

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Print names and values below each other; what is ``None`` is left out."""
        shown = {name: value for name, value in facts.items() if value is not None}
        width = max(map(len, shown), default=0)
        for name, value in shown.items():
            self.print(Text.assemble((f"  {name:<{width}}  ", "bright_black"), str(value)))

    def print(self, text: Text) -> None:
        """Print a line that is never wrapped by us."""
        with _outliving_the_reader():
            self.console.print(text, soft_wrap=True)

    def command(self, words: str) -> None:
        """Print a command to copy; it is never wrapped."""
        self.print(Text(f"  {words}", style="cyan"))

    def table(self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
        """Print rows under their columns, or ``empty`` if there are none; in a pipe with tabs between."""
        if not rows:
            self.say(empty, "bright_black")
            return
        if not self.is_screen:
            lines = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
            with _outliving_the_reader():
                click.echo("\n".join("\t".join(line) for line in lines))
            return
        table = make_table(columns, rows)
        if self.console.measure(table, options=self.console.options.update(width=WIDEST)).maximum <= self.console.width:
            self.console.print(table)
            return
        # Folded, an id could not be copied: a narrow terminal gets a row as lines.
        for number, row in enumerate(rows):
            if number:
                self.print(Text())
            self.facts({name: _cell(row[name]) for name in columns if row.get(name) is not None})

    @contextlib.contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show on a terminal that something takes its time, and how long it has taken."""
        console = Console(stderr=True, highlight=False)
        if not sys.stderr.isatty() or console.is_dumb_terminal:
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            progress.add_task(text, total=None)
            yield

    @contextlib.contextmanager
    def failures(self) -> Iterator[None]:
        """End the command with what a call of the library raised."""
        problem: KucoinSyncError | None = None
        try:
            yield
        except KucoinSyncError as error:
            problem = error
        if problem is not None:
            self.fail(problem)

    def fail(self, error: KucoinSyncError) -> None:
        """End the command with an error of the library."""
        if self.as_json:
            self.json({"error": type(error).__name__, "text": str(error), "code": getattr(error, "code", None)})
            click.get_current_context().exit(FAILED)
        hint = ""
        if _is_about_the_way(error):
            hint = f"\nTo look for the cause: {self.doctor}"
        title = "the credentials are not accepted: " if isinstance(error, AuthError) else ""
        raise click.ClickException(f"{title}{error}{hint}")

    def not_reached(self, error: KucoinSyncError) -> str:
        """Return an error as a sentence that ends with the command that looks for its cause."""
        return f"{str(error).rstrip('.')}. To look for the cause: {self.doctor}"


def _is_about_the_way(error: KucoinSyncError) -> bool:
    """Whether the exchange was not reached, or does not let us in: that is what the doctor looks at."""
    if isinstance(error, SubscribeError):
        return bool(error.unknown)
    if isinstance(error, RestError):
        return error.code is None
    return isinstance(error, (ConnectError, ConnectionLost, DeadlineExceeded))


def make_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table; numbers stand to the right, and ids are shown whole, for they are there to be copied."""
    table = Table(box=box.SIMPLE_HEAD, border_style="bright_black", padding=(0, 1, 0, 0), show_edge=False)
    for name in columns:
        right = name in _NUMBERS
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name)), style=_STYLES.get(str(row.get(name)), "")) for name in columns))
    return table


_STYLES = {"buy": "green", "sell": "red", "open": "green", "live": "green", "cancelled": "bright_black"}


def _cell(value: Any) -> str:
    """Return text for a cell; what does not print is made visible, for it may be a peer's."""
    if value is None:
        return ""
    return str(value) if str(value).isprintable() else repr(str(value))[1:-1]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else str(value)
