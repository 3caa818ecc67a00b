"""
The column of tests in ``docs/order_rules.rst``, written from the names of the tests, which carry the numbers of rules.

``python -m tests.rule_table`` writes it; ``tests/test_docs.py`` fails while it is out of date.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.fault_table import names_of_tests, numbers_in

__all__ = ["PAGE", "rendered"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "order_rules.rst"
SHOWN = 12
"""Tests named for a rule; of more, the rest is counted."""


def tests_of_rules() -> dict[str, list[str]]:
    """Return the names of the tests of each number, sorted."""
    found: dict[str, list[str]] = {}
    for name in sorted(names_of_tests()):
        for number in numbers_in(name):
            found.setdefault(number, []).append(name)
    return found


def rendered(text: str) -> str:
    """Return the page with its column of tests as it should be."""
    tests = tests_of_rules()

    def cell(match: re.Match[str]) -> str:
        names = tests.get(match["number"], [])
        lines = [f"``{name}``" for name in names[:SHOWN]]
        if len(names) > SHOWN:
            lines.append(f"and {len(names) - SHOWN} more")
        return match["row"] + "     - " + "\n       ".join(f"| {line}" for line in lines) + "\n"

    row = r"(?P<row>   \* - (?P<number>[IO]\d\d)\n     - .*?\n)     - .*?\n(?=   \* - |\n|\Z)"
    return re.sub(row, cell, text, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
