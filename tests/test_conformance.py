"""The conformance checks: a simulator passes them, and they find what is different."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kucoin_sync.kucoin.hosts import REGIONS
from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.classic.channels import CHANNELS
from kucoin_sync.simulator.pro.channels import CHANNELS as PRO_CHANNELS
from tests.conformance.__main__ import main, results
from tests.conformance.checks import CHECKS
from tests.conformance.forms import differences
from tests.conformance.service import LIVE, Hosts, Service, hosts_of, simulated
from tests.peers import refused_port


def test_simulator_passes_every_check() -> None:
    """None is silent either: in a simulator every topic has a message."""
    lines: list[str] = []
    assert main(["--simulator"], lines.append) == 0, "\n".join(line for line in lines if "  ok  " not in line)
    assert lines[-1] == f"{len(CHECKS)} ok, 0 differs, 0 silent"
    assert len(lines) == len(CHECKS) + 1


@pytest.fixture
def reference() -> Iterator[Service]:
    with simulated(seed=1) as (service, _):
        yield service


def found(service: Service, reference: Service, *names: str) -> dict[str, str]:
    """Return what some checks found, without those that are as they should be."""
    chosen = [check for check in CHECKS if check.name in names]
    assert len(chosen) == len(names)
    return {result.check.name: result.what for result in results(service, reference, chosen) if result.word != "ok"}


def test_changed_answer_is_found(reference: Service) -> None:
    with simulated(seed=2) as (service, simulator):
        simulator.edit_rest("/api/v1/status", {"data": {"msg": None, "more": 1}}, count=None)
        assert found(service, reference, "spot /api/v1/status", "futures /api/v1/status", "spot /api/v1/markets") == {
            "spot /api/v1/status": "more is new; msg is missing",
            "futures /api/v1/status": "more is new; msg is missing",
        }


def test_refused_call_is_found(reference: Service) -> None:
    with simulated(seed=2) as (service, simulator):
        simulator.refuse_rest("/api/v1/market/stats", "429000", "Too many requests", 429)
        (what,) = found(service, reference, "spot /api/v1/market/stats?symbol=BTC-USDT").values()
        assert "429000" in what


def test_other_frames_are_found(reference: Service) -> None:
    with simulated(seed=2, pro_frames="text", pro_acks="string") as (service, _):
        assert set(found(service, reference, "pro-spot binary", "pro-spot subscribe", "pro-spot no JSON")) == {
            "pro-spot binary",
            "pro-spot subscribe",
        }


def test_missing_answer_costs_the_checks_after_it_nothing(reference: Service) -> None:
    with simulated(seed=2, patience=2) as (service, simulator):
        simulator.no_pong(1, "v1")
        simulator.drop_subscribe_ack(1)
        assert found(service, reference, "spot ping", "spot subscribe", "spot number id", "spot again") == {
            "spot ping": "no answer within 2 s",
            "spot subscribe": "no answer within 2 s",
        }
        assert simulator.opened("v1") == 1


def test_late_answer_is_not_taken_for_the_next_one(reference: Service) -> None:
    with simulated(seed=2) as (service, simulator):
        assert found(service, reference, "spot welcome") == {}
        simulator.bad_frame(json.dumps({"id": "stray", "type": "ack"}), "v1")
        what = found(service, reference, "spot subscribe", "spot number id", "spot again")
        assert set(what) == {"spot subscribe"} and "stray" in what["spot subscribe"]
        assert simulator.opened("v1") == 1


def test_line_that_ends_is_opened_again(reference: Service) -> None:
    with simulated(seed=2) as (service, simulator):
        simulator.close_after_welcome(1000, 1, "v1")
        assert set(found(service, reference, "spot subscribe", "spot number id")) == {"spot subscribe"}
        assert simulator.opened("v1") == 2


@pytest.mark.parametrize("way", ["status", "frame"])
def test_wrong_token_may_be_told_in_both_ways(reference: Service, way: str) -> None:
    with simulated(seed=2, token_refusals=way) as (service, _):
        assert found(service, reference, "spot wrong token", "futures wrong token") == {}


def test_topic_without_a_message_is_silent_and_no_difference(reference: Service) -> None:
    checks = [check for check in CHECKS if check.name == "spot /market/match:BTC-USDT"]
    with (
        Simulator(market_maker=False) as simulator,
        Service(hosts_of(simulator), patience=5, push_patience=0.1, proxies=False) as service,
    ):
        (result,) = results(service, reference, checks)
    assert (result.word, result.what) == ("silent", "/market/match:BTC-USDT")


def test_service_that_is_not_there_is_told(reference: Service) -> None:
    nobody = f"127.0.0.1:{refused_port()}"
    hosts = Hosts(f"http://{nobody}", f"http://{nobody}", f"ws://{nobody}", f"ws://{nobody}")
    with Service(hosts, patience=5, push_patience=1, proxies=False) as service:
        what = found(service, reference, "spot clock", "futures welcome", "pro-spot welcome", "pro-futures trade")
    assert len(what) == 4 and all("no answer" in text for text in what.values())


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        ({"a": 1}, {"a": 2}, []),
        ({"a": 1}, {"a": "2"}, ["a: text, not number"]),
        ({"a": True}, {"a": 1}, ["a: number, not flag"]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, ["a.b is missing", "a.c is new"]),
        ({"a": None}, {"a": 1}, []),
        ({"a": 1}, {"a": None}, []),
        ([["1", "2"]], [["1", "2", "3"]], ["[0]: 3 elements, not 2"]),
        ([], [1], []),
        (["a"], ["a", "b"], []),
        ([{"a": 1}], [{"a": "1"}], ["[0].a: text, not number"]),
        ([], {}, ["all of it: object, not list"]),
    ],
)
def test_forms_differ_by_keys_and_kinds(expected: Any, actual: Any, told: list[str]) -> None:
    assert list(differences(expected, actual)) == told


def test_every_check_has_a_name_a_statement_and_a_source() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    assert all(check.statement for check in CHECKS)
    others = {check.source for check in CHECKS if not check.source.startswith("docs: ")}
    assert others == {
        "assumed",
        "recorded frame",
        "seen in other clients",
        "both seen in reports; which one is unknown",
    }


#: They are about things that hardly ever happen, or not any more.
LEFT_OUT = {
    "/callauction/level2Depth50",
    "/callauction/callauctionData",
    "/margin/fundingBook",
    "/contract/announcement",
}
LEFT_OUT |= {"callAuctionInfo", "funding-fee-all-symbols"}


def test_every_public_topic_is_looked_at() -> None:
    text = " ".join(f"{check.name} {check.source}" for check in CHECKS)
    public = {path for path, channel in CHANNELS.items() if not channel.private}
    public |= {name for name, channel in PRO_CHANNELS.items() if not channel.private}
    assert {path for path in public if f"{path}:" not in text and f", {path}" not in text} == LEFT_OUT


def test_live_hosts_are_those_of_the_client() -> None:
    """A client's own table has them too, and the two were written apart."""
    region = REGIONS["GLOBAL"]
    assert Hosts(region.spot_rest, region.futures_rest, region.pro_spot, region.pro_futures) == LIVE
