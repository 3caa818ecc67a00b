"""
Mutations of one JSON text. Each takes a random source, the text and other texts, and returns bytes.

The structural ones put a hole into the parsed document and write something into it that no document can hold, such
as ``NaN`` or brackets without end; the others work on the bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

__all__ = ["KNOWN_ID", "MUTATIONS", "RARE", "Mutation"]

Mutation = Callable[[Random, str, Sequence[str]], bytes]

KNOWN_ID = "@KNOWN-ID@"
"""Stands in a text for the id of a command of this client that was answered already."""

_HOLE = "@HOLE@"
_WORDS = (
    *("welcome", "ack", "pong", "ping", "error", "message", "notice", "command", "200000", "400100", "429000", "509"),
    *("trade.ticker", "level2", "orderChange", "spot.order", "futures.order", "true", "success", "auth", "", "."),
    *("/market/ticker:BTC-USDT", "/market/ticker", "ticker.SPOT", "obu.FUTURES", "__class__", "null", "\\", "a" * 300),
)
_KEYS = ("id", "type", "topic", "subject", "data", "op", "code", "msg", "T", "d", "t", "result", "sessionId", "sn")
_NUMBERS = (
    *("9" * 400, "-" + "9" * 400, "9" * 5000, "1e999", "-1e999", "1e-999", "1E+400", "1e308", "0.1e400", "-0", "-0.0"),
    *("9007199254740993", "18446744073709551616", "-9223372036854775809", "007", "1.", ".5", "+1", "0x10", "1_000"),
    *("1e", "-", "0." + "3" * 4000, "1e99999999999999999999", "1e-400", "\u0663"),
)
_CONSTANTS = ("NaN", "Infinity", "-Infinity", "nan", "undefined", "None", "True")
_OTHER_TYPES = ("null", "true", "false", "0", "-1", "1.5", '""', '"0"', "[]", "{}", "[[]]", "[null]", '{"a":{}}')
_SURROGATES = ("\\ud800", "\\udfff", "\\udc00\\ud800", "a\\udbff", "\\uD83D", "\\ud83d\\u0041")
_CONTROLS = ("\\u0000", "\\u001b[31m", "\\u0007", "\\u007f", "\\u0085", "\x00", "\x1b[2J", "\n", "\t", "\x7f", "\x85")
_BIDI = ("\u202e", "\u2066x\u2069", "\u200f", "\ufeff", "\u2028", "\u202e\u2066", "\ufffe", "\u0301")
_DEPTHS = (63, 64, 65, 200, 1000, 1500, 3000)
_DEEPEST = 100_000
_INVALID = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80", b"\xf8\x88\x80\x80\x80")
_LONG = 100_000


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Return where values are: containers with a key or an index each."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        items = node.items() if type(node) is dict else enumerate(node) if type(node) is list else ()
        for key, value in items:
            found.append((node, key))
            if type(value) in (dict, list):
                waiting.append(value)
    return found


def _parsed(text: str) -> tuple[Any, list[tuple[Any, Any]]]:
    try:
        document = json.loads(text)
    except ValueError:
        document = [text]
    if type(document) not in (dict, list) or not document:
        document = [document]
    return document, _places(document)


def _spelled(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _filled(rng: Random, text: str, raw: str) -> bytes:
    """Write ``raw`` in the place of a value."""
    document, places = _parsed(text)
    node, key = rng.choice(places)
    node[key] = _HOLE
    return _spelled(document).replace(f'"{_HOLE}"', raw, 1).encode()


def swap_nodes(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Exchange two values, wherever they are; one may come to lie in a copy of the other."""
    document, places = _parsed(text)
    (first, here), (second, there) = rng.choice(places), rng.choice(places)
    one, other = json.dumps(first[here]), json.dumps(second[there])
    first[here], second[there] = json.loads(other), json.loads(one)
    return _spelled(document).encode()


def change_type(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put a value of another type in the place of one."""
    return _filled(rng, text, rng.choice(_OTHER_TYPES))


def remove_node(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Leave out a member of an object or a list."""
    document, places = _parsed(text)
    node, key = rng.choice(places)
    del node[key]
    return _spelled(document).encode()


def duplicate_node(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Repeat a member: an element once more, or a key a second time with another value."""
    document, places = _parsed(text)
    node, key = rng.choice(places)
    if type(node) is list:
        node.insert(key, node[key])
        return _spelled(document).encode()
    value, node[key] = _spelled(node[key]), _HOLE
    again = f"{value},{json.dumps(key)}:{rng.choice(_OTHER_TYPES)}"
    return _spelled(document).replace(f'"{_HOLE}"', again, 1).encode()


def add_key(rng: Random, text: str, others: Sequence[str]) -> bytes:
    """Add a key that means something elsewhere."""
    document, _ = _parsed(text)
    if type(document) is not dict:
        document = {"data": document}
    document[rng.choice(_KEYS)] = rng.choice(_WORDS)
    return _spelled(document).encode()


def change_word(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put a word of the protocol in the place of a value."""
    return _filled(rng, text, json.dumps(rng.choice(_WORDS)))


def known_id(rng: Random, text: str, others: Sequence[str]) -> bytes:
    """Answer once more what was answered already."""
    document, _ = _parsed(text)
    if type(document) is not dict:
        document = {"type": "error", "code": 404, "data": document}
    document["id"] = KNOWN_ID
    return _spelled(document).encode()


def nest(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put brackets or braces around a value, up to 100,000 of them."""
    depth = _DEEPEST if rng.random() < 0.01 else rng.choice(_DEPTHS)
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"b":', "}]")))
    closed = closing * depth if rng.random() < 0.8 else ""
    return _filled(rng, text, f"{opening * depth}1{closed}")


def huge_number(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put a number beyond every type, or one that is not spelled as JSON asks, in the place of a value."""
    return _filled(rng, text, rng.choice(_NUMBERS))


def no_number(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put ``NaN``, ``Infinity`` or another language's constant in the place of a value."""
    return _filled(rng, text, rng.choice(_CONSTANTS))


def _odd_text(rng: Random, text: str, piece: str) -> bytes:
    if rng.random() < 0.5:
        return _filled(rng, text, f'"{piece}"')
    document, _ = _parsed(text)
    if type(document) is list:
        document = {"data": document}
    key = rng.choice(list(document))
    fields = [f'"{piece if name == key else name}":{_spelled(value)}' for name, value in document.items()]
    return f"{{{','.join(fields)}}}".encode()


def lone_surrogate(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put half of a surrogate pair into a value or in the place of a key."""
    return _odd_text(rng, text, rng.choice(_SURROGATES))


def control_character(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put a control character, escaped or not, into a value or in the place of a key."""
    return _odd_text(rng, text, rng.choice(_CONTROLS))


def bidi_character(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put a mark that turns the direction of writing, or another invisible one, into a value or key."""
    return _odd_text(rng, text, rng.choice(_BIDI))


def long_text(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put 100,000 characters in the place of a value."""
    return _filled(rng, text, json.dumps(rng.choice(("a", "\u00e9", "\\", "0")) * _LONG, ensure_ascii=False))


def flip_bits(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Turn one to four bits."""
    data = bytearray(text.encode())
    for _turn in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def truncate(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Cut the end off."""
    data = text.encode()
    return data[: rng.randrange(len(data))]


def cut_out(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Leave out a piece of the middle."""
    data = text.encode()
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randint(1, 20) :]


def repeat_slice(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Repeat a piece."""
    data = text.encode()
    start = rng.randrange(len(data))
    stop = start + rng.randint(1, 40)
    return data[:stop] + data[start:stop] * rng.randint(1, 3) + data[stop:]


def splice(rng: Random, text: str, others: Sequence[str]) -> bytes:
    """Go on with the end of another text."""
    data, other = text.encode(), rng.choice(others).encode()
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def surround(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Add what is no JSON before or after it: a byte order mark, blanks, a second document."""
    data = text.encode()
    extra = rng.choice((b"\xef\xbb\xbf", b" " * 100, b"\x00", b"{}", b"]", b"\n\n", data))
    return extra + data if rng.random() < 0.5 else data + extra


def invalid_utf8(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Put bytes inside that are no UTF-8."""
    data = text.encode()
    at = rng.randrange(len(data))
    while data[at] & 0xC0 == 0x80:  # not between the bytes of one character, which might complete it
        at -= 1
    return data[:at] + rng.choice(_INVALID) + data[at:]


def no_document(rng: Random, text: str, _: Sequence[str]) -> bytes:
    """Send something else instead."""
    whole = (b"", b" ", b"null", b"5", b'"pong"', b"[]", b"{}", b"pong", b"<html>503</html>", b"[" * 1000, b"\x00\x01")
    return rng.choice(whole)


MUTATIONS: Mapping[str, Mutation] = {
    "swap of nodes": swap_nodes,
    "change of type": change_type,
    "node removed": remove_node,
    "node duplicated": duplicate_node,
    "key added": add_key,
    "word changed": change_word,
    "known id": known_id,
    "deep nesting": nest,
    "huge number": huge_number,
    "NaN and constants": no_number,
    "lone surrogate": lone_surrogate,
    "control character": control_character,
    "bidi character": bidi_character,
    "long text": long_text,
    "bits flipped": flip_bits,
    "truncation": truncate,
    "piece cut out": cut_out,
    "piece repeated": repeat_slice,
    "splice of two": splice,
    "rubbish around": surround,
    "invalid UTF-8": invalid_utf8,
    "no document": no_document,
}
RARE: Mapping[str, float] = {"deep nesting": 0.5, "long text": 0.02}
"""Weights of those that cost more than the others; all others weigh 1."""
