"""
The process with the simulator, and the handle that the soak has of it.

Its standard input tells it to leave and come back; all else goes over the simulator's own controls. It ends when that
input does, so it cannot outlive the process that started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs

from benchmarks.orders_truth.answers import TruthEntry
from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.controls.remote import RemoteSimulator
from kucoin_sync.simulator.futures.contracts import DEFAULT_CONTRACTS
from kucoin_sync.simulator.okx.instruments import DEFAULT_SWAPS

__all__ = ["Exchange"]

ROOT = Path(__file__).resolve().parent.parent.parent
PLENTY = "1000000000000"


class Exchange:
    """
    A simulator in another process.

    Args:
        folder: Where its truth log and certificate go.
        name: Which exchange: ``kucoin`` or ``okx``.
        tls: Whether it serves TLS.
        seed: Of the chance of its faults.
    """

    def __init__(self, folder: Path, *, name: str, tls: bool, seed: int) -> None:
        self._truth_file = folder / "truth.jsonl"
        ca_file = folder / "ca.pem"
        options = {
            "exchange": name,
            "tls": tls,
            "fault_seed": seed,
            "truth_file": str(self._truth_file),
            "ca_file": str(ca_file),
        }
        command = [sys.executable, "-m", "benchmarks.orders_truth.exchange", json.dumps(options)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        try:
            self.port: int = json.loads(self._answer())
            scheme = "https" if tls else "http"
            self.controls: RemoteSimulator = Simulator.connect(
                f"{scheme}://127.0.0.1:{self.port}", ca_file=ca_file if tls else None
            )
        except BaseException:
            self.close()
            raise

    def restart(self) -> None:
        """Drop all connections, free the port and serve the same state again; return when it does."""
        assert self._process.stdin is not None
        self._process.stdin.write("restart\n")
        self._answer()

    def truth(self) -> list[TruthEntry]:
        """Return every order of every frame that ever came in and that the engine is done with."""
        if not self._truth_file.exists():
            return []
        with self._truth_file.open(encoding="utf-8") as lines:
            return [TruthEntry.of_line(json.loads(line)) for line in lines]

    def live_orders(self) -> frozenset[str]:
        """Return the ids of all live orders."""
        controls = self.controls
        spot, spreads = controls.open_orders(), controls.spread_open_orders()
        return frozenset(order.order_id for order in (*spot, *spreads, *controls.futures_open_orders()))

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process with the simulator ended")
        return line

    def __enter__(self) -> Exchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _made(options: dict[str, Any]) -> Simulator:
    """Return an exchange on which nothing moves but what the callers do, and on which nobody runs out of money."""
    options["truth_file"] = Path(options["truth_file"])
    default = DEFAULT_SWAPS if options["exchange"] == "okx" else DEFAULT_CONTRACTS
    contracts = [attrs.evolve(contract, min_risk_limit=Decimal(PLENTY)) for contract in default]
    exchange = Simulator(
        market_maker=False,
        limits="off",
        contracts=contracts,
        balances=dict.fromkeys(("BTC", "ETH", "USDT"), PLENTY),
        futures_balances={contract.settle: PLENTY for contract in default},
        **options,
    )
    if options["exchange"] == "kucoin":
        for currency in ("BTC", "ETH", "USDT"):
            exchange.deposit(currency, PLENTY, wallet="margin")
    return exchange


def main() -> None:
    options = json.loads(sys.argv[1])
    ca_file = Path(options.pop("ca_file"))
    exchange = _made(options)
    with exchange:
        if exchange.ca_pem is not None:
            ca_file.write_bytes(exchange.ca_pem)
        print(exchange.url.rpartition(":")[2], flush=True)
        for _ in sys.stdin:
            exchange.stop()
            exchange.start()
            print("again", flush=True)


if __name__ == "__main__":
    main()
