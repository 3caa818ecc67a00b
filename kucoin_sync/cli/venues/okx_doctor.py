"""
The doctor's checks of OKX.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from kucoin_sync.cli.causes import Cause
from kucoin_sync.cli.examination import SLOW, SLOW_PING, Check, Doubt, Examination, show_took
from kucoin_sync.errors import RestError
from kucoin_sync.okx.client import WebsocketClient
from kucoin_sync.okx.hosts import rest_url, ws_url
from kucoin_sync.okx.options import Options

__all__ = ["OkxExamination"]

ROUNDS = 3
_TOO_SOON = "50011"
_TOPIC = "tickers:BTC-USDT"
_PRIVATE_TOPIC = {"channel": "orders", "instType": "ANY"}


class OkxExamination(Examination):
    """
    The checks, one after the other.

    Args:
        options: Of the client.
        client: Made with them.
        source: Where the keys came from, in words.
    """

    title = "OKX"
    clock_limit_ms = 30_000

    def __init__(self, options: Options, client: WebsocketClient, source: str) -> None:
        super().__init__(options, source)
        self._own = options
        self._client = client
        self._permissions: list[str] = []

    def _checks(self) -> Iterator[Check]:
        yield Check("keys", self._keys)
        yield from self._way("REST", rest_url(self._own, private=False))
        way = ("REST TLS",)
        yield Check("exchange open", self._service, way)
        yield Check("clock", self._clock, way)
        yield Check("REST calls", self._calls, way)
        yield from self._way("line", ws_url(self._own, "public", private=False))
        yield Check("public line", partial(self._open, "public"), ("line TLS",))
        yield Check("subscribe", self._subscribe, ("public line",))
        yield Check("key", self._key, ("keys", "REST TLS"))
        yield Check("permission", self._permission, ("key",))
        yield Check("order login", partial(self._open, "private"), ("keys", "line TLS"))
        yield Check("spread login", partial(self._open, "business"), ("keys", "line TLS"))
        yield Check("round trip", self._round_trip, ("order login",))

    # The exchange.

    def _service(self) -> str:
        try:
            found = self._client.rest.system_status()
        except RestError as error:
            if error.code != _TOO_SOON:
                raise
            raise Doubt("skipped", "OKX answers this once in 5 s, and was asked just now") from None
        for status in found:
            if status.get("state") == "ongoing":
                text = f"maintenance: {status.get('title') or 'of unknown kind'}"
                raise Doubt("failed", text, Cause("maintenance", "The exchange is closed, or a part of it: wait."))
        return "no maintenance goes on"

    def _clock(self) -> str:
        return self._judge_clock(
            lambda samples: self._client.rest.clock_offset_ms(samples=samples),
            lambda: self._client.stats().clock.uncertainty_ms,
        )

    # Lines.

    def _open(self, path: str) -> str:
        began = time.monotonic()
        self._client.connect(self._client.get_market_ws_key(path))
        return f"in {show_took(time.monotonic() - began)}"

    def _subscribe(self) -> str:
        took = self._timed(lambda: self._client.subscribe(_TOPIC))
        if took >= SLOW_PING:
            raise Doubt("note", f"{_TOPIC} confirmed in {show_took(took)}", SLOW)
        return f"{_TOPIC} confirmed in {show_took(took)}"

    def _round_trip(self) -> str:
        """Subscribe and unsubscribe on the line of the orders: nothing else there is answered and changes nothing."""
        took: list[float] = []
        for _ in range(ROUNDS):
            took.append(self._timed(lambda: self._client.subscribe(_PRIVATE_TOPIC)))
            took.append(self._timed(lambda: self._client.unsubscribe(_PRIVATE_TOPIC)))
        middle = statistics.median(took)
        text = f"{show_took(middle)} in the middle, {show_took(min(took))} to {show_took(max(took))} of {len(took)}"
        if middle >= SLOW_PING:
            raise Doubt("note", text, SLOW)
        return text

    @staticmethod
    def _timed(call: Any) -> float:
        began = time.monotonic()
        call()
        return time.monotonic() - began

    # Keys.

    def _keys(self) -> str:
        return self._judge_keys(next(iter(self._own.named_accounts.values()), None))

    def _key(self) -> str:
        found = self._client.rest.account_config()
        self._permissions = [word.strip() for word in str(found.get("perm") or "").split(",") if word.strip()]
        addresses = found.get("ip")
        return f"account level {found.get('acctLv')}, {f'only from {addresses}' if addresses else 'from any address'}"

    def _permission(self) -> str:
        named = ", ".join(self._permissions) or "none"
        if "trade" not in self._permissions:
            advice = "The key may not trade: add 'Trade' on the exchange's page of the key."
            raise Doubt("failed", f"the key has {named}", Cause("permission", advice))
        return named
