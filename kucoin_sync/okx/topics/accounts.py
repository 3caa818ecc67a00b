"""
Topics of an account.

Each function returns a `TopicRequest`, which `WebsocketClient.subscribe` and `WebsocketClient.stream` take like a text.
All raise `ConfigError` for an argument that breaks a rule.

Source: OKX docs v5, the pages of the channels (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from kucoin_sync.okx.topics.requests import interval, kind_of, request
from kucoin_sync.protocol.dialect import TopicRequest

__all__ = [
    "account",
    "advanced_algo_orders",
    "algo_orders",
    "balances_and_positions",
    "contract_grids",
    "deposits",
    "economic_calendar",
    "fills",
    "greeks",
    "grid_positions",
    "grid_sub_orders",
    "lead_notifications",
    "liquidation_warnings",
    "orders",
    "positions",
    "quote_requests",
    "quotes",
    "recurring_buys",
    "spot_grids",
    "structure_blocks",
    "withdrawals",
]


def orders(kind: str = "ANY", *, family: str | None = None, instrument: str | None = None) -> TopicRequest:
    """
    Return the topic of orders, with their fills.

    On the private connection, with an account; an item of a push is a `models.Order`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        family: Only of one family, such as ``"BTC-USD"``.
        instrument: Only of one instrument.

    Returns:
        ``TopicRequest("orders", {"instType": "ANY"})``
    """
    return request("orders", instType=kind_of(kind), instFamily=family, instId=instrument)


def fills(instrument: str | None = None) -> TopicRequest:
    """
    Return the topic of fills.

    On the private connection, with an account of a higher fee tier; an item of a push is a `models.Fill`.

    Args:
        instrument: Only of one instrument.

    Returns:
        ``TopicRequest("fills")``
    """
    return request("fills", instId=instrument)


def account(currency: str | None = None, *, update_interval: str | None = None) -> TopicRequest:
    """
    Return the topic of balances, all of them at first.

    On the private connection, with an account; an item of a push is a `models.AccountState`.

    Args:
        currency: Only of one, such as ``"BTC"``.
        update_interval: ``"0"``: only when something happens; ``None``: also at regular times.

    Returns:
        ``TopicRequest("account")``
    """
    return request("account", ccy=currency, extraParams=interval(update_interval, ("0",)))


def positions(
    kind: str = "ANY", *, family: str | None = None, instrument: str | None = None, update_interval: str | None = None
) -> TopicRequest:
    """
    Return the topic of positions, all of them at first.

    On the private connection, with an account; an item of a push is a `models.Position`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        family: Only of one family, such as ``"BTC-USD"``.
        instrument: Only of one instrument.
        update_interval: ``"0"``: only when something happens; ``"2000"``, ``"3000"``, ``"4000"``: also after so many
            ms; ``None``: also every 5 s.

    Returns:
        ``TopicRequest("positions", {"instType": "ANY"})``
    """
    return request(
        "positions",
        instType=kind_of(kind),
        instFamily=family,
        instId=instrument,
        extraParams=interval(update_interval, ("0", "2000", "3000", "4000")),
    )


def balances_and_positions() -> TopicRequest:
    """
    Return the topic of balances and positions, all of them at first.

    On the private connection, with an account; an item of a push is a `models.BalanceAndPosition`.

    Returns:
        ``TopicRequest("balance_and_position")``
    """
    return request("balance_and_position")


def liquidation_warnings(
    kind: str = "ANY", *, family: str | None = None, instrument: str | None = None
) -> TopicRequest:
    """
    Return the topic of positions near their liquidation.

    On the private connection, with an account; an item of a push is a `models.Position`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        family: Only of one family, such as ``"BTC-USD"``.
        instrument: Only of one instrument.

    Returns:
        ``TopicRequest("liquidation-warning", {"instType": "ANY"})``
    """
    return request("liquidation-warning", instType=kind_of(kind), instFamily=family, instId=instrument)


def greeks(currency: str | None = None) -> TopicRequest:
    """
    Return the topic of greeks of the account's options.

    On the private connection, with an account; an item of a push is a `models.Greeks`.

    Args:
        currency: Only of one, such as ``"BTC"``.

    Returns:
        ``TopicRequest("account-greeks")``
    """
    return request("account-greeks", ccy=currency)


def algo_orders(kind: str = "ANY", *, family: str | None = None, instrument: str | None = None) -> TopicRequest:
    """
    Return the topic of orders that wait for a trigger.

    On the business connection, with an account; an item of a push is a `models.AlgoOrder`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        family: Only of one family, such as ``"BTC-USD"``.
        instrument: Only of one instrument.

    Returns:
        ``TopicRequest("orders-algo", {"instType": "ANY"})``
    """
    return request("orders-algo", instType=kind_of(kind), instFamily=family, instId=instrument)


def advanced_algo_orders(
    kind: str = "ANY", *, instrument: str | None = None, algo_id: str | None = None
) -> TopicRequest:
    """
    Return the topic of orders placed bit by bit or moving with the price.

    On the business connection, with an account; an item of a push is a `models.AlgoOrder`.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        instrument: Only of one instrument.
        algo_id: Only of one algo order.

    Returns:
        ``TopicRequest("algo-advance", {"instType": "ANY"})``
    """
    return request("algo-advance", instType=kind_of(kind), instId=instrument, algoId=algo_id)


def spot_grids(kind: str = "ANY", *, instrument: str | None = None, algo_id: str | None = None) -> TopicRequest:
    """
    Return the topic of grids on spot.

    On the business connection, with an account; its items have no model.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        instrument: Only of one instrument.
        algo_id: Only of one algo order.

    Returns:
        ``TopicRequest("grid-orders-spot", {"instType": "ANY"})``
    """
    return request("grid-orders-spot", instType=kind_of(kind), instId=instrument, algoId=algo_id)


def contract_grids(kind: str = "ANY", *, instrument: str | None = None, algo_id: str | None = None) -> TopicRequest:
    """
    Return the topic of grids on contracts.

    On the business connection, with an account; its items have no model.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        instrument: Only of one instrument.
        algo_id: Only of one algo order.

    Returns:
        ``TopicRequest("grid-orders-contract", {"instType": "ANY"})``
    """
    return request("grid-orders-contract", instType=kind_of(kind), instId=instrument, algoId=algo_id)


def grid_positions(algo_id: str) -> TopicRequest:
    """
    Return the topic of the positions of a grid.

    On the business connection, with an account; its items have no model.

    Args:
        algo_id: Of the grid.

    Returns:
        ``TopicRequest("grid-positions", {"algoId": "449327675342323712"})``
    """
    return request("grid-positions", algoId=algo_id)


def grid_sub_orders(algo_id: str) -> TopicRequest:
    """
    Return the topic of the orders of a grid.

    On the business connection, with an account; its items have no model.

    Args:
        algo_id: Of the grid.

    Returns:
        ``TopicRequest("grid-sub-orders", {"algoId": "449327675342323712"})``
    """
    return request("grid-sub-orders", algoId=algo_id)


def recurring_buys(kind: str = "SPOT", *, algo_id: str | None = None) -> TopicRequest:
    """
    Return the topic of recurring buys.

    On the business connection, with an account; its items have no model.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        algo_id: Only of one algo order.

    Returns:
        ``TopicRequest("algo-recurring-buy", {"instType": "SPOT"})``
    """
    return request("algo-recurring-buy", instType=kind_of(kind), algoId=algo_id)


def lead_notifications(kind: str = "SWAP", *, instrument: str | None = None) -> TopicRequest:
    """
    Return the topic of notifications of lead trading.

    On the business connection, with an account; its items have no model.

    Args:
        kind: ``SPOT``, ``MARGIN``, ``SWAP``, ``FUTURES``, ``OPTION``, ``EVENTS`` or ``ANY``.
        instrument: Only of one instrument.

    Returns:
        ``TopicRequest("copytrading-lead-notification", {"instType": "SWAP"})``
    """
    return request("copytrading-lead-notification", instType=kind_of(kind), instId=instrument)


def deposits(currency: str | None = None) -> TopicRequest:
    """
    Return the topic of deposits.

    On the business connection, with an account; an item of a push is a `models.Deposit`.

    Args:
        currency: Only of one, such as ``"BTC"``.

    Returns:
        ``TopicRequest("deposit-info")``
    """
    return request("deposit-info", ccy=currency)


def withdrawals(currency: str | None = None) -> TopicRequest:
    """
    Return the topic of withdrawals.

    On the business connection, with an account; its items have no model.

    Args:
        currency: Only of one, such as ``"BTC"``.

    Returns:
        ``TopicRequest("withdrawal-info")``
    """
    return request("withdrawal-info", ccy=currency)


def economic_calendar() -> TopicRequest:
    """
    Return the topic of the economic calendar.

    On the business connection, with an account; its items have no model.

    Returns:
        ``TopicRequest("economic-calendar")``
    """
    return request("economic-calendar")


def quote_requests() -> TopicRequest:
    """
    Return the topic of requests for quotes.

    On the business connection, with an account; its items have no model.

    Returns:
        ``TopicRequest("rfqs")``
    """
    return request("rfqs")


def quotes() -> TopicRequest:
    """
    Return the topic of quotes.

    On the business connection, with an account; its items have no model.

    Returns:
        ``TopicRequest("quotes")``
    """
    return request("quotes")


def structure_blocks() -> TopicRequest:
    """
    Return the topic of the account's block trades.

    On the business connection, with an account; its items have no model.

    Returns:
        ``TopicRequest("struc-block-trades")``
    """
    return request("struc-block-trades")
