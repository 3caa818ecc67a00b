"""
REST calls as values: what a handler gets, what it returns, and the table that ties it to a path.

Nothing here knows the HTTP library; `kucoin_server` mounts the tables of the `rest_*` modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from ..matching.orders import Refused

__all__ = ["RestCall", "Route"]


@frozen
class RestCall:
    """
    One call that passed the guard, and the signature check where its route asks for one.

    Attributes:
        account: API key of the caller; ``""`` on a public route.
        path: Named parts of the path.
        query: Decoded query.
        body: Decoded JSON object, or an empty mapping.
        items: Decoded JSON array, where the body is one; ``None`` for every other body.
    """

    account: str
    path: Mapping[str, str] = field(factory=dict)
    query: Mapping[str, str] = field(factory=dict)
    body: Mapping[str, Any] = field(factory=dict)
    items: list[Any] | None = None

    def need(self, name: str) -> str:
        """Return a query parameter. Raises Refused (400100, text assumed) where it is missing."""
        value = self.query.get(name)
        if not value:
            raise Refused("400100", f"{name} is required.")
        return value

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 10**15) -> int:
        """Return a whole number of the query. Raises Refused (400100, text assumed) for anything else."""
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 16 or not least <= int(text) <= most:
            raise Refused("400100", f"{name} is invalid.")
        return int(text)


@frozen
class Route:
    """
    One REST call of the exchange.

    Attributes:
        method: ``GET``, ``POST`` or ``DELETE``.
        path: With ``{names}``, from ``/api/`` on.
        handler: Returns what ``data`` of the answer holds; raises `Refused`.
        signed: Whether the KC-API headers are checked and the account is known.
        pool: Request pool the weight is taken from: ``spot``, ``futures``, ``management``, ``public`` or ``unified``.
        weight: What one call costs.
        says_success: Whether the answer carries ``"success": true`` as well.
    """

    method: str
    path: str
    handler: Callable[[RestCall], Any]
    signed: bool = True
    pool: str = "spot"
    weight: int = 2
    says_success: bool = False
