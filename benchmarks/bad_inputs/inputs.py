"""One bad input, and what is told of it when it does harm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

__all__ = ["ACCEPT", "KINDS", "Batch", "Chunk", "Ending", "Finding", "Input", "Kind"]

Kind = Literal["frames", "tokens", "upgrades", "rest"]
KINDS: tuple[Kind, ...] = ("frames", "tokens", "upgrades", "rest")

Ending = Literal["", "client", "fin", "rst"]
"""Who ends the line: nobody; the client, by the rules; or we, after bytes of which only that can be the end."""

ACCEPT = b"@ACCEPT-OF-THE-CLIENT-KEY@"
"""Stands in an upgrade answer for what only the client's own key decides."""


@attrs.frozen
class Input:
    """
    One bad input.

    Attributes:
        mutation: What was done to a sample.
        data: As it goes over the wire: frames, or a whole HTTP answer.
        ends: Who ends the line after it.
        payload: Content of the one frame it is, where it is one; so that it can be made smaller.
        opcode: Of that frame.
        refused: An opening answered with it must fail.
        greets: A right greeting follows an upgrade answer in the same segment.
    """

    mutation: str
    data: bytes = attrs.field(repr=lambda data: repr(data[:200]))
    ends: Ending = ""
    payload: bytes | None = attrs.field(default=None, repr=False)
    opcode: int = 1
    refused: bool = False
    greets: bool = False


Batch = Sequence[Input]
"""Inputs between two good messages."""


@attrs.frozen
class Chunk:
    """
    What one target gets in one go.

    Attributes:
        number: The seed and this number make it again.
        target: A name in `benchmarks.bad_inputs.targets.TARGETS`.
        batches: Bad inputs; a good message follows each batch.
        ender: Comes last and ends the line.
    """

    number: int
    target: str
    batches: Sequence[Batch]
    ender: Input | None = None

    @property
    def inputs(self) -> list[Input]:
        """All of them, in order."""
        return [each for batch in self.batches for each in batch] + ([] if self.ender is None else [self.ender])


class Finding(Exception):
    """
    Bad inputs did harm.

    Attributes:
        category: ``loss``, ``hang``, ``line``, ``exception``, ``accepted``, ``memory`` or ``leak``.
        detail: What was seen.
    """

    def __init__(self, category: str, detail: str) -> None:
        super().__init__(f"{category}: {detail}")
        self.category = category
        self.detail = detail
