"""
Prints what python-kucoin makes of the simulator at ``argv[1]``, one line of JSON for each topic and call.

It runs where ``python-kucoin`` is installed, and imports nothing of this project.
"""

import asyncio
import json
import os
import sys

from kucoin.asyncio import KucoinSocketManager
from kucoin.client import Client

URL = sys.argv[1]
LIMIT = 10.0

client = Client(os.environ["API_KEY"], os.environ["API_SECRET"], os.environ["API_PASSPHRASE"])
client.API_URL, client.FUTURES_API_URL = URL, URL + "/futures"


def say(call, value):
    print(json.dumps({"call": call, "value": value}), flush=True)


def calls():
    say("get_symbols", [row["symbol"] for row in client.get_symbols()])
    say("get_ticker", client.get_ticker("BTC-USDT"))
    say("get_accounts", client.get_accounts(currency="USDT", account_type="trade"))
    placed = client.hf_create_limit_order("BTC-USDT", "buy", "50000", "0.001", client_oid="pk-1")
    say("hf_create_limit_order", placed)
    say("hf_get_order", client.hf_get_order(placed["orderId"], "BTC-USDT"))
    say("hf_cancel_order", client.hf_cancel_order(placed["orderId"], "BTC-USDT"))
    say("futures_get_ticker", client.futures_get_ticker("XBTUSDTM"))
    placed = client.futures_create_order(
        "XBTUSDTM", "limit", "buy", client_oid="pk-2", size=1, price="50000", leverage=3, margin_mode="ISOLATED"
    )
    say("futures_create_order", placed)
    say("futures_cancel_order", client.futures_cancel_order(placed["orderId"]))


async def streams():
    pushes = asyncio.Queue()
    # The private connection takes public topics as well.
    manager = await KucoinSocketManager.create(asyncio.get_running_loop(), client, pushes.put, private=True)

    async def first(topic):
        while True:
            push = await asyncio.wait_for(pushes.get(), LIMIT)
            if push["topic"] == topic:
                return push

    for topic in ("/account/balance", "/market/ticker:BTC-USDT", "/market/level2:BTC-USDT"):
        await manager.subscribe(topic)
    say("ticker", await first("/market/ticker:BTC-USDT"))
    # Acknowledgements are not shown; but this topic was asked for last, so the others are subscribed to as well.
    say("level2", await first("/market/level2:BTC-USDT"))
    client.hf_create_limit_order("BTC-USDT", "buy", "50000", "0.001", client_oid="pk-3")
    say("balance", await first("/account/balance"))
    # The task that reads survives being cancelled, so the event loop would never end.
    os._exit(0)


calls()
asyncio.run(streams())
