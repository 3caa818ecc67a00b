"""The parts of ``simulate`` that need no process: the words of ``--fault``, and the picture of a running simulator."""

from __future__ import annotations

import io
import os
import re
import signal
import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.text import Text

from kucoin_sync import Rejected, WebsocketAPIClient
from kucoin_sync.cli.commands import cli
from kucoin_sync.cli.fault_option import Fault, FaultType, order_faults
from kucoin_sync.cli.status import StatusScreen
from kucoin_sync.simulator import Simulator, faults_by_name, many_symbols
from tests.test_cli import ended, posix, read_screen, run, simulating, started


@pytest.mark.parametrize(
    ("word", "name", "arguments"),
    [
        ("drop_ack", "drop_ack", {}),
        ("drop_ack:3", "drop_ack", {"count": 3}),
        ("drop_ack:3,op=spot.order", "drop_ack", {"count": 3, "op": "spot.order"}),
        ("drop_ack:null,probability=0.1", "drop_ack", {"count": None, "probability": 0.1}),
        ("late_ack:0.5", "late_ack", {"seconds": 0.5}),
        ("late_ack:seconds=1,count=2", "late_ack", {"seconds": 1.0, "count": 2}),
        ("close:1012", "close", {"code": 1012}),
        ("clock_skew:-60000", "clock_skew", {"ms": -60000}),
        ("reject_topic:/market/ticker:A-B,C-D", "reject_topic", {"topic": "/market/ticker:A-B,C-D"}),
        ('edit_ack:{"data":{"orderId":null}},count=2', "edit_ack", {"patch": {"data": {"orderId": None}}, "count": 2}),
        ("refuse_rest:/bullet-,code=429000", "refuse_rest", {"path": "/bullet-", "code": "429000"}),
        ("events_first", "events_first", {}),
        ("events_first:false", "events_first", {"on": False}),
    ],
)
def test_words_of_faults(word: str, name: str, arguments: dict[str, Any]) -> None:
    assert FaultType().convert(word, None, None) == Fault(name, arguments)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("drop_tables", "unknown fault 'drop_tables'"),
        ("stop", "unknown fault 'stop'"),
        ("drop_ack:many", "count of drop_ack must be a whole number or null"),
        ("drop_ack:1,2", "count of drop_ack must be"),
        ("drop_ack:1,op=a,op2=b", "drop_ack takes count, op, probability, not op2"),
        ("late_ack", "late_ack needs seconds"),
        ("clear_faults:1", "no KEY=VALUE"),
        ("drop_ack:0", "count must be a positive integer"),
    ],
)
def test_wrong_words_of_faults_end_the_command(word: str, says: str) -> None:
    result = CliRunner().invoke(cli, ["simulate", "--fault", word])
    assert result.exit_code in (1, 2)
    assert says in " ".join(result.output.split())


def test_every_fault_is_listed() -> None:
    result = CliRunner().invoke(cli, ["faults"])
    assert result.exit_code == 0
    listed = {re.split("[:\n]", line)[0] for line in result.output.splitlines() if line and line[0].isalpha()}
    assert set(faults_by_name()) <= listed


def test_faults_of_the_command_line_are_in_force_before_anybody_comes() -> None:
    with simulating("--fault", "drop_ack:2,op=spot.order", "--fault", "late_ack:0.5", "--fault-seed", "7") as (_, url):
        faults = Simulator.connect(url).faults_in_force()
    assert [(fault.name, fault.left) for fault in faults] == [("drop_ack", 2), ("late_ack", 1)]


def test_options_make_the_simulator(tmp_path: Any) -> None:
    truth = tmp_path / "truth.jsonl"
    with simulating(
        *(
            "--no-market-maker",
            "--pairs",
            "3",
            "--balance",
            "BTC=2.5",
            "--balance",
            "usdt=7",
            "--truth-file",
            str(truth),
        ),
        "--no-limits",
    ) as (_, url):
        exchange = Simulator.connect(url)
        assert {name: str(balance.available) for name, balance in exchange.balances().items()} == {
            "BTC": "2.5",
            "USDT": "7",
        }
        assert exchange.status().market_count == 6
        with WebsocketAPIClient(**exchange.client_options()) as api:
            symbol = many_symbols(3)[0].name
            try:
                api.submit_new_spot_order(symbol=symbol, side="buy", type="limit", price="1", size="1", client_oid="x")
            except Rejected:
                pass  # it is written all the same
        exchange.wait_for(lambda s: s.truth("x").frames_received)
    assert '"client_oid": "x"' in truth.read_text()


def test_another_exchange_is_served() -> None:
    with simulating("--exchange", "okx", "--fault", "drop_ack:op=order") as (_, url):
        exchange = Simulator.connect(url)
        assert exchange.client_options()["hosts"] == {"rest": url, "ws": url.replace("http", "ws", 1)}
        assert [line.system for line in exchange.status().lines] == ["public", "private", "business"]
        assert [fault.details for fault in exchange.faults_in_force()] == [{"op": "order"}]
        result = CliRunner().invoke(cli, ["demo", "--exchange", "kucoin", "--url", url])
        assert result.exit_code == 2 and "stands for okx, not for kucoin" in result.output


def test_the_introduction_fits_the_exchange() -> None:
    for name, says, says_not in (("okx", "/ws/v5/public", "WebsocketAPIClient"), ("kucoin", "demo --url", "/ws/v5")):
        _, text, _ = run("simulate", "--exchange", name, "--exit-when-stdin-closes")
        assert says in text and says_not not in text
        assert f'{{"op": "{"order" if name == "okx" else "spot.order"}"}}' in text


def test_market_of_another_process_is_stepped() -> None:
    with simulating("--speed", "stepped") as (_, url):
        exchange = Simulator.connect(url)
        began = exchange.market_time()
        exchange.advance("2.5")
        assert exchange.market_time() - began == Decimal("2.5")
        assert exchange.trades()


@pytest.mark.parametrize(
    "arguments", [("--host", "0.0.0.0"), ("--speed", "0"), ("--speed", "fast"), ("--replay", os.devnull)]
)
def test_what_the_simulator_refuses_is_one_line(arguments: tuple[str, ...]) -> None:
    code, out, err = run("simulate", *arguments)
    assert code in (1, 2) and out == "" and "Traceback" not in err
    assert re.search(r"Error: .+\n$", err)


# The picture.


@pytest.fixture
def busy() -> Iterator[Simulator]:
    with Simulator(market_maker=False, speed="stepped", market_start=1_700_000_000) as simulator:
        for number in range(30):
            simulator.counter_order("BTC-USDT", "sell", "1", str(60000 + number))
        with WebsocketAPIClient(**simulator.client_options()) as api:
            api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="market", size="0.25")
            for number in range(20):
                api.submit_new_spot_order(
                    symbol="BTC-USDT",
                    side="buy",
                    type="limit",
                    price=str(100 + number),
                    size="0.5",
                    client_oid=f"o{number}",
                )
            order_faults(simulator, [Fault("drop_ack", {"count": 3, "op": "spot.order"}), Fault("hold_events", {})])
            yield simulator


def picture(simulator: Simulator, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    screen = StatusScreen(simulator, [Text(f"listening on {simulator.url}")])
    console.print(screen.picture(width, height))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (111, 30), (112, 28), (120, 36), (200, 60)])
def test_picture_fits_and_tells_everything(busy: Simulator, width: int, height: int) -> None:
    lines = picture(busy, width, height)
    text = "\n".join(lines)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    for words in (
        "KUCOIN SIMULATOR",
        busy.url,
        "market time 2023-11-14 22:13:20 UTC",
        "open orders (20)",
        "connections",
        "21 operations, 21 executed",
        "drop_ack",
        "op=spot.order",
    ):
        assert words in text
    if width >= 112:
        assert "book BTC-USDT" in text and "hold_events" in text and "█" in text


def test_picture_of_another_exchange() -> None:
    with Simulator(exchange="okx", market_maker=False) as simulator:
        text = "\n".join(picture(simulator, 120, 36))
        assert all(words in text for words in ("OKX SIMULATOR", "BTC-USDT-SWAP", "public", "private", "business"))


def test_picture_of_an_empty_simulator() -> None:
    with Simulator(market_maker=False) as simulator:
        text = "\n".join(picture(simulator, 120, 36))
    assert "nobody is there" in text and "none yet" in text


def test_picture_of_a_crowd_shows_some_of_it() -> None:
    with Simulator(symbols=many_symbols(500)) as simulator:
        lines = picture(simulator, 120, 36)
    assert len(lines) <= 36
    assert re.search(r"and \d+ more", "\n".join(lines))


@posix
def test_terminal_shows_the_picture_and_gets_its_screen_back() -> None:
    """Ctrl-C leaves the introduction on the first screen."""
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 34, 120, 0, 0))
    with os.fdopen(master, "rb", buffering=0), started("simulate", stdout=slave) as process:
        os.close(slave)  # the process has its own; with ours open the end of its output would not be seen
        seen = read_screen(master, b"faults in force")
        process.send_signal(signal.SIGINT)
        seen += read_screen(master, None)
        assert ended(process) == (0, "")
    text = seen.decode("utf-8", "replace")
    assert text.index("listening on http://") < text.index("\x1b[?1049h") < text.index("KUCOIN SIMULATOR")
    assert text.rindex("\x1b[?1049l") < text.rindex("stopped")
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
