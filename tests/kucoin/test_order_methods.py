"""The order methods: the same ones for blocking and for futures, with the arguments of their operations."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest

from kucoin_sync import ConfigError, NotSent, WebsocketAPIClient
from kucoin_sync.kucoin import keywords
from kucoin_sync.kucoin.api_client import NowaitCalls
from kucoin_sync.kucoin.arguments import OperationArguments, OrderList
from kucoin_sync.kucoin.operations import OPERATIONS
from kucoin_sync.kucoin.order_methods import OrderMethods
from tests.clients import CREDENTIALS

METHODS = {
    "ping": "ping",
    "submit_new_spot_order": "spot.order",
    "submit_sync_spot_order": "spot.sync_order",
    "modify_spot_order": "spot.modify",
    "cancel_spot_order": "spot.cancel",
    "cancel_sync_spot_order": "spot.sync_cancel",
    "submit_margin_order": "margin.order",
    "cancel_margin_order": "margin.cancel",
    "submit_futures_order": "futures.order",
    "cancel_futures_order": "futures.cancel",
    "submit_multiple_futures_orders": "futures.multi_order",
    "cancel_multiple_futures_orders": "futures.multi_cancel",
    "submit_uta_order": "uta.order",
    "amend_uta_order": "uta.amend",
    "cancel_uta_order": "uta.cancel",
}
COMMON = {"self", "params", "ws_key", "timeout", "extra"}


TESTABLE = {"submit_new_spot_order", "submit_margin_order", "submit_futures_order"}
"""Methods whose orders the exchange can check without placing them."""


class Recorder(OrderMethods[Any, Any, Any]):
    """Makes no request, but tells which it was asked for."""

    def _run(self, *request: Any, test: bool = False) -> Any:
        return *request, test


def test_every_operation_has_a_method_and_every_method_an_operation() -> None:
    assert set(METHODS.values()) == set(OPERATIONS)
    public = {name for name in dir(OrderMethods) if not name.startswith("_")}
    assert public == set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_asks_for_its_operation(name: str) -> None:
    arguments: tuple[Any, ...] = ([{"symbol": "X"}],) if name == "submit_multiple_futures_orders" else ()
    op, params, given, ws_key, timeout, _, test = getattr(Recorder(), name)(
        *arguments, ws_key="wsApiSpotV1", timeout=1.5
    )
    assert (op, params, ws_key, timeout, test) == (METHODS[name], None, "wsApiSpotV1", 1.5, False)
    assert given == ({"orders": arguments[0]} if arguments else {})


@pytest.mark.parametrize("name", METHODS)
def test_help_shows_each_argument_of_the_operation(name: str) -> None:
    """Not only ``**arguments``: names complete in a notebook, and a reader need not look elsewhere."""
    table = OPERATIONS[METHODS[name]].arguments
    expected = set(table.keywords) if isinstance(table, OperationArguments) else set()
    if isinstance(table, OrderList):
        expected = {"orders"}
    for kind in (WebsocketAPIClient, NowaitCalls):
        shown = inspect.signature(getattr(kind, name)).parameters
        assert set(shown) - COMMON - {"test"} == expected
        assert ("test" in shown) is (name in TESTABLE)
        assert not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in shown.values())


@pytest.mark.parametrize("name", [name for name in METHODS if name != "ping"])
def test_a_method_says_what_it_takes_returns_and_raises(name: str) -> None:
    text = inspect.getdoc(getattr(WebsocketAPIClient, name)) or ""
    for part in ("Args:", "Returns:", "Raises:", "NotSent", "OutcomeUnknown", "ConfigError", "Source: KuCoin docs"):
        assert part in text
    table = OPERATIONS[METHODS[name]].arguments
    if isinstance(table, OperationArguments) and "As of `" not in text:
        for keyword in table.keywords:
            assert f"``{keyword}``" in text or keyword.endswith("_type"), keyword


def test_the_types_of_keywords_are_those_of_the_tables() -> None:
    """The dictionaries that type checkers read say the same as the tables that check."""
    typed = {
        "SpotOrderArguments": ("spot.order", "spot.sync_order"),
        "MarginOrderArguments": ("margin.order",),
        "SpotCancelArguments": ("spot.cancel", "spot.sync_cancel", "margin.cancel"),
        "SpotModifyArguments": ("spot.modify",),
        "FuturesOrderArguments": ("futures.order",),
        "FuturesCancelArguments": ("futures.cancel",),
        "FuturesMultiCancelArguments": ("futures.multi_cancel",),
        "UnifiedOrderArguments": ("uta.order",),
        "UnifiedAmendArguments": ("uta.amend",),
        "UnifiedCancelArguments": ("uta.cancel",),
    }
    assert {name for name in keywords.__all__ if name.endswith("Arguments")} == set(typed)
    for name, ops in typed.items():
        for op in ops:
            table = OPERATIONS[op].arguments
            assert isinstance(table, OperationArguments)
            assert set(get_type_hints(getattr(keywords, name))) == set(table.keywords)


def test_the_order_line_is_that_of_the_operation_unless_one_is_named() -> None:
    """Nothing is opened: the calls end for want of time, on the connection that they chose."""
    hosts = {"ws_api": "ws://127.0.0.1:9/v1/private", "spot_rest": "http://127.0.0.1:9"}
    with WebsocketAPIClient(**CREDENTIALS, hosts=hosts) as api:
        order = {"symbol": "XBTUSDTM", "side": "buy", "price": 1, "size": 1}
        for ws_key, expected in ((None, "wsApiFuturesV1"), ("wsApiSpotV1", "wsApiSpotV1")):
            with pytest.raises(NotSent) as caught:
                api.submit_futures_order(**order, ws_key=ws_key, timeout=0)
            assert caught.value.ws_key == expected


@pytest.mark.parametrize("name", sorted(TESTABLE))
def test_a_test_order_is_asked_for_as_one_and_not_with_a_future(name: str) -> None:
    """It goes over REST, so there is nothing to return at once."""
    assert getattr(Recorder(), name)(test=True)[-1] is True
    with WebsocketAPIClient() as api, pytest.raises(ConfigError, match="test: "):
        getattr(api.nowait, name)(test=True)
