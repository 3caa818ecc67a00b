"""Data of an answer in which one thing is not what it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kucoin_sync import ConfigError, KucoinSyncError

__all__ = ["check_end", "spoilt"]

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "-1",
    "1.5",
    "1e999999",
    "9" * 5000,
    "\ud83d",
    "\u202e\x00\n",
    [],
    [[]],
    {},
    {"a": {}},
)


def spoilt(data: Any) -> Iterator[Any]:
    """Yield ``data`` with each of its parts replaced by each odd value, left out and doubled, one at a time."""
    yield from ODD
    if isinstance(data, dict):
        for name, value in data.items():
            rest = {other: each for other, each in data.items() if other != name}
            yield rest
            for odd in spoilt(value):
                yield {**rest, name: odd}
    elif isinstance(data, list):
        for index, value in enumerate(data):
            before, after = data[:index], data[index + 1 :]
            yield [*before, *after]
            yield [*before, value, value, *after]
            for odd in spoilt(value):
                yield [*before, odd, *after]


def check_end(call: Callable[[], object]) -> None:
    """Make a call, which may end as it likes as long as it is documented, and not as if its arguments were bad."""
    try:
        call()
    except ConfigError:
        raise
    except KucoinSyncError as error:
        assert str(error).isascii()
        assert "internal error" not in str(error)
