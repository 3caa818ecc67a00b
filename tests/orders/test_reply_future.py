"""
The future of a nowait call does what `concurrent.futures` says of one, though it is made of less.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from kucoin_sync.engine.listeners import ListenerHub
from kucoin_sync.orders.reply_future import ReplyFuture

LIMIT = 10.0


@pytest.fixture
def hub() -> Iterator[ListenerHub]:
    hub = ListenerHub(queue_size=100, inline=False, name="test-listeners")
    yield hub
    hub.close(LIMIT)


@pytest.fixture
def future(hub: ListenerHub) -> ReplyFuture:
    return ReplyFuture(hub)


def set_result(future: ReplyFuture) -> None:
    future.set_result("ack")


def set_error(future: ReplyFuture) -> None:
    future.set_exception(KeyError("refused"))


ENDS = pytest.mark.parametrize("end", [set_result, set_error], ids=["result", "error"])


def outcome_of(future: Future[Any], timeout: float | None = LIMIT) -> str:
    try:
        return str(future.result(timeout))
    except KeyError as error:
        assert future.exception(timeout) is error
        return "error"


@ENDS
def test_it_is_running_until_it_is_done(future: ReplyFuture, end: Callable[[ReplyFuture], None]) -> None:
    assert (future.running(), future.done(), future.cancelled()) == (True, False, False)
    assert "running" in repr(future)
    assert future.cancel() is False
    end(future)
    assert (future.running(), future.done(), future.cancelled()) == (False, True, False)
    assert future.cancel() is False
    assert "finished" in repr(future)


@ENDS
def test_all_who_wait_get_the_outcome(future: ReplyFuture, end: Callable[[ReplyFuture], None]) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(outcome_of, future, timeout) for timeout in (None, LIMIT, None, LIMIT)]
        end(future)
        assert len({wait.result(LIMIT) for wait in waiting}) == 1
    assert outcome_of(future, 0) in ("ack", "error")


@pytest.mark.parametrize("timeout", [0, -1, 0.01])
def test_a_wait_has_an_end(future: ReplyFuture, timeout: float) -> None:
    with pytest.raises(concurrent.futures.TimeoutError):
        future.result(timeout)
    with pytest.raises(concurrent.futures.TimeoutError):
        future.exception(timeout)


@ENDS
def test_it_can_be_waited_for_with_others(hub: ListenerHub, end: Callable[[ReplyFuture], None]) -> None:
    early, late, never = ReplyFuture(hub), ReplyFuture(hub), ReplyFuture(hub)
    end(early)
    with ThreadPoolExecutor(1) as pool:
        both: list[Future[Any]] = [late, early]
        ordered = concurrent.futures.as_completed(both, LIMIT)
        assert next(ordered) is early
        ending = pool.submit(end, late)
        assert next(ordered) is late
        ending.result(LIMIT)
    done, not_done = concurrent.futures.wait([early, late, never], 0.01)
    assert (done, not_done) == ({early, late}, {never})
    done, _ = concurrent.futures.wait([early, never], LIMIT, return_when=concurrent.futures.FIRST_COMPLETED)
    assert done == {early}


@ENDS
def test_callbacks_run_once_on_the_listener_thread(
    hub: ListenerHub, future: ReplyFuture, end: Callable[[ReplyFuture], None]
) -> None:
    called: list[tuple[str, Future[Any], str]] = []
    second = threading.Event()

    def after(ended: Future[Any]) -> None:
        called.append(("after", ended, threading.current_thread().name))
        second.set()

    future.add_done_callback(lambda ended: called.append(("before", ended, threading.current_thread().name)))
    end(future)
    future.add_done_callback(after)
    assert second.wait(LIMIT)
    assert called == [("before", future, "test-listeners"), ("after", future, "test-listeners")]


@ENDS
def test_asyncio_can_wait_for_it(future: ReplyFuture, end: Callable[[ReplyFuture], None]) -> None:
    async def wait() -> str:
        wrapped = asyncio.wrap_future(future)
        threading.Thread(target=end, args=(future,)).start()
        try:
            return str(await asyncio.wait_for(wrapped, LIMIT))
        except KeyError:
            return "error"

    assert asyncio.run(wait()) == outcome_of(future)


def test_nobody_who_begins_to_wait_as_it_ends_is_forgotten(hub: ListenerHub) -> None:
    """The condition is made at the very moment at which the result is set: one of the two sees the other."""
    with ThreadPoolExecutor(2) as pool:
        for _ in range(500):
            future, called, gate = ReplyFuture(hub), threading.Event(), threading.Barrier(2)
            waiting = pool.submit(_waits, future, gate)
            pool.submit(_ends, future, gate).result(LIMIT)
            assert waiting.result(LIMIT) == {future}
            future.add_done_callback(partial(_call, called))
            assert called.wait(LIMIT)


def test_a_future_does_not_end_while_somebody_begins_to_wait(hub: ListenerHub) -> None:
    """The standard library looks at its state twice, under the condition, and waits for what it counted last."""
    started, tried = threading.Event(), threading.Event()

    class Slow(ReplyFuture):
        """Lets another thread end it between the first look and the second."""

        @property
        def _state(self) -> str:  # type: ignore[override]
            state = str(self.__dict__["state"])
            if threading.current_thread() is not ender and not started.is_set():
                started.set()
                ender.start()
                assert tried.wait(LIMIT)
            return state

        @_state.setter
        def _state(self, state: str) -> None:
            self.__dict__["state"] = state

    class Watched(threading.Condition):
        def __enter__(self) -> bool:
            if threading.current_thread() is ender:
                tried.set()
            return super().__enter__()

    future = Slow(hub)
    future._made = Watched()
    ender = threading.Thread(target=future.set_result, args=("ack",))
    over = threading.Event()
    waiter = threading.Thread(target=lambda: (concurrent.futures.wait([future]), over.set()), daemon=True)
    waiter.start()
    assert over.wait(LIMIT)
    waiter.join(LIMIT)
    ender.join(LIMIT)


def _waits(future: Future[Any], gate: threading.Barrier) -> set[Future[Any]]:
    gate.wait(LIMIT)
    return concurrent.futures.wait([future], LIMIT).done


def _ends(future: ReplyFuture, gate: threading.Barrier) -> None:
    gate.wait(LIMIT)
    future.set_result("ack")


def _call(called: threading.Event, _: Future[Any]) -> None:
    called.set()
