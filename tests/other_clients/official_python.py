"""
Prints what KuCoin's own Python SDK makes of the simulator at ``argv[1]``, one line of JSON for each topic and call.

It runs where ``kucoin-universal-sdk`` is installed, and imports nothing of this project.
"""

import json
import os
import sys
import threading
from unittest import mock

from kucoin_universal_sdk.api import DefaultClient
from kucoin_universal_sdk.generate.account.account import GetSpotAccountListReqBuilder
from kucoin_universal_sdk.generate.futures.market import GetTickerReqBuilder as FuturesTickerReqBuilder
from kucoin_universal_sdk.generate.futures.order import AddOrderReqBuilder as FuturesOrderReqBuilder
from kucoin_universal_sdk.generate.futures.order import CancelOrderByIdReqBuilder
from kucoin_universal_sdk.generate.spot.market import GetAllSymbolsReqBuilder, GetTickerReqBuilder
from kucoin_universal_sdk.generate.spot.order import AddOrderReqBuilder, CancelOrderByOrderIdReqBuilder
from kucoin_universal_sdk.internal.infra.uta_private_trade_ws_service import UtaPrivateTradeWsService
from kucoin_universal_sdk.internal.infra.uta_push_ws_service import UtaPushWsService
from kucoin_universal_sdk.model import (
    ClientOptionBuilder,
    PushTradeType,
    TransportOptionBuilder,
    WebSocketClientOptionBuilder,
)

URL = sys.argv[1]
WS_URL = URL.replace("http", "ws", 1)
LIMIT = 10.0

client = DefaultClient(
    ClientOptionBuilder()
    .set_key(os.environ["API_KEY"])
    .set_secret(os.environ["API_SECRET"])
    .set_passphrase(os.environ["API_PASSPHRASE"])
    .set_spot_endpoint(URL)
    .set_futures_endpoint(URL + "/futures")
    .set_broker_endpoint(URL)
    .set_transport_option(TransportOptionBuilder().build())
    .set_websocket_client_option(WebSocketClientOptionBuilder().build())
    .build()
)
rest, streams = client.rest_service(), client.ws_service()
spot, futures = rest.get_spot_service(), rest.get_futures_service()


def say(call, value):
    print(json.dumps({"call": call, "value": value}), flush=True)


def value_of(response):
    """What a response holds, without the envelope that the SDK keeps beside it."""
    return {name: value for name, value in json.loads(response.to_json()).items() if name != "common_response"}


def place_spot(client_oid):
    order = AddOrderReqBuilder().set_client_oid(client_oid).set_symbol("BTC-USDT").set_side("buy").set_type("limit")
    return spot.get_order_api().add_order(order.set_price("50000").set_size("0.001").build())


def place_futures(client_oid):
    order = FuturesOrderReqBuilder().set_client_oid(client_oid).set_symbol("XBTUSDTM").set_side("buy").set_type("limit")
    order = order.set_price("50000").set_size(1).set_leverage(3).set_margin_mode("ISOLATED")
    return futures.get_order_api().add_order(order.build())


def first(name, stream, subscribe, act=None):
    """Print the first push of a topic, which ``act`` may cause once the topic is acknowledged."""
    pushes, arrived = [], threading.Event()

    def seen(*push):
        pushes.append(push)
        arrived.set()

    subscribe(stream, seen)
    if act is not None:
        act()
    if not arrived.wait(LIMIT):
        raise SystemExit(f"{name}: no push in {LIMIT:g} s")
    push = pushes[0]
    if len(push) == 3:
        topic, subject, data = push
        say(name, {"topic": topic, "subject": subject, "data": value_of(data)})
    else:
        say(name, push[0])


SPOT = {
    "ticker": lambda s, seen: s.ticker(["BTC-USDT", "ETH-USDT"], seen),
    "trade": lambda s, seen: s.trade(["BTC-USDT"], seen),
    "klines": lambda s, seen: s.klines("BTC-USDT", "1min", seen),
    "orderbook_level1": lambda s, seen: s.orderbook_level1(["BTC-USDT"], seen),
    "orderbook_level5": lambda s, seen: s.orderbook_level5(["BTC-USDT"], seen),
    "orderbook_increment": lambda s, seen: s.orderbook_increment(["BTC-USDT"], seen),
    "symbol_snapshot": lambda s, seen: s.symbol_snapshot("BTC-USDT", seen),
}
FUTURES = {
    "ticker_v2": lambda s, seen: s.ticker_v2("XBTUSDTM", seen),
    "execution": lambda s, seen: s.execution("XBTUSDTM", seen),
    "instrument": lambda s, seen: s.instrument("XBTUSDTM", seen),
    "orderbook_increment": lambda s, seen: s.orderbook_increment("XBTUSDTM", seen),
    "orderbook_level50": lambda s, seen: s.orderbook_level50("XBTUSDTM", seen),
    "symbol_snapshot": lambda s, seen: s.symbol_snapshot("XBTUSDTM", seen),
}


def calls():
    """REST."""
    accounts = rest.get_account_service().get_account_api()
    request = GetSpotAccountListReqBuilder().set_currency("USDT").set_type("trade").build()
    say("rest.spot.accounts", value_of(accounts.get_spot_account_list(request)))
    symbols = spot.get_market_api().get_all_symbols(GetAllSymbolsReqBuilder().build())
    say("rest.spot.symbols", [row["symbol"] for row in value_of(symbols)["data"]])
    request = GetTickerReqBuilder().set_symbol("BTC-USDT").build()
    say("rest.spot.ticker", value_of(spot.get_market_api().get_ticker(request)))
    request = FuturesTickerReqBuilder().set_symbol("XBTUSDTM").build()
    say("rest.futures.ticker", value_of(futures.get_market_api().get_ticker(request)))

    placed = place_spot("python-1")
    say("rest.spot.place", value_of(placed))
    request = CancelOrderByOrderIdReqBuilder().set_order_id(placed.order_id).set_symbol("BTC-USDT").build()
    say("rest.spot.cancel", value_of(spot.get_order_api().cancel_order_by_order_id(request)))
    placed = place_futures("python-2")
    say("rest.futures.place", value_of(placed))
    request = CancelOrderByIdReqBuilder().set_order_id(placed.order_id).build()
    say("rest.futures.cancel", value_of(futures.get_order_api().cancel_order_by_id(request)))


def classic_streams():
    """Streams whose address the token call tells."""
    stream = streams.new_spot_public_ws()
    stream.start()
    for name, subscribe in SPOT.items():
        first(f"spot.{name}", stream, subscribe)
    stream.stop()
    stream = streams.new_futures_public_ws()
    stream.start()
    for name, subscribe in FUTURES.items():
        first(f"futures.{name}", stream, subscribe)
    stream.stop()
    stream = streams.new_spot_private_ws()
    stream.start()
    first("spot.order_v2", stream, lambda s, seen: s.order_v2(seen), lambda: place_spot("python-3"))
    first("spot.account", stream, lambda s, seen: s.account(seen), lambda: place_spot("python-4"))
    stream.stop()
    stream = streams.new_futures_private_ws()
    stream.start()
    first("futures.all_order", stream, lambda s, seen: s.all_order(seen), lambda: place_futures("python-5"))
    first("futures.balance", stream, lambda s, seen: s.balance(seen), lambda: place_futures("python-6"))
    stream.stop()


def unified_account():
    """Streams and order entry with addresses that no option names, but attributes of the SDK do."""
    for trade_type, path, symbol in (
        (PushTradeType.SPOT, "spot", "BTC-USDT"),
        (PushTradeType.FUTURES, "futures", "XBTUSDTM"),
    ):
        with mock.patch.object(PushTradeType, "endpoint", f"{WS_URL}/pro/{path}"):
            stream = streams.new_uta_public_ws(trade_type)
        stream.start()
        first(f"uta.{path}.ticker", stream, lambda s, seen, symbol=symbol: s.ticker(symbol, seen))
        first(f"uta.{path}.trade", stream, lambda s, seen, symbol=symbol: s.trade(symbol, seen))
        stream.stop()
    UtaPushWsService.PRIVATE_ENDPOINT = f"{WS_URL}/pro/private"
    UtaPrivateTradeWsService.ENDPOINT = f"{WS_URL}/v1/private"
    stream, trade = streams.new_uta_private_ws(), streams.new_uta_private_trade_ws()
    stream.start()
    trade.start()
    order = {"tradeType": "SPOT", "symbol": "BTC-USDT", "side": "BUY", "orderType": "LIMIT", "price": "50000"}
    order.update(size="0.001", sizeUnit="BASECCY", timeInForce="GTC", clientOid="python-7")
    first(
        "uta.order_all",
        stream,
        lambda s, seen: s.order_all(seen),
        lambda: say("uta.order", trade.place_order(order)),
    )
    known = {"tradeType": "SPOT", "symbol": "BTC-USDT", "clientOid": "python-7"}
    say("uta.cancel", trade.cancel_order(known))
    stream.stop()
    trade.stop()


calls()
classic_streams()
unified_account()
