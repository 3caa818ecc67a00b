"""
Code as users write it: read by a type checker and never run.

What it shows: the public names carry types that a strict checker accepts, and results have the types they seem to have.
"""

from __future__ import annotations

from concurrent.futures import Future
from decimal import Decimal

import requests
from typing_extensions import assert_type

from kucoin_sync import (
    WS_KEY_MAP,
    AuthError,
    BookSnapshot,
    Broker,
    Closed,
    ConfigError,
    ConnectError,
    Credentials,
    KucoinSyncError,
    NotSent,
    Options,
    OrderAck,
    OutcomeUnknown,
    Pong,
    RateLimit,
    Rejected,
    RequestError,
    RestClient,
    RestError,
    Stream,
    SubscribeError,
    Subscription,
    TopicRequest,
    Update,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
    __version__,
)


def place(api: WebsocketAPIClient) -> str | None:
    try:
        ack = api.submit_new_spot_order(
            symbol="BTC-USDT", side="buy", type="limit", price=Decimal("20000"), size="0.0001", timeout=2.5
        )
    except Rejected as error:
        limit: RateLimit | None = error.rate_limit
        print(error.code, error.msg, error.duplicate, error.retry_after, limit)
        return None
    except NotSent as error:
        assert_type(error.safe_to_retry, bool)
        return place(api) if error.safe_to_retry else None
    except OutcomeUnknown as error:
        assert_type(error.client_oid, str | None)
        print(error.reason, error.sent, error.line_alive, error.reply)
        return error.client_oid
    assert_type(ack, OrderAck)
    assert_type(ack.order_id, str | None)
    assert_type(ack.latency, float)
    return ack.order_id


def place_from_a_mapping(api: WebsocketAPIClient) -> OrderAck:
    return api.submit_new_spot_order({"symbol": "BTC-USDT", "side": "sell"}, extra={"newField": 1})


def place_many(api: WebsocketAPIClient, count: int) -> list[OrderAck]:
    futures = [
        api.nowait.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="market", funds=n) for n in range(count)
    ]
    assert_type(futures, list[Future[OrderAck]])
    return [future.result(timeout=5) for future in futures]


def other_calls(api: WebsocketAPIClient) -> None:
    assert_type(api.cancel_spot_order(symbol="BTC-USDT", order_id="1"), OrderAck)
    assert_type(api.modify_spot_order(symbol="BTC-USDT", client_oid="1", new_price="2"), OrderAck)
    assert_type(api.ping(), Pong)
    api.connect_ws_api(WsKey.WS_API_SPOT_V1, timeout=5)
    assert_type(api.get_ws_client(), WebsocketClient)


def read(client: WebsocketClient) -> None:
    with client.stream("/market/ticker:BTC-USDT", WsKey.SPOT_PUBLIC_V1) as stream:
        assert_type(stream, Stream)
        for update in stream:
            assert_type(update, Update)
            assert_type(update.topic, str)
            assert_type(update.gap_before, bool)
            assert_type(update.sequence, int | None)
            break


def listen(client: WebsocketClient) -> None:
    def on_close(event: Closed) -> None:
        error: KucoinSyncError | None = event.error
        print(event.ws_key, error)

    client.on("close", on_close)
    try:
        subscription = client.subscribe([TopicRequest("/market/ticker:BTC-USDT")], WS_KEY_MAP["spotPublicV1"])
    except SubscribeError as error:
        assert_type(error.rejected, dict[str, tuple[str, str]])
        return
    assert_type(subscription, Subscription)


def configure() -> WebsocketClient:
    options = Options(
        api_key="k", api_secret="s", api_passphrase="p", request_timeout=2, hosts={"spot_rest": "https://x"}
    )
    assert_type(options.credentials, Credentials | None)
    try:
        with WebsocketClient(options, reconnect=False) as client:
            return client
    except ConfigError as error:
        value_error: ValueError = error
        raise value_error from None
    except AuthError as error:
        connect_error: ConnectError = error
        connection_error: ConnectionError = error
        print(connect_error.phase, error.code, connection_error, __version__)
        raise


def configure_everything(session: requests.Session) -> WebsocketClient:
    def sign(message: str, secret: str) -> str:
        return message + secret

    return WebsocketClient(
        Options(
            api_region="AU",
            proxy="socks5h://user:password@proxy.example:1080",
            trust_env=False,
            rest_session=session,
            custom_sign_message_fn=sign,
            broker=Broker("partner", "key", name="desk"),
            enable_ns=True,
        ),
        proxy=False,
    )


def rest_calls(client: WebsocketClient, api: WebsocketAPIClient) -> Decimal:
    assert_type(client.rest, RestClient)
    assert_type(api.rest, RestClient)
    rest = client.rest
    assert_type(rest.server_time_ms(host="futures", timeout=2), int)
    assert_type(rest.clock_offset_ms(samples=3), float)
    assert_type(rest.limits(), dict[str, RateLimit])
    try:
        book = rest.book("BTC-USDT", 20)
    except RestError as error:
        assert_type(error.code, str | None)
        assert_type(error.retry_after, float | None)
        raise
    assert_type(book, BookSnapshot)
    price, size = book.bids[0]
    order = rest.spot_order("BTC-USDT", client_oid="1")
    print(order["active"], [item["symbol"] for item in rest.open_futures_orders()], rest.positions())
    print(rest.request("GET", "/api/v1/market/allTickers")["ticker"])
    print(client.cancel_all_orders("BTC-USDT"), api.cancel_all_orders(market="all", timeout=1.5))
    return price * size


def handle(error: RequestError) -> float:
    return error.elapsed + error.started_at + error.bytes_sent
