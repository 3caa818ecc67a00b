"""
The controls over HTTP: ``POST /_simulator/<name>`` with the arguments as a JSON object.

For programs in any language, and for `RemoteSimulator`. Whoever knows the API key of an account may call.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
import json
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import Future
from typing import Any

from ..json_text import MAX_DEPTH, is_too_deep
from .control import Controlled, changes_something, named_control
from .wire_values import arguments_from_wire, to_wire

__all__ = ["KEY_HEADER", "PREFIX", "WAIT", "Endpoint"]

PREFIX = "/_simulator/"
KEY_HEADER = "X-Simulator-Key"
WAIT = "wait"
"""``{"after": 17, "timeout": 5}``: answers with the number of the last change as soon as that is not 17."""
LONGEST_WAIT = 10.0


class Endpoint:
    """
    Runs controls by name.

    Args:
        target: The simulator.
        keys: API keys that may call.
        wait: Waits until the number of changes is another, or for so many seconds; returns it.
    """

    def __init__(
        self,
        target: Controlled,
        keys: Collection[str],
        wait: Callable[[int, float], Awaitable[int]],
    ) -> None:
        self._target = target
        self._keys = keys
        self._wait = wait

    def may_call(self, key: str) -> bool:
        """Whether this is the API key of an account."""
        given = key.encode("utf-8", "surrogatepass")
        return any(hmac.compare_digest(known.encode(), given) for known in self._keys)

    async def call(self, name: str, body: bytes) -> tuple[Any, bool]:
        """
        Run a control.

        Args:
            name: Name of the method.
            body: JSON object of its arguments; empty for none.

        Returns:
            Its result in the types that JSON has, and whether it may have changed something.

        Raises:
            ValueError: Unknown name or wrong arguments.
            Refused: The exchange says no.
        """
        arguments = self._read(body)
        if name == WAIT:
            return await self._wait_for_change(**arguments), False
        control = named_control(type(self._target), name)
        try:
            # The body itself: this is the simulator's own thread.
            result = inspect.unwrap(control)(self._target, **arguments_from_wire(control, arguments))
            if isinstance(result, Future):
                result = await asyncio.wrap_future(result)
        except KeyError as error:
            raise ValueError(f"{name}: there is no {error}") from error
        return to_wire(result), changes_something(control)

    async def _wait_for_change(self, after: object = None, timeout: object = 0, **others: object) -> int:
        if not isinstance(after, int) or not isinstance(timeout, (int, float)) or others or not timeout >= 0:
            raise ValueError("wait takes after, a number of changes, and timeout, in seconds")
        return await self._wait(after, min(float(timeout), LONGEST_WAIT))

    def _read(self, body: bytes) -> dict[str, Any]:
        text = body.decode()
        if is_too_deep(text):
            raise ValueError(f"the body is nested deeper than {MAX_DEPTH}")
        arguments = json.loads(text or "{}")
        if not isinstance(arguments, dict):
            raise ValueError("a JSON object is required")
        return arguments
