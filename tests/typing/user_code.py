"""
Code as users write it: read by a type checker and never run.

What it shows: the public names carry types that a strict checker accepts, and results have the types they seem to have.
"""

from __future__ import annotations

from concurrent.futures import Future
from decimal import Decimal
from typing import Any

import requests
from typing_extensions import assert_type

from kucoin_sync import (
    WS_KEY_MAP,
    AuthError,
    BatchResult,
    BookSnapshot,
    BookState,
    Broker,
    Closed,
    ConfigError,
    ConnectError,
    Credentials,
    KucoinSyncError,
    LiveBook,
    NotSent,
    OperationStats,
    Options,
    OrderAck,
    OrderResult,
    OutcomeUnknown,
    Pong,
    RateLimit,
    Rejected,
    RequestError,
    RequestStats,
    RestClient,
    RestError,
    StaleBook,
    Stream,
    SubscribeError,
    Subscription,
    TopicRequest,
    Update,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
    __version__,
    models,
    topics,
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
        print(error.reason, error.sent, error.line_alive, error.reply)
        return take_back(api, error)
    assert_type(ack, OrderAck)
    assert_type(ack.order_id, str | None)
    assert_type(ack.latency, float)
    return ack.order_id


def take_back(api: WebsocketAPIClient, error: OutcomeUnknown) -> str | None:
    ack = api.cancel_spot_order(symbol=error.symbol, client_oid=error.client_oid)
    assert_type(ack.no_effect, bool)
    return ack.client_oid


def place_from_a_mapping(api: WebsocketAPIClient) -> OrderAck:
    return api.submit_new_spot_order({"symbol": "BTC-USDT", "side": "sell"}, extra={"newField": 1})


def place_many(api: WebsocketAPIClient, count: int) -> list[OrderAck]:
    futures = [
        api.nowait.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="market", funds=n) for n in range(1, count)
    ]
    assert_type(futures, list[Future[OrderAck]])
    return [future.result(timeout=5) for future in futures]


def place_a_batch(api: WebsocketAPIClient) -> list[str]:
    orders: list[dict[str, Any]] = [{"symbol": "XBTUSDTM", "side": "buy", "type": "market", "size": 1}]
    try:
        result = api.submit_multiple_futures_orders(orders, timeout=2.5)
    except OutcomeUnknown as error:
        assert_type(error.results, BatchResult | None)
        return [each.client_oid for each in error.results.unknown] if error.results is not None else []
    assert_type(result, BatchResult)
    assert_type(result.accepted, tuple[OrderAck, ...])
    assert_type(result.rejected, tuple[Rejected, ...])
    assert_type(result.by_client_oid("c"), OrderAck | Rejected | OutcomeUnknown)
    for outcome in result:
        if isinstance(outcome, Rejected):
            print(outcome.code, outcome.no_such_order)
    assert_type(
        api.nowait.cancel_multiple_futures_orders(client_oids_list=[{"symbol": "X", "clientOid": "c"}]),
        Future[BatchResult],
    )
    return [str(ack.order_id) for ack in result.accepted]


def arguments_are_checked(api: WebsocketAPIClient) -> None:
    api.submit_new_spot_order(symbol="BTC-USDT", clientOid="c")  # type: ignore[call-arg]
    api.submit_futures_order(symbol="XBTUSDTM", post_only="yes")  # type: ignore[arg-type]
    api.submit_margin_order(symbol="BTC-USDT", leverage=3)  # type: ignore[call-arg]


def all_products(api: WebsocketAPIClient) -> None:
    ack = api.submit_sync_spot_order(symbol="BTC-USDT", side="buy", type="limit", price=1.5, size=1, client_oid=None)
    assert_type(ack.result, OrderResult | None)
    if ack.result is not None:
        assert_type(ack.result.deal_size, Decimal | None)
    assert_type(api.cancel_sync_spot_order(symbol="BTC-USDT", order_id="1").result, OrderResult | None)
    margin = api.submit_margin_order(symbol="BTC-USDT", side="buy", price="1", size="1", auto_borrow=True)
    assert_type(margin.borrow_size, Decimal | None)
    assert_type(margin.loan_apply_id, str | None)
    assert_type(api.cancel_margin_order(symbol="BTC-USDT", order_id="1"), OrderAck)
    assert_type(api.submit_futures_order(symbol="XBTUSDTM", side="buy", price=1, size=1, leverage=3), OrderAck)
    assert_type(api.nowait.cancel_futures_order(order_id="1", ws_key=WsKey.WS_API_FUTURES_V1), Future[OrderAck])
    assert_type(api.submit_uta_order({"tradeType": "SPOT"}), OrderAck)
    assert_type(api.amend_uta_order(symbol="BTC-USDT", order_id="1", new_price="2", cxl_on_fail=True), OrderAck)
    assert_type(api.cancel_uta_order(trade_type="SPOT", symbol="BTC-USDT", order_id="1"), OrderAck)
    assert_type(api.nowait.ping(), Future[Pong])


def count(client: WebsocketClient) -> int:
    stats = client.stats()["requests"]
    assert isinstance(stats, RequestStats)
    spot: OperationStats = stats.operations["spot.order"]
    return spot.accepted + spot.rejected + spot.not_sent + spot.unknown


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


def read_models(client: WebsocketClient) -> Decimal | None:
    spelled = [topics.ticker("BTC-USDT"), topics.candles("BTC-USDT", "1hour"), topics.book("BTC-USDT", depth=50)]
    assert_type(spelled, list[str])
    assert_type(topics.futures_orders("XBTUSDTM"), str)
    assert_type(topics.pro_book("XBTUSDTM", "increment@10ms", trade_type="FUTURES", rpi=False), TopicRequest)
    with client.stream(spelled, WsKey.SPOT_PUBLIC_V1) as stream:
        for update in stream:
            typed = update.typed
            if isinstance(typed, models.SpotTicker):
                assert_type(typed.price, Decimal | None)
                assert_type(typed.time_ms, int | None)
                return typed.price
            if isinstance(typed, models.SpotBook) and typed.asks:
                price, size = typed.asks[0]
                assert_type(typed.asks[0], models.Level)
                return price * size
            if isinstance(typed, models.SpotOrderChange) and typed.side is models.Side.BUY:
                assert_type(typed.event, models.OrderEvent | str | None)
            if isinstance(typed, models.Model):
                print(typed.extra, models.wire_names(type(typed)))
    return models.SpotTicker(price=Decimal(1)).price


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


def order_books(client: WebsocketClient) -> Decimal | None:
    with client.order_book("BTC-USDT", WsKey.SPOT_PUBLIC_PRO_V2, on_change=lambda best: best.bids, wait=False) as book:
        assert_type(book, LiveBook)
        book.wait_live(timeout=5)
        try:
            best = book.best_bid
            assert_type(best, tuple[Decimal, Decimal] | None)
            assert_type(book.depth(10), BookSnapshot)
            return book.size_at("ask", "60000.1") if best else book.spread
        except StaleBook as stale:
            print(stale.state, stale.reason, book.state is BookState.STALE)
            return None


def handle(error: RequestError) -> float:
    return error.elapsed + error.started_at + error.bytes_sent
