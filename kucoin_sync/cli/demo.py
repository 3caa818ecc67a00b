"""
The demo's program: tickers, orders, and orders whose fate is not known at once.

Everything here is done with the library's public calls, so it can be read as an example of them. A real exchange
differs in the address and the keys alone; and it has no `Controls`, which make the faults.
"""

from __future__ import annotations

import queue
import time
from decimal import Decimal

from kucoin_sync import (
    DeadlineExceeded,
    OrderAck,
    OutcomeUnknown,
    Reconnected,
    Rejected,
    Stream,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
)
from kucoin_sync.cli.board import Board
from kucoin_sync.cli.report import Report
from kucoin_sync.simulator import Controls

__all__ = ["Surprise", "run_demo"]

SYMBOL = "BTC-USDT"
TICKERS = ["/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT"]
PATIENCE = 5.0
"""Seconds to wait for what has to come."""


class Surprise(Exception):
    """A step did not end the way it ends with a library and an exchange in order."""


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
    report.banner(exchange.url, is_remote=is_remote)
    with WebsocketAPIClient(**exchange.client_options()) as api:
        report.step("Live tickers")
        watch_tickers(api.get_ws_client(), report, seconds)
        # Not needed, the first order would do it; but so its round trip is that of an open line.
        api.connect_ws_api()
        report.step("An order that rests: placed, modified, cancelled")
        place_modify_cancel(api, report)
        report.step("An order that fills")
        fill(api, report)
        report.step("An order that is refused")
        be_refused(api, report)
        report.step("An order whose reply is lost")
        lose_the_reply(api, exchange, report)
        report.step("A line that is cut under an order")
        lose_the_line(api, exchange, report)
    report.summary()
    report.closing(
        "All as expected. Read the program: python -m pydoc kucoin_sync.cli.demo",
        "Now yours, in a second terminal: kucoin-sync simulate",
    )


def watch_tickers(client: WebsocketClient, report: Report, seconds: float) -> None:
    """Read two tickers from one stream for some seconds."""
    board = Board(TICKERS)
    with client.stream(TICKERS, WsKey.SPOT_PUBLIC_V1) as stream:

        def read(timeout: float) -> None:
            try:
                board.take(stream.get(timeout))
            except DeadlineExceeded:
                pass  # a quiet moment; whether anything came at all is looked at below

        report.show_board(board, seconds, read)
    if not board.is_complete:
        raise Surprise("no ticker came; does the simulator run without its market maker?")


def place_modify_cancel(api: WebsocketAPIClient, report: Report) -> None:
    """Place an order far below the market, move it, take it back."""
    placed = api.submit_new_spot_order(symbol=SYMBOL, side="buy", type="limit", price="20000", size="0.001")
    report.ack("placed", placed)
    moved = api.modify_spot_order(symbol=SYMBOL, order_id=placed.order_id, new_price="20100")
    report.ack("modified", moved)
    cancelled = api.cancel_spot_order(symbol=SYMBOL, order_id=moved.order_id)
    report.ack("cancelled", cancelled)


def fill(api: WebsocketAPIClient, report: Report) -> None:
    """Buy at the market, and find the trade in the stream of all trades."""
    size = "0.01"
    with api.get_ws_client().stream(f"/market/match:{SYMBOL}", WsKey.SPOT_PUBLIC_V1) as matches:
        ack = api.submit_new_spot_order(symbol=SYMBOL, side="buy", type="market", size=size)
        report.ack("bought", ack)
        price = find_fill(matches, ack, Decimal(size))
    report.fill(size, price)


def find_fill(matches: Stream, ack: OrderAck, size: Decimal) -> str:
    """Read trades until those of our order add up to its size; return the price of the last one."""
    end = time.monotonic() + PATIENCE
    while (left := end - time.monotonic()) > 0:
        try:
            trade = matches.get(left).data
        except DeadlineExceeded:
            break
        if trade["takerOrderId"] == ack.order_id:
            size -= Decimal(trade["size"])
            if size <= 0:
                return str(trade["price"])
    raise Surprise(f"order {ack.order_id} was taken but not filled")


def be_refused(api: WebsocketAPIClient, report: Report) -> None:
    """Order more than the account can pay."""
    try:
        ack = api.submit_new_spot_order(symbol=SYMBOL, side="buy", type="limit", price="20000", size="1000")
    except Rejected as refusal:
        report.refusal("too big", refusal)
    else:
        raise Surprise(f"the exchange took it as order {ack.order_id}")


def lose_the_reply(api: WebsocketAPIClient, exchange: Controls, report: Report) -> None:
    """Place an order that the exchange executes without ever saying so."""
    report.note("The simulator will execute it and say nothing. The call has one second.")
    exchange.drop_ack(op="spot.order")
    unknown = place_in_the_dark(api, "timeout", timeout=1.0)
    report.unknown("reply lost", unknown)
    show_the_truth(exchange, report, unknown)
    take_back(api, report, unknown)


def lose_the_line(api: WebsocketAPIClient, exchange: Controls, report: Report) -> None:
    """Place an order whose line is gone before the reply; the client opens another by itself."""
    report.note("The simulator will execute it and reset the connection instead of replying.")
    reconnected: queue.SimpleQueue[Reconnected] = queue.SimpleQueue()
    api.get_ws_client().on("reconnected", reconnected.put)
    exchange.cut_instead_of_ack(op="spot.order")
    unknown = place_in_the_dark(api, "disconnected", timeout=PATIENCE)
    began = time.monotonic()
    report.unknown("line cut", unknown)
    show_the_truth(exchange, report, unknown)
    try:
        reconnected.get(timeout=PATIENCE)
    except queue.Empty:
        raise Surprise("the client did not reconnect") from None
    report.reconnected(time.monotonic() - began)
    report.pong(api.ping())
    take_back(api, report, unknown)


def place_in_the_dark(api: WebsocketAPIClient, reason: str, *, timeout: float) -> OutcomeUnknown:
    """Place an order whose outcome will not be known, and return the exception that says so."""
    try:
        ack = api.submit_new_spot_order(
            symbol=SYMBOL, side="buy", type="limit", price="20000", size="0.001", timeout=timeout
        )
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


def take_back(api: WebsocketAPIClient, report: Report, unknown: OutcomeUnknown) -> None:
    """Cancel an order whose outcome is not known; its id is in the error, the caller's or one the library made."""
    cancelled = api.cancel_spot_order(symbol=SYMBOL, client_oid=unknown.client_oid)
    report.ack("taken back", cancelled)
