"""
The catalogue of faults: which there are, which tests show what happens then, and how many of them passed.

`faults.json` beside this module lists the faults, by group and number. A test takes the number into its name
(``test_T08_...``). From the two comes the page of the documentation, written by ``python -m tests.fault_table``, and
the table at the end of a test run. `one_exchange.json` says of the faults whose tests do not run on both exchanges why
that is so.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

__all__ = ["FaultTable", "listed_faults", "names_of_tests", "numbers_in", "numbers_on_both", "page", "reasons"]

TESTS = Path(__file__).resolve().parent
CATALOGUE = TESTS / "faults.json"
REASONS = TESTS / "one_exchange.json"
PAGE = TESTS.parent / "docs" / "faults.rst"
WIDTH = 120

HEAD = """\
.. currentmodule:: kucoin_sync

Faults and their tests
======================

What can go wrong, what the library does then, and the test that shows it. The numbers are in the names of the tests:
``python -m pytest -k T08`` runs those of one fault, and the end of a run of all tests tells how many faults of each
group passed. A number that is missing is not in use. The rules for orders are in :doc:`orders`.

KuCoin and OKX share all code but that which knows their messages, so most tests run on both, or each exchange has its
own: these faults say *both*. The others say why not: *KuCoin* only can have the fault, or the code is *shared* and
never sees a message of an exchange, so that a second run would be the same run.
"""


def listed_faults() -> dict[str, dict[str, str]]:
    """Return the catalogue: title of the group to number to what happens."""
    groups: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return groups


def reasons() -> dict[str, str]:
    """Return why the tests of a fault do not run on both exchanges, by number."""
    found: dict[str, str] = json.loads(REASONS.read_text(encoding="utf-8"))
    return found


def numbers_on_both() -> set[str]:
    """
    Return the numbers with a test that runs on both exchanges, or with one of OKX and one that is not OKX's.

    A test runs on both if it takes the fixture ``side`` and is not bound to KuCoin.
    """
    both, okx, others = set(), set(), set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                takes = any(argument.arg == "side" for argument in node.args.args)
                bound = any(isinstance(each, ast.Name) and each.id == "with_kucoin" for each in node.decorator_list)
                found = both if takes and not bound else okx if path.parent == TESTS / "okx" else others
                found.update(numbers_in(node.name))
    return both | (okx & others)


def names_of_tests() -> set[str]:
    """Return the names of all test functions."""
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        found.update(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M))
    return found


def numbers_in(name: str) -> set[str]:
    """Return the numbers in a test's name: ``test_T06_T07_a_cut`` is about two faults."""
    numbers = set()
    for part in name.removeprefix("test_").split("_"):
        if not re.fullmatch(r"[A-Z]\d\d", part):
            break
        numbers.add(part)
    return numbers


def page(groups: Mapping[str, Mapping[str, str]], names: Iterable[str], why_one: Mapping[str, str]) -> str:
    """
    Return the page of the documentation.

    Args:
        groups: The catalogue.
        names: Of all tests.
        why_one: Of the faults whose tests do not run on both exchanges: why.
    """
    tests: dict[str, list[str]] = {}
    for name in sorted(names):
        for number in numbers_in(name):
            tests.setdefault(number, []).append(name)
    parts = [HEAD]
    for title, faults in groups.items():
        parts.append(
            f"\n{title}\n{'-' * len(title)}\n\n.. list-table::\n   :header-rows: 1\n   :widths: 6 38 16 40\n\n"
        )
        parts.append("   * - No.\n     - Fault, and what happens\n     - Exchanges\n     - Tests\n")
        for number, text in faults.items():
            shown = [f"| ``{name}``" for name in tests.get(number, [])] or ["*None yet.*"]
            wrapped = textwrap.wrap(text, WIDTH - 7, break_long_words=False, break_on_hyphens=False)
            parts.append(f"   * - {number}\n     - " + "\n       ".join(wrapped) + "\n")
            parts.append(f"     - {why_one.get(number, 'both')}\n")
            parts.append("     - " + "\n       ".join(shown) + "\n")
    return "".join(parts)


class FaultTable:
    """
    A plugin of pytest that counts faults: one passed if every test of it that ran did, and at least one did.

    A run of some tests tells of their faults only; a run of all names the faults without a test, too.

    Args:
        groups: The catalogue.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, str]]) -> None:
        self._groups = groups
        self._outcomes: dict[str, set[str]] = {}
        self._whole = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        files = {item.path for item in session.items}
        wanted = {
            path for path in TESTS.rglob("test_*.py") if re.search(r"^def test_[TRPSBX]\d\d_", path.read_text(), re.M)
        }
        self._whole = wanted <= files and not session.config.option.keyword
        workeroutput = getattr(session.config, "workeroutput", None)
        if workeroutput is not None:
            workeroutput["all faults"] = self._whole

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn what was collected from a process that runs a share of the tests: of pytest-xdist."""
        self._whole = getattr(node, "workeroutput", {}).get("all faults", False)  # one that died says nothing

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            name = report.nodeid.rpartition("::")[2].partition("[")[0]
            for number in numbers_in(name):
                self._outcomes.setdefault(number, set()).add(report.outcome)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        lines = self.lines()
        if lines:
            terminalreporter.section("faults: passed of listed" if self._whole else "faults: passed of those that ran")
            for line in lines:
                terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """Return the table: a line a group, a sum, and who did not pass."""
        rows, failed, skipped, missing = [], [], [], []
        for title, faults in self._groups.items():
            run = [number for number in faults if number in self._outcomes]
            failed += [number for number in run if "failed" in self._outcomes[number]]
            skipped += [number for number in run if self._outcomes[number] == {"skipped"}]
            missing += [number for number in faults if number not in self._outcomes] if self._whole else []
            count = len(faults) if self._whole else len(run)
            if count:
                good = sum("passed" in self._outcomes[n] and "failed" not in self._outcomes[n] for n in run)
                rows.append((title, good, count))
        if not rows:
            return []
        rows.append(("all", sum(good for _, good, _ in rows), sum(count for _, _, count in rows)))
        lines = [f"{title:<26} {good:>4} of {count:>3}" for title, good, count in rows]
        for word, numbers in (("failed", failed), ("skipped", skipped), ("without a test", missing)):
            if numbers:
                lines.append(f"{word}: {' '.join(numbers)}")
        return lines


if __name__ == "__main__":
    PAGE.write_text(page(listed_faults(), names_of_tests(), reasons()), encoding="utf-8")
