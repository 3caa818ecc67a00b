"""Trading pairs of the simulated exchange and the default list of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen
from attrs.converters import optional

__all__ = ["DEFAULT_SYMBOLS", "Symbol", "many_symbols", "plain"]

# Markets of the real list that hold the pairs of a quote currency; its themes (PoW, DePIN ...) are left out.
_MARKETS = {"USDT": "USDS", "USDC": "USDS", "BTC": "BTC"}


def plain(number: Decimal) -> str:
    """
    Spell a number the way the exchange does: no exponent, no trailing zeros.

    Args:
        number: Any finite decimal; all of its digits are kept.

    Returns:
        ``"0.00001"`` for ``Decimal("1.000E-5")``.
    """
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text not in ("", "-0") else "0"


def _plain_or_none(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


@frozen
class Symbol:
    """One spot pair with its steps and limits; the field names follow the exchange's symbol list."""

    name: str
    base: str
    quote: str
    price_increment: Decimal = field(converter=Decimal)
    base_increment: Decimal = field(converter=Decimal, default=Decimal("0.00000001"))
    quote_increment: Decimal = field(converter=Decimal, default=Decimal("0.000001"))
    base_min_size: Decimal = field(converter=Decimal, default=Decimal("0.00001"))
    base_max_size: Decimal = field(converter=Decimal, default=Decimal("10000000000"))
    quote_min_size: Decimal = field(converter=Decimal, default=Decimal("0.1"))
    quote_max_size: Decimal = field(converter=Decimal, default=Decimal("99999999"))
    min_funds: Decimal = field(converter=Decimal, default=Decimal("0.1"))
    #: Where the market maker starts, and the last price before the first trade.
    initial_price: Decimal = field(converter=Decimal, default=Decimal("100"))
    enabled: bool = True
    margin_enabled: bool = True
    #: Band around the last price: no buy above it, no sell below it. ``None`` for no band.
    price_limit_rate: Decimal | None = field(converter=optional(Decimal), default=None)
    #: Whether the pair starts in a call auction, and the prices that orders may have in one.
    call_auction: bool = False
    call_auction_floor: Decimal | None = field(converter=optional(Decimal), default=None)
    call_auction_ceiling: Decimal | None = field(converter=optional(Decimal), default=None)

    @property
    def market(self) -> str:
        """The market that lists the pair."""
        return _MARKETS.get(self.quote, "ALTS")

    def as_wire(self) -> Mapping[str, Any]:
        """Return the object of ``GET /api/v2/symbols`` for this pair."""
        return {
            "symbol": self.name,
            "name": self.name,
            "baseCurrency": self.base,
            "quoteCurrency": self.quote,
            "feeCurrency": self.quote,
            "market": self.market,
            "baseMinSize": plain(self.base_min_size),
            "quoteMinSize": plain(self.quote_min_size),
            "baseMaxSize": plain(self.base_max_size),
            "quoteMaxSize": plain(self.quote_max_size),
            "baseIncrement": plain(self.base_increment),
            "quoteIncrement": plain(self.quote_increment),
            "priceIncrement": plain(self.price_increment),
            "priceLimitRate": _plain_or_none(self.price_limit_rate),
            "minFunds": plain(self.min_funds),
            "isMarginEnabled": self.margin_enabled,
            "enableTrading": self.enabled,
            "feeCategory": 1,
            "makerFeeCoefficient": "1.00",
            "takerFeeCoefficient": "1.00",
            "st": False,
            "callauctionIsEnabled": self.call_auction,
            "callauctionPriceFloor": _plain_or_none(self.call_auction_floor),
            "callauctionPriceCeiling": _plain_or_none(self.call_auction_ceiling),
            "callauctionFirstStageStartTime": None,
            "callauctionSecondStageStartTime": None,
            "callauctionThirdStageStartTime": None,
            "tradingStartTime": None,
        }


DEFAULT_SYMBOLS = (
    Symbol("BTC-USDT", "BTC", "USDT", price_increment=Decimal("0.1"), initial_price=Decimal("60000")),
    Symbol(
        "ETH-USDT",
        "ETH",
        "USDT",
        price_increment=Decimal("0.01"),
        base_min_size=Decimal("0.0001"),
        initial_price=Decimal("3000"),
    ),
)


def many_symbols(count: int) -> tuple[Symbol, ...]:
    """
    Make pairs for tests with a crowd: ``AAA0001-USDT``, ``AAB0002-USDT`` ... with prices of all magnitudes.

    Args:
        count: How many; the same number always gives the same pairs.
    """
    return tuple(_invented(number) for number in range(1, count + 1))


def _invented(number: int) -> Symbol:
    letters = "".join(chr(ord("A") + number // 26**place % 26) for place in (2, 1, 0))
    base = f"{letters}{number:04}"
    # 1.01 to 9.99, times 0.01 to 1000: steps of a thousandth or less, and smallest sizes worth about 0.001.
    price = Decimal(101 + number * 37 % 899).scaleb(number % 6 - 4)
    magnitude = price.adjusted()
    return Symbol(
        f"{base}-USDT",
        base,
        "USDT",
        price_increment=Decimal(1).scaleb(magnitude - 4),
        base_min_size=Decimal(1).scaleb(-3 - magnitude),
        initial_price=price,
    )
