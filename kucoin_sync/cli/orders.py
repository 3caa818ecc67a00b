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
from rich.text import Text

from kucoin_sync.cli.access import Access, Wanted, access_options
from kucoin_sync.cli.console import FAILED, Output
from kucoin_sync.cli.outcomes import ACCEPTED, UNKNOWN, Teller, order_facts
from kucoin_sync.cli.venues import Send, Venue
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.errors import ConfigError, KucoinSyncError, OutcomeUnknown, RequestError, RestError
from kucoin_sync.events import OrderAck

__all__ = ["confirmed", "market_option", "order", "show_request", "spelled_symbol", "symbol_argument"]

_MARKETS = ("spot", "margin", "futures", "swap", "option", "spread")
_CLIENT_OIDS = Identifiers()


def symbol_argument(*, required: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the argument for a symbol, which may be typed in small letters."""
    return click.argument("symbol", required=required, callback=lambda _c, _p, text: spelled_symbol(text))


def spelled_symbol(text: str | None) -> str | None:
    """Return a symbol as exchanges spell it, unless somebody has used capitals already."""
    return text.upper() if text is not None and text.islower() else text


def market_option(text: str, *more: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for a market; which of them there are is looked at when the exchange is known."""
    return click.option("--market", type=click.Choice([*_MARKETS, *more]), help=text, metavar="MARKET")


@click.group()
def order() -> None:
    """
    Place, change, cancel and look up one order.

    \b
    Exit codes:  0  the exchange took it      4  nothing was sent
                 3  the exchange refused it   5  unknown: look it up, do not repeat it
                 1  the command failed        6  was unknown, and is most likely not there
    """


_market = market_option(
    "KuCoin: spot, margin, futures; OKX: spot, margin, swap, futures, option, spread.  [default: that of the symbol]"
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
@symbol_argument()
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.option("--size", metavar="NUMBER", help="How much: base currency, or contracts.")
@click.option("--funds", metavar="NUMBER", help="For a market order: how much of the quote currency.")
@click.option("--price", metavar="NUMBER", help="Limit price.")
@click.option(
    "--type", "kind", type=click.Choice(["limit", "market"]), help="[default: limit with a price, else market]"
)
@click.option("--client-oid", metavar="ID", help="Your id of the order.  [default: one is made]")
@click.option(
    "--time-in-force",
    type=click.Choice(["GTC", "GTT", "IOC", "FOK", "RPI"]),
    metavar="WORD",
    help="GTC, IOC, FOK or RPI; at KuCoin GTT too.",
)
@click.option("--post-only", is_flag=True, help="Refuse it rather than trade at once.")
@click.option("--reduce-only", is_flag=True, help="Contracts: only close.")
@click.option("--leverage", metavar="NUMBER", help="KuCoin futures: leverage of an isolated position.")
@click.option(
    "--isolated", is_flag=True, help="Isolated margin instead of cross margin; at KuCoin with --market margin."
)
@click.option(
    "--position-side", type=click.Choice(["long", "short"]), help="Contracts, where both sides can be held at once."
)
@click.option("--test", is_flag=True, help="KuCoin: have it checked and place nothing.")
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
    Place an order.

    \b
    kucoin-sync order place BTC-USDT buy --size 0.001 --price 20000
    kucoin-sync order place BTC-USDT-SWAP sell --size 1 --exchange okx

    A live order is shown and asked for first; --yes skips that, and without a terminal it is needed.
    """
    client_oid = client_oid or _CLIENT_OIDS.next()
    kind = kind or ("limit" if options["price"] is not None else "market")
    given = {name: value for name, value in options.items() if value not in (None, False)}
    arguments: dict[str, Any] = {"symbol": symbol, "side": side, "type": kind, **given, "client_oid": client_oid}
    _run(
        "{} order",
        market,
        arguments,
        lambda venue, at: venue.placing(at, arguments, test=test),
        wanted,
        look_up=(symbol, "--client-oid", client_oid),
        is_test=test,
        skip_question=yes or test,
        reconcile=reconcile,
        journal=journal,
    )


@order.command()
@symbol_argument()
@_order_id
@_client_oid
@click.option("--new-price", metavar="NUMBER", help="New limit price.")
@click.option("--new-size", metavar="NUMBER", help="New size; at OKX with what is filled already.")
@_market
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
    market: str | None,
    reconcile: float,
    journal: str | None,
    yes: bool,
    wanted: Wanted,
) -> None:
    """
    Change price or size of an order.

    KuCoin does it for spot orders alone, and makes a new order of it, whose id is shown: cancel margin and futures
    orders and place new ones. OKX does it for all, and the order keeps its id.
    """
    named = _named(order_id, client_oid)
    if new_price is None and new_size is None:
        raise click.UsageError("give --new-price, --new-size or both")
    changes = {name: text for name, text in (("new_price", new_price), ("new_size", new_size)) if text is not None}
    _run(
        "change of one {} order",
        market,
        {"symbol": symbol, **named, **changes},
        lambda venue, at: venue.changing(at, symbol, named, changes),
        wanted,
        look_up=(symbol, *_as_words(named)),
        skip_question=yes,
        reconcile=reconcile,
        journal=journal,
    )


@order.command()
@symbol_argument()
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
    _run(
        "cancel of one {} order",
        market,
        {"symbol": symbol, **named},
        lambda venue, at: venue.cancelling(at, symbol, named),
        wanted,
        look_up=(symbol, *_as_words(named)),
        skip_question=yes,
        reconcile=reconcile,
        journal=journal,
    )


@order.command()
@symbol_argument()
@_order_id
@_client_oid
@_market
@access_options
def show(symbol: str, order_id: str | None, client_oid: str | None, market: str | None, wanted: Wanted) -> None:
    """Look an order up, over REST: open, filled or cancelled."""
    named = _named(order_id, client_oid)
    output = wanted.output
    with wanted.open() as access, access.venue.api(access.options) as api, output.failures():
        try:
            with output.working("looking the order up"):
                found = access.venue.look_up(api, access.venue.market_of(market, symbol), symbol, named)
            state = access.venue.state(found)
        except RestError as error:
            if not output.as_json and error.code is not None:
                text = "Look-ups lag behind the exchange: of an order sent seconds ago 'not found' proves nothing."
                output.say(text, err=True)
            raise
        if output.as_json:
            output.json({**order_facts(state), "raw": found})
        else:
            output.facts(order_facts(state))


@order.command("reconcile", short_help="Find the outcomes that a journal lacks.")
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
    with wanted.open(journal=journal) as access, access.venue.api(access.options) as api, output.failures():
        unresolved = api.unresolved()
        if not unresolved and not output.as_json:
            output.say("Every order in it has an outcome.", "green", mark="✓")
        with output.working(f"looking up {len(unresolved)} orders"):
            fates = api.reconcile_all(seconds)
        for error, fate in zip(unresolved, fates, strict=True):
            if not output.as_json:
                output.say(f"{error.op} {error.symbol or ''} {error.client_oid or error.order_id or ''}", "bold")
            found = (str(error.symbol or ""), *_as_words({"client_oid": error.client_oid, "order_id": error.order_id}))
            ended = Teller(output, (*found, *access.words)).fate(fate)
            worst = max(worst, ended, key=lambda code: (code == UNKNOWN, code))
    click.get_current_context().exit(worst)


# What they have in common.


def _named(order_id: str | None, client_oid: str | None) -> dict[str, Any]:
    if (order_id is None) == (client_oid is None):
        raise click.UsageError("give either --order-id or --client-oid")
    return {"order_id": order_id} if order_id is not None else {"client_oid": client_oid}


def _as_words(named: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(word for name, value in named.items() if value for word in (f"--{name.replace('_', '-')}", str(value)))


def _run(
    what: str,
    market: str | None,
    arguments: Mapping[str, Any],
    prepare: Callable[[Venue, str], Send],
    wanted: Wanted,
    *,
    look_up: tuple[str, ...],
    skip_question: bool,
    reconcile: float,
    journal: str | None,
    is_test: bool = False,
) -> None:
    """Show, ask, send once, tell; end the command with the outcome's exit code. ``what`` has ``{}`` for the market."""
    output, more = wanted.output, {} if journal is None else {"journal": journal}
    with wanted.open(**more) as access:
        market = access.venue.market_of(market, str(arguments["symbol"]))
        send = prepare(access.venue, market)
        what = what.format(market)
        teller = Teller(output, (*look_up, "--market", market, *access.words))
        if output.as_json:
            # On the other stream: whatever happens to this process, somebody has the id to look the order up by.
            click.echo(f"{what}: {' '.join(look_up)}", err=True)
        else:
            show_request(output, what, access, arguments, is_test=is_test)
        if access.is_live and not skip_question and not confirmed(output, what):
            code = teller.not_sent("it was not confirmed")
        else:
            with output.failures():
                code = _send(access, market, str(arguments["symbol"]), send, teller, output, reconcile, is_test)
    click.get_current_context().exit(code)


def show_request(
    output: Output, what: str, access: Access, arguments: Mapping[str, Any], *, is_test: bool = False
) -> None:
    """Show what will be sent, where, and with whose keys."""
    style = "bold white on red" if access.is_live and not is_test else "bold black on yellow"
    label = f" {'TEST, ' if is_test else ''}{access.label} "
    output.print(Text.assemble((label, style), f" {what}"))
    shown = {
        "clientOid" if name == "client_oid" else name.replace("_", " "): value for name, value in arguments.items()
    }
    output.facts({**shown, "at": access.title, "keys from": access.source})


def confirmed(output: Output, what: str) -> bool:
    """Ask; where nobody can be asked the answer is no."""
    if not sys.stdin.isatty() or output.as_json:
        click.echo("On a live account this needs --yes where nobody can be asked.", err=True)
        return False
    return asked(f"Send this {what}?", default=False)


def asked(question: str, *, default: bool) -> bool:
    """Ask; Ctrl-C at the question is a no, so that the exit code tells what became of the order."""
    try:
        return click.confirm(question, default=default, err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def _send(
    access: Access,
    market: str,
    symbol: str,
    send: Send,
    teller: Teller,
    output: Output,
    reconcile: float,
    is_test: bool,
) -> int:
    with access.venue.api(access.options) as api:
        if not is_test:
            try:
                with output.working("opening the order line"):
                    access.venue.connect_orders(api, market, symbol)
            except ConfigError:
                raise
            except KucoinSyncError as error:
                return teller.not_sent(output.not_reached(error))
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
    return 30.0 if asked("Find out now what became of it (up to 30 s)?", default=True) else 0.0


def _reconciled(error: OutcomeUnknown, seconds: float, teller: Teller, output: Output) -> int:
    try:
        with output.working("finding out what became of it"):
            fate = error.reconcile(seconds)
    except (KucoinSyncError, KeyboardInterrupt):
        return UNKNOWN  # which was told, with what to do
    return teller.fate(fate)
