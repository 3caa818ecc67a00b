"""Watching topics: lines, JSON, and a table that changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from kucoin_sync.cli.venues.kucoin import line_of_topic, spelled_topic
from kucoin_sync.cli.venues.okx import spelled_channel
from kucoin_sync.cli.watch import summary
from kucoin_sync.kucoin.topic_table import CLASSIC_TOPICS, PRO_TOPICS
from kucoin_sync.simulator import Simulator
from tests.cli.commands import run
from tests.test_cli import posix, read_screen, read_until, started


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("btc-usdt", "/market/ticker:BTC-USDT"),
        ("XBTUSDTM", "/contractMarket/tickerV2:XBTUSDTM"),
        ("/market/match:BTC-USDT", "/market/match:BTC-USDT"),
        ("obu.SPOT:BTC-USDT@5", "obu.SPOT:BTC-USDT@5"),
        ("funding-fee-all-symbols", "funding-fee-all-symbols"),
        ("orderAll.SPOT", "orderAll.SPOT"),
    ],
)
def test_a_bare_symbol_is_its_ticker(word: str, topic: str) -> None:
    assert spelled_topic(word) == topic


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("btc-usdt", "tickers:BTC-USDT"),
        ("BTC-USDT-SWAP", "tickers:BTC-USDT-SWAP"),
        ("BTC-USDT_BTC-USDT-SWAP", "sprd-tickers:BTC-USDT_BTC-USDT-SWAP"),
        ("candle1m:BTC-USDT", "candle1m:BTC-USDT"),
        ("account", "account"),
    ],
)
def test_a_bare_instrument_is_its_ticker_at_okx(word: str, topic: str) -> None:
    assert spelled_channel(word) == topic


@pytest.mark.parametrize("row", [*CLASSIC_TOPICS, *PRO_TOPICS], ids=lambda row: row.pattern)
def test_every_topic_has_its_line(row: Any) -> None:
    topic = row.pattern.replace("{tradeType}", "SPOT").replace("{accountType}", "UNIFIED")
    assert line_of_topic(topic) == row.ws_keys[0]
    if len(row.ws_keys) > 1:
        assert line_of_topic(row.pattern.replace("{tradeType}", "FUTURES")) == row.ws_keys[1]


def test_a_topic_of_no_known_line_asks_for_one() -> None:
    assert line_of_topic("/what/ever") is None
    ran = run("watch", "/what/ever", "--simulator")
    assert ran.code == 2 and "name one with --ws-key" in ran.err


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"sequence": "1", "size": "2", "price": "60000", "time": 1}, "price 60000  size 2"),
        ({"asks": [["3", "4"], ["5", "6"]], "bids": [["1", "2"]], "timestamp": 1}, "bid 1 x 2  ask 3 x 4"),
        ({"data": {"price": "1"}, "sequence": "2"}, "price 1"),
        ({"candles": ["1", "2"], "symbol": "A-B"}, 'candles ["1"]'),
        ([1, 2], "[1, 2]"),
        ([{"last": "1", "ts": "2"}, {"last": "2", "bidPx": "1", "instId": "A-B", "ts": "3"}], "last 2  bidPx 1"),
        ({"price": "1\x1b[2J"}, "price 1\\x1b[2J"),
    ],
)
def test_an_update_in_one_line(data: Any, text: str) -> None:
    assert summary(data) == text


def test_updates_are_lines_in_a_pipe_and_objects_as_json() -> None:
    with Simulator() as exchange:
        ran = run("watch", "BTC-USDT", "XBTUSDTM", "--count", "4", exchange=exchange)
        assert ran.code == 0
        assert len(ran.out.splitlines()) >= 4 and "/market/ticker:BTC-USDT  price" in ran.out
        ran = run("watch", "BTC-USDT", "--count", "2", "--json", exchange=exchange)
        assert ran.code == 0
        assert {row["topic"] for row in ran.rows} == {"/market/ticker:BTC-USDT"}
        assert all(row["data"]["price"] and row["gap_before"] is False for row in ran.rows)


def test_updates_of_okx_are_told_likewise() -> None:
    with Simulator(exchange="okx") as exchange:
        ran = run("watch", "BTC-USDT", "books5:BTC-USDT-SWAP", "--count", "6", exchange=exchange)
        assert ran.code == 0
        assert "tickers:BTC-USDT  last" in ran.out and "books5:BTC-USDT-SWAP  bid" in ran.out
        ran = run("watch", "nothing-like-it:X", exchange=exchange)
        assert ran.code == 2 and "name its connection with --ws-key" in ran.err
        ran = run("watch", "BTC-USDT", "--ws-key", "spotPublicV1", exchange=exchange)
        assert ran.code == 2 and "OKX has no connection 'spotPublicV1'" in ran.err


def test_it_ends_after_its_time() -> None:
    with Simulator(market_maker=False) as exchange:
        assert run("watch", "/market/match:BTC-USDT", "--seconds", "0.3", exchange=exchange).code == 0


def test_a_topic_that_is_refused_ends_it() -> None:
    with Simulator() as exchange:
        exchange.reject_topic("/market/ticker:BTC-USDT")
        ran = run("watch", "BTC-USDT", exchange=exchange)
    assert ran.code == 1 and "refused" in ran.err


@posix
def test_ctrl_c_is_how_it_ends() -> None:
    with Simulator() as exchange, started("watch", "BTC-USDT", "--simulator-url", exchange.url) as process:
        read_until(process, "price")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert (process.returncode, err) == (0, "")


@posix
def test_a_reader_that_leaves_ends_it_without_a_word() -> None:
    with Simulator() as exchange, started("watch", "BTC-USDT", "--json", "--simulator-url", exchange.url) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(), process.stderr.read()) == (0, "")


@posix
def test_a_terminal_shows_a_table_and_how_the_lines_stand() -> None:
    with Simulator() as exchange:
        master, slave = os.openpty()
        words = ["watch", "BTC-USDT", "--seconds", "2", "--simulator-url", exchange.url]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        command = [sys.executable, "-m", "kucoin_sync", *words]
        try:
            with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
                os.close(slave)
                seen = read_screen(master, None).decode()
            assert process.returncode == 0
        finally:
            os.close(master)
    assert "ticker:BTC-USDT" in seen and "price" in seen and "spotPublicV1 ready" in seen and "0 reconnects" in seen
