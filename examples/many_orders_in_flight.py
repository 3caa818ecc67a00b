"""SENDS TWENTY ORDERS, to the simulator; with --live to KuCoin. All in flight at once, each with its own outcome."""

from concurrent.futures import as_completed

from _where import client_options

from kucoin_sync import NotSent, OutcomeUnknown, Rejected, WebsocketAPIClient

SYMBOL = "BTC-USDT"


def main() -> None:
    with client_options(sends_orders=True) as options, WebsocketAPIClient(**options) as api:
        api.connect_ws_api()  # nowait never waits for a line: without one it ends as NotSent
        futures = [
            api.nowait.submit_new_spot_order(
                symbol=SYMBOL, side="buy", type="limit", price=20_000 + step, size="0.0001", timeout=3.0
            )
            for step in range(20)
        ]
        accepted = []
        for future in as_completed(futures):
            try:
                accepted.append(future.result())
            except (Rejected, NotSent) as error:
                print("no order:", error)
            except OutcomeUnknown as error:
                print("look it up:", error.client_oid, error.reason)
        print(len(accepted), "accepted")

        cancels = [api.nowait.cancel_spot_order(symbol=SYMBOL, order_id=ack.order_id) for ack in accepted]
        failed = [error for cancel in cancels if (error := cancel.exception()) is not None]
        for error in failed:
            print("it may still be live:", error)
        print(len(cancels) - len(failed), "cancels taken")


if __name__ == "__main__":
    main()
