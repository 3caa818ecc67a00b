"""Keeps an order book through a lost line. Sends no orders; always uses the simulator."""

import queue

from kucoin_sync import BookSnapshot, BookStale, StaleBook, WebsocketClient
from kucoin_sync.simulator import Simulator


def main() -> None:
    tops: queue.SimpleQueue[BookSnapshot] = queue.SimpleQueue()
    losses: queue.SimpleQueue[BookStale] = queue.SimpleQueue()
    with Simulator() as exchange, WebsocketClient(**exchange.client_options()) as client:
        client.on("stale", losses.put)
        with client.order_book("BTC-USDT", on_change=tops.put) as book:
            for _ in range(5):
                best = tops.get(timeout=10)
                print(best.sequence, "bid", *best.bids[0], "ask", *best.asks[0])

            exchange.cut("v1")
            print("stale:", losses.get(timeout=10).reason)
            try:
                print("mid", book.mid)
            except StaleBook as stale:
                print(stale)

            book.wait_live(timeout=10)
            whole = book.depth()
            print("live again with", len(whole.bids), "and", len(whole.asks), "levels, spread", book.spread)


if __name__ == "__main__":
    main()
