"""Frames of the real exchange to compare the simulator's with: what is in them, not which values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.kucoin.samples import MISSING, folder, frames


def form(value: Any) -> Any:
    """Return the keys and the kinds of all that is in a value; a list counts by its first element."""
    if isinstance(value, dict):
        return {key: form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [form(value[0])] if value else []
    if isinstance(value, bool) or value is None:
        return value if value is None else "flag"
    return "number" if isinstance(value, int | float | Decimal) else "text"


def covers(ours: Any, real: Any, *, optional: set[str]) -> bool:
    """Whether a form has all that the real one has, and nothing else but keys that newer frames have."""
    if isinstance(ours, dict) and isinstance(real, dict):
        missing, more = real.keys() - ours.keys(), ours.keys() - real.keys()
        return not missing and more <= optional and all(covers(ours[k], real[k], optional=optional) for k in real)
    if isinstance(ours, list) and isinstance(real, list):
        return len(ours) == len(real) and all(covers(a, b, optional=optional) for a, b in zip(ours, real, strict=True))
    return bool(ours == real)


def sample_forms(ws_key: str, path: str, subject: str) -> list[Any]:
    """Return the forms of the real frames of a channel; skips the test where no samples are at hand."""
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    return [
        form(sample.frame)
        for sample in frames(data / "messages.jsonl")
        if sample.row["ws_key"] == ws_key
        and sample.row["topic"].partition(":")[0] == path
        and sample.row["subject"] == subject
    ]
