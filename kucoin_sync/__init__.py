"""
Blocking, threaded client for KuCoin's WebSocket streams and its WebSocket API (order entry).

Start with `WebsocketAPIClient` (orders) and `WebsocketClient` (streams); `kucoin_sync.simulator` has an exchange to try
them on.
"""

from kucoin_sync._version import __version__
from kucoin_sync.engine.client import Subscription
from kucoin_sync.engine.streams import GapError, Stream
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLost,
    DeadlineExceeded,
    ForkedError,
    JournalError,
    KucoinSyncError,
    NotSent,
    OutcomeUnknown,
    ProtocolViolation,
    ReentrantCallError,
    Rejected,
    RequestError,
    RestError,
    SubscribeError,
    TlsError,
    TokenError,
)
from kucoin_sync.events import (
    Authenticated,
    BatchResult,
    BookSnapshot,
    Closed,
    ExceptionRaised,
    LateReply,
    Opened,
    OrderAck,
    OrderResult,
    Overflow,
    Pong,
    RateLimit,
    Reconnected,
    Reconnecting,
    Response,
    Suspended,
    UnknownMessage,
    Update,
)
from kucoin_sync.kucoin import models, topics
from kucoin_sync.kucoin.api_client import WebsocketAPIClient
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.keys import WS_KEY_MAP, WsKey
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.options import Broker, Credentials, Options
from kucoin_sync.orders.tally import OperationStats, PoolReading, RequestStats
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = [
    "WS_KEY_MAP",
    "AuthError",
    "Authenticated",
    "BatchResult",
    "BookSnapshot",
    "Broker",
    "Closed",
    "ClosedError",
    "ConfigError",
    "ConnectError",
    "ConnectionLost",
    "Credentials",
    "DeadlineExceeded",
    "ExceptionRaised",
    "ForkedError",
    "GapError",
    "JournalError",
    "KucoinSyncError",
    "LateReply",
    "NotSent",
    "Opened",
    "OperationStats",
    "Options",
    "OrderAck",
    "OrderResult",
    "OutcomeUnknown",
    "Overflow",
    "Pong",
    "PoolReading",
    "ProtocolViolation",
    "RateLimit",
    "Reconnected",
    "Reconnecting",
    "ReentrantCallError",
    "Rejected",
    "RequestError",
    "RequestStats",
    "Response",
    "RestClient",
    "RestError",
    "Stream",
    "SubscribeError",
    "Subscription",
    "Suspended",
    "TlsError",
    "TokenError",
    "TopicRequest",
    "UnknownMessage",
    "Update",
    "WebsocketAPIClient",
    "WebsocketClient",
    "WsKey",
    "__version__",
    "models",
    "topics",
]
