"""
From a push to its models: which model each channel has, and the reading of an `Update`.

A push holds a list of items, and so ``update.typed`` is a tuple: one model an item.
"""

from __future__ import annotations

from collections.abc import Mapping

from kucoin_sync.events import Update
from kucoin_sync.modelling.exact import exact_frame
from kucoin_sync.modelling.fields import Model, Unmodelled
from kucoin_sync.modelling.reading import reader_of
from kucoin_sync.okx.models import account, market
from kucoin_sync.okx.topic_table import channel_of

__all__ = ["MODELS", "read"]

MODELS: Mapping[str, type[Model]] = {
    "instruments": market.Instrument,
    "tickers": market.Ticker,
    "trades": market.Trade,
    "trades-all": market.Trade,
    "books": market.Book,
    "books5": market.Book,
    "bbo-tbt": market.Book,
    "books-elp": market.Book,
    "books-l2-tbt": market.Book,
    "books50-l2-tbt": market.Book,
    "books-rpi": market.RpiBook,
    "candle": market.Candle,
    "mark-price-candle": market.PriceCandle,
    "index-candle": market.PriceCandle,
    "open-interest": market.OpenInterest,
    "funding-rate": market.FundingRate,
    "price-limit": market.PriceLimit,
    "opt-summary": market.OptionSummary,
    "estimated-price": market.EstimatedPrice,
    "mark-price": market.MarkPrice,
    "index-tickers": market.IndexTicker,
    "liquidation-orders": market.Liquidations,
    "status": market.SystemStatus,
    "sprd-bbo-tbt": market.SpreadBook,
    "sprd-books5": market.SpreadBook,
    "sprd-books-l2-tbt": market.SpreadBook,
    "sprd-public-trades": market.SpreadTrade,
    "orders": account.Order,
    "fills": account.Fill,
    "account": account.AccountState,
    "positions": account.Position,
    "liquidation-warning": account.Position,
    "balance_and_position": account.BalanceAndPosition,
    "account-greeks": account.Greeks,
    "orders-algo": account.AlgoOrder,
    "algo-advance": account.AlgoOrder,
    "deposit-info": account.Deposit,
    "sprd-orders": account.SpreadOrder,
    "sprd-trades": account.SpreadFill,
}
"""Models of the channels; of families of candles by the name without the length."""


def read(update: Update) -> tuple[Model, ...]:
    """Return the models of a push, one an item; `Unmodelled` for those of channels that have none."""
    topic, subject = update.topic, update.subject
    frame = exact_frame(update.raw)
    items = frame.get("data") if type(frame) is dict else None
    if type(items) is not list:
        return (Unmodelled(topic=topic, subject=subject, data=update.data),)
    name = topic.partition("?")[0].partition(":")[0]
    channel = channel_of(name)
    model = None if channel is None else MODELS.get(channel.name)
    if model is None:
        return tuple(Unmodelled(topic=topic, subject=subject, data=item) for item in items)
    arg = frame.get("arg")
    around = {**(arg if type(arg) is dict else {}), **frame}
    reader = reader_of(model)
    return tuple([reader.read(item, topic=topic, subject=subject, frame=around) for item in items])
