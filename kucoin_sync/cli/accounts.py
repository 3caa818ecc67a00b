"""
``orders`` and ``balances``: what the account has open and owns, asked for over REST.
"""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import click

from kucoin_sync.cli.access import Wanted, access_options
from kucoin_sync.cli.console import Output
from kucoin_sync.cli.orders import market_option, symbol_argument
from kucoin_sync.fates import OrderState
from kucoin_sync.protocol.decimals import exact

__all__ = ["balances", "orders"]

WIDE = 110
"""Columns of a terminal from which on a table has room for both ids of an order."""


@click.command()
@symbol_argument(required=False)
@market_option("[default: that of the symbol; else spot, at OKX all but spreads]")
@click.option("--done", is_flag=True, help="The latest orders that are done, instead of the open ones.")
@access_options
def orders(symbol: str | None, market: str | None, done: bool, wanted: Wanted) -> None:
    """List open orders, of one symbol or of all."""
    output = wanted.output
    with wanted.open() as access, access.venue.api(access.options) as api, output.failures():
        venue = access.venue
        market = venue.known_market(market)
        wished = venue.orders(api, market, symbol, done=done)
        with output.working("asking for the orders"):
            found = list(wished)
        if output.as_json:
            output.json(found)
            return
        rows = [_order_row(venue.state(order)) for order in found]
        columns = ["symbol", "side", "price", "size", "filled", "status", "orderId"]
        if not output.is_screen or output.console.width >= WIDE:
            columns[5:5] = ["type"]
            columns += ["clientOid"]
        where = symbol or market or venue.every_market
        output.table(columns, rows, empty=f"No {'done' if done else 'open'} orders ({where}).")


def _order_row(state: OrderState) -> dict[str, Any]:
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
@market_option("KuCoin: spot, margin or futures.  [default: spot]")
@click.option("--all", "with_empty", is_flag=True, help="Show empty balances too.")
@access_options
def balances(currencies: tuple[str, ...], market: str | None, with_empty: bool, wanted: Wanted) -> None:
    """
    List balances.

    KuCoin: of the spot and funding accounts, the cross margin account, or the futures wallets, which it tells one
    currency at a time; without a CURRENCY those of USDT and XBT are asked for. OKX: of the trading account.
    """
    output, chosen = wanted.output, tuple(currency.upper() for currency in currencies)
    with wanted.open() as access, access.venue.api(access.options) as api, output.failures():
        market = access.venue.known_market(market)
        with output.working("asking for the balances"):
            account, found = access.venue.balances(api, market, chosen)
        rows = [row for row in found if not chosen or row["currency"] in chosen]
        if not with_empty and not chosen:
            rows = [row for row in rows if any(exact(row.get(name)) for name in ("total", "held", "debt", "equity"))]
        if output.as_json:
            output.json(rows)
            return
        _print_balances(output, rows, account)


def _print_balances(output: Output, rows: list[dict[str, Any]], account: str) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    shown = [{name: _number(exact(value)) or value for name, value in row.items()} for row in rows]
    output.table(columns, shown, empty=f"No {account} balances.")


def _number(number: Decimal | None) -> str | None:
    """Return a number without the zeros at its end."""
    if number is None:
        return None
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
