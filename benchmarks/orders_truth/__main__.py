"""Command line of the truth soak: ``python -m benchmarks.orders_truth``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from benchmarks.orders_truth.soak import EXCHANGES, Plan, soak
from benchmarks.orders_truth.table import to_json, to_text


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0 if every promise was kept, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.orders_truth",
        description="Order calls under faults, every answer compared with what the simulated exchange did.",
    )
    parser.add_argument("--orders", type=int, default=10_000, help="calls in all (default: 10000)")
    parser.add_argument("--seed", type=int, default=1, help="of calls and faults (default: 1)")
    parser.add_argument("--threads", type=int, default=8, help="that make calls (default: 8)")
    parser.add_argument("--gap", type=float, default=10.0, help="calls between two faults, on average (default: 10)")
    parser.add_argument("--tls", action="store_true", help="serve TLS")
    parser.add_argument("--journal", type=Path, help="let the client keep a journal there")
    parser.add_argument("--exchange", choices=sorted(EXCHANGES), default="kucoin", help="(default: kucoin)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was counted there")
    options = parser.parse_args(arguments)
    if options.orders < 1 or not 1 <= options.threads <= 64 or options.gap < 1:
        parser.error("--orders and --gap must be at least 1, --threads 1 to 64")
    plan = Plan(
        orders=options.orders,
        seed=options.seed,
        threads=options.threads,
        tls=options.tls,
        exchange=options.exchange,
        gap=options.gap,
        journal=options.journal,
    )
    # Lines that end are what this is about; only what nobody expects should be seen.
    logging.getLogger("kucoin_sync").setLevel(logging.ERROR)
    outcome = soak(plan, lambda text: print(text, file=sys.stderr, flush=True))
    print(to_text(plan, outcome))
    if options.json is not None:
        options.json.write_text(json.dumps(to_json(plan, outcome), indent=2), encoding="utf-8")
    return int(outcome.has_failed)


if __name__ == "__main__":
    sys.exit(main())
