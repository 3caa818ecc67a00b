"""KuCoin's own frames go through the dialects: what comes out is what the frame says, and nothing is dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kucoin_sync.events import RateLimit, Update
from kucoin_sync.kucoin import classic_topics
from kucoin_sync.kucoin.operations import OPERATIONS, KucoinRules
from kucoin_sync.protocol.messages import Ack, Challenge, PongReceived, Refusal, Reply, Welcome
from tests.kucoin.samples import MISSING, ORIGIN, Sample, classic, folder, frames, parameters, trade

V1_KEYS = ("spotPublicV1", "spotPrivateV1", "futuresPublicV1", "futuresPrivateV1")


def expected_sequence(frame: dict[str, Any]) -> int | None:
    data = frame["data"] if isinstance(frame["data"], dict) else {}
    for value in (frame.get("sn"), data.get("sequence"), data.get("sequenceEnd")):
        if value is not None:
            return int(value)
    return None


@pytest.mark.parametrize("sample", parameters("messages.jsonl", ws_key=V1_KEYS))
def test_every_push_becomes_an_update_that_says_what_the_frame_says(sample: Sample) -> None:
    message = classic(sample.row["ws_key"]).decode(sample.text, 12.5, ORIGIN)
    assert isinstance(message, Update)
    assert message.topic == sample.row["topic"] == sample.frame["topic"]
    assert message.subject == sample.row["subject"] == sample.frame["subject"]
    assert message.data == sample.frame["data"]
    assert message.raw == sample.text
    assert message.received_at == 12.5
    assert message.origin is ORIGIN
    assert message.sequence == expected_sequence(sample.frame)
    assert message.gap_before is False


@pytest.mark.parametrize("sample", parameters("messages.jsonl", ws_key=V1_KEYS))
def test_every_topic_seen_on_the_wire_can_be_subscribed_on_its_connection(sample: Sample) -> None:
    """And the push is found again under the topic that was asked for."""
    topic, ws_key = sample.row["topic"], sample.row["ws_key"]
    assert classic_topics.split(topic, ws_key=ws_key) == [topic]
    path = topic.partition(":")[0]
    assert classic_topics.PATHS[path][0] == ws_key


def test_no_sample_is_passed_over() -> None:
    """Every push is of a stream tested above, or of a system that this version does not have."""
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    keys = {sample.row["ws_key"] for sample in frames(data / "messages.jsonl")}
    assert set(V1_KEYS) <= keys
    assert all(key.endswith("ProV2") for key in keys - set(V1_KEYS))


@pytest.mark.parametrize("sample", parameters("control_frames.jsonl", system=("v1",), direction=("server",)))
def test_every_control_frame_of_the_streams_is_understood(sample: Sample) -> None:
    message = classic("spotPublicV1").decode(sample.text, 0.0, ORIGIN)
    frame, kind = sample.frame, sample.frame["type"]
    if kind == "welcome":
        assert message == Welcome(frame["id"])
    elif kind == "ack":
        assert message == Ack(frame["id"], sample.text)
    elif kind == "pong":
        microseconds = frame.get("timestamp")
        assert message == PongReceived(frame["id"], microseconds and microseconds // 1000, sample.text)
    elif kind == "error":
        assert message == Refusal(frame.get("id"), str(frame["code"]), frame["data"], sample.text)
    else:
        pytest.fail(f"no check for {kind}")


@pytest.mark.parametrize("sample", parameters("control_frames.jsonl", system=("v1",), direction=("client",)))
def test_every_frame_to_the_streams_is_spelled_as_documented(sample: Sample) -> None:
    """Except that ids are texts, which is what the exchange answers with in either case."""
    frame = dict(sample.frame, id=str(sample.frame["id"]))
    dialect = classic("spotPrivateV1" if frame.get("privateChannel") else "spotPublicV1")
    if frame["type"] == "ping":
        text = dialect.encode_ping(request_id=frame["id"], timestamp_ms=1)
    else:
        single = classic_topics.split(frame["topic"], ws_key=dialect.ws_key)
        (group,) = dialect.group_topics(single)
        encode = dialect.encode_subscribe if frame["type"] == "subscribe" else dialect.encode_unsubscribe
        text = encode(group, request_id=frame["id"])
    assert json.loads(text) == frame


@pytest.mark.parametrize("sample", parameters("ws_api.jsonl", direction=("server",)))
def test_every_answer_of_order_entry_is_understood(sample: Sample) -> None:
    message = trade(sample.row["ws_key"]).decode(sample.text, 0.0, ORIGIN)
    frame = sample.frame
    if sample.row["case"] == "challenge":
        assert message == Challenge(sample.text, frame["timestamp"])
    elif sample.row["case"] == "welcome":
        assert message == Welcome(frame["sessionId"], frame["pingInterval"] / 1000, frame["pingTimeout"] / 1000)
    elif sample.row["op"] == "pong":
        assert message == PongReceived(frame["id"], frame["timestamp"], sample.text)
    elif "id" in frame:
        limit = frame.get("userRateLimit", frame.get("rateLimit"))
        assert message == Reply(
            id=frame["id"],
            op=frame["op"],
            code=frame["code"],
            message=frame.get("msg", ""),
            data=frame.get("data"),
            in_time=frame["inTime"],
            out_time=frame["outTime"],
            rate_limit=limit and RateLimit(limit["limit"], limit["remaining"], limit["reset"] / 1000),
            raw=sample.text,
        )
    else:
        assert message == Refusal(None, frame["code"], frame["msg"], sample.text)


@pytest.mark.parametrize("sample", parameters("ws_api.jsonl", direction=("client",)))
def test_every_frame_to_order_entry_is_spelled_as_documented(sample: Sample) -> None:
    dialect = trade(sample.row["ws_key"])
    frame = sample.frame
    if frame is None:
        challenge = next(s for s in parameters("ws_api.jsonl", case=("challenge",))).values[0]
        assert dialect.answer_challenge(challenge.text) == sample.text
    elif frame["op"] == "ping":
        text = dialect.encode_ping(request_id=frame["id"], timestamp_ms=frame["timestamp"])
        assert json.loads(text) == frame
    else:
        args = OPERATIONS[frame["op"]].arguments.check(frame["args"], {}, None)
        assert json.loads(dialect.encode_request(frame["op"], args, request_id=frame["id"])) == frame


def test_every_success_is_proof_for_the_request_it_answers() -> None:
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    rows = [json.loads(line) for line in (data / "ws_api.jsonl").read_text(encoding="utf-8").splitlines()]
    requests = {row["frame"]["id"]: row["frame"] for row in rows if row["direction"] == "client" and "frame" in row}
    rules = KucoinRules(None)
    proven = set()
    for row in rows:
        frame = row.get("frame", {})
        request = requests.get(frame.get("id"))
        if row["direction"] == "server" and request is not None and frame.get("code") == rules.success:
            operation = rules.operations[frame["op"]]
            items = operation.items(request["args"])
            answers = [frame["data"]]
            if operation.batch is not None:
                found = operation.batch.match(items, frame["data"])
                assert all(answer is not None and answer.succeeded for answer in found)
                answers = [answer.data for answer in found if answer is not None]
            assert len(answers) == len(items)
            for item, data in zip(items, answers, strict=True):
                assert operation.prove(item, data) is not None
            proven.add(frame["op"])
    # Of the others there are replies without a request, or none at all.
    assert set(OPERATIONS) - proven == {"ping", "uta.order", "uta.amend", "uta.cancel"}


def test_the_reply_to_an_order_of_the_unified_account_is_proof() -> None:
    """The one sample of it comes without its request."""
    (sample,) = (case.values[0] for case in parameters("ws_api.jsonl", op=("uta.order",)))
    if sample is None:
        pytest.skip(MISSING)
    args = {"clientOid": sample.frame["data"]["clientOid"]}
    proof = OPERATIONS["uta.order"].prove(args, sample.frame["data"])
    assert proof is not None
    assert proof.order_id == sample.frame["data"]["orderId"]
