"""
Samples of the protocol: KuCoin's own frames where they are at hand, and the fixtures of this repository.

The first are looked for in the folder named by the environment variable ``KUCOIN_SYNC_PROTOCOL_DATA``, else in
``shared/data`` beside the checkout; tests that need them are skipped where there are none. The fixtures in
``tests/data`` are always there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from kucoin_sync.events import Origin
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.kucoin.pro import ProDialect
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.kucoin.trade import TradeDialect
from kucoin_sync.options import Credentials

CHECKOUT = Path(__file__).resolve().parents[2]
VARIABLE = "KUCOIN_SYNC_PROTOCOL_DATA"
MISSING = f"no protocol samples: set {VARIABLE} or put them beside the checkout"

ORIGIN = Origin("test", "life-1", ClassicDialect)
PRO_ORIGIN = Origin("test", "life-1", ProDialect)
CREDENTIALS = Credentials("64f0c3a1e5b7d90001a2b3c4", "11111111-2222-3333-4444-555555555555", "my-Passphrase_1")
"""Invented; the same as in the signing vectors."""


def classic(ws_key: str) -> ClassicDialect:
    """Return the dialect of a stream connection."""
    signer = Signer(CREDENTIALS) if "Private" in ws_key else None
    return ClassicDialect(ws_key, rest_host="https://api.kucoin.com", signer=signer)


def trade(ws_key: str = "wsApiSpotV1") -> TradeDialect:
    """Return the dialect of an order entry connection."""
    return TradeDialect(
        ws_key,
        url="wss://wsapi.kucoin.com/v1/private",
        rest_host="https://api.kucoin.com",
        signer=Signer(CREDENTIALS),
    )


def pro(ws_key: str, *, login: str = "auth") -> ProDialect:
    """Return the dialect of a Pro stream connection."""
    signer = Signer(CREDENTIALS) if ws_key.startswith("private") else None
    return ProDialect(
        ws_key, url="wss://wsapi-push.kucoin.com", rest_host="https://api.kucoin.com", signer=signer, login=login
    )


@attrs.frozen
class Sample:
    """
    One frame.

    Attributes:
        name: For the test's id.
        text: As on the wire.
        frame: Its value; ``None`` for bare text.
        row: All that the file says of it.
    """

    name: str
    text: str
    frame: Any
    row: dict[str, Any]


def folder() -> Path | None:
    """Return where KuCoin's samples are, or ``None``."""
    named = os.environ.get(VARIABLE)
    found = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    return found / "kucoin" if (found / "kucoin").is_dir() else None


def frames(path: Path) -> Iterator[Sample]:
    """Read a file of one frame a line; ``frame`` or ``text`` is the last key, so its text can be cut out as it is."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        if "frame" in row:
            text = line[line.index('"frame":') + len('"frame":') : -1].strip()
            assert json.loads(text) == row["frame"], f"{path.name}:{number}: frame is not the last key"
        else:
            text = row["text"]
        name = f"{number}-{row.get('topic') or row.get('op') or row.get('case') or row.get('name')}"
        yield Sample(name, text, row.get("frame"), row)


def parameters(file: str, **wanted: tuple[str, ...]) -> list[Any]:
    """Return the samples whose row has one of the wanted values as parameters; without samples, one that skips."""
    data = folder()
    if data is None:
        return [pytest.param(None, marks=pytest.mark.skip(reason=MISSING), id="no-samples")]
    return [
        pytest.param(sample, id=sample.name)
        for sample in frames(data / file)
        if all(sample.row.get(key) in values for key, values in wanted.items())
    ]
