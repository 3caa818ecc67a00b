"""
Recorded and documented frames of OKX, where they are at hand.

They are looked for in the folder named by ``KUCOIN_SYNC_PROTOCOL_DATA``, else in ``shared/data`` beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["MISSING", "recorded_samples"]

CHECKOUT = Path(__file__).resolve().parents[3]
VARIABLE = "KUCOIN_SYNC_PROTOCOL_DATA"
MISSING = f"no protocol samples: set {VARIABLE} or put them beside the checkout"


def recorded_samples() -> Path | None:
    """Return the file, ``None`` where there is none."""
    named = os.environ.get(VARIABLE)
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    path = folder / "okx" / "messages.jsonl"
    return path if path.exists() else None
