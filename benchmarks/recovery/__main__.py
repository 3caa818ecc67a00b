"""Command line: ``python -m benchmarks.recovery --trials 30``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from benchmarks.recovery.report import to_json, to_text
from benchmarks.recovery.trials import FAULTS, Plan, run


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; return 1 if a bound was broken."""
    plan = Plan()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recovery",
        description="How long until a client sees that a line is gone, and until it has another one.",
    )
    parser.add_argument("--trials", type=int, default=plan.trials, help="of each fault (default: 30)")
    parser.add_argument(
        "--slow-trials", type=int, default=plan.slow_trials, help="of a blackhole with an order in flight (default: 5)"
    )
    parser.add_argument("--fault", choices=FAULTS, action="append", help="only this one; may be given again")
    parser.add_argument("--transport", choices=("plain", "tls", "both"), default="both", help="(default: both)")
    parser.add_argument("--seed", type=int, default=plan.seed, help="of the moments of the faults (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single time to this file")
    options = parser.parse_args(arguments)
    if options.trials < 1 or options.slow_trials < 1:
        parser.error("--trials and --slow-trials must be at least 1")
    if not sys.platform.startswith("linux"):
        print("Two processes must read the same monotonic clock, as on Linux.", file=sys.stderr)
        return 2
    plan = Plan(
        trials=options.trials,
        slow_trials=options.slow_trials,
        transports={"plain": (False,), "tls": (True,), "both": (False, True)}[options.transport],
        faults=tuple(options.fault or FAULTS),
        seed=options.seed,
    )
    # Lines that end are what this is about; only what nobody expects should be seen.
    logging.getLogger("kucoin_sync").setLevel(logging.ERROR)
    outcome = run(plan, lambda text: print(text, file=sys.stderr, flush=True))
    print(to_text(outcome))
    if options.json is not None:
        options.json.write_text(json.dumps(to_json(plan, outcome), indent=2) + "\n", encoding="utf-8")
    return int(bool(outcome.broken()))


if __name__ == "__main__":
    sys.exit(main())
