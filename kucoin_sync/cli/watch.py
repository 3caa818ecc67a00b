"""
``watch TOPIC...``: what topics bring, as a table that changes, as lines, or as JSON.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs
import click
from click.shell_completion import CompletionItem
from rich import box
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from kucoin_sync.cli.access import Wanted, access_options
from kucoin_sync.cli.console import FAILED, Output, silence
from kucoin_sync.cli.venues import DEFAULT_EXCHANGE, venue_of
from kucoin_sync.errors import KucoinSyncError
from kucoin_sync.events import Update
from kucoin_sync.orders.client import OrderClient
from kucoin_sync.stats import ClientStats, show_ms

__all__ = ["summary", "watch"]

FRAME = 0.25
"""Seconds between two pictures."""
MOST_ROWS = 200
ROOMY = 60
"""Columns of a terminal from which on counts find room beside a topic and what it brings."""
_FIRST_FIELDS = (
    "side",
    "last",
    "price",
    "px",
    "fillPx",
    "bidPx",
    "askPx",
    "bestBid",
    "bestBidPrice",
    "bestAsk",
    "bestAskPrice",
    "size",
    "sz",
    "lastSz",
    "fillSz",
    "accFillSz",
    "orderType",
    "ordType",
    "type",
    "status",
    "state",
    "currency",
    "available",
    "total",
    "totalEq",
    "markPrice",
    "markPx",
)
"""What is worth most where there is little room."""
_UNTOLD_KUCOIN = "symbol topic accountId relationEvent orderId sequence time timestamp ts Time O C M P s"
_UNTOLD_OKX = "instId instType sprdId ordId clOrdId tradeId seqId prevSeqId checksum cTime uTime sodUtc0 sodUtc8"
_UNTOLD_FIELDS = frozenset(f"{_UNTOLD_KUCOIN} {_UNTOLD_OKX}".split())

_SIDES = {"bids": "bid", "asks": "ask", "b": "bid", "a": "ask"}
"""Sides of a book, as the classic and the Pro streams name them."""


def summary(data: Any) -> str:
    """Return what an update says in one line, what matters most first."""
    if isinstance(data, Mapping) and isinstance(data.get("data"), Mapping):  # as market snapshots have it
        data = data["data"]
    if isinstance(data, list) and data and isinstance(data[-1], Mapping):  # as OKX has it: the newest is the last
        data = data[-1]
    if not isinstance(data, Mapping):
        return _shown(json.dumps(data, default=str))
    plain = {name: value for name, value in data.items() if not isinstance(value, (Mapping, list)) and value != ""}
    nested = {name: value for name, value in data.items() if isinstance(value, list) and name not in _SIDES}
    names = sorted(plain, key=_rank)
    parts = [f"{side} {_level(data[name])}" for name, side in _SIDES.items() if data.get(name)]
    parts += [f"{name} {plain[name]}" for name in names if name not in _UNTOLD_FIELDS]
    parts += [f"{name} {json.dumps(value[:1], default=str)}" for name, value in nested.items()]
    return _shown("  ".join(parts))


def _level(levels: Any) -> str:
    """Return the best level of one side of a book, price and size."""
    best = levels[0] if isinstance(levels, list) else levels
    return " x ".join(map(str, best[:2])) if isinstance(best, list) else str(best)


def _rank(name: str) -> int:
    return _FIRST_FIELDS.index(name) if name in _FIRST_FIELDS else len(_FIRST_FIELDS)


def _shown(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


@attrs.define
class _Row:
    updates: int = 0
    gaps: int = 0
    text: str = ""


class _Watcher:
    """Takes updates on the listener thread; tells when it is over."""

    def __init__(self, output: Output, count: int | None) -> None:
        self.over = threading.Event()
        self.problem: KucoinSyncError | None = None
        self.pipe_broke = False
        self.began = time.monotonic()
        self._output = output
        self._left = count
        self._rows: dict[str, _Row] = {}
        self._note = ""

    def take(self, update: Update) -> None:
        if self.over.is_set():
            return
        try:
            self._show(update)
        except OSError:  # whoever read our output has gone
            self.pipe_broke = True
            self.over.set()
        if self._left is not None:
            self._left -= 1
            if not self._left:
                self.over.set()

    def _show(self, update: Update) -> None:
        if self._output.as_json:
            shown = {"topic": update.topic, "subject": update.subject, "gap_before": update.gap_before}
            click.echo(json.dumps({"at": time.time(), **shown, "data": update.data}))
        elif self._output.is_screen:
            row = self._rows.setdefault(update.topic, _Row()) if len(self._rows) < MOST_ROWS else _Row()
            row.updates += 1
            row.gaps += update.gap_before
            row.text = summary(update.data)
        else:
            at = datetime.now().strftime("%H:%M:%S.%f")[:-3]
            gap = "(updates may be missing before this one)  " if update.gap_before else ""
            click.echo(f"{at}  {update.topic}  {gap}{summary(update.data)}")

    def note(self, text: str) -> Callable[[Any], None]:
        """Return a listener that shows ``text`` until the next one."""

        def take(event: Any) -> None:
            error = getattr(event, "error", None)
            self._note = f"{datetime.now():%H:%M:%S} {event.ws_key} {text}{f': {error}' if error else ''}"
            if not self._output.is_screen and text != "open":
                click.echo(self._note, err=True)

        return take

    def closed(self, event: Any) -> None:
        if event.error is not None:
            self.problem = event.error
            self.over.set()

    def picture(self, stats: ClientStats, title: str, width: int, height: int) -> Group:
        """Draw the table and how the lines stand."""
        now = time.monotonic() - self.began
        table = Table(
            box=box.SIMPLE_HEAD, border_style="bright_black", padding=(0, 1, 0, 0), show_edge=False, expand=True
        )
        table.add_column("topic", no_wrap=True, overflow="ellipsis", ratio=3)
        counts = ("updates", "per s", "age") if width >= ROOMY else ()
        for name in counts:
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("latest", no_wrap=True, overflow="ellipsis", ratio=5)
        topics = stats.topics[: max(1, height - 8 - len(stats.connections))]
        for topic in topics:
            row = self._rows.get(topic.topic, _Row())
            age = "-" if topic.age is None else _seconds(topic.age)
            rate = f"{row.updates / now:.1f}" if now > 0 else "-"
            style = "" if topic.state == "active" else "bright_black"
            cells = (str(row.updates), rate, age)[: len(counts)]
            table.add_row(_short(topic.topic), *cells, row.text or topic.state, style=style)
        head = Text.assemble((f"{title}  ", "bold"), (self._note, "yellow"), no_wrap=True, overflow="ellipsis")
        lines: list[RenderableType] = [head, "", table, ""]
        if len(stats.topics) > len(topics):
            lines.append(Text(f"and {len(stats.topics) - len(topics)} more topics", style="bright_black"))
        lines += [_line(connection) for connection in stats.connections]
        if stats.dropped:
            lines.append(Text(f"{stats.dropped} updates dropped: this terminal is too slow", style="yellow"))
        lines.append(Text("Ctrl-C ends it.", style="bright_black"))
        return Group(*lines)


def _line(connection: Any) -> Text:
    style = "green" if connection.state == "ready" else "red"
    words = [f"for {_seconds(connection.age)}"] if connection.age is not None else []
    if connection.round_trip is not None:
        words.append(f"ping {show_ms(connection.round_trip)}")
    words.append(f"{connection.reconnects} reconnects")
    if connection.age is None and connection.last_error:
        words.append(connection.last_error)
    return Text.assemble(
        (f"{connection.ws_key} {connection.state}", style), "  " + "  ".join(words), no_wrap=True, overflow="ellipsis"
    )


def _short(topic: str) -> str:
    """Leave out the path of a classic topic, whose last part tells as much."""
    head, colon, symbol = topic.partition(":")
    return f"{head.rpartition('/')[2]}{colon}{symbol}"


def _seconds(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _complete_topic(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    patterns = venue_of(context.params.get("exchange") or DEFAULT_EXCHANGE).patterns()
    found = {pattern.partition("{")[0]: pattern for pattern in patterns}
    return [CompletionItem(text, help=pattern) for text, pattern in found.items() if text.startswith(begun)]


@click.command()
@click.argument("topics", nargs=-1, required=True, metavar="TOPIC...", shell_complete=_complete_topic)
@click.option("--ws-key", metavar="NAME", help="Which connection.  [default: the one that the topic belongs to]")
@click.option("--seconds", type=click.FloatRange(0.1), metavar="SECONDS", help="End after this time.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after so many updates.")
@access_options
def watch(
    topics: tuple[str, ...], ws_key: str | None, seconds: float | None, count: int | None, wanted: Wanted
) -> None:
    """
    Show what topics bring, until Ctrl-C.

    \b
    kucoin-sync watch BTC-USDT                         its ticker
    kucoin-sync watch /market/match:BTC-USDT XBTUSDTM  trades, and a contract's ticker
    kucoin-sync watch obu.SPOT:BTC-USDT@5              a book of the Pro streams
    kucoin-sync watch /account/balance                 your balances (needs keys)
    kucoin-sync watch BTC-USDT-SWAP trades:BTC-USDT --exchange okx

    On a terminal it is a table; in a pipe, a line for each update; with --json, an object for each update.
    """
    output = wanted.output
    watcher = _Watcher(output, count)
    with wanted.open() as access, access.venue.client(access.options) as client, output.failures():
        places = access.venue.places(topics, ws_key)
        client.on("update", watcher.take)
        client.on("close", watcher.closed)
        for event, text in (("suspended", "line lost"), ("reconnected", "line is back")):
            client.on(event, watcher.note(text))
        try:
            with output.working(f"subscribing at {access.title}"):
                for line, wished in places.items():
                    access.venue.subscribe(client, wished, line)
            watcher.began = time.monotonic()
            _wait(client, watcher, access.title, seconds)
        except KeyboardInterrupt:
            pass  # that is how it ends
    if watcher.pipe_broke:
        silence()
    if watcher.problem is not None:
        click.echo(f"Error: {watcher.problem}", err=True)
        click.get_current_context().exit(FAILED)


def _wait(client: OrderClient, watcher: _Watcher, title: str, seconds: float | None) -> None:
    end = float("inf") if seconds is None else time.monotonic() + seconds
    output = watcher._output
    if not output.is_screen or output.as_json:
        while not watcher.over.wait(min(FRAME, max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end:
                return
        return
    console = output.console
    live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
    try:
        live.start()  # in here, for a Ctrl-C inside it has hidden the cursor already
        while True:
            live.update(watcher.picture(client.stats(), title, *console.size), refresh=True)
            left = end - time.monotonic()
            if watcher.over.wait(min(FRAME, max(0.0, left))) or left <= 0:
                live.update(watcher.picture(client.stats(), title, *console.size), refresh=True)
                return
    finally:
        live.stop()
