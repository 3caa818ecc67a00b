"""
Python clients of KuCoin which know nothing of this project, run against the simulator as they come from their registry.

Each is installed in an environment of its own, so that what they depend on is not met here: ``python -m pytest -m
other_clients``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kucoin_sync.simulator import Simulator
from tests.other_clients.programs import HERE, LIMIT, said

pytestmark = pytest.mark.other_clients


@pytest.fixture
def install(tmp_path: Path) -> Callable[[str, str], list[str]]:
    """Return a function that installs a package and returns the command that runs a program of ours beside it."""

    def install(package: str, program: str) -> list[str]:
        home = tmp_path / "environment"
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=LIMIT)
        python = str(home / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", package], check=True, timeout=LIMIT, capture_output=True)
        shutil.copy(HERE / program, tmp_path)
        return [python, program]

    return install


def test_the_official_sdk_calls_streams_and_trades(install: Callable[[str, str], list[str]], tmp_path: Path) -> None:
    """Over plain HTTP: its REST calls trust the authorities that came with it and no others."""
    command = install("kucoin-universal-sdk==1.3.2", "official_python.py")
    with Simulator() as simulator:
        saw = said(simulator, [*command, simulator.url], folder=tmp_path)
        assert {row.client_oid for row in simulator.orders()} >= {"python-1", "python-3", "python-4"}
        assert simulator.truth("python-7").executed == 1
        assert {row.client_oid for row in simulator.futures_orders()} == {"python-2", "python-5", "python-6"}

    assert [row["currency"] for row in saw["rest.spot.accounts"]["data"]] == ["USDT"]
    assert "BTC-USDT" in saw["rest.spot.symbols"]
    assert float(saw["rest.futures.ticker"]["bestBidPrice"]) < float(saw["rest.futures.ticker"]["bestAskPrice"])
    assert saw["rest.spot.cancel"]["orderId"] == saw["rest.spot.place"]["orderId"]
    assert saw["rest.futures.cancel"]["cancelledOrderIds"] == [saw["rest.futures.place"]["orderId"]]

    streams = {name: row for name, row in saw.items() if isinstance(row, dict) and "topic" in row}
    assert len(streams) == 17
    for name, row in streams.items():
        assert row["topic"].startswith("/") and row["data"], name
    assert streams["spot.order_v2"]["data"]["clientOid"] == "python-3"
    assert streams["futures.all_order"]["data"]["clientOid"] == "python-5"

    assert saw["uta.spot.ticker"]["T"] == "ticker.SPOT" and saw["uta.futures.trade"]["T"] == "trade.FUTURES"
    assert saw["uta.order_all"]["d"]["ci"] == "python-7"
    assert saw["uta.cancel"]["data"]["orderId"] == saw["uta.order"]["data"]["orderId"]


def test_python_kucoin_calls_streams_and_trades(install: Callable[[str, str], list[str]], tmp_path: Path) -> None:
    """Over TLS: it hands its WebSocket library an answer to "is this encrypted" that only ``yes`` gets past."""
    command = install("python-kucoin==2.2.0", "python_kucoin.py")
    with Simulator(tls=True) as simulator:
        saw = said(simulator, [*command, simulator.url], folder=tmp_path)
        assert {row.client_oid for row in simulator.orders()} >= {"pk-1", "pk-3"}

    assert saw["hf_get_order"]["clientOid"] == "pk-1"
    assert saw["hf_cancel_order"]["orderId"] == saw["hf_create_limit_order"]["orderId"]
    assert saw["futures_cancel_order"]["cancelledOrderIds"] == [saw["futures_create_order"]["orderId"]]
    assert saw["ticker"]["subject"] == "trade.ticker" and saw["level2"]["subject"] == "trade.l2update"
    assert saw["balance"]["data"]["relationEvent"] == "trade_hf.hold"
