"""Cuts the simulator's line and prints what a client says about it. Sends no orders; always uses the simulator."""

from kucoin_sync import Update, WebsocketClient, WsKey
from kucoin_sync.simulator import Simulator

TICKER = "/market/ticker:BTC-USDT"


def main() -> None:
    with Simulator() as exchange, WebsocketClient(**exchange.client_options()) as client:
        client.on("suspended", lambda event: print(f"suspended: {event.error}"))
        client.on("reconnect", lambda event: print(f"reconnect: attempt {event.attempt} in {event.delay:.2f} s"))
        client.on("open", lambda event: print(f"open: after {event.opening_time * 1000:.0f} ms"))
        client.on("reconnected", lambda event: print(f"reconnected: {event.confirmed}"))

        with client.stream(TICKER, WsKey.SPOT_PUBLIC_V1) as stream:
            show(stream.get(timeout=10))
            print("cutting the line")
            exchange.cut("v1")
            update = stream.get(timeout=10)
            while not update.gap_before:  # updates that were read before the cut
                update = stream.get(timeout=10)
            show(update)


def show(update: Update) -> None:
    gap = "updates may be missing before this one" if update.gap_before else "nothing is missing"
    print(f"update: {update.topic} {update.data['price']} ({gap})")


if __name__ == "__main__":
    main()
