"""The process with the simulator, which pushes numbered messages and ends all lines when it is told to."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.child import answer_parent
from kucoin_sync.simulator import Simulator

__all__ = ["HOW"]

HOW = ("rst", "fin", "close", "silence")
"""Ways to end the lines, in turn."""
PLENTY = "1000000000000"
TICK = 0.005
"""Seconds between two bursts of messages."""
ORDER_FIRST = 0.2
"""Seconds for which orders get no reply before the lines end, so that one is in flight then."""
MOST_BEHIND = 1.0
"""Seconds of messages that are made up for when the machine gave no time; of more, the rest is left out."""


class Publisher:
    """
    Numbers messages and pushes them, topic by topic in turn.

    Args:
        exchange: Where.
        topics: Single topics.
        rate: Messages a second of all topics together.
    """

    def __init__(self, exchange: Simulator, topics: list[str], rate: float) -> None:
        self._exchange = exchange
        self._topics = topics
        self._rate = rate
        # Held while messages are pushed or lines ended, so that it is known on which line each message left.
        self._lock = threading.Lock()
        self._number = dict.fromkeys(topics, 0)
        self._runs: dict[str, list[list[Any]]] = {topic: [] for topic in topics}
        self._is_open = dict.fromkeys(topics, False)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end_lines(self, how: str) -> None:
        """End all lines that are open now, in one of the ways of `HOW`."""
        with self._lock:
            if how == "close":
                self._exchange.close(1001)
            elif how == "silence":
                self._exchange.silence()
            else:
                self._exchange.cut(reset=how == "rst")
            for topic in self._topics:
                self._end_run(topic, how)

    def stop(self) -> dict[str, list[list[Any]]]:
        """End, and return by topic what was sent on each line: first and last number, and how the line ended."""
        self._stopping.set()
        self._thread.join()
        for topic in self._topics:
            self._end_run(topic, "end")
        return self._runs

    def _run(self) -> None:
        done, began, count = 0, time.monotonic(), len(self._topics)
        while not self._stopping.wait(TICK):
            due = int((time.monotonic() - began) * self._rate)
            done = max(done, due - int(MOST_BEHIND * self._rate))
            with self._lock:
                for index in range(done, due):
                    self._push(self._topics[index % count])
            done = due

    def _push(self, topic: str) -> None:
        self._number[topic] += 1
        number = self._number[topic]
        # The Pro streams name the symbol in the data.
        if not self._exchange.publish(topic, None, {"s": topic.rpartition(":")[2], "n": number}):
            self._end_run(topic, "lost")
        elif self._is_open[topic]:
            self._runs[topic][-1][1] = number
        else:
            self._is_open[topic] = True
            self._runs[topic].append([number, number, "open"])

    def _end_run(self, topic: str, how: str) -> None:
        if self._is_open[topic]:
            self._is_open[topic] = False
            self._runs[topic][-1][2] = how


def main() -> None:
    options = json.loads(sys.argv[1])
    exchange = Simulator(
        market_maker=False, limits="off", tls=options["tls"], balances=dict.fromkeys(("BTC", "USDT"), PLENTY)
    )
    with exchange:
        if exchange.ca_pem is not None:
            Path(options["ca_file"]).write_bytes(exchange.ca_pem)
        publisher, ends = Publisher(exchange, options["topics"], options["rate"]), itertools.count(1)

        def do(command: str, details: dict[str, Any]) -> Any:
            if command == "start":
                publisher.start()
            elif command == "end lines":
                # Once in three times the order was executed, and its event tells; else it needs look-ups.
                if next(ends) % 3:
                    exchange.stop_reading("ws_api")
                else:
                    exchange.drop_ack()
                threading.Event().wait(ORDER_FIRST)
                publisher.end_lines(details["how"])
            elif command == "stop":
                return publisher.stop()
            else:
                raise ValueError(command)
            return None

        answer_parent(exchange.url, do)


if __name__ == "__main__":
    main()
