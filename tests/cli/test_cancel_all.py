"""The panic button: everything is cancelled, it asks where real money moves, and it says what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from kucoin_sync.simulator import Simulator
from tests.cli.commands import ORDER, profile, run
from tests.peers import refused_port


@pytest.fixture
def exchange():
    with Simulator(market_maker=False) as exchange:
        yield exchange


def place_one_each(exchange: Simulator) -> None:
    for more in (
        ORDER,
        (*ORDER, "--market", "margin"),
        ("XBTUSDTM", "buy", "--size", "1", "--price", "20000", "--leverage", "3"),
    ):
        assert run("order", "place", *more, exchange=exchange).code == 0


def test_orders_of_all_markets_are_cancelled(exchange: Simulator) -> None:
    place_one_each(exchange)
    ran = run("cancel-all", exchange=exchange)
    assert ran.code == 0
    assert "SIMULATOR" in ran.out and "all open orders of all markets" in ran.out and "Stop orders" in ran.out
    assert [line.split() for line in ran.out.splitlines() if "BTC-USDT" in line] == [
        ["spot", "all", "of", "BTC-USDT"],
        ["margin", "all", "of", "MARGIN_TRADE", "BTC-USDT"],
    ]
    assert exchange.open_orders() == []
    ran = run("cancel-all", "--json", exchange=exchange)
    none = dict.fromkeys(("spot", "margin", "futures"), "there was none")
    assert (ran.code, ran.rows) == (0, [{"outcome": "accepted", "cancelled": none}])


def test_orders_of_one_symbol_or_market_are_cancelled(exchange: Simulator) -> None:
    place_one_each(exchange)
    ran = run("cancel-all", "--symbol", "xbtusdtm", "--json", exchange=exchange)
    assert (ran.code, ran.rows[0]["cancelled"]) == (0, {"futures": "1 order"})
    ran = run("cancel-all", "--market", "margin", "--json", exchange=exchange)
    assert (ran.code, list(ran.rows[0]["cancelled"])) == (0, ["margin"])
    (left,) = exchange.open_orders()
    assert left.symbol == "BTC-USDT"
    ran = run("cancel-all", "--symbol", "BTC-USDT", "--market", "all", exchange=exchange)
    assert ran.code == 2 and "belongs to one market" in ran.err


def test_orders_of_okx_are_cancelled() -> None:
    with Simulator(exchange="okx", market_maker=False, limits="off") as exchange:
        for symbol, size in (("BTC-USDT", "0.001"), ("BTC-USDT-SWAP", "1")):
            words = ("order", "place", symbol, "buy", "--size", size, "--price", "20000")
            assert run(*words, exchange=exchange).code == 0
        ran = run("cancel-all", "--symbol", "BTC-USDT-SWAP", "--json", exchange=exchange)
        assert (ran.code, ran.rows[0]["cancelled"]) == (0, {"instruments": "1 order"})
        ran = run("cancel-all", exchange=exchange)
        assert ran.code == 0 and "1 order" in ran.out and "orders on spreads (--market spread)" in ran.out
        assert run("orders", "--json", exchange=exchange).rows == [[]]
        spread = "BTC-USDT_BTC-USDT-SWAP"
        placed = run("order", "place", spread, "buy", "--size", "0.1", "--price", "-90", exchange=exchange)
        assert placed.code == 0, placed.out
        assert run("cancel-all", exchange=exchange).code == 0
        assert [row["sprdId"] for row in run("orders", spread, "--json", exchange=exchange).rows[0]] == [spread]
        ran = run("cancel-all", "--symbol", spread, exchange=exchange)
        assert ran.code == 0 and "leave out --market for those" in ran.out
        assert run("orders", "--market", "spread", "--json", exchange=exchange).rows == [[]]
        ran = run("cancel-all", "--market", "swap", exchange=exchange)
        assert ran.code == 2 and ran.err == (
            "Error: OKX does not cancel swap orders alone: leave out --market, or give --symbol\n"
        )


def test_a_market_that_fails_is_told_beside_those_that_did_not(exchange: Simulator) -> None:
    place_one_each(exchange)
    exchange.cut_rest("/api/v1/hf/orders/cancelAll", False, 1)
    ran = run("cancel-all", exchange=exchange)
    assert ran.code == 5
    assert "outcome unknown" in ran.out and "futures: done" in ran.out
    assert "may be repeated" in ran.out and f"kucoin-sync orders --simulator-url {exchange.url}" in ran.out
    assert [order.symbol for order in exchange.open_orders()] == ["BTC-USDT"]
    assert run("cancel-all", exchange=exchange).code == 0
    assert exchange.open_orders() == []


def test_a_refusal_has_its_exit_code(exchange: Simulator) -> None:
    exchange.refuse_rest("/api/v1/hf/orders/cancelAll", "400007", "no permission", 200, 1)
    ran = run("cancel-all", "--market", "spot", "--json", exchange=exchange)
    assert (ran.code, ran.rows[0]["outcome"], ran.rows[0]["code"]) == (3, "rejected", "400007")


@pytest.mark.parametrize("name", ["kucoin", "okx"])
def test_a_live_account_needs_a_yes(name: str, tmp_path: Path) -> None:
    keys = {"api_key": "a-live-key", "api_secret": "a-live-secret", "api_passphrase": "a-live-phrase"}
    nobody = f"http://127.0.0.1:{refused_port()}"
    hosts = {"rest": nobody} if name == "okx" else {"spot_rest": nobody, "futures_rest": nobody}
    words = profile(tmp_path, {**keys, "hosts": hosts}, exchange=name)
    ran = run("cancel-all", *words)
    assert ran.code == 4 and "LIVE" in ran.out and "not confirmed" in ran.out and "--yes" in ran.err
    ran = run("cancel-all", *words, "--json")
    assert (ran.code, ran.rows[0]["outcome"]) == (4, "not_sent")
    ran = run("cancel-all", *words, "--yes")
    assert ran.code in (1, 4) and "refused" in ran.out + ran.err  # it tried, which is more than before
    assert not any(secret in ran.out + ran.err for secret in keys.values())
