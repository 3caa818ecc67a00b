"""Whatever text arrives, `decode` says what it is and raises nothing: the reading thread has no other protection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kucoin_sync.events import Origin, Update
from kucoin_sync.kucoin import classic, pro, trade
from kucoin_sync.protocol import json_text
from kucoin_sync.protocol.messages import Inbound, Unreadable
from tests.kucoin import samples
from tests.kucoin.samples import ORIGIN

KINDS = Inbound.__args__
DECODERS = [pytest.param(json_text.standard_loads, id="standard"), pytest.param(json_text.loads, id="installed")]
KEYS = ["spotPublicV1", "futuresPrivateV1", "wsApiSpotV1"]
DEEP = '{"a":' * 1000 + "1" + "}" * 1000
"""Deep enough for trouble, and not too deep for the fast decoder."""

_WORDS = st.sampled_from(
    [
        *("id", "type", "topic", "subject", "data", "op", "code", "msg", "sessionId", "timestamp", "message"),
        *("pingInterval", "pingTimeout", "userRateLimit", "rateLimit", "limit", "remaining", "reset"),
        *("inTime", "outTime", "sn", "sequence", "sequenceEnd"),
        *("welcome", "ack", "pong", "error", "200000", "spot.order"),
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS | st.just(10**400),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=4), children, max_size=6)
    ),
    max_leaves=20,
)
_FRAMES = st.dictionaries(_WORDS, _VALUES, max_size=7).map(json.dumps)


def dialect_of(ws_key: str) -> Any:
    if ws_key.startswith("wsApi"):
        return samples.trade(ws_key)
    return samples.pro(ws_key) if "Pro" in ws_key else samples.classic(ws_key)


@contextmanager
def decoding_with(loads: Callable[[str], Any]) -> Iterator[None]:
    with patch.object(classic, "loads", loads), patch.object(trade, "loads", loads), patch.object(pro, "loads", loads):
        yield


@pytest.mark.parametrize("ws_key", KEYS)
@pytest.mark.parametrize("loads", DECODERS)
@given(text=st.text(max_size=60) | _VALUES.map(json.dumps) | _FRAMES)
@example(text='{"sessionId":"s","data":"welcome","pingInterval":' + "9" * 400 + "}")
@example(text='{"id":"1","op":"spot.order","userRateLimit":{"reset":' + "9" * 400 + "}}")
@example(text='{"type":"message","topic":"/a","data":{"sequence":' + "9" * 400 + "}}")
@example(text='{"type":"pong","id":1,"timestamp":1e999}')
@example(text='{"id":"\\ud800","type":"error","code":"\\ud800","data":"\\ud800"}')
@example(text='{"type":"message","topic":"/a","subject":"\\u202e\\ud800","data":"\\u0000"}')
@settings(max_examples=100)
def test_any_text_means_something_and_raises_nothing(loads: Callable[[str], Any], ws_key: str, text: str) -> None:
    dialect = dialect_of(ws_key)
    with decoding_with(loads):
        message = dialect.decode(text, 1.0, Origin(ws_key, "life-1", type(dialect)))
    assert isinstance(message, KINDS)
    assert getattr(message, "raw", text) == text
    if isinstance(message, Update):
        assert message.sequence is None or type(message.sequence) is int


@pytest.mark.parametrize("ws_key", KEYS)
@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="P01-empty"),
        pytest.param(" ", id="P01-blank"),
        pytest.param("not json", id="P01-words"),
        pytest.param('{"a":', id="P01-cut-off"),
        pytest.param("null", id="P02-null"),
        pytest.param("5", id="P02-number"),
        pytest.param('"pong"', id="P02-text"),
        pytest.param('[{"type":"message"}]', id="P02-list"),
        pytest.param("[" * 100_000, id="P03-deep"),
        pytest.param('{"a":' * 100_000 + "1" + "}" * 100_000, id="P03-deep-objects"),
        pytest.param('{"type":"message","topic":"/a:b","data":{"price":NaN}}', id="P04-nan"),
        pytest.param('{"type":"message","topic":"/a:b","data":{"price":1e999}}', id="P04-beyond-every-float"),
    ],
)
def test_P01_what_is_no_json_object_is_unreadable(loads: Callable[[str], Any], ws_key: str, text: str) -> None:
    """It is shown to the user and dropped; the line goes on."""
    with decoding_with(loads):
        message = dialect_of(ws_key).decode(text, 1.0, ORIGIN)
    assert isinstance(message, Unreadable)
    assert message.raw == text
    assert message.problem


@pytest.mark.parametrize("ws_key", [*KEYS, "spotPublicProV2"])
@pytest.mark.parametrize("loads", DECODERS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"type":"error","id":@,"code":1,"data":"no"}', id="id"),
        pytest.param('{"type":"error","id":"1","code":@,"data":@,"msg":@}', id="words-of-a-refusal"),
        pytest.param('{"type":"ack","id":@}', id="id-of-an-ack"),
        pytest.param('{"type":"pong","id":@}', id="id-of-a-pong"),
        pytest.param('{"id":@,"op":"spot.order","code":"1","msg":@}', id="reply"),
        pytest.param('{"code":"1","msg":@,"result":false,"reason":@}', id="refusal"),
        pytest.param('{"sessionId":@,"data":"welcome","message":"welcome"}', id="session"),
    ],
)
def test_P03_a_value_too_deep_to_be_written_as_text_harms_nobody(
    loads: Callable[[str], Any], ws_key: str, text: str
) -> None:
    """It once ended the line with an internal error: what can be decoded is not always fit for ``str``."""
    with decoding_with(loads):
        message = dialect_of(ws_key).decode(text.replace("@", DEEP), 1.0, ORIGIN)
    assert isinstance(message, KINDS)
