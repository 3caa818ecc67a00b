"""Times of many trials, and the bounds that they must keep; plain computation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

__all__ = ["Case", "Times"]

REOPEN = 0.3
"""Seconds beyond the step of the backoff that another line may take."""


@attrs.frozen
class Times:
    """
    Seconds of some trials, in words of a table.

    Attributes:
        p50, p99: The smallest of which half, and 99 of 100, are not longer.
        most: The longest.
    """

    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Times:
        """Return those of some trials; there must be one."""
        ordered = sorted(values)

        def rank(share: float) -> float:
            return ordered[math.ceil(share * len(ordered)) - 1]

        return cls(rank(0.5), rank(0.99), ordered[-1])


@attrs.define
class Case:
    """
    One line under one fault.

    Attributes:
        fault: Its name.
        line: Name of the line.
        tls: Whether it is encrypted.
        bound: Seconds in which the fault has to be noticed; ``None`` if nothing is promised.
        detect: Seconds from the fault to ``suspended``, one a trial.
        recover: Seconds from the end of the fault to ``open``.
        steps: The step of the backoff that the line was waiting out, of each trial.
        problems: What did not happen.
    """

    fault: str
    line: str
    tls: bool
    bound: float | None
    detect: list[float] = attrs.field(factory=list)
    recover: list[float] = attrs.field(factory=list)
    steps: list[float] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    @property
    def over_step(self) -> list[float]:
        """Seconds that recovery took beyond the backoff's step; below zero where it had been waited out in part."""
        return [took - step for took, step in zip(self.recover, self.steps, strict=True)]

    @property
    def name(self) -> str:
        """What it is called in texts."""
        return f"{self.fault}, {self.line}, {'TLS' if self.tls else 'plain'}"

    def broken(self) -> list[str]:
        """Return which bounds were broken, in words."""
        said = [f"{self.name}: {problem}" for problem in self.problems]
        if self.detect and self.bound is not None and Times.of(self.detect).p99 > self.bound:
            said.append(f"{self.name}: noticed after {Times.of(self.detect).p99:.3f} s, bound {self.bound:g} s")
        if self.recover and Times.of(self.over_step).p99 > REOPEN:
            said.append(f"{self.name}: open {Times.of(self.over_step).p99:.3f} s after the backoff, bound {REOPEN:g} s")
        return said
