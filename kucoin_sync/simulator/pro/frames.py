"""
Frames of the Pro streams as the server writes them: pushes, and the forms in which frames and replies go out.

Source: KuCoin docs, unified account WebSocket pages, and captures of the futures host of 2026.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen
from attrs.validators import in_

from ..json_text import compact
from ..peer import BINARY, TEXT

__all__ = ["ProForms", "encode_push"]


def _deflated(text: str) -> bytes:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(text.encode()) + squeezer.flush()


_FRAMES: Mapping[str, tuple[int, Callable[[str], bytes]]] = {
    "binary": (BINARY, str.encode),
    "text": (TEXT, str.encode),
    "deflate": (BINARY, _deflated),
}

# The service was seen to refuse log-ins and topics in each of these ways.
_REFUSALS = ("message", "reason", "code")


@frozen
class ProForms:
    """
    Which of the known spellings this simulator uses.

    Attributes:
        frames: ``binary``: plain JSON in binary frames, as captured; ``text``: in text frames; ``deflate``:
            compressed without a header, in binary frames, as one client prepares for.
        acks: ``boolean``: ``"result": true``, as captured; ``string``: ``"result": "true"``, as documented.
        refusals: How a log-in is refused: ``message`` or ``reason`` beside ``"result": false``, or ``code``: with
            ``code`` and ``msg`` of the gateway instead.
    """

    frames: str = field(default="binary", validator=in_(_FRAMES))
    acks: str = field(default="boolean", validator=in_(("boolean", "string")))
    refusals: str = field(default="message", validator=in_(_REFUSALS))

    @property
    def opcode(self) -> int:
        """Opcode of every frame that carries data."""
        return _FRAMES[self.frames][0]

    def encode(self, text: str) -> bytes:
        """Return the payload that carries one JSON text."""
        return _FRAMES[self.frames][1](text)

    def accepted(self, request_id: str) -> dict[str, Any]:
        """Return ``{"id":"p1","result":true}``."""
        return {"id": request_id, "result": True if self.acks == "boolean" else "true"}

    def login_refused(self, request_id: str, code: str, text: str) -> dict[str, Any]:
        """Return ``{"id":"auth-1","result":false,"message":"KC-API-KEY not exists."}`` in the chosen form."""
        if self.refusals == "code":
            return {"id": request_id, "code": code, "msg": text}
        return {"id": request_id, "result": False, self.refusals: text}


def encode_push(topic: str, data: object, *, now_ns: int, kind: str | None = None) -> str:
    """
    Spell one push.

    Args:
        topic: The simulator's name of what is pushed, such as ``obu.SPOT:BTC-USDT@5``: the part before the colon is
            the wire's ``T``, a part after the first ``@`` is the depth.
        data: Payload.
        now_ns: Time of the push.
        kind: ``snapshot`` or ``delta`` on the channels that say so.

    Returns:
        ``{"T":"obu.SPOT","dp":"5","t":"snapshot","P":1790984756520149607,"d":{...}}``
    """
    channel, _, argument = topic.partition(":")
    _, _, depth = argument.partition("@")
    frame: dict[str, object] = {"T": channel}
    if depth:
        frame["dp"] = depth.removesuffix("+rpi")
    if kind is not None:
        frame["t"] = kind
    return compact({**frame, "P": now_ns, "d": data})
