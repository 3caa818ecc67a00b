"""
What the order methods have in common: they name an operation and hand its arguments on.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

__all__ = ["Ack", "Batch", "Calling"]

Ack = TypeVar("Ack")
"""What a method on one order returns: the ack, or a future of it."""
Batch = TypeVar("Batch")
"""What a method on several orders returns."""


class Calling(abc.ABC, Generic[Ack, Batch]):
    """Makes requests, in a way of its own: and waits for the outcome, or returns a future of it."""

    @abc.abstractmethod
    def _run(
        self,
        op: str,
        params: Any,
        arguments: Mapping[str, Any],
        account: str | int | None,
        timeout: float | None,
        extra: Mapping[str, Any] | None,
        exp_time: int | None = None,
    ) -> Any:
        """
        Make a request.

        Args:
            op: Operation.
            params: Arguments as in the exchange's documents, or ``None``.
            arguments: Arguments in snake_case.
            account: Which account; ``None``: the first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know.
            exp_time: From when the exchange is not to process it, in its own time, milliseconds since 1970; ``None``:
                when the call ends, where the operation can expire.
        """
