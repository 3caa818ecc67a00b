"""
Blocking, threaded client for KuCoin's WebSocket streams and its WebSocket API (order entry).

Start with `WebsocketAPIClient` (orders) and `WebsocketClient` (streams); `kucoin_sync.simulator` has an exchange to try
them on.
"""

from typing import TYPE_CHECKING, Any

from kucoin_sync._version import __version__
from kucoin_sync.books.live_book import LiveBook
from kucoin_sync.books.synced_book import BookState
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
    StaleBook,
    SubscribeError,
    TlsError,
    TokenError,
)
from kucoin_sync.events import (
    Authenticated,
    BatchResult,
    BookGap,
    BookSnapshot,
    BookStale,
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
    Resolved,
    Response,
    Suspended,
    UnknownMessage,
    Update,
)
from kucoin_sync.fates import Absent, Accepted, BatchFate, Fate, OrderState, StillUnknown
from kucoin_sync.kucoin import topics
from kucoin_sync.kucoin.api_client import WebsocketAPIClient
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.keys import WS_KEY_MAP, WsKey
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.options import Broker, Credentials, Options
from kucoin_sync.orders.deadman import Deadman
from kucoin_sync.protocol.dialect import TopicRequest
from kucoin_sync.stats import (
    ClientStats,
    ClockStats,
    ConnectionStats,
    LatencyHistogram,
    OperationStats,
    PoolReading,
    QueueStats,
    RequestStats,
    TopicStats,
)
from kucoin_sync.tables import Rows

if TYPE_CHECKING:
    from kucoin_sync.kucoin import models

__all__ = [
    "WS_KEY_MAP",
    "Absent",
    "Accepted",
    "AuthError",
    "Authenticated",
    "BatchFate",
    "BatchResult",
    "BookGap",
    "BookSnapshot",
    "BookStale",
    "BookState",
    "Broker",
    "ClientStats",
    "ClockStats",
    "Closed",
    "ClosedError",
    "ConfigError",
    "ConnectError",
    "ConnectionLost",
    "ConnectionStats",
    "Credentials",
    "DeadlineExceeded",
    "Deadman",
    "ExceptionRaised",
    "Fate",
    "ForkedError",
    "GapError",
    "JournalError",
    "KucoinSyncError",
    "LateReply",
    "LatencyHistogram",
    "LiveBook",
    "NotSent",
    "Opened",
    "OperationStats",
    "Options",
    "OrderAck",
    "OrderResult",
    "OrderState",
    "OutcomeUnknown",
    "Overflow",
    "Pong",
    "PoolReading",
    "ProtocolViolation",
    "QueueStats",
    "RateLimit",
    "Reconnected",
    "Reconnecting",
    "ReentrantCallError",
    "Rejected",
    "RequestError",
    "RequestStats",
    "Resolved",
    "Response",
    "RestClient",
    "RestError",
    "Rows",
    "StaleBook",
    "StillUnknown",
    "Stream",
    "SubscribeError",
    "Subscription",
    "Suspended",
    "TlsError",
    "TokenError",
    "TopicRequest",
    "TopicStats",
    "UnknownMessage",
    "Update",
    "WebsocketAPIClient",
    "WebsocketClient",
    "WsKey",
    "__version__",
    "models",
    "topics",
]


def __getattr__(name: str) -> Any:
    """Import the models when somebody asks for one: there are many, and most programs never do."""
    if name != "models":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kucoin_sync.kucoin import models

    return models
