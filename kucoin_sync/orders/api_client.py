"""
What clients for plain order calls have in common, whatever the exchange: the client underneath, and what is unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from kucoin_sync.errors import ConfigError, OutcomeUnknown
from kucoin_sync.fates import BatchFate, Fate
from kucoin_sync.options import Options
from kucoin_sync.orders.client import OrderClient
from kucoin_sync.stats import ClientStats

__all__ = ["ApiClient"]

_LIFE_CYCLE = (
    "open",
    "authenticated",
    "reconnect",
    "reconnected",
    "suspended",
    "close",
    "exception",
    "late_reply",
    "resolved",
)

Client = TypeVar("Client", bound=OrderClient)
Self = TypeVar("Self", bound="ApiClient[Any]")


class ApiClient(Generic[Client]):
    """
    Order entry over a client of one exchange.

    Args:
        make: Makes the client: its class.
        options: Its options, or ``None`` for the defaults.
        client: One to share instead. It stays open when this is closed.
        logger: Where life-cycle events are logged; ``None``: nowhere.
        keywords: Options one by one.

    Raises:
        ConfigError: If an option breaks a rule.
    """

    def __init__(
        self,
        make: Callable[..., Client],
        options: Options | None,
        client: Client | None,
        logger: logging.Logger | None,
        keywords: dict[str, Any],
    ) -> None:
        if client is not None and (options is not None or keywords):
            raise ConfigError("client: a shared client has its options already")
        self._owns_client = client is None
        self._client: Client = client if client is not None else make(options, **keywords)
        if logger is not None:
            for event in _LIFE_CYCLE:
                self._client.on(event, lambda value: logger.info("%s", value))

    def get_ws_client(self) -> Client:
        """Return the client underneath: its events, streams and connections."""
        return self._client

    def stats(self) -> ClientStats:
        """Return how the client stands, in numbers; see `WebsocketClient.stats`."""
        return self._client.stats()

    def unresolved(self) -> list[OutcomeUnknown]:
        """Return the orders whose outcome is unknown; see `WebsocketClient.unresolved`."""
        return self._client.unresolved()

    def reconcile(self, error: OutcomeUnknown, timeout: float | None = 30.0) -> Fate | BatchFate:
        """Find out what became of an order; see `WebsocketClient.reconcile`."""
        return self._client.reconcile(error, timeout)

    def reconcile_all(self, timeout: float | None = 30.0) -> list[Fate]:
        """Find out what became of every order that is unknown; see `WebsocketClient.reconcile_all`."""
        return self._client.reconcile_all(timeout)

    def dismiss(self, error: OutcomeUnknown) -> None:
        """Take an order off the list of `unresolved`; see `WebsocketClient.dismiss`."""
        self._client.dismiss(error)

    def close(self, *, timeout: float | None = None, drain: bool = True) -> None:
        """
        Close the client with its lines; a client that was given to share stays as it is.

        Args:
            timeout: Seconds; ``None`` takes ``close_timeout``.
            drain: Whether calls in flight get time to be answered; the rest end as `OutcomeUnknown`.
        """
        if self._owns_client:
            self._client.close(timeout=timeout, drain=drain)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return self._client._repr_html_()

    def __repr__(self) -> str:
        return f"<WebsocketAPIClient on {self._client!r}>"
