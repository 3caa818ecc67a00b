"""
``cancel-all``: the panic button, over REST, which works while the order lines are down.
"""

from __future__ import annotations

import shlex

import click

from kucoin_sync.cli.access import Access, Wanted, access_options
from kucoin_sync.cli.console import Output
from kucoin_sync.cli.orders import confirmed, market_option, show_request, spelled_symbol
from kucoin_sync.cli.outcomes import ACCEPTED, NOT_SENT, REJECTED, UNKNOWN
from kucoin_sync.cli.venues import CancelPlan
from kucoin_sync.errors import NotSent, Rejected, RequestError

__all__ = ["cancel_all"]


@click.command("cancel-all")
@click.option(
    "--symbol",
    metavar="SYMBOL",
    callback=lambda _c, _p, text: spelled_symbol(text),
    help="Only the orders of this symbol.",
)
@market_option(
    "KuCoin: spot, margin, futures or all; OKX: all or spread.  [default: that of the symbol, else all]", "all"
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@access_options
def cancel_all(symbol: str | None, market: str | None, yes: bool, wanted: Wanted) -> None:
    """
    Cancel all open orders: the panic button.

    It goes over REST, so it works while the order lines are down. On a live account it asks first; --yes skips that,
    and without a terminal it is needed. It may be repeated. Exit codes are those of 'order'.
    """
    output = wanted.output
    with wanted.open() as access:
        if market != "all":
            access.venue.known_market(market)
        plan = access.venue.cancelling_all(market, symbol)
        if not output.as_json:
            show_request(output, f"cancel {plan.what}", access, {})
        if access.is_live and not yes and not confirmed(output, f"cancel of {plan.what}"):
            code = _tell(output, "not_sent", "not sent: it was not confirmed", "–", "yellow")
        else:
            code = _send(access, plan, output)
    click.get_current_context().exit(code)


def _send(access: Access, plan: CancelPlan, output: Output) -> int:
    look = shlex.join(["kucoin-sync", "orders", *access.words])
    with output.failures():
        try:
            with access.venue.api(access.options) as api, output.working("cancelling"):
                done = plan.run(api)
        except RequestError as error:
            return _tell_error(output, error, look)
        except KeyboardInterrupt:
            return _tell(output, "unknown", "interrupted: some may be cancelled and others not", "?", "yellow", look)
    if output.as_json:
        output.json({"outcome": "accepted", "cancelled": dict(done)})
        return ACCEPTED
    output.say("cancelled", "green", mark="✓")
    output.facts(done)
    output.say(plan.leaves, "bright_black", mark=" ")
    return ACCEPTED


def _tell_error(output: Output, error: RequestError, look: str) -> int:
    if isinstance(error, Rejected):
        return _tell(output, "rejected", str(error), "✗", "red", look, error.notes, error.code)
    if isinstance(error, NotSent):
        return _tell(output, "not_sent", str(error), "–", "yellow", look, error.notes)
    return _tell(output, "unknown", str(error), "?", "yellow", look, error.notes)


_CODES = {"not_sent": NOT_SENT, "rejected": REJECTED, "unknown": UNKNOWN}


def _tell(
    output: Output,
    outcome: str,
    text: str,
    mark: str,
    style: str,
    look: str | None = None,
    notes: tuple[str, ...] = (),
    code: str | None = None,
) -> int:
    if output.as_json:
        output.json({"outcome": outcome, "code": code, "text": text, "notes": list(notes), "look_up": look})
        return _CODES[outcome]
    output.say(text, style, mark=mark)
    for note in notes:
        output.say(note, mark=" ")
    if look is not None:
        output.say("This cancel may be repeated. What is still open:", mark=" ")
        output.command(look)
    return _CODES[outcome]
