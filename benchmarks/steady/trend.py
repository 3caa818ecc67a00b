"""Samples, and what a row of them says: whether a number grows, and how fast memory does; plain computation."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import attrs

__all__ = ["Range", "Samples", "has_grown", "slope"]


class Samples:
    """
    Counts by name, sample by sample.

    Their memory is taken when a name comes first and not with each sample: it would look like what is searched for.

    Args:
        most: How many samples there will be, at most.
    """

    def __init__(self, most: int) -> None:
        self.count = 0
        self._most = most
        self._rows: dict[str, array[int]] = {}

    def add(self, found: Mapping[str, int]) -> None:
        """Take a sample; what it does not name is 0 in it, and so is what earlier ones did not name in them."""
        for name in found.keys() - self._rows.keys():
            self._rows[name] = array("l", [0]) * self._most
        for name, row in self._rows.items():
            row[self.count] = found.get(name, 0)
        self.count += 1

    def rows(self) -> dict[str, Sequence[int]]:
        """Return the samples by name."""
        return {name: row[: self.count] for name, row in self._rows.items()}


@attrs.frozen
class Range:
    """A number over the run: at its first sample, its least, its greatest, at the last."""

    first: int
    least: int
    most: int
    last: int

    @classmethod
    def of(cls, values: Sequence[int]) -> Range:
        """Return the range of some samples; there must be one."""
        return cls(values[0], min(values), max(values), values[-1])


def has_grown(values: Sequence[int]) -> bool:
    """
    Tell whether a number only goes up: in each third of the samples it was always above all of the third before.

    One that moves, as a queue does, comes down again, and a table that gets its first member late stays as it is then.
    """
    third = len(values) // 3
    if not third:
        return False
    begin, middle, end = values[:third], values[third:-third], values[-third:]
    return min(end) > max(middle) and min(middle) > max(begin)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of the straight line through the points by least squares; 0 for fewer than two."""
    count = len(times)
    if count < 2:
        return 0.0
    middle, level = sum(times) / count, sum(values) / count
    across = sum((time - middle) ** 2 for time in times)
    along = sum((time - middle) * (value - level) for time, value in zip(times, values, strict=True))
    return along / across if across else 0.0
