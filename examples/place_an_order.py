"""SENDS AN ORDER, to the simulator; with --live to KuCoin. Handles every way an order call can end."""

from _where import client_options

from kucoin_sync import NotSent, OutcomeUnknown, Rejected, WebsocketAPIClient

ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}


def place(api: WebsocketAPIClient) -> None:
    try:
        ack = api.submit_new_spot_order(**ORDER, timeout=3.0)
    except Rejected as error:
        print("refused, there is no such order:", error.code, error.msg)
    except NotSent as error:
        print("nothing left this machine, trying again is safe:", error.cause)
    except OutcomeUnknown as error:
        print("there may be an order:", error.client_oid, "why nobody knows:", error.reason, "sent:", error.sent)
        print("found out since:", error.reconcile(timeout=30))
    except KeyboardInterrupt as interrupt:
        print("interrupted; what is known of the order:", getattr(interrupt, "kucoin_sync", "nothing"))
        raise
    else:
        print("accepted:", ack.order_id, ack.client_oid, f"in {ack.latency * 1000:.1f} ms")
        take_back(api, ack.order_id)


def take_back(api: WebsocketAPIClient, order_id: str | None) -> None:
    try:
        api.cancel_spot_order(symbol=ORDER["symbol"], order_id=order_id)
    except Rejected as error:
        print("not cancelled:", error.msg)
    except (NotSent, OutcomeUnknown) as error:
        print("it may still be live:", error)
    else:
        print("cancel taken")


def main() -> None:
    with client_options(sends_orders=True) as options, WebsocketAPIClient(**options) as api:
        api.connect_ws_api()  # so that the order finds an open line; it would open one itself
        place(api)


if __name__ == "__main__":
    main()
