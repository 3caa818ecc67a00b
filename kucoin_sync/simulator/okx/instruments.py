"""
Instruments of the simulated OKX: the spot engine's pairs, and the futures engine's contracts as swaps.

Source: OKX v5 documents, Get instruments, and recorded rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from attrs import frozen

from ..futures.contracts import Contract
from ..matching.symbols import Symbol, plain
from .refusals import empty, refused

__all__ = ["DEFAULT_SWAPS", "SPOT", "SWAP", "Instrument", "Instruments"]

SPOT, SWAP = "SPOT", "SWAP"

#: Codes of instruments have more than 32 bits, and some are above it on the real exchange as well.
_FIRST_CODE = 2026_0326_0000_0001

_LARGEST = ("maxIcebergSz", "maxLmtSz", "maxMktSz", "maxStopSz", "maxTriggerSz", "maxTwapSz")

DEFAULT_SWAPS = (
    Contract(
        "BTC-USDT-SWAP",
        "USDT",
        "BTC",
        "USDT",
        "USDT",
        tick_size=Decimal("0.1"),
        multiplier=Decimal("0.01"),
        index_symbol="BTC-USDT",
        initial_price=Decimal("60000"),
        maker_fee_rate=Decimal("0.0002"),
        taker_fee_rate=Decimal("0.0005"),
        initial_margin=Decimal("0.008"),
        maintain_margin=Decimal("0.004"),
        max_leverage=125,
        min_risk_limit=Decimal("10000000"),
        risk_step=Decimal("5000000"),
    ),
    Contract(
        "ETH-USDT-SWAP",
        "USDT",
        "ETH",
        "USDT",
        "USDT",
        tick_size=Decimal("0.01"),
        multiplier=Decimal("0.1"),
        index_symbol="ETH-USDT",
        initial_price=Decimal("3000"),
        maker_fee_rate=Decimal("0.0002"),
        taker_fee_rate=Decimal("0.0005"),
    ),
    Contract(
        "BTC-USD-SWAP",
        "BTC",
        "BTC",
        "USD",
        "BTC",
        tick_size=Decimal("0.1"),
        multiplier=Decimal("-100"),
        index_symbol="BTC-USDT",
        initial_price=Decimal("60000"),
        maker_fee_rate=Decimal("0.0002"),
        taker_fee_rate=Decimal("0.0005"),
        initial_margin=Decimal("0.02"),
        maintain_margin=Decimal("0.01"),
        max_leverage=50,
        min_risk_limit=Decimal("100"),
        risk_step=Decimal("50"),
    ),
)


@frozen
class Instrument:
    """
    One instrument; exactly one of ``pair`` and ``contract`` is set.

    Attributes:
        code: ``instIdCode``.
        inst_id: Its name, which is that of the engine as well.
    """

    code: int
    inst_id: str
    pair: Symbol | None = None
    contract: Contract | None = None

    @property
    def inst_type(self) -> str:
        """``SPOT`` or ``SWAP``."""
        return SPOT if self.contract is None else SWAP

    @property
    def family(self) -> str:
        """``BTC-USDT`` of a swap, ``""`` of a pair."""
        return "" if self.contract is None else self.inst_id.removesuffix("-SWAP")

    @property
    def index(self) -> str:
        """Name of the index behind it."""
        return self.family or self.inst_id

    @property
    def tick(self) -> Decimal:
        """Price step."""
        if self.contract is not None:
            return self.contract.tick_size
        assert self.pair is not None
        return self.pair.price_increment

    def pays_in(self, side: str) -> str:
        """Return the currency an order needs."""
        if self.contract is not None:
            return self.contract.settle
        assert self.pair is not None
        return self.pair.quote if side == "buy" else self.pair.base

    def coins(self, size: Decimal, price: Decimal) -> Decimal:
        """Return how much of the base currency a size is; of inverse contracts it is rounded (assumed)."""
        if self.contract is None:
            return size
        if self.contract.is_inverse:
            return -self.contract.unit(price) * size
        return size * self.contract.multiplier

    def row(self) -> dict[str, Any]:
        """Return the object of the instruments list; what the simulator knows nothing of is empty."""
        row: dict[str, Any] = {
            "alias": "",
            "auctionEndTime": "",
            "baseCcy": "",
            "category": "1",
            "ctMult": "",
            "ctType": "",
            "ctVal": "",
            "ctValCcy": "",
            "contTdSwTime": "",
            "expTime": "",
            "futureSettlement": False,
            "groupId": "1",
            "instFamily": self.family,
            "instId": self.inst_id,
            "instType": self.inst_type,
            "lever": "",
            "listTime": "1606468572000",
            "lotSz": "",
            "maxIcebergSz": "",
            "maxLmtAmt": "20000000",
            "maxLmtSz": "",
            "maxMktAmt": "1000000",
            "maxMktSz": "",
            "maxStopSz": "",
            "maxTriggerSz": "",
            "maxTwapSz": "",
            "minSz": "",
            "optType": "",
            "openType": "",
            "preMktSwTime": "",
            "quoteCcy": "",
            "tradeQuoteCcyList": [],
            "settleCcy": "",
            "state": "live",
            "ruleType": "normal",
            "stk": "",
            "tickSz": plain(self.tick),
            "uly": self.family,
            "instIdCode": self.code,
            "instCategory": "1",
            "initPxLmtPct": "0.05",
            "floatPxLmtPct": "0.03",
            "maxPxLmtPct": "0.15",
            "upcChg": [],
        }
        if self.contract is not None:
            contract, most = self.contract, str(self.contract.max_order_qty)
            row.update(
                ctMult="1",
                ctType="inverse" if contract.is_inverse else "linear",
                ctVal=plain(abs(contract.multiplier)),
                ctValCcy=contract.quote if contract.is_inverse else contract.base,
                lever=str(contract.max_leverage),
                lotSz=str(contract.lot_size),
                minSz=str(contract.lot_size),
                settleCcy=contract.settle,
                state="live" if contract.enabled else "suspend",
            )
        else:
            assert self.pair is not None
            pair, most = self.pair, plain(self.pair.base_max_size)
            row.update(
                baseCcy=pair.base,
                quoteCcy=pair.quote,
                lever="10" if pair.margin_enabled else "",
                lotSz=plain(pair.base_increment),
                minSz=plain(pair.base_min_size),
                tradeQuoteCcyList=[pair.quote],
                state="live" if pair.enabled else "suspend",
            )
        row.update(
            dict.fromkeys(("maxIcebergSz", "maxLmtSz", "maxMktSz", "maxStopSz", "maxTriggerSz", "maxTwapSz"), most)
        )
        return row


class Instruments:
    """
    All instruments, by name and by code.

    Args:
        pairs: Of the spot engine.
        contracts: Of the futures engine.

    Raises:
        ValueError: A contract has no name of a swap.
    """

    def __init__(self, pairs: Iterable[Symbol], contracts: Iterable[Contract]) -> None:
        self.by_id: dict[str, Instrument] = {}
        codes = iter(range(_FIRST_CODE, _FIRST_CODE + 10**9))
        for pair in pairs:
            self.by_id[pair.name] = Instrument(next(codes), pair.name, pair=pair)
        for contract in contracts:
            if not contract.symbol.endswith("-SWAP"):
                raise ValueError(f"a contract of OKX is called like BTC-USDT-SWAP, not {contract.symbol!r}")
            self.by_id[contract.symbol] = Instrument(next(codes), contract.symbol, contract=contract)
        self._by_code = {instrument.code: instrument for instrument in self.by_id.values()}

    def of_type(self, inst_type: str, family: str | None = None) -> list[Instrument]:
        """Return the instruments of a type, or of all types with ``ANY``, and perhaps of a family."""
        chosen = [i for i in self.by_id.values() if inst_type in ("ANY", i.inst_type)]
        return [i for i in chosen if family in (None, "", i.family)]

    def named(self, args: Mapping[str, Any], form: str) -> Instrument:
        """
        Return the instrument that an order is about.

        Args:
            args: Of one order.
            form: ``code``, ``name`` or ``either``, see `forms.OkxForms`.

        Raises:
            Refused: 50014 or 51001.
        """
        code, name = args.get("instIdCode"), args.get("instId")
        if form == "name" or (form == "either" and code in (None, "")):
            if name in (None, ""):
                raise empty("instId")
            found = self.by_id.get(name) if isinstance(name, str) else None
        else:
            if code in (None, ""):
                raise empty("instIdCode")
            found = self._by_code.get(code) if isinstance(code, int) and not isinstance(code, bool) else None
        if found is None:
            raise refused("51001")
        return found
