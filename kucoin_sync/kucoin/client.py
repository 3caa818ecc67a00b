"""
`WebsocketClient`: KuCoin's connections, for streams and for requests by name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from kucoin_sync.engine.client import EngineClient
from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.arguments import SPOT_CANCEL, SPOT_MODIFY, SPOT_ORDER, OperationArguments
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.kucoin.keys import CONNECTIONS, WsKey, parse_ws_key
from kucoin_sync.kucoin.pro import ProDialect
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.kucoin.trade import KucoinRules, TradeDialect
from kucoin_sync.options import Options, check_url, is_loopback
from kucoin_sync.orders.calls import RequestCalls
from kucoin_sync.protocol.dialect import Dialect

__all__ = ["WebsocketClient"]

HOSTS: Mapping[str, str] = {
    "spot_rest": "https://api.kucoin.com",
    "futures_rest": "https://api-futures.kucoin.com",
    "ws_api": "wss://wsapi.kucoin.com/v1/private",
    "pro_spot": "wss://x-push-spot.kucoin.com",
    "pro_futures": "wss://x-push-futures.kucoin.com",
    "pro_private": "wss://wsapi-push.kucoin.com",
}
"""Source: KuCoin docs, Introduction, base URLs (read 2026-11)."""

SIMULATOR_PREFIX = "simulator-"

_ARGUMENTS: Mapping[str, OperationArguments] = {
    "spot.order": SPOT_ORDER,
    "spot.cancel": SPOT_CANCEL,
    "spot.modify": SPOT_MODIFY,
}
_ANYTHING = OperationArguments(rule=lambda *_: None)
_ORDER_ENTRY = (WsKey.WS_API_SPOT_V1, WsKey.WS_API_FUTURES_V1)


class WebsocketClient(EngineClient):
    """
    KuCoin's streams, and requests by the name of their operation.

    Connections open when they are first needed, stay subscribed through every disconnect, and close with the client::

        with WebsocketClient() as client:
            for update in client.stream("/market/ticker:BTC-USDT", WsKey.SPOT_PUBLIC_V1):
                print(update.topic, update.data["price"])

    Args:
        options: `Options`, or ``None`` for the defaults.
        **keywords: Options one by one.

    Raises:
        ConfigError: If an option breaks a rule.
    """

    def __init__(self, options: Options | None = None, **keywords: Any) -> None:
        super().__init__(options, **keywords)
        rules = KucoinRules(self.options.recv_window, time.time)
        self._calls = RequestCalls(rules, self._around.identifiers, self._hub)

    @classmethod
    def _check_options(cls, options: Options) -> None:
        for name, url in options.hosts.items():
            if name not in HOSTS:
                raise ConfigError(f"hosts: no host {name!r}; there are {', '.join(HOSTS)}")
            schemes = ("https", "http") if name.endswith("_rest") else ("wss", "ws")
            check_url(f"hosts[{name!r}]", url, schemes)

    def _host(self, name: str, *, private: bool) -> str:
        url = self.options.hosts.get(name, HOSTS[name]).rstrip("/")
        # An account and the exchange it belongs to go together, so that practice never meets the real thing.
        simulated = private and str(self.options.api_key).startswith(SIMULATOR_PREFIX)
        if simulated and not is_loopback(urlsplit(url).hostname or ""):
            raise ConfigError(f"hosts[{name!r}]: the simulator's credentials do not go to {url}")
        return url

    def _make_dialect(self, ws_key: str) -> Dialect:
        key = parse_ws_key(ws_key)
        facts = CONNECTIONS[key]
        signer = None
        if facts.private:
            if self.options.credentials is None:
                raise ConfigError(f"api_key: {key} needs api_key, api_secret and api_passphrase")
            signer = Signer(
                self.options.credentials,
                self.options.api_key_version,
                sign_message=self.options.custom_sign_message_fn,
                broker=self.options.broker,
            )
        if facts.system == "ws_api":
            assert signer is not None
            url = self.options.ws_url or self._host("ws_api", private=True)
            rest_host = self._host("spot_rest", private=True)
            return TradeDialect(
                key.value, url=url, rest_host=rest_host, signer=signer, enable_ns=self.options.enable_ns
            )
        if facts.system == "pro_v2":
            host = "pro_private" if facts.private else f"pro_{facts.product}"
            url = self.options.ws_url or self._host(host, private=facts.private)
            rest_host = self._host("spot_rest", private=facts.private)
            return ProDialect(key.value, url=url, rest_host=rest_host, signer=signer, login=self.options.pro_login)
        rest_host = self._host(f"{facts.product}_rest", private=facts.private)
        return ClassicDialect(key.value, rest_host=rest_host, signer=signer, ws_url=self.options.ws_url)

    def connect_all(self, *, timeout: float | None = None) -> None:
        """
        Open every connection that the credentials allow.

        Args:
            timeout: Seconds for all of them together; ``None`` takes ``open_timeout``.

        Raises:
            ConnectError: If one of them could not be opened.
        """
        deadline = self._deadline(timeout, self.options.open_timeout)
        keys = [key for key, facts in CONNECTIONS.items() if self.options.credentials is not None or not facts.private]
        for key in keys:
            self._group(key).first.start()
        for key in keys:
            self.connect(key, timeout=deadline.remaining())

    def send_ws_api_request(
        self,
        ws_key: str | Enum,
        op: str,
        params: Mapping[str, Any] | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Make a request by the name of its operation and wait for the outcome.

        An operation that the library knows is checked as its own method checks it; one that it does not know is
        sent as it is, and treated as one that changes the account.

        Args:
            ws_key: ``wsApiSpotV1`` or ``wsApiFuturesV1``.
            op: Such as ``spot.order``.
            params: Arguments as the exchange spells them.
            extra: Fields the library does not know yet.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            `OrderAck`; for ``ping`` a `Pong`.

        Raises:
            Rejected: The exchange refused it.
            NotSent: Not one byte left.
            OutcomeUnknown: Anything else.
            ConfigError: If an argument breaks a rule; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        return self.call_operation(ws_key, op, params, {}, extra, timeout)

    def send_ws_api_request_nowait(
        self,
        ws_key: str | Enum,
        op: str,
        params: Mapping[str, Any] | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Future[Any]:
        """
        Send a request now or not at all; its outcome comes as a `concurrent.futures.Future`.

        Args, and what the future ends with: as `send_ws_api_request`. A connection that is not ready ends it as
        `NotSent` at once: open it first, with ``connect(ws_key)``.
        """
        return self.call_operation_nowait(ws_key, op, params, {}, extra, timeout)

    def call_operation(
        self,
        ws_key: str | Enum,
        op: str,
        params: Mapping[str, Any] | None,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Any:
        """Make a request whose arguments are a mapping or keywords; what every order method comes down to."""
        connection, args, seconds = self._prepare(ws_key, op, params, keywords, extra, timeout)
        return self._calls.call(connection, op, args, timeout=seconds)

    def call_operation_nowait(
        self,
        ws_key: str | Enum,
        op: str,
        params: Mapping[str, Any] | None,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Future[Any]:
        """As `call_operation`, with a future for the outcome."""
        connection, args, seconds = self._prepare(ws_key, op, params, keywords, extra, timeout)
        return self._calls.call_nowait(connection, op, args, timeout=seconds)

    def _prepare(
        self,
        ws_key: str | Enum,
        op: str,
        params: Mapping[str, Any] | None,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> tuple[Any, dict[str, Any], float]:
        """Check everything about a request before anything of it exists."""
        key = parse_ws_key(str(ws_key.value) if isinstance(ws_key, Enum) else ws_key)
        if key not in _ORDER_ENTRY:
            raise ConfigError(f"ws_key: {key} takes no requests; use {' or '.join(_ORDER_ENTRY)}")
        if not isinstance(op, str) or not op:
            raise ConfigError(f"op: must be the name of an operation, got {op!r}")
        if op in _ARGUMENTS:
            args = _ARGUMENTS[op].check(params, keywords, extra)
        else:
            args = _ANYTHING.check(None, keywords, {**(params or {}), **(extra or {})})
        seconds = self._deadline(timeout, self.options.request_timeout).remaining()
        return self._group(key).first, args, seconds
