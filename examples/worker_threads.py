"""Shares one client between worker threads, as old threaded scripts do. Sends no orders."""

import queue
import threading

from _where import client_options

from kucoin_sync import Update, WebsocketClient, WsKey

work: queue.Queue[Update | None] = queue.Queue(maxsize=1000)


def look_up(client: WebsocketClient) -> None:
    while (update := work.get()) is not None:
        symbol = update.data["symbol"]
        book = client.rest.book(symbol, 20)
        print(threading.current_thread().name, symbol, "traded at", update.data["price"], "best bid", book.bids[0][0])


def main() -> None:
    with client_options() as options, WebsocketClient(**options) as client:
        workers = [threading.Thread(target=look_up, args=(client,), name=f"worker-{number}") for number in range(2)]
        for worker in workers:
            worker.start()
        with client.stream("/market/match:BTC-USDT,ETH-USDT", WsKey.SPOT_PUBLIC_V1) as trades:
            for _ in range(6):
                work.put(trades.get(timeout=30))
        for _ in workers:
            work.put(None)
        for worker in workers:
            worker.join()
        print("done")


if __name__ == "__main__":
    main()
