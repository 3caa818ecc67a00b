"""
The other ends of the wire for the tests: scripted server, faulty proxy, certificates, leak guard.

Built from the standard library's sockets and threads (trustme for certificates), so that a mistake in the
package, or in the WebSocket library below it, is not made a second time here.
"""

from .certificates import (
    BAD_SERVER_CONTEXTS,
    authority,
    ca_path,
    client_context,
    expired_server_context,
    legacy_server_context,
    self_signed_server_context,
    server_context,
    unknown_ca_server_context,
    wrong_host_server_context,
)
from .duplex import for_two_threads
from .exchange import serve_token, v1_handshake, welcome, ws_api_handshake
from .frames import Opcode, frame
from .gates import Gate
from .leaks import LeakGuard
from .ports import blackhole_port, refused_port
from .proxy import FaultProxy
from .scripted import Line, Request, ScriptedPeer
from .tunnels import ConnectProxy, SocksProxy, TunnelProxy
from .waiting import Background, Deadline, background

__all__ = [
    "BAD_SERVER_CONTEXTS",
    "Background",
    "ConnectProxy",
    "Deadline",
    "FaultProxy",
    "Gate",
    "LeakGuard",
    "Line",
    "Opcode",
    "Request",
    "ScriptedPeer",
    "SocksProxy",
    "TunnelProxy",
    "authority",
    "background",
    "blackhole_port",
    "ca_path",
    "client_context",
    "expired_server_context",
    "for_two_threads",
    "frame",
    "legacy_server_context",
    "refused_port",
    "self_signed_server_context",
    "serve_token",
    "server_context",
    "unknown_ca_server_context",
    "v1_handshake",
    "welcome",
    "wrong_host_server_context",
    "ws_api_handshake",
]
