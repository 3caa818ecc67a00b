"""Which threads must not wait: those that read, while they read, and no thread that gets the number of one later."""

from __future__ import annotations

import threading

import pytest

from kucoin_sync.engine.reader_thread import ReaderThread, check_not_on_reader
from kucoin_sync.errors import ReentrantCallError


def may_wait() -> bool:
    try:
        check_not_on_reader("a call")
    except ReentrantCallError:
        return False
    return True


def may_wait_on(kind: type[threading.Thread]) -> bool:
    found: list[bool] = []
    thread = kind(target=lambda: found.append(may_wait()))
    thread.start()
    thread.join()
    return found[0]


def test_a_reader_must_not_wait_and_others_may() -> None:
    assert not may_wait_on(ReaderThread)
    assert may_wait_on(threading.Thread)
    assert may_wait()


def test_a_thread_with_the_number_of_a_reader_that_has_ended_may_wait() -> None:
    """Operating systems give numbers out anew, most of them at once."""
    for _ in range(20):
        assert not may_wait_on(ReaderThread)
        assert may_wait_on(threading.Thread)


def test_a_reader_that_ended_by_an_exception_is_one_no_more() -> None:
    found: list[bool] = []

    class Failing(ReaderThread):
        def run(self) -> None:
            with pytest.raises(ZeroDivisionError):
                super().run()
            found.append(may_wait())

    thread = Failing(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    assert found == [True]
