"""Binary messages: plain text, or packed in one of the usual ways, never more of it than the bound."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kucoin_sync.protocol.packed_text import unpack_text

TEXT = '{"T":"ticker.SPOT","d":{"s":"BTC-USDT","b":"90580.4","ü":"€"}}'


def raw_deflate(data: bytes, *, flush: int = zlib.Z_FINISH) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush(flush)


FORMS = {
    "plain": TEXT.encode(),
    "raw-deflate": raw_deflate(TEXT.encode()),
    "raw-deflate-flushed": raw_deflate(TEXT.encode(), flush=zlib.Z_SYNC_FLUSH),
    "zlib": zlib.compress(TEXT.encode()),
    "gzip": gzip.compress(TEXT.encode()),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_P09_every_form_is_read(data: bytes) -> None:
    assert unpack_text(data) == TEXT


@pytest.mark.parametrize("form", [name for name in FORMS if name != "plain"])
def test_P09_a_stream_cut_short_or_with_something_behind_it_is_refused(form: str) -> None:
    for bad in (FORMS[form][:-6], FORMS[form] + b"more"):
        with pytest.raises(ValueError):
            unpack_text(bad)


@given(st.binary(max_size=200))
def test_P09_garbage_is_a_value_error_or_text(data: bytes) -> None:
    """Whatever it is, nothing else leaves."""
    try:
        assert isinstance(unpack_text(data), str)
    except ValueError:
        pass


@pytest.mark.parametrize("pack", [raw_deflate, zlib.compress, gzip.compress], ids=["raw", "zlib", "gzip"])
def test_P10_a_bomb_is_refused_without_unpacking_it(pack: object) -> None:
    bomb = pack(bytes(64 * 1024 * 1024))  # type: ignore[operator]
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than"):
            unpack_text(bomb)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_P10_a_text_of_just_the_bound_is_read() -> None:
    text = '"' + "a" * 98 + '"'
    assert unpack_text(raw_deflate(text.encode()), bound=100) == text
    with pytest.raises(ValueError):
        unpack_text(raw_deflate(text.encode()), bound=99)
