"""What random walks through the engines share: the world they happen in, and what they say when something is wrong."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable
from decimal import Context, Decimal, DefaultContext, localcontext
from typing import Any

from kucoin_sync.simulator.matching.events import BookChanged, Event
from kucoin_sync.simulator.matching.orders import Refused
from tests.simulator.plain_book import Chapter, PlainBook

__all__ = [
    "INCREMENTS",
    "SECOND",
    "BookMirror",
    "ConservationError",
    "Disagreement",
    "World",
    "compare_queues",
    "compare_sums",
    "told",
]

ZERO = Decimal(0)
INCREMENTS = "increments after which the book was compared"

#: Models compute with so many digits that their products are exact.
WIDE = Context(prec=80)

NOW_NS = 1_760_000_000_000_000_000
SECOND = 1_000_000_000

#: How many of the last steps a failing walk shows.
REMEMBERED = 8


class Disagreement(AssertionError):
    """An engine and its model tell different stories."""


class ConservationError(AssertionError):
    """Money was made or lost, a balance is below zero, or a hold is not what the orders need."""


class World(ABC):
    """
    One small exchange of random make and the random commands it is given; one command is one step.

    Args:
        seed: The same one always gives the same world and the same steps.
        tally: Counts steps by kind and by how they ended, and what they led to.
    """

    def __init__(self, seed: str, tally: Counter[str]) -> None:
        self.random = random.Random(seed)
        self.tally = tally
        self.now_ns = NOW_NS + self.random.randrange(10**6) * SECOND
        self.events: list[Event] = []
        self.history: deque[str] = deque(maxlen=REMEMBERED)
        #: Commands that are to come next, as of a batch.
        self.planned: deque[Callable[[], None]] = deque()
        self.steps = 0

    @abstractmethod
    def choose(self) -> Callable[[], None]:
        """Return the next command, to be called once."""

    @abstractmethod
    def check_all(self) -> None:
        """Compare everything there is, changed or not."""

    def step(self) -> None:
        """Give the engine one command, compare what it did with the model, and look for lost money."""
        self.steps += 1
        with localcontext(WIDE):
            action = self.planned.popleft() if self.planned else self.choose()
            action()

    def chance(self, probability: float) -> bool:
        """Be true that often."""
        return self.random.random() < probability

    def attempt(self, kind: str, expected: str | None, command: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """
        Give a command; what is said of it must be what the model expects.

        Args:
            kind: For the tally.
            expected: Situation of the refusal, ``None`` if there is to be none, ``"any"`` if the model cannot tell.
            command, args, options: What is called.

        Returns:
            What it returned; `Refused` if it was refused.
        """
        name = getattr(command, "__qualname__", str(command))
        self.history.append(f"{self.now_ns} {kind}: {name}{args} {options or ''}, expected: {expected or 'taken'}")
        try:
            # As a user calls it, whose decimals have 28 digits.
            with localcontext(DefaultContext):
                result = command(*args, **options)
        except Refused as refusal:
            self.tally[f"{kind}, refused"] += 1
            if expected not in ("any", refusal.situation):
                raise Disagreement(
                    f"refused ({refusal.situation}: {refusal}), expected {expected or 'taken'}"
                ) from None
            return refusal
        if expected not in ("any", None):
            raise Disagreement(f"taken, but expected to be refused: {expected}")
        self.tally[f"{kind}, taken"] += 1
        return result


class BookMirror:
    """
    The visible book of one symbol as its increments tell it; compared with the engine's at every sequence number.

    Args:
        book: The engine's.
    """

    def __init__(self, book: Any) -> None:
        self._book = book
        self.sequence = book.sequence
        self.levels: dict[str, dict[Decimal, Decimal]] = {"buy": {}, "sell": {}}

    def take(self, event: BookChanged) -> None:
        """Take an increment in while it is reported."""
        self.sequence += 1
        if event.sequence != self.sequence or self._book.sequence != self.sequence:
            raise Disagreement(f"increment {event}, but {self.sequence} comes next")
        levels = self.levels[event.side]
        if event.size:
            levels[event.price] = event.size
        elif levels.pop(event.price, None) is None:
            raise Disagreement(f"{event} takes away a level that was not there")
        self.compare(event.side)

    def compare(self, *sides: str) -> None:
        """Compare sides with the engine's book as it is now."""
        for side in sides:
            best_first = sorted(self.levels[side].items(), reverse=side == "buy")
            if best_first != list(self._book.side(side).levels()):
                raise Disagreement(f"the book from increments up to {self.sequence} is not that of the engine")


def told(story: deque[Chapter], chapter: Chapter) -> None:
    """Compare what an engine tells next with the next chapter of a model's story."""
    expected = story.popleft() if story else None
    if expected != chapter:
        raise Disagreement(f"the engine tells {chapter}, the model {expected}")


def compare_queues(plain: PlainBook, book: Any) -> None:
    """Compare all orders of a symbol, price by price and turn by turn, and what is visible of them."""
    for side in ("buy", "sell"):
        mine = [(o.order_id, o.request.price, o.remaining, o.slice) for o in book.side(side).orders()]
        queue = plain.queue(side)
        expected = [(o.name, o.price, o.left(), o.slice) for o in queue]
        if mine != expected:
            raise Disagreement(f"the {side} queue is {mine}, that of the model {expected}")
        if list(book.side(side).levels()) != plain.levels(side):
            raise Disagreement(f"the visible {side} side is not that of the model")
    bid, ask = book.bids.best(), book.asks.best()
    if not plain.gathering and bid is not None and ask is not None and bid.request.price >= ask.request.price:
        raise Disagreement(f"the book is crossed: {bid.request.price} and {ask.request.price}")


def compare_sums(what: str, sums: dict[Any, Decimal], expected: dict[Any, Decimal]) -> None:
    """Compare sums of money by key; what is not there is zero."""
    for key in {**sums, **expected}:
        if sums.get(key, ZERO) != expected.get(key, ZERO):
            raise ConservationError(f"{what} of {key}: {sums.get(key, ZERO)}, expected {expected.get(key, ZERO)}")
