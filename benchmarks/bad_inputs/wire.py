"""
Mutations of frames: whatever a server may put on an open line besides a text of nonsense.

`KEEPING` are frames that a right client reads, answers or reports, and goes on. After those of `ENDING` the line is
over by the rules of RFC 6455 or of this library, or because we cut it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from random import Random

from benchmarks.bad_inputs.inputs import Ending, Input
from benchmarks.bad_inputs.watch import MAX_MESSAGE
from tests.peers.frames import Opcode, frame

__all__ = ["ENDING", "KEEPING", "ends_by_the_rules", "message"]

Maker = Callable[[Random, bytes], Input]

UNREADABLE_IN_A_ROW = 20
"""After so many the client gives the line up."""
FRAGMENTS = 1024
"""More than so many fragments of one message are refused."""
_CLOSE_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1014, 3000, 4000, 4999)
"""Not 1012 and 1013, which ask for a second of patience."""
_BAD_CLOSES = (b"\x03", b"\x00\x00", b"\x03\xec", b"\x03\xed", b"\x03\xee", b"\x03\xf7", b"\xff\xff", b"\x03\xe8\xff")


def message(mutation: str, payload: bytes, opcode: int = Opcode.TEXT) -> Input:
    """Return one whole message; a text that is no UTF-8 makes the client end the line."""
    ends: Ending = ""
    if opcode == Opcode.TEXT:
        try:
            payload.decode()
        except UnicodeDecodeError:
            ends = "client"
    return Input(mutation, frame(opcode, payload), ends, payload, opcode)


def ends_by_the_rules(payload: bytes) -> bool:
    """Whether these bytes as a text end the line."""
    return message("", payload).ends == "client"


# These keep the line.


def in_fragments(rng: Random, payload: bytes) -> Input:
    """Send a message in fragments, empty ones too, with pings and pongs in between."""
    opcode = Opcode.BINARY if ends_by_the_rules(payload) else Opcode.TEXT
    cuts = sorted(rng.randrange(len(payload) + 1) for _ in range(rng.randint(1, 6)))
    parts = [payload[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    data = bytearray()
    for index, part in enumerate(parts):
        data += frame(opcode if index == 0 else Opcode.CONTINUATION, part, fin=index == len(parts) - 1)
        if index < len(parts) - 1 and rng.random() < 0.4:
            data += frame(rng.choice((Opcode.PING, Opcode.PONG)), rng.randbytes(rng.randrange(20)))
    return Input("fragments", bytes(data))


def control_frame(rng: Random, _: bytes) -> Input:
    """Send a ping or a pong that nobody asked for."""
    return Input("ping or pong", frame(rng.choice((Opcode.PING, Opcode.PONG)), rng.randbytes(rng.randrange(126))))


def as_binary(rng: Random, payload: bytes) -> Input:
    """Send it as a binary message."""
    return message("binary message", payload, Opcode.BINARY)


def random_bytes(rng: Random, _: bytes) -> Input:
    """Send a binary message of no form at all."""
    return message("random bytes", rng.randbytes(rng.randrange(200)), Opcode.BINARY)


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def compressed(rng: Random, payload: bytes) -> Input:
    """Send it packed in one of three ways, half of them with a fault in it."""
    packed = bytearray(rng.choice((zlib.compress, _raw_deflate, lambda data: gzip.compress(data, mtime=0)))(payload))
    if rng.random() < 0.25:
        packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
    elif rng.random() < 0.33:
        del packed[rng.randrange(len(packed)) :]
    return message("compressed", bytes(packed), Opcode.BINARY)


def _bombs() -> Sequence[bytes]:
    zeros = bytes(2 * MAX_MESSAGE)
    text = b'{"type":"message","topic":"/a:b","data":"' + b"0" * MAX_MESSAGE + b'"}'
    return [
        pack(data)
        for data in (zeros, text)
        for pack in (zlib.compress, _raw_deflate, lambda data: gzip.compress(data, mtime=0))
    ]


_BOMBS: list[bytes] = []


def bomb(rng: Random, _: bytes) -> Input:
    """Send a few kilobytes that unpack to more than is allowed."""
    if not _BOMBS:
        _BOMBS.extend(_bombs())
    return message("decompression bomb", rng.choice(_BOMBS), Opcode.BINARY)


def large(rng: Random, _: bytes) -> Input:
    """Send a message of half a megabyte: one text, or thousands of empty lists."""
    inside = rng.choice((b'"' + b"x" * 500_000 + b'"', b"[" + b"[]," * 150_000 + b"0]"))
    return message("large message", b'{"type":"message","topic":"/large:a","data":' + inside + b"}")


KEEPING: Mapping[str, Maker] = {
    "fragments": in_fragments,
    "ping or pong": control_frame,
    "binary message": as_binary,
    "random bytes": random_bytes,
    "compressed": compressed,
    "decompression bomb": bomb,
    "large message": large,
}
RARE: Mapping[str, float] = {"decompression bomb": 0.05, "large message": 0.01}
"""Weights of those that cost more than the others; all others weigh 1."""


# These end it.


def wrong_opcode(rng: Random, payload: bytes) -> Input:
    """Send a frame of a kind that does not exist."""
    opcode = rng.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15))
    return Input("wrong opcode", frame(opcode, payload[:100]), "client")


def reserved_bits(rng: Random, payload: bytes) -> Input:
    """Set reserved bits, as for compression, on text and on control frames."""
    opcode = rng.choice((Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CLOSE))
    return Input("reserved bits", frame(opcode, payload[:100], rsv=rng.randint(1, 7)), "client")


def masked(rng: Random, payload: bytes) -> Input:
    """Mask the frame, as only clients do."""
    return Input("masked frame", frame(Opcode.TEXT, payload, mask=rng.randbytes(4)), "client")


def bad_length(rng: Random, payload: bytes) -> Input:
    """Spell a length longer than need be, or announce more than is allowed."""
    if rng.random() < 0.5:
        form = rng.choice((16, 64))
        return Input("bad length", frame(Opcode.TEXT, payload[:100], length_form=form), "client")
    announced = rng.choice((MAX_MESSAGE + 1, 1 << 33, (1 << 63) - 1, (1 << 64) - 1))
    return Input("bad length", frame(Opcode.BINARY, payload, length_form=64, length=announced), "client")


def bad_fragments(rng: Random, payload: bytes) -> Input:
    """Continue what was never begun, begin anew inside a message, or never end."""
    way = rng.randrange(4)
    if way == 0:
        data = frame(Opcode.CONTINUATION, payload, fin=rng.random() < 0.5)
    elif way == 1:
        data = frame(Opcode.TEXT, b"{", fin=False) + frame(rng.choice((Opcode.TEXT, Opcode.BINARY)), payload)
    elif way == 2:
        data = frame(Opcode.BINARY, b"", fin=False) + frame(Opcode.CONTINUATION, b"a", fin=False) * FRAGMENTS
    else:
        half = bytes(MAX_MESSAGE // 2 + 1)
        data = frame(Opcode.BINARY, half, fin=False) + frame(Opcode.CONTINUATION, half, fin=False)
    return Input("bad fragments", data, "client")


def bad_control_frame(rng: Random, payload: bytes) -> Input:
    """Send a control frame in fragments or with too much in it."""
    opcode = rng.choice((Opcode.PING, Opcode.PONG, Opcode.CLOSE))
    if rng.random() < 0.5:
        return Input("bad control frame", frame(opcode, b"\x03\xe8", fin=False), "client")
    return Input("bad control frame", frame(opcode, bytes(rng.randint(126, 300))), "client")


def bad_close(rng: Random, _: bytes) -> Input:
    """Send a close frame with a code or a reason that cannot be."""
    return Input("bad close frame", frame(Opcode.CLOSE, rng.choice(_BAD_CLOSES)), "client")


def close(rng: Random, payload: bytes) -> Input:
    """Close by the book, with any code and a strange reason, and go on sending."""
    reason = rng.choice((b"", b"bye", "\u202e\u0000\n".encode(), "\u00e9".encode() * 60))
    code = rng.choice(_CLOSE_CODES).to_bytes(2, "big")
    return Input("close frame", frame(Opcode.CLOSE, rng.choice((b"", code + reason))) + payload, "client")


def text_that_is_no_text(rng: Random, payload: bytes) -> Input:
    """Send a text that is no UTF-8, whole or cut inside a character by a fragment's end."""
    bad = rng.choice((b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xe2\x82"))
    if rng.random() < 0.5:
        return Input("text not UTF-8", frame(Opcode.TEXT, payload + bad), "client")
    data = frame(Opcode.TEXT, payload, fin=False) + frame(Opcode.CONTINUATION, bad)
    return Input("text not UTF-8", data, "client")


def unreadable_in_a_row(rng: Random, payload: bytes) -> Input:
    """Send so many texts in a row that nobody can read, that the line is given up."""
    bad = rng.choice((b"", b"[]", b"null", payload[:1], b"\x01"))
    return Input("unreadable in a row", frame(Opcode.TEXT, bad) * UNREADABLE_IN_A_ROW, "client")


def cut_frame(rng: Random, payload: bytes) -> Input:
    """End the line inside a frame, politely or with a reset."""
    data = frame(Opcode.TEXT, payload + b" " * 10)
    ends: Ending = rng.choice(("fin", "rst"))
    return Input("line cut in a frame", data[: rng.randrange(len(data))], ends)


def false_length(rng: Random, payload: bytes) -> Input:
    """Tell another length than there is, so that what follows is read in the wrong place, and end the line."""
    length = max(0, len(payload) + rng.choice((-50, -3, -1, 1, 2, 100)))
    follows = frame(Opcode.TEXT, payload) * rng.randint(0, 3)
    return Input("false length", frame(Opcode.TEXT, payload, length=length) + follows, "fin")


def flipped_frame(rng: Random, payload: bytes) -> Input:
    """Turn bits of a whole frame, its head included, and end the line."""
    data = bytearray(frame(Opcode.TEXT, payload) + frame(Opcode.BINARY, payload))
    data[rng.randrange(4)] ^= 1 << rng.randrange(8)
    for _ in range(rng.randint(0, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return Input("bits of a frame flipped", bytes(data), "fin")


def rubbish(rng: Random, _: bytes) -> Input:
    """Send bytes that are no frames, or another protocol's, and end the line."""
    data = rng.choice(
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x16", rng.randbytes(64), bytes(64))
    )
    return Input("no frames at all", data, "fin")


ENDING: Mapping[str, Maker] = {
    "wrong opcode": wrong_opcode,
    "reserved bits": reserved_bits,
    "masked frame": masked,
    "bad length": bad_length,
    "bad fragments": bad_fragments,
    "bad control frame": bad_control_frame,
    "bad close frame": bad_close,
    "close frame": close,
    "text not UTF-8": text_that_is_no_text,
    "unreadable in a row": unreadable_in_a_row,
    "line cut in a frame": cut_frame,
    "false length": false_length,
    "bits of a frame flipped": flipped_frame,
    "no frames at all": rubbish,
}
