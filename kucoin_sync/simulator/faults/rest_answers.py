"""What can become of a call over HTTP and of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field, frozen

from ..json_text import compact, merged, read_object
from .acks import Take

__all__ = ["Answer", "RestFaults"]

_HTML = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>SIMULATOR</body></html>"


@frozen
class Answer:
    """What goes out instead of the real answer; ``None`` as text means: the connection ends without one."""

    text: str | None
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(factory=dict)


@define
class _Frozen:
    path: str
    left: int
    answer: Answer | None = None


class RestFaults:
    """
    Refuses, loses, replaces, changes and repeats answers.

    Args:
        take: Uses up a waiting fault.
        spell: Makes an error of the exchange from code and text.
    """

    def __init__(self, take: Take, spell: Callable[[str, str], Mapping[str, Any]]) -> None:
        self._take = take
        self._spell = spell
        self._frozen: list[_Frozen] = []

    @property
    def is_holding(self) -> bool:
        """Whether an answer is to be repeated."""
        return bool(self._frozen)

    def instead_of(self, path: str) -> Answer | None:
        """Return what a call gets without having been performed, or ``None``."""
        if self._take("cut_rest", path=path, executed=False) is not None:
            return Answer(None)
        refusal = self._take("refuse_rest", path=path)
        if refusal is not None:
            text = compact(self._spell(refusal["code"], refusal["msg"]))
            return Answer(text, refusal["status"], headers=_retry_after(refusal["retry_after"]))
        given = self._take("answer_rest", path=path)
        if given is not None:
            text = _HTML if given["text"] is None else given["text"]
            return Answer(text, given["status"], given["content_type"])
        for frozen_ in self._frozen:
            if frozen_.path in path and frozen_.answer is not None:
                frozen_.left -= 1
                if not frozen_.left:
                    self._frozen.remove(frozen_)
                return frozen_.answer
        return None

    def changed(self, path: str, text: str, status: int) -> Answer | None:
        """Return what goes out instead of the answer to a call that was performed, or ``None`` to leave it."""
        if self._take("cut_rest", path=path, executed=True) is not None:
            return Answer(None)
        edit = self._take("edit_rest", path=path)
        answer = None
        if edit is not None:
            text = compact(merged(read_object(text) or {}, edit["patch"]))
            answer = Answer(text, status)
        for frozen_ in self._frozen:
            if frozen_.path in path and frozen_.answer is None:
                frozen_.answer = Answer(text, status)
        return answer

    def freeze(self, path: str, count: int) -> None:
        """Repeat the next answer to a call with ``path`` in its path ``count`` times."""
        self._frozen.append(_Frozen(path, count))

    def states(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what is in force besides armed faults."""
        return [("freeze_rest", {"path": frozen_.path, "left": frozen_.left}) for frozen_ in self._frozen]

    def clear(self) -> None:
        """Repeat nothing more."""
        self._frozen.clear()


def _retry_after(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": f"{seconds:g}"}
