"""Command line of the benchmarks: ``python -m benchmarks [all|orders|stream|latency|...]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.clients import CLIENTS, DEFAULT, SAFETY
from benchmarks.plan import GROUPS, Plan
from benchmarks.report import Report, describe_machine, machine_text, put_on_page
from benchmarks.runner import run
from benchmarks.server import BuildError
from benchmarks.simulator import command as simulator

ALL, SAFETY_OF_ORDERS, SIMULATOR = "all", "safety", "simulator"
ROUNDS, QUICK_ROUNDS = 5, 1
QUICK_SCALE = 0.1
SECONDS_PER_ROUND = {
    "orders": 40.0,
    "stream": 30.0,
    "latency": 40.0,
    "callers": 10.0,
    "computing": 40.0,
    "typed": 12.0,
    "idle": 40.0,
    "scaling": 90.0,
}
"""Bounds on a slow machine; most of it is starting processes, so a quick run is bounded by the same."""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; ``groups``, ``clients`` and ``rounds`` are complete in what it returns."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=[ALL, *GROUPS, SAFETY_OF_ORDERS, SIMULATOR],
        default=ALL,
        help="what to measure (default: all, without the last two)",
    )
    parser.add_argument("--rounds", type=int, help=f"turns of each client (default: {ROUNDS}; quick: {QUICK_ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, for a first look")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON with every sample instead of the tables")
    output.add_argument("--rst", action="store_true", help="print what a page of the documentation shows of the run")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put that between the markers of the page, too")
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the JSON, too")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="saved", help="show a saved run, and run nothing")
    parser.add_argument("--clients", help=f"comma-separated names (default: {','.join(DEFAULT)})")
    parser.add_argument(
        "--frames-per-record", type=int, default=1, help="stream messages in one TLS record (default: 1)"
    )
    parser.add_argument("--readers", type=int, default=90, help="stream connections to the simulator (default: 90)")
    parser.add_argument("--pairs", type=int, default=10, help="pairs on the simulator's market (default: 10)")
    options = parser.parse_args(arguments)
    options.groups = {ALL: GROUPS, SAFETY_OF_ORDERS: ("orders",)}.get(options.what, (options.what,))
    default = SAFETY if options.what == SAFETY_OF_ORDERS else DEFAULT
    options.clients = tuple(options.clients.split(",")) if options.clients else default
    unknown = [name for name in options.clients if name not in CLIENTS]
    if unknown:
        parser.error(f"unknown clients: {', '.join(unknown)}")
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else ROUNDS
    if not 1 <= options.rounds <= 50 or not 1 <= options.frames_per_record <= 60:
        parser.error("--rounds must be 1 to 50, --frames-per-record 1 to 60")
    if not 1 <= options.readers <= 95 or not 1 <= options.pairs <= 40:
        parser.error("--readers must be 1 to 95, --pairs 1 to 40")
    return options


def main_simulator(options: argparse.Namespace) -> int:
    machine = describe_machine()
    results = simulator.run(
        scale=QUICK_SCALE if options.quick else 1.0,
        clients=options.readers,
        pairs=options.pairs,
        report_progress=lambda text: print(text, file=sys.stderr),
    )
    if options.json:
        print(json.dumps({"machine": machine, **results}, indent=2))
    else:
        print(machine_text(machine), simulator.to_text(results), sep="\n\n")
    return 0


def measure(options: argparse.Namespace) -> Report:
    """Run what the options ask for; raises `BuildError`."""
    plan = Plan(
        groups=options.groups,
        clients=options.clients,
        rounds=options.rounds,
        budget=options.rounds * sum(SECONDS_PER_ROUND[group] for group in options.groups),
        scale=QUICK_SCALE if options.quick else 1.0,
        frames_per_record=options.frames_per_record,
    )
    machine = describe_machine()
    return Report(plan, run(plan, lambda text: print(text, file=sys.stderr)), machine)


def show(report: Report, options: argparse.Namespace) -> None:
    """Print the run, and write the files that the options name."""
    if options.save is not None:
        options.save.write_text(json.dumps(report.to_json()), encoding="utf-8")
    if options.write is not None:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(put_on_page(page, report.to_rst()), encoding="utf-8")
    if options.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        print(report.to_rst() if options.rst else report.to_text())


def main() -> int:
    options = parse()
    if options.saved is not None:
        show(Report.from_json(json.loads(options.saved.read_text(encoding="utf-8"))), options)
        return 0
    if not sys.platform.startswith("linux"):
        print("The server needs Linux (epoll, core affinity).", file=sys.stderr)
        return 2
    if options.what == SIMULATOR:
        return main_simulator(options)
    try:
        report = measure(options)
    except BuildError as exc:
        print(f"The server cannot run: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    show(report, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
