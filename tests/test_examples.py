"""
Every example runs as it stands, against the simulator, and shows what it is about.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kucoin_sync.simulator import Simulator
from tests.programs import Done, Program, run_programs

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

WORDS = {
    "after_a_crash.py": ("unknown: ", "left from the last run: ", "accepted (order"),
    "panic_button.py": ("open: 2", "cancelled: ", "open: 0"),
    "several_orders_in_one_request.py": ("accepted ", "refused "),
    "wait_for_a_price.py": ("below 1000000 at ",),
    "worker_threads.py": ("worker-", "traded at", "done"),
    "backtest_execution.py": ("  1 slices: average ", " 30 slices: average ", "basis points"),
    "record_market_data.py": ('"snapshot"', "/market/level2:BTC-USDT"),
    "stream_tickers.py": ("/market/ticker:BTC-USDT", "bid", "ask"),
    "listen_to_trades.py": (" at ", "done"),
    "place_an_order.py": ("accepted: SIM", "cancel taken"),
    "many_orders_in_flight.py": ("20 accepted", "20 cancels taken"),
    "watch_a_book.py": ("bid", "ask", "stale:", "live again", "levels"),
    "watch_reconnects.py": ("cutting the line", "suspended:", "reconnect:", "reconnected:", "may be missing"),
}

KEYS = {"KUCOIN_API_KEY": "k", "KUCOIN_API_SECRET": "s", "KUCOIN_API_PASSPHRASE": "p"}


def sends_orders(name: str) -> bool:
    """Whether an example places orders."""
    return "submit_" in (EXAMPLES / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """How each example ended, without network; those that send orders find keys in the environment."""
    folder = tmp_path_factory.mktemp("examples")
    programs = [Program(EXAMPLES / name, variables=KEYS if sends_orders(name) else {}, folder=folder) for name in WORDS]
    return dict(zip(WORDS, run_programs(programs, folder), strict=True))


@pytest.mark.parametrize("name", WORDS)
def test_an_example_runs_and_shows_what_it_is_about(name: str, ended: dict[str, Done]) -> None:
    """One that sends orders stays on the simulator although there are keys, for nobody said --live."""
    done = ended[name]
    assert done.flaw() is None, done.flaw()
    for words in WORDS[name]:
        assert words in done.stdout, done.stdout


def test_what_the_example_records_can_be_replayed(tmp_path: Path) -> None:
    (done,) = run_programs([Program(EXAMPLES / "record_market_data.py", ("20",))], tmp_path)
    path = tmp_path / "recorded"
    path.write_text(done.stdout, encoding="utf-8")
    with Simulator(replay=path, speed="stepped") as exchange:
        exchange.advance(60)
        progress = exchange.replay_progress()
        assert (progress.played, progress.skipped, progress.bad, progress.refused, progress.done) == (21, 0, 0, 0, True)
        assert 0 < exchange.ticker("BTC-USDT").best_bid < exchange.ticker("BTC-USDT").best_ask


def test_no_example_is_forgotten() -> None:
    """One that nobody runs will not run for long."""
    assert {path.name for path in EXAMPLES.glob("[a-z]*.py")} == set(WORDS)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_its_first_line_says_whether_it_sends_orders(path: Path) -> None:
    """Somebody may have live keys in his environment."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 50
    first = text.splitlines()[0]
    assert first.startswith('"""')
    assert ("SENDS" in first) == sends_orders(path.name)
    assert ("Sends no orders" in first) != sends_orders(path.name)


def test_live_orders_take_keys(tmp_path: Path) -> None:
    """Without them nothing happens at all, not even on the simulator."""
    (done,) = run_programs([Program(EXAMPLES / "place_an_order.py", ("--live",))], tmp_path)
    assert done.code != 0
    assert "KUCOIN_API_KEY" in done.stderr
    assert "accepted" not in done.stdout
