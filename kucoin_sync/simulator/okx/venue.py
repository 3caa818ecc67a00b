"""
What the connections of a simulated OKX share besides the engines: instruments, forms, limits, and its ways to spell.

Everything runs on the simulator's loop.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, ClassVar

from ..json_text import compact
from ..limits import Pool
from ..matching.orders import OrderState
from ..peer import TEXT, Peer
from ..venue import Venue
from .accounts import Accounts
from .fills import FillBook
from .forms import OkxForms
from .instruments import DEFAULT_SWAPS, Instruments
from .limits import OkxLimits
from .operations import OkxOperations
from .paths import BUSINESS, PRIVATE, PUBLIC
from .spreads import Spreads
from .terms import TermsBook

__all__ = ["OkxVenue", "connection_id", "user_id"]

IDLE_TEXT = "No data received in 30s."


class OkxVenue(Venue):
    """
    The state behind all connections of a simulated OKX; see `Simulator` for the arguments.

    Attributes:
        instruments: All that can be traded but spreads.
        spreads: The market of spreads.
        accounts: What accounts have.
        operations: Runs what is ordered.
        terms: What orders were placed with.
        fills: Last fill of every order.
        args: Single topic to the ``arg`` of its pushes, see `channels`.
    """

    name = "OKX"
    systems = (PUBLIC, PRIVATE, BUSINESS)
    order_systems = (PRIVATE, BUSINESS)
    placing = frozenset({"order", "batch-orders", "sprd-order"})
    idle_limit = 30.0
    futures_purse: ClassVar[Mapping[str, str]] = {"USDT": "100000", "BTC": "10"}
    order_timeout = ("50004", "API endpoint request timeout (does not mean that the request was successful or failed)")
    internal_error = ("50001", "Service temporarily unavailable. Please try again later")
    no_such_topic = (60018, "Wrong URL or channel doesn't exist. Please use the correct URL, channel and parameters")

    def __init__(self, *, limits: OkxLimits, forms: OkxForms, **options: Any) -> None:
        if options.get("contracts") is None:
            options["contracts"] = DEFAULT_SWAPS
        self.limits = limits
        self.forms = forms
        self.terms = TermsBook()
        self.fills = FillBook()
        self.args: dict[str, dict[str, Any]] = {}
        # Ids are decimal, as on the exchange; 90 and 91 in front tell simulated ones, of both engines.
        super().__init__(
            caps=limits, spot_ids="90{:017d}".format, futures_ids="91{:017d}".format, takes_fok=True, **options
        )
        self.instruments = Instruments(self.exchange.symbols.values(), self.futures.contracts.values())
        self.spreads = Spreads(self)
        self.accounts = Accounts(self)
        self.operations = OkxOperations(self)
        self._pools: dict[tuple[str, ...], Pool] = {}
        self._openings: deque[float] = deque()
        #: Begins the count of a book anew; the feed of the books hangs on it.
        self.on_reset_books: Callable[[str], int] = lambda symbol: 0
        # Frames that each connection was sent when it was last looked at, and when that number last changed.
        self._sent: dict[str, tuple[int, float]] = {}

    # Connections.

    def may_open(self) -> bool:
        """Count one more connection; return whether it may be opened."""
        most, now, openings = self.limits.connections_per_second, asyncio.get_running_loop().time(), self._openings
        if most is None:
            return True
        while openings and now - openings[0] >= 1:
            openings.popleft()
        if len(openings) >= most:
            return False
        openings.append(now)
        return True

    def is_silent(self, peer: Peer, now: float) -> bool:
        """Whether no frame passed in either direction for too long (measured on a sibling of the exchange)."""
        frames, since = self._sent.get(peer.id, (-1, now))
        if frames != peer.frames_sent:
            since = now
            self._sent[peer.id] = (peer.frames_sent, now)
        return now - max(peer.last_received, since) >= self.idle_timeout

    def end_silent(self, peer: Peer) -> None:
        """Close a connection on which nothing passes."""
        peer.close(4004, IDLE_TEXT)

    def forget_peer(self, peer: Peer) -> None:
        """Remove a connection that ended."""
        self._sent.pop(peer.id, None)
        super().forget_peer(peer)

    # Limits.

    def pool(self, *names: str, limit: int | None) -> Pool:
        """Return the request pool of these names, such as an account, an instrument and an operation."""
        pool = self._pools.get(names)
        if pool is None:
            pool = self._pools[names] = Pool(limit, self.limits.order_window)
            if len(self._pools) > 10_000:
                del self._pools[next(iter(self._pools))]
        return pool

    # Messages.

    def unsubscribe(self, peer: Peer, topics: Iterable[str]) -> None:
        """Remove single topics from a connection."""
        left = list(topics)
        super().unsubscribe(peer, left)
        for topic in left:
            if not self.has_readers(topic):
                self.args.pop(topic, None)

    def push(
        self,
        topic: str,
        data: list[Any],
        *,
        account: str | None = None,
        but: Container[Peer] = (),
        **members: Any,
    ) -> int:
        """
        Send one message to everybody on ``topic``, or to those of one account.

        Args:
            topic: Single topic.
            data: Its items.
            account: Only to connections of this account; ``uid`` is added to ``arg``.
            but: Connections to leave out.
            members: What stands beside ``arg`` and ``data``, such as ``action``; ``None`` is left out.

        Returns:
            How many connections took it.
        """
        if not self.has_readers(topic):
            return 0
        payload = self.spell(topic, data, account=account, **members).encode()
        return self.publish_frame(topic, TEXT, payload, account=account, but=but)

    def spell(self, topic: str, data: list[Any], *, account: str | None = None, **members: Any) -> str:
        """Return the frame of a message, ``{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{...}]}``."""
        arg: dict[str, Any] = dict(self.args[topic])
        if account is not None:
            arg["uid"] = user_id(account)
        given = {name: value for name, value in members.items() if value is not None}
        return compact({"arg": arg, **given, "data": data})

    def send_message(self, topic: str, subject: str | None, data: object) -> int:
        """Send one message; the subject is the ``action`` of order books."""
        items = data if isinstance(data, list) else [data]
        return self.push(topic, items, action=subject)

    def announce_end(self, peer: Peer) -> None:
        """Send the notice before a service upgrade."""
        text = "The connection will soon be closed for a service upgrade. Please reconnect."
        peer.send_text(compact({"event": "notice", "code": "64008", "msg": text, "connId": connection_id(peer)}))

    def reset_books(self, symbol: str) -> int:
        """Begin the count of a book's changes anew; return how many connections read its increments."""
        if symbol not in self.instruments.by_id and symbol not in self.spreads.by_id:
            raise ValueError(f"there is no instrument {symbol!r}")
        return self.on_reset_books(symbol)

    def counter_spread_order(self, spread: str, side: str, size: str, price: str | None) -> OrderState:
        """Place an order of another trader in the market of spreads."""
        if spread not in self.spreads.by_id:
            raise ValueError(f"there is no spread {spread!r}")
        return self.spreads.place_for_house(spread, side, size, price)

    def spread_open_orders(self, account: str) -> list[OrderState]:
        """Return the live orders of an account on spreads, oldest first."""
        return self.spreads.open_orders(account)

    # Spellings.

    def rest_error(self, code: str, message: str) -> Mapping[str, Any]:
        """Return ``{"code":"51603","data":[],"msg":"Order does not exist"}``."""
        return {"code": code, "data": [], "msg": message}

    def send_order_error(self, peer: Peer, code: str, message: str) -> None:
        """Send an error that names no request."""
        peer.send_text(compact({"event": "error", "code": code, "msg": message, "connId": connection_id(peer)}))

    def client_oid_of(self, order_id: str) -> str | None:
        """Return the client order id behind an order id of any product."""
        return super().client_oid_of(order_id) or self.spreads.client_oid_of(order_id)


def user_id(account: str) -> str:
    """Return the ``uid`` of an account: eighteen digits, always the same."""
    return str(10**17 + int(hashlib.sha256(account.encode()).hexdigest()[:14], 16) % (9 * 10**17))


def connection_id(peer: Peer) -> str:
    """Return the ``connId`` of a connection: eight hexadecimal digits."""
    return hashlib.sha256(peer.id.encode()).hexdigest()[:8]
