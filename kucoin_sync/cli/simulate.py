"""
The command that serves a simulator: its life, and what it tells the user.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import queue
import shlex
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from kucoin_sync.cli.fault_option import Fault, order_faults
from kucoin_sync.cli.status import StatusScreen
from kucoin_sync.simulator import Simulator

__all__ = ["ServeError", "serve"]

LOOK_AGAIN = 0.5
"""Seconds; on Windows the handler of Ctrl-C runs only when the main thread stops waiting."""

FRAME = 0.25
"""Seconds between two pictures."""

Endings = queue.SimpleQueue[str]


class ServeError(Exception):
    """The simulator could not be started; the text is for the user."""


def serve(
    make: Callable[[], Simulator],
    console: Console,
    *,
    faults: Sequence[Fault],
    ca_file: Path | None,
    watch_stdin: bool,
    has_screen: bool,
) -> None:
    """
    Serve until Ctrl-C, SIGTERM, or the end of standard input.

    Args:
        make: Makes the simulator.
        console: Where to introduce it.
        faults: Ordered before anybody can connect.
        ca_file: Where to write its certificate authority; ``None`` makes a temporary file. Only with TLS.
        watch_stdin: Whether the end of standard input is an end.
        has_screen: Whether a terminal shows what goes on.

    Raises:
        ServeError: If the port or the file cannot be used.
        ImportError: Without the packages of the ``simulator`` extra.
        ValueError: Something was asked of the simulator that cannot be.
    """
    with _endings() as endings:
        if watch_stdin:
            # daemon: nothing can wake a thread that waits for standard input
            threading.Thread(target=_watch_stdin, args=(endings,), name="simulate-stdin", daemon=True).start()
        simulator = make()
        order_faults(simulator, faults)
        with _started(simulator), _certificate_file(simulator, ca_file) as path:
            _introduce(simulator, console, path)
            if has_screen and sys.stdout.isatty() and not console.is_dumb_terminal:
                _show(simulator, path, endings)
            else:
                _wait(endings)
            if sys.stdout.isatty():
                console.print("stopped")


def _show(simulator: Simulator, ca_file: Path | None, endings: Endings) -> None:
    """Show what goes on until it ends; the screen is a second one, behind which the introduction stays."""
    console = Console(highlight=False)
    screen = StatusScreen(simulator, _head(simulator, ca_file))
    live = Live(console=console, screen=True, auto_refresh=False)
    # The simulator shares the process: a traceback of its log would tear the picture.
    logging.getLogger("kucoin_sync.simulator").addHandler(logging.NullHandler())
    try:
        live.start()  # in here, for a Ctrl-C inside it has hidden the cursor already
        while True:
            width, height = console.size
            live.update(screen.picture(width, height), refresh=True)
            try:
                endings.get(timeout=FRAME)
                return
            except queue.Empty:
                continue
    finally:
        live.stop()


def _head(simulator: Simulator, ca_file: Path | None) -> list[Text]:
    lines = [Text.assemble("listening on ", (simulator.url, "bold"))]
    keys = "  ".join(value for value in (simulator.api_key, simulator.api_secret, simulator.api_passphrase))
    lines.append(Text.assemble(("key, secret, passphrase  ", "bright_black"), keys, overflow="ellipsis", no_wrap=True))
    if ca_file is not None:
        lines.append(Text.assemble(("ca file  ", "bright_black"), str(ca_file), overflow="ellipsis", no_wrap=True))
    return lines


@contextlib.contextmanager
def _endings() -> Iterator[Endings]:
    """
    Turn the signals that ask for the end into items of a queue.

    An exception out of a handler could strike anywhere, in the middle of starting or stopping as well. A
    `queue.SimpleQueue` may be filled by a handler that interrupted a thread waiting on it.
    """
    endings: Endings = queue.SimpleQueue()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)  # the terminal was closed; nohup has it ignored
    previous = {number: signal.signal(number, lambda *_: endings.put("signal")) for number in numbers}
    try:
        yield endings
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _wait(endings: Endings) -> None:
    while True:
        try:
            endings.get(timeout=LOOK_AGAIN)
            return
        except queue.Empty:
            continue


def _watch_stdin(endings: Endings) -> None:
    try:
        # The descriptor, not sys.stdin: its lock, held by a waiting daemon thread, would stop the interpreter's exit.
        while os.read(0, 65536):
            pass
    except OSError:
        pass  # there is no standard input: as good as closed
    endings.put("stdin")


@contextlib.contextmanager
def _started(simulator: Simulator) -> Iterator[Simulator]:
    try:
        simulator.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError("the port is in use: choose another with --port, or leave it out for a free one") from None
        raise ServeError(f"the port cannot be used: {error.strerror}") from None
    try:
        yield simulator
    finally:
        simulator.stop()


@contextlib.contextmanager
def _certificate_file(simulator: Simulator, wanted: Path | None) -> Iterator[Path | None]:
    """Keep the certificate authority in a file, readable by this user only, as long as the simulator lives."""
    if simulator.ca_pem is None:
        yield None
        return
    if wanted is None:
        descriptor, name = tempfile.mkstemp(prefix="kucoin-sync-ca-", suffix=".pem")
        path = Path(name)
    else:
        path = wanted
        descriptor = _create(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(simulator.ca_pem)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _create(path: Path) -> int:
    """Open a new file; one that holds something is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise ServeError(f"cannot write {path}: {error.strerror}") from None
    status = os.fstat(descriptor)
    if status.st_size or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise ServeError(f"{path} exists: name another file, or remove it")
    return descriptor


def _introduce(simulator: Simulator, console: Console, ca_file: Path | None) -> None:
    """Tell address and use: a panel on a screen, plain lines in a pipe, of which scripts read the first."""
    own = _okx_lines if simulator.exchange == "okx" else _kucoin_lines
    text = "\n".join((*own(simulator, ca_file), "", *_fault_lines(simulator, ca_file)))
    warning = _WARNINGS[simulator.exchange]
    facts = [f"api_key     {simulator.api_key}", f"api_secret  {simulator.api_secret}"]
    facts.append(f"passphrase  {simulator.api_passphrase}")
    if ca_file is not None:
        facts.append(f"ca file     {ca_file}")
    if not sys.stdout.isatty():
        # One write, so that a reader who leaves after the first line does not break the pipe under us.
        click.echo("\n".join((f"listening on {simulator.url}", warning, *facts, "", text)))
        return
    title = Text(" SIMULATOR ", style="bold black on yellow")
    head = Text.assemble((f"listening on {simulator.url}", "bold"), f"\n{warning}\n\n", "\n".join(facts))
    console.print(Panel(head, title=title, border_style="yellow", padding=(0, 1)))
    # Outside of the panel and never wrapped: made to be copied.
    console.print(Text(f"\n{text}\n", style="cyan"), soft_wrap=True)
    console.print("Ctrl-C ends it.")


_WARNINGS = {
    "kucoin": "A simulated KuCoin (spot, margin, futures): made-up prices, no real money, this machine only.",
    "okx": "A simulated OKX (spot, swaps, spreads): made-up prices, no real money, this machine only.",
}
#: An operation to try a fault on.
_OPERATIONS = {"kucoin": "spot.order", "okx": "order"}


def _kucoin_lines(simulator: Simulator, ca_file: Path | None) -> list[str]:
    lines = ["# Python"]
    if ca_file is not None:
        lines.append("import ssl")
    lines += ["from kucoin_sync import WebsocketAPIClient", "", "api = WebsocketAPIClient("]
    options = simulator.client_options()
    lines += [f'    {name}="{value}",' for name, value in options.items() if isinstance(value, str)]
    lines.append("    hosts={")
    lines += [f'        "{name}": "{url}",' for name, url in options["hosts"].items()]
    lines.append("    },")
    if ca_file is not None:
        lines += ["    ssl_context=ssl.create_default_context(", f"        cafile={str(ca_file)!r},", "    ),"]
    lines += [")", "order = api.submit_new_spot_order("]
    lines += ['    symbol="BTC-USDT", side="buy", type="market", size="0.01"', ")", "print(order)"]
    return [*lines, "", *_demo_lines(simulator, ca_file)]


def _demo_lines(simulator: Simulator, ca_file: Path | None) -> list[str]:
    more = "" if ca_file is None else f" \\\n    --ca-file {shlex.quote(str(ca_file))}"
    return ["# The demo on this simulator, in another terminal", f"kucoin-sync demo --url {simulator.url}{more}"]


def _okx_lines(simulator: Simulator, ca_file: Path | None) -> list[str]:
    return [
        f"# WebSockets: {simulator.ws_url}/ws/v5/public, /private and /business",
        "# Instruments, with the codes that orders name them by",
        f"curl{_trust(ca_file)} \\",
        f"    '{simulator.url}/api/v5/public/instruments?instType=SPOT'",
        "",
        *_demo_lines(simulator, ca_file),
    ]


def _fault_lines(simulator: Simulator, ca_file: Path | None) -> list[str]:
    return [
        "# A fault: the next order is executed, its reply never comes",
        f"curl{_trust(ca_file)} \\",
        f"    {simulator.url}/_simulator/drop_ack \\",
        f"    -H 'X-Simulator-Key: {simulator.api_key}' \\",
        f"""    -d '{{"op": "{_OPERATIONS[simulator.exchange]}"}}'""",
    ]


def _trust(ca_file: Path | None) -> str:
    return "" if ca_file is None else f" --cacert {shlex.quote(str(ca_file))}"
