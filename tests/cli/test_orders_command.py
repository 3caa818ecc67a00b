"""Order commands: one outcome, one exit code, and the truth as the simulator knows it."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from kucoin_sync.cli.console import Output, spelled_mark
from kucoin_sync.simulator import Simulator
from tests.cli.commands import ORDER, interrupted, profile, run
from tests.peers import refused_port
from tests.test_cli import LIMIT, posix, read_screen, started


@pytest.fixture(scope="module")
def served():
    """One simulator for tests that only read, or place orders of their own."""
    with Simulator(market_maker=False) as exchange:
        yield exchange


@pytest.fixture
def exchange():
    with Simulator(market_maker=False) as exchange:
        yield exchange


def test_an_accepted_order_is_told_with_both_ids(exchange: Simulator) -> None:
    ran = run("order", "place", *ORDER, "--client-oid", "mine", exchange=exchange)
    assert ran.code == 0
    (order,) = exchange.open_orders()
    assert "SIMULATOR" in ran.out and "accepted" in ran.out
    assert order.order_id in ran.out and "mine" in ran.out
    # The id is told before anything is sent: whatever happens then, the order can be looked up.
    assert ran.out.index("mine") < ran.out.index("accepted")


def test_an_order_without_a_client_order_id_gets_one_that_is_told(exchange: Simulator) -> None:
    ran = run("order", "place", *ORDER, "--json", exchange=exchange)
    assert ran.code == 0 and ran.rows[0]["outcome"] == "accepted"
    assert ran.rows[0]["client_oid"] in ran.err
    assert exchange.truth(ran.rows[0]["client_oid"]).executed == 1


def test_a_refused_order_has_an_exit_code_of_its_own(exchange: Simulator) -> None:
    ran = run("order", "place", "BTC-USDT", "buy", "--size", "100", "--price", "20000", exchange=exchange)
    assert ran.code == 3 and "refused by the exchange (200004" in ran.out and "it had no effect" in ran.out
    ran = run("order", "place", "NO-SUCH", *ORDER[1:], "--json", exchange=exchange)
    assert (ran.code, ran.rows[0]["outcome"], ran.rows[0]["code"]) == (3, "rejected", "400100")


def test_an_order_whose_reply_is_lost_is_unknown_and_the_command_that_looks_it_up_finds_it(exchange: Simulator) -> None:
    exchange.drop_ack(1, "spot.order")
    ran = run("order", "place", *ORDER, "--client-oid", "dark", "--timeout", "0.5", exchange=exchange)
    assert ran.code == 5
    assert "outcome unknown after 0.5" in ran.out and "do not resend" in ran.out
    command = next(line.strip() for line in ran.out.splitlines() if line.strip().startswith("kucoin-sync order show"))
    found = run(*command.split()[1:])
    assert found.code == 0 and "live" in found.out and "dark" in found.out
    assert exchange.truth("dark").frames_received == 1


def test_an_unknown_order_is_found_out_on_request(exchange: Simulator) -> None:
    exchange.drop_ack(1, "spot.order")
    ran = run(
        *("order", "place", *ORDER, "--client-oid", "dark", "--timeout", "0.5", "--reconcile", "20", "--json"),
        exchange=exchange,
    )
    unknown, fate = ran.rows
    assert (unknown["outcome"], unknown["reason"]) == ("unknown", "timeout")
    assert "order show BTC-USDT --client-oid dark" in unknown["look_up"]
    assert (ran.code, fate["outcome"], fate["order"]["status"]) == (0, "accepted", "live")


def test_an_unknown_order_that_never_came_to_be_has_an_exit_code_of_its_own(exchange: Simulator) -> None:
    exchange.cut_before_execution(1, "spot.order")
    ran = run("order", "place", *ORDER, "--client-oid", "gone", "--reconcile", "30", exchange=exchange)
    assert ran.code == 6 and "it did not happen" in ran.out
    assert exchange.truth("gone").executed == 0


def test_nothing_is_sent_where_there_is_no_line(tmp_path: Path) -> None:
    with Simulator() as exchange:
        options = exchange.client_options()
        options["hosts"] = {**options["hosts"], "ws_api": f"ws://127.0.0.1:{refused_port()}"}
        words = profile(tmp_path, options)
        ran = run("order", "place", *ORDER, *words)
        assert ran.code == 4 and "not sent" in ran.out
        assert f"To look for the cause: kucoin-sync doctor {' '.join(words)}\n" in ran.out
        ran = run("order", "cancel", "BTC-USDT", "--client-oid", "x", *words, "--json")
        assert (ran.code, ran.rows[0]["outcome"]) == (4, "not_sent")


def test_a_live_order_needs_a_yes(tmp_path: Path) -> None:
    hosts = {name: f"ws://127.0.0.1:{refused_port()}" for name in ("ws_api",)}
    keys = {"api_key": "a-live-key", "api_secret": "a-live-secret", "api_passphrase": "a-live-phrase"}
    words = profile(tmp_path, {**keys, "hosts": hosts})
    ran = run("order", "place", *ORDER, *words)
    assert ran.code == 4 and "LIVE" in ran.out and "not confirmed" in ran.out and "--yes" in ran.err
    ran = run("order", "place", *ORDER, *words, "--yes")
    assert ran.code == 4 and "Connection refused" in ran.out  # it tried, which is more than before
    assert not any(secret in ran.out + ran.err for secret in ("a-live-secret", "a-live-phrase", "a-live-key"))


@posix
@pytest.mark.parametrize(
    ("answer", "says"),
    [(b"n\n", b"not confirmed"), (b"y\n", b"Connection refused"), (None, b"not confirmed")],
    ids=["no", "yes", "Ctrl-C"],
)
def test_a_live_order_asks_on_a_terminal(answer: bytes | None, says: bytes, tmp_path: Path) -> None:
    keys = {"api_key": "a-live-key", "api_secret": "a-live-secret", "api_passphrase": "a-live-phrase"}
    words = profile(tmp_path, {**keys, "hosts": {"ws_api": f"ws://127.0.0.1:{refused_port()}"}})
    master, slave = os.openpty()
    try:
        command = [sys.executable, "-m", "kucoin_sync", "order", "place", *ORDER, *words]
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"}
        )
        with process:
            os.close(slave)
            slave = -1
            assert b"Send this spot order? [y/N]" in read_screen(master, b"[y/N]")
            if answer is not None:
                os.write(master, answer)
            with interrupted(process) if answer is None else contextlib.nullcontext():
                assert says in read_screen(master, None)
        assert process.returncode == 4
    finally:
        os.close(master)
        if slave >= 0:
            os.close(slave)


@posix
def test_a_ctrl_c_at_the_question_about_an_unknown_order_leaves_it_unknown() -> None:
    with Simulator(market_maker=False) as exchange:
        exchange.drop_ack(1, "spot.order")
        words = ["order", "place", *ORDER, "--timeout", "0.5", "--simulator-url", exchange.url]
        master, slave = os.openpty()
        try:
            command = [sys.executable, "-m", "kucoin_sync", *words]
            environment = {**os.environ, "TERM": "xterm"}
            with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
                os.close(slave)
                read_screen(master, b"[Y/n]")
                with interrupted(process):
                    assert b"Traceback" not in read_screen(master, None)
            assert process.returncode == 5
        finally:
            os.close(master)


@posix
def test_a_reader_that_leaves_does_not_change_how_an_order_ended() -> None:
    with Simulator(market_maker=False) as exchange:
        exchange.late_ack(1.0, 1, "spot.order")  # time for the reader to leave before the outcome is told
        words = ("order", "place", *ORDER, "--client-oid", "unread", "--simulator-url", exchange.url)
        with started(*words) as process:
            assert process.stdout is not None and process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert (process.wait(), process.stderr.read()) == (0, "")
        assert exchange.truth("unread").executed == 1


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "✓"), ("ascii", "+"), ("iso-8859-1", "+")])
def test_marks_that_a_terminal_cannot_show_do_not_become_the_mark_of_the_unknown(
    encoding: str, mark: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert spelled_mark("✓") == mark
    assert spelled_mark("?") == "?"


@posix
def test_a_ctrl_c_tells_what_is_known_of_the_order() -> None:
    with Simulator(market_maker=False) as exchange:
        exchange.drop_ack(1, "spot.order")
        words = ("order", "place", *ORDER, "--client-oid", "cut-short", "--timeout", "20", "--json")
        with started(*words, "--simulator-url", exchange.url) as process:
            exchange.wait_for(lambda s: s.truth("cut-short").executed, LIMIT)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate()
            assert process.returncode == 5
            assert '"outcome": "unknown"' in out and '"reason": "interrupted"' in out and "cut-short" in out


def test_a_test_order_places_nothing(exchange: Simulator) -> None:
    ran = run("order", "place", *ORDER, "--test", exchange=exchange)
    assert ran.code == 0 and "TEST" in ran.out and "nothing was placed" in ran.out
    ran = run("order", "place", "NO-SUCH", *ORDER[1:], "--test", exchange=exchange)
    assert ran.code == 3 and "refused as a test" in ran.out
    assert not exchange.open_orders()


def test_an_order_is_changed_and_cancelled(exchange: Simulator) -> None:
    run("order", "place", *ORDER, "--client-oid", "one", exchange=exchange)
    ran = run("order", "modify", "BTC-USDT", "--client-oid", "one", "--new-price", "20100", "--json", exchange=exchange)
    assert ran.code == 0
    (order,) = exchange.open_orders()
    assert (str(order.price), order.order_id) == ("20100", ran.rows[0]["order_id"])
    ran = run("order", "cancel", "BTC-USDT", "--order-id", order.order_id, exchange=exchange)
    assert ran.code == 0 and not exchange.open_orders()
    ran = run("order", "cancel", "BTC-USDT", "--order-id", order.order_id, exchange=exchange)
    assert ran.code == 3 and "found no live order" in ran.out


@pytest.mark.parametrize("market", ["margin", "futures"])
def test_orders_of_the_other_markets(market: str, exchange: Simulator) -> None:
    futures = market == "futures"
    symbol = "XBTUSDTM" if futures else "BTC-USDT"
    more = ("--size", "1", "--leverage", "3") if futures else ("--size", "0.001", "--market", "margin", "--isolated")
    where = () if futures else ("--market", "margin")
    placed = run(
        *("order", "place", symbol, "buy", "--price", "20000", *more, "--client-oid", "m", "--json"), exchange=exchange
    )
    assert placed.code == 0
    shown = run("order", "show", symbol, "--client-oid", "m", *where, "--json", exchange=exchange)
    assert (shown.code, shown.rows[0]["status"], shown.rows[0]["price"]) == (0, "live", "20000")
    listed = run("orders", "--market", market, "--json", exchange=exchange)
    assert [order["clientOid"] for order in listed.rows[0]] == ["m"]
    assert run("order", "cancel", symbol, "--client-oid", "m", *where, exchange=exchange).code == 0
    assert run("orders", "--market", market, "--json", exchange=exchange).rows == [[]]


def test_an_order_that_is_not_found_is_a_failure_that_warns(served: Simulator) -> None:
    ran = run("order", "show", "BTC-USDT", "--client-oid", "nobody", exchange=served)
    assert ran.code == 1 and "400100" in ran.err and "proves nothing" in ran.err


def test_a_journal_keeps_what_is_unknown_for_later(exchange: Simulator, tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    exchange.drop_ack(1, "spot.order")
    words = ("--client-oid", "noted", "--timeout", "0.5", "--journal", journal)
    assert run("order", "place", *ORDER, *words, exchange=exchange).code == 5
    ran = run("order", "reconcile", "--journal", journal, exchange=exchange)
    assert ran.code == 0 and "noted" in ran.out and "found out: accepted" in ran.out
    ran = run("order", "reconcile", "--journal", journal, exchange=exchange)
    assert ran.code == 0 and "Every order in it has an outcome." in ran.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("order", "place", *ORDER, "--leverage", "3"), "--leverage is not for spot orders"),
        (("order", "place", "XBTUSDTM", "buy", "--funds", "3"), "--funds is not for futures orders"),
        (("order", "cancel", "BTC-USDT"), "give either --order-id or --client-oid"),
        (("order", "show", "BTC-USDT", "--order-id", "1", "--client-oid", "2"), "give either"),
        (("order", "modify", "BTC-USDT", "--order-id", "1"), "give --new-price, --new-size or both"),
        (("orders", "--done"), "--done needs a symbol"),
    ],
)
def test_wrong_words_end_a_command_before_anything_is_sent(
    words: tuple[str, ...], says: str, served: Simulator
) -> None:
    ran = run(*words, exchange=served)
    assert ran.code == 2 and says in ran.err


def test_an_argument_that_breaks_a_rule_sends_nothing(served: Simulator) -> None:
    ran = run("order", "place", "BTC-USDT", "buy", "--size", "nan", "--price", "20000", exchange=served)
    assert ran.code == 1 and "size" in ran.err
    assert not served.truth_frames()


# Lists.


def test_open_and_done_orders_are_listed(exchange: Simulator) -> None:
    assert run("orders", exchange=exchange).out == "No open orders (spot).\n"
    run("order", "place", *ORDER, "--client-oid", "a", exchange=exchange)
    run(
        "order", "place", "ETH-USDT", "buy", "--size", "0.01", "--price", "1000", "--client-oid", "b", exchange=exchange
    )
    ran = run("orders", exchange=exchange)
    head, *rows = [line.split("\t") for line in ran.out.splitlines()]
    assert {row[head.index("clientOid")]: row[head.index("price")] for row in rows} == {"a": "20000", "b": "1000"}
    assert [row[0] for row in run("orders", "ETH-USDT", exchange=exchange).out.splitlines()[1:]] == ["E"]
    run("order", "cancel", "BTC-USDT", "--client-oid", "a", exchange=exchange)
    done = run("orders", "BTC-USDT", "--done", exchange=exchange)
    assert "cancelled" in done.out and "a" in done.out


def test_balances_are_listed(exchange: Simulator) -> None:
    run("order", "place", *ORDER, exchange=exchange)
    rows = run("balances", "--json", exchange=exchange).rows[0]
    dollars = next(row for row in rows if (row["currency"], row["account"]) == ("USDT", "trade"))
    assert float(dollars["held"]) > 20 and float(dollars["total"]) == 1_000_000
    assert run("balances", "eth", "--json", exchange=exchange).rows[0][0]["currency"] == "ETH"
    futures = run("balances", "--market", "futures", "--json", exchange=exchange).rows[0]
    assert [row["currency"] for row in futures] == ["USDT", "XBT"]
    margin = run("balances", "--market", "margin", exchange=exchange).out
    assert margin.startswith("currency\ttotal\tavailable\theld\tdebt\n")


def test_a_call_that_fails_is_told_in_words_and_in_json(exchange: Simulator) -> None:
    exchange.refuse_rest("/api/v1/accounts", "400007", "no permission", 200, None)
    ran = run("balances", exchange=exchange)
    assert ran.code == 1 and "the credentials are not accepted" in ran.err and "kucoin-sync doctor" in ran.err
    ran = run("balances", "--json", exchange=exchange)
    assert (ran.code, ran.rows[0]["error"], ran.rows[0]["code"]) == (1, "AuthError", "400007")


@pytest.mark.parametrize(("width", "is_table"), [(44, False), (120, True)])
def test_an_id_is_never_folded_on_a_terminal(width: int, is_table: bool) -> None:
    output = Output(as_json=False)
    output.is_screen = True
    output.console = Console(width=width, file=io.StringIO())
    rows = [{"symbol": "BTC-USDT", "side": "buy", "price": "20000", "orderId": f"SIM{number:021}"} for number in (1, 2)]
    output.table(["symbol", "side", "price", "orderId"], rows, empty="none")
    lines = output.console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert sum(row["orderId"] in line for line in lines for row in rows) == 2
    assert lines[0].split() == (["symbol", "side", "price", "orderId"] if is_table else ["symbol", "BTC-USDT"])
