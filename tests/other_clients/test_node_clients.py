"""
Node clients of KuCoin which know nothing of this project, run against the simulator as they come from their registry.

They need Node and its package registry: ``python -m pytest -m other_clients``. The one of Tiago Siebler is looked for
in the folder that ``KUCOIN_API_NODE`` names: it holds the package's package.json, what it built, and its dependencies.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kucoin_sync.simulator import Simulator
from tests.other_clients.programs import HERE, LIMIT, said

pytestmark = [
    pytest.mark.other_clients,
    pytest.mark.skipif(shutil.which("npm") is None, reason="Node and npm are not here"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("node")
    for name in ("package.json", "ccxt.mjs", "official.cjs", "node_kucoin_api.mjs"):
        shutil.copy(HERE / name, made)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=made, check=True, timeout=LIMIT, capture_output=True)
    return made


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(tls=True) as running:
        yield running


@pytest.mark.parametrize("kind", ["kucoin", "kucoinfutures"])
def test_ccxt_streams_and_trades(folder: Path, simulator: Simulator, kind: str) -> None:
    saw = said(simulator, ["node", "ccxt.mjs", simulator.url, kind], folder=folder)

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
    saw = said(simulator, ["node", "official.cjs", simulator.url], folder=folder)

    assert len(saw) == 17
    for name, push in saw.items():
        empty = [key for key, value in push["data"].items() if value is None]
        assert push["topic"].startswith("/") and not empty, (name, empty)
    assert saw["spot.ticker"]["topic"] == "/market/ticker:BTC-USDT"
    assert saw["futures.tickerV2"]["data"]["symbol"] == "XBTUSDTM"
    assert saw["spot.orderV2"]["data"]["clientOid"] == "other-1"
    assert saw["futures.allOrder"]["data"]["clientOid"] == "other-3"
    assert {row.client_oid for row in simulator.orders()} >= {"other-1", "other-2"}


@pytest.mark.skipif("KUCOIN_API_NODE" not in os.environ, reason="KUCOIN_API_NODE names no folder with the package")
def test_kucoin_api_streams_and_trades(folder: Path, simulator: Simulator) -> None:
    saw = said(simulator, ["node", "node_kucoin_api.mjs", simulator.url], folder=folder)

    assert saw["rest spot look up"]["clientOid"] == "node-rest"
    assert saw["rest spot cancel"]["orderId"] == saw["rest spot place"]["orderId"]
    assert saw["rest futures look up"]["id"] == saw["rest futures place"]["orderId"]
    assert saw["rest refused"] == {"code": 200, "msg": {"code": "400100", "msg": "Price increment invalid."}}

    streams = {name: row for name, row in saw.items() if name.partition(" ")[2].startswith("/")}
    assert len(streams) == 11
    for name, row in streams.items():
        assert row["topic"].startswith(name.partition(" ")[2]) and row["data"], name
    assert saw["spotPrivateV1 /spotMarket/tradeOrdersV2"]["data"]["clientOid"] == "node-1"
    assert saw["futuresPrivateV1 /contractMarket/tradeOrders"]["data"]["clientOid"] == "node-5"
    assert saw["spotPublicProV2 ticker"]["d"]["s"] == "BTC-USDT"
    assert saw["futuresPublicProV2 ticker"]["d"]["s"] == "XBTUSDTM"
    assert saw["privateProV2 orderAll"]["d"]["ci"] == "node-9"

    assert saw["spot.cancel"]["orderId"] == saw["spot.modify"]["newOrderId"] != saw["spot.order"]["orderId"]
    assert (saw["spot.sync_order"]["status"], saw["spot.sync_cancel"]["status"]) == ("open", "done")
    assert saw["futures.cancel"]["cancelledOrderIds"] == [saw["futures.order"]["orderId"]]
    assert [row["code"] for row in saw["futures.multi_order"]] == ["200000"] * 2
    assert [row["orderId"] for row in saw["futures.multi_cancel"]] == [
        row["orderId"] for row in saw["futures.multi_order"]
    ]
    assert saw["spot.order refused"]["code"] == "400100"
    # Every ping was answered in time, and the one connection that was lost came back.
    assert (saw["lost before"], saw["lost after"]) == ([], ["wsApiSpotV1"])
    for number in (1, 2, 3, 4, 9, 10):
        assert simulator.truth(f"node-{number}").executed, number
