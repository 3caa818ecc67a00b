"""
The notebooks run in real kernels, interrupted, run twice and restarted too; and the tables they show are right.
"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync import BookSnapshot, ConfigError, OutcomeUnknown, WebsocketAPIClient, WsKey
from kucoin_sync.notebook import LiveView, to_dataframe
from kucoin_sync.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "examples" / "notebooks"
LIMIT = 300.0
"""Seconds: a hang, not a slow machine."""
BOOK = BookSnapshot(
    symbol="BTC-USDT",
    sequence=7,
    bids=((Decimal("9"), Decimal("1")), (Decimal("8"), Decimal("2"))),
    asks=((Decimal("10"), Decimal("3")), (Decimal("11"), Decimal("4"))),
    time_ns=1_700_000_000_000_000_000,
)


@pytest.fixture(scope="module")
def runs() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.notebook_runs"], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stderr
    runs: dict[str, Any] = json.loads(done.stdout)
    return runs


def text_of(cells: list[list[dict[str, Any]]]) -> str:
    return "\n".join(output["text"] for outputs in cells for output in outputs)


def test_the_notebook_of_orders_shows_every_end(runs: dict[str, Any]) -> None:
    text = text_of(runs["orders"])
    for words in ("OrderAck(", "Rejected(", "NotSent(", "OutcomeUnknown(", "2 accepted, 1 refused", "0 open orders"):
        assert words in text
    assert "accepted (order" in text and "the truth: 1 order was executed" in text
    assert any("image/png" in output["types"] for outputs in runs["orders"] for output in outputs)


def test_the_study_meets_the_same_market_every_time(runs: dict[str, Any]) -> None:
    """Stepped time and a seed: what is stored in the notebook is what a reader gets."""
    text = text_of(runs["market_making"])
    assert "23 of 200 quotes were filled" in text
    assert sum("image/png" in output["types"] for outputs in runs["market_making"] for output in outputs) == 2


def test_a_notebook_survives_an_interrupt_a_second_run_and_a_restart(runs: dict[str, Any]) -> None:
    harsh = runs["streams, harshly"]
    assert "interrupted after at least one update: True view open: True" in text_of([harsh["interrupted"]])
    for run in (harsh["again"], harsh["restarted"]):
        assert "suspended: " in text_of(run) and "topics are confirmed again" in text_of(run)
        assert "something may be missing before" in text_of(run)
    # One view of each name although their cells ran twice, and none after the last cell.
    assert harsh["views"][0]["text"].strip() == "['kucoin-sync-view-book', 'kucoin-sync-view-tickers']"
    assert harsh["views after the end"][0]["text"].strip() == "[]"


def test_no_notebook_is_forgotten(runs: dict[str, Any]) -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == {name.partition(",")[0] for name in runs}


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_says_at_its_top_whether_it_sends_orders(path: Path) -> None:
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    sends = "submit_" in path.read_text(encoding="utf-8")
    assert ("SENDS ORDERS" in first) == sends
    assert ("Sends no orders" in first) != sends


def test_a_book_is_a_row_a_level_from_the_top_down() -> None:
    table = to_dataframe(BOOK)
    assert list(table["price"]) == [11.0, 10.0, 9.0, 8.0]
    assert list(table["total"]) == [7.0, 3.0, 1.0, 3.0]
    assert list(table["side"]) == ["ask", "ask", "bid", "bid"]


def test_exact_tables_keep_every_digit() -> None:
    assert list(to_dataframe(BOOK, exact=True)["size"]) == [Decimal(4), Decimal(3), Decimal(1), Decimal(2)]


def test_outcomes_share_their_columns_however_they_ended() -> None:
    orders = [
        {"symbol": "XBTUSDTM", "side": "buy", "price": price, "size": 1, "leverage": 3, "client_oid": f"n{number}"}
        for number, price in enumerate(("20000", "20000.05"))
    ]
    with Simulator() as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        table = to_dataframe(api.submit_multiple_futures_orders(orders))
        assert list(table["outcome"]) == ["accepted", "rejected"]
        assert list(table["client_oid"]) == ["n0", "n1"]
        exchange.drop_ack(1, "spot.order")
        with pytest.raises(OutcomeUnknown):
            api.submit_new_spot_order(
                symbol="BTC-USDT", side="buy", type="limit", price="20000", size="0.001", client_oid="dark", timeout=0.3
            )
        unknown = to_dataframe(api.unresolved())
        assert list(unknown.columns) == list(table.columns)
        assert list(unknown.loc[0, ["outcome", "client_oid", "why"]]) == ["unknown", "dark", "timeout"]


def test_updates_become_rows_of_their_typed_fields() -> None:
    with Simulator(market_maker=False) as exchange, WebsocketAPIClient(**exchange.client_options()) as api:
        client = api.get_ws_client()
        with client.stream("/market/match:BTC-USDT", WsKey.SPOT_PUBLIC_V1) as trades:
            exchange.counter_order("BTC-USDT", "sell", "1", "60000")
            exchange.counter_order("BTC-USDT", "buy", "0.5", "60000")
            update = trades.get(timeout=10)
        table = to_dataframe([update])
        assert list(table.loc[0, ["side", "price", "size", "gap_before"]]) == ["buy", 60000.0, 0.5, False]
        assert str(table["time"].dt.tz) == "UTC" and "time_ns" not in table.columns
        assert table.loc[0, "time"].value == update.typed.time_ns
        # The keys of a mapping are the index.
        assert to_dataframe(exchange.balances()).loc["BTC", "available"] == float(exchange.balances()["BTC"].available)


@attrs.frozen
class Inside:
    size: Decimal


@attrs.frozen
class Around:
    inside: Inside
    raw: str = "long"


def test_a_value_inside_a_value_has_columns_of_its_own() -> None:
    assert to_dataframe([Around(Inside(Decimal("1.5")))]).to_dict("records") == [{"inside_size": 1.5}]


@pytest.mark.parametrize("value", [7, "text", [object()]], ids=["number", "text", "objects"])
def test_what_is_no_table_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="there is no table of"):
        to_dataframe(value)


def test_an_empty_list_is_an_empty_table() -> None:
    assert to_dataframe([]).empty


def test_a_view_outside_of_a_notebook_is_refused() -> None:
    with pytest.raises(ConfigError, match="no notebook"):
        LiveView(lambda: 1)


def test_a_simulator_that_was_not_started_says_so() -> None:
    """Else its clients would look for it on port 0."""
    with pytest.raises(RuntimeError, match=r"not running yet.*start\(\)"):
        Simulator().client_options()
