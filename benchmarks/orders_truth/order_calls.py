"""What the soak asks of every exchange: how calls are drawn and made, and what its wire's odd messages look like."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import attrs

from benchmarks.orders_truth.answers import Action
from kucoin_sync.orders.api_client import ApiClient
from kucoin_sync.simulator.controls.remote import RemoteSimulator

__all__ = ["Api", "Dialect", "OpenOrder", "OpenOrders", "Request", "WireForms"]

Api = ApiClient[Any]
"""A client for order calls, of whatever exchange."""


@attrs.frozen
class WireForms:
    """
    What a fault of the schedule puts on the wire.

    Attributes:
        definite: Codes and texts that refuse an order for certain.
        uncertain: Those after which nobody knows.
        bad_replies: Members of a reply in a wrong form.
        second_replies: How a reply differs that is sent once more.
        bad_frames: Messages that make no sense, and whether each is raw bytes instead of a message.
        rest_problems: Codes, and the HTTP status they come with.
        batch_op: Operation whose replies lose orders, or have them in another order.
    """

    definite: Sequence[tuple[str, str]]
    uncertain: Sequence[tuple[str, str]]
    bad_replies: Sequence[Mapping[str, Any]]
    second_replies: Sequence[Mapping[str, Any]]
    bad_frames: Sequence[tuple[str | bytes, bool]]
    rest_problems: Sequence[tuple[str, int]]
    batch_op: str


@attrs.frozen
class OpenOrder:
    """An order that the exchange took, and that may still be open."""

    product: str
    order_id: str
    client_oid: str | None


class OpenOrders:
    """
    The orders that callers may change or cancel, each of them by one call at a time.

    Args:
        made_up: An id of each product that no order has.
    """

    def __init__(self, made_up: Mapping[str, str]) -> None:
        self._made_up = made_up
        self._lock = threading.Lock()  # guards the lists
        self._orders: dict[str, list[OpenOrder]] = {product: [] for product in made_up}

    def add(self, order: OpenOrder) -> None:
        """Offer an order to whoever wants one."""
        with self._lock:
            self._orders[order.product].append(order)

    def take(self, product: str, rng: random.Random) -> OpenOrder:
        """Take one out, any one; if there is none, or once in a while, one that does not exist."""
        with self._lock:
            orders = self._orders[product]
            if not orders or rng.random() < 0.03:
                return OpenOrder(product, self._made_up[product], None)
            return orders.pop(rng.randrange(len(orders)))

    def count(self, product: str) -> int:
        """Return how many there are."""
        with self._lock:
            return len(self._orders[product])


@attrs.frozen
class Request:
    """
    One order call to make.

    Attributes:
        method: Of the client for calls.
        params: As the exchange spells them; a list for a batch of new orders.
        product: Of its orders.
        targets: One an order: the order that is to be changed or cancelled, ``None`` for a new one.
    """

    op: str
    action: Action
    method: str
    params: Any
    product: str
    targets: tuple[OpenOrder | None, ...] = (None,)

    @property
    def target_ids(self) -> list[str | None]:
        """The ids of those orders, for the judge."""
        return [None if target is None else target.order_id for target in self.targets]


class Dialect(Protocol):
    """
    One exchange.

    Attributes:
        name: As on the command line.
        systems: Kinds of connections that faults strike, in turn.
        lookup_path: A part of the path of every look-up of an order.
        never_resolved: Operations of which no look-up is documented: what is unknown of them stays so.
        made_up: An id of each product that no order has.
        forms: What faults put on the wire.
    """

    name: str
    systems: Sequence[str]
    lookup_path: str
    never_resolved: Sequence[str]
    made_up: Mapping[str, str]
    forms: WireForms

    def open(self, controls: RemoteSimulator, proxy_port: int, options: dict[str, Any]) -> Api:
        """Return a client whose order entry goes through the proxy, with its lines open."""

    def prepare(self, controls: RemoteSimulator) -> None:
        """Bring prices near to those of the orders."""

    def call(self, api: Any, request: Request, timeout: float) -> Any:
        """Make a call by its method."""

    def call_nowait(self, api: Any, request: Request, timeout: float) -> Future[Any]:
        """Make a call by its method under ``nowait``."""

    def call_by_name(self, api: Any, request: Request, timeout: float) -> Any:
        """Make a call by the name of its operation."""

    def draw(self, rng: random.Random, orders: OpenOrders, client_oid: Callable[[], str]) -> Request:
        """
        Draw a call.

        Args:
            rng: Decides.
            orders: Those that may be changed or cancelled; more are cancelled when there are many.
            client_oid: Makes one of the caller's own, for every fourth order.
        """
