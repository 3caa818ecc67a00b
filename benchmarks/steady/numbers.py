"""
Which numbered messages of a topic were sent and which arrived, as runs; plain computation.

The other side numbers all messages of a topic one after the other, over all lines, and says of each line which it sent:
a run. What arrives makes runs as well, each begun by a mark ``gap_before``, except for the first.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import attrs

__all__ = ["IN_ORDER", "Comparison", "Numbers", "Sent", "compare"]

IN_ORDER = frozenset({"fin", "close", "silence", "end"})
"""Ends of a line before which everything that was sent must arrive; a reset may destroy what is on its way."""
MOST_PROBLEMS = 20


@attrs.frozen
class Sent:
    """
    What was sent of one topic on one line.

    Attributes:
        first: Number of the first message.
        last: Number of the last one.
        ended: How the line ended: one of `IN_ORDER`, ``rst``, or ``lost`` if it was not the other side who ended it.
    """

    first: int
    last: int
    ended: str


class Numbers:
    """
    The messages of one topic as they arrive. One thread at a time.

    Attributes:
        problems: What must not happen.
    """

    def __init__(self, topic: str) -> None:
        self.problems: list[str] = []
        self._topic = topic
        # First and last number of each run, one after the other: as little as can be, for memory is being watched.
        self._bounds = array("q")

    @property
    def runs(self) -> list[tuple[int, int]]:
        """First and last number of each run."""
        return list(zip(self._bounds[::2], self._bounds[1::2], strict=True))

    @property
    def last(self) -> int:
        """The number that arrived last; 0 before the first."""
        return self._bounds[-1] if self._bounds else 0

    def take(self, number: int, *, marked: bool) -> None:
        """Take a message; ``marked`` tells whether it said that something may be missing before it."""
        last = self.last
        if not marked and last and number == last + 1:
            self._bounds[-1] = number
            return
        if number <= last:
            self._problem(f"{self._topic}: {number} came after {last}")
            return
        if not marked and last:
            self._problem(f"{self._topic}: {number} came after {last}, without a mark")
        self._bounds.extend((number, number))

    def _problem(self, text: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(text)


@attrs.frozen
class Comparison:
    """
    Both sides of one topic.

    Attributes:
        sent: Messages that left on a line.
        delivered: Messages that arrived.
        cut_off: Messages that were on their way when their line was reset.
        problems: What is missing, or split, and must not be.
    """

    sent: int
    delivered: int
    cut_off: int
    problems: tuple[str, ...]


def compare(topic: str, sent: Sequence[Sent], arrived: Sequence[Sequence[int]]) -> Comparison:
    """
    Compare the runs of both sides, in order of their numbers.

    Args:
        topic: For the texts.
        sent: By line.
        arrived: First and last number of each run that arrived.
    """
    problems: list[str] = []
    cut_off, runs = 0, list(arrived)
    for line in sent:
        here = [run for run in runs if line.first <= run[0] <= line.last]
        runs = [run for run in runs if run not in here]
        name = f"{topic}, line with {line.first} to {line.last}, ended by {line.ended}"
        if here and here[0][0] != line.first:
            problems.append(f"{name}: begins with {here[0][0]}")
        problems += [f"{name}: something is missing before {run[0]}" for run in here[1:]]
        last = here[-1][1] if here else line.first - 1
        if last > line.last:
            problems.append(f"{name}: goes on to {last}, though another line began")
        elif last < line.last and line.ended in IN_ORDER:
            problems.append(f"{name}: ends with {last}")
        elif last < line.last:
            cut_off += line.last - last
    problems += [f"{topic}: {run[0]} to {run[1]} were never sent" for run in runs]
    return Comparison(
        sent=sum(line.last - line.first + 1 for line in sent),
        delivered=sum(last - first + 1 for first, last in arrived),
        cut_off=cut_off,
        problems=tuple(problems),
    )
