"""SENDS ORDERS, to a simulator in this process only. An hour of market in seconds: does slicing an order pay?"""

import sys
from decimal import Decimal

from kucoin_sync import WebsocketAPIClient
from kucoin_sync.simulator import Simulator

SYMBOL = "BTC-USDT"
TOTAL = Decimal(6)
RECORDED = sys.argv[1] if len(sys.argv) > 1 else None  # a file that record_market_data.py wrote


def buy(api: WebsocketAPIClient, exchange: Simulator, slices: int) -> Decimal:
    """Buy in equal slices within an hour of market time; return the average price."""
    for _ in range(slices):
        api.submit_new_spot_order(symbol=SYMBOL, side="buy", type="market", size=str(TOTAL / slices))
        exchange.advance(Decimal(3600) / slices)
    orders = exchange.orders()
    return sum(order.deal_funds for order in orders) / sum(order.deal_size for order in orders)


def middle(exchange: Simulator) -> Decimal:
    ticker = exchange.ticker(SYMBOL)
    return (ticker.best_bid + ticker.best_ask) / 2


def main() -> None:
    for slices in (1, 5, 30):
        # The same seed or file, so every try meets the same market.
        market = {"replay": RECORDED} if RECORDED else {"seed": 7, "step_interval": 15}
        with Simulator(speed="stepped", balances={"USDT": "10000000"}, limits="off", **market) as exchange:
            before = middle(exchange)
            with WebsocketAPIClient(**exchange.client_options()) as api:
                price = buy(api, exchange, slices)
            cost = (price / before - 1) * 10000
            print(f"{slices:>3} slices: average {price:.2f}, middle before {before:.2f}: {cost:+.2f} basis points")


if __name__ == "__main__":
    main()
