"""
Clients of KuCoin which know nothing of this project, run against the simulator as they come from their registry.

They need Node and its package registry: ``python -m pytest -m other_clients``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync.simulator import Simulator

pytestmark = [
    pytest.mark.other_clients,
    pytest.mark.skipif(shutil.which("npm") is None, reason="Node and npm are not here"),
]

HERE = Path(__file__).parent
LIMIT = 180.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("node")
    for name in ("package.json", "ccxt.mjs", "official.cjs"):
        shutil.copy(HERE / name, made)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=made, check=True, timeout=LIMIT, capture_output=True)
    return made


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(tls=True) as running:
        yield running


def said(folder: Path, simulator: Simulator, *command: str) -> dict[str, Any]:
    """Return what a program printed, by the name of the call."""
    authority = folder / "ca.pem"
    assert simulator.ca_pem is not None
    authority.write_bytes(simulator.ca_pem)
    keys = {
        "API_KEY": simulator.api_key,
        "API_SECRET": simulator.api_secret,
        "API_PASSPHRASE": simulator.api_passphrase,
        "NODE_EXTRA_CA_CERTS": str(authority),
        # A proxy of the environment is not for this machine.
        "NO_PROXY": "127.0.0.1",
    }
    run = subprocess.run(
        ["node", command[0], simulator.url, *command[1:]],
        cwd=folder,
        env={**os.environ, **keys},
        timeout=LIMIT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith('{"call"')]
    return {row["call"]: row["value"] for row in rows}


@pytest.mark.parametrize("kind", ["kucoin", "kucoinfutures"])
def test_ccxt_streams_and_trades(folder: Path, simulator: Simulator, kind: str) -> None:
    saw = said(folder, simulator, "ccxt.mjs", kind)

    assert 50_000 < saw["watchTicker"]["bid"] < saw["watchTicker"]["ask"] < 70_000
    assert saw["watchTrades"][0]["side"] in ("buy", "sell")
    opened, _open, high, low, close, volume = saw["watchOHLCV"][-1]
    assert opened % 60_000 == 0 and low <= close <= high and volume > 0
    bids, asks = saw["watchOrderBook"]["bids"], saw["watchOrderBook"]["asks"]
    assert [row[0] for row in bids] == sorted((row[0] for row in bids), reverse=True)
    assert [row[0] for row in asks] == sorted(row[0] for row in asks) and bids[0][0] < asks[0][0]

    order_id = saw["createOrder"]["id"]
    assert saw["fetchOrder"]["id"] == order_id and saw["fetchOrder"]["status"] == "open"
    assert order_id in [row["id"] for row in saw["watchOrders"]]
    assert saw["watchBalance"]["free"] < saw["fetchBalance"]["free"]
    assert saw["fetchOpenOrders"] == []


def test_the_official_sdk_streams_and_trades(folder: Path, simulator: Simulator) -> None:
    saw = said(folder, simulator, "official.cjs")

    assert len(saw) == 17
    for name, push in saw.items():
        empty = [key for key, value in push["data"].items() if value is None]
        assert push["topic"].startswith("/") and not empty, (name, empty)
    assert saw["spot.ticker"]["topic"] == "/market/ticker:BTC-USDT"
    assert saw["futures.tickerV2"]["data"]["symbol"] == "XBTUSDTM"
    assert saw["spot.orderV2"]["data"]["clientOid"] == "other-1"
    assert saw["futures.allOrder"]["data"]["clientOid"] == "other-3"
    assert {row.client_oid for row in simulator.orders()} >= {"other-1", "other-2"}
