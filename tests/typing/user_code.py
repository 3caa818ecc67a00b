"""
Code as users write it: read by a type checker and never run.

What it shows: the public names carry types that a strict checker accepts, and results have the types they seem to have.
"""

from __future__ import annotations

from concurrent.futures import Future
from decimal import Decimal
from typing import Any

from typing_extensions import assert_type

from kucoin_sync import (
    WS_KEY_MAP,
    AuthError,
    BatchResult,
    Closed,
    ConfigError,
    ConnectError,
    Credentials,
    KucoinSyncError,
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


def handle(error: RequestError) -> float:
    return error.elapsed + error.started_at + error.bytes_sent
