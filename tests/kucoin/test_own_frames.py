"""Fixtures of this repository, numbers invented: each form a frame can have on the wire, at least once, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kucoin_sync.events import RateLimit
from kucoin_sync.kucoin import classic_topics
from kucoin_sync.protocol import messages
from kucoin_sync.protocol.messages import Inbound
from tests.kucoin.samples import ORIGIN, Sample, classic, frames, trade

SAMPLES = list(frames(Path(__file__).parents[1] / "data" / "kucoin_frames.jsonl"))
FROM_SERVER = [sample for sample in SAMPLES if sample.row["direction"] == "server"]
TO_SERVER = [sample for sample in SAMPLES if sample.row["direction"] == "client"]


def name_of(sample: Sample) -> str:
    return str(sample.row["name"]).replace(" ", "-")


@pytest.mark.parametrize("sample", FROM_SERVER, ids=name_of)
def test_each_form_of_a_frame_means_what_the_fixture_says(sample: Sample) -> None:
    ws_key = sample.row["ws_key"]
    dialect: Any = trade(ws_key) if ws_key.startswith("wsApi") else classic(ws_key)
    message = dialect.decode(sample.text, 1.5, ORIGIN)
    means = dict(sample.row["means"])
    assert type(message).__name__ == means.pop("kind")
    if means.get("rate_limit"):
        means["rate_limit"] = RateLimit(*means["rate_limit"])
    assert {name: getattr(message, name) for name in means} == means
    if sample.row["means"]["kind"] == "Update":
        assert message.data == sample.frame["data"]
        assert message.origin is ORIGIN
    assert getattr(message, "raw", sample.text) == sample.text, "the text is kept as it came"


@pytest.mark.parametrize("sample", TO_SERVER, ids=name_of)
def test_each_form_of_our_own_frames_is_spelled(sample: Sample) -> None:
    ws_key, frame = sample.row["ws_key"], sample.frame
    dialect: Any = trade(ws_key) if ws_key.startswith("wsApi") else classic(ws_key)
    if "ping" in (frame.get("type"), frame.get("op")):
        text = dialect.encode_ping(request_id=frame["id"], timestamp_ms=frame.get("timestamp", 1))
    elif "op" in frame:
        text = dialect.encode_request(frame["op"], frame["args"], request_id=frame["id"])
    else:
        encode = dialect.encode_subscribe if frame["type"] == "subscribe" else dialect.encode_unsubscribe
        text = encode(classic_topics.split(frame["topic"], ws_key=ws_key), request_id=frame["id"])
    assert json.loads(text) == frame
    assert "\n" not in text and ": " not in text, "compact"


def test_the_fixtures_cover_every_meaning_a_text_can_have() -> None:
    """A new kind of message needs a line in the file, unless it belongs to none of this exchange's systems."""
    foreign = {messages.LoginReply, messages.Notice, messages.PingReceived, messages.TopicsEnded}
    kinds = {kind.__name__ for kind in Inbound.__args__} - {kind.__name__ for kind in foreign}
    assert {sample.row["means"]["kind"] for sample in FROM_SERVER} == kinds
