"""Orders of OKX beside their four ends: expiry, numbers of instruments, evidence, journal, dead man's switch."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kucoin_sync import Accepted, ConfigError, DeadlineExceeded, NotSent, OrderAck, OutcomeUnknown, Rejected
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.errors import ConnectError
from kucoin_sync.okx import WebsocketAPIClient
from kucoin_sync.simulator import Simulator
from tests.clients import Clients
from tests.okx.test_okx_operations_simulated import SPOT, SPREAD
from tests.peers import ScriptedPeer
from tests.sides import OkxSide, opened

SHORT = 0.4


@pytest.fixture
def exchange() -> Iterator[Simulator]:
    with Simulator(exchange="okx", market_maker=False, limits="off") as exchange:
        yield exchange


@pytest.fixture
def api(exchange: Simulator) -> Iterator[WebsocketAPIClient]:
    with WebsocketAPIClient(**exchange.client_options(), settle=0.1) as api:
        yield api


# Expiry.


def test_O10_okx_an_order_expires_with_its_call(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """Beside the arguments, by the exchange's clock, and no later than the call ends."""
    side = OkxSide()
    api, line = opened(side, clients, plain_peer)
    before = time.time() * 1000
    call = side.order(api, timeout=2.0)
    request = line.read_json()
    after = time.time() * 1000
    assert before + 1000 <= int(request["expTime"]) <= after + 2000
    assert request["args"][0]["instIdCode"] == 2026032600000001
    line.rst()
    with pytest.raises(OutcomeUnknown) as caught:
        call.result()
    assert caught.value.expires_ms == int(request["expTime"])


def test_O10_okx_the_caller_may_say_when_it_expires(exchange: Simulator, api: WebsocketAPIClient) -> None:
    assert api.submit_new_order(**SPOT, exp_time=int(time.time() * 1000) + 60_000).order_id
    with pytest.raises(Rejected) as caught:
        api.submit_new_order(**SPOT, exp_time=1_700_000_000_000)
    assert caught.value.code == "50036"
    assert len(exchange.open_orders()) == 1
    with pytest.raises(ConfigError, match="exp_time"):
        api.get_ws_client().send_ws_api_request(None, "cancel-order", {"instId": "X", "ordId": "1"}, exp_time=1)


@pytest.mark.parametrize("skew_ms", [-5000, 5000])
def test_O10_R13_okx_an_order_expires_by_the_exchanges_clock(skew_ms: int, exchange: Simulator) -> None:
    """With a clock that is off by less than makes a login fail: neither refused, nor taken after its call has ended."""
    exchange.clock_skew(skew_ms)
    with WebsocketAPIClient(**exchange.client_options(), settle=0.1) as api:
        assert api.submit_new_order(**SPOT, timeout=1.0).order_id
        exchange.drop_ack()
        with pytest.raises(OutcomeUnknown) as caught:
            api.submit_new_order(**SPOT, timeout=1.0)
    ends_ms = (caught.value.started_at + 1.0) * 1000 + skew_ms
    assert caught.value.expires_ms is not None
    assert ends_ms - 500 < caught.value.expires_ms <= ends_ms + 2


@pytest.mark.parametrize("skew_ms", [-5000, 5000])
def test_O10_okx_replies_tell_the_exchanges_clock_when_what_is_known_of_it_is_old(
    skew_ms: int, exchange: Simulator, api: WebsocketAPIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a line that is open for days nothing else does, and a clock that runs away lets orders in after their call."""
    assert api.submit_new_order(**SPOT).order_id
    exchange.clock_skew(skew_ms)
    monkeypatch.setattr("kucoin_sync.protocol.server_clock.STALE_AFTER", -1.0)
    assert api.submit_new_order(**SPOT, timeout=20.0).order_id
    exchange.drop_ack()
    with pytest.raises(OutcomeUnknown) as caught:
        api.submit_new_order(**SPOT, timeout=1.0)
    ends_ms = (caught.value.started_at + 1.0) * 1000 + skew_ms
    assert caught.value.expires_ms is not None
    assert ends_ms - 500 < caught.value.expires_ms <= ends_ms + 2


# Numbers of instruments.


def test_okx_numbers_are_fetched_when_they_are_needed_and_nowait_needs_them_before(
    exchange: Simulator, api: WebsocketAPIClient
) -> None:
    api.connect_ws_api(instruments=())
    with pytest.raises(NotSent, match="were not fetched yet"):
        api.nowait.submit_new_order(**SPOT).result(5)
    assert api.submit_new_order(**SPOT).order_id
    assert api.nowait.submit_new_order(**SPOT).result(5).order_id
    with pytest.raises(ConfigError, match="NONE-USDT"):
        api.submit_new_order(**{**SPOT, "inst_id": "NONE-USDT"})
    assert len(exchange.truth_frames(op="order")) == 2


# What is unknown.


@pytest.mark.parametrize("kind", ["spot", "spread"])
def test_P21_okx_an_order_event_is_evidence(kind: str, exchange: Simulator) -> None:
    """The reply is lost, and the event tells."""
    with WebsocketAPIClient(**exchange.client_options(), track_orders=True) as api:
        api.connect_ws_api()
        exchange.drop_ack()
        place = api.submit_new_order if kind == "spot" else api.submit_spread_order
        ack = place(**(SPOT if kind == "spot" else SPREAD), timeout=SHORT)
        assert isinstance(ack, OrderAck) and ack.evidence == "event"
        assert ack.order_id == exchange.truth_frames()[0].order_id


def test_O20_okx_a_journal_tells_the_next_process_what_is_unknown(exchange: Simulator, tmp_path: Path) -> None:
    options = {**exchange.client_options(), "journal": tmp_path / "orders.journal", "settle": 0.1}
    with WebsocketAPIClient(**options) as api:
        exchange.drop_ack()
        with pytest.raises(OutcomeUnknown):
            api.submit_new_order(**SPOT, timeout=SHORT)
    with WebsocketAPIClient(**options) as api:
        (left,) = api.unresolved()
        fate = api.reconcile(left)
        assert isinstance(fate, Accepted) and fate.order_id == exchange.truth_frames()[0].order_id
        assert api.unresolved() == []


def test_O11_okx_an_error_of_another_process_is_looked_up(exchange: Simulator, api: WebsocketAPIClient) -> None:
    exchange.drop_ack()
    with pytest.raises(OutcomeUnknown) as caught:
        api.submit_new_order(**SPOT, timeout=SHORT)
    error = pickle.loads(pickle.dumps(caught.value))
    with WebsocketAPIClient(**exchange.client_options(), settle=0.1) as other:
        assert isinstance(other.reconcile(error), Accepted)


def test_okx_accounts_in_a_journal_have_names(tmp_path: Path) -> None:
    """The next process may list them in another order."""
    accounts = [
        {"apiKey": f"simulator-{name}", "apiSecret": "simulator-s", "apiPass": "simulator-p"} for name in ("a", "b")
    ]
    with pytest.raises(ConfigError, match="needs a name"):
        WebsocketAPIClient(accounts=accounts, journal=tmp_path / "orders.journal")


# The dead man's switch.


def test_okx_a_line_proves_itself_alive_or_not(exchange: Simulator, api: WebsocketAPIClient) -> None:
    api.connect_ws_api(instruments=())
    line = api.get_ws_client()._group("prodPrivate")
    line.prove_alive(Deadline(5.0))
    exchange.silence("private")
    with pytest.raises(DeadlineExceeded):
        line.prove_alive(Deadline(0.2))


def test_okx_a_line_that_is_not_open_proves_nothing(api: WebsocketAPIClient) -> None:
    with pytest.raises(ConnectError):
        api.get_ws_client()._group("prodPrivate").prove_alive(Deadline(0.5))


def test_okx_a_switch_is_set_and_taken_off(exchange: Simulator, api: WebsocketAPIClient) -> None:
    api.connect_ws_api(instruments=())
    with api.deadman(10) as switch:
        assert switch.armed
    assert not switch.armed
    for seconds in (9, 121, 0, True, 10.5):
        with pytest.raises(ConfigError, match="seconds"):
            api.deadman(seconds)  # type: ignore[arg-type]


def test_okx_the_panic_button_cancels_everything(exchange: Simulator, api: WebsocketAPIClient) -> None:
    for _ in range(3):
        api.submit_new_order(**SPOT)
    assert len(api.cancel_all_orders()) == 3
    assert exchange.open_orders() == []
