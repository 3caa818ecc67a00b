"""
Mutations of HTTP answers: upgrade answers, and answers to REST calls with any body.

No mutation asks the client to wait (``Retry-After`` of a second or more): it would, for up to five minutes.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from random import Random

from benchmarks.bad_inputs.inputs import ACCEPT, Input

__all__ = ["REST_MUTATIONS", "UPGRADE_MUTATIONS", "answer", "plain_answer", "upgrade_answer"]

_UPGRADE = [
    b"HTTP/1.1 101 Switching Protocols",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Accept: " + ACCEPT,
]
_STATUS_LINES = (
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 400 Bad Request", b"HTTP/1.1 401 Unauthorized"),
    *(b"HTTP/1.1 403 Forbidden", b"HTTP/1.1 404 Not Found", b"HTTP/1.1 429 Too Many Requests"),
    *(b"HTTP/1.1 500 Internal Server Error", b"HTTP/1.1 502 Bad Gateway", b"HTTP/1.1 503 Busy", b"HTTP/1.1 599 ?"),
    *(b"HTTP/1.1 301 Moved", b"HTTP/1.1 307 Temporary Redirect", b"HTTP/1.1 308 Permanent Redirect"),
    *(b"HTTP/1.1 999 Strange", b"HTTP/1.1 000 Nothing", b"HTTP/1.1 100 Continue", b"HTTP/1.1 102 Processing"),
)
_NO_STATUS_LINES = (
    *(b"HTTP/1.0 101 Switching Protocols", b"HTTP/2 101", b"HTTP/9.9 101 Future", b"http/1.1 101 small", b"101", b""),
    *(b"HTTP/1.1", b"HTTP/1.1  101 two blanks", b"HTTP/1.1 1O1 letter", b"HTTP/1.1 -101 minus", b"HTTP/1.1 1010 long"),
    *(
        b"HTTP/1.1 \xb9\xb0\xb9 digits",
        b"SSH-2.0-OpenSSH_9.6",
        b"<html>",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x00" * 20,
    ),
)
_RETRY_AFTER = (
    b"0",
    b"-1",
    b"nan",
    b"inf",
    b"1e9",
    b"\xc2\xb2",
    b"Wed, 21 Oct 2015 07:28:00 GMT",
    b"Wed, 99 Foo",
    b"0.0",
)
_LINES = (
    *(
        b"X-Injected: a\nb: c",
        b"X-Bare: a\rb",
        b" folded: line",
        b"\tfolded",
        b"X-Null: a\x00b",
        b": no name",
        b"X-Empty:",
    ),
    *(
        b"X-Eight: \xff\xfe\x80",
        b"X-Bidi: \xe2\x80\xae",
        b"Set-Cookie: a=b; Domain=localhost",
        b"Set-Cookie: \xff=\x00",
    ),
    *(b"Location: http://192.0.2.1/", b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked"),
    *(
        b"Connection: close",
        b"Sec-WebSocket-Protocol: chat",
        b"Sec-WebSocket-Version: 99",
        b"Upgrade: h2c",
        b"X: " + b"y" * 9000,
    ),
)
_BODIES = (b"<html><body>Busy</body></html>", b'{"code":"503000"}', b"", b"\x00\xff" * 40, b"a" * 3000)
_GIANT = 70_000
_MANY = 140


def _head(lines: list[bytes]) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


def upgrade_answer() -> bytes:
    """Return the right answer, with `ACCEPT` in it."""
    return _head(_UPGRADE)


def _flip(rng: Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


# Upgrade answers.


def _wrong_status(rng: Random) -> Input:
    lines = [rng.choice(_STATUS_LINES), *_UPGRADE[1:]]
    if rng.random() < 0.3:
        lines.append(b"Location: ws://192.0.2.1/")
    if rng.random() < 0.3:
        lines.append(b"Retry-After: " + rng.choice(_RETRY_AFTER))
    return Input("wrong status", _head(lines) + rng.choice(_BODIES), refused=True)


def _no_status(rng: Random) -> Input:
    return Input("no status line", _head([rng.choice(_NO_STATUS_LINES), *_UPGRADE[1:]]), refused=True)


def _wrong_accept(rng: Random) -> Input:
    wrong = rng.choice((b"", b"wrong", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", b"\xff" * 28, ACCEPT + b"=", b"=" + ACCEPT))
    return Input("wrong accept key", _head([*_UPGRADE[:3], b"Sec-WebSocket-Accept: " + wrong]), refused=True)


def _header_missing(rng: Random) -> Input:
    lines = list(_UPGRADE)
    del lines[rng.randint(1, 3)]
    return Input("header missing", _head(lines), refused=True)


def _no_colon(rng: Random) -> Input:
    lines = list(_UPGRADE)
    lines.insert(rng.randint(1, 4), rng.choice((b"nonsense", b"\xff\xff", b"GET / HTTP/1.1")))
    return Input("header without a colon", _head(lines), refused=True)


def _extension(rng: Random) -> Input:
    return Input(
        "extension nobody asked for", _head([*_UPGRADE, b"Sec-WebSocket-Extensions: permessage-deflate"]), refused=True
    )


def _injection(rng: Random) -> Input:
    lines = list(_UPGRADE)
    for _ in range(rng.randint(1, 3)):
        lines.insert(rng.randint(1, len(lines)), rng.choice(_LINES))
    return Input("header injection", _head(lines))


def _giant(rng: Random) -> Input:
    way = rng.randrange(3)
    if way == 0:
        return Input("giant header", _head([*_UPGRADE, b"X-Giant: " + b"a" * _GIANT]), refused=True)
    if way == 1:
        return Input("giant header", _head([*_UPGRADE, *[b"X-Many: a"] * _MANY]), refused=True)
    return Input("giant header", b"HTTP/1.1 101 " + b"a" * _GIANT, refused=True)


def _truncated(rng: Random) -> Input:
    data = upgrade_answer()
    return Input("truncation", data[: rng.randrange(len(data))], refused=True)


def _flipped(rng: Random) -> Input:
    return Input("bits flipped", _flip(rng, upgrade_answer()))


def _random(rng: Random) -> Input:
    return Input("random bytes", rng.randbytes(rng.randint(0, 300)), refused=True)


def _rubbish_after(rng: Random) -> Input:
    return Input("rubbish after the head", upgrade_answer() + rng.randbytes(rng.randint(1, 100)))


UPGRADE_MUTATIONS: Mapping[str, Callable[[Random], Input]] = {
    "wrong status": _wrong_status,
    "no status line": _no_status,
    "wrong accept key": _wrong_accept,
    "header missing": _header_missing,
    "header without a colon": _no_colon,
    "extension nobody asked for": _extension,
    "header injection": _injection,
    "giant header": _giant,
    "truncation": _truncated,
    "bits flipped": _flipped,
    "random bytes": _random,
    "rubbish after the head": _rubbish_after,
}


# Answers with a body.


def plain_answer(body: bytes, status: bytes = b"HTTP/1.1 200 OK", *headers: bytes) -> bytes:
    """Return a right answer."""
    lines = [
        status,
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        *headers,
    ]
    return _head(lines) + body


def _right(rng: Random, body: bytes) -> bytes:
    return plain_answer(body)


def _other_status(rng: Random, body: bytes) -> bytes:
    return plain_answer(body, rng.choice(_STATUS_LINES), b"Retry-After: " + rng.choice(_RETRY_AFTER))


def _bad_status(rng: Random, body: bytes) -> bytes:
    return plain_answer(body, rng.choice(_NO_STATUS_LINES))


def _bad_content_length(rng: Random, body: bytes) -> bytes:
    length = rng.choice(
        (b"-1", b"0", b"1", b"x", b"", b"9" * 30, b"%d" % (len(body) + 10), b"+5", b"5, 6", b"1e3", b"\xb2")
    )
    return _head([b"HTTP/1.1 200 OK", b"Content-Length: " + length]) + body


def _chunked(rng: Random, body: bytes) -> bytes:
    size = rng.choice(
        (b"%x" % len(body), b"ffffffffffffffff", b"-5", b"zz", b"", b"5;ext=1", b"0", b"%x" % (len(body) + 9), b"0x5")
    )
    tail = rng.choice((b"\r\n0\r\n\r\n", b"\r\n0\r\nX: y\r\n\r\n", b"", b"\r\n", b"\r\n" + size))
    return _head([b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked"]) + size + b"\r\n" + body + tail


def _tiny_chunks(rng: Random, body: bytes) -> bytes:
    pieces = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body)))
    return _head([b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked"]) + pieces + b"0\r\n\r\n"


def _packed(rng: Random, body: bytes) -> bytes:
    encoding = rng.choice((b"gzip", b"deflate", b"br", b"identity, gzip", b"\xff"))
    packed = gzip.compress(body, mtime=0) if rng.random() < 0.7 else body
    return plain_answer(packed, b"HTTP/1.1 200 OK", b"Content-Encoding: " + encoding)


def _giant_body(rng: Random, body: bytes) -> bytes:
    filler = b" " * (1 << 20)
    if rng.random() < 0.5:
        return plain_answer(filler + body)
    return _head([b"HTTP/1.1 200 OK"]) + filler + body


def _giant_head(rng: Random, body: bytes) -> bytes:
    lines = [b"X-Giant: " + b"a" * _GIANT] if rng.random() < 0.5 else [b"X-Many: a"] * _MANY
    return plain_answer(body, b"HTTP/1.1 200 OK", *lines)


def _odd_lines(rng: Random, body: bytes) -> bytes:
    return plain_answer(body, b"HTTP/1.1 200 OK", *(rng.choice(_LINES) for _ in range(rng.randint(1, 3))))


def _cut(rng: Random, body: bytes) -> bytes:
    data = plain_answer(body)
    return data[: rng.randrange(len(data))]


def _flipped_answer(rng: Random, body: bytes) -> bytes:
    return _flip(rng, plain_answer(body))


def _interim(rng: Random, body: bytes) -> bytes:
    return b"HTTP/1.1 100 Continue\r\n\r\n" * rng.choice((1, 3, 2000)) + plain_answer(body)


REST_MUTATIONS: Mapping[str, Callable[[Random, bytes], bytes]] = {
    "other status": _other_status,
    "no status line": _bad_status,
    "bad content length": _bad_content_length,
    "bad chunks": _chunked,
    "tiny chunks": _tiny_chunks,
    "content encoding": _packed,
    "giant body": _giant_body,
    "giant header": _giant_head,
    "header injection": _odd_lines,
    "answer truncated": _cut,
    "answer's bits flipped": _flipped_answer,
    "interim answers": _interim,
}
RARE: Mapping[str, float] = {"giant body": 0.05, "giant header": 0.3, "interim answers": 0.3}


def answer(mutation: str, rng: Random, body: bytes) -> Input:
    """Return an answer with a right or a wrong body, its form spoilt unless ``mutation`` is one of the body."""
    return Input(mutation, REST_MUTATIONS.get(mutation, _right)(rng, body))
