"""
`WebsocketClient`: KuCoin's connections, for streams and for requests by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from enum import Enum
from typing import Any

from kucoin_sync.books.live_book import LiveBook
from kucoin_sync.books.open_books import OpenBooks
from kucoin_sync.engine.connection_group import ConnectionGroup
from kucoin_sync.engine.deadline import Deadline, checked_timeout
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import BookSnapshot, OrderAck, RateLimit
from kucoin_sync.exchange_rest.calls import RestSurroundings
from kucoin_sync.kucoin.arguments import ANYTHING
from kucoin_sync.kucoin.books import book_feed
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.kucoin.hosts import bound, check_hosts, host_url, is_simulated, region_of
from kucoin_sync.kucoin.keys import CONNECTIONS, WsKey, parse_ws_key
from kucoin_sync.kucoin.lookups import KucoinLookUps
from kucoin_sync.kucoin.operations import OPERATIONS, KucoinRules
from kucoin_sync.kucoin.order_events import ORDER_STREAMS
from kucoin_sync.kucoin.pro import ProDialect
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.kucoin.symbol_book import SymbolBook
from kucoin_sync.kucoin.symbol_rules import CHECKED
from kucoin_sync.kucoin.trade import TradeDialect
from kucoin_sync.options import Options
from kucoin_sync.orders.calls import LastCheck
from kucoin_sync.orders.client import OrderClient
from kucoin_sync.orders.deadman import Deadman
from kucoin_sync.protocol.dialect import Dialect

__all__ = ["WebsocketClient"]

SHORTEST_DEADMAN = 3
_ORDER_ENTRY = (WsKey.WS_API_SPOT_V1, WsKey.WS_API_FUTURES_V1)


class WebsocketClient(OrderClient):
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
        super().__init__(Options.of(options, keywords))
        self._rest_around = RestSurroundings(
            options=self.options,
            caller=self._around.rest,
            running=self._running,
            identifiers=self._around.identifiers,
            clock=self._around.server_clock,
            signer=self._signer(),
        )
        self.rest = RestClient(self._rest_around)
        """REST calls: see `RestClient`."""
        self._symbol_book = SymbolBook(
            lambda timeout: self.rest.symbols(timeout=timeout), lambda timeout: self.rest.contracts(timeout=timeout)
        )
        self._books = OpenBooks(self._hub, self.options)
        self._open_desk(KucoinRules(self.options.recv_window), KucoinLookUps(self.rest))

    def _title(self) -> str:
        name = super()._title()
        return f"{name} SIMULATOR" if is_simulated(self.options) else name

    @classmethod
    def _check_options(cls, options: Options) -> None:
        check_hosts(options.api_region, options.hosts)

    def _rest_headers(self) -> Mapping[str, str]:
        return region_of(self.options.api_region, self.options.hosts).headers

    def _host(self, name: str, *, private: bool) -> str:
        return host_url(self.options, name, private=private)

    def _signer(self) -> Signer | None:
        options = self.options
        if options.credentials is None:
            return None
        return Signer(
            options.credentials,
            options.api_key_version,
            sign_message=options.custom_sign_message_fn,
            broker=options.broker,
        )

    def _make_dialect(self, ws_key: str) -> Dialect:
        key = parse_ws_key(ws_key)
        facts = CONNECTIONS[key]
        signer = None
        if facts.private:
            signer = self._signer()
            if signer is None:
                raise ConfigError(f"api_key: {key} needs api_key, api_secret and api_passphrase")
            if self.options.ws_url is not None:
                bound(self.options, "ws_url", self.options.ws_url)
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

    def connect(self, ws_key: str | Enum, *, timeout: float | None = None) -> None:
        """
        Open a connection and wait until it is ready.

        Of an order line, with ``check_symbols`` also until the rules are there, and with ``track_orders`` until the
        account's order events are followed.

        Args:
            ws_key: Which one.
            timeout: Seconds; ``None`` takes ``open_timeout``.

        Raises:
            ConnectError: If the opening failed or took too long. If trying again can help, that goes on in the
                background.
            ConfigError: If there is no such connection, or it needs credentials that were not given.
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        deadline = self._deadline(timeout, self.options.open_timeout)
        key = parse_ws_key(ws_key)
        super().connect(ws_key, timeout=timeout)
        if self._tracker is not None and key in _ORDER_ENTRY:
            self._tracker.follow(ORDER_STREAMS["spot" if key is WsKey.WS_API_SPOT_V1 else "futures"], deadline)
        if self.options.check_symbols and key in _ORDER_ENTRY:
            contracts = key is WsKey.WS_API_FUTURES_V1
            self._symbol_book.load(contracts=contracts, now=time.monotonic(), deadline=deadline)

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

    def _rest_limits(self) -> Mapping[str, RateLimit]:
        return self.rest.limits()

    # Order books.

    def order_book(
        self,
        symbol: str,
        ws_key: str | Enum | None = None,
        *,
        depth: int | None = None,
        on_change: Callable[[BookSnapshot], object] | None = None,
        wait: bool = True,
        timeout: float | None = None,
    ) -> LiveBook:
        """
        Return the order book of a symbol, which stays in step with the exchange until it is closed.

        Args:
            symbol: Such as ``BTC-USDT`` or ``XBTUSDTM``.
            ws_key: A public connection, classic or Pro; ``None`` takes the classic one that the symbol belongs to.
            depth: Levels of each side to begin with. Classic: ``20``, ``100``, or ``None`` for the whole book (of spot
                without credentials: 100). Pro: ``1``, ``5``, ``50``, or ``None`` for the best 500.
            on_change: Called on the listener thread with the best bid and ask, as a `BookSnapshot` of one level, after
                changes; of several at once one time.
            wait: Wait until the book is live; else it becomes so in the background.
            timeout: Seconds to wait for that; ``None`` takes ``open_timeout`` and ``request_timeout`` together.

        Raises:
            SubscribeError: If the exchange refuses the topic, or does not confirm it in time.
            DeadlineExceeded: If the book was not live in time.
            RestError, AuthError: If the exchange refuses the snapshot.
            ConfigError: If an argument breaks a rule.
            ConnectError: If the connection cannot be opened at all.
            ClosedError: If the client is closed.
            ReentrantCallError: With ``wait`` on a reading thread.
        """
        deadline = self._deadline(timeout, self.options.open_timeout + self.options.request_timeout)
        self._books.check(on_change, wait=wait)
        if ws_key is None:
            key = WsKey.SPOT_PUBLIC_V1 if "-" in str(symbol) else WsKey.FUTURES_PUBLIC_V1
        else:
            key = parse_ws_key(ws_key)
        feed = book_feed(symbol, key, depth, self._rest_around)
        return self._books.open(
            feed, self._group(key), on_change, check_process=self._check_process, wait=wait, deadline=deadline
        )

    # Orders.

    def deadman(self, seconds: int, symbols: str | Iterable[str] | None = None) -> Deadman:
        """
        Return a dead man's switch for spot orders: the exchange cancels them unless it hears from us in time.

        It hears from us three times in ``seconds``, over REST, and only while a ping over the order line is answered::

            with client.deadman(10, "BTC-USDT"):
                trade()

        Leaving the block by an exception, and closing the client, leave the switch set: what is open is then cancelled.

        Args:
            seconds: After how many seconds of silence, at least 3: the exchange counts whole ones.
            symbols: Only the orders of these; ``None`` is every symbol.

        Returns:
            A `Deadman`. Entering it raises `Rejected`, `NotSent` or `OutcomeUnknown` if the switch cannot be set.

        Raises:
            ConfigError: If an argument breaks a rule.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < SHORTEST_DEADMAN:
            raise ConfigError(f"seconds: must be whole seconds, at least {SHORTEST_DEADMAN}, got {seconds!r:.20}")
        names = symbols if symbols is None or isinstance(symbols, str) else tuple(symbols)
        return self._deadman(
            seconds,
            prove=lambda timeout: self.send_ws_api_request(WsKey.WS_API_SPOT_V1, "ping", timeout=timeout),
            arm=lambda timeout: self.rest.set_deadman(seconds, names, timeout=timeout),
            disarm=lambda timeout: self.rest.set_deadman(-1, names, timeout=timeout),
            ws_key=WsKey.WS_API_SPOT_V1.value,
        )

    def _closed(self) -> None:
        self._books.stop()
        super()._closed()

    def cancel_all_orders(
        self, symbol: str | None = None, *, market: str = "spot", timeout: float | None = None
    ) -> dict[str, Any]:
        """
        Cancel all open orders, over REST: the panic button, which works while the WebSocket lines are down.

        Stop orders that wait for their trigger are not touched: see `RestClient.cancel_stop_order` and
        `RestClient.cancel_all_futures_stop_orders`. Orders placed meanwhile may or may not be among the cancelled.

        Args:
            symbol: Only those of one symbol or contract; ``None`` is every one.
            market: ``spot``, ``margin`` (cross and isolated), ``futures`` or ``all``. Where the exchange cancels by
                symbol only, the open orders are asked for first.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            What the exchange answered, by market.

        Raises:
            Rejected, NotSent, OutcomeUnknown: The worst end of its calls, which are all made, whatever became of the
                others; ``notes`` tells of those.
            ConfigError: If an argument breaks a rule, or there are no credentials; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        return self.rest.cancel_all_orders(symbol, market=market, timeout=timeout)

    def send_ws_api_request(
        self,
        ws_key: str | Enum | None,
        op: str,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Make a request by the name of its operation and wait for the outcome.

        An operation that the library knows is checked as its own method checks it; one that it does not know is
        sent as it is, and treated as one that changes the account.

        Args:
            ws_key: ``wsApiSpotV1`` or ``wsApiFuturesV1``; ``None`` takes the one that the operation goes to.
            op: Such as ``spot.order``.
            params: Arguments as the exchange spells them; a list where the operation takes one.
            extra: Fields the library does not know yet.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            `OrderAck`; for an operation on several orders a `BatchResult`; for ``ping`` a `Pong`.

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
        ws_key: str | Enum | None,
        op: str,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
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
        ws_key: str | Enum | None,
        op: str,
        params: Any,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Any:
        """Make a request whose arguments are a mapping or keywords; what every order method comes down to."""
        line, args, seconds, check = self._prepare(ws_key, op, params, keywords, extra, timeout)
        return self._desk.calls.call(line, op, args, timeout=seconds, check=check)

    def test_operation(
        self,
        op: str,
        params: Any,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> OrderAck:
        """Have an order checked instead of placed, over REST; see `RestClient.test_order`."""
        began = time.monotonic()
        data = self.rest.test_order(op, params, extra=extra, timeout=timeout, **keywords)
        return OrderAck(
            op=op,
            order_id=data.get("orderId"),
            client_oid=data.get("clientOid"),
            request_id="",
            latency=time.monotonic() - began,
            in_time=None,
            out_time=None,
            rate_limit=None,
            ws_key="",
            connection_id="",
            data=data,
            raw="",
            test=True,
        )

    def call_operation_nowait(
        self,
        ws_key: str | Enum | None,
        op: str,
        params: Any,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Future[Any]:
        """As `call_operation`, with a future for the outcome."""
        line, args, seconds, check = self._prepare(ws_key, op, params, keywords, extra, timeout)
        return self._desk.calls.call_nowait(line, op, args, timeout=seconds, check=check)

    def _prepare(
        self,
        ws_key: str | Enum | None,
        op: str,
        params: Any,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> tuple[ConnectionGroup, Any, float, LastCheck | None]:
        """Check everything about a request before anything of it exists."""
        if not isinstance(op, str) or not op:
            raise ConfigError(f"op: must be the name of an operation, got {op!r}")
        row = OPERATIONS.get(op)
        key = None
        if ws_key is not None:
            key = parse_ws_key(ws_key)
            if key not in _ORDER_ENTRY:
                raise ConfigError(f"ws_key: {key} takes no requests; use {' or '.join(_ORDER_ENTRY)}")
        elif row is None:
            raise ConfigError(f"ws_key: is required for an operation that the library does not know, {op!r:.60}")
        args = (ANYTHING if row is None else row.arguments).check(params, keywords, extra)
        if key is None:
            assert row is not None
            key = row.line if row.line_of is None else row.line_of(args)
        options = self.options
        seconds = checked_timeout(timeout, options.request_timeout)
        if self._tracker is not None:
            self._tracker.follow(None if row is None else ORDER_STREAMS.get(row.product))
        check = self._last_check(op, params, keywords) if options.check_symbols else None
        return self._group(key), args, seconds, check

    def _last_check(self, op: str, params: Any, keywords: Mapping[str, Any]) -> LastCheck | None:
        if op not in CHECKED:
            return None
        row, book = OPERATIONS[op], self._symbol_book
        spellings = row.arguments.spellings(params, keywords)

        def check(args: Any, deadline: Deadline, wait: bool) -> None:
            orders = (args,) if row.batch is None else row.batch.items(args)
            book.check(op, orders, spellings, now=time.monotonic(), deadline=deadline, wait=wait)

        return check
