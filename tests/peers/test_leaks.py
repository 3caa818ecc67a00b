"""The guard against leaks is quiet about clean tests and names what the others leave behind."""

import contextlib
import gc
import socket
import sys
import threading
from pathlib import Path

import pytest

from tests.peers import LeakGuard

needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are listed in /proc")


@contextlib.contextmanager
def running(name):
    """Run a thread of this name until the context ends."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name=name)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def test_clean_test_passes():
    with LeakGuard() as guard:
        with running("kucoin-sync-a-reader"), socket.socket():
            pass
        guard.check()


def test_thread_that_lives_on_is_named():
    text = "thread kucoin-sync-a-reader is alive"
    with LeakGuard() as guard, running("kucoin-sync-a-reader"), pytest.raises(AssertionError, match=text):
        guard.check(0.01)


@pytest.mark.parametrize("name", ["other", "kucoin-sync-resolver-1"])
def test_other_threads_are_not_our_business(name):
    with LeakGuard() as guard, running(name):
        guard.check(0.01)


def test_threads_from_before_are_not_our_business():
    with running("kucoin-sync-a-reader"), LeakGuard() as guard:
        guard.check(0.01)


def test_thread_that_is_ending_is_awaited():
    release = threading.Event()
    with LeakGuard() as guard, running("kucoin-sync-a-reader") as stop:
        helper = threading.Thread(target=lambda: (release.wait(), stop.set()))
        helper.start()
        release.set()
        guard.check()
        helper.join()


@needs_proc
def test_open_socket_is_named():
    text = r"descriptor of socket:\[\d+\] is open"
    with LeakGuard() as guard, socket.socket(), pytest.raises(AssertionError, match=text):
        guard.check(0.01)


@needs_proc
def test_open_file_is_named(tmp_path):
    path = tmp_path / "forgotten"
    with LeakGuard() as guard, path.open("w"), pytest.raises(AssertionError, match=str(path)):
        guard.check(0.01)


@needs_proc
def test_descriptor_number_that_was_reused_is_noticed():
    """The count is the same, the socket is another."""
    first = socket.socket()
    with LeakGuard() as guard:
        first.close()
        with socket.socket(), pytest.raises(AssertionError, match="socket:"):
            guard.check(0.01)


@needs_proc
def test_socket_forgotten_in_a_cycle_is_told_on():
    """The collector closes it during the check, which is too late to be clean."""
    gc.collect()
    with LeakGuard() as guard:
        cycle = [socket.socket()]
        cycle.append(cycle)
        del cycle
        with pytest.raises(AssertionError, match="unclosed"):
            guard.check()


def test_exception_of_a_thread_is_reported():
    def fail():
        raise RuntimeError("nobody caught this")

    with LeakGuard() as guard:
        thread = threading.Thread(target=fail, name="some-thread")
        thread.start()
        thread.join()
        with pytest.raises(AssertionError, match=r"(?s)uncaught in thread some-thread.*nobody caught this"):
            guard.check()


def test_unraisable_exception_is_reported():
    class Bad:
        def __del__(self):
            raise RuntimeError("not in a finalizer")

    with LeakGuard() as guard:
        Bad()
        gc.collect()
        with pytest.raises(AssertionError, match="not in a finalizer"):
            guard.check()


def test_expected_exception_can_be_taken_out():
    def fail():
        raise RuntimeError("meant")

    with LeakGuard() as guard:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        assert len(guard.uncaught) == 1
        guard.uncaught.clear()
        guard.check()


def test_hooks_are_restored():
    before = (threading.excepthook, sys.unraisablehook)
    with LeakGuard():
        assert threading.excepthook != before[0]
    assert (threading.excepthook, sys.unraisablehook) == before
