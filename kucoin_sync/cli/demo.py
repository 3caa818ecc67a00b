"""
The demo's story: tickers, orders, and orders whose fate is not known at once.

What it calls on an exchange is in `kucoin_sync.cli.demo_calls`; a real exchange has no `Controls`, which make the
faults.
"""

from __future__ import annotations

import queue
import time
from decimal import Decimal

from kucoin_sync import DeadlineExceeded, OutcomeUnknown, Reconnected, Rejected
from kucoin_sync.cli import demo_calls
from kucoin_sync.cli.board import Board
from kucoin_sync.cli.demo_calls import PATIENCE, Calls, KucoinCalls, OkxCalls, Surprise
from kucoin_sync.cli.report import Report
from kucoin_sync.simulator import Controls

__all__ = ["Surprise", "run_demo"]


def run_demo(exchange: Controls, report: Report, *, seconds: float, is_remote: bool) -> None:
    """
    Run all steps.

    Args:
        exchange: The simulator.
        report: Shows what happens.
        seconds: How long to show tickers.
        is_remote: Whether the simulator is another process.

    Raises:
        Surprise, KucoinSyncError, OSError: If a step did not end as it should.
    """
    is_okx = exchange.exchange == "okx"
    report.banner("OKX" if is_okx else "KuCoin", exchange.url, is_remote=is_remote)
    options = exchange.client_options()
    calls: Calls = OkxCalls(**options) if is_okx else KucoinCalls(**options)
    try:
        report.step("Live tickers")
        watch_tickers(calls, report, seconds)
        calls.open()
        report.step("An order that rests: placed, modified, cancelled")
        place_modify_cancel(calls, report)
        report.step("An order that fills")
        fill(calls, report)
        report.step("An order that is refused")
        be_refused(calls, report)
        report.step("An order whose reply is lost")
        lose_the_reply(calls, exchange, report)
        report.step("A line that is cut under an order")
        lose_the_line(calls, exchange, report)
    finally:
        calls.close()
    report.summary()
    report.closing(
        f"All as expected. Read the program: {demo_calls.__file__}",
        f"Now yours, in a second terminal: kucoin-sync simulate{' --exchange okx' if is_okx else ''}",
    )


def watch_tickers(calls: Calls, report: Report, seconds: float) -> None:
    """Read two tickers from one stream for some seconds."""
    board = Board(calls.tickers)
    with calls.stream_tickers() as stream:

        def read(timeout: float) -> None:
            try:
                update = stream.get(timeout)
            except DeadlineExceeded:
                return  # a quiet moment; whether anything came at all is looked at below
            board.take(update.topic, *calls.quote(update))

        report.show_board(board, seconds, read)
    if not board.is_complete:
        raise Surprise("no ticker came; does the simulator run without its market maker?")


def place_modify_cancel(calls: Calls, report: Report) -> None:
    """Place an order far below the market, move it, take it back."""
    placed = calls.buy("0.001", "20000")
    report.ack("placed", placed)
    moved = calls.move(placed, "20100")
    report.ack("modified", moved)
    cancelled = calls.cancel(moved.order_id)
    report.ack("cancelled", cancelled)


def fill(calls: Calls, report: Report) -> None:
    """Buy at the market, and find the fill in a stream."""
    size = "0.01"
    with calls.fills() as stream:
        ack = calls.buy(size)
        report.ack("bought", ack)
        price = calls.find_fill(stream, ack, Decimal(size))
    report.fill(size, price, calls.fill_source)


def be_refused(calls: Calls, report: Report) -> None:
    """Order more than the account can pay."""
    try:
        ack = calls.buy("1000", "20000")
    except Rejected as refusal:
        report.refusal("too big", refusal)
    else:
        raise Surprise(f"the exchange took it as order {ack.order_id}")


def lose_the_reply(calls: Calls, exchange: Controls, report: Report) -> None:
    """Place an order that the exchange executes without ever saying so."""
    report.note("The simulator will execute it and say nothing. The call has one second.")
    exchange.drop_ack(op=calls.place_op)
    unknown = place_in_the_dark(calls, "timeout", timeout=1.0)
    report.unknown("reply lost", unknown)
    show_the_truth(exchange, report, unknown)
    take_back(calls, report, unknown)


def lose_the_line(calls: Calls, exchange: Controls, report: Report) -> None:
    """Place an order whose line is gone before the reply; the client opens another by itself."""
    report.note("The simulator will execute it and reset the connection instead of replying.")
    reconnected: queue.SimpleQueue[Reconnected] = queue.SimpleQueue()
    calls.client().on("reconnected", reconnected.put)
    exchange.cut_instead_of_ack(op=calls.place_op)
    unknown = place_in_the_dark(calls, "disconnected", timeout=PATIENCE)
    began = time.monotonic()
    report.unknown("line cut", unknown)
    show_the_truth(exchange, report, unknown)
    try:
        reconnected.get(timeout=PATIENCE)
    except queue.Empty:
        raise Surprise("the client did not reconnect") from None
    report.reconnected(time.monotonic() - began)
    pong = calls.ping()
    if pong is not None:
        report.pong(pong)
    take_back(calls, report, unknown)


def place_in_the_dark(calls: Calls, reason: str, *, timeout: float) -> OutcomeUnknown:
    """Place an order whose outcome will not be known, and return the exception that says so."""
    try:
        ack = calls.buy("0.001", "20000", timeout=timeout)
    except OutcomeUnknown as unknown:
        if unknown.reason != reason:
            raise Surprise(f"{reason} was to be its reason: {unknown}") from None
        return unknown
    raise Surprise(f"there was a reply all the same, for order {ack.order_id}")


def show_the_truth(exchange: Controls, report: Report, unknown: OutcomeUnknown) -> None:
    """Ask the simulator what it did; with a real exchange this is a look at the account's orders."""
    truth = exchange.truth(str(unknown.client_oid))
    if truth.executed != 1:
        raise Surprise(f"the exchange executed it {truth.executed} times")
    report.truth(truth.frames_received, truth.executed, truth.replies_sent, truth.order_id)


def take_back(calls: Calls, report: Report, unknown: OutcomeUnknown) -> None:
    """Cancel an order whose outcome is not known; its id is in the error, the caller's or one the library made."""
    cancelled = calls.cancel(None, unknown.client_oid)
    report.ack("taken back", cancelled)
