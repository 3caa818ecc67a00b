"""
One connection of the order-entry WebSocket, seen from the server.

The session is ``challenge -> ready``. Failures of the log-in are frames without id and op, then the
connection closes with 1000 (code assumed). Every order-carrying frame is written to the truth log.

Source: KuCoin docs, order entry introduction and the pages of the operations; the rest marked "assumed".
"""

from __future__ import annotations

import asyncio
import hmac
import uuid
from collections.abc import Mapping
from typing import Any

from ..credentials import Credentials, sign
from ..json_text import compact, read_object
from ..kucoin_signatures import TEXTS, SignatureRefused, check_signature
from ..kucoin_venue import KucoinVenue
from ..limits import Pool
from ..matching.orders import Refused
from ..order_line import Operation, OrderLine
from ..peer import Peer
from ..truth import Entry

__all__ = ["WsApiSession"]

_BAD_ID = "Please check the param of your request: Field 'id' must be a non-empty string."
# Orders of one batch that get a record: more than any operation takes.
_MAX_RECORDS = 50
#: Products that have a request pool of their own; all others share that of the spot market.
_POOLS = {"futures": "futures", "uta": "unified"}
_Answer = tuple[str, Any, str | None]
"""Code, data and message of a reply."""
_TOO_MANY = "Too many requests in a short period of time, please retry later."


class WsApiSession:
    """
    The server's side of one order-entry connection.

    Args:
        venue: Shared state.
        peer: The connection.
        query: Decoded query of the URL.
        named_key: Key that the path names instead of a signed query; the challenge alone then proves the secret.
            KuCoin has no such path.
    """

    def __init__(self, venue: KucoinVenue, peer: Peer, query: Mapping[str, str], named_key: str | None = None) -> None:
        self._venue = venue
        self._peer = peer
        self._query = query
        self._named_key = named_key
        self._time_divisor = 1 if query.get("enable_ns") == "true" else 1_000_000
        self._credentials: Credentials | None = None
        self._challenge: str | None = None
        self._session_id = str(uuid.uuid4())
        self._timer: asyncio.TimerHandle | None = None
        self._operations = venue.operations
        self._line = OrderLine(venue, peer)

    def start(self) -> None:
        """Check the query and send the challenge, or the refusal."""
        try:
            self._credentials = self._check_query()
        except SignatureRefused as error:
            self._refuse(error.code)
            return
        self._challenge = compact({"sessionId": self._session_id, "timestamp": self._venue.line_ms()})
        self._expect_login()
        self._peer.send_text(self._challenge)

    def stop(self) -> None:
        """Release the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def on_text(self, text: str) -> None:
        """Handle one frame of the client."""
        if self._peer.account is None:
            self._log_in(text)
            return
        in_ns = self._venue.line_ns()
        frame = read_object(text)
        request_id = None if frame is None else frame.get("id")
        if frame is None or not isinstance(request_id, str) or not request_id:
            self._venue.send_ws_api_error(self._peer, "4001002", _BAD_ID)
            return
        op = frame.get("op")
        if op == "ping":
            if self._venue.faults.take("no_pong", system="ws_api") is not None:
                return
            self._peer.send_text(compact({"id": request_id, "op": "pong", "timestamp": in_ns // 1_000_000}))
        elif not isinstance(op, str) or op not in self._operations:
            reply = self._reply(request_id, str(op), in_ns, "400100", None, f"Unsupported op: {op}")  # text assumed
            self._peer.send_text(compact(reply))
        else:
            self._run(op, request_id, frame.get("args"), in_ns)

    # Log-in.

    def _expect_login(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._venue.challenge_timeout, self._refuse, "400012")

    def _check_query(self) -> Credentials:
        query, is_signed = self._query, self._named_key is None
        if is_signed and not all(query.get(name) for name in ("apikey", "timestamp", "sign", "passphrase")):
            raise SignatureRefused("400001")
        credentials = self._venue.credentials.get(query["apikey"] if self._named_key is None else self._named_key)
        if credentials is None:
            raise SignatureRefused("400003")
        if not is_signed:
            return credentials
        now_ms = self._venue.line_ms()
        check_signature(
            credentials,
            sign_=query["sign"],
            passphrase=query["passphrase"],
            timestamp=query["timestamp"],
            prehash=(query["apikey"] + query["timestamp"],),
            now_ms=now_ms,
        )
        if self._venue.replays is not None:
            self._venue.replays.check(query["sign"], now_ms)
        return credentials

    def _log_in(self, text: str) -> None:
        if self._credentials is None or self._challenge is None:
            return
        expected = sign(self._credentials.api_secret, self._challenge)
        if not hmac.compare_digest(expected.encode(), text.encode("utf-8", "surrogatepass")):
            self._refuse("400011")
            return
        self._welcome(self._credentials)

    def _welcome(self, credentials: Credentials) -> None:
        """The client is who it says it is: from now on it may send operations."""
        self.stop()
        self._peer.account = credentials.api_key
        welcome = {
            "sessionId": self._session_id,
            "data": "welcome",
            "pingInterval": 18000,
            "pingTimeout": 10000,
        }
        text = compact(welcome)
        self._venue.welcome(self._peer, lambda: self._peer.send_text(text))

    def _refuse(self, code: str) -> None:
        self.stop()
        self._venue.send_ws_api_error(self._peer, code, TEXTS[code])
        self._peer.close(1000, "Bye")

    # Operations.

    def _run(self, op: str, request_id: str, args: object, in_ns: int) -> None:
        operation: Operation[_Answer] = Operation(
            op,
            request_id,
            [self._client_oid_of(order) for order in _orders_of(args)],
            lambda entries: self._execute(op, args, entries),
            lambda code, message: (code, None, message),
            lambda answer: self._reply(request_id, op, in_ns, *answer),
        )
        self._line.run(operation)

    def _execute(self, op: str, args: object, entries: list[Entry]) -> _Answer:
        """Let the engine do it; return code, data and message of the reply."""
        try:
            if not self._pool(op).take(asyncio.get_running_loop().time()):
                raise Refused("429000", _TOO_MANY)
            outcome = self._operations[op](self._account, args)
        except Refused as refused:
            for entry in entries:
                entry.outcome, entry.code = "refused", refused.code
            return refused.code, None, refused.message
        for entry, item in zip(entries, outcome.items, strict=False):
            entry.executed = item.code == "200000"
            entry.outcome, entry.code = "accepted" if entry.executed else "refused", item.code
            entry.order_id = item.order_id
        return "200000", outcome.data, None

    def _pool(self, op: str) -> Pool:
        return self._venue.pool(self._account, _POOLS.get(op.partition(".")[0], "spot"))

    @property
    def _account(self) -> str:
        assert self._peer.account is not None
        return self._peer.account

    def _client_oid_of(self, args: object) -> str | None:
        """Return the client order id a frame is about, by way of the order id if need be."""
        if not isinstance(args, dict):
            return None
        client_oid, order_id = args.get("clientOid"), args.get("orderId")
        if isinstance(client_oid, str) and client_oid:
            return client_oid
        return self._venue.client_oid_of(order_id) if isinstance(order_id, str) else None

    def _reply(
        self,
        request_id: str,
        op: str,
        in_ns: int,
        code: str,
        data: Any,
        message: str | None,
    ) -> dict[str, Any]:
        frame: dict[str, Any] = {"id": request_id, "op": op, "code": code}
        if data is not None:
            frame["data"] = data
        if message is not None:
            frame["msg"] = message
        frame["inTime"] = in_ns // self._time_divisor
        frame["outTime"] = self._venue.line_ns() // self._time_divisor
        now = asyncio.get_running_loop().time()
        frame["userRateLimit"] = self._pool(op).as_wire(now)
        return frame


def _orders_of(args: object) -> list[object]:
    """Return what a frame says of each order: a batch is a list of orders, or an object with a list of ids."""
    if isinstance(args, dict):
        ids, pairs = args.get("orderIdsList"), args.get("clientOidsList")
        args = [{"orderId": order_id} for order_id in ids[:_MAX_RECORDS]] if isinstance(ids, list) else pairs or args
    return args[:_MAX_RECORDS] if isinstance(args, list) and args else [args]
