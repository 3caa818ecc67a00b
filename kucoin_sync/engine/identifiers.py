"""
Ids for requests, connections and orders: unique in this process and, by a random start, across processes.
"""

from __future__ import annotations

import itertools
import os
import secrets

__all__ = ["Identifiers"]

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
NONCE_LENGTH = 12


class Identifiers:
    """
    Count upwards behind a random prefix: letters and digits only, at most 25 characters.

    Both exchanges take such ids everywhere, so one kind serves for all. A forked child gets a prefix of its own.
    """

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._pid = os.getpid()
        # A letter first: some servers take an id of digits for a number.
        self._nonce = "k" + "".join(secrets.choice(_ALPHABET) for _ in range(NONCE_LENGTH - 1))
        self._counter = itertools.count(1)

    def next(self) -> str:
        """Return an id that was never returned before. Thread-safe: one C call does the counting."""
        if os.getpid() != self._pid:
            self._renew()
        return f"{self._nonce}{next(self._counter)}"
