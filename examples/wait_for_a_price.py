"""Waits until a price is seen, or gives up. Sends no orders."""

from decimal import Decimal

from _where import client_options

from kucoin_sync import DeadlineExceeded, WebsocketClient, WsKey

LIMIT = Decimal("1000000")


def main() -> None:
    with client_options() as options, WebsocketClient(**options) as client:
        client.subscribe("/market/ticker:BTC-USDT", WsKey.SPOT_PUBLIC_V1)
        try:
            update = client.wait_for("update", lambda update: update.typed.price < LIMIT, timeout=30)
        except DeadlineExceeded:
            print("it did not fall below", LIMIT)
        else:
            print("below", LIMIT, "at", update.typed.price)


if __name__ == "__main__":
    main()
