"""The commands on OKX: the same outcomes and exit codes, and one line where it cannot do what is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from kucoin_sync.cli.venues.okx import OkxVenue
from kucoin_sync.cli.venues.venue import Unavailable
from kucoin_sync.simulator import Simulator
from tests.cli.commands import ORDER, profile, run
from tests.peers import refused_port


@pytest.fixture(scope="module")
def exchange():
    """One simulator for all: each test has orders of its own. Commands follow each other faster than OKX's limits."""
    with Simulator(exchange="okx", market_maker=False, limits="off") as exchange:
        yield exchange


def test_an_order_is_placed_shown_changed_and_cancelled(exchange: Simulator) -> None:
    ran = run("order", "place", *ORDER, "--client-oid", "one", exchange=exchange)
    assert ran.code == 0 and "SIMULATOR" in ran.out and "a simulated OKX" in ran.out
    assert ran.out.index("one") < ran.out.index("accepted")
    ran = run("order", "modify", "BTC-USDT", "--client-oid", "one", "--new-price", "20100", "--json", exchange=exchange)
    assert ran.code == 0
    shown = run("order", "show", "btc-usdt", "--client-oid", "one", "--json", exchange=exchange).rows[0]
    assert (shown["status"], shown["price"], shown["orderId"]) == ("live", "20100", ran.rows[0]["order_id"])
    listed = run("orders", "BTC-USDT", "--json", exchange=exchange).rows[0]
    assert [row["clOrdId"] for row in listed] == ["one"]
    ran = run("order", "cancel", "BTC-USDT", "--order-id", shown["orderId"], exchange=exchange)
    assert ran.code == 0 and "a look-up tells when it is done" in ran.out
    ran = run("order", "cancel", "BTC-USDT", "--order-id", shown["orderId"], exchange=exchange)
    assert ran.code == 3 and "found no live order" in ran.out
    done = run("orders", "BTC-USDT", "--done", exchange=exchange)
    assert "cancelled" in done.out and "one" in done.out


def test_a_refused_order_has_an_exit_code_of_its_own(exchange: Simulator) -> None:
    ran = run("order", "place", "BTC-USDT", "buy", "--size", "1000", "--price", "20000", exchange=exchange)
    assert ran.code == 3 and "refused by the exchange (51008" in ran.out


def test_a_lost_reply_is_unknown_and_is_found_out(exchange: Simulator) -> None:
    exchange.drop_ack(1, "order")
    words = ("--client-oid", "dark", "--timeout", "0.5", "--reconcile", "20", "--json")
    ran = run("order", "place", *ORDER, *words, exchange=exchange)
    unknown, fate = ran.rows
    assert (ran.code, unknown["outcome"], fate["outcome"]) == (0, "unknown", "accepted")
    found = run(*unknown["look_up"].split()[1:])
    assert found.code == 0 and "live" in found.out


def test_a_journal_keeps_what_is_unknown_for_later(exchange: Simulator, tmp_path: Path) -> None:
    journal = str(tmp_path / "journal")
    exchange.drop_ack(1, "order")
    words = ("--client-oid", "noted", "--timeout", "0.5", "--journal", journal)
    assert run("order", "place", *ORDER, *words, exchange=exchange).code == 5
    ran = run("order", "reconcile", "--journal", journal, exchange=exchange)
    assert ran.code == 0 and "noted" in ran.out and "found out: accepted" in ran.out


@pytest.mark.parametrize(
    ("symbol", "more", "market"),
    [
        ("BTC-USDT-SWAP", ("--size", "1", "--price", "20000", "--isolated"), "swap"),
        ("BTC-USDT_BTC-USDT-SWAP", ("--size", "0.1", "--price", "-90", "--post-only"), "spread"),
    ],
)
def test_orders_of_the_other_markets(symbol: str, more: tuple[str, ...], market: str, exchange: Simulator) -> None:
    oid = f"of{market}"
    placed = run("order", "place", symbol, "buy", *more, "--client-oid", oid, "--json", exchange=exchange)
    assert placed.code == 0, placed.out
    assert f"{market} order" in placed.err
    listed = run("orders", "--market", market, "--json", exchange=exchange).rows[0]
    assert oid in [row["clOrdId"] for row in listed]
    for words in (("modify", "--new-price", "-91" if market == "spread" else "20100"), ("show",), ("cancel",)):
        ran = run("order", words[0], symbol, "--client-oid", oid, *words[1:], exchange=exchange)
        assert ran.code == 0, ran.out


def test_the_size_of_a_market_order_is_never_taken_for_money() -> None:
    with Simulator(exchange="okx", limits="off") as exchange:
        words = ("order", "place", "BTC-USDT", "buy", "--json")
        assert run(*words, "--size", "0.002", "--client-oid", "size", exchange=exchange).code == 0
        assert run(*words, "--funds", "60", "--client-oid", "funds", exchange=exchange).code == 0
        filled = {
            oid: float(
                run("order", "show", "BTC-USDT", "--client-oid", oid, "--json", exchange=exchange).rows[0]["filled"]
            )
            for oid in ("size", "funds")
        }
    assert filled["size"] == 0.002 and 0.0008 < filled["funds"] < 0.0012


def test_balances_are_those_of_the_trading_account(exchange: Simulator) -> None:
    (row,) = run("balances", "eth", "--json", exchange=exchange).rows[0]
    assert (row["currency"], row["total"]) == ("ETH", "100")
    assert run("balances", exchange=exchange).out.startswith("currency\tequity\ttotal\tavailable\theld\tdebt\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("balances", "--market", "spot"), "one trading account"),
        (("orders", "--done"), "needs a symbol or a --market"),
        (("doctor", "--market", "futures"), "same hosts for all markets"),
        (("order", "place", *ORDER, "--test"), "--test is not for OKX"),
        (("order", "place", *ORDER, "--leverage", "3"), "--leverage is not for spot orders at OKX"),
        (("order", "place", *ORDER, "--time-in-force", "GTT"), "--time-in-force GTT is not for OKX"),
        (("order", "place", "BTCUSDT", *ORDER[1:]), "not the form of an instrument of OKX"),
    ],
)
def test_what_okx_cannot_do_is_one_line(words: tuple[str, ...], says: str, exchange: Simulator) -> None:
    sent = len(exchange.truth_frames())
    ran = run(*words, exchange=exchange)
    assert ran.code == 2 and says in ran.err and ran.err.count("\n") == 1
    assert len(exchange.truth_frames()) == sent


def test_kucoin_has_no_markets_of_okx() -> None:
    ran = run("orders", "--market", "swap", "--simulator")
    assert ran.code == 2 and ran.err == "Error: KuCoin has no market 'swap'; there are spot, margin, futures\n"


@pytest.mark.parametrize(
    ("market", "order", "says"),
    [
        ("spot", {"type": "market"}, "give --size"),
        ("spot", {"type": "market", "size": "1", "funds": "2"}, "give --size"),
        ("spot", {"type": "limit", "funds": "1", "price": "2"}, "--funds goes with a market order"),
        ("margin", {"type": "market", "size": "1"}, "OKX takes --funds for a market purchase on margin"),
        ("spot", {"type": "market", "size": "1", "time_in_force": "IOC"}, "do not go with a market order"),
        ("swap", {"type": "limit", "size": "1", "time_in_force": "IOC", "post_only": True}, "with --post-only"),
        ("swap", {"type": "market", "funds": "1"}, "--funds is not for swap orders at OKX"),
    ],
)
def test_arguments_that_do_not_go_together_at_okx(market: str, order: dict[str, object], says: str) -> None:
    with pytest.raises(Unavailable, match=says):
        OkxVenue().placing(market, {"symbol": "X", "side": "buy", "client_oid": "a", **order}, test=False)


class Recorder:
    """An order client that keeps what it is called with."""

    def __getattr__(self, name: str) -> Any:
        return lambda **arguments: (name, arguments)


@pytest.mark.parametrize(
    ("market", "order", "call"),
    [
        (
            "margin",
            {"type": "limit", "size": "1", "price": "2", "time_in_force": "IOC"},
            {"td_mode": "cross", "ord_type": "ioc"},
        ),
        ("margin", {"type": "market", "funds": "9", "isolated": True}, {"td_mode": "isolated", "sz": "9"}),
        ("swap", {"type": "market", "size": "1", "reduce_only": True}, {"td_mode": "cross", "reduce_only": True}),
        ("futures", {"type": "market", "size": "1", "position_side": "long"}, {"pos_side": "long"}),
        ("option", {"type": "limit", "size": "1", "price": "2", "post_only": True}, {"ord_type": "post_only"}),
    ],
)
def test_options_of_an_order_as_okx_spells_them(market: str, order: dict[str, Any], call: dict[str, Any]) -> None:
    send = OkxVenue().placing(market, {"symbol": "X", "side": "buy", "client_oid": "a", **order}, test=False)
    name, arguments = cast(Any, send(Recorder()))
    assert name == "submit_new_order" and arguments["inst_id"] == "X" and arguments["cl_ord_id"] == "a"
    assert {key: arguments[key] for key in call} == call


def test_demo_trading_is_no_live_account(tmp_path: Path) -> None:
    keys = {"api_key": "a-demo-key", "api_secret": "a-demo-secret", "api_passphrase": "a-demo-phrase"}
    nobody = f"127.0.0.1:{refused_port()}"
    hosts = {"rest": f"http://{nobody}", "ws": f"ws://{nobody}"}
    words = profile(tmp_path, {**keys, "hosts": hosts, "demo_trading": "yes"}, exchange="okx")
    ran = run("order", "place", *ORDER, *words, "--timeout", "1")
    assert ran.code == 4 and "PRACTICE" in ran.out and "OKX (GLOBAL, demo trading)" in ran.out
    assert "refused" in ran.out  # it was not asked for
