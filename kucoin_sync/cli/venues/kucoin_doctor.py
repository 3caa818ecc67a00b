"""
The doctor's checks of KuCoin.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from kucoin_sync.cli.causes import Cause
from kucoin_sync.cli.examination import SLOW, SLOW_PING, Check, Doubt, Examination, show_took
from kucoin_sync.errors import ConnectError
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.hosts import host_url
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.options import Options

__all__ = ["KucoinExamination"]

PINGS = 5


class KucoinExamination(Examination):
    """
    The checks, one after the other.

    Args:
        options: Of the client.
        client: Made with them.
        market: ``spot`` or ``futures``.
        source: Where the keys came from, in words.
    """

    title = "KuCoin"
    clock_limit_ms = 5000

    def __init__(self, options: Options, client: WebsocketClient, market: str, source: str) -> None:
        super().__init__(options, source)
        self._client = client
        self._is_futures = market == "futures"
        self._permissions: list[str] | None = None
        self._opening_took: dict[WsKey, float] = {}
        self._failures: dict[WsKey, ConnectError] = {}  # behind the token

    def _checks(self) -> Iterator[Check]:
        product = "futures" if self._is_futures else "spot"
        public = WsKey.FUTURES_PUBLIC_V1 if self._is_futures else WsKey.SPOT_PUBLIC_V1
        private = WsKey.FUTURES_PRIVATE_V1 if self._is_futures else WsKey.SPOT_PRIVATE_V1
        orders = WsKey.WS_API_FUTURES_V1 if self._is_futures else WsKey.WS_API_SPOT_V1
        topic = "/contractMarket/tickerV2:XBTUSDTM" if self._is_futures else "/market/ticker:BTC-USDT"
        yield Check("keys", self._keys)
        yield from self._way("REST", host_url(self._options, f"{product}_rest", private=False))
        way = ("REST TLS",)
        yield Check("exchange open", partial(self._service, product), way)
        yield Check("clock", partial(self._clock, product), way)
        yield Check("REST calls", self._calls, way)
        yield Check("public token", partial(self._token, public), way)
        yield Check("public welcome", partial(self._welcome, public), ("public token",))
        yield Check("subscribe", partial(self._subscribe, topic, public), ("public welcome",))
        yield Check("key", self._key, ("keys", "REST TLS"))
        yield Check("permission", partial(self._permission, product), ("key",))
        yield Check("private token", partial(self._token, private), ("keys", "REST TLS"))
        yield Check("private welcome", partial(self._welcome, private), ("private token",))
        yield from self._way("order line", host_url(self._options, "ws_api", private=False))
        yield Check("order login", partial(self._login, orders), ("keys", "order line TLS"))
        yield Check("round trip", partial(self._pings, orders), ("order login",))

    # The exchange.

    def _service(self, product: str) -> str:
        status = self._client.rest.service_status(host=product)
        word = str(status.get("status"))
        if word != "open":
            text = f"it says {word!r} {status.get('msg') or ''}".strip()
            raise Doubt("failed", text, Cause("maintenance", "The exchange is closed, or takes only cancels: wait."))
        return "it says 'open'"

    def _clock(self, product: str) -> str:
        return self._judge_clock(
            lambda samples: self._client.rest.clock_offset_ms(samples=samples, host=product),
            lambda: self._client.stats().clock.uncertainty_ms,
        )

    # Lines.

    def _token(self, key: WsKey) -> str:
        """Open a line; how it failed after the token is for `_welcome` to tell."""
        began = time.monotonic()
        try:
            self._client.connect(key)
        except ConnectError as error:
            if error.phase == "token":
                raise
            self._failures[key] = error
        self._opening_took[key] = time.monotonic() - began
        return "given"

    def _welcome(self, key: WsKey) -> str:
        if key in self._failures:
            raise self._failures[key]
        return f"said; token, handshake and welcome took {show_took(self._opening_took[key])}"

    def _subscribe(self, topic: str, key: WsKey) -> str:
        began = time.monotonic()
        self._client.subscribe(topic, key)
        took = time.monotonic() - began
        if took >= SLOW_PING:
            raise Doubt("note", f"{topic} confirmed in {show_took(took)}", SLOW)
        return f"{topic} confirmed in {show_took(took)}"

    def _login(self, key: WsKey) -> str:
        began = time.monotonic()
        self._client.connect(key)
        return f"in {show_took(time.monotonic() - began)}"

    def _pings(self, key: WsKey) -> str:
        took = [self._client.send_ws_api_request(key, "ping").latency for _ in range(PINGS)]
        middle = statistics.median(took)
        text = f"{show_took(middle)} in the middle, {show_took(min(took))} to {show_took(max(took))} of {PINGS} pings"
        if middle >= SLOW_PING:
            raise Doubt("note", text, SLOW)
        return text

    # Keys.

    def _keys(self) -> str:
        return self._judge_keys(self._options.credentials)

    def _key(self) -> str:
        found: dict[str, Any] = self._client.rest.api_key_info()
        self._permissions = [word.strip() for word in str(found.get("permission") or "").split(",") if word.strip()]
        addresses = found.get("ipWhitelist")
        return (
            f"version {found.get('apiVersion')}, {'only from ' + str(addresses) if addresses else 'from any address'}"
        )

    def _permission(self, product: str) -> str:
        wanted = product.capitalize()
        named = ", ".join(self._permissions or ()) or "none"
        if wanted not in (self._permissions or ()):
            advice = f"The key may not trade {product}: add {wanted!r} on the exchange's page of the key."
            raise Doubt("failed", f"the key has {named}", Cause("permission", advice))
        return named
