"""
The times of ``python -m benchmarks.recovery``: its bounds are judged, and a short run sees every fault and its end.

How long things take is for a machine that has time: the long run looks at it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.recovery import __main__ as command
from benchmarks.recovery import trials
from benchmarks.recovery.samples import REOPEN, Case, Times
from benchmarks.recovery.trials import Plan, run

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="two processes must read the same clock")

ORDER_HOLE = "blackhole, order in flight"


def test_percentiles_are_times_that_were_measured() -> None:
    assert Times.of([3.0, 1.0, 2.0]) == Times(2.0, 3.0, 3.0)
    assert Times.of([float(n) for n in range(200)]) == Times(99.0, 197.0, 199.0)
    assert Times.of([5.0]) == Times(5.0, 5.0, 5.0)


@pytest.mark.parametrize(
    ("bound", "detect", "recover", "said"),
    [
        (0.05, 0.05, 0.5 + REOPEN - 0.001, []),
        (0.05, 0.051, 0.6, ["noticed after 0.051 s"]),
        (0.05, 0.01, 0.5 + REOPEN + 0.01, ["open 0.310 s after the backoff"]),
        (None, 9.0, 0.1, []),
    ],
)
def test_a_case_says_which_bound_was_broken(bound: float, detect: float, recover: float, said: list[str]) -> None:
    case = Case("FIN", "orders", False, bound, [0.001, detect], [0.3, recover], [0.5, 0.5])
    broken = case.broken()
    assert len(broken) == len(said)
    assert all(text in one for one, text in zip(broken, said, strict=True))


def test_what_did_not_happen_is_a_broken_bound() -> None:
    assert Case("FIN", "orders", True, 0.05, problems=["no open"]).broken() == ["FIN, orders, TLS: no open"]


@needs_linux
@pytest.mark.parametrize(
    ("tls", "faults"), [(False, ["FIN", "RST", "restart"]), (True, ["FIN", "blackhole, idle", ORDER_HOLE])]
)
def test_every_fault_is_noticed_and_got_over(tls: bool, faults: list[str]) -> None:
    outcome = run(Plan(trials=1, slow_trials=1, transports=(tls,), faults=faults))
    assert {case.fault for case in outcome.cases} == set(faults)
    for case in outcome.cases:
        assert case.problems == []
        assert len(case.detect) == len(case.recover) == len(case.steps) == 1
        assert case.detect[0] >= (2.9 if case.fault == ORDER_HOLE else 0.0)
        assert case.recover[0] > 0 and case.steps[0] > 0


@needs_linux
def test_the_command_fails_if_a_bound_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trials.NOTICED, "RST", 0.0)
    file = tmp_path / "recovery.json"
    assert command.main(["--trials", "1", "--fault", "RST", "--transport", "plain", "--json", str(file)]) == 1
    told = json.loads(file.read_text(encoding="utf-8"))
    assert len(told["cases"]) == 2 and len(told["broken"]) >= 2
    assert "FOUND: RST, stream, plain: noticed after" in capsys.readouterr().out
