"""Running a command in this process, and the files and lines that its tests need."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner

from kucoin_sync.cli.commands import cli
from kucoin_sync.options import Options
from kucoin_sync.simulator import Simulator

__all__ = ["Ran", "delayed", "interrupted", "profile", "run"]

PATIENCE = 10.0
ORDER = ("BTC-USDT", "buy", "--size", "0.001", "--price", "20000")


@contextlib.contextmanager
def interrupted(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """
    Press Ctrl-C at a question, and once more if nothing came of it, as a user would.

    Python sleeps through one that comes in the moment between its question and its wait for the answer.
    """
    process.send_signal(signal.SIGINT)
    again = threading.Timer(PATIENCE, process.send_signal, (signal.SIGINT,))
    again.start()
    try:
        yield
    finally:
        again.cancel()
        again.join()


@attrs.frozen
class Ran:
    """How a command ended: exit code, what it printed, and the rows of that as JSON."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """Every line of the output, read as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*arguments: str, env: Mapping[str, str] | None = None, exchange: Simulator | None = None) -> Ran:
    """Run a command; ``exchange`` is added as its --simulator-url."""
    where = () if exchange is None else ("--simulator-url", exchange.url)
    own = {name: None for name in os.environ if name.startswith(("KUCOIN_API", "OKX_"))}
    result = CliRunner().invoke(cli, [*arguments, *where], env={**own, **(env or {})})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def profile(
    path: Path, options: Options | Mapping[str, Any], name: str = "p", *, exchange: str | None = None
) -> tuple[str, ...]:
    """Write a profile that nobody else may read; return the words that choose it."""
    found = options if isinstance(options, Mapping) else attrs.asdict(options, recurse=False)
    lines = [f"[{name}]", *([] if exchange is None else [f"exchange = {exchange}"])]
    for key in ("api_key", "api_secret", "api_passphrase", "api_region", "proxy", "journal", "demo_trading"):
        if found.get(key):
            lines.append(f"{key} = {found[key]}")
    lines += [f"hosts.{host} = {url}" for host, url in (found.get("hosts") or {}).items()]
    file = path / "profiles.ini"
    file.touch(0o600)
    file.write_text("\n".join(lines))
    return ("--profile", name, "--profiles-file", str(file))


@contextlib.contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """Forward a port of this machine so that everything takes ``seconds`` longer, each way; yield the slow port."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if over.wait(seconds):
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                sockets.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threads.append(threading.Thread(target=carry, args=pair))
                    threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)  # wakes the accept, which a close would not
            acceptor.join()
            for each in sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for each in sockets:
                each.close()
