"""SENDS AN ORDER, to a simulator in this process only. A journal tells the next start what is unknown."""

from pathlib import Path
from tempfile import TemporaryDirectory

from kucoin_sync import OutcomeUnknown, WebsocketAPIClient
from kucoin_sync.simulator import Simulator

ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "20000", "size": "0.0001"}


def main() -> None:
    with TemporaryDirectory() as folder, Simulator() as exchange:
        options = {**exchange.client_options(), "journal": Path(folder) / "orders.journal"}
        exchange.drop_ack(1, "spot.order")  # executed, but the reply is lost
        with WebsocketAPIClient(**options) as api:
            try:
                api.submit_new_spot_order(**ORDER, timeout=0.5)
            except OutcomeUnknown as error:
                print("unknown:", error.client_oid)

        with WebsocketAPIClient(**options) as api:  # the next start of the program
            for error in api.unresolved():
                print("left from the last run:", error.client_oid, error.reconcile(timeout=30))


if __name__ == "__main__":
    main()
