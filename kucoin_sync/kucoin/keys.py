"""
The connections of KuCoin, by the names that its Node client made known.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.protocol.dialect import ws_key_text

__all__ = ["CONNECTIONS", "WS_KEY_MAP", "ConnectionFacts", "WsKey", "parse_ws_key"]


class WsKey(str, Enum):
    """Which dedicated connection."""

    SPOT_PUBLIC_V1 = "spotPublicV1"
    SPOT_PRIVATE_V1 = "spotPrivateV1"
    FUTURES_PUBLIC_V1 = "futuresPublicV1"
    FUTURES_PRIVATE_V1 = "futuresPrivateV1"
    SPOT_PUBLIC_PRO_V2 = "spotPublicProV2"
    FUTURES_PUBLIC_PRO_V2 = "futuresPublicProV2"
    PRIVATE_PRO_V2 = "privateProV2"
    WS_API_SPOT_V1 = "wsApiSpotV1"
    WS_API_FUTURES_V1 = "wsApiFuturesV1"

    def __str__(self) -> str:
        return str(self.value)


WS_KEY_MAP: Mapping[str, str] = {key.value: key.value for key in WsKey}
"""Names of all connections, as the Node client exports them."""


@attrs.frozen
class ConnectionFacts:
    """What kind of connection a WsKey is: ``system`` is ``v1``, ``pro_v2`` or ``ws_api``."""

    system: str
    product: str
    private: bool


CONNECTIONS: Mapping[WsKey, ConnectionFacts] = {
    WsKey.SPOT_PUBLIC_V1: ConnectionFacts("v1", "spot", private=False),
    WsKey.SPOT_PRIVATE_V1: ConnectionFacts("v1", "spot", private=True),
    WsKey.FUTURES_PUBLIC_V1: ConnectionFacts("v1", "futures", private=False),
    WsKey.FUTURES_PRIVATE_V1: ConnectionFacts("v1", "futures", private=True),
    WsKey.SPOT_PUBLIC_PRO_V2: ConnectionFacts("pro_v2", "spot", private=False),
    WsKey.FUTURES_PUBLIC_PRO_V2: ConnectionFacts("pro_v2", "futures", private=False),
    WsKey.PRIVATE_PRO_V2: ConnectionFacts("pro_v2", "unified", private=True),
    WsKey.WS_API_SPOT_V1: ConnectionFacts("ws_api", "spot", private=True),
    WsKey.WS_API_FUTURES_V1: ConnectionFacts("ws_api", "futures", private=True),
}


def parse_ws_key(value: str | Enum) -> WsKey:
    """Return the WsKey of a text. Raises ConfigError if there is none."""
    text = ws_key_text(value)
    try:
        return WsKey(text)
    except ValueError:
        raise ConfigError(f"ws_key: no connection {text!r}; there are {', '.join(WsKey)}") from None
