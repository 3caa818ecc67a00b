"""
`WebsocketClient`: OKX's connections, for streams and for requests by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from kucoin_sync.engine.client import EngineClient, Places, Subscription
from kucoin_sync.engine.connection_group import ConnectionGroup
from kucoin_sync.engine.listeners import Listener
from kucoin_sync.engine.queues import OverflowPolicy
from kucoin_sync.engine.streams import GapPolicy, Stream
from kucoin_sync.errors import ConfigError
from kucoin_sync.okx import topic_texts
from kucoin_sync.okx.dialect import OkxDialect
from kucoin_sync.okx.hosts import DEMO_HEADERS, is_simulated, rest_url, ws_url
from kucoin_sync.okx.keys import CONNECTIONS, WsKey, parse_ws_key, ws_key_for
from kucoin_sync.okx.options import Options
from kucoin_sync.okx.signing import Signer
from kucoin_sync.options import Options as GeneralOptions
from kucoin_sync.orders.ledger import Ledger
from kucoin_sync.protocol.dialect import Dialect, TopicRequest

__all__ = ["OkxTopics", "WebsocketClient"]

OkxTopics = str | TopicRequest | Mapping[str, Any] | Iterable[str | TopicRequest | Mapping[str, Any]]
"""Topics as texts, as `TopicRequest`, as the exchange's own ``{"channel": ..., "instId": ...}``, or a list of these."""

_OF = "@"
"""Between the name of a connection and the account it belongs to."""


class WebsocketClient(EngineClient):
    """
    OKX's streams.

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

    OPENINGS_AT_ONCE = (3, 1.0)

    options: Options

    def __init__(self, options: Options | None = None, **keywords: Any) -> None:
        self._ledger = Ledger()
        super().__init__(Options.of(options, keywords), late_reply=self._ledger.take_reply)

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

    def _account(self, account: str | int | None) -> str:
        """Return the name of an account; of none, the first one's. Raises ConfigError if there is no such account."""
        accounts = self.options.named_accounts
        if not accounts:
            raise ConfigError(
                "accounts: this needs an account: give api_key, api_secret and api_passphrase, or accounts"
            )
        if account is None:
            return next(iter(accounts))
        name = str(account)
        if name not in accounts:
            raise ConfigError(f"account: no account {name!r:.40}; there are {', '.join(accounts)}")
        return name

    def _name(self, ws_key: str | Enum, account: str | int | None, *, login: bool | None = None) -> str:
        """
        Return what the engine calls a connection: by its WsKey, and by the account where that needs to be said.

        Args:
            ws_key: Which one; a text may name the account after an ``@``.
            account: Whose; ``None`` is the first.
            login: Whether it has to be one that logs in; ``None``: as the connection usually is.
        """
        if not isinstance(ws_key, (str, Enum)):
            raise ConfigError(f"ws_key: must be a WsKey or its text, got {type(ws_key).__name__}")
        text = str(ws_key.value) if isinstance(ws_key, Enum) else ws_key
        key_text, of, named = text.partition(_OF)
        facts = CONNECTIONS[parse_ws_key(key_text)]
        if (facts.market, facts.demo) != (self.options.site, self.options.demo_trading):
            mine = ", ".join(self.get_market_ws_key(path) for path in ("public", "private", "business"))
            raise ConfigError(f"ws_key: {key_text} is of another market; this client has {mine}")
        if of:
            account = named
        needs = bool(of) or account is not None if login is None else login
        if facts.path == "public":
            return f"{key_text}{_OF}{self._account(account)}" if needs else key_text
        if facts.path == "business" and not self.options.named_accounts and not needs:
            return key_text
        name = self._account(account)
        return key_text if name == self._account(None) else f"{key_text}{_OF}{name}"

    def _make_dialect(self, ws_key: str) -> Dialect:
        key_text, of, name = ws_key.partition(_OF)
        facts = CONNECTIONS[parse_ws_key(key_text)]
        credentials = None
        if of or facts.path == "private" or (facts.path == "business" and self.options.named_accounts):
            credentials = self.options.named_accounts[self._account(name or None)]
        signer = None
        if credentials is not None:
            signer = Signer(credentials, sign_message=self.options.custom_sign_message_fn)
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
            account=self._account(account),
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
        names += [self._name(self.get_market_ws_key("private"), account) for account in self.options.named_accounts]
        self._connect_together(names, timeout)

    def connect_ws_api(self, *, account: str | int | None = None, timeout: float | None = None) -> None:
        """
        Open the lines that take an account's requests, the private and the business one, and log in ahead of time.

        Args:
            account: Whose, by name or place; ``None`` is the first account.
            timeout: Seconds for both together; ``None`` takes ``open_timeout``.

        Raises:
            AuthError: If the credentials are refused.
            ConnectError: If one of them could not be opened.
        """
        name = self._account(account)
        paths = ("private", "business")
        self._connect_together([self._name(self.get_market_ws_key(path), name) for path in paths], timeout)

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
                    name = self._name(self.get_market_ws_key(channel.path), self._account(account), login=True)
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
