"""
The two kinds of time of the simulator, and the one rhythm of its market.

*Market time* is when things happen on the exchange: matching and its events, candles, statistics, funding, interest,
orders that expire, the dead man's switch, look-ups that lag, the market makers, a replayed file, and the intervals
between pushes. It runs at the machine's pace, N times faster, or stands until somebody moves it.

*Line time* belongs to the conversation between a client and the exchange: time stamps of log-ins and the window they
must fall in, tokens, the clock that REST tells, when a command came in and its reply went out, expiry windows that a
client puts into its orders, idle connections, time-outs of the log-in and of closing, and rate limits. It is the time
of the machine whatever the market does, so a client can log in and keep its connections at any speed.

At speed 1 both are the same clock. The simulated skew of the exchange's clock is on top of both, see `Venue`.

The *rhythm* is market time without a date: it never goes back, not even with a clock that a test sets by hand. All
intervals and due moments are reckoned in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Literal

__all__ = ["SECOND_NS", "Clock", "nanoseconds"]

SECOND_NS = 1_000_000_000


class Clock:
    """
    Tells both times; all in nanoseconds, and all in whole numbers, so that nothing drifts.

    Args:
        machine_ns: The machine's clock, nanoseconds since 1970.
        speed: How much faster than the machine market time runs, or ``"stepped"``: it stands until `turn_to`.
        start_ns: Where market time begins, nanoseconds since 1970; ``None`` for the machine's clock.
        monotonic_ns: The machine's clock that never goes back.

    Raises:
        ValueError: The speed is neither positive nor ``"stepped"``.
    """

    def __init__(
        self,
        machine_ns: Callable[[], int] = time.time_ns,
        *,
        speed: float | Literal["stepped"] = 1.0,
        start_ns: int | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.machine_ns = machine_ns
        self.is_stepped = speed == "stepped"
        # As it is written: 0.1 is a tenth, and 1 leaves every number as it is.
        self._speed = Fraction(0) if speed == "stepped" else _fraction(speed)
        self._seconds = 0.0 if self.is_stepped else float(1 / (self._speed * SECOND_NS))
        self._monotonic_ns = monotonic_ns
        self._machine_start, self._monotonic_start = machine_ns(), monotonic_ns()
        self._market_start = self._machine_start if start_ns is None else start_ns
        self._turned = 0

    @property
    def is_fast(self) -> bool:
        """Whether market time runs faster than the machine's."""
        return self._speed > 1

    def market_ns(self) -> int:
        """Return market time, nanoseconds since 1970."""
        if self.is_stepped:
            return self._market_start + self._turned
        return self._market_start + self._sped(self.machine_ns() - self._machine_start)

    def rhythm_ns(self) -> int:
        """Return the market time that has passed since the clock was made."""
        return self._turned if self.is_stepped else self._sped(self._monotonic_ns() - self._monotonic_start)

    def turn_to(self, rhythm_ns: int) -> None:
        """Move the time of a stepped market forward; going back does nothing."""
        assert self.is_stepped
        self._turned = max(self._turned, rhythm_ns)

    def seconds_until(self, rhythm_ns: int) -> float:
        """Return how many seconds of the machine it is until a moment of a running market, 0 if it has been."""
        assert not self.is_stepped
        return max(0.0, (rhythm_ns - self.rhythm_ns()) * self._seconds)

    def _sped(self, machine_ns: int) -> int:
        return machine_ns * self._speed.numerator // self._speed.denominator


def nanoseconds(seconds: float | Decimal | str) -> int:
    """
    Return seconds as whole nanoseconds: the decimal number one sees, not the binary one beneath it.

    Raises:
        ValueError: It is no number, not finite, or beyond 10000 years either way.
    """
    try:
        value = Decimal(str(seconds))
        if abs(value) < 10_000 * 366 * 86_400:
            return int(value * SECOND_NS)
    except ArithmeticError:
        pass
    raise ValueError(f"{seconds!r} is no number of seconds")


def _fraction(speed: float | str) -> Fraction:
    try:
        fraction = Fraction(str(speed))
    except ValueError:  # also of inf and nan
        fraction = Fraction(0)
    if fraction <= 0:
        raise ValueError(f"speed must be a positive number or 'stepped', not {speed!r}")
    return fraction
