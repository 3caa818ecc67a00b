"""
The main job, end to end against the simulator: orders and streams, plain and TLS, and what the exchange really did.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from kucoin_sync import (
    AuthError,
    ConnectError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SubscribeError,
    TokenError,
    WebsocketAPIClient,
    WebsocketClient,
    WsKey,
)
from kucoin_sync.simulator import Simulator
from tests.clients import ORDER, TICKER

SPOT = WsKey.SPOT_PUBLIC_V1


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def exchange(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A quiet exchange: nothing moves unless the test moves it."""
    with Simulator(tls=request.param, market_maker=False, ticker_interval=0.0) as exchange:
        yield exchange


@pytest.fixture
def api(exchange: Simulator) -> Iterator[WebsocketAPIClient]:
    """An order client of that exchange."""
    with WebsocketAPIClient(**exchange.client_options(), reconnect_timeout=0.01) as api:
        yield api


def test_I01_an_order_reaches_the_engine_once(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """Accepted means exactly that."""
    ack = api.submit_new_spot_order(**ORDER)
    truth = exchange.truth(ack.client_oid or "")
    assert (truth.frames_received, truth.executed, truth.order_id) == (1, 1, ack.order_id)
    assert ack.rate_limit is not None
    assert ack.rate_limit.remaining == 3999


def test_an_order_is_placed_modified_and_cancelled(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """A modification is a new order under a new id."""
    placed = api.submit_new_spot_order(**ORDER)
    modified = api.modify_spot_order(symbol="BTC-USDT", order_id=placed.order_id, new_price="20001")
    assert modified.order_id != placed.order_id
    cancelled = api.cancel_spot_order(symbol="BTC-USDT", order_id=modified.order_id)
    assert cancelled.order_id == modified.order_id
    assert not exchange.open_orders()


def test_I02_a_refused_order_does_not_exist(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """The exchange's code and text are the error's."""
    with pytest.raises(Rejected) as caught:
        api.submit_new_spot_order(**{**ORDER, "size": "9000"})
    assert (caught.value.code, caught.value.msg) == ("200004", "Balance insufficient!")
    assert exchange.truth(caught.value.client_oid or "").executed == 0


def test_a_live_client_order_id_is_a_duplicate(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """The second frame made no order; the first one's is live."""
    api.submit_new_spot_order(**ORDER, client_oid="twice")
    with pytest.raises(Rejected) as caught:
        api.submit_new_spot_order(**ORDER, client_oid="twice")
    assert caught.value.duplicate
    assert exchange.truth("twice").executed == 1


def test_I03_a_lost_reply_is_unknown_although_the_order_exists(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """The case that clients get wrong."""
    exchange.drop_ack(1)
    with pytest.raises(OutcomeUnknown) as caught:
        api.submit_new_spot_order(**ORDER, timeout=0.3)
    assert caught.value.reason == "timeout"
    assert exchange.truth(caught.value.client_oid or "").executed == 1


@pytest.mark.parametrize("executed", [0, 1])
def test_a_cut_in_flight_is_unknown_within_100_ms_and_the_client_works_on(executed: int, exchange: Simulator) -> None:
    """Whether the order was taken or not; streams are back too, and the next order goes through."""
    with WebsocketClient(**exchange.client_options(), reconnect_timeout=0.01) as client:
        api = WebsocketAPIClient(client=client)
        stream = client.stream(TICKER, SPOT)
        lost: Future[float] = Future()
        client.once("suspended", lambda _: lost.set_result(time.monotonic()))
        api.connect_ws_api()
        (exchange.cut_instead_of_ack if executed else exchange.cut_before_execution)(1)
        with pytest.raises(OutcomeUnknown) as caught:
            api.submit_new_spot_order(**ORDER, timeout=5)
        ended = time.monotonic()
        assert abs(ended - lost.result(5)) < 0.1
        assert (caught.value.reason, caught.value.sent) == ("disconnected", "complete")
        assert exchange.truth(caught.value.client_oid or "").executed == executed
        resumed: Future[Any] = Future()
        client.on("reconnected", lambda e: resumed.set_result(e) if e.ws_key == SPOT.value else None)
        exchange.cut("v1")
        assert resumed.result(5).confirmed == (TICKER,)
        exchange.push_ticker("BTC-USDT")
        update = stream.get(5)
        while update.connection_id != resumed.result().connection_id:  # pushed by the order, before the cut
            assert not update.gap_before
            update = stream.get(5)
        assert update.gap_before
        assert api.submit_new_spot_order(**ORDER).order_id


def test_streams_carry_the_trades_of_our_orders(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """A market order against a resting one is a match on the stream."""
    stream = api.get_ws_client().stream("/market/match:BTC-USDT", SPOT)
    exchange.counter_order("BTC-USDT", "sell", "0.5", "60000")
    ack = api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="market", size="0.01")
    match = stream.get(5)
    assert match.data["takerOrderId"] == ack.order_id
    assert (match.data["price"], match.data["size"]) == ("60000", "0.01")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"api_key": "simulator-other"}, "400003", id="key"),
        pytest.param({"api_secret": "wrong"}, "400005", id="secret"),
        pytest.param({"api_passphrase": "wrong"}, "400004", id="passphrase"),
    ],
)
def test_R01_wrong_credentials_are_an_auth_error(change: dict[str, str], code: str, exchange: Simulator) -> None:
    """Said at once, by class and code, and an order is not sent."""
    with WebsocketAPIClient(**{**exchange.client_options(), **change}) as api:
        with pytest.raises(AuthError) as caught:
            api.connect_ws_api()
        assert caught.value.code == code
        with pytest.raises(NotSent) as not_sent:
            api.submit_new_spot_order(**ORDER)
        assert isinstance(not_sent.value.cause, AuthError)


@pytest.mark.parametrize("skew_ms", [-300_000, -8_000, 8_000, 300_000])
def test_R13_a_skewed_clock_is_measured_and_corrected(skew_ms: int, exchange: Simulator) -> None:
    """One question about the time, one retry; orders carry the exchange's time."""
    exchange.clock_skew(skew_ms)
    with WebsocketAPIClient(**exchange.client_options()) as api:
        assert api.submit_new_spot_order(**ORDER).order_id


def test_R01_a_refused_token_and_R05_html(exchange: Simulator) -> None:
    """Each ends in the class that says what happened."""
    with WebsocketClient(**exchange.client_options()) as client:
        exchange.refuse_rest("/bullet-", "400003", "KC-API-KEY not exists")
        with pytest.raises(AuthError):
            client.connect(SPOT)
        exchange.answer_rest("/bullet-")
        with pytest.raises(TokenError, match="not KuCoin's JSON"):
            client.connect(SPOT)


def test_T26_no_welcome_and_S12_no_ack(exchange: Simulator) -> None:
    """Within their deadlines."""
    options = {**exchange.client_options(), "open_timeout": 2.0, "reconnect_timeout": 0.01}
    with WebsocketClient(**options) as client:
        exchange.no_welcome(1, "v1")
        with pytest.raises(ConnectError) as caught:
            client.connect(SPOT, timeout=10)  # longer than the opening, whose failure the next call would find else
        assert caught.value.phase == "welcome"
        client.connect(SPOT, timeout=10)
        exchange.drop_subscribe_ack(5)
        with pytest.raises(SubscribeError):
            client.subscribe(TICKER, SPOT, timeout=0.3)


def test_R11_a_line_outlives_its_token_and_the_next_one_takes_a_new_token() -> None:
    """A token is good for 24 hours; the exchange's clock is moved, nobody waits."""
    hours = [0]
    with (
        Simulator(market_maker=False, clock=lambda: time.time_ns() + hours[0] * 3600 * 10**9) as exchange,
        WebsocketClient(**exchange.client_options(), reconnect_timeout=0.01) as client,
    ):
        stream = client.stream(TICKER, SPOT)
        hours[0] = 25
        assert exchange.push_ticker("BTC-USDT") == 1
        assert stream.get(5).topic == TICKER
        reconnected: Future[Any] = Future()
        client.on("reconnected", reconnected.set_result)
        assert exchange.cut("v1") == 1
        assert reconnected.result(5).confirmed == (TICKER,)
        assert exchange.stats()["token_calls"] == 2


def test_repr_shows_state_and_no_secret(exchange: Simulator, api: WebsocketAPIClient) -> None:
    """What a notebook prints."""
    api.connect_ws_api()
    shown = repr(api) + repr(api.get_ws_client()) + repr(api.get_ws_client().options)
    assert "wsApiSpotV1 ready" in shown
    assert exchange.api_secret not in shown
    assert exchange.api_passphrase not in shown


WAITING_ORDER = """
    import sys
    from kucoin_sync import WebsocketAPIClient, OutcomeUnknown
    from kucoin_sync.simulator import Simulator

    with Simulator(market_maker=False) as exchange:
        api = WebsocketAPIClient(**exchange.client_options())
        api.connect_ws_api()
        exchange.drop_ack(1)
        try:
            import threading
            def waits(frame):
                return frame is not None and (frame.f_code.co_name == "acquire" or waits(frame.f_back))
            def tell():
                exchange.wait_for(lambda s: s.truth("mine").executed == 1)
                while not waits(sys._current_frames()[threading.main_thread().ident]):
                    threading.Event().wait(0.01)
                print("in flight", flush=True)
            threading.Thread(target=tell).start()
            api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price="1", size="1",
                                      client_oid="mine", timeout=60)
        except KeyboardInterrupt as interrupt:
            unknown = interrupt.kucoin_sync
            assert isinstance(unknown, OutcomeUnknown), unknown
            print(unknown.reason, unknown.client_oid, unknown.sent)
            print("note:", *getattr(interrupt, "__notes__", []))
            print("next:", api.submit_new_spot_order(symbol="BTC-USDT", side="buy", type="limit", price="1",
                                                     size="1").order_id is not None)
        {ending}
"""


@pytest.mark.parametrize("ending", ["api.close()", "pass"])
def test_O18_S29_ctrl_c_during_a_waiting_order_keeps_its_client_order_id(ending: str) -> None:
    """The prompt is back at once, the id is attached, the client still works, and nothing hangs at exit (S28)."""
    script = textwrap.dedent(WAITING_ORDER).replace("{ending}", ending)
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in flight\n"
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert "interrupted mine complete" in out
    assert "next: True" in out
    if sys.version_info >= (3, 11):
        assert "note: spot.order BTC-USDT clientOid=mine: outcome unknown" in out
    assert time.monotonic() - started < 5
    assert "Traceback" not in err, err
    assert process.returncode == 0


TWO_CONNECTIONS = """
    import sys
    from kucoin_sync import WebsocketAPIClient
    from kucoin_sync.simulator import Simulator

    exchange = Simulator(market_maker=False).start()
    api = WebsocketAPIClient(**exchange.client_options())
    api.connect_ws_api()
    api.get_ws_client().connect("spotPublicV1")
    api.get_ws_client().on("update", print)
    sys.exit(3)
"""


def test_S28_a_program_that_forgets_to_close_ends_at_once_with_its_own_exit_code() -> None:
    """With two connections open; no thread can be started any more by then."""
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(TWO_CONNECTIONS)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert time.monotonic() - started < 10
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


FORKING = """
    import os
    from kucoin_sync import ForkedError, WebsocketAPIClient
    from kucoin_sync.simulator import Simulator

    order = dict(symbol="BTC-USDT", side="buy", type="limit", price="1", size="1")
    with Simulator(market_maker=False) as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        api.connect_ws_api()
        child = os.fork()
        if not child:
            try:
                api.submit_new_spot_order(**order)
            except ForkedError:
                api.close()
                os._exit(7)
            os._exit(1)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        print("parent", api.submit_new_spot_order(**order).order_id is not None)
"""


def test_S31_a_forked_child_is_refused_and_the_parents_line_lives_on() -> None:
    """The child shares the socket but has none of the threads."""
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORKING)], capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.stdout.split() == ["child", "7", "parent", "True"], ended.stderr
