"""Command line of the benchmarks: ``python -m benchmarks [orders|stream|all|safety|simulator]``."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.clients import CLIENTS, DEFAULT, SAFETY
from benchmarks.report import describe_machine, machine_text, to_json, to_text
from benchmarks.runner import Plan, run
from benchmarks.server import BuildError
from benchmarks.simulator import command as simulator

SCENARIOS = {"orders": ("orders",), "stream": ("stream",), "all": ("orders", "stream"), "safety": ("orders",)}
SIMULATOR = "simulator"
SECONDS_PER_ROUND = 44.0
QUICK_ROUNDS = 2
QUICK_BUDGET = 34.0
QUICK_SCALE = 0.1


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "scenario", nargs="?", choices=[*SCENARIOS, SIMULATOR], default="all", help="what to run (default: all)"
    )
    parser.add_argument("--rounds", type=int, help=f"turns of each client (default: 5; quick: {QUICK_ROUNDS})")
    parser.add_argument("--json", action="store_true", help="print JSON with every sample instead of the table")
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, under 40 s; for a first look")
    parser.add_argument("--clients", help=f"comma-separated names (default: {','.join(DEFAULT)})")
    parser.add_argument(
        "--frames-per-record", type=int, default=1, help="stream messages in one TLS record (default: 1)"
    )
    parser.add_argument("--readers", type=int, default=90, help="stream connections to the simulator (default: 90)")
    parser.add_argument("--pairs", type=int, default=10, help="pairs on the simulator's market (default: 10)")
    options = parser.parse_args(arguments)
    default = SAFETY if options.scenario == "safety" else DEFAULT
    options.clients = tuple(options.clients.split(",")) if options.clients else default
    unknown = [name for name in options.clients if name not in CLIENTS]
    if unknown:
        parser.error(f"unknown clients: {', '.join(unknown)}")
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else 5
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


def main() -> int:
    options = parse()
    if not sys.platform.startswith("linux"):
        print("The server needs Linux (epoll, core affinity).", file=sys.stderr)
        return 2
    if options.scenario == SIMULATOR:
        return main_simulator(options)
    plan = Plan(
        scenarios=SCENARIOS[options.scenario],
        clients=options.clients,
        rounds=options.rounds,
        budget=QUICK_BUDGET if options.quick else SECONDS_PER_ROUND * options.rounds,
        scale=QUICK_SCALE if options.quick else 1.0,
        frames_per_record=options.frames_per_record,
    )
    machine = describe_machine()
    try:
        results = run(plan, lambda text: print(text, file=sys.stderr))
    except BuildError as exc:
        print(f"The server cannot run: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(to_json(plan, results, machine), indent=2))
    else:
        print(to_text(plan, results, machine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
