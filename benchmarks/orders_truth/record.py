"""What all threads of a soak put down."""

from __future__ import annotations

import threading

from benchmarks.orders_truth.answers import Answer

__all__ = ["Record"]


class Record:
    """What all threads put down: the answers, and what ended as no order call may end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards both lists
        self._answers: list[Answer] = []
        self._strange: list[str] = []

    def put(self, answer: Answer) -> None:
        """Put down an answer."""
        with self._lock:
            self._answers.append(answer)

    def put_strange(self, text: str) -> None:
        """Put down what must not be."""
        with self._lock:
            self._strange.append(text)

    @property
    def answers(self) -> list[Answer]:
        """All answers so far."""
        with self._lock:
            return list(self._answers)

    @property
    def strange(self) -> list[str]:
        """What must not be."""
        with self._lock:
            return list(self._strange)
