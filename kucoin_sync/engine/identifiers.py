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


_forks = 0
"""How many forks lie between this process and the one that imported this module."""


def _after_fork_in_child() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


class Identifiers:
    """
    Count upwards behind a random prefix: letters and digits only, at most 25 characters.

    Both exchanges take such ids everywhere, so one kind serves for all. A forked child gets a prefix of its own.
    """

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._forks = _forks
        # A letter first: some servers take an id of digits for a number.
        self._nonce = "k" + "".join(secrets.choice(_ALPHABET) for _ in range(NONCE_LENGTH - 1))
        self._counter = itertools.count(1)

    def next(self) -> str:
        """Return an id that was never returned before. Thread-safe: one C call does the counting."""
        if self._forks != _forks:
            self._renew()
        return f"{self._nonce}{next(self._counter)}"
