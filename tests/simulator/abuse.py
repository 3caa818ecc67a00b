"""
A client that does everything wrong, from a seed: raw sockets, so that nothing between it and the simulator is polite.

Each attack opens what it needs, does its harm, and closes; the simulator may answer, refuse or cut, but must go on.
"""

from __future__ import annotations

import base64
import json
import random
import socket
import struct
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import LIMIT, auth_frame, on_venue, query, sign

__all__ = ["Abuser", "raw_frame"]

SYSTEMS = ("spot", "futures", "pro_spot", "pro_futures", "pro_private", "ws_api", "uta")
SYMBOLS = ("BTC-USDT", "ETH-USDT", "XBTUSDTM", "XBTUSDM", "NO-SUCH", "", "*", "BTC-USDT,ETH-USDT", "USDS", "all")
PATHS = (
    "/market/ticker",
    "/market/level2",
    "/market/match",
    "/market/candles",
    "/market/snapshot",
    "/spotMarket/level1",
    "/spotMarket/level2Depth5",
    "/spotMarket/tradeOrdersV2",
    "/account/balance",
    "/contractMarket/level2",
    "/contractMarket/tickerV2",
    "/contractMarket/tradeOrders",
    "/contract/instrument",
    "/callauction/callauctionData",
    "/no/such/topic",
)
CHANNELS = ("ticker", "trade", "kline", "obu", "orderAll", "order", "execution", "balance", "position", "mark-price")
OPERATIONS = (
    "spot.order",
    "spot.sync_order",
    "spot.modify",
    "spot.cancel",
    "spot.sync_cancel",
    "margin.order",
    "margin.cancel",
    "futures.order",
    "futures.cancel",
    "futures.multi_order",
    "futures.multi_cancel",
    "uta.order",
    "uta.amend",
    "uta.cancel",
    "ping",
    "no.such",
)
#: Key of an order or a query to values that are mostly right.
FIELDS: dict[str, tuple[Any, ...]] = {
    "symbol": SYMBOLS,
    "side": ("buy", "sell", "BUY"),
    "type": ("limit", "market", "stop"),
    "orderType": ("LIMIT", "MARKET"),
    "tradeType": ("SPOT", "FUTURES", "CROSS", "TRADE", "MARGIN_TRADE"),
    "price": ("20000", "60000", "59999.9", "0", "-1", 60000),
    "size": ("0.01", "1", 1, 3, "0.00000001", "99999999999999"),
    "funds": ("100", "0.01"),
    "clientOid": ("a", "b", "c" * 40, "d" * 41),
    "orderId": ("SIM000000000000000000001", "SIMF00000000000000000001", "x" * 1000),
    "timeInForce": ("GTC", "GTT", "IOC", "FOK", "RPI"),
    "cancelAfter": (1, -1, 86400, 10**30),
    "postOnly": (True, False, "true"),
    "hidden": (True, False),
    "iceberg": (True, False),
    "visibleSize": ("0.001", "0"),
    "stp": ("CN", "CO", "CB", "DC"),
    "leverage": (1, 5, "10", 0, 10**9),
    "marginMode": ("CROSS", "ISOLATED"),
    "positionSide": ("BOTH", "LONG", "SHORT"),
    "reduceOnly": (True, False),
    "closeOrder": (True, False),
    "stop": ("up", "down", "loss", "entry"),
    "stopPrice": ("50000", "70000"),
    "stopPriceType": ("TP", "MP", "IP"),
    "triggerDirection": ("UP", "DOWN"),
    "triggerPrice": ("60000",),
    "autoBorrow": (True, False),
    "isIsolated": (True, False),
    "newPrice": ("20001", "60001"),
    "newSize": ("0.02", "2"),
    "cancelSize": ("0.001",),
    "timeout": (5, -1, 86400),
    "clientTimestamp": (1, 10**13),
    "allowMaxTimeWindow": (1000, 0),
    "pageSize": ("1", "500", "-1"),
    "currentPage": ("1", "999999999999"),
    "limit": ("1", "100", "x"),
    "lastId": ("0", "1"),
    "startAt": ("0", "1700000000000"),
    "endAt": ("1", "99999999999999"),
    "startTime": ("0",),
    "endTime": ("9" * 16,),
    "from": ("0",),
    "to": ("9999999999",),
    "granularity": ("1", "60", "7"),
    "currency": ("BTC", "USDT", "NONE"),
    "status": ("active", "done"),
    "orderIdsList": (["a"], ["SIMF00000000000000000001"] * 3, "x", [1, 2]),
    "clientOidsList": ([{"symbol": "XBTUSDTM", "clientOid": "a"}], [1], {}),
    "orderList": ([], [{"symbol": "BTC-USDT"}]),
    "depth": ("1", "5", "50", "increment", "increment@10ms", 7),
    "interval": ("1min", "1hour", "x"),
    "rpiFilter": (0, 1),
    "accountType": ("UNIFIED", "FUNDING"),
}


def raw_frame(opcode: int, payload: bytes, *, final: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Return one frame of a client; a mask of zeros leaves the payload as it is."""
    size = len(payload)
    first, bit = (0x80 if final else 0) | rsv << 4 | opcode, 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


class Abuser:
    """
    Attacks one simulator; the same seed attacks in the same way.

    Attributes:
        kept: Connections that are left as they are until `leave`.
    """

    def __init__(self, simulator: Simulator, seed: int) -> None:
        self._simulator = simulator
        self._random = random.Random(seed)
        self._port = int(simulator.url.rpartition(":")[2])
        self.kept: list[socket.socket] = []
        self._opened: list[socket.socket] = []
        self.attacks: list[Callable[[], None]] = [
            self.http_garbage,
            self.giant_header,
            self.many_headers,
            self.giant_body,
            self.odd_body,
            self.random_rest,
            self.random_rest,
            self.random_rest,
            self.bad_frames,
            self.bad_frames,
            self.mutated_frames,
            self.fragments,
            self.announced_giant,
            self.deep_json,
            self.commands,
            self.commands,
            self.topics,
            self.giant_client_oid,
            self.giant_batch,
            self.tokens,
            self.leave_early,
            self.leave_unread,
            self.half_request,
        ]

    def run(self, count: int) -> None:
        """Do so many attacks, all kinds in turn, and close what they left open."""
        for number in range(count):
            try:
                self.attacks[number % len(self.attacks)]()
            except (OSError, _Ended):
                pass  # cut by the simulator, which is its right
            for sock in self._opened:
                if sock not in self.kept:
                    sock.close()
            self._opened.clear()
        self.leave()

    def leave(self) -> None:
        """Close the connections that were left open."""
        for sock in self.kept:
            sock.close()
        self.kept.clear()

    # Connections.

    def connect(self) -> socket.socket:
        """Open a TCP connection."""
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=LIMIT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._opened.append(sock)
        return sock

    def upgrade(self, system: str) -> socket.socket:
        """Open a WebSocket of a system, logged in where that is needed."""
        simulator = self._simulator
        if system in ("spot", "futures"):
            account = self._random.choice((None, simulator.api_key))
            token = on_venue(simulator, lambda venue: venue.tokens.issue(account, system))
            path = f"/v1/stream/{system}?" + urlencode({"token": token})
        else:
            path = {"ws_api": "/v1/private?" + query(simulator), "uta": "/v2/private"}.get(
                system, "/pro/" + system.partition("_")[2]
            )
        sock = self.connect()
        sock.sendall(_upgrade_request(path))
        head = b""
        while b"\r\n\r\n" not in head:
            piece = sock.recv(1)
            if not piece:
                raise _Ended
            head += piece
        if system == "ws_api":
            sock.sendall(raw_frame(1, sign(simulator.api_secret, _first_frame(sock).decode()).encode()))
        elif system in ("uta", "pro_private"):
            sock.sendall(raw_frame(1, json.dumps(auth_frame(simulator)).encode()))
        return sock

    def finish(self, sock: socket.socket) -> None:
        """End the sending side, take what comes, and close: by then all that was sent has been handled."""
        with sock:
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass

    def ask(self, data: bytes, *, leave: bool = False) -> bytes:
        """Send bytes over a connection of their own and return what comes back; ``leave``: nothing may."""
        answer = b""
        with self.connect() as sock:
            try:
                sock.sendall(data)
                if leave:
                    sock.shutdown(socket.SHUT_WR)
                while piece := sock.recv(65536):
                    answer += piece
            except OSError:
                pass  # cut while it was still talking
        return answer

    # HTTP.

    def http_garbage(self) -> None:
        """Bytes that are no HTTP, or nearly."""
        rnd = self._random
        data = rnd.randbytes(rnd.randrange(2000))
        near = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n"
        place = rnd.randrange(len(near))
        self.ask(
            rnd.choice([data, near[:place] + data[:3] + near[place + 2 :], b"\r\n" * 5000, near * 50, b"\0" * 9000]),
            leave=True,
        )

    def giant_header(self) -> None:
        """One header of a megabyte."""
        self.ask(b"GET /api/v1/timestamp HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n")

    def many_headers(self) -> None:
        """Tens of thousands of headers."""
        self.ask(b"GET /api/v1/timestamp HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 50_000 + b"\r\n")

    def giant_body(self) -> None:
        """More than a megabyte of body, with and without an announcement, or an announcement alone."""
        body = b"x" * 1_500_000
        head = b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (len(body), body) + b"0\r\n\r\n"
        announced = head + b"Content-Length: %d\r\n\r\n" % len(body)
        self.ask(self._random.choice([chunked, announced + body]))
        self.ask(announced[:-4] + b"0000000\r\n\r\nx", leave=True)

    def odd_body(self) -> None:
        """Signed calls with bodies of the wrong type or no JSON."""
        rnd = self._random
        body = rnd.choice(
            [b"[" * 100_000, b"\xff\xfe{}", b'"x"', b"1e999999999", b"NaN", b'{"a":' * 50_000, b"{}", b"[[]]"]
        )
        kind = rnd.choice(
            ["application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]
        )
        self.ask(self._signed("POST", rnd.choice(["/api/v1/hf/orders", "/api/v1/hf/orders/multi"]), body, kind=kind))

    def random_rest(self) -> None:
        """Any route with any parameters."""
        rnd = self._random
        prefix, routes = rnd.choice(list(self._simulator._server._hosts().items()))
        route = rnd.choice(routes)
        path = route.path
        while "{" in path:
            name = path[path.index("{") + 1 : path.index("}")]
            value = str(rnd.choice(FIELDS.get(name, ("x",))))
            path = path.replace("{" + name + "}", quote(value, safe="") or "x")
        if rnd.random() < 0.7:
            path += "?" + urlencode({name: _text(value) for name, value in self._arguments().items()})
        body = b""
        if route.method == "POST" and rnd.random() < 0.9:
            value = self._arguments() if rnd.random() < 0.8 else [self._arguments() for _ in range(rnd.randrange(4))]
            body = json.dumps(value).encode()
        answer = self.ask(self._signed(route.method, path, body, prefix=prefix))
        status = answer[9:12]
        assert status in (b"200", b"401", b"404", b"429", b"400"), (answer[:300], route.method, path, body)

    def half_request(self) -> None:
        """The beginning of a request, and then nothing, on a connection that is kept."""
        sock = self.connect()
        self.kept.append(sock)
        whole = self._random.choice(
            [
                _upgrade_request("/pro/spot"),
                b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123",
                self._signed("POST", "/api/v1/hf/orders", b"{}")[:-1],
            ]
        )
        sock.sendall(whole[: self._random.randrange(len(whole) - 4)])

    def tokens(self) -> None:
        """A few hundred tokens that nobody uses."""
        call = b"POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost\r\n"
        answer = self.ask((call + b"\r\n") * 199 + call + b"Connection: close\r\n\r\n")
        assert answer.count(b'"token"') == 200

    # WebSockets.

    def bad_frames(self) -> None:
        """Frames with forbidden opcodes, bits, masks, lengths and codes."""
        rnd = self._random
        frame = rnd.choice(
            [
                raw_frame(rnd.choice((3, 4, 5, 6, 7, 11, 12, 15)), b"x"),
                raw_frame(1, b"{}", rsv=rnd.randrange(1, 8)),
                raw_frame(1, b"{}", masked=False),
                raw_frame(9, b"p" * 126),
                raw_frame(9, b"p", final=False),
                raw_frame(8, b"x"),
                raw_frame(8, struct.pack("!H", rnd.choice((0, 999, 1004, 1005, 1006, 1015, 5000, 65535))) + b"bye"),
                raw_frame(8, struct.pack("!H", 1000) + b"\xff\xff"),
                raw_frame(0, b"no beginning"),
                raw_frame(1, b"\xff\xfe\xfd"),
                raw_frame(2, rnd.randbytes(100)),
                raw_frame(10, b"pong"),
                struct.pack("!BBH", 0x81, 0x80 | 126, 1) + b"\0\0\0\0x",
                rnd.randbytes(rnd.randrange(1, 500)),
            ]
        )
        sock = self.upgrade(rnd.choice(SYSTEMS))
        sock.sendall(frame)
        self.finish(sock)

    def mutated_frames(self) -> None:
        """Good frames with a few bytes changed."""
        rnd = self._random
        data = bytearray(b"".join(raw_frame(1, json.dumps(self._command("ws_api")).encode()) for _ in range(5)))
        for _ in range(rnd.randrange(1, 6)):
            data[rnd.randrange(len(data))] = rnd.randrange(256)
        sock = self.upgrade(rnd.choice(SYSTEMS))
        sock.sendall(data)
        self.finish(sock)

    def fragments(self) -> None:
        """Thousands of fragments, some empty, with pings in between; sometimes without an end."""
        sock = self.upgrade(self._random.choice(SYSTEMS))
        middle = b"".join(
            raw_frame(0, b"x" * (number % 3), final=False) + (raw_frame(9, b"p") if number % 100 == 0 else b"")
            for number in range(5000)
        )
        sock.sendall(
            raw_frame(1, b"{", final=False) + middle + (raw_frame(0, b"}") if self._random.random() < 0.5 else b"")
        )
        self.finish(sock)

    def announced_giant(self) -> None:
        """A frame that says it has 8 GiB, and one that has 5 MB."""
        rnd = self._random
        sock = self.upgrade(rnd.choice(SYSTEMS))
        if rnd.random() < 0.5:
            sock.sendall(
                struct.pack("!BBQ", 0x81, 0x80 | 127, rnd.choice((8 << 30, 1 << 63, (1 << 64) - 1))) + b"\0" * 100
            )
        else:
            sock.sendall(raw_frame(1, b"x" * 5_000_000))
        self.finish(sock)

    def deep_json(self) -> None:
        """A hundred thousand levels."""
        text = self._random.choice([b"[" * 100_000, b'{"id":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
        sock = self.upgrade(self._random.choice(SYSTEMS))
        sock.sendall(
            raw_frame(1, text) + raw_frame(1, b'{"id":"1","op":"spot.order","args":' + b"[" * 900 + b"]" * 900 + b"}")
        )
        self.finish(sock)

    def commands(self) -> None:
        """Commands of every system whose keys are mostly right, and whose values are sometimes."""
        system = self._random.choice(SYSTEMS)
        sock = self.upgrade(system)
        # Below the limit of frames, so that all of them are looked at.
        sock.sendall(b"".join(raw_frame(1, json.dumps(self._command(system)).encode()) for _ in range(40)))
        self.finish(sock)

    def topics(self) -> None:
        """Subscribe to this and that, and take some of it back."""
        rnd = self._random
        system = rnd.choice(("spot", "futures", "pro_spot", "pro_futures", "pro_private"))
        sock = self.upgrade(system)
        frames = [self._topic(system) for _ in range(60)]
        frames += [{**frame, "type": "unsubscribe", "action": "UNSUBSCRIBE"} for frame in frames[: rnd.randrange(30)]]
        sock.sendall(b"".join(raw_frame(1, json.dumps(frame).encode()) for frame in frames))
        self.finish(sock)

    def giant_client_oid(self) -> None:
        """Ids of a megabyte."""
        giant = "x" * 1_000_000
        frame = {"id": giant, "op": "spot.order", "args": {**self._arguments(), "clientOid": giant, "symbol": giant}}
        sock = self.upgrade("ws_api")
        sock.sendall(raw_frame(1, json.dumps(frame).encode()))
        self.finish(sock)

    def giant_batch(self) -> None:
        """A batch of two hundred thousand orders."""
        op = self._random.choice(("futures.multi_order", "futures.multi_cancel", "spot.order"))
        orders: Any = [1] * 200_000
        args = {"orderIdsList": orders} if op == "futures.multi_cancel" else orders
        sock = self.upgrade("ws_api")
        sock.sendall(raw_frame(1, json.dumps({"id": "1", "op": op, "args": args}).encode()))
        self.finish(sock)

    def leave_early(self) -> None:
        """Go in the middle of a request, after the handshake, before the log-in, or inside a frame."""
        rnd = self._random
        request = _upgrade_request(rnd.choice(("/pro/private", "/v2/private", "/v1/private?" + query(self._simulator))))
        with self.connect() as sock:
            if rnd.random() < 0.5:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.sendall(request[: rnd.choice((0, 5, len(request)))])
        sock = self.upgrade(rnd.choice(SYSTEMS))
        with sock:
            sock.sendall(raw_frame(1, b"x" * 200)[: rnd.randrange(100)])

    def leave_unread(self) -> None:
        """Ask for much, read none of it, and stay for a while."""
        sock = self.upgrade("spot")
        self.kept.append(sock)
        ping = raw_frame(1, json.dumps({"id": "x" * 1000, "type": "ping"}).encode())
        subscribe = {"id": "1", "type": "subscribe", "topic": "/market/level2:BTC-USDT,ETH-USDT", "response": True}
        sock.sendall(raw_frame(1, json.dumps(subscribe).encode()) + ping * 90)

    # What is sent.

    def _signed(
        self, method: str, path: str, body: bytes, *, prefix: str = "", kind: str = "application/json"
    ) -> bytes:
        simulator, stamp = self._simulator, str(time.time_ns() // 1_000_000)
        headers = {
            "Host": "localhost",
            "KC-API-KEY": simulator.api_key,
            "KC-API-SIGN": sign(simulator.api_secret, f"{stamp}{method}{path}{body.decode('utf-8', 'replace')}"),
            "KC-API-TIMESTAMP": stamp,
            "KC-API-PASSPHRASE": sign(simulator.api_secret, simulator.api_passphrase),
            "KC-API-KEY-VERSION": "3",
            "Connection": "close",
        }
        if body:
            headers.update({"Content-Type": kind, "Content-Length": str(len(body))})
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {prefix}{path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def _arguments(self) -> dict[str, Any]:
        rnd = self._random
        names = rnd.sample(list(FIELDS), rnd.randrange(len(FIELDS)))
        # What every order needs is there more often than not.
        for name in ("symbol", "side", "type", "price", "size", "clientOid"):
            if name not in names and rnd.random() < 0.8:
                names.append(name)
        return {name: self._odd() if rnd.random() < 0.1 else rnd.choice(FIELDS[name]) for name in names}

    def _odd(self) -> Any:
        return self._random.choice(
            [
                None,
                True,
                0,
                -1,
                10**400,
                1e308,
                1.5,
                "",
                "\ud800",
                "\0",
                "é" * 50,
                [],
                {},
                [[]],
                "1e999999999",
                "NaN",
                {"a": 1},
            ]
        )

    def _command(self, system: str) -> Any:
        rnd = self._random
        if system in ("ws_api", "uta"):
            args: Any = self._arguments()
            op = rnd.choice(OPERATIONS)
            if "multi" in op and rnd.random() < 0.7:
                args = [self._arguments() for _ in range(rnd.randrange(25))]
            frame = {"id": str(rnd.randrange(1000)), "op": op, "args": args}
        else:
            frame = self._topic(system)
        if rnd.random() < 0.15:
            frame[rnd.choice(list(frame))] = self._odd()
        return frame if rnd.random() < 0.95 else rnd.choice([[], 1, "x", None, [frame]])

    def _topic(self, system: str) -> dict[str, Any]:
        rnd = self._random
        if system in ("spot", "futures"):
            symbol = rnd.choice((*SYMBOLS, f"X{rnd.randrange(10**6)}-USDT"))
            topic = f"{rnd.choice(PATHS)}:{symbol}" + rnd.choice(("", "", "_1min", "_x"))
            kind = rnd.choice(("subscribe", "subscribe", "unsubscribe", "ping", "x"))
            return {"id": str(rnd.randrange(99)), "type": kind, "topic": topic, "response": rnd.choice((True, False))}
        symbol = rnd.choice(("BTC-USDT", "XBTUSDTM", f"X{rnd.randrange(10**6)}"))
        return {
            "id": str(rnd.randrange(99)),
            "action": rnd.choice(("SUBSCRIBE", "subscribe", "UNSUBSCRIBE", "x")),
            "channel": rnd.choice(CHANNELS),
            "tradeType": rnd.choice(("SPOT", "FUTURES", "UNIFIED")),
            "accountType": "UNIFIED",
            "symbol": symbol,
            "depth": rnd.choice(FIELDS["depth"]),
            "interval": "1min",
        }


class _Ended(Exception):
    """The simulator ended a connection during its handshake."""


def _upgrade_request(path: str) -> bytes:
    key = base64.b64encode(bytes(16)).decode()
    lines = ("Host: localhost", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    head = "".join(f"{line}\r\n" for line in (*lines, f"Sec-WebSocket-Key: {key}"))
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()


def _first_frame(sock: socket.socket) -> bytes:
    """Read one frame of the simulator, which is short."""
    data = b""
    while len(data) < 2 or len(data) < (data[1] if data[1] < 126 else 1 << 30) + 2:
        if len(data) >= 4 and data[1] == 126 and len(data) == int.from_bytes(data[2:4], "big") + 4:
            return data[4:]
        piece = sock.recv(1)
        if not piece:
            raise _Ended
        data += piece
    return data[2:]


def _text(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else str(value)
