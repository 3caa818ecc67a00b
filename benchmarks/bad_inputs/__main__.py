"""Command line: ``python -m benchmarks.bad_inputs --inputs 1000000 --seed 1``."""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
from pathlib import Path

from benchmarks.bad_inputs.inputs import KINDS
from benchmarks.bad_inputs.report import to_json, to_text
from benchmarks.bad_inputs.run import Plan, run


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bad_inputs", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many bad inputs (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same inputs (default: 1)")
    parser.add_argument("--kind", choices=[*KINDS, "all"], default="all", help="what is spoilt (default: all)")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds until something is lost (default: 10)")
    parser.add_argument("--memory", type=int, default=128, help="MiB that the process may grow by (default: 128)")
    parser.add_argument("--first-chunk", type=int, default=0, help="begin with this chunk, to see a finding again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was counted to this file")
    options = parser.parse_args(arguments)
    if options.inputs < 1 or options.limit <= 0 or options.memory < 1 or options.first_chunk < 0:
        parser.error("--inputs, --limit and --memory must be above zero, --first-chunk not below")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; return 1 if anything was found."""
    options = parse(arguments)
    if not sys.platform.startswith("linux"):
        print("Memory and descriptors are counted as Linux counts them.", file=sys.stderr)
        return 2
    plan = Plan(
        inputs=options.inputs,
        seed=options.seed,
        kinds=KINDS if options.kind == "all" else (options.kind,),
        tls=options.tls,
        limit=options.limit,
        memory=options.memory << 20,
        first_chunk=options.first_chunk,
    )
    result = run(plan, lambda text: print(text, file=sys.stderr))
    if options.json is not None:
        options.json.write_text(json.dumps(to_json(result), indent=2) + "\n", encoding="utf-8")
    print(to_text(result))
    return 0 if result.harm is None else 1


if __name__ == "__main__":
    faulthandler.enable()  # the last line of progress and this tell where a crash was
    sys.exit(main())
