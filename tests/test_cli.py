"""
The command line as a user has it: real processes, real signals, real pipes and a real terminal.

No sleeps: a test waits for a line of output, and a watchdog kills a process that outlives its time, which ends every
wait for it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kucoin_sync import __version__
from kucoin_sync.cli.commands import cli
from kucoin_sync.simulator import Simulator
from tests.peers import refused_port

LIMIT = 30.0
SHORT = ("demo", "--seconds", "0.5")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE")}

posix = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


@contextlib.contextmanager
def started(*arguments: str, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """Run the command line in a process that is killed when its time is over."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kucoin_sync", *arguments],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**ENVIRONMENT, "PYTHONIOENCODING": "utf-8", "TERM": "xterm"},
    )
    watchdog = threading.Timer(LIMIT, process.kill)
    watchdog.start()
    try:
        with process:
            try:
                yield process
            finally:
                process.terminate()  # not kill: simulate has a file to remove
    finally:
        watchdog.cancel()
        watchdog.join()


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the command line to its end; return exit code, output and errors."""
    with started(*arguments) as process:
        out, err = process.communicate()
        return process.returncode, out, err


@contextlib.contextmanager
def simulating(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``simulate`` in a process; yield it and its address."""
    with started("simulate", *arguments) as process:
        yield process, read_until(process, "listening on ").split()[-1]


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Read lines until one holds ``text``; return that line."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    pytest.fail(f"the process ended without saying {text!r}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end of a process; return exit code and errors."""
    _, err = process.communicate()
    return process.returncode, err


# demo


def test_demo_shows_every_outcome_and_ends_well_within_20_seconds() -> None:
    began = time.monotonic()
    code, out, err = run("demo")
    assert (code, err) == (0, "")
    assert time.monotonic() - began < 20
    assert out.index("SIMULATOR") < out.index("BTC-USDT")
    assert "No keys, no network, no real money." in out
    for step, outcome in [
        ("placed", "OrderAck"),
        ("modified", "OrderAck"),
        ("cancelled", "OrderAck"),
        ("bought", "OrderAck, filled"),
        ("too big", "Rejected, 200004"),
        ("reply lost", "OutcomeUnknown"),
        ("line cut", "OutcomeUnknown"),
        ("ping", "Pong"),
    ]:
        assert re.search(rf"│ {step} +│ {outcome} ", out), (step, outcome)
    assert out.count("executed 1, replies sent 0") == 2
    assert "All as expected." in out


def test_demo_shows_the_same_on_okx() -> None:
    code, out, err = run(*SHORT, "--exchange", "okx")
    assert (code, err) == (0, "")
    assert "a simulated OKX" in " ".join(out.replace("│", " ").split())
    for step, outcome in [
        ("placed", "OrderAck"),
        ("modified", "OrderAck"),
        ("bought", "OrderAck, filled"),
        ("too big", "Rejected, 51008"),
        ("reply lost", "OutcomeUnknown"),
        ("line cut", "OutcomeUnknown"),
    ]:
        assert re.search(rf"│ {step} +│ {outcome} ", out), (step, outcome)
    assert out.count("executed 1, replies sent 0") == 2


def test_demo_sends_no_control_characters_into_a_pipe() -> None:
    code, out, _ = run(*SHORT)
    assert code == 0
    assert all(line.isprintable() for line in out.split("\n"))


def test_demo_runs_on_its_own_simulator_over_tls() -> None:
    code, out, err = run(*SHORT, "--tls")
    assert (code, err) == (0, "")
    assert "https://127.0.0.1:" in out


def test_demo_runs_on_a_simulator_in_another_process() -> None:
    with simulating() as (_, url):
        code, out, err = run(*SHORT, "--url", url)
    assert (code, err) == (0, "")
    assert f"{url}, in" in out
    assert "another process" in " ".join(out.replace("│", " ").split())


def test_demo_runs_on_a_tls_simulator_in_another_process(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with simulating("--tls", "--ca-file", str(ca_file)) as (_, url):
        assert url.startswith("https://")
        code, _, err = run(*SHORT, "--url", url, "--ca-file", str(ca_file))
    assert (code, err) == (0, "")


def test_demo_leaves_no_orders_on_a_simulator_that_goes_on() -> None:
    with Simulator() as simulator:
        assert run(*SHORT, "--url", simulator.url)[0] == 0
        assert simulator.open_orders() == []


def test_demo_says_which_step_failed() -> None:
    with simulating("--no-market-maker") as (_, url):
        code, _, err = run(*SHORT, "--url", url)
    assert code == 1
    assert err == (
        "Error: demo: Live tickers: not as expected: no ticker came; does the simulator run without its market maker?\n"
    )


def test_demo_says_that_no_simulator_is_there() -> None:
    port = refused_port()
    code, _, err = run("demo", "--url", f"http://127.0.0.1:{port}")
    assert code == 1
    assert err.startswith(f"Error: no simulator answers at http://127.0.0.1:{port} (")
    assert err.count("\n") == 1


@posix
@pytest.mark.parametrize(
    "moment", ["SIMULATOR", "Live tickers", "The call has one second", "line cut", "What happened"]
)
def test_ctrl_c_ends_the_demo_with_130_at_any_moment(moment: str) -> None:
    with started("demo", "--seconds", "0.5") as process:
        read_until(process, moment)
        process.send_signal(signal.SIGINT)
        code, err = ended(process)
    if code == 0 and moment == "What happened":
        return  # it was quicker than the signal
    assert (code, err) == (130, "\ninterrupted\n")


@posix
def test_ctrl_c_gives_a_terminal_its_cursor_back() -> None:
    """The live table hides it."""
    master, slave = os.openpty()
    with os.fdopen(master, "rb", buffering=0), started("demo", stdout=slave) as process:
        os.close(slave)  # the process has its own; with ours open the end of its output would not be seen
        seen = read_screen(master, b"ETH-USDT")
        process.send_signal(signal.SIGINT)
        seen += read_screen(master, None)
        code, err = ended(process)
    assert (code, err) == (130, "\ninterrupted\n")
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")


def read_screen(descriptor: int, until: bytes | None) -> bytes:
    seen = b""
    while until is None or until not in seen:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # Linux, when the other side is closed
            break
        if not part:
            break
        seen += part
    return seen


# simulate


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_simulate_prints_its_address_first_and_ends_well_with_a_signal(name: str) -> None:
    with started("simulate") as process:
        assert process.stdout is not None
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", process.stdout.readline())
        began = time.monotonic()
        process.send_signal(signal.Signals[name])
        assert ended(process) == (0, "")
        assert time.monotonic() - began < 5  # one second on a machine with nothing else to do


def test_simulate_ends_with_its_standard_input() -> None:
    with simulating("--exit-when-stdin-closes") as (process, _):
        assert ended(process) == (0, "")  # which closes it


@posix
@pytest.mark.parametrize("named", [True, False])
def test_the_certificate_file_is_the_users_alone_and_goes_with_the_simulator(named: bool, tmp_path: Path) -> None:
    arguments = ("--ca-file", str(tmp_path / "ca.pem")) if named else ()
    with simulating("--tls", *arguments) as (process, _):
        path = Path(read_until(process, "ca file").split(maxsplit=2)[2].strip())
        assert "BEGIN CERTIFICATE" in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, "")
    assert not path.exists()


def test_simulate_never_overwrites_a_file(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("keep me")
    code, out, err = run("simulate", "--tls", "--ca-file", str(path))
    assert (code, out, err) == (1, "", f"Error: {path} exists: name another file, or remove it\n")
    assert path.read_text() == "keep me"


def test_simulate_says_that_its_port_is_in_use() -> None:
    with Simulator(market_maker=False) as simulator:
        port = simulator.url.rpartition(":")[2]
        code, out, err = run("simulate", "--port", port)
    assert (code, out) == (1, "")
    assert err == "Error: the port is in use: choose another with --port, or leave it out for a free one\n"


@posix
@pytest.mark.parametrize("tls", [(), ("--tls",)], ids=["plain", "tls"])
def test_the_python_lines_of_simulate_work_as_they_are(tls: tuple[str, ...]) -> None:
    with simulating(*tls) as (process, _):
        read_until(process, "# Python")
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            if line.startswith("# "):  # the next heading
                break
            lines.append(line)
        pasted = subprocess.run(
            [sys.executable, "-c", "".join(lines)], capture_output=True, text=True, timeout=LIMIT, check=False
        )
    assert pasted.stdout.startswith("OrderAck(op='spot.order', order_id='SIM"), pasted.stderr


# The command line itself.


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--url", "https://api.kucoin.com"),
        ("demo", "--url", "http://example.com"),
        ("demo", "--url", "http://127.0.0.1:1/path"),
        ("demo", "--url", "https://127.0.0.1:1"),
        ("demo", "--url", "http://127.0.0.1:1", "--tls"),
        ("demo", "--ca-file", __file__),
        ("demo", "--seconds", "-1"),
        ("simulate", "--ca-file", "somewhere"),
        ("simulate", "--port", "65536"),
    ],
    ids=" ".join,
)
def test_arguments_that_make_no_sense_are_refused(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output


def test_version_is_that_of_the_package() -> None:
    assert run("--version") == (0, f"kucoin-sync {__version__}\n", "")


def test_help_names_both_commands() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    assert "demo" in result.output
    assert "simulate" in result.output


@pytest.mark.parametrize("package", ["click", "rich"])
def test_without_its_extra_the_command_says_what_to_install(package: str) -> None:
    program = (
        f"import runpy, sys; sys.modules[{package!r}] = None; runpy.run_module('kucoin_sync', run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT, check=False, env=ENVIRONMENT
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == 'kucoin-sync needs its command line extra: pip install "kucoin-sync[cli]"\n'
