"""
``order place``, ``modify``, ``cancel``, ``show`` and ``reconcile``: one request, one outcome, one exit code.

A command that changes something tells the client order id before anything is sent, so that the order can be looked up
whatever happens to this process; asks before real money moves; and never sends twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from kucoin_sync.cli.access import Access, Wanted, access_options
from kucoin_sync.cli.console import FAILED, Output
from kucoin_sync.cli.outcomes import ACCEPTED, UNKNOWN, Teller, order_facts
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.errors import ConfigError, KucoinSyncError, OutcomeUnknown, RequestError, RestError
from kucoin_sync.events import OrderAck
from kucoin_sync.kucoin.api_client import WebsocketAPIClient
from kucoin_sync.kucoin.keys import WsKey
from kucoin_sync.kucoin.order_states import state_of_order

__all__ = ["MARKETS", "market_of", "order"]

MARKETS = ("spot", "margin", "futures")
_CLIENT_OIDS = Identifiers()

Send = Callable[[WebsocketAPIClient], OrderAck]


@click.group()
def order() -> None:
    """
    Place, change, cancel and look up one order.

    \b
    Exit codes:  0  the exchange took it      4  nothing was sent
                 3  the exchange refused it   5  unknown: look it up, do not repeat it
                 1  the command failed        6  was unknown, and is most likely not there
    """


def market_of(market: str | None, symbol: str) -> str:
    """Return the market a symbol belongs to: pairs have a hyphen, contracts have none."""
    return market or ("spot" if "-" in symbol else "futures")


_market = click.option(
    "--market", type=click.Choice(MARKETS), help="Where.  [default: spot for BTC-USDT, futures for XBTUSDTM]"
)
_order_id = click.option("--order-id", metavar="ID", help="The exchange's id of the order; or")
_client_oid = click.option("--client-oid", metavar="ID", help="the client order id.")
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask before real money moves.")
_reconcile = click.option(
    "--reconcile",
    type=click.FloatRange(0, 3600),
    default=0,
    metavar="SECONDS",
    help="If the outcome is unknown, find it out in this time.",
)
_journal = click.option(
    "--journal", type=click.Path(dir_okay=False), help="Note the order here before it is sent, and its outcome after."
)


@order.command()
@click.argument("symbol")
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.option("--size", metavar="NUMBER", help="How much: base currency, or contracts.")
@click.option("--funds", metavar="NUMBER", help="For a market order: how much of the quote currency.")
@click.option("--price", metavar="NUMBER", help="Limit price.")
@click.option(
    "--type", "kind", type=click.Choice(["limit", "market"]), help="[default: limit with a price, else market]"
)
@click.option("--client-oid", metavar="ID", help="Your id of the order.  [default: one is made]")
@click.option("--time-in-force", type=click.Choice(["GTC", "GTT", "IOC", "FOK", "RPI"]))
@click.option("--post-only", is_flag=True, help="Refuse it rather than trade at once.")
@click.option("--reduce-only", is_flag=True, help="Futures: only close.")
@click.option("--leverage", metavar="NUMBER", help="Futures: leverage of an isolated position.")
@click.option("--isolated", is_flag=True, help="Margin: on the isolated account of the pair.")
@click.option("--test", is_flag=True, help="Have the exchange check it and place nothing.")
@_market
@_reconcile
@_journal
@_yes
@access_options
def place(
    symbol: str,
    side: str,
    kind: str | None,
    client_oid: str | None,
    market: str | None,
    test: bool,
    reconcile: float,
    journal: str | None,
    yes: bool,
    wanted: Wanted,
    **options: Any,
) -> None:
    """
    Place an order: kucoin-sync order place BTC-USDT buy --size 0.001 --price 20000

    A live order is shown and asked for first; --yes skips that, and without a terminal it is needed.
    """
    market = market_of(market, symbol)
    client_oid = client_oid or _CLIENT_OIDS.next()
    kind = kind or ("limit" if options["price"] is not None else "market")
    arguments: dict[str, Any] = {"symbol": symbol, "side": side, "type": kind, "client_oid": client_oid}
    arguments |= _only_given(
        market,
        options,
        {
            "spot": ("size", "funds", "price", "time_in_force", "post_only"),
            "margin": ("size", "funds", "price", "time_in_force", "post_only", "isolated"),
            "futures": ("size", "price", "time_in_force", "post_only", "reduce_only", "leverage"),
        }[market],
    )
    if arguments.pop("isolated", False):
        arguments["is_isolated"] = True

    def send(api: WebsocketAPIClient) -> OrderAck:
        if market == "spot":
            return api.submit_new_spot_order(**arguments, test=test)
        if market == "margin":
            return api.submit_margin_order(**arguments, test=test)
        return api.submit_futures_order(**arguments, test=test)

    _run(
        f"{market} order",
        market,
        arguments,
        send,
        wanted,
        look_up=(symbol, "--client-oid", client_oid),
        is_test=test,
        skip_question=yes or test,
        reconcile=reconcile,
        journal=journal,
    )


@order.command()
@click.argument("symbol")
@_order_id
@_client_oid
@click.option("--new-price", metavar="NUMBER")
@click.option("--new-size", metavar="NUMBER")
@_reconcile
@_journal
@_yes
@access_options
def modify(
    symbol: str,
    order_id: str | None,
    client_oid: str | None,
    new_price: str | None,
    new_size: str | None,
    reconcile: float,
    journal: str | None,
    yes: bool,
    wanted: Wanted,
) -> None:
    """
    Change price or size of a spot order.

    KuCoin makes a new order of it, whose id is shown. Margin and futures orders cannot be changed over the WebSocket
    API: cancel them and place new ones.
    """
    named = _named(order_id, client_oid)
    if new_price is None and new_size is None:
        raise click.UsageError("give --new-price, --new-size or both")
    changes = {name: text for name, text in (("new_price", new_price), ("new_size", new_size)) if text is not None}
    arguments: dict[str, Any] = {"symbol": symbol, **named, **changes}
    _run(
        "change of a spot order",
        "spot",
        arguments,
        lambda api: api.modify_spot_order(**arguments),
        wanted,
        look_up=(symbol, *_as_words(named)),
        skip_question=yes,
        reconcile=reconcile,
        journal=journal,
    )


@order.command()
@click.argument("symbol")
@_order_id
@_client_oid
@_market
@_reconcile
@_journal
@_yes
@access_options
def cancel(
    symbol: str,
    order_id: str | None,
    client_oid: str | None,
    market: str | None,
    reconcile: float,
    journal: str | None,
    yes: bool,
    wanted: Wanted,
) -> None:
    """Cancel an order."""
    named = _named(order_id, client_oid)
    market = market_of(market, symbol)
    # Futures take the exchange's id alone.
    arguments = named if market == "futures" and order_id is not None else {"symbol": symbol, **named}

    def send(api: WebsocketAPIClient) -> OrderAck:
        if market == "futures":
            return api.cancel_futures_order(**arguments)
        return api.cancel_spot_order(**arguments) if market == "spot" else api.cancel_margin_order(**arguments)

    _run(
        f"cancel of a {market} order",
        market,
        {"symbol": symbol, **named},
        send,
        wanted,
        look_up=(symbol, *_as_words(named)),
        skip_question=yes,
        reconcile=reconcile,
        journal=journal,
    )


@order.command()
@click.argument("symbol")
@_order_id
@_client_oid
@_market
@access_options
def show(symbol: str, order_id: str | None, client_oid: str | None, market: str | None, wanted: Wanted) -> None:
    """Look an order up, over REST: open, filled or cancelled."""
    named = _named(order_id, client_oid)
    market = market_of(market, symbol)
    output = wanted.output
    with wanted.open() as access, WebsocketAPIClient(access.options) as api, output.failures():
        try:
            if market == "futures":
                found = api.rest.futures_order(**named)
            else:
                look_up = api.rest.spot_order if market == "spot" else api.rest.margin_order
                found = look_up(symbol, **named)
            state = state_of_order(found)
        except RestError as error:
            if not output.as_json and error.code is not None:
                text = "Look-ups lag behind the exchange: of an order sent seconds ago 'not found' proves nothing."
                output.say(text, err=True)
            raise
        if output.as_json:
            output.json({**order_facts(state), "raw": found})
        else:
            output.facts(order_facts(state))


@order.command("reconcile")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False), required=True, help="File of --journal.")
@click.option("--seconds", type=click.FloatRange(1, 3600), default=30, show_default=True, metavar="SECONDS")
@access_options
def reconcile_journal(journal: str, seconds: float, wanted: Wanted) -> None:
    """
    Find out what became of the orders that a journal has no outcome of.

    They are what earlier commands or programs with this journal left when they died, or ended without knowing.
    """
    output = wanted.output
    worst = ACCEPTED
    with wanted.open(journal=journal) as access, WebsocketAPIClient(access.options) as api, output.failures():
        unresolved = api.unresolved()
        if not unresolved and not output.as_json:
            output.say("Every order in it has an outcome.", "green", mark="✓")
        with output.working(f"looking up {len(unresolved)} orders"):
            fates = api.reconcile_all(seconds)
        for error, fate in zip(unresolved, fates, strict=True):
            if not output.as_json:
                output.say(f"{error.op} {error.symbol or ''} {error.client_oid or error.order_id or ''}", "bold")
            found = (str(error.symbol or ""), *_as_words({"client_oid": error.client_oid, "order_id": error.order_id}))
            worst = max(worst, Teller(output, found).fate(fate), key=lambda code: (code == UNKNOWN, code))
    click.get_current_context().exit(worst)


# What they have in common.


def _only_given(market: str, options: Mapping[str, Any], allowed: tuple[str, ...]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value not in (None, False)}
    for name in given:
        if name not in allowed:
            raise click.UsageError(f"--{name.replace('_', '-')} is not for {market} orders")
    return given


def _named(order_id: str | None, client_oid: str | None) -> dict[str, Any]:
    if (order_id is None) == (client_oid is None):
        raise click.UsageError("give either --order-id or --client-oid")
    return {"order_id": order_id} if order_id is not None else {"client_oid": client_oid}


def _as_words(named: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(word for name, value in named.items() if value for word in (f"--{name.replace('_', '-')}", str(value)))


def _run(
    what: str,
    market: str,
    arguments: Mapping[str, Any],
    send: Send,
    wanted: Wanted,
    *,
    look_up: tuple[str, ...],
    skip_question: bool,
    reconcile: float,
    journal: str | None,
    is_test: bool = False,
) -> None:
    """Show, ask, send once, tell; end the command with the exit code of the outcome."""
    output, more = wanted.output, {} if journal is None else {"journal": journal}
    with wanted.open(**more) as access:
        teller = Teller(output, (*look_up, "--market", market, *access.words))
        if output.as_json:
            # On the other stream: whatever happens to this process, somebody has the id to look the order up by.
            click.echo(f"{what}: {' '.join(look_up)}", err=True)
        else:
            _show(output, what, access, arguments, is_test)
        if access.is_live and not skip_question and not _confirmed(output, what):
            code = teller.not_sent("it was not confirmed")
        else:
            with output.failures():
                code = _send(access, market, send, teller, output, reconcile, is_test)
    click.get_current_context().exit(code)


def _show(output: Output, what: str, access: Access, arguments: Mapping[str, Any], is_test: bool) -> None:
    place = "LIVE" if access.is_live else "SIMULATOR"
    style = "bold white on red" if access.is_live and not is_test else "bold black on yellow"
    output.console.print(f"[{style}] {'TEST, ' if is_test else ''}{place} [/] {what} at {access.title}", soft_wrap=True)
    shown = {
        "clientOid" if name == "client_oid" else name.replace("_", " "): value for name, value in arguments.items()
    }
    output.facts({**shown, "keys from": access.source})


def _confirmed(output: Output, what: str) -> bool:
    """Ask; where nobody can be asked the answer is no."""
    if not sys.stdin.isatty() or output.as_json:
        click.echo("A live order needs --yes where nobody can be asked.", err=True)
        return False
    return click.confirm(f"Send this {what}?", err=True)


def _send(
    access: Access, market: str, send: Send, teller: Teller, output: Output, reconcile: float, is_test: bool
) -> int:
    line = WsKey.WS_API_FUTURES_V1 if market == "futures" else WsKey.WS_API_SPOT_V1
    with WebsocketAPIClient(access.options) as api:
        if not is_test:
            try:
                with output.working("opening the order line"):
                    api.connect_ws_api(line)
            except ConfigError:
                raise
            except KucoinSyncError as error:
                return teller.not_sent(f"{error}. 'kucoin-sync doctor' looks for the cause.")
            except KeyboardInterrupt:
                return teller.not_sent("interrupted before that")
        try:
            with output.working("waiting for the exchange's answer"):
                ack = send(api)
            return teller.ack(ack)
        except RequestError as error:
            code = teller.error(error)
            unknown = error if isinstance(error, OutcomeUnknown) else None
        except RestError as error:
            if not is_test:
                raise
            return _refused_test(output, error)
        except KeyboardInterrupt as interrupt:
            return _interrupted(interrupt, teller)
        if unknown is not None and (seconds := reconcile or _asked_to_reconcile(output)):
            return _reconciled(unknown, seconds, teller, output)
        return code


def _refused_test(output: Output, error: RestError) -> int:
    if output.as_json:
        output.json({"outcome": "rejected", "test": True, "code": error.code, "text": str(error)})
    else:
        output.say(f"refused as a test: {error}", "red", mark="✗")
    return 3 if error.code is not None else FAILED


def _interrupted(interrupt: KeyboardInterrupt, teller: Teller) -> int:
    """A Ctrl-C carries what is known of the request that it interrupted."""
    known = getattr(interrupt, "kucoin_sync", None)
    if isinstance(known, OrderAck):
        return teller.ack(known)
    return teller.error(known) if isinstance(known, RequestError) else teller.interrupted()


def _asked_to_reconcile(output: Output) -> float:
    if output.as_json or not (sys.stdin.isatty() and output.is_screen):
        return 0.0
    return 30.0 if click.confirm("Find out now what became of it (up to 30 s)?", default=True, err=True) else 0.0


def _reconciled(error: OutcomeUnknown, seconds: float, teller: Teller, output: Output) -> int:
    try:
        with output.working("finding out what became of it"):
            fate = error.reconcile(seconds)
    except (KucoinSyncError, KeyboardInterrupt):
        return UNKNOWN  # which was told, with what to do
    return teller.fate(fate)
