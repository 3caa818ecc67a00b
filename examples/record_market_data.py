"""Records a market for the simulator's replay: python record_market_data.py > file. Sends no orders."""

import json
import sys
import time
from itertools import islice

from _where import client_options

from kucoin_sync import BookSnapshot, WebsocketClient, WsKey

SYMBOL = "BTC-USDT"
TOPICS = (f"/market/level2:{SYMBOL}", f"/market/match:{SYMBOL}")
UPDATES = int(sys.argv[1]) if len(sys.argv) > 1 else 50


def write(**line: object) -> None:
    """One line: when it came, and a frame or a book."""
    print(json.dumps({"at": time.time(), **line}))


def write_book(book: BookSnapshot) -> None:
    sides = {"bids": book.bids, "asks": book.asks}
    levels = {name: [[f"{price:f}", f"{size:f}"] for price, size in side] for name, side in sides.items()}
    write(snapshot={"symbol": SYMBOL, "data": {"sequence": book.sequence, **levels}})


def main() -> None:
    with (
        client_options() as options,
        WebsocketClient(**options) as client,
        client.stream(TOPICS, WsKey.SPOT_PUBLIC_V1) as updates,
    ):
        # The stream first: increments that are older than the book are passed over in the replay.
        write_book(client.rest.book(SYMBOL, 100))
        for update in islice(updates, UPDATES):
            if update.gap_before:  # the line was down: increments are missing
                write_book(client.rest.book(SYMBOL, 100))
            write(frame=json.loads(update.raw, parse_float=str))


if __name__ == "__main__":
    main()
