"""
What makes a method a control: its body runs on the simulator's own thread, wherever it was called.

A control is written once, against the venue. In `Simulator` its body is handed to the loop; in `RemoteSimulator`
name and arguments travel to the control endpoint of the other process, where the same body runs.
"""

from __future__ import annotations

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from ..drive import Drive
    from ..venue import Venue

__all__ = ["Controlled", "changes_something", "control", "controls_of", "lasting_control", "named_control", "query"]

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Controlled")


class Controlled(ABC):
    """Something with controls."""

    #: Only where the bodies run.
    _venue: Venue
    _drive: Drive

    @property
    @abstractmethod
    def api_key(self) -> str:
        """API key of the first account."""

    @abstractmethod
    def _run_control(self, method: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
        """Run the body of a control where the venue lives, and return or raise what it does."""

    @abstractmethod
    def _run_lasting(self, method: Callable[..., Future[T]], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
        """Run the body of a lasting control where the venue lives, and wait for what it began."""


def control(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a method one that acts on the simulator."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run_control(method, args, kwargs)

    call.changes_something = True  # type: ignore[attr-defined]
    return call


def query(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a method one that only asks."""
    call = control(method)
    call.changes_something = False  # type: ignore[attr-defined]
    return call


def lasting_control(method: Callable[Concatenate[S, P], Future[T]]) -> Callable[Concatenate[S, P], T]:
    """Make a method one that begins something on the simulator and waits for its end."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run_lasting(method, args, kwargs)

    # What is told of it is what the caller gets, and not the future in the body.
    told = inspect.signature(method)
    waited_for = str(told.return_annotation).removeprefix("Future[").removesuffix("]")
    call.__signature__ = told.replace(return_annotation=waited_for)  # type: ignore[attr-defined]
    call.changes_something = True  # type: ignore[attr-defined]
    return call


def controls_of(kind: type) -> dict[str, Callable[..., Any]]:
    """Return all controls and queries of a class by name, as they were written."""
    found = {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}
    return {name: member for name, member in found.items() if hasattr(member, "changes_something")}


def named_control(kind: type, name: str) -> Callable[..., Any]:
    """
    Return one control or query of a class.

    Raises:
        ValueError: There is none of that name.
    """
    found = controls_of(kind)
    if name not in found:
        raise ValueError(f"unknown control {name!r}; known: {', '.join(found)}")
    return found[name]


def changes_something(method: Callable[..., Any]) -> bool:
    """Whether a control acts, or only asks."""
    return bool(getattr(method, "changes_something"))  # noqa: B009 - mypy knows no attributes of functions
