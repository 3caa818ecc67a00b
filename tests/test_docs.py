"""
The documentation keeps its word: its Python runs, Sphinx builds it without a warning, and the tests it names exist.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync.simulator import faults_by_name
from tests import rule_table
from tests.fault_table import PAGE as FAULTS
from tests.fault_table import FaultTable, listed_faults, names_of_tests, numbers_in, numbers_on_both, page, reasons
from tests.programs import Program, run_programs

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
PAGES = [page for page in [ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))] if page.exists()]
CHECKLIST = ROOT / "docs" / "simulator_checklist.rst"
RULES = [rule_table.PAGE, FAULTS]
DIRECTIVE = re.compile(r"^( *)\.\. code-block:: python\s*$")
NOT_RUN = re.compile(r"^ *\.\. not run: \S")
NUMBER = r"[IOTRPSBX]\d\d"
LIMIT = 240.0
"""Seconds for a build: a hang, not a slow machine."""


def python_blocks(page: Path) -> Iterator[tuple[int, str]]:
    """
    Yield the line number and the text of each Python block that is to be run.

    A comment line ``.. not run: reason`` right before the directive excludes a block.
    """
    lines = page.read_text(encoding="utf-8").splitlines()
    before = ""
    for number, line in enumerate(lines):
        directive = DIRECTIVE.match(line)
        if directive and not NOT_RUN.match(before):
            indent = len(directive[1])
            block = []
            for text in lines[number + 1 :]:
                if text.strip() and len(text) - len(text.lstrip()) <= indent:
                    break
                block.append(text)
            yield number + 1, textwrap.dedent("\n".join(block)).strip("\n") + "\n"
        if line.strip():
            before = line


def program_of(text: str) -> str:
    """Return the program that a block is: as it stands, or under pytest if it holds tests."""
    if re.search(r"^def test_", text, re.M):
        run = 'pytest.main([__file__, "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."])'
        return f"{text}\nimport os\nimport sys\n\nif __name__ == '__main__':\n    sys.exit({run})\n"
    return text


@pytest.fixture(scope="module")
def flaws(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, list[str]]:
    """What went wrong with the blocks of each page; all of them run here, each as a program of its own."""
    folder = tmp_path_factory.mktemp("blocks")
    blocks = []
    for source in PAGES:
        for number, text in python_blocks(source):
            path = folder / f"{source.stem}_line_{number}.py"
            path.write_text(program_of(text), encoding="utf-8")
            blocks.append((source, number, Program(path, folder=folder)))
    flaws: dict[Path, list[str]] = {source: [] for source in PAGES}
    ends = run_programs([program for *_, program in blocks], folder)
    for (source, number, _), done in zip(blocks, ends, strict=True):
        if (flaw := done.flaw()) is not None:
            flaws[source].append(f"{source.name}:{number}: {flaw}")
    return flaws


@pytest.mark.parametrize("page", [page for page in PAGES if any(python_blocks(page))], ids=lambda page: page.name)
def test_every_python_block_is_a_program_that_runs(page: Path, flaws: dict[Path, list[str]]) -> None:
    """What a reader copies works as it stands."""
    assert not flaws[page], "\n\n".join(flaws[page])


def test_a_block_is_left_out_only_with_a_reason(tmp_path: Path) -> None:
    """The form of the mark, on an example."""
    page = tmp_path / "page.rst"
    page.write_text(
        "Title\n=====\n\n.. code-block:: python\n\n   one = 1\n\n   two = 2\n\nText.\n\n"
        ".. not run: needs the network\n\n.. code-block:: python\n\n   three = 3\n\n"
        ".. not run:\n\n.. code-block:: python\n\n   four = 4\n\n"
        "- item\n\n  .. code-block:: python\n\n     five = 5\n"
    )
    assert list(python_blocks(page)) == [(4, "one = 1\n\ntwo = 2\n"), (20, "four = 4\n"), (26, "five = 5\n")]


@pytest.mark.skipif(
    importlib.util.find_spec("sphinx") is None, reason="Sphinx is not installed: it is the extra [docs]"
)
@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="the last Sphinx for this Python warns of types that have the same name"
)
def test_sphinx_builds_the_documentation_without_a_warning(tmp_path: Path) -> None:
    """References that lead nowhere and docstrings that do not parse are warnings."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-j",
        "2",
        "-b",
        "html",
        "-d",
        str(tmp_path / "doctrees"),
    ]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(tmp_path / "html")], capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_number_in_a_tests_name_is_explained() -> None:
    """A number that leads nowhere says nothing: docs/order_rules.rst (I, O) or tests/faults.json has it."""
    used = {number for name in names_of_tests() for number in re.findall(rf"(?<=_){NUMBER}(?=_)", name)}
    faults = {number for group in listed_faults().values() for number in group}
    rules = set(re.findall(rf"^ +\* - ({NUMBER})$", RULES[0].read_text(encoding="utf-8"), re.M))
    assert used <= faults | rules, f"without a row: {sorted(used - faults - rules)}"
    assert rules <= used, f"rows without a test: {sorted(rules - used)}"
    assert used == {number for name in names_of_tests() for number in numbers_in(name)}


def test_the_page_of_faults_is_that_of_the_catalogue_and_the_tests() -> None:
    written = FAULTS.read_text(encoding="utf-8") == page(listed_faults(), names_of_tests(), reasons())
    assert written, "it is not what is there: write it anew with python -m tests.fault_table"


def test_every_fault_is_tested_on_both_exchanges_or_it_is_said_why_not() -> None:
    """And nothing is excused that is tested on both."""
    faults = {number for group in listed_faults().values() for number in group}
    both, excused = numbers_on_both() & faults, set(reasons())
    assert both | excused == faults, (
        f"neither: {sorted(faults - both - excused)}, not listed: {sorted(excused - faults)}"
    )
    assert not both & excused, f"both: {sorted(both & excused)}"
    assert {text.partition(":")[0] for text in reasons().values()} == {"KuCoin", "shared"}


def report(name: str, outcome: Any, when: Any = "call") -> pytest.TestReport:
    return pytest.TestReport(f"tests/test_x.py::{name}", ("", 0, ""), {}, outcome, None, when)


def test_a_fault_passed_if_every_test_of_it_did() -> None:
    """Skipped is not passed, a broken fixture is a failure, and a part of the tests tells of its faults only."""
    groups = {"One": {"T01": "", "T02": "", "T03": "", "T04": ""}, "Two": {"S01": "", "S02": ""}}
    table = FaultTable(groups)
    assert table.lines() == []
    for name, outcome, when in [
        ("test_T01_a", "passed", "call"),
        ("test_T01_T02_b[T03_x]", "passed", "call"),
        ("test_T02_c", "failed", "call"),
        ("test_T04_d", "skipped", "setup"),
        ("test_S01_e", "passed", "call"),
        ("test_S01_e", "failed", "teardown"),
        ("test_other_S02_f", "failed", "call"),
    ]:
        table.pytest_runtest_logreport(report(name, outcome, when))
    assert [line.split() for line in table.lines()] == [
        ["One", "1", "of", "3"],
        ["Two", "0", "of", "1"],
        ["all", "1", "of", "4"],
        ["failed:", "T02", "S01"],
        ["skipped:", "T04"],
    ]
    table._whole = True
    assert table.lines()[2].split() == ["all", "1", "of", "6"]
    assert table.lines()[-1] == "without a test: T03 S02"


def test_the_rules_of_order_calls_name_their_tests() -> None:
    """Written by ``python -m tests.rule_table``."""
    text = rule_table.PAGE.read_text(encoding="utf-8")
    assert text == rule_table.rendered(text), "out of date: run python -m tests.rule_table"


def test_every_test_that_the_documentation_names_exists() -> None:
    """A renamed test takes its row along."""
    named = {name for page in RULES for name in re.findall(r"``(test_\w+)``", page.read_text(encoding="utf-8"))}
    assert named
    assert named <= names_of_tests(), f"there is no test {sorted(named - names_of_tests())}"


def rows_of_the_checklist(text: str) -> list[tuple[str, str]]:
    """Return the statements of the checklist of the simulator, each with its second cell."""
    rows = re.findall(r"^   \* - (.+?)^     - (.+?)(?=^   \* - |^\S|\Z)", text, re.M | re.S)
    return [(statement.strip(), cell) for statement, cell in rows if cell.strip() != "Tests"]


def flaws_of_a_row(cell: str) -> list[str]:
    """Return what is wrong with the second cell of a statement: files, their tests, and perhaps a reason in italics."""
    flaws, shown, source = [], 0, ""
    for line in re.findall(r"\| (.+)", cell):
        if named := re.fullmatch(r"``([\w/]+\.py)``", line):
            path = TESTS / named[1]
            source = path.read_text(encoding="utf-8") if path.exists() else ""
            flaws += [] if path.exists() else [f"there is no file {named[1]}"]
        elif named := re.fullmatch(r"· ``(\w+)``", line):
            shown += 1
            if not re.search(rf"^(def {named[1]}\(|{named[1]} = )", source, re.M):
                flaws.append(f"there is no test {named[1]}")
        elif re.match(r"\*\w", line):
            shown += 1
        else:
            flaws.append(f"neither a file, nor a test, nor a reason: {line}")
    if not shown:
        flaws.append("neither a test nor a reason")
    return flaws


def test_every_statement_about_the_simulator_names_a_test_that_exists_or_a_reason() -> None:
    rows = rows_of_the_checklist(CHECKLIST.read_text(encoding="utf-8"))
    assert len(rows) > 80 and all(statement for statement, _ in rows)
    flaws = [(statement, flaw) for statement, cell in rows for flaw in flaws_of_a_row(cell)]
    assert flaws == []


@pytest.mark.parametrize(
    ("cell", "flaws"),
    [
        ("| ``test_docs.py``\n       | · ``test_a_flaw_of_a_row_is_found``\n", []),
        ("| ``test_docs.py``\n       | · ``test_nothing``\n", ["there is no test test_nothing"]),
        ("| ``test_no.py``\n       | · ``test_x``\n", ["there is no file test_no.py", "there is no test test_x"]),
        ("| ``test_docs.py``\n", ["neither a test nor a reason"]),
        ("| *Not built: for a reason.*\n", []),
        ("\n", ["neither a test nor a reason"]),
    ],
)
def test_a_flaw_of_a_row_is_found(cell: str, flaws: list[str]) -> None:
    page = f"   * - Statement\n     - Tests\n   * - One.\n     - {cell}   * - Two.\n     - | *Assumed.*\n\nTitle\n"
    first, second = rows_of_the_checklist(page)
    assert (first[0], second[0]) == ("One.", "Two.")
    assert flaws_of_a_row(first[1]) == flaws
    assert flaws_of_a_row(second[1]) == []


def test_every_fault_of_the_simulator_is_explained() -> None:
    text = (ROOT / "docs" / "simulator.rst").read_text(encoding="utf-8")
    tables = text[text.index("\nFaults\n------\n") : text.index("\nFrom the command line\n")]
    missing = [name for name in faults_by_name() if not re.search(rf"``{name}\(", tables)]
    assert not missing, f"faults that docs/simulator.rst does not explain: {missing}"
