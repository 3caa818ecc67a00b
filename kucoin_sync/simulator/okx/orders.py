"""
Orders of the simulated OKX: one face for the engines of both products.

An order is one of the engine of its instrument; books, money and matching are those of the engine. What the engine asks
in its own words is made of what OKX asks, and its refusals come back with OKX's codes.

- A pair is traded with ``tdMode`` ``cash`` (``cross`` in the account levels 3 and 4), a swap with ``cross`` or
  ``isolated``. A swap in which an account has neither position nor order takes the mode of its next order; while it
  has, another mode is refused (the exchange keeps positions of both modes side by side).
- Attached take profit and stop loss are refused: that the WebSocket takes them is not documented.

Source: OKX v5 documents of 2026, order operations.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from ..futures.contracts import to_tick
from ..matching.orders import Refused
from .arguments import ID, TAG, flag, given, has, number, one_of, text
from .instruments import Instrument
from .refusals import bad, in_okx_words, refused
from .terms import AnyOrder, Terms

if TYPE_CHECKING:
    from .venue import OkxVenue

__all__ = ["OkxOrders"]

_FORCES = {"limit": "GTC", "post_only": "GTC", "fok": "FOK", "ioc": "IOC", "rpi": "RPI", "elp": "RPI"}
_MMP = {"mmp": False, "mmp_and_post_only": True}
_KINDS = (*_FORCES, *_MMP, "market", "optimal_limit_ioc")
_POSITION_SIDES = {"net": "BOTH", "long": "LONG", "short": "SHORT"}
_STP = {"cancel_maker": "CO", "cancel_taker": "CN", "cancel_both": "CB"}


class OkxOrders:
    """
    Places, cancels, amends and looks up.

    Args:
        venue: Shared state.
    """

    def __init__(self, venue: OkxVenue) -> None:
        self._venue = venue
        self._numbers = itertools.count(1)
        #: Account and family to the end of a lock by mass cancel, nanoseconds of the market's rhythm.
        self._locked: dict[tuple[str, str], int] = {}

    def place(self, account: str, args: Mapping[str, Any], form: str) -> AnyOrder:
        """
        Place an order.

        Args:
            account: Who places it.
            args: One object of ``args``.
            form: How it names its instrument, see `forms.OkxForms`.

        Raises:
            Refused: Nothing was placed.
        """
        instrument = self._venue.instruments.named(args, form)
        kind, side = one_of(args, "ordType", _KINDS), one_of(args, "side", ("buy", "sell"))
        client_oid = text(args, "clOrdId", ID)
        terms = self._terms(instrument, args, kind, side)
        if client_oid and self._is_live(account, client_oid):
            raise refused("51016")
        # The engine of contracts wants a name for each order.
        name = client_oid or (None if instrument.contract is None else f"unnamed-{next(self._numbers)}")
        with self._venue.terms.expecting(account, name, terms):
            return self._enter(account, instrument, {**args, "side": side}, terms, name)

    def cancel(self, account: str, args: Mapping[str, Any], form: str) -> AnyOrder:
        """
        Cancel a live order by ``ordId`` or ``clOrdId``.

        Raises:
            Refused: There is none.
        """
        instrument = self._venue.instruments.named(args, form)
        named = self._named(instrument, args)
        with in_okx_words(currency=""):
            order: AnyOrder = self._engine(instrument).cancel(account, named)
            return order

    def amend(self, account: str, args: Mapping[str, Any], form: str) -> AnyOrder:
        """
        Give a live order another price or size; with ``cxlOnFail`` one that cannot be amended is cancelled.

        Raises:
            Refused: It was not amended.
        """
        venue = self._venue
        instrument = venue.instruments.named(args, form)
        named = self._named(instrument, args)
        req_id = text(args, "reqId", ID)
        cancels = flag(args, "cxlOnFail")
        changes: dict[str, Any] = {}
        if has(args, "newSz"):
            size = number(args, "newSz")
            changes["newSize"] = args["newSz"] if instrument.contract is None else _contracts(size)
        if has(args, "newPx"):
            number(args, "newPx")
            changes["newPrice"] = args["newPx"]
        if not changes:
            raise refused("51500")
        order = self._live(account, instrument, named)
        if order is None:
            raise refused("51503")
        venue.terms.note(order, req_id=req_id, amend_result="0")
        words = {"currency": instrument.pays_in(order.side), "gone": "51503", "sizes": "newSz", "prices": "newPx"}
        try:
            with in_okx_words(**words):
                amended: AnyOrder = self._engine(instrument).amend(account, {**named, **changes})
                return amended
        except Refused:
            venue.terms.note(order, req_id="", amend_result="")
            if cancels:
                venue.terms.note(order, req_id=req_id, amend_result="1")
                self._engine(instrument).cancel(account, named)
            raise

    def mass_cancel(self, account: str, args: Mapping[str, Any]) -> bool:
        """
        Cancel the orders under market maker protection of a family, and lock it for a while if wished.

        Returns:
            Whether there were any.

        Raises:
            Refused: Bad arguments, or no right.
        """
        if not self._venue.forms.market_maker_protection:
            raise refused("51411")
        one_of(args, "instType", ("OPTION",))
        family, lock = given(args, "instFamily"), args.get("lockInterval", "0")
        if not isinstance(lock, str) or not lock.isdigit() or len(lock) > 5 or int(lock) > 10_000:
            raise bad("lockInterval")
        instruments = [i for i in self._venue.instruments.of_type("SWAP") if i.family == family]
        if not instruments:
            raise bad("instFamily")
        found = False
        for order in self._venue.futures.open_orders(account):
            if order.symbol in {i.inst_id for i in instruments} and self._venue.terms.of(order).ord_type in _MMP:
                self._venue.futures.cancel(account, {"orderId": order.order_id})
                found = True
        if int(lock):
            self._locked[account, family] = self._venue.agenda.now_ns() + int(lock) * 1_000_000
        return found

    def cancel_all(self, account: str, *, source: str) -> int:
        """Cancel all live orders of an account; return how many there were."""
        venue, count = self._venue, 0
        orders: list[AnyOrder] = [*venue.exchange.open_orders(account), *venue.futures.open_orders(account)]
        for order in orders:
            venue.terms.note(order, cancel_source=source)
            engine = self._engine(venue.instruments.by_id[order.symbol])
            try:
                engine.cancel(account, {"symbol": order.symbol, "orderId": order.order_id})
            except Refused:
                continue  # what was cancelled before it has ended it
            count += 1
        return count

    # Look-ups.

    def find(self, account: str, args: Mapping[str, Any]) -> AnyOrder:
        """
        Return an order by ``instId`` and ``ordId`` or ``clOrdId``; of one used again, the newest.

        Raises:
            Refused: There is none, or none is known yet or any more.
        """
        instrument = self._venue.instruments.named(args, "name")
        order_id, client_oid = str(args.get("ordId") or ""), str(args.get("clOrdId") or "")
        if not order_id and not client_oid:
            raise refused("51003")
        engine = self._engine(instrument)
        found = engine.order(order_id) if order_id else engine.order_by_client_oid(account, client_oid)
        order: AnyOrder | None = found
        if order is None or order.account != account or order.symbol != instrument.inst_id:
            raise refused("51603")
        if not self._venue.is_found(order):
            raise refused("51603")  # it is there, and the exchange does not know it yet, or not any more
        return order

    # Placing.

    def _terms(self, instrument: Instrument, args: Mapping[str, Any], kind: str, side: str) -> Terms:
        """Check what is OKX's own of an order."""
        forms = self._venue.forms
        td_mode = one_of(args, "tdMode", ("cash", "cross", "isolated", "spot_isolated"))
        if instrument.contract is None:
            if td_mode != "cash" and (td_mode != "cross" or forms.account_level in ("1", "2")):
                raise refused("51010")
        elif td_mode not in ("cross", "isolated") or forms.account_level == "1":
            raise refused("51010")
        if args.get("attachAlgoOrds"):
            raise bad("attachAlgoOrds")
        if kind in _MMP and not (forms.market_maker_protection and instrument.contract is not None):
            raise bad("ordType")
        if kind in ("rpi", "elp", "optimal_limit_ioc") and instrument.contract is None:
            raise bad("ordType")
        stp_mode = one_of(args, "stpMode", tuple(_STP), "cancel_maker")
        if stp_mode == "cancel_both" and kind == "fok":
            raise refused("54036")
        tgt_ccy = one_of(args, "tgtCcy", ("base_ccy", "quote_ccy"), "")
        if instrument.pair is not None and kind == "market":
            tgt_ccy = tgt_ccy or ("quote_ccy" if side == "buy" else "base_ccy")
        else:
            tgt_ccy = ""
        quote = args.get("tradeQuoteCcy") or ""
        if quote and (instrument.pair is None or quote != instrument.pair.quote):
            raise bad("tradeQuoteCcy")
        size = number(args, "sz")
        if not size:
            raise bad("sz")
        reduce_only = flag(args, "reduceOnly")
        return Terms(
            kind,
            td_mode,
            size=str(args["sz"]),
            tag=text(args, "tag", TAG),
            tgt_ccy=tgt_ccy,
            stp_mode=stp_mode,
            reduce_only=reduce_only and instrument.contract is not None,
        )

    def _enter(
        self, account: str, instrument: Instrument, args: Mapping[str, Any], terms: Terms, name: str | None
    ) -> AnyOrder:
        self._check_lock(account, instrument, terms)
        side = str(args["side"])
        order: dict[str, Any] = {"symbol": instrument.inst_id, "side": side, "stp": _STP[terms.stp_mode]}
        if name is not None:
            order["clientOid"] = name
        if terms.ord_type in ("market", "optimal_limit_ioc"):
            order["type"] = "market"
        else:
            order["type"] = "limit"
            order["price"] = self._price(instrument, args, side)
            order["timeInForce"] = _FORCES.get(terms.ord_type, "GTC")
            order["postOnly"] = terms.ord_type == "post_only" or _MMP.get(terms.ord_type, False)
        size = Decimal(terms.size)
        with in_okx_words(currency=instrument.pays_in(side)):
            if instrument.contract is None:
                order["funds" if terms.tgt_ccy == "quote_ccy" else "size"] = terms.size
                return self._venue.exchange.place(account, order)
            mode = terms.td_mode.upper()
            order.update(size=_contracts(size), marginMode=mode, positionSide=_position_side(args))
            order["reduceOnly"] = terms.reduce_only
            if mode != self._venue.futures.accounts.margin_mode(account, instrument.inst_id):
                self._venue.futures.settings.set_margin_mode(account, instrument.inst_id, mode)
            return self._venue.futures.place(account, order)

    def _check_lock(self, account: str, instrument: Instrument, terms: Terms) -> None:
        until = self._locked.get((account, instrument.family), 0)
        if terms.ord_type in _MMP and self._venue.agenda.now_ns() < until:
            raise refused("54008")

    def _price(self, instrument: Instrument, args: Mapping[str, Any], side: str) -> str:
        """Return the price of an order; with ``pxAmendType`` 1 one outside the limits is moved to them."""
        price = number(args, "px")
        if not price:
            raise bad("px")
        move = one_of(args, "pxAmendType", ("0", "1"), "0")
        limits = self.price_limits(instrument)
        if move == "1" and limits is not None:
            lowest, highest = limits
            if side == "buy" and price > highest:
                return str(to_tick(highest, instrument.tick, rounding=ROUND_DOWN))
            if side == "sell" and price < lowest:
                return str(to_tick(lowest, instrument.tick, rounding=ROUND_UP))
        return str(args["px"])

    def price_limits(self, instrument: Instrument) -> tuple[Decimal, Decimal] | None:
        """Return the lowest price of a sell and the highest of a buy; ``None`` where there is no limit."""
        if instrument.contract is not None:
            return instrument.contract.price_limits(self._venue.futures.prices.mark(instrument.inst_id))
        assert instrument.pair is not None
        rate = instrument.pair.price_limit_rate
        if rate is None:
            return None
        last = self._venue.exchange.book(instrument.inst_id).last_price
        return last * (1 - rate), last * (1 + rate)

    # Both engines.

    def _engine(self, instrument: Instrument) -> Any:
        return self._venue.exchange if instrument.contract is None else self._venue.futures

    def _named(self, instrument: Instrument, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return how an engine names an order; ``ordId`` wins."""
        if has(args, "ordId"):
            return {"symbol": instrument.inst_id, "orderId": given(args, "ordId")}
        if not has(args, "clOrdId"):
            raise refused("51003")
        return {"symbol": instrument.inst_id, "clientOid": text(args, "clOrdId", ID)}

    def _live(self, account: str, instrument: Instrument, named: Mapping[str, Any]) -> AnyOrder | None:
        engine = self._engine(instrument)
        if "orderId" in named:
            order: AnyOrder | None = engine.order(named["orderId"])
        else:
            order = engine.order_by_client_oid(account, named["clientOid"])
        is_own = order is not None and order.account == account and order.symbol == instrument.inst_id
        return order if is_own and order is not None and order.is_live else None

    def _is_live(self, account: str, client_oid: str) -> bool:
        """Whether any engine has a live order of that client order id: it is one name space here."""
        engines: tuple[Any, ...] = (self._venue.exchange, self._venue.futures)
        orders = (engine.order_by_client_oid(account, client_oid) for engine in engines)
        return any(order is not None and order.is_live for order in orders)


def _contracts(size: Decimal) -> int:
    """Return a number of contracts; parts of one are no multiple of the lot."""
    if size != int(size):
        raise refused("51121")
    return int(size)


def _position_side(args: Mapping[str, Any]) -> str:
    return _POSITION_SIDES[one_of(args, "posSide", tuple(_POSITION_SIDES), "net")]
