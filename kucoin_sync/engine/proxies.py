"""
Getting through a proxy: from a connection to it, to a connection to the host behind it.

The exchange with an HTTP proxy is ours. The one with a SOCKS proxy is python-socks' (the ``[socks]`` extra), kept at
arm's length as websocket-client is: it gets a file-like face of our channel, so our deadline and our interrupt hold,
and what a refusal means is read from the proxy's own bytes. Neither reads a byte beyond the proxy's answer.

Errors name the proxy's host and never its user name or password; nor do the local variables of the frames in which they
are raised.
"""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Mapping
from typing import Any, cast

from kucoin_sync.engine.channel import Channel, ChannelFile
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.http_head import USER_AGENT, read_head
from kucoin_sync.errors import ConfigError, ConnectError, ConnectionLost, describe_cause, shorten
from kucoin_sync.proxy import Proxy

__all__ = ["check_proxy_support", "open_tunnel"]

_PASSING_STATUS = (408, 429)
"""Besides 5xx: answers of an HTTP proxy after which trying again can help."""

_SOCKS5_REPLIES: Mapping[int, tuple[str, bool]] = {
    1: ("failed", True),
    2: ("does not allow this connection", False),
    3: ("finds the network unreachable", True),
    4: ("finds the host unreachable", True),
    5: ("was refused by the host", True),
    6: ("ran out of hops", True),
    7: ("does not know the command", False),
    8: ("does not take this kind of address", False),
}
"""Reply code to what it means and whether trying again can help. Source: RFC 1928 section 6."""

_SOCKS4_REPLIES: Mapping[int, tuple[str, bool]] = {
    0x5B: ("refused or failed", True),
    0x5C: ("wants an identd on this machine", False),
    0x5D: ("wants another user name", False),
}


def check_proxy_support(proxy: Proxy) -> None:
    """Raise `ConfigError` if a SOCKS proxy is asked for and its library is not installed."""
    if proxy.scheme.startswith("socks") and importlib.util.find_spec("python_socks") is None:
        raise ConfigError(f"proxy: {proxy.scheme}:// needs python-socks: pip install 'kucoin-sync[socks]'")


def open_tunnel(channel: Channel, proxy: Proxy, host: str, port: int, deadline: Deadline) -> None:
    """
    Make the proxy at the other end of a channel connect it to a host.

    Args:
        channel: Connected to the proxy, nothing sent yet.
        proxy: Which one.
        host: Name or address literal of the host behind it.
        port: Its port.
        deadline: For the whole opening.

    Raises:
        ConnectError: With phase ``proxy``.
    """
    try:
        if proxy.scheme == "http":
            _connect(ChannelFile(channel, deadline), proxy, host, port)
            return
        check_proxy_support(proxy)
        problem, retryable = _negotiate(_SocksFile(channel, deadline), proxy, host, port)
    except ConfigError as error:
        problem, retryable = str(error), False
    except ConnectError as error:
        error.message = f"{proxy}: {error.message}"
        raise
    except ConnectionLost as lost:
        problem, retryable = shorten(lost.reason), True
    except TimeoutError:
        problem, retryable = "no answer in time", True
    except OSError as error:
        problem, retryable = describe_cause(error), True
    if problem:
        raise ConnectError(f"{proxy}: {problem}", phase="proxy", retryable=retryable)


# HTTP.


def _connect(file: ChannelFile, proxy: Proxy, host: str, port: int) -> None:
    file.sendall(_connect_request(proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"))
    head = read_head(file, phase="proxy", versions=(b"HTTP/1.1", b"HTTP/1.0"))
    status = head.status
    if 200 <= status < 300:
        if head.rest:  # the host behind speaks only after us, so this would be the proxy speaking in its name
            raise ConnectError("more came than the answer to CONNECT", phase="proxy", retryable=False)
        return
    words = "wants a user name and password it accepts, " if status == 407 else ""
    raise ConnectError(
        f"{words}HTTP status {status}",
        phase="proxy",
        status=status,
        retryable=status >= 500 or status in _PASSING_STATUS,
        retry_after=head.retry_after,
    )


def _connect_request(proxy: Proxy, target: str) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {USER_AGENT}"]
    if proxy.username is not None:
        pair = f"{proxy.username}:{proxy.password or ''}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode()


# SOCKS.


class _SocksFile(ChannelFile):
    """What python-socks sees of the channel; keeps what the proxy said."""

    def __init__(self, channel: Channel, deadline: Deadline) -> None:
        super().__init__(channel, deadline)
        self.replies = bytearray()

    def recv(self, size: int) -> bytes:
        room = bytearray(size)
        count = self.recv_into(room)
        self.replies += room[:count]
        return bytes(room[:count])


class _Connected:
    """Stands where python-socks expects a proxy before the proxy: what it would connect is connected already."""

    def __init__(self, file: _SocksFile) -> None:
        self._file = file

    def connect(self, **_: Any) -> _SocksFile:
        return self._file


def _negotiate(file: _SocksFile, proxy: Proxy, host: str, port: int) -> tuple[str, bool]:
    """Return what went wrong and whether trying again can help; an empty text is success."""
    from python_socks import ProxyType
    from python_socks.sync import Proxy as SocksClient

    version = 5 if proxy.scheme.startswith("socks5") else 4
    client = SocksClient(
        ProxyType.SOCKS5 if version == 5 else ProxyType.SOCKS4,
        proxy.host,
        proxy.port,
        proxy.username,
        proxy.password,
        rdns=True,  # where names are to be resolved here, `host` is an address by now
        forward=cast(Any, _Connected(file)),
    )
    try:
        client.connect(host, port, timeout=file.gettimeout())
    except (ConnectionLost, TimeoutError):
        raise
    # Whatever it makes of a peer's bytes, our own reading of them says what they were.
    except Exception as error:  # noqa: BLE001
        return _explain(bytes(file.replies), version) or (f"not a SOCKS{version} answer ({type(error).__name__})", True)
    return "", True


def _explain(replies: bytes, version: int) -> tuple[str, bool] | None:
    """Say what a proxy's refusal was; ``None`` if it is not one."""
    if version == 4:
        return _SOCKS4_REPLIES.get(replies[1]) if len(replies) > 1 and replies[0] == 0 else None
    if len(replies) < 2 or replies[0] != 5:
        return None
    if replies[1] == 0xFF:
        return "wants a login of a kind that was not offered", False
    answer = replies[2:]
    if replies[1] == 2:
        if len(answer) > 1 and answer[1]:
            return "wants a user name and password it accepts", False
        answer = answer[2:]
    return _SOCKS5_REPLIES.get(answer[1]) if len(answer) > 1 and answer[0] == 5 else None
