"""REST calls against the simulator, whose checks were written by somebody who does not know the client."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from kucoin_sync import AuthError, RestError, WebsocketAPIClient, WebsocketClient
from kucoin_sync.simulator import Simulator


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def exchange(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A quiet exchange: nothing moves unless the test moves it."""
    with Simulator(tls=request.param, market_maker=False, ticker_interval=0.0) as exchange:
        yield exchange


@pytest.fixture
def client(exchange: Simulator) -> Iterator[WebsocketClient]:
    """A client of that exchange."""
    with WebsocketClient(**exchange.client_options()) as client:
        yield client


def test_the_market_is_told(client: WebsocketClient) -> None:
    assert abs(client.rest.clock_offset_ms()) < 1000
    assert client.rest.server_time_ms() > 1_700_000_000_000
    assert client.rest.service_status()["status"] == "open"
    symbols = client.rest.symbols()
    names = [symbol["symbol"] for symbol in symbols]
    assert "BTC-USDT" in names
    assert client.rest.symbol("BTC-USDT") == symbols[names.index("BTC-USDT")]
    assert Decimal(client.rest.symbol("BTC-USDT")["baseMinSize"]) > 0


def test_order_books_are_told(exchange: Simulator, client: WebsocketClient) -> None:
    """The whole book of a spot symbol is signed; parts, and those of contracts, are not."""
    with WebsocketAPIClient(client=client) as api:
        api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price="20000.5", size="0.0001")
    for depth in (20, 100, None):
        book = client.rest.book("BTC-USDT", depth)
        assert book.bids == ((Decimal("20000.5"), Decimal("0.0001")),)
        assert (book.asks, book.symbol) == ((), "BTC-USDT")
        assert book.sequence > 0
        assert abs(book.time_ms - client.rest.server_time_ms()) < 60_000
    for depth in (20, 100, None):
        assert client.rest.futures_book("XBTUSDTM", depth).symbol == "XBTUSDTM"


def test_what_does_not_exist_is_said_so_with_its_code(client: WebsocketClient) -> None:
    with pytest.raises(RestError) as caught:
        client.rest.symbol("NO-SUCH")
    assert (caught.value.code, caught.value.retryable) == ("900001", False)
    with pytest.raises(RestError) as nothing:
        client.rest.request("GET", "/api/v9/nothing", signed=False)
    assert (nothing.value.code, nothing.value.status) == ("404000", 404)


@pytest.mark.parametrize("params", [None, {"a": "b"}, {"b": "c d", "a": "ä+/="}], ids=str)
def test_X16_the_simulator_finds_every_signature_right(client: WebsocketClient, params: Any) -> None:
    """With a query, and with one that has to be percent-encoded."""
    data = client.rest.request("POST", "/api/v1/bullet-private", params=params)
    assert data["token"]


def test_R01_wrong_credentials_are_an_auth_error_of_a_rest_call(exchange: Simulator) -> None:
    options = {**exchange.client_options(), "api_secret": "another"}
    with WebsocketAPIClient(**options) as api, pytest.raises(AuthError) as caught:
        api.rest.request("POST", "/api/v1/bullet-private")
    assert caught.value.code in ("400004", "400005")


FORKING = """
    import os
    from kucoin_sync import ForkedError, WebsocketClient

    client = WebsocketClient()
    child = os.fork()
    if not child:
        try:
            client.rest.symbols()
        except ForkedError:
            os._exit(7)
        os._exit(1)
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    client.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() on this system")
def test_S31_a_rest_call_in_a_forked_child_is_refused() -> None:
    """Its client belongs to the parent."""
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKING)], capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.stdout.split() == ["child", "7"], ended.stderr
