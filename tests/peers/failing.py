"""A client's sockets that fail where the test says: after so many bytes sent, or when they are to send at all."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import pytest

__all__ = ["FailingSocket", "failing_sockets"]


class FailingSocket(socket.socket):
    """
    A socket whose sends fail once `fail` was called: the failures are those of all that had connected by then.

    The client under test makes its sockets deep inside, so the class is told and not a socket; what connects later
    works, and so a reconnect does.
    """

    _round = 0
    _left = 0
    _number: int | None = None
    _connected_in: int | None = None

    @classmethod
    def fail(cls, after: int = 0, number: int | None = errno.ECONNRESET) -> None:
        """
        Let ``after`` more bytes leave, then fail.

        Args:
            after: Bytes, over all sockets that are connected now.
            number: Of the error; ``None`` takes no more bytes instead, as a peer does that has stopped reading.
        """
        FailingSocket._left, FailingSocket._number = after, number
        FailingSocket._round += 1

    def connect_ex(self, address: Any) -> int:
        self._connected_in = FailingSocket._round
        return super().connect_ex(address)

    def send(self, data: Any, flags: int = 0) -> int:
        if self._connected_in is None or self._connected_in == FailingSocket._round:
            return super().send(data, flags)
        left, number = FailingSocket._left, FailingSocket._number
        if left:
            count = super().send(memoryview(data)[:left], flags)
            FailingSocket._left = left - count
            return count
        if number is None:
            raise BlockingIOError
        raise OSError(number, os.strerror(number))


@pytest.fixture
def failing_sockets(monkeypatch: pytest.MonkeyPatch) -> type[FailingSocket]:
    """Make every socket a `FailingSocket`; return the class to make them fail."""
    monkeypatch.setattr(socket, "socket", FailingSocket)
    return FailingSocket
