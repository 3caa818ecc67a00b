"""Which of the possible forms the simulated OKX uses where its documents leave that open."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from attrs.validators import ge, in_

__all__ = ["OkxForms"]


def _one_of(*values: str) -> Any:
    """Return a field with one of these values, by default the first."""
    return field(default=values[0], validator=in_(values))


@frozen
class OkxForms:
    """
    Choices of the simulator; the first of each is what the documents or captures make likely.

    Attributes:
        instruments: How WebSocket operations name an instrument: by ``"code"`` (``instIdCode``, as since April 2026; an
            ``instId`` is ignored), by ``"name"`` (``instId``, as before), or by ``"either"``.
        login_ids: Whether the answer to a log-in echoes the request's ``id``: ``"none"`` or ``"echoed"``.
        failed_logins: Whether the connection is ``"closed"`` (4001) after a refused log-in, or ``"kept"``.
        gate_errors: How an operation is turned away that is unknown, on the wrong path or before the log-in: as an
            ``"event"``, or in the ``"reply"`` form of operations.
        limit_errors: Where the codes of rate limits and expiry times are: in each ``"item"``, or as ``"code"`` of the
            whole reply.
        gateway_times: Which replies carry ``inTime`` and ``outTime``: the ``"documented"`` ones, or ``"all"`` (those of
            ``mass-cancel`` and of spreads too).
        wrong_paths: How a channel of another path is refused: as ``"unknown"`` (60018), or ``"moved"`` (64001, 64002).
        overlaps: Whether an order that several subscriptions of one connection are about is told to ``"each"`` of them,
            or ``"once"``.
        environment: For which keys this exchange is: ``"any"``, ``"live"`` or ``"demo"``; the header
            ``x-simulated-trading`` of a REST call says which of the two it means.
        handshake_header: Whether that header of a WebSocket handshake is ``"ignored"`` or ``"honoured"``.
        wrong_environments: Code of a WebSocket log-in with a key of the other environment, ``"60032"`` or ``"60005"``.
        account_level: ``"2"`` (futures mode), ``"1"`` (spot mode), ``"3"`` or ``"4"``: how accounts are configured.
        fee_tier: VIP level of all accounts; below 4 some channels are refused (64003).
        market_maker_protection: Whether accounts may place orders under it and mass-cancel them. There are no options
            here, so contracts stand for them.
    """

    instruments: str = _one_of("code", "name", "either")
    login_ids: str = _one_of("none", "echoed")
    failed_logins: str = _one_of("closed", "kept")
    gate_errors: str = _one_of("event", "reply")
    limit_errors: str = _one_of("item", "code")
    gateway_times: str = _one_of("documented", "all")
    wrong_paths: str = _one_of("unknown", "moved")
    overlaps: str = _one_of("each", "once")
    environment: str = _one_of("any", "live", "demo")
    handshake_header: str = _one_of("ignored", "honoured")
    wrong_environments: str = _one_of("60032", "60005")
    account_level: str = _one_of("2", "1", "3", "4")
    fee_tier: int = field(default=4, validator=ge(0))
    market_maker_protection: bool = False
