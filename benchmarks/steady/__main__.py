"""Command line: ``python -m benchmarks.steady --rate 1000 --minutes 60 --reconnect 10``."""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import sys
from pathlib import Path

from benchmarks.steady.report import to_json, to_text
from benchmarks.steady.soak import Plan, soak


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; return 1 if anything was found."""
    plan = Plan()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.steady",
        description="A client under load and reconnects, whose threads, descriptors, tables and memory are watched.",
    )
    parser.add_argument("--rate", type=float, default=plan.rate, help="messages a second (default: 1000)")
    parser.add_argument("--minutes", type=float, default=plan.minutes, help="how long (default: 60)")
    parser.add_argument("--reconnect", type=float, default=plan.reconnect, help="seconds between cuts (default: 10)")
    parser.add_argument("--orders", type=float, default=plan.orders, help="order calls a second (default: 10)")
    parser.add_argument("--sample", type=float, default=plan.sample, help="seconds between samples (default: 5)")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was counted to this file")
    options = vars(parser.parse_args(arguments))
    file: Path | None = options.pop("json")
    if min(options[name] for name in ("rate", "minutes", "reconnect", "orders", "sample")) <= 0:
        parser.error("all numbers must be above zero")
    if not sys.platform.startswith("linux"):
        print("Memory and descriptors are counted as Linux counts them.", file=sys.stderr)
        return 2
    plan = Plan(**options)
    # Lines that end are what this is about; only what nobody expects should be seen.
    logging.getLogger("kucoin_sync").setLevel(logging.ERROR)
    outcome = soak(plan, lambda text: print(text, file=sys.stderr, flush=True))
    print(to_text(plan, outcome))
    if file is not None:
        file.write_text(json.dumps(to_json(plan, outcome), indent=2) + "\n", encoding="utf-8")
    return int(bool(outcome.broken(plan)))


if __name__ == "__main__":
    faulthandler.enable()
    sys.exit(main())
