"""
The process that is measured: one simulator, pinned to one core, told what to do by lines of JSON on its standard input.

It ends when that input does, so it cannot outlive the process that started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from typing import Any

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.matching.symbols import many_symbols

PLENTY = "1000000000000"
BURST, BURST_SIZE, BURST_TOPIC = 20, 10_000, "/indicator/index:USDT-BTC"
LOOK_INTERVAL = 0.01
"""Seconds between two looks at how late the simulator's clock is."""


class Lateness:
    """
    How late the loop of a simulator comes to what is due, which is how late its steps are.

    It is started with a clean slate before each measurement, and everything runs on that loop.
    """

    def __init__(self) -> None:
        self._samples: list[float] = []
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Forget what was seen, and look from now on."""
        if self._timer is not None:
            self._timer.cancel()
        self._samples.clear()
        loop = asyncio.get_running_loop()
        self._wait(loop.time() + LOOK_INTERVAL)

    def summary(self) -> dict[str, float]:
        """Return median and maximum in milliseconds, and the number of looks."""
        ordered = sorted(self._samples) or [0.0]
        return {
            "lateness_p50_ms": ordered[len(ordered) // 2] * 1000,
            "lateness_max_ms": ordered[-1] * 1000,
            "looks": len(self._samples),
        }

    def _wait(self, due: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(due, self._look, due)

    def _look(self, due: float) -> None:
        now = asyncio.get_running_loop().time()
        self._samples.append(now - due)
        # A look that comes so late that others were due meanwhile stands for them all.
        self._wait(max(due + LOOK_INTERVAL, now))


class Served:
    """One simulator and the commands that the measuring process has for it."""

    def __init__(self, *, pairs: int, **options: Any) -> None:
        purse = dict.fromkeys(("BTC", "ETH", "USDT"), PLENTY)
        symbols = many_symbols(pairs) if pairs else None
        self._exchange = Simulator(
            symbols=symbols,
            balances=purse,
            futures_balances={"USDT": PLENTY, "XBT": PLENTY},
            limits="off",
            **options,
        )
        self._lateness = Lateness()
        self._burst = 0

    def start(self) -> dict[str, Any]:
        """Serve; return what a client needs."""
        exchange = self._exchange.start()
        port = int(exchange.url.rpartition(":")[2])
        return {
            "port": port,
            "key": exchange.api_key,
            "secret": exchange.api_secret,
            "passphrase": exchange.api_passphrase,
            "ca": None if exchange.ca_pem is None else exchange.ca_pem.decode(),
        }

    def stop(self) -> None:
        """End it."""
        self._exchange.stop()

    def begin(self) -> dict[str, Any]:
        """Start looking at the clock; return the counters."""
        self._exchange._call(self._lateness.start)
        return self.counters()

    def counters(self) -> dict[str, Any]:
        """Return what has been sent until now, how late the clock was, and what the process used."""
        # First, because what follows takes the simulator some time.
        lateness = self._exchange._call(self._lateness.summary)
        cpu_s = time_used()
        stats = self._exchange.stats()
        maker = self._exchange._venue.market_maker
        return {
            "sent": sum(stats["frames_sent"].values()),
            "received": sum(stats["frames_received"].values()),
            "connections": sum(stats["connections"].values()),
            "steps": 0 if maker is None else maker.steps,
            "cpu_s": cpu_s,
            **lateness,
        }

    def burst(self) -> dict[str, Any]:
        """Push `BURST` long messages to everybody, on top of what the market does; return how many in all."""
        message = {"filler": "x" * BURST_SIZE}
        for _ in range(BURST):
            self._exchange.publish(BURST_TOPIC, "burst", message)
        self._burst += BURST
        return {"messages": self._burst, "bytes": self._burst * BURST_SIZE}

    def executed(self) -> dict[str, Any]:
        """Return what the truth log says: frames that arrived, and how many of them the engine took and answered."""
        frames = self._exchange.truth_frames()
        return {
            "frames": len(frames),
            "executed": sum(frame.executed for frame in frames),
            "replied": sum(frame.replies_sent for frame in frames),
        }


def time_used() -> float:
    """Return the processor time of this process in seconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    options = json.loads(sys.argv[1])
    core = options.pop("core")
    if core is not None:
        os.sched_setaffinity(0, {core})
    served = Served(**options)
    print(json.dumps(served.start()), flush=True)
    try:
        for line in sys.stdin:
            print(json.dumps(getattr(served, line.strip())()), flush=True)
    finally:
        served.stop()


if __name__ == "__main__":
    main()
