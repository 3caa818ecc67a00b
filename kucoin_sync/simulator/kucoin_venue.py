"""
What the connections of a simulated KuCoin share besides the engines: limits, tokens, operations, and its ways to spell.

Everything runs on the simulator's loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from .admission import Admission
from .json_text import compact
from .kucoin_signatures import ReplayGuard
from .limits import Limits, Pool
from .order_entry.futures_operations import futures_operations
from .order_entry.margin_operations import margin_operations
from .order_entry.operations import Operations
from .order_entry.spot_operations import spot_operations
from .order_entry.unified_orders import UnifiedOrders
from .order_entry.uta_operations import uta_operations
from .peer import TEXT, Peer
from .pro.frames import ProForms, encode_push
from .pro.market import ProMarket
from .tokens import Tokens
from .venue import Venue

__all__ = ["KucoinVenue", "user_id"]


class KucoinVenue(Venue):
    """The state behind all connections of a simulated KuCoin; see `Simulator` for the arguments."""

    name = "KuCoin"
    #: The order-entry hosts are one kind.
    systems = ("v1", "pro_v2", "ws_api")
    order_systems = ("ws_api",)
    placing = frozenset(
        {"spot.order", "spot.sync_order", "margin.order", "futures.order", "futures.multi_order", "uta.order"}
    )
    idle_limit = 60.0
    futures_purse: ClassVar[Mapping[str, str]] = {"USDT": "100000", "XBT": "10"}
    order_timeout = ("408000", "Network timeout")
    internal_error = ("500000", "Internal Server Error.")
    no_such_topic = (404, "topic does not exist")

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        challenge_timeout: float = 30.0,
        pro_forms: ProForms | None = None,
        token_refusals: str = "status",
        refuse_replays: bool = False,
        **options: Any,
    ) -> None:
        self.limits = Limits() if limits is None else limits
        self.challenge_timeout = challenge_timeout
        self.pro_forms = ProForms() if pro_forms is None else pro_forms
        #: How a wrong connect token is told, see `Simulator`.
        self.token_refusals = token_refusals
        #: Refuses a signed handshake that came before, where that is wanted.
        self.replays = ReplayGuard() if refuse_replays else None
        super().__init__(caps=self.limits, **options)
        #: Handlers of the order entry by operation.
        unified = uta_operations(UnifiedOrders(self.exchange, self.futures), self.now_ns)
        self.operations: Operations = {
            **spot_operations(self.exchange),
            **margin_operations(self.exchange),
            **futures_operations(self.futures),
            **unified,
        }
        self.tokens = Tokens(self.line_ns)
        self._pools: dict[tuple[str, str], Pool] = {}
        self._admission = Admission(at_once=self.limits.connections, per_minute=self.limits.connections_per_minute)
        spot = ProMarket("SPOT", self.exchange.symbols, self.exchange.book, self.exchange.ticker, self.spot_market)
        futures = ProMarket(
            "FUTURES",
            self.futures.contracts,
            self.futures.book,
            self.futures.ticker,
            self.futures_market,
            funding_limits=self._funding_limits,
            rpi_levels=self.futures.rpi_levels,
        )
        #: What the public Pro feeds read, by trade type.
        self.pro_markets = {"SPOT": spot, "FUTURES": futures}

    # Connections and pools.

    def refusal_of(self, peer: Peer) -> str | None:
        """Return why a new connection of the classic streams must not stay, or ``None``."""
        others = sum(other.account == peer.account for other in self.peers(peer.system)) - 1
        return self._admission.refusal(peer.account or "", others=others, now=asyncio.get_running_loop().time())

    def pool(self, account: str, name: str = "spot") -> Pool:
        """Return a request pool of an account: ``spot``, ``futures``, ``management``, ``unified`` or ``public``."""
        pool = self._pools.get((account, name))
        if pool is None:
            size = self.limits.order_pool if name == "spot" else self.limits.other_pools
            pool = self._pools[account, name] = Pool(size, self.limits.order_window)
        return pool

    def publish(
        self,
        topic: str,
        subject: str,
        data: object,
        *,
        account: str | None = None,
        owners: Collection[str] = (),
        envelope: Mapping[str, object] | None = None,
    ) -> int:
        """
        Send one message of the classic streams to everybody on ``topic``.

        Args:
            topic: Single topic.
            subject: As on the wire.
            data: Payload.
            account: Only to connections of this account, as a private push with ``userId`` and ``channelType``.
            owners: Accounts it concerns: connections that want their own messages only get it if theirs is among them.
            envelope: More keys beside ``data``, such as ``sn`` or ``id``.

        Returns:
            How many connections took it.
        """
        if topic not in self._topics:
            return 0
        frame = {"topic": topic, "type": "message", "subject": subject, **(envelope or {})}
        if account is not None:
            frame.update(userId=user_id(account), channelType="private")
        return self.publish_frame(
            topic, TEXT, compact({**frame, "data": data}).encode(), account=account, owners=owners
        )

    def publish_pro(self, topic: str, data: object, *, kind: str | None = None, account: str | None = None) -> int:
        """
        Send one message of the Pro streams to everybody on ``topic``, or to those of one account.

        Args:
            topic: As the simulator keeps it, see `pro.channels`.
            data: Payload.
            kind: ``snapshot`` or ``delta`` where the channel says so.
            account: Only to connections of this account.

        Returns:
            How many connections took it.
        """
        if topic not in self._topics:
            return 0
        payload = self.pro_forms.encode(encode_push(topic, data, now_ns=self.now_ns(), kind=kind))
        return self.publish_frame(topic, self.pro_forms.opcode, payload, account=account)

    def send_pro(self, peer: Peer, topic: str, data: object, *, kind: str | None = None) -> bool:
        """Send one message of the Pro streams to one connection."""
        return peer.send_frame(
            peer.opcode, self.pro_forms.encode(encode_push(topic, data, now_ns=self.now_ns(), kind=kind))
        )

    def send_message(self, topic: str, subject: str | None, data: object) -> int:
        """Send one message; topics of the classic streams begin with a slash."""
        if not topic.startswith("/"):
            return self.publish_pro(topic, data, kind=subject)
        return self.publish(topic, subject or "", data)

    # Errors whose form belongs to a whole system.

    def send_v1_error(self, peer: Peer, request_id: str, code: int, text: str) -> None:
        """Send ``{"id":"p28","type":"error","code":404,"data":"topic does not exist"}``."""
        peer.send_text(compact({"id": request_id, "type": "error", "code": code, "data": text}))

    def send_ws_api_error(self, peer: Peer, code: str, message: str) -> None:
        """Send ``{"code":"400003","msg":"KC-API-KEY not exists.","inTime":...,"outTime":...}``."""
        now = self.line_ms()
        peer.send_text(compact({"code": code, "msg": message, "inTime": now, "outTime": now}))

    def rest_error(self, code: str, message: str) -> Mapping[str, Any]:
        """Return ``{"code":"400100","msg":"Parameter error."}``."""
        return {"code": code, "msg": message}

    def send_order_error(self, peer: Peer, code: str, message: str) -> None:
        """Send an error frame of the order-entry hosts."""
        self.send_ws_api_error(peer, code, message)

    def _funding_limits(self, symbol: str) -> tuple[Decimal, Decimal]:
        cap = self.futures.contracts[symbol].funding_cap
        return cap, -cap

    def end_silent(self, peer: Peer) -> None:
        """End a connection whose client has been silent for too long, each system in its own way."""
        if peer.system == "pro_v2":
            if not peer.topics:  # with a running subscription it stays
                peer.cut(reset=False)
            return
        if peer.system == "v1":
            self.send_v1_error(peer, secrets.token_hex(8), 400, "ping timeout")
        peer.close(1000, "Bye")


def user_id(account: str) -> str:
    """Return the user id that private pushes of an account carry: 24 hexadecimal digits, always the same."""
    return hashlib.sha256(account.encode()).hexdigest()[:24]
