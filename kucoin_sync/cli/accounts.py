"""
``orders`` and ``balances``: what the account has open and owns, asked for over REST.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import click

from kucoin_sync.cli.access import Wanted, access_options
from kucoin_sync.cli.console import Output
from kucoin_sync.cli.orders import MARKETS, market_of
from kucoin_sync.kucoin.api_client import WebsocketAPIClient
from kucoin_sync.kucoin.order_states import state_of_order
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.kucoin.rest_orders import TRADE_TYPES
from kucoin_sync.protocol.decimals import exact

__all__ = ["balances", "orders"]

WIDE = 110
"""Columns of a terminal from which on a table has room for both ids of an order."""
_FUTURES_CURRENCIES = ("USDT", "XBT")


@click.command()
@click.argument("symbol", required=False)
@click.option("--market", type=click.Choice(MARKETS), help="[default: that of the symbol, or spot]")
@click.option("--done", is_flag=True, help="The latest orders that are done, instead of the open ones.")
@access_options
def orders(symbol: str | None, market: str | None, done: bool, wanted: Wanted) -> None:
    """List open orders, of one symbol or of all."""
    market = market or ("spot" if symbol is None else market_of(None, symbol))
    if done and symbol is None and market != "futures":
        raise click.UsageError("--done needs a symbol: the exchange lists the done orders of one at a time")
    output = wanted.output
    with wanted.open() as access, WebsocketAPIClient(access.options) as api, output.failures():
        with output.working("asking for the orders"):
            found = list(_done(api.rest, market, symbol) if done else _open(api.rest, market, symbol))
        if output.as_json:
            output.json(found)
            return
        rows = [_order_row(order) for order in found]
        columns = ["symbol", "side", "price", "size", "filled", "status", "orderId"]
        if not output.is_screen or output.console.width >= WIDE:
            columns[5:5] = ["type"]
            columns += ["clientOid"]
        where = market if symbol is None else symbol
        output.table(columns, rows, empty=f"No {'done' if done else 'open'} orders ({where}).")


def _open(rest: RestClient, market: str, symbol: str | None) -> Iterable[dict[str, Any]]:
    if market == "futures":
        yield from _pages(rest, symbol=symbol, status="active")
    elif market == "spot":
        for name in rest.symbols_with_open_spot_orders() if symbol is None else (symbol,):
            yield from rest.open_spot_orders(name)
    else:
        for trade_type in TRADE_TYPES:
            for name in rest.symbols_with_open_margin_orders(trade_type) if symbol is None else (symbol,):
                yield from rest.open_margin_orders(name, trade_type)


def _pages(rest: RestClient, **which: Any) -> Iterable[dict[str, Any]]:
    page = 1
    while True:
        answer = rest.futures_orders(**which, page=page, page_size=100)
        yield from answer.get("items") or ()
        if page >= (answer.get("totalPage") or 0):
            return
        page += 1


def _done(rest: RestClient, market: str, symbol: str | None) -> Iterable[dict[str, Any]]:
    if market == "futures":
        yield from rest.futures_orders(symbol=symbol, status="done").get("items") or ()
    elif market == "spot":
        yield from rest.done_spot_orders(str(symbol)).get("items") or ()
    else:
        for trade_type in TRADE_TYPES:
            yield from rest.done_margin_orders(str(symbol), trade_type).get("items") or ()


def _order_row(order: Mapping[str, Any]) -> dict[str, Any]:
    state = state_of_order(order)
    created = datetime.fromtimestamp((state.created_ms or 0) / 1000, tz=timezone.utc)
    return {
        "symbol": state.symbol,
        "side": state.side,
        "type": state.type,
        "price": _number(state.price),
        "size": _number(state.size),
        "filled": _number(state.filled_size),
        "status": "open" if state.is_live else state.status,
        "created": created.isoformat(timespec="seconds"),
        "orderId": state.order_id,
        "clientOid": state.client_oid,
    }


@click.command()
@click.argument("currencies", metavar="[CURRENCY]...", nargs=-1)
@click.option("--market", type=click.Choice(MARKETS), default="spot", show_default=True)
@click.option("--all", "with_empty", is_flag=True, help="Show empty balances too.")
@access_options
def balances(currencies: tuple[str, ...], market: str, with_empty: bool, wanted: Wanted) -> None:
    """
    List balances: of the spot and funding accounts, the cross margin account, or the futures wallets.

    The exchange tells futures wallets one currency at a time; without a CURRENCY those of USDT and XBT are asked for.
    """
    output, chosen = wanted.output, tuple(currency.upper() for currency in currencies)
    with wanted.open() as access, WebsocketAPIClient(access.options) as api, output.failures():
        with output.working("asking for the balances"):
            found = _READERS[market](api.rest, chosen)
        rows = [row for row in found if not chosen or row["currency"] in chosen]
        if not with_empty and not chosen:
            rows = [row for row in rows if any(exact(row.get(name)) for name in ("total", "held", "debt", "equity"))]
        if output.as_json:
            output.json(rows)
            return
        _print_balances(output, rows, market)


def _print_balances(output: Output, rows: list[dict[str, Any]], market: str) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    shown = [{name: _number(exact(value)) or value for name, value in row.items()} for row in rows]
    output.table(columns, shown, empty=f"No {market} balances.")


def _spot(rest: RestClient, _: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "currency": row.get("currency"),
            "account": row.get("type"),
            "total": row.get("balance"),
            "available": row.get("available"),
            "held": row.get("holds"),
        }
        for row in rest.accounts()
    ]


def _margin(rest: RestClient, _: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "currency": row.get("currency"),
            "total": row.get("total"),
            "available": row.get("available"),
            "held": row.get("hold"),
            "debt": row.get("liability"),
        }
        for row in rest.cross_margin_accounts().get("accounts") or ()
    ]


def _futures(rest: RestClient, currencies: tuple[str, ...]) -> list[dict[str, Any]]:
    wallets = [rest.futures_account(currency) for currency in currencies or _FUTURES_CURRENCIES]
    return [
        {
            "currency": wallet.get("currency"),
            "equity": wallet.get("accountEquity"),
            "available": wallet.get("availableBalance"),
            "orders": wallet.get("orderMargin"),
            "positions": wallet.get("positionMargin"),
        }
        for wallet in wallets
    ]


_READERS = {"spot": _spot, "margin": _margin, "futures": _futures}


def _number(number: Decimal | None) -> str | None:
    """Return a number without the zeros at its end."""
    if number is None:
        return None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
