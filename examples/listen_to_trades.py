"""Counts trades in a listener while the main thread waits, and closes after ten. Sends no orders."""

from _where import client_options

from kucoin_sync import Update, WebsocketClient, WsKey

TOPIC = "/market/match:BTC-USDT,ETH-USDT"


def main() -> None:
    with client_options() as options, WebsocketClient(**options) as client:
        trades: list[Update] = []

        def on_trade(update: Update) -> None:
            """Runs on the client's listener thread: it may block, and it may call the client."""
            trades.append(update)
            print(update.data["symbol"], update.data["side"], update.data["size"], "at", update.data["price"])
            if len(trades) == 10:
                client.close()

        client.on("exception", lambda event: print("trouble:", event.where, event.error))
        client.subscribe(TOPIC, WsKey.SPOT_PUBLIC_V1, listener=on_trade)
        if client.wait(timeout=60):  # True: closed, by the listener or by Ctrl-C
            print("done")


if __name__ == "__main__":
    main()
