"""
Tickers, trades, candles, prices and rates in the words of the public channels and REST calls.

Source: OKX v5 documents of 2026, public channels, and captures of 2026.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from ..market.candles import Candle
from ..market.market_data import MarketData
from ..matching.accounts import EXACT
from ..matching.events import Ticker, Trade
from ..matching.symbols import plain
from .candles import candles_of, day_open
from .instruments import Instrument
from .numbers import milliseconds, ratio
from .venue import OkxVenue

__all__ = ["MarketRows"]


class MarketRows:
    """
    Spells what the market does.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue

    def data(self, instrument: Instrument) -> MarketData:
        """Return candles, statistics and trades of the product of an instrument."""
        return self._venue.spot_market if instrument.contract is None else self._venue.futures_market

    def _ticker(self, instrument: Instrument) -> Ticker:
        engine = self._venue.exchange if instrument.contract is None else self._venue.futures
        return engine.ticker(instrument.inst_id)

    def ticker(self, instrument: Instrument) -> dict[str, Any]:
        """Return the object of a ticker."""
        ticker, symbol, data = self._ticker(instrument), instrument.inst_id, self.data(instrument)
        day, second = data.statistics(symbol), self._venue.now_ns() // 1_000_000_000
        if instrument.contract is None:
            volume, in_currency = day.volume, day.turnover
        else:
            contract = instrument.contract
            whole = day.turnover if contract.is_inverse else day.volume
            volume, in_currency = ratio(whole, abs(contract.multiplier)), day.volume
        return {
            "instType": instrument.inst_type,
            "instId": symbol,
            "last": plain(ticker.price),
            "lastSz": plain(ticker.size),
            "askPx": plain(ticker.best_ask) if ticker.best_ask else "",
            "askSz": plain(ticker.best_ask_size),
            "bidPx": plain(ticker.best_bid) if ticker.best_bid else "",
            "bidSz": plain(ticker.best_bid_size),
            "open24h": plain(day.open),
            "high24h": plain(day.high),
            "low24h": plain(day.low),
            "sodUtc0": plain(day_open(data, symbol, second, bar="1Dutc")),
            "sodUtc8": plain(day_open(data, symbol, second, bar="1D")),
            "volCcy24h": plain(in_currency),
            "vol24h": plain(volume),
            "ts": milliseconds(self._venue.now_ns()),
        }

    def trade(self, trade: Trade, *, count: int | None = None, sequence: int | None = None) -> dict[str, Any]:
        """Return the object of a trade; ``count`` and ``sequence`` where trades are aggregated."""
        row: dict[str, Any] = {
            "instId": trade.symbol,
            "tradeId": str(trade.trade_id),
            "px": plain(trade.price),
            "sz": plain(trade.size),
            "side": trade.side,
            "ts": milliseconds(trade.time_ns),
        }
        if count is not None:
            row["count"] = str(count)
        row["source"] = "1" if trade.is_rpi else "0"
        if sequence is not None:
            row["seqId"] = sequence
        return row

    def candle(self, instrument: Instrument, candle: Candle, now_second: int) -> list[str]:
        """Return ``[ts,o,h,l,c,vol,volCcy,volCcyQuote,confirm]``."""
        with localcontext(EXACT):
            contract = instrument.contract
            if contract is None:
                in_currency = candle.turnover
            elif contract.is_inverse:
                in_currency = ratio(candle.turnover, candle.close)
            else:
                in_currency = candle.volume * contract.multiplier
        prices = (candle.open, candle.high, candle.low, candle.close)
        return [
            str(candle.start * 1000),
            *(plain(price) for price in prices),
            plain(candle.volume),
            plain(in_currency),
            plain(candle.turnover),
            "1" if now_second >= candle.end else "0",
        ]

    def candles(self, instrument: Instrument, bar: str, limit: int) -> list[list[str]]:
        """Return the newest candles of a bar, newest first."""
        now = self._venue.now_ns() // 1_000_000_000
        found = candles_of(self.data(instrument), instrument.inst_id, bar, limit=limit)
        return [self.candle(instrument, candle, now) for candle in reversed(found)]

    # Prices and rates.

    def mark_price(self, instrument: Instrument) -> dict[str, Any]:
        """Return the mark price: of a swap its own, of a pair that of its index (assumed)."""
        return {
            "instType": "SWAP" if instrument.contract is not None else "MARGIN",
            "instId": instrument.inst_id,
            "markPx": plain(self.mark_of(instrument)),
            "ts": milliseconds(self._venue.now_ns()),
        }

    def mark_of(self, instrument: Instrument) -> Decimal:
        """Return the mark price."""
        if instrument.contract is not None:
            return self._venue.futures.prices.mark(instrument.inst_id)
        return self.index_of(instrument.index)

    def index_of(self, index: str) -> Decimal:
        """Return the price of an index: that of a swap's, else what the pair itself is worth."""
        for instrument in self._venue.instruments.of_type("SWAP", index):
            return self._venue.futures.prices[instrument.inst_id].index
        return self._venue.exchange.ticker(index).price

    def index_ticker(self, index: str) -> dict[str, Any]:
        """Return the ticker of an index; its extremes are those of the pair or swap behind it (assumed)."""
        instrument = next(i for i in self._venue.instruments.by_id.values() if i.index == index)
        data, second = self.data(instrument), self._venue.now_ns() // 1_000_000_000
        day = data.statistics(instrument.inst_id)
        return {
            "instId": index,
            "idxPx": plain(self.index_of(index)),
            "high24h": plain(day.high),
            "low24h": plain(day.low),
            "open24h": plain(day.open),
            "sodUtc0": plain(day_open(data, instrument.inst_id, second, bar="1Dutc")),
            "sodUtc8": plain(day_open(data, instrument.inst_id, second, bar="1D")),
            "ts": milliseconds(self._venue.now_ns()),
        }

    def funding_rate(self, instrument: Instrument) -> dict[str, Any] | None:
        """Return the funding rate of a swap, ``None`` for a pair."""
        contract = instrument.contract
        if contract is None:
            return None
        funding, price = self._venue.futures.funding[contract.symbol], self._venue.futures.prices[contract.symbol]
        return {
            "formulaType": "noRate",
            "fundingRate": plain(funding.rate),
            "fundingTime": milliseconds(funding.next_ns),
            "instId": contract.symbol,
            "instType": "SWAP",
            "method": "current_period",
            "maxFundingRate": plain(contract.funding_cap),
            "minFundingRate": plain(-contract.funding_cap),
            "nextFundingRate": "",
            "nextFundingTime": milliseconds(funding.next_ns + funding.interval_ns),
            "premium": plain(ratio(price.mark - price.index, price.index)),
            "settFundingRate": plain(funding.last_rate),
            "settState": "settled",
            "ts": milliseconds(self._venue.now_ns()),
        }

    def open_interest(self, instrument: Instrument) -> dict[str, Any] | None:
        """Return the contracts of a swap that exist, ``None`` for a pair."""
        if instrument.contract is None:
            return None
        mark = self.mark_of(instrument)
        contracts = self._venue.futures.accounts.open_interest(instrument.inst_id)
        coins = instrument.coins(contracts, mark)
        return {
            "instType": "SWAP",
            "instId": instrument.inst_id,
            "oi": plain(contracts),
            "oiCcy": plain(coins),
            "oiUsd": plain(coins * mark),
            "ts": milliseconds(self._venue.now_ns()),
        }

    def price_limit(self, instrument: Instrument, limits: tuple[Decimal, Decimal] | None) -> dict[str, Any]:
        """Return the prices that orders may have."""
        lowest, highest = ("", "") if limits is None else (plain(limits[0]), plain(limits[1]))
        return {
            "instId": instrument.inst_id,
            "buyLmt": highest,
            "sellLmt": lowest,
            "ts": milliseconds(self._venue.now_ns()),
            "enabled": limits is not None,
        }
