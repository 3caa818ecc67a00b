"""Prints the next ten tickers of two pairs with a plain loop. Sends no orders."""

from itertools import islice

from _where import client_options

from kucoin_sync import WebsocketClient, WsKey

TOPIC = "/market/ticker:BTC-USDT,ETH-USDT"


def main() -> None:
    with (
        client_options() as options,
        WebsocketClient(**options) as client,
        client.stream(TOPIC, WsKey.SPOT_PUBLIC_V1) as tickers,
    ):
        for update in islice(tickers, 10):
            if update.gap_before:
                print("the line was down, or this loop too slow: something may be missing here")
            print(update.topic, update.data["price"], "bid", update.data["bestBid"], "ask", update.data["bestAsk"])


if __name__ == "__main__":
    main()
