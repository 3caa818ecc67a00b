"""
The clock that goes on while the machine sleeps, beside the one that stands still.
"""

from __future__ import annotations

import time

__all__ = ["read_clocks"]

_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def read_clocks() -> tuple[float, float, float]:
    """
    Return three readings for `SleepWatch`, seconds.

    Only Linux has both clocks; elsewhere the machine never seems to sleep, and a dead line is found by its pong.
    """
    before = time.monotonic()
    boot = before if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)
    return before, boot, time.monotonic()
