"""
Orders on contracts: what a frame or a body may ask for, and the engine's own order.

`read_futures_order` holds every check that needs neither positions nor live orders. The exchange publishes codes but
few texts, and not which of several failing checks wins: texts and order here are assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from attrs import evolve, field, frozen

from ..matching.orders import Order, OrderRequest, Refused
from .contracts import Contract, divided
from .events import FuturesOrderState
from .refusals import refused

__all__ = ["FuturesOrder", "FuturesRequest", "named_contract", "read_futures_order"]

ZERO = Decimal(0)
_CLIENT_OID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
# Bounded on purpose: what is multiplied with such numbers stays exact.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?\Z")
_FLAGS = ("postOnly", "hidden", "iceberg", "reduceOnly", "closeOrder", "forceHold")


@frozen(kw_only=True)
class FuturesRequest(OrderRequest):
    """
    A checked wish to place an order on a contract; `size` counts contracts.

    Attributes:
        size: ``None`` only for an order that closes whatever there is.
        leverage: ``None`` where the frame had none.
        is_shown_hidden, is_shown_post_only: As ordered. A retail price improvement order (``RPI``) rests like a hidden
            post-only order, because it must not take and is in no public book; it is not shown as one.
    """

    leverage: Decimal | None = None
    margin_mode: str = "ISOLATED"
    position_side: str = "BOTH"
    reduce_only: bool = False
    close_order: bool = False
    force_hold: bool = False
    stop_price_type: str = ""
    is_shown_hidden: bool = field(default=False)
    is_shown_post_only: bool = field(default=False)

    @property
    def is_rpi(self) -> bool:
        """Whether it is a retail price improvement order."""
        return self.time_in_force == "RPI"

    @property
    def only_closes(self) -> bool:
        """Whether it must not open contracts: as told, or because of its position side."""
        closing_side = {"LONG": "sell", "SHORT": "buy"}.get(self.position_side)
        return self.reduce_only or self.close_order or self.side == closing_side


class FuturesOrder(Order):
    """
    The engine's mutable order on a contract.

    Attributes:
        leverage: At which it opens contracts.
        reserve: Margin that each contract of it needs that may open a position.
        deal_value: Summed value of the fills in the settle currency.
        ended_at_ns: ``None`` while it lives.
    """

    __slots__ = ("contract", "deal_value", "ended_at_ns", "leverage", "reserve", "stop_triggered", "trade_type")

    request: FuturesRequest

    def __init__(
        self, order_id: str, account: str, request: FuturesRequest, created_at_ns: int, contract: Contract
    ) -> None:
        super().__init__(order_id, account, request, created_at_ns)
        self.contract = contract
        self.leverage = Decimal(1)
        self.reserve = self.deal_value = ZERO
        self.ended_at_ns: int | None = None
        self.stop_triggered = False
        self.trade_type = "trade"

    @property
    def is_waiting(self) -> bool:
        """Whether this is a stop order whose price has not been reached."""
        return self.outcome is None and bool(self.request.stop) and not self.stop_triggered

    @property
    def open_size(self) -> Decimal:
        """Contracts still to be filled."""
        return ZERO if self.request.size is None or self.outcome is not None else self.remaining

    def futures_state(self) -> FuturesOrderState:
        """Return a frozen snapshot."""
        request = self.request
        size = ZERO if request.size is None else request.size
        # A market order has no price of its own; what it traded is the value it turned out to have.
        value = abs(size * self.contract.unit(request.price)) if request.price else self.deal_value
        return FuturesOrderState(
            order_id=self.order_id,
            client_oid=request.client_oid,
            account=self.account,
            symbol=request.symbol,
            settle_currency=self.contract.settle,
            side=request.side,
            type=request.type,
            price=request.price,
            size=size,
            value=value,
            deal_size=self.deal_size,
            deal_value=self.deal_value,
            canceled_size=size - self.deal_size - self.open_size,
            fee=self.fee,
            leverage=self.leverage,
            margin_mode=request.margin_mode,
            position_side=request.position_side,
            time_in_force=request.time_in_force,
            post_only=request.is_shown_post_only,
            hidden=request.is_shown_hidden,
            iceberg=request.visible_size is not None,
            visible_size=request.visible_size or ZERO,
            reduce_only=request.reduce_only,
            close_order=request.close_order,
            force_hold=request.force_hold,
            stp=request.stp,
            stop=request.stop,
            stop_price=request.stop_price if request.stop else None,
            stop_price_type=request.stop_price_type,
            stop_triggered=self.stop_triggered,
            remark=request.remark,
            trade_type=self.trade_type,
            created_at_ns=self.created_at_ns,
            updated_at_ns=self.updated_at_ns,
            ended_at_ns=self.ended_at_ns,
            outcome=self.outcome,
            cancel_reason=self.cancel_reason or "",
        )


def named_contract(args: Mapping[str, Any], contracts: Mapping[str, Contract]) -> Contract:
    """
    Return the contract that ``symbol`` names.

    Raises:
        Refused: 200003.
    """
    contract = contracts.get(str(args.get("symbol")))
    if contract is None:
        raise refused("symbol")
    return contract


def read_futures_order(
    args: Mapping[str, Any],
    contract: Contract,
    *,
    mark: Decimal,
    default_side: str | None = None,
    takes_fok: bool = False,
) -> FuturesRequest:
    """
    Check the arguments of ``futures.order`` against the contract's steps and limits.

    Args:
        args: The ``args`` object of the frame, e.g. ``{"clientOid": "a1", "symbol": "XBTUSDTM", "side": "buy",
            "leverage": 3, "price": "50000", "size": 1}``.
        contract: Named by ``symbol``.
        mark: Price at which a market order by ``valueQty`` is turned into contracts (assumed).
        default_side: Side of an order that closes a position and names none.
        takes_fok: Whether there are fill-or-kill orders.

    Returns:
        The request; margins, positions and live orders have not been looked at.

    Raises:
        Refused: 100001 for a bad argument, 300002 for a contract that is not traded, 300016 for the leverage.
    """
    if not contract.enabled:
        raise refused("suspended")
    client_oid = args.get("clientOid")
    if not isinstance(client_oid, str) or not _CLIENT_OID.match(client_oid):
        raise _bad("clientOid")
    flags = {name: _flag(args, name) for name in _FLAGS}
    side = default_side if flags["closeOrder"] and args.get("side") is None else _one_of(args, "side", ("buy", "sell"))
    if side is None:
        raise _bad("side")
    kind = _one_of(args, "type", ("limit", "market"), "limit")
    force = _one_of(args, "timeInForce", ("GTC", "IOC", "RPI", *(("FOK",) if takes_fok else ())), "GTC")
    price = _price(args, contract) if kind == "limit" else ZERO
    _check_flags(flags, kind, force)
    is_rpi = force == "RPI"
    stop, stop_price, stop_price_type = _read_stop(args)
    return FuturesRequest(
        symbol=contract.symbol,
        side=side,
        type=kind,
        client_oid=client_oid,
        price=price,
        size=_read_size(args, contract, price or mark, closes=flags["closeOrder"]),
        time_in_force=force,
        post_only=flags["postOnly"] or is_rpi,
        hidden=flags["hidden"] or is_rpi,
        visible_size=_visible(args, contract) if flags["iceberg"] else None,
        stp=_one_of(args, "stp", ("CN", "CO", "CB", ""), ""),
        remark=_remark(args),
        leverage=_leverage(args, contract),
        margin_mode=_one_of(args, "marginMode", ("ISOLATED", "CROSS"), "ISOLATED"),
        position_side=_one_of(args, "positionSide", ("BOTH", "LONG", "SHORT"), "BOTH"),
        reduce_only=flags["reduceOnly"],
        close_order=flags["closeOrder"],
        force_hold=flags["forceHold"],
        stop=stop,
        stop_price=stop_price,
        stop_price_type=stop_price_type,
        is_shown_hidden=flags["hidden"],
        is_shown_post_only=flags["postOnly"],
    )


def amended(request: FuturesRequest, args: Mapping[str, Any], contract: Contract) -> FuturesRequest:
    """
    Build what a resting order becomes: ``newPrice`` and ``newSize``, at least one of them.

    Raises:
        Refused: 100001.
    """
    price, size = args.get("newPrice"), args.get("newSize")
    if price is None and size is None:
        raise refused("parameter", "newPrice or newSize is required.")
    return evolve(
        request,
        price=request.price if price is None else _price({"price": price}, contract),
        size=request.size if size is None else _read_size({"size": size}, contract, request.price, closes=False),
    )


def _bad(name: str) -> Refused:
    return refused("parameter", f"{name} is invalid.")


def _check_flags(flags: Mapping[str, bool], kind: str, force: str) -> None:
    if flags["postOnly"] and (force in ("IOC", "FOK") or flags["hidden"] or flags["iceberg"]):
        raise refused("parameter", "postOnly can not be used with IOC, hidden or iceberg.")
    if flags["hidden"] and flags["iceberg"]:
        raise refused("parameter", "hidden and iceberg can not be used together.")
    if force == "RPI" and (kind != "limit" or flags["hidden"] or flags["iceberg"]):
        raise refused("parameter", "RPI orders must be plain limit orders.")


def _read_size(args: Mapping[str, Any], contract: Contract, price: Decimal, *, closes: bool) -> Decimal | None:
    """Return the contracts that ``size``, ``qty`` or ``valueQty`` ask for; ``None`` for an order that closes all."""
    given = [name for name in ("size", "qty", "valueQty") if args.get(name) is not None]
    if not given and closes:
        return None
    if len(given) != 1:
        raise refused("parameter", "One of size, qty and valueQty is required.")
    name = given[0]
    if name == "size":
        count = args["size"]
        if not isinstance(count, int) or isinstance(count, bool):
            raise _bad("size")
        size = Decimal(count) if abs(count) < 10**15 else ZERO
    elif contract.is_inverse:
        raise refused("parameter", f"{name} can not be used with coin-margined contracts.")
    elif name == "qty":
        amount = _number(args, "qty")
        if amount % contract.multiplier:
            raise _bad("qty")
        size = divided(amount, contract.multiplier)
    else:
        worth = divided(_number(args, "valueQty"), contract.unit(price) * contract.lot_size, rounding=ROUND_DOWN)
        size = Decimal(int(worth)) * contract.lot_size
    if not 0 < size <= contract.max_order_qty or size % contract.lot_size:
        raise refused("size_step", f"{name} is invalid.")
    return Decimal(int(size))


def _read_stop(args: Mapping[str, Any]) -> tuple[str, Decimal, str]:
    stop = _one_of(args, "stop", ("up", "down", ""), "")
    if not stop:
        return "", ZERO, ""
    return stop, _number(args, "stopPrice"), _one_of(args, "stopPriceType", ("TP", "MP", "IP"))


def _price(args: Mapping[str, Any], contract: Contract) -> Decimal:
    price = _number(args, "price")
    if price % contract.tick_size or price > contract.max_price:
        raise refused("price_step")
    return price


def _visible(args: Mapping[str, Any], contract: Contract) -> Decimal:
    visible = _number(args, "visibleSize")
    if visible % contract.lot_size:
        raise _bad("visibleSize")
    return visible


def _leverage(args: Mapping[str, Any], contract: Contract) -> Decimal | None:
    leverage = args.get("leverage")
    if leverage is None:
        return None
    if not isinstance(leverage, int) or isinstance(leverage, bool) or leverage < 1:
        raise _bad("leverage")
    if leverage > contract.max_leverage:
        raise refused("leverage")
    return Decimal(leverage)


def _remark(args: Mapping[str, Any]) -> str | None:
    remark = args.get("remark")
    if remark is not None and (not isinstance(remark, str) or len(remark) > 100):
        raise _bad("remark")
    return remark


def _one_of(args: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = args.get(name)
    if value is None:
        value = default
    if not isinstance(value, str) or value not in allowed:
        raise _bad(name)
    return value


def _flag(args: Mapping[str, Any], name: str) -> bool:
    value = args.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _bad(name)
    return value


def _number(args: Mapping[str, Any], name: str) -> Decimal:
    """Read a positive number, spelled as a string without exponent."""
    value = args.get(name)
    if not isinstance(value, str) or not _NUMBER.match(value) or not Decimal(value):
        raise _bad(name)
    return Decimal(value)
