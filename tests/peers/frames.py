"""Bytes of WebSocket frames, right ones and, on request, wrong ones (RFC 6455 section 5.2)."""

from __future__ import annotations

import enum
import struct

__all__ = ["Opcode", "apply_mask", "frame"]


class Opcode(enum.IntEnum):
    """What a frame carries."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


def frame(
    opcode: int,
    payload: bytes | str = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bool | bytes = False,
    length_form: int | None = None,
    length: int | None = None,
) -> bytes:
    """
    Spell one frame; nothing is checked, so that forbidden frames can be made.

    Args:
        opcode: 0 to 15; see `Opcode`.
        payload: Text is encoded as UTF-8.
        fin: Whether this is the last frame of its message.
        rsv: The three reserved bits as a number, 4 for RSV1 (compressed).
        mask: ``True`` masks with a fixed key, four bytes mask with that key. Servers must not mask.
        length_form: 7, 16 or 64 bits for the length; ``None`` takes the shortest.
        length: Length to declare; ``None`` tells the truth.
    """
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    declared = len(body) if length is None else length
    if length_form is None:
        length_form = 7 if declared < 126 else 16 if declared < 1 << 16 else 64
    first = fin << 7 | rsv << 4 | opcode
    mask_bit = 0x80 if mask else 0
    if length_form == 7:
        if declared > 125:
            raise ValueError(f"a length of {declared} does not fit the form of 7 bits")
        head = struct.pack("!BB", first, mask_bit | declared)
    elif length_form == 16:
        head = struct.pack("!BBH", first, mask_bit | 126, declared)
    elif length_form == 64:
        head = struct.pack("!BBQ", first, mask_bit | 127, declared)
    else:
        raise ValueError(f"length_form is 7, 16, 64 or None, not {length_form!r}")
    if not mask:
        return head + body
    key = b"\x37\xfa\x21\x3d" if mask is True else mask
    return head + key + apply_mask(body, key)


def apply_mask(payload: bytes, key: bytes) -> bytes:
    """Mask or unmask: the same operation both ways."""
    if not payload:
        return b""
    size = len(payload)
    repeated = key * (size // 4) + key[: size % 4]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
