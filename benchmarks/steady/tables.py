"""
Everything that a client keeps, in numbers: the length of each container that hangs on it, found by walking.

Nobody has to list the tables, so one that is new is counted as well.
"""

from __future__ import annotations

import collections
import gc
import weakref
from collections.abc import Iterator
from functools import partial
from types import MethodType
from typing import Any

__all__ = ["kept_objects", "table_sizes"]

PACKAGE = "kucoin_sync."
_PLAIN = (list, tuple, set, frozenset, collections.deque, weakref.WeakSet)


def table_sizes(root: object) -> dict[str, int]:
    """
    Return the lengths of all containers reachable from an object of the library, through its own classes.

    Returns:
        ``{"RequestRegistry._pending": 0, "ListenerHub._listeners": 13, "ListenerHub._listeners[]": 5}``: by class and
        attribute, the sum over all its objects; with ``[]``, of containers within containers.
    """
    sizes: collections.Counter[str] = collections.Counter()
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, MethodType):
            waiting.append(found.__self__)
        elif isinstance(found, partial):
            waiting += [found.func, *found.args, *found.keywords.values()]
        elif _is_ours(type(found)):
            for name, value in _attributes(found):
                waiting += _measure(f"{type(found).__qualname__}.{name}", value, sizes, seen)
    return dict(sizes)


def _measure(name: str, value: object, sizes: collections.Counter[str], seen: set[int]) -> list[object]:
    """Count a value if it is a container; return what is to be looked at next."""
    if not isinstance(value, (dict, *_PLAIN)):
        return [value]
    if id(value) in seen:
        return []
    seen.add(id(value))
    # Copied at once: other threads work with it.
    members = [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)
    sizes[name] += len(value)
    return [inner for member in members for inner in _measure(f"{name}[]", member, sizes, seen)]


def _attributes(found: object) -> Iterator[tuple[str, Any]]:
    yield from list(getattr(found, "__dict__", {}).items())
    for kind in type(found).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(found, name):
                yield name, getattr(found, name)


def kept_objects() -> dict[str, int]:
    """Return how many objects of the library there are in this process, by class, reachable or not."""
    kinds = collections.Counter(type(found) for found in gc.get_objects())
    return {f"{kind.__qualname__} objects": n for kind, n in kinds.items() if _is_ours(kind)}


def _is_ours(kind: type) -> bool:
    module = kind.__module__
    return isinstance(module, str) and module.startswith(PACKAGE)  # some classes of others have none
