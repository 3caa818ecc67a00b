"""Contracts of the simulated futures exchange, what a contract is worth at a price, and the default list of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Context, Decimal, localcontext
from typing import Any

from attrs import field, frozen

__all__ = ["DEFAULT_CONTRACTS", "Contract", "divided", "number", "round_places", "to_tick"]

ZERO = Decimal(0)

#: Quotients are cut here; twenty places of a coin are far below anything that is paid or shown.
PLACES = Decimal("1E-20")

#: Divisions are the one place where digits are lost, so they have a context that lets them be lost.
_ROUGH = Context(prec=100)

RISK_LEVELS = 10


def divided(dividend: Decimal, divisor: Decimal, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return a quotient with at most twenty places, rounded once."""
    with localcontext(_ROUGH):
        return (dividend / divisor).quantize(PLACES, rounding=rounding)


def number(value: Decimal, places: int = 10) -> Decimal:
    """Return an amount as the exchange writes it, with at most ``places`` places."""
    return round_places(value, places)


@frozen
class Contract:
    """
    One perpetual contract; the field names follow the exchange's contract list.

    Attributes:
        multiplier: Coins of the base currency a contract is worth; below zero on an inverse contract, which is
            worth that many units of the quote currency and pays in the base currency.
        index_symbol: Spot pair whose middle is the index price, when the simulator has it.
        initial_price: Where an index without such a pair starts, and the last price before the first trade.
        min_risk_limit, risk_step: Largest value of an isolated position on the first level, and what each
            further level adds.
        price_band: How far from the mark price a buy may go up and a sell may go down.
    """

    symbol: str
    root_symbol: str
    base: str
    quote: str
    settle: str
    tick_size: Decimal = field(converter=Decimal)
    multiplier: Decimal = field(converter=Decimal)
    index_symbol: str = ""
    initial_price: Decimal = field(converter=Decimal, default=Decimal("100"))
    index_tick_size: Decimal = field(converter=Decimal, default=Decimal("0.01"))
    lot_size: int = 1
    max_order_qty: int = 1_000_000
    max_price: Decimal = field(converter=Decimal, default=Decimal("1000000"))
    maker_fee_rate: Decimal = field(converter=Decimal, default=Decimal("0.0002"))
    taker_fee_rate: Decimal = field(converter=Decimal, default=Decimal("0.0006"))
    initial_margin: Decimal = field(converter=Decimal, default=Decimal("0.01"))
    maintain_margin: Decimal = field(converter=Decimal, default=Decimal("0.005"))
    max_leverage: int = 100
    min_risk_limit: Decimal = field(converter=Decimal, default=Decimal("1000000"))
    risk_step: Decimal = field(converter=Decimal, default=Decimal("500000"))
    funding_interval_ms: int = 8 * 3600 * 1000
    funding_cap: Decimal = field(converter=Decimal, default=Decimal("0.003"))
    interest_rate: Decimal = field(converter=Decimal, default=Decimal("0.0001"))
    price_band: Decimal = field(converter=Decimal, default=Decimal("0.05"))
    first_open_ms: int = 1_585_555_200_000
    enabled: bool = True

    @property
    def is_inverse(self) -> bool:
        """Whether the contract pays in its base currency."""
        return self.multiplier < 0

    def unit(self, price: Decimal) -> Decimal:
        """
        Return the signed value of one contract at a price, in the settle currency.

        The value of ``q`` contracts is always ``q * unit(price)``, and profit is the value now less the value when
        they were bought. On an inverse contract the unit is negative and has a division in it; since it is rounded
        here and nowhere else, both sides of a trade agree to the last digit.
        """
        return divided(self.multiplier, price) if self.is_inverse else self.multiplier * price

    def price_of(self, unit: Decimal, *, places: int = 10) -> Decimal:
        """Return the price at which a contract has this value, rounded; zero where there is none."""
        if unit * self.multiplier <= 0:
            return ZERO
        price = divided(self.multiplier, unit) if self.is_inverse else divided(unit, self.multiplier)
        return round_places(price, places)

    def risk_limit(self, level: int) -> Decimal:
        """Return the largest value of an isolated position on a risk limit level."""
        return self.min_risk_limit + (level - 1) * self.risk_step

    def maintenance_rate(self, level: int) -> Decimal:
        """Return the maintenance rate of a level; each level adds the rate of the first (assumed)."""
        return self.maintain_margin * level

    def leverage_limit(self, level: int) -> int:
        """Return the highest leverage of a level: what half the initial margin rate covers, as on the first level."""
        return max(1, int(divided(Decimal(self.max_leverage), Decimal(level), rounding=ROUND_DOWN)))

    def price_limits(self, mark: Decimal) -> tuple[Decimal, Decimal]:
        """Return the lowest price of a sell and the highest of a buy."""
        return mark * (1 - self.price_band), mark * (1 + self.price_band)

    def as_wire(self, live: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the object of ``GET /api/v1/contracts/active``; ``live`` holds what changes by the second."""
        return {
            "symbol": self.symbol,
            "rootSymbol": self.root_symbol,
            "type": "FFWCSX",
            "firstOpenDate": self.first_open_ms,
            "expireDate": None,
            "settleDate": None,
            "baseCurrency": self.base,
            "quoteCurrency": self.quote,
            "settleCurrency": self.settle,
            "maxOrderQty": self.max_order_qty,
            "maxPrice": number(self.max_price),
            "lotSize": self.lot_size,
            "tickSize": number(self.tick_size),
            "indexPriceTickSize": number(self.index_tick_size),
            "multiplier": number(self.multiplier),
            "initialMargin": number(self.initial_margin),
            "maintainMargin": number(self.maintain_margin),
            "maxRiskLimit": int(self.risk_limit(RISK_LEVELS)),
            "minRiskLimit": int(self.min_risk_limit),
            "riskStep": int(self.risk_step),
            "makerFeeRate": number(self.maker_fee_rate),
            "takerFeeRate": number(self.taker_fee_rate),
            "takerFixFee": 0,
            "makerFixFee": 0,
            "settlementFee": None,
            "isDeleverage": True,
            "isQuanto": not self.is_inverse,
            "isInverse": self.is_inverse,
            "markMethod": "FairPrice",
            "fairMethod": "FundingRate",
            "fundingBaseSymbol": f".{self.base}INT8H",
            "fundingQuoteSymbol": f".{self.quote}INT8H",
            "fundingRateSymbol": f".{self.symbol}FPI8H",
            "indexSymbol": f".K{self.base}{self.quote}",
            "settlementSymbol": "",
            "status": "Open" if self.enabled else "Paused",
            "fundingRateGranularity": self.funding_interval_ms,
            "maxLeverage": self.max_leverage,
            "sourceExchanges": ["simulator"],
            "premiumsSymbol1M": f".{self.symbol}PI",
            "premiumsSymbol8H": f".{self.symbol}PI8H",
            "fundingBaseSymbol1M": f".{self.base}INT",
            "fundingQuoteSymbol1M": f".{self.quote}INT",
            "supportCross": True,
            **live,
        }


def round_places(value: Decimal, places: int, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return a value with at most ``places`` places."""
    with localcontext(_ROUGH):
        return value.quantize(Decimal(1).scaleb(-places), rounding=rounding)


def to_tick(price: Decimal, tick: Decimal, *, rounding: str = ROUND_UP) -> Decimal:
    """Return the nearest multiple of ``tick`` in the direction of the rounding."""
    with localcontext(_ROUGH):
        return (price / tick).to_integral_value(rounding=rounding) * tick


DEFAULT_CONTRACTS = (
    Contract(
        "XBTUSDTM",
        "USDT",
        "XBT",
        "USDT",
        "USDT",
        tick_size=Decimal("0.1"),
        multiplier=Decimal("0.001"),
        index_symbol="BTC-USDT",
        initial_price=Decimal("60000"),
        initial_margin=Decimal("0.008"),
        maintain_margin=Decimal("0.004"),
        max_leverage=125,
    ),
    Contract(
        "ETHUSDTM",
        "USDT",
        "ETH",
        "USDT",
        "USDT",
        tick_size=Decimal("0.01"),
        multiplier=Decimal("0.01"),
        index_symbol="ETH-USDT",
        initial_price=Decimal("3000"),
    ),
    Contract(
        "XBTUSDM",
        "XBT",
        "XBT",
        "USD",
        "XBT",
        tick_size=Decimal("0.1"),
        multiplier=Decimal("-1"),
        index_symbol="BTC-USDT",
        initial_price=Decimal("60000"),
        max_order_qty=10_000_000,
        initial_margin=Decimal("0.02"),
        maintain_margin=Decimal("0.01"),
        max_leverage=50,
        min_risk_limit=Decimal("100"),
        risk_step=Decimal("50"),
    ),
)
