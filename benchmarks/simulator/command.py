"""``python -m benchmarks simulator``: run the scenarios one after another and print what came out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from benchmarks.simulator.scenarios import (
    MIXES,
    WINDOW,
    Fanout,
    measure_orders,
    measure_slow_reader,
    measure_streams,
)

__all__ = ["run", "to_text"]

BUDGET = 40.0
"""Seconds after which no further scenario is begun; each takes less than 15."""


STEP_INTERVALS = (0.05, 0.035, 0.015)
"""Seconds between two steps of the market maker: a busy market, a busier one, and more than one core may be able to."""


def run(*, scale: float, clients: int, pairs: int, report_progress: Callable[[str], None]) -> dict[str, Any]:
    """
    Measure orders, streams and the slow reader.

    Args:
        scale: Share of the full number of commands and seconds.
        clients: Stream connections.
        pairs: Pairs on the busy market.
        report_progress: Told what comes next.

    Returns:
        What each scenario counted, under ``orders``, ``streams`` and ``slow_reader``, and ``notes``.
    """
    cores = sorted(os.sched_getaffinity(0))
    results: dict[str, Any] = {"orders": {}, "streams": [], "slow_reader": None, "notes": []}
    core: int | None = None
    if len(cores) > 1:
        core = cores[-1]
        os.sched_setaffinity(0, {cores[0]})
    else:
        results["notes"].append("Only one core: simulator and load share it, so the numbers mean little.")
    commands, seconds = int(4000 * scale), 4.0 * scale
    plans = [Fanout(clients, pairs, interval, seconds) for interval in STEP_INTERVALS]
    few = Fanout(5, pairs, 0.05, seconds)
    orders = [(MIXES[mix][0], _into(results["orders"], mix, core, commands)) for mix in MIXES]
    streams = [
        (f"{clients} readers, a step each {plan.step_interval} s", _onto(results["streams"], core, plan))
        for plan in plans
    ]
    slow = ("a slow reader among five", lambda: results.update(slow_reader=measure_slow_reader(core, few)))
    # What matters most comes first: a machine that others use as well may have no time for the rest.
    steps = [*orders[:3], *streams[:1], slow, *orders[3:], *streams[1:]]
    started = perf_counter()
    for title, step in steps:
        if perf_counter() - started > BUDGET:
            results["notes"].append(f"No time was left for: {title}.")
            continue
        report_progress(title)
        step()
    return results


def _into(results: dict[str, Any], mix: str, core: int | None, commands: int) -> Callable[[], None]:
    return lambda: results.update({mix: measure_orders(core, mix, commands)})


def _onto(results: list[dict[str, Any]], core: int | None, plan: Fanout) -> Callable[[], None]:
    return lambda: results.append(measure_streams(core, plan))


def to_text(results: dict[str, Any]) -> str:
    """Return the tables and what must be known to read them."""
    parts: list[str] = []
    if results["orders"]:
        head = ("one connection", "answered/s", "us of CPU each", "clock late, ms: p50", "max")
        parts.append(
            _table(
                head,
                [
                    (
                        MIXES[mix][0],
                        f"{r['commands_per_s']:,.0f}",
                        f"{r['cpu_us']:.0f}",
                        f"{r['lateness_p50_ms']:.1f}",
                        f"{r['lateness_max_ms']:.1f}",
                    )
                    for mix, r in results["orders"].items()
                ],
            )
        )
    if results["streams"]:
        columns = (
            "stream clients",
            "pushed/s",
            "received/s",
            "load of the core",
            "steps/s",
            "clock late, ms: p50",
            "max",
        )
        parts.append(
            _table(
                columns,
                [
                    (
                        f"{r['clients']}",
                        f"{r['pushed_per_s']:,.0f}",
                        f"{r['received_per_s']:,.0f}",
                        f"{r['load']:.2f}",
                        f"{r['steps_per_s']:.1f} of {r['steps_wanted_per_s']:.0f}",
                        f"{r['lateness_p50_ms']:.1f}",
                        f"{r['lateness_max_ms']:.1f}",
                    )
                    for r in results["streams"]
                ],
            )
        )
    slow = results["slow_reader"]
    if slow is not None:
        parts.append(
            f"""\
A client that did not read was cut by a {slow["ended_by"]} after {slow["seconds_until_cut"]:.2f} s, when \
{slow["pushed_bytes"]:,} bytes of long messages
had been pushed besides the market ({slow["max_output"]:,} bytes may wait in the simulator, the rest was in the kernel).
Each of the {slow["others"]} others got all {slow["messages_each_of_them_got"]} of them and every increment; the clock \
was late by {slow["lateness_p50_ms"]:.1f} ms (p50), {slow["lateness_max_ms"]:.1f} ms (max)."""
        )
    parts += results["notes"]
    parts.append(
        f"""\
{WINDOW} commands are in flight on the one connection; every reply, the truth log and (for one reader) every increment
of a book are checked. "Clock late" is how late the simulator's loop comes to what is due, looked at a hundred times
a second; "load" and "us of CPU" count the simulator's process alone, so they tell what a core to itself could do where
others use the machine as well."""
    )
    return "\n\n".join(parts)


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cells[column]) for cells in [head, *body]) for column in range(len(head))]
    rule = "  ".join("=" * width for width in widths)

    def text(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    return "\n".join([rule, text(head), rule, *map(text, body), rule])
