"""
Samples of OKX's protocol: the exchange's frames where they are at hand, and the fixtures of this repository.

The first are looked for as those of KuCoin are; the fixtures in ``tests/data`` are always there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync.events import Origin
from kucoin_sync.okx.dialect import OkxDialect
from kucoin_sync.okx.signing import Signer
from kucoin_sync.options import Credentials

CHECKOUT = Path(__file__).resolve().parents[2]
VARIABLE = "KUCOIN_SYNC_PROTOCOL_DATA"
MISSING = f"no protocol samples: set {VARIABLE} or put them beside the checkout"
FIXTURES = CHECKOUT / "tests" / "data" / "okx_read_frames.jsonl"

CREDENTIALS = Credentials("simulator-key", "0123456789ABCDEF0123456789ABCDEF", "my-Passphrase_1")
"""The secret of the signing vectors."""
ORIGIN = Origin("test", "life-1", OkxDialect)


def dialect(path: str, *, login: bool = False) -> OkxDialect:
    """Return the dialect of a connection."""
    return OkxDialect(
        f"prod{path.capitalize()}",
        path=path,
        url=f"wss://ws.okx.com:8443/ws/v5/{path}",
        rest_host="https://openapi.okx.com",
        signer=Signer(CREDENTIALS) if login else None,
    )


@attrs.frozen
class Sample:
    """One frame: ``text`` as on the wire, ``frame`` its value, ``row`` all that the file says of it."""

    name: str
    text: str
    frame: Any
    row: dict[str, Any]


def frames(path: Path) -> list[Sample]:
    """Read a file of one frame a line; ``frame`` is the last key, so its text can be cut out as it is."""
    samples = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        text = line[line.index('"frame":') + len('"frame":') : -1].strip()
        assert json.loads(text) == row["frame"], f"{path.name}:{number}: frame is not the last key"
        frame = row["frame"]
        samples.append(Sample(f"{number}-{row['channel']}", frame if isinstance(frame, str) else text, frame, row))
    return samples


def exchange_frames(*, direction: str, channels: tuple[str, ...] = ("",)) -> list[Any]:
    """
    Return the exchange's samples as parameters; without samples, one that skips.

    Args:
        direction: ``client->server`` or ``server->client``.
        channels: What the channel of a sample begins with.
    """
    named = os.environ.get(VARIABLE)
    data = (Path(named) if named else CHECKOUT.parent / "shared" / "data") / "okx" / "messages.jsonl"
    if not data.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason=MISSING), id="no-samples")]
    return [
        pytest.param(sample, id=sample.name)
        for sample in frames(data)
        if sample.row["direction"] == direction
        and sample.row["channel"].startswith(channels)
        and not sample.row["channel"].startswith("rest:")
    ]


def own_frames() -> list[Any]:
    """Return the fixtures of this repository as parameters."""
    return [pytest.param(sample, id=sample.name) for sample in frames(FIXTURES)]
