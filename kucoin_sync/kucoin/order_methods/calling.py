"""
What the order methods have in common: they name an operation and hand its arguments on.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from enum import Enum
from typing import Any, Generic, TypeVar

__all__ = ["Ack", "Batch", "Calling", "Pulse"]

Ack = TypeVar("Ack")
"""What a method on one order returns: the ack, or a future of it."""
Batch = TypeVar("Batch")
"""What a method on several orders returns."""
Pulse = TypeVar("Pulse")
"""What a ping returns."""


class Calling(abc.ABC, Generic[Ack, Batch, Pulse]):
    """Makes requests, in a way of its own: and waits for the outcome, or returns a future of it."""

    @abc.abstractmethod
    def _run(
        self,
        op: str,
        params: Any,
        arguments: Mapping[str, Any],
        ws_key: str | Enum | None,
        timeout: float | None,
        extra: Mapping[str, Any] | None,
        *,
        test: bool = False,
    ) -> Any:
        """
        Make a request.

        Args:
            op: Operation.
            params: Arguments as in the exchange's documents, or ``None``.
            arguments: Arguments in snake_case.
            ws_key: Which order line; ``None`` takes the operation's own.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
            extra: Fields the library does not know.
            test: Have the order checked instead of placed, over REST.
        """
