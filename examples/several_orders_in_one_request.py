"""SENDS THREE FUTURES ORDERS, to the simulator; with --live to KuCoin. One request, one outcome for each."""

from _where import client_options

from kucoin_sync import NotSent, OutcomeUnknown, Rejected, WebsocketAPIClient

PRICES = ("20000", "20100", "20100.05")  # the last one is off the price step


def main() -> None:
    orders = [{"symbol": "XBTUSDTM", "side": "buy", "price": price, "size": 1, "leverage": 3} for price in PRICES]
    with client_options(sends_orders=True) as options, WebsocketAPIClient(**options) as api:
        try:
            results = api.submit_multiple_futures_orders(orders, timeout=5.0)
        except (Rejected, NotSent) as error:
            print("none of them is there:", error)
            return
        except OutcomeUnknown as error:
            print("look these up:", error.client_oid, error.reconcile(timeout=30))
            return
        for ack in results.accepted:
            print("accepted", ack.client_oid, ack.order_id)
            api.cancel_futures_order(order_id=ack.order_id)
        for refusal in results.rejected:
            print("refused", refusal.client_oid, refusal.msg)


if __name__ == "__main__":
    main()
