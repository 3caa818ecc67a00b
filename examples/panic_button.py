"""SENDS TWO ORDERS, to a simulator in this process only. Cancels everything, as when something is wrong."""

from kucoin_sync import NotSent, OutcomeUnknown, Rejected, WebsocketAPIClient
from kucoin_sync.simulator import Simulator


def main() -> None:
    with Simulator() as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        for price in ("20000", "20100"):
            api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price=price, size="0.0001")
        print("open:", len(api.rest.open_spot_orders("BTC-USDT")))
        try:
            print("cancelled:", api.cancel_all_orders(market="spot", timeout=10))
        except (Rejected, NotSent, OutcomeUnknown) as error:
            print("some may still be live:", error, error.notes)
        print("open:", len(api.rest.open_spot_orders("BTC-USDT")))


if __name__ == "__main__":
    main()
