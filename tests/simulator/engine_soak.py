"""
A million random steps through the engines of the simulator, each compared with models that are written differently.

    python -m tests.simulator.engine_soak --steps 1000000 --seed 1 --processes 2

A step is one command to a spot and margin exchange (`spot_walk`) or to a futures exchange (`futures_walk`), at a time
of an injected clock. Each 400 steps a new, small exchange is made with other pairs or contracts, price and size steps,
fees, caps and accounts, so that all of it can be looked at after every step:

- money: what all accounts have together is what was deposited (contracts: balances less costs of positions), no
  balance is below zero, each wallet has what the model reckons, and holds are what the open orders need;
- matching: `plain_book` meets the same orders; all trades, rests, cuts and ends with their reasons are told in the same
  order, all queues are the same order by order, no book is crossed;
- refusals: the models say before each command whether it is to be refused and why;
- increments: at each sequence number the book built from the increments is compared with the engine's;
- debts, interest, loans, stop orders, auctions, positions, profit, fees, funding, margins and liquidations: see
  `spot_model` and `futures_model`.

Look-ups of single orders, debts and wallets are compared every 25 steps; the money and the books that they make up,
after every step. The first error ends the run with status 1 and says how to repeat it: a world is made of seed and
number alone, so ``--from-world`` begins with the one that failed, whatever else ran beside it.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from kucoin_sync.simulator.matching.accounts import LedgerError
from tests.simulator.futures_walk import FuturesWorld
from tests.simulator.spot_walk import SpotWorld
from tests.simulator.walk import INCREMENTS, ConservationError, World

WORLD_STEPS = 400
REPORT_SECONDS = 20.0


@dataclass(frozen=True)
class Task:
    """One world to walk through."""

    seed: int
    number: int
    steps: int


@dataclass
class Walked:
    """
    What became of a world.

    Attributes:
        tally: How often what happened.
        failure: What was wrong, ``""`` if nothing was.
        is_money: Whether it was money that was wrong.
        last: The steps before the failure, the failing one last.
    """

    task: Task
    steps: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    failure: str = ""
    is_money: bool = False
    last: tuple[str, ...] = ()


def kind_of(number: int) -> str:
    """Return of which kind a world is: two of five have contracts."""
    return "futures" if number % 5 in (1, 3) else "spot"


def walk(task: Task) -> Walked:
    """Walk through one world until its end or the first error."""
    walked = Walked(task)
    make = FuturesWorld if kind_of(task.number) == "futures" else SpotWorld
    world: World | None = None
    try:
        world = make(f"{task.seed}-{task.number}", walked.tally)
        for _ in range(task.steps):
            world.step()
            walked.steps += 1
        world.check_all()
    except Exception as error:  # whatever an engine raises is what this is looking for
        walked.is_money = isinstance(error, (ConservationError, LedgerError))
        walked.failure = "".join(traceback.format_exception(error)[-3:])
        walked.last = () if world is None else tuple(world.history)
    return walked


def tasks(seed: int, steps: int, first: int, only: str | None) -> Iterator[Task]:
    """Yield worlds until there are as many steps as asked for."""
    for number in itertools.count(first):
        if steps <= 0:
            return
        if only in (None, kind_of(number)):
            yield Task(seed, number, min(steps, WORLD_STEPS))
            steps -= WORLD_STEPS


def walk_all(worlds: Iterable[Task], processes: int) -> Iterator[Walked]:
    """Yield what became of each world, in the order of their numbers."""
    if processes == 1:
        yield from map(walk, worlds)
        return
    executor = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    try:
        yield from executor.map(walk, worlds, chunksize=4)
    finally:
        executor.shutdown(cancel_futures=True)


def report(tally: Counter[str]) -> None:
    """Print what happened how often: commands with how many were taken and refused, then all else."""
    kinds = sorted({name.rpartition(", ")[0] for name in tally if name.endswith((", taken", ", refused"))})
    print(f"{'command':24}{'taken':>10}{'refused':>10}")
    for kind in kinds:
        print(f"{kind:24}{tally[f'{kind}, taken']:10}{tally[f'{kind}, refused']:10}")
    for name in sorted(tally):
        if not name.endswith((", taken", ", refused")):
            print(f"{name}: {tally[name]}")


def fail(walked: Walked) -> None:
    """Print what was wrong and how to see it again."""
    task, what = walked.task, "CONSERVATION ERROR" if walked.is_money else "DISAGREEMENT"
    print(f"{what}: seed {task.seed}, world {task.number} ({kind_of(task.number)}), step {walked.steps + 1}")
    print(walked.failure)
    print("the last steps:")
    for line in walked.last:
        print(f"  {line}")
    print(
        "again: python -m tests.simulator.engine_soak"
        f" --seed {task.seed} --from-world {task.number} --steps {walked.steps + 1}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0 if all agreed, 1 after an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulator.engine_soak", description=__doc__.split("\n")[1])
    parser.add_argument("--steps", type=int, default=1_000_000, help="commands in all (default: 1000000)")
    parser.add_argument("--seed", type=int, default=1, help="of all worlds (default: 1)")
    parser.add_argument("--processes", type=int, default=1, help="worlds at the same time (default: 1)")
    parser.add_argument("--from-world", type=int, default=0, help="number of the first world (default: 0)")
    parser.add_argument("--only", choices=("spot", "futures"), help="leave out the worlds of the other kind")
    options = parser.parse_args(arguments)
    tally: Counter[str] = Counter()
    began = reported = time.monotonic()
    steps = worlds = 0
    for walked in walk_all(tasks(options.seed, options.steps, options.from_world, options.only), options.processes):
        worlds, steps = worlds + 1, steps + walked.steps
        tally.update(walked.tally)
        if walked.failure:
            fail(walked)
            print(f"{steps} steps of seed {options.seed}: stopped at the first error")
            return 1
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            print(f"{steps} of {options.steps} steps, {reported - began:.0f} s", flush=True)
    report(tally)
    taken = sum(count for name, count in tally.items() if name.endswith(", taken"))
    refused = sum(count for name, count in tally.items() if name.endswith(", refused"))
    trades = sum(count for name, count in tally.items() if name.endswith(": trades"))
    print(
        f"{steps} steps in {worlds} worlds of seed {options.seed}, {time.monotonic() - began:.0f} s: {taken} taken,"
        f" {refused} refused, {trades} trades, {tally[INCREMENTS]} book increments;"
        " 0 conservation errors, 0 disagreements"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
