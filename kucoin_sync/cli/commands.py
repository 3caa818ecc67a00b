"""
The commands and their options; what a command does lives in a module of its own.

What only some commands need, above all the simulator, is imported by them: a shell that completes a word starts this
program each time.
"""

from __future__ import annotations

import io
import logging
import re
import signal
import sys
from pathlib import Path
from typing import Any

import click

from kucoin_sync._version import __version__
from kucoin_sync.cli.access import exchange_option, local_simulator
from kucoin_sync.cli.accounts import balances, orders
from kucoin_sync.cli.cancel_all import cancel_all
from kucoin_sync.cli.completion import completion
from kucoin_sync.cli.doctor import doctor
from kucoin_sync.cli.fault_option import Fault, FaultType, table_of_faults
from kucoin_sync.cli.orders import order
from kucoin_sync.cli.report import Report, make_console
from kucoin_sync.cli.simulator_url import check_simulator_url, reach_simulator
from kucoin_sync.cli.venues import DEFAULT_EXCHANGE, EXCHANGES, venue_of
from kucoin_sync.cli.watch import watch
from kucoin_sync.errors import KucoinSyncError

__all__ = ["cli", "run"]

INTERRUPTED = 130
"""Exit code of a program ended by Ctrl-C: 128 plus the number of SIGINT, as shells have it."""


def run() -> int:
    """Parse ``sys.argv``, run the command, and return the exit code; Ctrl-C ends it with one short line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A pipe with a small character set shows "?" for a box character instead of ending the program.
            stream.reconfigure(errors="replace")
    code: object
    try:
        code = cli.main(prog_name="kucoin-sync", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    # All is closed by now; an impatient second Ctrl-C must not turn the end into a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code if isinstance(code, int) else 0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """
    KuCoin and OKX on the terminal: streams, orders, balances, and a simulated exchange to try everything on.

    Keys come from the environment (KUCOIN_API_KEY, KUCOIN_API_SECRET, KUCOIN_API_PASSPHRASE; with --exchange okx
    OKX_API_KEY and so on) or a profile. With --simulator a command needs no keys and no network, and no real money
    moves.
    """


for _command in (watch, order, orders, balances, cancel_all, doctor, completion):
    cli.add_command(_command)


@cli.command()
@exchange_option
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 600),
    default=4,
    show_default=True,
    metavar="SECONDS",
    help="How long to show tickers.",
)
@click.option("--tls", is_flag=True, help="Speak TLS with the simulator inside the demo.")
@click.option(
    "--url",
    metavar="URL",
    callback=lambda _c, _p, url: check_simulator_url(url),
    help="Address of a running 'kucoin-sync simulate'.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its certificate authority, for an https URL.",
)
def demo(exchange: str | None, seconds: float, tls: bool, url: str | None, ca_file: Path | None) -> None:
    """
    Show tickers, orders, and orders on a failing line.

    Runs on a simulator inside the demo, or with --url on one in another process.
    """
    if url is None and ca_file is not None:
        raise click.UsageError("--ca-file goes with --url")
    if url is not None and tls:
        raise click.UsageError("--tls is for the simulator inside the demo; with --url the URL says it")
    from kucoin_sync.cli.demo import Surprise, run_demo

    # The demo tells what happens to its lines itself; without a handler logging would repeat it on stderr, for the
    # client and for the server in the same process.
    logging.getLogger().addHandler(logging.NullHandler())
    report = Report(make_console())
    if url is None:
        opened: Any = local_simulator(venue_of(exchange or DEFAULT_EXCHANGE), tls=tls)
    else:
        opened = reach_simulator(url, ca_file, exchange)
    with opened as simulator:
        try:
            run_demo(simulator, report, seconds=seconds, is_remote=url is not None)
        except (Surprise, OSError, KucoinSyncError) as error:
            raise click.ClickException(f"demo: {report.current_step}: not as expected: {error}") from None


@cli.command()
@click.option(
    "--exchange",
    type=click.Choice(EXCHANGES),
    default=DEFAULT_EXCHANGE,
    show_default=True,
    help="Which exchange it stands for.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="Port to listen on.  [default: a free one]",
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--allow-remote", is_flag=True, help="Let --host be an address that other machines reach.")
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME", help="Answer to this host name too; repeatable."
)
@click.option("--tls", is_flag=True, help="Serve TLS with a certificate made on the spot.")
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the certificate authority for clients; removed at the end.  [default: a temporary file]",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Another seed gives other prices.")
@click.option("--no-market-maker", is_flag=True, help="Leave the market empty: nothing moves unless you trade.")
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Play recorded market data (JSON lines) instead of the market maker.",
)
@click.option(
    "--speed",
    default="1",
    show_default=True,
    metavar="N",
    callback=lambda _c, _p, text: _read_speed(text),
    help="Let market time run N times faster, or 'stepped': it stands until somebody calls advance.",
)
@click.option(
    "--pairs", type=click.IntRange(1, 5000), metavar="N", help="Make up so many pairs.  [default: BTC-USDT, ETH-USDT]"
)
@click.option(
    "--balance",
    "balances",
    multiple=True,
    metavar="CURRENCY=AMOUNT",
    callback=lambda _c, _p, texts: _read_balances(texts),
    help="What the spot wallet begins with, instead of a default purse; repeatable.",
)
@click.option("--no-limits", is_flag=True, help="Take the exchange's limits away.")
@click.option(
    "--fault",
    "faults",
    type=FaultType(),
    multiple=True,
    metavar="NAME[:VALUE][,KEY=VALUE]",
    help="A fault to begin with, like drop_ack:3 or late_ack:0.5,op=spot.order; repeatable. See 'kucoin-sync faults'.",
)
@click.option(
    "--fault-seed", type=int, default=0, show_default=True, metavar="N", help="Seed of faults with a probability."
)
@click.option(
    "--truth-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append a line of JSON for every order that comes in.",
)
@click.option("--plain", is_flag=True, help="Print where it listens and nothing else, on a terminal too.")
@click.option("--exit-when-stdin-closes", is_flag=True, help="End with the program that holds our standard input.")
def simulate(
    ca_file: Path | None,
    no_market_maker: bool,
    replay: Path | None,
    pairs: int | None,
    balances: dict[str, str] | None,
    no_limits: bool,
    faults: tuple[Fault, ...],
    plain: bool,
    exit_when_stdin_closes: bool,
    **options: Any,
) -> None:
    """
    Serve a simulated KuCoin or OKX on this machine.

    Any client of that exchange in any language can use it: it prints where it listens and the credentials to log in
    with, and on a terminal shows markets, trades, orders, connections and faults as they change. Ends with Ctrl-C or
    SIGTERM. Its address is the first line of what it prints into a pipe.
    """
    if ca_file is not None and not options["tls"]:
        raise click.UsageError("--ca-file goes with --tls")
    from kucoin_sync.cli.simulate import ServeError, serve
    from kucoin_sync.simulator import Simulator, many_symbols

    try:
        serve(
            lambda: Simulator(
                market_maker=False if no_market_maker else None,
                replay=replay,
                symbols=None if pairs is None else many_symbols(pairs),
                balances=balances,
                limits="off" if no_limits else "on",
                **options,
            ),
            make_console(),
            faults=faults,
            ca_file=ca_file,
            watch_stdin=exit_when_stdin_closes,
            has_screen=not plain,
        )
    except (ServeError, ImportError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None


@cli.command()
def faults() -> None:
    """
    List the faults that a simulator takes.

    Each is an argument of 'simulate --fault', a method of Simulator in Python, and a call of the control endpoint:
    POST /_simulator/NAME with the arguments as a JSON object and the API key as X-Simulator-Key.
    """
    for spelled, text in table_of_faults():
        click.secho(spelled, bold=True)
        click.echo(click.wrap_text(text, initial_indent="    ", subsequent_indent="    "))
    click.echo(
        "\ncount is how often a fault strikes (null: always), and probability=0.1 has it strike in one case of ten."
    )


def _read_balances(texts: tuple[str, ...]) -> dict[str, str] | None:
    balances = {}
    for text in texts:
        currency, equals, amount = text.partition("=")
        if not (currency and equals and re.fullmatch(r"\d{1,18}(\.\d{1,18})?", amount)):
            raise click.BadParameter(f"{text!r} is not like BTC=2.5")
        balances[currency.upper()] = amount
    return balances or None


def _read_speed(text: str) -> str | float:
    try:
        return text if text == "stepped" else float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number nor 'stepped'") from None
