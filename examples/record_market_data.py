"""Records a market for the simulator's replay: python record_market_data.py > file. Sends no orders."""

import json
import sys
import time
from decimal import Decimal
from itertools import islice

from _where import client_options

from kucoin_sync import WebsocketClient, WsKey

SYMBOL = "BTC-USDT"
TOPICS = (f"/market/level2:{SYMBOL}", f"/market/match:{SYMBOL}")
UPDATES = int(sys.argv[1]) if len(sys.argv) > 1 else 50


def write(**line: object) -> None:
    """One line: when it came, and a frame or a book."""
    print(json.dumps({"at": time.time(), **line}, default=str))


def levels(side: tuple[tuple[Decimal, Decimal], ...]) -> list[list[str]]:
    return [[f"{price:f}", f"{size:f}"] for price, size in side]


def main() -> None:
    with (
        client_options() as options,
        WebsocketClient(**options) as client,
        client.stream(TOPICS, WsKey.SPOT_PUBLIC_V1) as updates,
    ):
        # The stream first: increments that are older than the book are passed over in the replay.
        book = client.rest.book(SYMBOL, 100)
        data = {"sequence": book.sequence, "bids": levels(book.bids), "asks": levels(book.asks)}
        write(snapshot={"symbol": SYMBOL, "data": data})
        for update in islice(updates, UPDATES):
            write(frame=json.loads(update.raw, parse_float=str))
            if update.gap_before:
                print("something may be missing in the recording before this", file=sys.stderr)


if __name__ == "__main__":
    main()
