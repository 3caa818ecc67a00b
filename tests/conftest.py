"""
Fixtures of all tests. Every test is guarded against threads, descriptors and exceptions that it leaves behind.
"""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator

import pytest

from tests.peers import LeakGuard

HANGING_TEST = 120.0


@pytest.fixture(autouse=True)
def guard() -> Iterator[None]:
    """Fail a test that leaves a thread, a descriptor or an unhandled exception behind; dump the stacks of one that hangs."""
    faulthandler.dump_traceback_later(HANGING_TEST, exit=True)
    try:
        with LeakGuard() as leaks:
            yield
            leaks.check()
    finally:
        faulthandler.cancel_dump_traceback_later()
