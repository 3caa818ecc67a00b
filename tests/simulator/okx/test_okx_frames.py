"""
The simulated OKX speaks in the shapes that were documented and recorded: the same members, the same types.

The simulator is made to say all it can say; each sample must find its members among what was said, and nothing may be
said that no sample has. Own samples, in numbers of our own, are in ``tests/data/okx_frames.jsonl``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync.simulator import OkxForms, OkxLimits, Simulator
from tests.simulator.okx.clients import (
    SPOT,
    SPREAD,
    SWAP,
    OkxSocket,
    call,
    codes,
    login_frame,
    open_okx,
    order,
    public,
    respond,
)
from tests.simulator.okx.samples import MISSING, recorded_samples

OWN = Path(__file__).resolve().parents[2] / "data" / "okx_frames.jsonl"

SILENT = {
    "orders-algo": "algo orders are not simulated",
    "grid-orders-spot": "grids are not simulated",
    "account-greeks": "options are not simulated",
    "deposit-info": "deposits are not told",
    "instruments": "no instrument ever changes",
    "status": "there is no maintenance",
    "index-candle30m": "as mark-price-candle1D",
}
"""Channels that are acknowledged and never push."""

BEYOND: dict[str, set[str]] = {
    "push:funding-rate": {"data.formulaType"},  # in the list of fields, not in the sample
    "error:64001": {"connId"},  # the sample is older than this member
}
"""Members that no sample has, and documents name."""

LACKING = {
    "rest:error:50113": {"data"},  # with status 401 an answer has none
    "push:liquidation-orders": {"id"},  # a stray one
    "rest:GET /api/v5/public/instruments:0": {f"data.upcChg.{name}" for name in ("param", "newValue", "effTime")},
    "push:positions": {
        f"data.closeOrderAlgo.{name}"
        for name in ("algoId", "slTriggerPx", "slTriggerPxType", "tpTriggerPx", "tpTriggerPxType", "closeFraction")
    },
}
"""Members that a sample has and the simulator leaves out: no change is announced here, and there are no algo orders."""


def shape(value: Any, path: str = "") -> dict[str, str]:
    """Return each member of a frame, lists left through, with the kind of its value; an ``arg`` is the client's."""
    if isinstance(value, dict):
        found = {}
        for name, each in value.items():
            inner = f"{path}.{name}" if path else name
            found[inner] = _kind(each)
            if inner != "arg":
                found.update(shape(each, inner))
        return found
    if isinstance(value, list):
        return {name: kind for each in value for name, kind in shape(each, path).items()}
    return {}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    return {str: "text", int: "number", list: "list", dict: "object"}.get(type(value), type(value).__name__)


def kind_of(frame: Any, rest: str = "") -> str:
    """Return what a frame is: ``push:orders``, ``error:60018``, ``op:order:0``, ``rest:GET /api/v5/...:0``."""
    if rest:
        return f"{rest}:{frame['code']}"
    if "op" in frame:
        return f"op:{frame['op']}:{frame['code']}"
    if "event" in frame:
        return f"error:{frame['code']}" if frame["event"] == "error" else f"event:{frame['event']}"
    channel = frame["arg"]["channel"]
    return f"push:{channel}"


class Collector:
    """What the simulator said, by kind."""

    def __init__(self) -> None:
        self.shapes: dict[str, dict[str, str]] = {}

    def add(self, frame: Any, rest: str = "") -> None:
        self.shapes.setdefault(kind_of(frame, rest), {}).update(shape(frame))

    def take_until(self, socket: OkxSocket, *channels: str) -> None:
        """Take all that a connection has been sent, once each of these channels has pushed."""
        left = set(channels) - {frame["arg"]["channel"] for frame in socket.seen if "data" in frame and "arg" in frame}
        while left:
            frame = socket.receive()
            if "arg" in frame and "data" in frame:
                left.discard(frame["arg"]["channel"])
        self.take(socket)

    def take(self, socket: OkxSocket) -> None:
        """Take all that a connection has ever been sent."""
        socket.arrived()
        for frame in socket.seen:
            self.add(frame)


@functools.cache
def said() -> dict[str, dict[str, str]]:
    """Let two simulators say all they can."""
    collector = Collector()
    limits = OkxLimits(connections_per_second=None, connections_per_channel=1)
    with Simulator(exchange="okx", market_maker=False, limits=limits, push_interval_scale=0.0) as simulator:
        _refused_logins(simulator, collector)
        _public(simulator, collector)
        _private(simulator, collector)
        _business(simulator, collector)
        _rest(simulator, collector)
    forms = OkxForms(wrong_paths="moved", fee_tier=0, market_maker_protection=True, environment="live")
    limits = OkxLimits(connections_per_second=None, requests_per_hour=4)
    with Simulator(exchange="okx", market_maker=False, limits=limits, okx=forms) as simulator:
        with open_okx(simulator, "public", login=True) as socket:
            for channel in ("candle1m", "books-l2-tbt", "books", "trades"):
                socket.send({"op": "subscribe", "args": [{"channel": channel, "instId": SPOT}]})
            collector.take(socket)
        with open_okx(simulator) as socket:
            socket.run("mass-cancel", {"instType": "OPTION", "instFamily": SPOT})
            collector.take(socket)
        wrong = respond(simulator, "GET", "/api/v5/account/config", **{"x-simulated-trading": "1"})
        assert wrong.status_code == 401
        collector.add(wrong.json(), "rest:error")
    return collector.shapes


def _refused_logins(simulator: Simulator, collector: Collector) -> None:
    good = login_frame(simulator)["args"][0]
    for account in (
        {**good, "timestamp": "soon"},
        {**good, "apiKey": ""},
        login_frame(simulator, timestamp="1704876947")["args"][0],
        {**good, "sign": "AAAA"},
        {**good, "passphrase": "wrong"},
        "nothing",
    ):
        with open_okx(simulator, login=False) as socket:
            collector.add(socket.ask({"op": "login", "args": [account]}))
    with open_okx(simulator) as socket:
        socket.ask(login_frame(simulator))
        socket.ask({"op": "ping"})
        socket.ask({"id": "1512", "op": "subscribe", "argss": []})
        assert simulator.service_notice(3600) == 1
        collector.take(socket)
        with open_okx(simulator) as other:
            for each in (socket, other):
                each.send({"id": "1", "op": "subscribe", "args": [{"channel": "orders", "instType": "ANY"}]})
                collector.take(each)
    with open_okx(simulator, login=False) as socket:
        socket.ask(login_frame(simulator))


def _public(simulator: Simulator, collector: Collector) -> None:
    with open_okx(simulator, "public") as socket:
        simulator.counter_order(SPOT, "sell", "1", "60001")
        simulator.counter_order(SPOT, "buy", "1", "59999")
        simulator.counter_contract_order(SWAP, "sell", 10, "60001")
        simulator.counter_contract_order(SWAP, "buy", 10, "59999")
        for channel in ("tickers", "trades", "books", "books5", "bbo-tbt", "mark-price", "index-tickers"):
            socket.send({"id": "1", "op": "subscribe", "args": [{"channel": channel, "instId": SPOT}]})
        for channel in ("price-limit", "funding-rate"):
            socket.send({"id": "1", "op": "subscribe", "args": [{"channel": channel, "instId": SWAP}]})
        socket.send({"op": "subscribe", "args": [{"channel": "liquidation-orders", "instType": "SWAP"}]})
        socket.send({"op": "subscribe", "args": [{"channel": "books-l2-tbt", "instId": SPOT}]})
        socket.send({"op": "subscribe", "args": [{"channel": "candle1s", "instId": SWAP}]})
        socket.send({"op": "unsubscribe", "args": [{"channel": "price-limit", "instId": SWAP}]})
        socket.arrived()
        simulator.counter_order(SPOT, "buy", "0.1", None)
        _liquidate(simulator)
        collector.take_until(socket, "trades", "liquidation-orders")
    with open_okx(simulator, "public", login=True) as socket:
        for channel in ("books-l2-tbt", "books"):
            socket.send({"op": "subscribe", "args": [{"channel": channel, "instId": SPOT}]})
        collector.take(socket)


def _liquidate(simulator: Simulator) -> None:
    """Let the account lose a position: it buys with all it has, and the price falls."""
    with open_okx(simulator) as socket:
        leverage = {"instId": SWAP, "mgnMode": "isolated", "lever": "100"}
        assert call(simulator, "POST", "/api/v5/account/set-leverage", leverage)["code"] == "0"
        item = socket.place(inst_id=SWAP, tdMode="isolated", ordType="market", px=None, sz="10")
        assert item["sCode"] == "0", item
        simulator.set_index_price(SWAP, "50000")
        simulator.set_index_price(SWAP, None)


def _private(simulator: Simulator, collector: Collector) -> None:
    with open_okx(simulator) as socket:
        for arg in (
            {"channel": "orders", "instType": "ANY"},
            {"channel": "fills"},
            {"channel": "account"},
            {"channel": "positions", "instType": "SWAP"},
            {"channel": "balance_and_position"},
        ):
            socket.send({"id": "1512", "op": "subscribe", "args": [arg]})
        simulator.counter_contract_order(SWAP, "sell", 10, "60001")
        assert socket.place(inst_id=SWAP, ordType="market", px=None, sz="2")["sCode"] == "0"
        socket.run("order", order(simulator, clOrdId="b1", tag="t"))
        socket.run("amend-order", {**named(simulator, "b1"), "newSz": "0.02", "reqId": "r1"})
        socket.run("amend-order", {**named(simulator, "b1"), "newSz": "10000"})
        socket.run("cancel-order", named(simulator, "b1"))
        socket.run("cancel-order", named(simulator, "b1"))
        socket.run("order", order(simulator, sz="10000"))
        socket.run("order", {}, {})
        socket.run("cancel-order", {}, {})
        socket.run("batch-orders")
        good, poor = order(simulator, clOrdId="c1"), order(simulator, clOrdId="c2", sz="10000")
        socket.run("batch-orders", good, order(simulator, clOrdId="c3"))
        socket.run("batch-orders", poor, poor | {"clOrdId": "c4"})
        changes = [{**named(simulator, name), "newPx": "20001"} for name in ("c1", "c3")]
        socket.run("batch-amend-orders", *changes)
        socket.run("batch-amend-orders", *({**named(simulator, n), "newSz": "1"} for n in ("x", "y")))
        socket.run("batch-cancel-orders", named(simulator, "c1"), named(simulator, "x"))
        socket.run("batch-cancel-orders", named(simulator, "c3"))
        socket.run("batch-orders", order(simulator, clOrdId="d1"), poor)
        simulator.counter_order(SPOT, "sell", "0.004", "20000")
        collector.take(socket)
        assert open_positions(simulator)
        with open_okx(simulator) as fresh:
            fresh.send({"op": "subscribe", "args": [{"channel": "positions", "instType": "ANY"}]})
            fresh.send({"op": "subscribe", "args": [{"channel": "balance_and_position"}]})
            collector.take(fresh)


def open_positions(simulator: Simulator) -> Any:
    return call(simulator, "GET", "/api/v5/account/positions")["data"]


def named(simulator: Simulator, client_oid: str) -> dict[str, Any]:
    return {"instIdCode": codes(simulator)[SPOT], "clOrdId": client_oid}


def _business(simulator: Simulator, collector: Collector) -> None:
    with open_okx(simulator, "business") as socket:
        for arg in (
            *({"channel": channel, "instId": SPOT} for channel in ("trades-all", "candle1D", "candle1m")),
            {"channel": "mark-price-candle1D", "instId": SWAP},
            *({"channel": channel, "sprdId": SPREAD} for channel in ("sprd-books-l2-tbt", "sprd-public-trades")),
            *({"channel": channel} for channel in ("sprd-orders", "sprd-trades", "deposit-info")),
        ):
            socket.send({"id": "1512", "op": "subscribe", "args": [arg]})
        args = {"sprdId": SPREAD, "side": "buy", "ordType": "limit", "px": "-2.1", "sz": "2", "clOrdId": "b15"}
        socket.run("sprd-order", args)
        socket.run("sprd-order", {}, {})
        socket.run("sprd-amend-order", {"clOrdId": "b15", "newSz": "3", "reqId": "r"})
        socket.run("sprd-amend-order", {"clOrdId": "none", "newSz": "3"})
        simulator.counter_spread_order(SPREAD, "sell", "1", "-2.1")
        socket.run("sprd-cancel-order", {"clOrdId": "b15"})
        socket.run("sprd-cancel-order", {"clOrdId": "b15"})
        socket.run("sprd-mass-cancel", {"sprdId": SPREAD})
        simulator.counter_order(SPOT, "buy", "0.1", None)
        collector.take_until(socket, "candle1D", "candle1m", "mark-price-candle1D")


def _rest(simulator: Simulator, collector: Collector) -> None:
    args = {"instId": SPOT, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "20000", "sz": "0.01"}
    collector.add(
        call(simulator, "POST", "/api/v5/trade/order", {**args, "clOrdId": "rest1"}), "rest:POST /api/v5/trade/order"
    )
    path = f"/api/v5/trade/order?instId={SPOT}&clOrdId="
    collector.add(call(simulator, "GET", path + "rest1"), "rest:GET /api/v5/trade/order")
    collector.add(call(simulator, "GET", path + "d1"), "rest:GET /api/v5/trade/order")
    collector.add(call(simulator, "GET", path + "none"), "rest:error")
    bad = respond(simulator, "GET", "/api/v5/account/config", **{"OK-ACCESS-SIGN": "AAAA"})
    assert bad.status_code == 401
    collector.add(bad.json(), "rest:error")
    for kind in ("SPOT", "SWAP"):
        rows = public(simulator, f"/api/v5/public/instruments?instType={kind}")
        collector.add({"code": "0", "msg": "", "data": rows}, "rest:GET /api/v5/public/instruments")
    for path in ("/api/v5/public/time", "/api/v5/sprd/spreads"):
        collector.add({"code": "0", "msg": "", "data": public(simulator, path)}, f"rest:GET {path}")


def samples(path: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield a label, the kind and the frame of the samples that a server sends."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        sample = json.loads(line)
        if sample["direction"] != "server->client" or isinstance(sample["frame"], str):
            continue
        rest = sample["channel"] if sample["channel"].startswith("rest:") else ""
        kind = kind_of(sample["frame"], rest)
        yield f"{number} {kind}", kind, sample["frame"]


def paths() -> list[Path]:
    """Return the files with samples that are here."""
    recorded = recorded_samples()
    return [path for path in (OWN, recorded) if path is not None]


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.parent.name)
def test_every_sample_of_a_server_has_its_counterpart(path: Path) -> None:
    wrong = {}
    for label, kind, frame in samples(path):
        if kind.removeprefix("push:") in SILENT:
            continue
        ours = said().get(kind)
        if ours is None:
            wrong[label] = "is never said"
            continue
        allowed = LACKING.get(kind, set())
        wanted = {name: each for name, each in shape(frame).items() if name not in allowed and ours.get(name) != each}
        if wanted:
            wrong[label] = str({name: (each, ours.get(name)) for name, each in wanted.items()})
    assert wrong == {}


def test_nothing_is_said_that_no_sample_says() -> None:
    recorded = recorded_samples()
    if recorded is None:
        pytest.skip(MISSING)
    known: dict[str, set[str]] = {}
    for path in (OWN, recorded):
        for _, kind, frame in samples(path):
            known.setdefault(kind, set()).update(shape(frame))
    more = {
        kind: set(said()[kind]) - names - BEYOND.get(kind, set()) for kind, names in known.items() if kind in said()
    }
    assert {kind: names for kind, names in more.items() if names} == {}


def test_a_missing_member_and_another_type_would_be_found() -> None:
    sample = {"arg": {"channel": "trades"}, "data": [{"px": "1", "count": 3, "new": True}]}
    assert kind_of(sample) == "push:trades"
    ours = said()["push:trades"]
    assert {name for name, kind in shape(sample).items() if ours.get(name) != kind} == {"data.count", "data.new"}
