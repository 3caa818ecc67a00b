"""Frames both ways: what the wire may hold, what it must not, and nothing else a parser may do."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kucoin_sync.protocol.frames import (
    BINARY,
    CLOSE,
    MAX_MESSAGE,
    PING,
    PONG,
    TEXT,
    CloseFrame,
    FrameParser,
    Item,
    PingFrame,
    PongFrame,
    encode_close,
    encode_frame,
)
from tests.peers.frames import Opcode, apply_mask, frame

MASK = b"\x37\xfa\x21\x3d"


def read_in(parser: FrameParser, data: bytes) -> list[Item]:
    """Do as a read does that brings ``data``, or more reads, if there is not so much room."""
    items: list[Item] = []
    while data:
        count = min(len(parser.room), len(data))
        parser.room[:count] = data[:count]
        items += parser.parse(count)
        data = data[count:]
    return items


def parse(data: bytes, parser: FrameParser | None = None, *, step: int = 60_000) -> tuple[list[Item], FrameParser]:
    """Read ``data`` in pieces."""
    parser = parser or FrameParser()
    items: list[Item] = []
    for start in range(0, len(data), step):
        items += read_in(parser, data[start : start + step])
    return items, parser


def masked(client_frame: bytes) -> tuple[int, bytes]:
    """Read a client frame as a server does: its first byte, and its unmasked payload."""
    assert client_frame[1] & 0x80, "a client must mask"
    length = client_frame[1] & 0x7F
    start = 2
    if length > 125:
        width = 2 if length == 126 else 8
        length = int.from_bytes(client_frame[2 : 2 + width], "big")
        start += width
    payload = client_frame[start + 4 :]
    assert len(payload) == length
    return client_frame[0], apply_mask(payload, client_frame[start : start + 4])


# Bytes of the RFC's own examples (section 5.7) and of each length form at its edges.
FROM_SERVER = [
    pytest.param(b"\x81\x05Hello", ["Hello"], id="unmasked-text-of-the-RFC"),
    pytest.param(b"\x01\x03Hel\x80\x02lo", ["Hello"], id="fragmented-text-of-the-RFC"),
    pytest.param(b"\x89\x05Hello", [PingFrame(b"Hello")], id="ping-of-the-RFC"),
    pytest.param(b"\x8a\x05Hello", [PongFrame(b"Hello")], id="pong"),
    pytest.param(b"\x82\x7e\x01\x00" + b"\0" * 256, [b"\0" * 256], id="256-bytes-of-the-RFC"),
    pytest.param(b"\x82\x7f\0\0\0\0\0\1\0\0" + b"\0" * 65536, [b"\0" * 65536], id="64-KiB-of-the-RFC"),
    pytest.param(b"\x81\x00", [""], id="empty-text"),
    pytest.param(b"\x82\x00", [b""], id="empty-binary"),
    pytest.param(b"\x81\x7d" + b"a" * 125, ["a" * 125], id="125-is-the-last-short-length"),
    pytest.param(b"\x81\x7e\x00\x7e" + b"a" * 126, ["a" * 126], id="126-is-the-first-of-16-bits"),
    pytest.param(b"\x81\x7e\xff\xff" + b"a" * 65535, ["a" * 65535], id="65535-is-the-last-of-16-bits"),
    pytest.param(b"\x81\x02\xc3\xa9", ["é"], id="two-byte-character"),
    pytest.param(b"\x81\x04\xf0\x9f\x98\x80", ["😀"], id="four-byte-character"),
    pytest.param(b"\x01\x02\xf0\x9f\x80\x02\x98\x80", ["😀"], id="character-split-between-fragments"),
    pytest.param(b"\x02\x01a\x00\x00\x80\x01b", [b"ab"], id="empty-fragment-inside"),
    pytest.param(b"\x01\x00\x80\x00", [""], id="only-empty-fragments"),
    pytest.param(b"\x81\x01a\x82\x01b\x81\x01c", ["a", b"b", "c"], id="several-in-one-read"),
    pytest.param(b"\x88\x00", [CloseFrame(1005, "")], id="close-without-code"),
    pytest.param(b"\x88\x02\x03\xe8", [CloseFrame(1000, "")], id="close-with-code"),
    pytest.param(b"\x88\x05\x03\xe8Bye", [CloseFrame(1000, "Bye")], id="close-with-reason"),
    pytest.param(
        b"\x01\x01a\x89\x01p\x00\x01b\x8a\x00\x80\x01c",
        [PingFrame(b"p"), PongFrame(b""), "abc"],
        id="control-frames-between-fragments",
    ),
]


@pytest.mark.parametrize(("wire", "items"), FROM_SERVER)
def test_bytes_of_a_server_become_messages(wire: bytes, items: list[Item]) -> None:
    parsed, parser = parse(wire)
    assert parsed == items
    assert [type(item) for item in parsed] == [type(item) for item in items]
    assert parser.failure is None


@pytest.mark.parametrize(("wire", "items"), FROM_SERVER)
def test_byte_by_byte_gives_the_same_messages(wire: bytes, items: list[Item]) -> None:
    """A read may end anywhere, inside a head as well."""
    assert parse(wire[:2000], step=1)[0] == parse(wire[:2000])[0]
    assert parse(wire, step=997)[0] == items


TO_SERVER = [
    pytest.param(TEXT, b"Hello", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", id="masked-text-of-the-RFC"),
    pytest.param(TEXT, b"", b"\x81\x80" + MASK, id="empty"),
    pytest.param(PONG, b"Hello", b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", id="pong-of-the-RFC"),
    pytest.param(PING, b"", b"\x89\x80" + MASK, id="ping"),
]


@pytest.mark.parametrize(("opcode", "payload", "wire"), TO_SERVER)
def test_a_client_frame_is_spelled_as_the_rfc_spells_it(opcode: int, payload: bytes, wire: bytes) -> None:
    assert encode_frame(opcode, payload, MASK) == wire


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 65535, 65536, 70001])
def test_a_client_frame_takes_the_shortest_length_form(size: int) -> None:
    """A server may refuse any other form."""
    payload = bytes(i % 251 for i in range(size))
    assert encode_frame(BINARY, payload, MASK) == frame(Opcode.BINARY, payload, mask=MASK)


@given(payload=st.binary(max_size=300), mask=st.binary(min_size=4, max_size=4))
def test_masking_is_undone_by_unmasking(payload: bytes, mask: bytes) -> None:
    assert masked(encode_frame(TEXT, payload, mask)) == (0x80 | TEXT, payload)


@pytest.mark.parametrize(
    ("code", "reason", "payload"),
    [
        pytest.param(1000, "", b"\x03\xe8", id="code-alone"),
        pytest.param(1001, "bye", b"\x03\xe9bye", id="with-a-reason"),
        pytest.param(1005, "no code", b"", id="1005-stands-for-no-code"),
        pytest.param(1006, "lost", b"", id="1006-stands-for-no-close-frame"),
        pytest.param(4000, "x" * 200, b"\x0f\xa0" + b"x" * 123, id="reason-cut-to-fit-a-control-frame"),
    ],
)
def test_a_close_frame_is_spelled(code: int, reason: str, payload: bytes) -> None:
    assert masked(encode_close(code, reason, MASK)) == (0x80 | CLOSE, payload)


@given(reason=st.text(max_size=200))
@example(reason="é" * 100)
def test_a_close_reason_stays_utf8_when_it_is_cut(reason: str) -> None:
    """A cut through the middle of a character would make our own close frame a violation (1007)."""
    payload = masked(encode_close(1000, reason, MASK))[1]
    assert len(payload) <= 125
    assert reason.startswith(payload[2:].decode())


VIOLATIONS = [
    pytest.param(frame(Opcode.TEXT, "x", mask=True), 1002, id="masked"),
    pytest.param(frame(Opcode.TEXT, "x", rsv=4), 1002, id="reserved-bit-1"),
    pytest.param(frame(Opcode.TEXT, "x", rsv=2), 1002, id="reserved-bit-2"),
    pytest.param(frame(Opcode.BINARY, "x", rsv=1), 1002, id="reserved-bit-3"),
    pytest.param(frame(Opcode.PING, "x", rsv=4), 1002, id="reserved-bit-of-a-ping"),
    *(pytest.param(frame(opcode, "x"), 1002, id=f"reserved-opcode-{opcode:#x}") for opcode in (3, 4, 5, 6, 7)),
    *(pytest.param(frame(opcode, ""), 1002, id=f"reserved-opcode-{opcode:#x}") for opcode in (11, 12, 13, 14, 15)),
    pytest.param(frame(Opcode.TEXT, "x", length_form=16), 1002, id="length-in-16-bits-that-fits-7"),
    pytest.param(frame(Opcode.TEXT, "x" * 125, length_form=16), 1002, id="125-in-16-bits"),
    pytest.param(frame(Opcode.TEXT, "x", length_form=64), 1002, id="length-in-64-bits-that-fits-7"),
    pytest.param(frame(Opcode.TEXT, "x" * 65535, length_form=64), 1002, id="65535-in-64-bits"),
    pytest.param(frame(Opcode.PING, fin=False), 1002, id="fragmented-ping"),
    pytest.param(frame(Opcode.CLOSE, fin=False), 1002, id="fragmented-close"),
    pytest.param(frame(Opcode.PING, "x" * 126), 1002, id="ping-of-126-bytes"),
    pytest.param(frame(Opcode.CLOSE, b"\x03\xe8" + b"x" * 124), 1002, id="close-of-126-bytes"),
    pytest.param(frame(Opcode.CONTINUATION, "x"), 1002, id="continuation-without-a-start"),
    pytest.param(frame(Opcode.CONTINUATION, "x", fin=False), 1002, id="continuation-without-a-start-or-end"),
    pytest.param(frame(Opcode.TEXT, "x", fin=False) + frame(Opcode.TEXT, "x"), 1002, id="text-inside-fragments"),
    pytest.param(frame(Opcode.TEXT, "x", fin=False) + frame(Opcode.BINARY, "x"), 1002, id="binary-inside-fragments"),
    pytest.param(
        frame(Opcode.BINARY, "x", fin=False) + frame(Opcode.TEXT, "x", fin=False), 1002, id="start-inside-fragments"
    ),
    pytest.param(frame(Opcode.CLOSE, b"\x03"), 1002, id="half-a-close-code"),
    *(
        pytest.param(frame(Opcode.CLOSE, code.to_bytes(2, "big")), 1002, id=f"close-code-{code}")
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    ),
    pytest.param(frame(Opcode.CLOSE, b"\x03\xe8\xff"), 1007, id="close-reason-not-utf8"),
    pytest.param(frame(Opcode.TEXT, b"\xff"), 1007, id="T34-byte-that-starts-no-character"),
    pytest.param(frame(Opcode.TEXT, b"\xc3"), 1007, id="T34-character-cut-off"),
    pytest.param(frame(Opcode.TEXT, b"\xed\xa0\x80"), 1007, id="T34-surrogate"),
    pytest.param(frame(Opcode.TEXT, b"\xc0\xaf"), 1007, id="T34-overlong"),
    pytest.param(frame(Opcode.TEXT, b"\xf4\x90\x80\x80"), 1007, id="T34-above-the-last-character"),
    pytest.param(
        frame(Opcode.TEXT, b"\xc3", fin=False) + frame(Opcode.CONTINUATION, b"x"), 1007, id="T34-in-a-fragment"
    ),
    pytest.param(
        frame(Opcode.TEXT, b"\xc3", fin=False) + frame(Opcode.CONTINUATION), 1007, id="T34-cut-off-at-the-end"
    ),
    pytest.param(frame(Opcode.TEXT, length=MAX_MESSAGE + 1), 1009, id="T32-one-byte-above-the-bound"),
    pytest.param(frame(Opcode.BINARY, length=8 << 30), 1009, id="T32-announces-8-GiB"),
    pytest.param(frame(Opcode.BINARY, length=(1 << 63) - 1), 1009, id="T32-announces-all-there-is"),
]


@pytest.mark.parametrize(("wire", "close_code"), VIOLATIONS)
def test_T33_a_violation_ends_the_stream_with_its_close_code(wire: bytes, close_code: int) -> None:
    """Whoever breaks the framing may mean anything by what follows."""
    items, parser = parse(wire + frame(Opcode.TEXT, "after"))
    assert items == []
    assert parser.failure is not None
    assert parser.failure.close_code == close_code
    parser.feed(frame(Opcode.TEXT, "later"))
    assert parser.parse() == []


@pytest.mark.parametrize(("wire", "close_code"), VIOLATIONS)
def test_what_was_complete_before_a_violation_is_delivered(wire: bytes, close_code: int) -> None:
    """An order's reply that came in the same read is an answer all the same."""
    items, parser = parse(frame(Opcode.TEXT, "reply") + frame(Opcode.PING, "p") + wire)
    assert items == ["reply", PingFrame(b"p")]
    assert parser.failure is not None and parser.failure.close_code == close_code


def test_what_follows_a_close_frame_is_ignored() -> None:
    """The RFC says so; even a violation is nothing any more."""
    items, parser = parse(frame(Opcode.CLOSE, b"\x03\xe8") + frame(Opcode.TEXT, "x") + b"\xff\xff")
    assert items == [CloseFrame(1000, "")]
    assert parser.closed
    assert parser.failure is None


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])
def test_T23_every_close_code_of_the_wire_is_read(code: int) -> None:
    items, parser = parse(frame(Opcode.CLOSE, code.to_bytes(2, "big") + "Bye é".encode()))
    assert items == [CloseFrame(code, "Bye é")]
    assert parser.failure is None


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(frame(Opcode.TEXT, "", mask=True, length=70_000), id="masked"),
        pytest.param(frame(11, "", length=100), id="reserved-opcode"),
        pytest.param(frame(Opcode.TEXT, "", rsv=4, length=70_000), id="reserved-bit"),
        pytest.param(frame(Opcode.CONTINUATION, "", length=70_000), id="continuation-without-a-start"),
    ],
)
def test_a_bad_head_is_refused_before_its_payload_came(head: bytes) -> None:
    """Else a peer could keep the line busy with a frame that cannot be good."""
    _, parser = parse(head)
    assert parser.failure is not None


def test_T32_a_giant_frame_is_refused_from_its_head_alone() -> None:
    parser = FrameParser()
    tracemalloc.start()
    try:
        parser.feed(frame(Opcode.BINARY, b"x" * 100, length=8 << 30))
        assert parser.parse() == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert parser.failure is not None and parser.failure.close_code == 1009
    assert peak < 1 << 20


def test_the_largest_message_allowed_is_delivered_and_its_memory_given_back() -> None:
    """The bound refuses what is above it, nothing else; one giant must not cost its memory for ever."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        items, parser = parse(frame(Opcode.BINARY, bytes(MAX_MESSAGE)))
        assert parser.failure is None
        assert [len(item) for item in items] == [MAX_MESSAGE]
        items.clear()
        assert parse(frame(Opcode.TEXT, "small"), parser)[0] == ["small"]
        assert tracemalloc.get_traced_memory()[0] - before < 1 << 20
    finally:
        tracemalloc.stop()


def test_T31_fragments_are_bounded_in_number() -> None:
    """A hundred thousand fragments of one byte are an attack."""
    wire = frame(Opcode.BINARY, b"", fin=False) + frame(Opcode.CONTINUATION, b"x", fin=False) * 100_000
    items, parser = parse(wire)
    assert items == []
    assert parser.failure is not None and parser.failure.close_code == 1009


def test_T31_a_message_of_as_many_fragments_as_allowed_is_delivered() -> None:
    wire = frame(Opcode.TEXT, "é".encode()[:1], fin=False)
    wire += frame(Opcode.CONTINUATION, "é".encode()[1:], fin=False)
    wire += frame(Opcode.CONTINUATION, b"", fin=False) * 1021 + frame(Opcode.CONTINUATION, b"!")
    assert parse(wire)[0] == ["é!"]


def test_T31_the_bound_counts_all_fragments_of_a_message_together() -> None:
    parser = FrameParser(max_message=100)
    wire = frame(Opcode.BINARY, bytes(60), fin=False) + frame(Opcode.CONTINUATION, bytes(40))
    assert parse(wire, parser)[0] == [bytes(100)]
    wire = frame(Opcode.BINARY, bytes(60), fin=False) + frame(Opcode.CONTINUATION, bytes(41))
    assert parse(wire, parser)[0] == []
    assert parser.failure is not None and parser.failure.close_code == 1009


def test_the_bound_of_fragments_starts_anew_with_each_message() -> None:
    parser = FrameParser(max_message=100, max_fragments=2)
    wire = frame(Opcode.BINARY, bytes(60), fin=False) + frame(Opcode.CONTINUATION, bytes(40))
    assert parse(wire * 5, parser)[0] == [bytes(100)] * 5
    assert parser.failure is None


def test_a_text_that_comes_alone_is_read_as_one_among_others() -> None:
    """Each way through the parser: alone in a read, at the front of one, behind a part, and after bad UTF-8."""
    text = "é" * 200
    alone, parser = frame(Opcode.TEXT, text), FrameParser()
    assert read_in(parser, alone) == [text]
    assert parser.plain
    assert read_in(parser, alone + alone) == [text, text]
    assert parser.plain
    assert read_in(parser, alone + alone[:100]) == [text]
    assert not parser.plain
    assert read_in(parser, alone[100:]) == [text]
    assert parser.plain
    assert read_in(parser, frame(Opcode.TEXT, "a", fin=False)) == []
    assert not parser.plain
    assert read_in(parser, alone) == []
    assert "inside a fragmented one" in str(parser.failure)
    parser = FrameParser()
    assert read_in(parser, alone.replace("é".encode(), b"\xff\xff")) == []
    assert parser.failure is not None
    assert parser.failure.close_code == 1007
    parser = FrameParser()
    parser.feed(alone[:3])
    assert read_in(parser, alone[3:]) == [text]


def test_there_is_always_room_to_read_into() -> None:
    """An empty buffer would make a read of nothing look like the peer's end."""
    parser = FrameParser()
    wire = frame(Opcode.BINARY, bytes(3 * 1024 * 1024))
    sent = 0
    while sent < len(wire):
        room = parser.room
        assert len(room) > 0
        piece = wire[sent : sent + min(len(room), 65_536)]
        room[: len(piece)] = piece
        sent += len(piece)
        items = parser.parse(len(piece))
    assert [len(item) for item in items] == [3 * 1024 * 1024]


_MESSAGES = st.one_of(
    st.text(max_size=40).map(lambda text: (frame(Opcode.TEXT, text), text)),
    st.text(min_size=120, max_size=200).map(lambda text: (frame(Opcode.TEXT, text), text)),
    st.binary(max_size=200).map(lambda data: (frame(Opcode.BINARY, data), data)),
    st.binary(max_size=125).map(lambda data: (frame(Opcode.PING, data), PingFrame(data))),
    st.binary(max_size=125).map(lambda data: (frame(Opcode.PONG, data), PongFrame(data))),
    st.lists(st.text(max_size=10), min_size=2, max_size=4).map(
        lambda parts: (
            frame(Opcode.TEXT, parts[0], fin=False)
            + b"".join(frame(Opcode.CONTINUATION, part, fin=False) for part in parts[1:-1])
            + frame(Opcode.CONTINUATION, parts[-1]),
            "".join(parts),
        )
    ),
)


@given(messages=st.lists(_MESSAGES, max_size=12), data=st.data())
@settings(max_examples=60)
def test_any_split_of_the_stream_gives_the_same_messages(
    messages: list[tuple[bytes, Item]], data: st.DataObject
) -> None:
    wire = b"".join(spelled for spelled, _ in messages)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=20).map(sorted))
    parser, items = FrameParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        items += read_in(parser, wire[start:end])
    assert items == [item for _, item in messages]
    assert parser.failure is None


@given(chunks=st.lists(st.binary(max_size=60), max_size=20))
@settings(max_examples=300)
def test_random_bytes_give_items_or_a_failure_and_raise_nothing(chunks: list[bytes]) -> None:
    """Whatever a peer sends, the reader has one way to hear of it."""
    parser = FrameParser()
    for chunk in chunks:
        failed = parser.failure
        items = read_in(parser, chunk)
        assert all(isinstance(item, (str, bytes, PingFrame, PongFrame, CloseFrame)) for item in items)
        assert failed is None or items == []
    assert parser.failure is None or parser.failure.close_code in (1002, 1007, 1009)


@given(wire=st.binary(max_size=100), position=st.integers(0, 40), byte=st.integers(0, 255))
@settings(max_examples=300)
def test_one_flipped_byte_raises_nothing(wire: bytes, position: int, byte: int) -> None:
    """Nearly good bytes reach deeper than random ones."""
    good = frame(Opcode.TEXT, "é", fin=False) + frame(Opcode.PING, "p") + frame(Opcode.CONTINUATION, wire)
    bad = bytearray(good)
    bad[position % len(bad)] = byte
    parser = FrameParser()
    assert isinstance(read_in(parser, bytes(bad)), list)


VALID_TEXTS = [
    "",
    "\x00",
    "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!",
    "\u03ba\u1f79\u03c3\u03bc\u03b5",
    # The first and the last of each length, the neighbours of the surrogates, and what is no character but allowed.
    *map(chr, (0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFE, 0x10FFFF)),
]
NO_TEXTS = [
    *(bytes([lone]) for lone in range(0x80, 0x100)),  # continuations, starts without one, and bytes that never occur
    *(bytes([start, 0x20]) for start in range(0xC0, 0x100)),
    # Cut short.
    *(char.encode()[:cut] for char in "\u00e9\u20ac\U00010348" for cut in range(1, len(char.encode()))),
    # Longer than need be.
    b"\xc0\xaf",
    b"\xc1\xbf",
    b"\xe0\x80\xaf",
    b"\xe0\x9f\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf8\x80\x80\x80\xaf",
    b"\xfc\x80\x80\x80\x80\xaf",
    # Surrogates, alone and in pairs.
    *(bytes([0xED, second, 0x80]) for second in range(0xA0, 0xC0)),
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xed\xaf\xbf\xed\xbf\xbf",
    # Beyond the last character, and forms of five and six bytes.
    b"\xf4\x90\x80\x80",
    b"\xf7\xbf\xbf\xbf",
    b"\xf8\x88\x80\x80\x80",
    b"\xfb\xbf\xbf\xbf\xbf",
    b"\xfc\x84\x80\x80\x80\x80",
    b"\xfd\xbf\xbf\xbf\xbf\xbf",
]


def in_one_and_in_pieces(payload: bytes) -> list[bytes]:
    """Spell a text as one frame, and cut into two fragments at every byte."""
    wires = [frame(Opcode.TEXT, payload)]
    for cut in range(len(payload) + 1):
        wires.append(
            frame(Opcode.TEXT, payload[:cut], fin=False)
            + frame(Opcode.PING, b"between")
            + frame(Opcode.CONTINUATION, payload[cut:])
        )
    return wires


@pytest.mark.parametrize("text", VALID_TEXTS, ids=ascii)
def test_T34_every_text_is_read_wherever_it_is_cut(text: str) -> None:
    for wire in in_one_and_in_pieces(text.encode()):
        items, parser = parse(wire)
        assert [item for item in items if isinstance(item, str)] == [text]
        assert parser.failure is None


@pytest.mark.parametrize("bad", NO_TEXTS, ids=bytes.hex)
def test_T34_what_is_no_text_ends_the_stream_wherever_it_is_cut(bad: bytes) -> None:
    """What came before is delivered; nothing of the bad one is, and nothing after it."""
    for payload in (bad, b"\xce\xba" + bad + b"edited"):
        for wire in in_one_and_in_pieces(payload):
            items, parser = parse(frame(Opcode.TEXT, b"before") + wire + frame(Opcode.TEXT, b"after"))
            assert [item for item in items if isinstance(item, str)] == ["before"]
            assert parser.failure is not None
            assert parser.failure.close_code == 1007
