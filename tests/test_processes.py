"""
Programs that fork, exit, or are told to end, at any moment: each in an interpreter of its own.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from tests.peers import ScriptedPeer, v1_handshake

PREAMBLE = """
    import os, signal, sys, threading, time
    from kucoin_sync import *
    from kucoin_sync.simulator import Simulator

    TICKER, SPOT = "/market/ticker:BTC-USDT", "spotPublicV1"
    ORDER = dict(symbol="BTC-USDT", side="buy", type="limit", price="1", size="1")
"""
LIMIT = 30.0


def program(script: str) -> list[str]:
    text = textwrap.dedent(PREAMBLE) + textwrap.dedent(script)
    return [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", text]


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    ended = subprocess.run(program(script), capture_output=True, text=True, timeout=LIMIT, check=False)
    assert "Traceback" not in ended.stderr, ended.stderr
    assert "Exception ignored" not in ended.stderr, ended.stderr
    assert "Fatal" not in ended.stderr, ended.stderr
    return ended


# fork()

FORKED = """
    with Simulator(market_maker=True) as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        client = api.get_ws_client()
        stream = client.stream(TICKER, SPOT)
        subscription = client.subscribe("/market/match:BTC-USDT", SPOT)
        api.connect_ws_api()
        first = stream.get(10)
        child = os.fork()
        if not child:
            calls = {
                "order": lambda: api.submit_new_spot_order(**ORDER),
                "nowait": lambda: api.nowait.submit_new_spot_order(**ORDER).result(5),
                "connect": lambda: client.connect(SPOT),
                "connect other": lambda: client.connect("futuresPublicV1"),
                "subscribe": lambda: client.subscribe(TICKER, SPOT),
                "unsubscribe": lambda: client.unsubscribe(TICKER, SPOT),
                "stream": lambda: client.stream(TICKER, SPOT),
                "get": lambda: stream.get(5),
                "next": lambda: next(iter(stream)),
                "wait_for": lambda: client.wait_for("update", timeout=5),
                "wait": lambda: client.wait(5),
                "on": lambda: client.on("update", print),
                "rest": lambda: client.rest.symbols(),
            }
            wrong = []
            for name, call in calls.items():
                try:
                    wrong.append((name, call()))
                except ForkedError:
                    pass
                except BaseException as error:
                    wrong.append((name, type(error).__name__, str(error)))
            for close in (stream.close, subscription.close, client.close, api.close):
                close()  # nothing to do here, and no error
            repr(client), repr(stream), client.is_connected(SPOT)
            del stream, subscription, client, api
            import gc
            gc.collect()
            print(wrong, flush=True)
            os._exit(7 if not wrong else 1)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        for _ in range(3):
            assert not stream.get(10).gap_before
        print("parent", api.submit_new_spot_order(**ORDER).order_id is not None)
"""


def test_S31_no_call_of_a_forked_child_waits_for_threads_it_does_not_have() -> None:
    """Each is refused, closing does nothing, and the parent's lines and streams live on without a gap."""
    ended = run(FORKED)
    assert ended.stdout.split()[-4:] == ["child", "7", "parent", "True"], ended.stdout


FORKED_IN_A_CALL = """
    with Simulator(market_maker=False) as exchange:
        client = WebsocketClient(**exchange.client_options())
        client.connect(SPOT)
        stop, hold = threading.Event(), []

        def busy():
            while not stop.is_set():  # locks are held at any moment
                client.subscribe(TICKER, SPOT, listener=hold.append, timeout=20)
                client.unsubscribe(TICKER, SPOT, timeout=20)

        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(20):
            child = os.fork()
            if not child:
                try:
                    client.connect(SPOT)
                except ForkedError:
                    client.close()
                    os._exit(7)
                os._exit(1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop.set()
        for thread in threads:
            thread.join()
        client.close()
        print(set(codes))
"""


def test_S31_a_fork_in_the_middle_of_other_threads_calls() -> None:
    """Their locks stay locked in the child for ever, so none is asked for there."""
    assert run(FORKED_IN_A_CALL).stdout == "{7}\n"


FORKED_AS_A_FUTURE_ENDS = """
    import signal
    from kucoin_sync.engine.listeners import ListenerHub
    from kucoin_sync.orders import reply_future

    held, over = threading.Event(), threading.Event()

    def hold():
        with reply_future._making:
            held.set()
            over.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if not child:
        signal.alarm(10)
        reply_future.ReplyFuture(ListenerHub(queue_size=1, inline=True, name="test")).set_result("ack")
        os._exit(7)
    print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    over.set()
    thread.join()
"""


def test_S31_a_child_of_a_fork_in_the_middle_of_a_futures_end_has_futures() -> None:
    """Those of a client of its own."""
    assert run(FORKED_AS_A_FUTURE_ENDS).stdout == "child 7\n"


# Exit

ENDINGS = {
    "opening": """
        client = WebsocketClient(hosts={"spot_rest": sys.argv[1]})
        client.subscribe(TICKER, SPOT, wait=False)
        print("ready", flush=True)
        sys.stdin.readline()
        sys.exit(3)
    """,
    "listener that never returns": """
        client = WebsocketClient(hosts={"spot_rest": sys.argv[1]})
        began = threading.Event()
        client.on("open", lambda _: (began.set(), threading.Event().wait()))
        client.connect(SPOT)
        began.wait(10)
        print("ready", flush=True)
        sys.stdin.readline()
        sys.exit(3)
    """,
    "uncaught error": """
        client = WebsocketClient(hosts={"spot_rest": sys.argv[1]})
        client.connect(SPOT)
        print("ready", flush=True)
        sys.stdin.readline()
        sys.excepthook = lambda *_: None
        raise ValueError
    """,
    "a thread that waits": """
        client = WebsocketClient(hosts={"spot_rest": sys.argv[1]})
        client.connect(SPOT)
        threading.Thread(target=lambda: client.wait(), daemon=True).start()
        threading.Thread(target=lambda: client.wait_for("late_reply", timeout=60), daemon=True).start()
        print("ready", flush=True)
        sys.stdin.readline()
        sys.exit(3)
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_S28_a_program_ends_in_time_whatever_its_client_does(ending: str, plain_peer: ScriptedPeer) -> None:
    """And with its own exit code; the peer says nothing to the close."""
    command = [*program(ENDINGS[ending]), plain_peer.http_url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        line = plain_peer.accept() if ending == "opening" else v1_handshake(plain_peer)
        if ending == "opening":
            line.read_request()
        assert child.stdout.readline() == "ready\n"
        _, err = child.communicate("go on\n", timeout=10)
    assert child.returncode == (1 if ending == "uncaught error" else 3), err
    assert "Traceback" not in err and "Exception ignored" not in err and "Fatal" not in err, err


# Signals

WAITING = """
    client = WebsocketClient(hosts={"spot_rest": sys.argv[1]})
    client.connect(SPOT)

    def tell():
        while not client._ended._cond._waiters:  # the main thread is in its wait
            os.sched_yield()
        print("ready", flush=True)

    threading.Thread(target=tell).start()
    print("closed" if client.wait() else "not closed", flush=True)
    client.close()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_S29_S30_a_signal_ends_the_wait_of_a_script(number: int, plain_peer: ScriptedPeer) -> None:
    """As the user or a service manager sends it; and the client closes politely."""
    command = [*program(WAITING), plain_peer.http_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = v1_handshake(plain_peer)
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        while line.read_frame()[0] != 0x8:
            pass
        line.send_close(1000)
        out, err = child.communicate(timeout=10)
    assert (out, child.returncode) == ("closed\n", 0), err
    assert "Traceback" not in err


# A signal that finds the main thread asleep and does not wake it: it came a moment before, or to another thread.

UNWOKEN = """
    with Simulator(market_maker=False, limits="off") as exchange:
        options = dict(exchange.client_options(), request_timeout=20.0, open_timeout=20.0, track_orders=False)
        api = WebsocketAPIClient(**options)
        client = api.get_ws_client()
        stream = client.stream("/market/match:BTC-USDT", SPOT)
        api.connect_ws_api()
        exchange.drop_ack(count=None)
        exchange.drop_subscribe_ack(count=None)
        unknown = api.nowait.submit_new_spot_order(**ORDER, timeout=0.1).exception(10)
        exchange.refuse_rest("/hf/orders", "500000", status=500, count=None)
        pending = api.nowait.submit_new_spot_order(**ORDER)
        exchange.no_welcome(count=None)
        waits = {
            "order": lambda: api.submit_new_spot_order(**ORDER),
            "nowait": lambda: pending.result(),
            "subscribe": lambda: client.subscribe("/market/match:ETH-USDT", SPOT, timeout=20),
            "connect": lambda: client.connect("futuresPublicV1"),
            "stream": lambda: next(iter(stream)),
            "wait_for": lambda: client.wait_for("gap", timeout=20),
            "wait": lambda: client.wait(),
            "reconcile": lambda: unknown.reconcile(20),
        }

        class Handled(Exception):
            pass

        def handler(*_):
            raise Handled

        signal.signal(signal.SIGUSR1, handler)
        late = {}
        for name, wait in waits.items():
            told = []

            def tell():
                told.append(time.monotonic())
                signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

            timer = threading.Timer(0.2, tell)  # by then it is asleep; if it is not, nothing is shown
            timer.start()
            try:
                late[name] = repr(wait())
                timer.join()
            except Handled:
                if time.monotonic() - told[0] > 1.0:
                    late[name] = time.monotonic() - told[0]
            except Exception as error:
                late[name] = repr(error)
            timer.join()
        print(late, flush=True)
        exchange.clear_faults()
        api.close(drain=False)
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals go to the process only")
def test_S29_a_signal_that_does_not_wake_the_waiting_thread_is_handled_all_the_same() -> None:
    ended = run(UNWOKEN)
    assert ended.stdout == "{}\n", ended.stdout + ended.stderr


HANDLERS = """
    client = WebsocketClient(hosts={"spot_rest": sys.argv[1]})
    done = []

    def handler(*_):
        try:
            repr(client), client.is_connected(SPOT), client.stats()
            client.close()
            done.append("closed")
        except Exception as error:
            done.append(type(error).__name__)

    signal.signal(signal.SIGUSR1, handler)
    try:
        print("ready", flush=True)
        client.subscribe(TICKER, SPOT, timeout=20)
    except (ClosedError, ConnectError, SubscribeError) as error:
        done.append(type(error).__name__)
    print(done, flush=True)
"""


@pytest.mark.parametrize("reached", ["token", "subscribe"])
def test_S30_close_in_a_signal_handler_ends_the_call_it_interrupted(reached: str, plain_peer: ScriptedPeer) -> None:
    """It must not wait for a lock that the interrupted call holds."""
    command = [*program(HANDLERS), plain_peer.http_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        if reached == "token":
            plain_peer.accept().read_request()
        else:
            v1_handshake(plain_peer).expect_json(type="subscribe")
        child.send_signal(signal.SIGUSR1)
        out, err = child.communicate(timeout=20)
    assert out == "['closed', 'ClosedError']\n", (out, err)
    assert child.returncode == 0
    assert "Traceback" not in err
