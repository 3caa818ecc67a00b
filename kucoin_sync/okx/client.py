"""
`WebsocketClient`: OKX's connections, for streams and for requests by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from enum import Enum
from functools import partial
from typing import Any

from kucoin_sync.books.live_book import LiveBook
from kucoin_sync.books.open_books import OpenBooks
from kucoin_sync.engine.client import Places, Subscription
from kucoin_sync.engine.connection_group import ConnectionGroup
from kucoin_sync.engine.deadline import Deadline, checked_timeout
from kucoin_sync.engine.listeners import Listener
from kucoin_sync.engine.queues import OverflowPolicy
from kucoin_sync.engine.streams import GapPolicy, Stream
from kucoin_sync.errors import ConfigError
from kucoin_sync.events import BookSnapshot
from kucoin_sync.exchange_rest.calls import RestSurroundings
from kucoin_sync.okx import topic_texts
from kucoin_sync.okx.accounts import AccountLookUps, AccountNames
from kucoin_sync.okx.books import book_channel, book_feed
from kucoin_sync.okx.dialect import OkxDialect
from kucoin_sync.okx.hosts import DEMO_HEADERS, is_simulated, rest_url, ws_url
from kucoin_sync.okx.instrument_book import InstrumentBook
from kucoin_sync.okx.keys import CONNECTIONS, WsKey, ws_key_for
from kucoin_sync.okx.lookups import OkxLookUps
from kucoin_sync.okx.operations import OPERATIONS, OkxRules, OperationRow
from kucoin_sync.okx.options import Options
from kucoin_sync.okx.order_events import ORDER_PATHS, order_stream
from kucoin_sync.okx.rest import RestClient, check_deadman
from kucoin_sync.okx.rest_calls import SignCall
from kucoin_sync.okx.signing import Signer
from kucoin_sync.options import Credentials
from kucoin_sync.options import Options as GeneralOptions
from kucoin_sync.orders.arguments import ANYTHING
from kucoin_sync.orders.client import OrderClient
from kucoin_sync.orders.deadman import Deadman
from kucoin_sync.protocol.dialect import Dialect, TopicRequest

__all__ = ["OkxTopics", "WebsocketClient"]

OkxTopics = str | TopicRequest | Mapping[str, Any] | Iterable[str | TopicRequest | Mapping[str, Any]]
"""Topics as texts, as `TopicRequest`, as the exchange's own ``{"channel": ..., "instId": ...}``, or a list of these."""

READY_INSTRUMENTS = ("SPOT", "SWAP", "FUTURES")
"""Kinds whose numbers `WebsocketClient.connect_ws_api` fetches; of options there is a list a family."""


class WebsocketClient(OrderClient):
    """
    OKX's streams, and requests by the name of their operation.

    A channel says by itself which connection serves it. Connections open when they are first needed, stay subscribed
    through every disconnect, and close with the client::

        with WebsocketClient() as client:
            for update in client.stream({"channel": "tickers", "instId": "BTC-USDT"}):
                print(update.topic, update.data[0]["last"])

    Each account has its own private and business connections; the business connection of the first one also serves
    what needs no account, and the public connection logs nobody in, but for ``books-l2-tbt`` and ``books50-l2-tbt``,
    which get a public connection of the account.

    Args:
        options: `kucoin_sync.okx.Options`, or ``None`` for the defaults.
        **keywords: Options one by one.

    Raises:
        ConfigError: If an option breaks a rule.
    """

    # The exchange counts three a second, when they reach it: the margin is for those that take longer than others.
    OPENINGS_AT_ONCE = (3, 1.25)

    options: Options

    def __init__(self, options: Options | None = None, **keywords: Any) -> None:
        given = Options.of(options, keywords)
        credentials = given.named_accounts if isinstance(given, Options) else {}
        self._names = AccountNames(tuple(credentials))
        super().__init__(given, self._names.of)
        signers = {name: self._signer(each) for name, each in credentials.items()}
        self._rests = {name: self._rest(signer) for name, signer in signers.items()} or {"": self._rest(None)}
        lookups = {name: OkxLookUps(self._rests[name]) for name in signers}
        self._instruments = InstrumentBook(partial(_fetch_instruments, self.rest))
        self._order_lines: dict[tuple[str, str | None], tuple[str, str]] = {}  # each is found once
        self._books = OpenBooks(self._hub, self.options)
        self._open_desk(OkxRules(self.options.recv_window), AccountLookUps(self._names, lookups))

    def _signer(self, credentials: Credentials) -> Signer:
        return Signer(credentials, sign_message=self.options.custom_sign_message_fn)

    def _rest(self, signer: Signer | None) -> RestClient:
        around = RestSurroundings[SignCall](
            options=self.options,
            caller=self._around.rest,
            running=self._running,
            identifiers=self._around.identifiers,
            clock=self._around.server_clock,
            signer=None if signer is None else signer.rest_headers,
        )
        return RestClient(around, partial(_rest_host, self.options))

    @property
    def rest(self) -> RestClient:
        """REST calls of the first account, or of none: see `RestClient`."""
        return next(iter(self._rests.values()))

    def rest_of(self, account: str | int | None = None) -> RestClient:
        """Return the REST calls of an account, by its name or place; ``None`` is the first."""
        return self._rests[self._names.check(account)]

    def _title(self) -> str:
        name = super()._title()
        return f"{name} SIMULATOR" if is_simulated(self.options) else name

    @classmethod
    def _check_options(cls, options: GeneralOptions) -> None:
        if not isinstance(options, Options):
            raise ConfigError("options: must be kucoin_sync.okx.Options")
        options.check_foreign()

    def _rest_headers(self) -> Mapping[str, str]:
        return DEMO_HEADERS if self.options.demo_trading else {}

    # Connections and accounts.

    def get_market_ws_key(self, path: str) -> WsKey:
        """
        Return the connection of this client's market.

        Args:
            path: ``public``, ``private`` or ``business``.
        """
        return ws_key_for(self.options.site, path, demo=self.options.demo_trading)

    def _key(self, ws_key: str | Enum) -> tuple[WsKey, str | None]:
        """Return a connection of this client's market, and the account that its name tells."""
        key, named = self._names.take_apart(ws_key)
        facts = CONNECTIONS[key]
        if (facts.market, facts.demo) != (self.options.site, self.options.demo_trading):
            mine = ", ".join(self.get_market_ws_key(path) for path in ("public", "private", "business"))
            raise ConfigError(f"ws_key: {key} is of another market; this client has {mine}")
        return key, named

    def _name(self, ws_key: str | Enum, account: str | int | None, *, login: bool | None = None) -> str:
        """
        Return what the engine calls a connection: by its WsKey, and by the account where that needs to be said.

        Args:
            ws_key: Which one; a text may name the account after an ``@``.
            account: Whose; ``None`` is the first.
            login: Whether it has to be one that logs in; ``None``: as the connection usually is.
        """
        key, named = self._key(ws_key)
        account = account if named is None else named
        needs = named is not None or (account is not None if login is None else login)
        return self._names.connection(key, account, login=needs)

    def _make_dialect(self, ws_key: str) -> Dialect:
        key, _ = self._names.take_apart(ws_key)
        facts = CONNECTIONS[key]
        owner = self._names.owner(ws_key, facts)
        signer = None if owner is None else self._signer(self.options.named_accounts[owner])
        private = signer is not None
        return OkxDialect(
            ws_key,
            path=facts.path,
            url=ws_url(self.options, facts.path, private=private),
            rest_host=rest_url(self.options, private=private),
            signer=signer,
        )

    def connect(self, ws_key: str | Enum, *, account: str | int | None = None, timeout: float | None = None) -> None:
        """
        Open a connection and wait until it is ready: logged in, where it belongs to an account.

        Args:
            ws_key: Which one.
            account: Whose, by name or place; ``None`` is the first account.
            timeout: Seconds; ``None`` takes ``open_timeout``.

        Raises:
            AuthError: If the exchange refuses the credentials.
            ConnectError: If the opening failed or took too long. If trying again can help, that goes on in the
                background.
            ConfigError: If there is no such connection or account.
            ClosedError: If the client is closed.
            ReentrantCallError: On a reading thread.
        """
        super().connect(self._name(ws_key, account), timeout=timeout)

    def connect_public(self, *, business: bool = False, timeout: float | None = None) -> None:
        """Open the public connection, or the business one; see `connect`."""
        self.connect(self.get_market_ws_key("business" if business else "public"), timeout=timeout)

    def connect_private(
        self, *, business: bool = False, account: str | int | None = None, timeout: float | None = None
    ) -> None:
        """Open the private connection of an account, or its business one; see `connect`."""
        self.connect(
            self.get_market_ws_key("business" if business else "private"),
            account=self._names.check(account),
            timeout=timeout,
        )

    def connect_all(self, *, timeout: float | None = None) -> None:
        """
        Open the public connection and the private ones of all accounts.

        Args:
            timeout: Seconds for all of them together; ``None`` takes ``open_timeout``.

        Raises:
            ConnectError: If one of them could not be opened.
        """
        names = [self._name(self.get_market_ws_key("public"), None)]
        names += [self._name(self.get_market_ws_key("private"), account) for account in self._names.names]
        self._connect_together(names, timeout)

    def connect_ws_api(
        self,
        *,
        account: str | int | None = None,
        instruments: Iterable[str] = READY_INSTRUMENTS,
        timeout: float | None = None,
    ) -> None:
        """
        Make ready for an account's orders: open the lines that take them, the private and the business one, and log in;
        fetch the numbers of instruments; with ``track_orders`` follow the account's order events.

        Args:
            account: Whose, by name or place; ``None`` is the first account.
            instruments: Kinds of instrument whose numbers are fetched, and instruments for whose sake that is done
                (of options: ``BTC-USD-241227-50000-C``).
            timeout: Seconds for everything together; ``None`` takes ``open_timeout``.

        Raises:
            AuthError: If the credentials are refused.
            ConnectError: If one of them could not be opened.
            RestError, ConnectionLost, DeadlineExceeded: If the instruments could not be fetched.
        """
        deadline = self._deadline(timeout, self.options.open_timeout)
        wanted = (instruments,) if isinstance(instruments, str) else tuple(instruments)
        name = self._names.check(account)
        lines = {path: self._name(self.get_market_ws_key(path), name) for path in ORDER_PATHS}
        self._connect_together(list(lines.values()), deadline.remaining())
        for path, line in lines.items():
            self._follow(line, path, deadline)
        for each in wanted:
            self._instruments.load(each, now=time.monotonic(), deadline=deadline)

    def _follow(self, line: str, path: str, deadline: Deadline | None = None) -> None:
        if self._tracker is not None:
            self._tracker.follow(order_stream(line, path), deadline)

    def _connect_together(self, names: Sequence[str], timeout: float | None) -> None:
        deadline = self._deadline(timeout, self.options.open_timeout)
        for name in names:
            self._group(name).first.start()
        for name in names:
            super().connect(name, timeout=deadline.remaining())

    def is_connected(self, ws_key: str | Enum, *, account: str | int | None = None) -> bool:
        """Whether a line is ready now; where the topics need several connections, whether all of them have one."""
        return super().is_connected(self._name(ws_key, account))

    def close(
        self,
        ws_key: str | Enum | None = None,
        *,
        account: str | int | None = None,
        timeout: float | None = None,
        drain: bool = True,
    ) -> None:
        """
        Close one connection, or everything; see `EngineClient.close`.

        Args:
            ws_key: Which connection; ``None`` closes the client for good.
            account: Whose; ``None`` is the first account.
            timeout: Seconds for everything together; ``None`` takes ``close_timeout``.
            drain: Whether requests in flight get time to be answered; the rest end as `OutcomeUnknown`.
        """
        name = None if ws_key is None else self._name(ws_key, account)
        super().close(name, timeout=timeout, drain=drain)

    # Order books.

    def order_book(
        self,
        symbol: str,
        channel: str | None = None,
        *,
        account: str | int | None = None,
        on_change: Callable[[BookSnapshot], object] | None = None,
        wait: bool = True,
        timeout: float | None = None,
    ) -> LiveBook:
        """
        Return the order book of an instrument or a spread, which stays in step with the exchange until it is closed.

        Args:
            symbol: Such as ``BTC-USDT`` or ``BTC-USDT_BTC-USDT-SWAP``.
            channel: ``books`` (400 levels, the default), ``books5``, ``bbo-tbt``, ``books-rpi``, ``books-l2-tbt`` or
                ``books50-l2-tbt`` (these two need an account); of a spread ``sprd-books-l2-tbt`` (the default),
                ``sprd-books5`` or ``sprd-bbo-tbt``.
            account: Whose, for channels that need an account; ``None`` is the first.
            on_change: Called on the listener thread with the best bid and ask, as a `BookSnapshot` of one level, after
                changes; of several at once one time.
            wait: Wait until the book is live; else it becomes so in the background.
            timeout: Seconds to wait for that; ``None`` takes ``open_timeout`` and ``request_timeout`` together.

        Raises:
            SubscribeError: If the exchange refuses the topic, or does not confirm it in time.
            DeadlineExceeded: If the book was not live in time.
            ConfigError: If an argument breaks a rule.
            ConnectError: If the connection cannot be opened at all.
            ClosedError: If the client is closed.
            ReentrantCallError: With ``wait`` on a reading thread.
        """
        deadline = self._deadline(timeout, self.options.open_timeout + self.options.request_timeout)
        self._books.check(on_change, wait=wait)
        wanted = book_channel(symbol, channel)
        ((group, (topic,)),) = self._places(wanted, None, account)
        feed = book_feed(symbol, wanted["channel"], topic)
        return self._books.open(feed, group, on_change, check_process=self._check_process, wait=wait, deadline=deadline)

    def _closed(self) -> None:
        self._books.stop()
        super()._closed()

    # Orders.

    def deadman(self, seconds: int, *, tag: str | None = None, account: str | int | None = None) -> Deadman:
        """
        Return a dead man's switch: the exchange cancels all orders unless it hears from us in time.

        It hears from us three times in ``seconds``, over REST, and only while a ping over the private line is
        answered::

            with client.deadman(30):
                trade()

        Leaving the block by an exception, and closing the client, leave the switch set: what is open is then cancelled.
        The private line has to be open: call `connect_ws_api` first.

        Args:
            seconds: After how many seconds of silence, 10 to 120.
            tag: Only orders with this tag.
            account: Whose; ``None`` is the first account.

        Returns:
            A `Deadman`. Entering it raises `Rejected`, `NotSent` or `OutcomeUnknown` if the switch cannot be set.

        Raises:
            ConfigError: If an argument breaks a rule.
        """
        check_deadman(seconds)
        rest, line = self.rest_of(account), self._name(self.get_market_ws_key("private"), account)
        return self._deadman(
            seconds,
            prove=lambda timeout: self._group(line).prove_alive(Deadline(timeout)),
            arm=lambda timeout: rest.set_deadman(seconds, tag=tag, timeout=timeout),
            disarm=lambda timeout: rest.set_deadman(0, tag=tag, timeout=timeout),
            ws_key=line,
        )

    def cancel_all_orders(
        self, inst_id: str | None = None, *, account: str | int | None = None, timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """
        Cancel all open orders of an account, over REST; see `RestClient.cancel_all_orders`.

        Args:
            inst_id: Only those of one instrument; ``None`` is every one.
            account: Whose; ``None`` is the first account.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.
        """
        return self.rest_of(account).cancel_all_orders(inst_id, timeout=timeout)

    def send_ws_api_request(
        self,
        ws_key: str | Enum | None,
        op: str,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        account: str | int | None = None,
        exp_time: int | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Make a request by the name of its operation and wait for the outcome.

        An operation that the library knows is checked as its own method checks it; one that it does not know is
        sent as it is, and treated as one that changes the account.

        Args:
            ws_key: A private or a business connection; ``None`` takes the one that the operation goes to.
            op: Such as ``order``.
            params: Arguments as the exchange spells them; a list where the operation takes several.
            account: Whose; ``None`` is the first account.
            exp_time: From when the exchange is not to process it, in its own time, milliseconds since 1970; ``None``:
                when the call ends, where the operation can expire.
            extra: Fields the library does not know yet.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            `OrderAck`; for an operation on several orders a `BatchResult`.

        Raises:
            Rejected: The exchange refused it.
            NotSent: Not one byte left.
            OutcomeUnknown: Anything else.
            ConfigError: If an argument breaks a rule; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        return self.call_operation(
            op, params, {}, extra, ws_key=ws_key, account=account, exp_time=exp_time, timeout=timeout
        )

    def send_ws_api_request_nowait(
        self,
        ws_key: str | Enum | None,
        op: str,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        account: str | int | None = None,
        exp_time: int | None = None,
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Future[Any]:
        """
        Send a request now or not at all; its outcome comes as a `concurrent.futures.Future`.

        Args, and what the future ends with: as `send_ws_api_request`. A connection that is not ready, or an instrument
        whose number is not known yet, ends it as `NotSent` at once: call `connect_ws_api` first.
        """
        return self.call_operation_nowait(
            op, params, {}, extra, ws_key=ws_key, account=account, exp_time=exp_time, timeout=timeout
        )

    def call_operation(
        self, op: str, params: Any, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None, **where: Any
    ) -> Any:
        """Make a request whose arguments are a mapping or keywords; what every order method comes down to."""
        line, args, how = self._prepare(op, params, keywords, extra, **where)
        return self._desk.calls.call(line, op, args, **how)

    def call_operation_nowait(
        self, op: str, params: Any, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None, **where: Any
    ) -> Future[Any]:
        """As `call_operation`, with a future for the outcome."""
        line, args, how = self._prepare(op, params, keywords, extra, **where)
        return self._desk.calls.call_nowait(line, op, args, **how)

    def _prepare(
        self,
        op: str,
        params: Any,
        keywords: Mapping[str, Any],
        extra: Mapping[str, Any] | None,
        *,
        account: str | int | None,
        timeout: float | None,
        exp_time: int | None,
        ws_key: str | Enum | None = None,
    ) -> tuple[ConnectionGroup, Any, dict[str, Any]]:
        """Check everything about a request before anything of it exists."""
        if not isinstance(op, str) or not op:
            raise ConfigError(f"op: must be the name of an operation, got {op!r}")
        row = OPERATIONS.get(op)
        if ws_key is None and row is None:
            raise ConfigError(f"ws_key: is required for an operation that the library does not know, {op!r:.60}")
        if exp_time is not None:
            _check_exp_time(exp_time, op, row)
        args = (ANYTHING if row is None else row.arguments).check(params, keywords, extra)
        line, path = self._order_line("" if row is None else row.path, account, ws_key)
        seconds = checked_timeout(timeout, self.options.request_timeout)
        self._follow(line, path)
        check = None
        if row is not None and row.takes_instruments:
            check = partial(self._complete, row)
        return self._group(line), args, {"timeout": seconds, "check": check, "expires_ms": exp_time}

    def _order_line(self, path: str, account: str | int | None, ws_key: str | Enum | None) -> tuple[str, str]:
        """Return the connection that a request goes over, and its path."""
        if ws_key is None:
            name = None if account is None else self._names.check(account)
            found = self._order_lines.get((path, name))
            if found is None:
                line = self._name(self.get_market_ws_key(path), self._names.check(name), login=True)
                found = self._order_lines[path, name] = (line, path)
            return found
        key, named = self._key(ws_key)
        path = CONNECTIONS[key].path
        if path not in ORDER_PATHS:
            raise ConfigError(f"ws_key: {key} takes no requests; use a private or a business connection")
        return self._name(key, self._names.check(account if named is None else named), login=True), path

    def _complete(self, row: OperationRow, args: Any, deadline: Deadline, wait: bool) -> None:
        """Put the numbers of instruments into orders."""
        orders = (args,) if row.batch is None else row.batch.items(args)
        self._instruments.complete(orders, now=time.monotonic(), deadline=deadline, wait=wait)

    # Subscriptions.

    def subscribe(
        self,
        topics: OkxTopics,
        ws_key: str | Enum | None = None,
        *,
        account: str | int | None = None,
        listener: Listener | None = None,
        wait: bool = True,
        timeout: float | None = None,
    ) -> Subscription:
        """
        Subscribe to topics; they stay subscribed through every reconnect.

        Args:
            topics: A topic such as ``"tickers:BTC-USDT"``, an arg of the exchange's docs such as ``{"channel":
                "tickers", "instId": "BTC-USDT"}``, what a function of `kucoin_sync.okx.topics` returns, or a list of
                these. They may belong to several connections.
            ws_key: Which connection; needed only for a channel that the library does not know.
            account: Whose, for channels that need an account; ``None`` is the first.
            listener: Called with each update of these topics, besides the listeners of ``update``.
            wait: Wait until the exchange confirmed every topic; else go on trying in the background.
            timeout: Seconds to wait; ``None`` takes ``open_timeout`` if a connection has to be opened first, else
                ``request_timeout``, and for many topics as much longer as the limits of messages and openings take.

        Raises:
            SubscribeError: If topics were refused or not confirmed in time: those are withdrawn.
            ConfigError: If an argument breaks a rule.
            ConnectError: If a connection cannot be opened at all.
            ClosedError: If the client is closed.
        """
        return self._subscribe(self._places(topics, ws_key, account), listener, wait=wait, timeout=timeout)

    def unsubscribe(
        self,
        topics: OkxTopics,
        ws_key: str | Enum | None = None,
        *,
        account: str | int | None = None,
        wait: bool = True,
        timeout: float | None = None,
    ) -> None:
        """
        Withdraw topics that were subscribed with `subscribe`; streams keep theirs.

        Args:
            topics: As for `subscribe`; topics nobody subscribed are ignored.
            ws_key: As for `subscribe`.
            account: As for `subscribe`.
            wait: Wait for the exchange's confirmation.
            timeout: Seconds to wait; ``None`` takes ``request_timeout``.

        Raises:
            DeadlineExceeded: If the confirmation did not come in time; nothing is delivered any more all the same.
            ConfigError: If an argument breaks a rule.
        """
        self._unsubscribe(self._places(topics, ws_key, account), wait=wait, timeout=timeout)

    def stream(
        self,
        topics: OkxTopics,
        ws_key: str | Enum | None = None,
        *,
        account: str | int | None = None,
        overflow: OverflowPolicy = "drop_oldest",
        maxlen: int | None = None,
        on_gap: GapPolicy = "mark",
        timeout: float | None = None,
    ) -> Stream:
        """
        Subscribe to topics and return their updates as an iterator.

        Args:
            topics: As for `subscribe`.
            ws_key: As for `subscribe`.
            account: As for `subscribe`.
            overflow: When the loop is too slow: ``drop_oldest`` (the next update is marked), ``latest`` (only the
                newest of each topic is kept) or ``error`` (the stream ends with `OverflowError`).
            maxlen: Updates held; ``None`` takes ``queue_size``.
            on_gap: What to do where updates may be missing: ``mark`` the next one, or ``raise`` `GapError`.
            timeout: Seconds to wait for the confirmation, as for `subscribe`.

        Raises:
            As `subscribe`.
        """
        places = self._places(topics, ws_key, account)
        return self._stream(places, overflow=overflow, maxlen=maxlen, on_gap=on_gap, timeout=timeout)

    def _places(self, topics: OkxTopics, ws_key: str | Enum | None, account: str | int | None) -> Places:
        """Return where each topic is served."""
        found: dict[str, tuple[ConnectionGroup, dict[str, None]]] = {}
        for request in _requests(topics):
            for topic, channel in topic_texts.single(request):
                if ws_key is not None:
                    login = channel.login if channel is not None else None
                    name = self._name(ws_key, account, login=login)
                elif channel is None:
                    raise ConfigError(
                        f"ws_key: is required for a channel that the library does not know, {topic!r:.60}"
                    )
                elif channel.login:
                    name = self._name(self.get_market_ws_key(channel.path), self._names.check(account), login=True)
                else:
                    name = self._name(self.get_market_ws_key(channel.path), None, login=False)
                group, mine = found.setdefault(name, (self._group(name), {}))
                mine.update(dict.fromkeys(group.dialect.single_topics(TopicRequest(topic))))
        if not found:
            raise ConfigError("topics: at least one is needed")
        return [(group, tuple(mine)) for group, mine in found.values()]


def _requests(topics: OkxTopics) -> list[TopicRequest]:
    """Return a user's topics in one form."""
    if isinstance(topics, (str, TopicRequest, Mapping)):
        topics = [topics]
    if not isinstance(topics, Iterable):
        raise ConfigError(f"topics: must be a topic or a list of topics, got {type(topics).__name__}")
    return [_request(topic) for topic in topics]


def _request(topic: Any) -> TopicRequest:
    if isinstance(topic, TopicRequest):
        return topic
    if isinstance(topic, str):
        return TopicRequest(topic)
    if isinstance(topic, Mapping) and isinstance(topic.get("channel"), str):
        return TopicRequest(topic["channel"], {key: value for key, value in topic.items() if key != "channel"})
    if isinstance(topic, Mapping) and isinstance(topic.get("topic"), str) and set(topic) <= {"topic", "payload"}:
        return TopicRequest(topic["topic"], topic.get("payload"))
    raise ConfigError(f"topics: each must be a text, a TopicRequest or a mapping with 'channel', got {topic!r:.80}")


def _rest_host(options: Options, private: bool) -> str:
    return rest_url(options, private=private)


def _fetch_instruments(rest: RestClient, kind: str, family: str | None, timeout: float) -> Sequence[Mapping[str, Any]]:
    return rest.instruments(kind, inst_family=family, timeout=timeout)


def _check_exp_time(value: Any, op: str, row: OperationRow | None) -> None:
    if row is not None and not row.expires:
        raise ConfigError(f"exp_time: the exchange takes none with {op}")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**16:
        raise ConfigError(f"exp_time: must be milliseconds since 1970, got {value!r:.40}")
