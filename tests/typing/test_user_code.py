"""A strict type checker accepts what users write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def test_user_code_passes_a_strict_type_checker() -> None:
    """The types are a promise like the names: a user's own check fails when they change."""
    pytest.importorskip("mypy", reason="mypy is not installed (the [typing] extra)")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "tests/typing/user_code.py"]
    checked = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=110, check=False)
    assert (checked.stdout, checked.returncode) == ("", 0)
