"""
The text inside a binary message: as it is, or packed by one of the usual ways.
"""

from __future__ import annotations

import zlib

from kucoin_sync.protocol.frames import MAX_MESSAGE

__all__ = ["unpack_text"]

_JSON_STARTS = b'{["'
_GZIP, _ZLIB, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP_START = b"\x1f\x8b"
_FLUSHED = b"\x00\x00\xff\xff"
"""How a raw stream ends that its sender flushed and did not finish."""


def unpack_text(data: bytes, *, bound: int = MAX_MESSAGE) -> str:
    """
    Return the text of a binary message.

    Args:
        data: JSON text in UTF-8, or such a text as raw deflate, zlib or gzip.
        bound: Most bytes that the text may have; no more than that is ever unpacked.

    Raises:
        ValueError: If it is none of these, or longer than the bound.
    """
    if data[:1] in (b"", *(bytes((start,)) for start in _JSON_STARTS)):
        return data.decode()
    # A zlib stream read as raw deflate begins with a stored block of a wrong length, so the first trial refuses it.
    for form in (_GZIP,) if data.startswith(_GZIP_START) else (_RAW, _ZLIB):
        try:
            return _inflate(data, form, bound).decode()
        except zlib.error:
            continue
    raise ValueError("neither text nor anything packed")


def _inflate(data: bytes, form: int, bound: int) -> bytes:
    stream = zlib.decompressobj(form)
    text = stream.decompress(data, bound + 1)
    if len(text) > bound:
        raise ValueError(f"unpacks to more than {bound} bytes")
    whole = stream.eof or (form == _RAW and data.endswith(_FLUSHED))
    if not whole or stream.unused_data:
        raise zlib.error("not one whole stream")
    return text
