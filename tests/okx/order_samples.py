"""Frames of OKX's order operations and REST calls from the shared protocol samples, where there are any."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["MISSING", "samples"]

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
MISSING = "no protocol samples: set KUCOIN_SYNC_PROTOCOL_DATA to the folder that holds okx/messages.jsonl"


def samples(beginning: str, direction: str | None = None) -> list[dict[str, Any]]:
    """Return the sample lines whose channel begins so; none where there are no samples."""
    path = Path(os.environ.get("KUCOIN_SYNC_PROTOCOL_DATA") or _BESIDE) / "okx" / "messages.jsonl"
    if not path.is_file():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        line
        for line in lines
        if line["channel"].startswith(beginning) and direction in (None, line["direction"].split("->")[0])
    ]
