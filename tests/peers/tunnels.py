"""
Proxies that work: an HTTP one with CONNECT, and a SOCKS one, each with or without a login.

For proxies that do not work a `ScriptedPeer` is played as one.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import select
import socket
import struct
import threading

from .waiting import DEFAULT_TIMEOUT

__all__ = ["ConnectProxy", "SocksProxy", "TunnelProxy"]

_BUFFER_SIZE = 65536


class _Refused(Exception):
    """The proxy says no; what it says is sent already."""


class TunnelProxy:
    """
    A listening proxy; a context manager that closes itself and every tunnel.

    Args:
        login: User name and password it asks for; ``None`` asks for none.

    Attributes:
        port: Of 127.0.0.1.
        targets: What clients asked to be connected to, as they spelled it, in order.
        heads: The first bytes of each client, for what it sent beside the target.
    """

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.targets: list[str] = []
        self.heads: list[bytes] = []
        self._login = login
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()  # guards what follows
        self._closing = False
        self._socks: set[socket.socket] = {self._listener}
        self._threads = [threading.Thread(target=self._accept, name="tunnel-proxy", daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> TunnelProxy:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut every tunnel and end the threads."""
        with self._lock:
            self._closing = True
            socks, threads = list(self._socks), list(self._threads)
        for sock in socks:
            with contextlib.suppress(OSError):  # wakes whoever reads from it
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(DEFAULT_TIMEOUT)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), name="tunnel", daemon=True)
                with self._lock:
                    if self._closing:
                        client.close()
                        break
                    self._socks.add(client)
                    self._threads.append(thread)
                thread.start()
        self._listener.close()

    def _serve(self, client: socket.socket) -> None:
        target: socket.socket | None = None
        try:
            client.settimeout(DEFAULT_TIMEOUT)
            host, port, yes = self._negotiate(client)
            self.targets.append(f"{host}:{port}")
            target = socket.create_connection(("127.0.0.1" if host == "localhost" else host, port), DEFAULT_TIMEOUT)
            with self._lock:
                self._socks.add(target)
                if self._closing:
                    return
            client.sendall(yes)
            _relay(client, target)
        except (_Refused, OSError):
            pass
        finally:
            with self._lock:
                self._socks -= {client, target}  # type: ignore[arg-type]
            client.close()
            if target is not None:
                target.close()

    def _negotiate(self, client: socket.socket) -> tuple[str, int, bytes]:
        """Return host and port the client wants, and the bytes that tell it that it has them."""
        raise AssertionError("one of the two below")


class ConnectProxy(TunnelProxy):
    """An HTTP proxy that takes CONNECT."""

    @property
    def url(self) -> str:
        """Its URL, with its login."""
        login = "" if self._login is None else "{}:{}@".format(*self._login)
        return f"http://{login}127.0.0.1:{self.port}"

    def _negotiate(self, client: socket.socket) -> tuple[str, int, bytes]:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _read(client, 1)
        self.heads.append(head)
        request, *lines = head.decode().split("\r\n")
        method, target, _ = request.split(" ")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if self._login is not None:
            expected = base64.b64encode("{}:{}".format(*self._login).encode()).decode()
            if fields.get("proxy-authorization") != f"Basic {expected}":
                client.sendall(
                    b'HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
                )
                raise _Refused
        if method != "CONNECT" or fields.get("host") != target:
            client.sendall(b"HTTP/1.1 405 CONNECT only\r\nContent-Length: 0\r\n\r\n")
            raise _Refused
        host, _, port = target.rpartition(":")
        return host.strip("[]"), int(port), b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n"


class SocksProxy(TunnelProxy):
    """A SOCKS5 proxy (RFC 1928, with the login of RFC 1929) that also takes SOCKS4 and SOCKS4a."""

    def url(self, scheme: str = "socks5") -> str:
        """Its URL, with its login (of which SOCKS4 takes the user name)."""
        if self._login is None:
            return f"{scheme}://127.0.0.1:{self.port}"
        user, password = self._login
        login = user if scheme.startswith("socks4") else f"{user}:{password}"
        return f"{scheme}://{login}@127.0.0.1:{self.port}"

    def _negotiate(self, client: socket.socket) -> tuple[str, int, bytes]:
        version = _read(client, 1)[0]
        return self._version_4(client) if version == 4 else self._version_5(client)

    def _version_5(self, client: socket.socket) -> tuple[str, int, bytes]:
        methods = _read(client, _read(client, 1)[0])
        method = 0 if self._login is None else 2
        if method not in methods:
            client.sendall(b"\x05\xff")
            raise _Refused
        client.sendall(bytes([5, method]))
        if self._login is not None:
            assert _read(client, 1) == b"\x01"
            user = _read(client, _read(client, 1)[0]).decode()
            password = _read(client, _read(client, 1)[0]).decode()
            if (user, password) != self._login:
                client.sendall(b"\x01\x01")
                raise _Refused
            client.sendall(b"\x01\x00")
        version, command, _, kind = _read(client, 4)
        assert (version, command) == (5, 1)
        if kind == 3:
            host = _read(client, _read(client, 1)[0]).decode()
        else:
            host = str(ipaddress.ip_address(_read(client, 4 if kind == 1 else 16)))
        (port,) = struct.unpack("!H", _read(client, 2))
        return host, port, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00"

    def _version_4(self, client: socket.socket) -> tuple[str, int, bytes]:
        command, port, address = struct.unpack("!BH4s", _read(client, 7))
        assert command == 1
        user = _read_text(client)
        if self._login is not None and user != self._login[0]:
            client.sendall(b"\x00\x5d" + bytes(6))
            raise _Refused
        named = address[:3] == bytes(3) and address[3]
        host = _read_text(client) if named else str(ipaddress.ip_address(address))
        return host, port, b"\x00\x5a" + bytes(6)


def _read(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise _Refused
        data += piece
    return data


def _read_text(sock: socket.socket) -> str:
    """Read up to a zero byte."""
    text = b""
    while (byte := _read(sock, 1)) != b"\0":
        text += byte
    return text.decode()


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    ways = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(ways), [], [])
        for source in ready:
            data = source.recv(_BUFFER_SIZE)
            if not data:
                return
            ways[source].sendall(data)
