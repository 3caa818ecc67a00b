"""Making what did harm smaller while it still does: delta debugging, first of the inputs, then of their bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import attrs

from benchmarks.bad_inputs.inputs import Input
from benchmarks.bad_inputs.wire import ends_by_the_rules
from tests.peers.frames import frame

__all__ = ["minimize", "shrink_inputs"]

T = TypeVar("T", bytes, Sequence[Input])


def minimize(whole: T, does_harm: Callable[[T], bool], *, until: float) -> T:
    """
    Leave out piece after piece of a sequence, ever smaller ones, as long as the rest still does harm.

    Args:
        whole: Does harm.
        does_harm: Tries a part of it.
        until: Monotonic time at which what has been reached is returned.

    Returns:
        A part of which, if there was time enough, every single element is needed.
    """
    size = max(1, len(whole) // 2)
    while len(whole) > 1:
        start, smaller = 0, False
        while start < len(whole):
            if time.monotonic() >= until:
                return whole
            rest: T = whole[:start] + whole[start + size :]  # type: ignore[operator]
            if rest and does_harm(rest):
                whole, smaller = rest, True
            else:
                start += size
        if size == 1 and not smaller:
            break
        size = max(1, size // 2)
    return whole


def shrink_inputs(
    inputs: Sequence[Input], does_harm: Callable[[Sequence[Input]], bool], *, seconds: float
) -> Sequence[Input]:
    """
    Return as few inputs as small as possible that still do harm.

    Args:
        inputs: Do harm.
        does_harm: Tries some of them, with a fresh client.
        seconds: For all of it.
    """
    until = time.monotonic() + seconds
    kept = minimize(list(inputs), does_harm, until=until)
    for index, one in enumerate(kept):
        if one.payload is None and one.ends:
            continue  # bytes of a broken frame: fewer of them are another fault
        make = partial(_replaced, kept, index)
        whole = one.data if one.payload is None else one.payload
        kept = make(minimize(whole, lambda data, make=make: does_harm(make(data)), until=until))  # type: ignore[misc]
    return kept


def _replaced(inputs: Sequence[Input], index: int, data: bytes) -> list[Input]:
    return [*inputs[:index], _with_bytes(inputs[index], data), *inputs[index + 1 :]]


def _with_bytes(one: Input, data: bytes) -> Input:
    if one.payload is None:
        return attrs.evolve(one, data=data)
    if one.opcode == 1 and ends_by_the_rules(data) and not one.ends:
        return one  # half a character would end the line by the rules
    return attrs.evolve(one, payload=data, data=frame(one.opcode, data))
