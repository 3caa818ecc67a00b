"""A REST client for OKX whose network is a list of answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.rest import Progress
from kucoin_sync.engine.running import RunningCalls
from kucoin_sync.exchange_rest.calls import RestSurroundings
from kucoin_sync.okx.rest import RestClient
from kucoin_sync.options import Options
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from kucoin_sync.protocol.server_clock import ServerClock

__all__ = ["HOST", "Recorder", "refused", "sign"]

HOST = "https://rest.example"
SECRET = "0123456789ABCDEF0123456789ABCDEF"


def sign(method: str, path: str, body: str, timestamp_ms: int) -> dict[str, str]:
    """Sign as the reference says, written anew from it."""
    moment = datetime.fromtimestamp(timestamp_ms // 1000, timezone.utc)
    timestamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{timestamp_ms % 1000:03d}Z"
    digest = hmac.new(SECRET.encode(), f"{timestamp}{method}{path}{body}".encode(), hashlib.sha256).digest()
    return {"OK-ACCESS-TIMESTAMP": timestamp, "OK-ACCESS-SIGN": base64.b64encode(digest).decode()}


def refused(code: str, data: Any = None, status: int = 200) -> HttpAnswer:
    """Return an answer with a code, and without data where none is given."""
    frame = {"code": code, "msg": f"message of {code}", **({} if data is None else {"data": data})}
    return HttpAnswer(status, {}, json.dumps(frame).encode())


class Recorder:
    """
    Stands where the network is: keeps each call and answers it.

    Args:
        *answers: Data of a yes, whole answers, or exceptions to raise, one a call; the last stays.
        answer: Makes such an answer from the call instead.

    Attributes:
        rest: The client under test.
        calls: What it sent.
    """

    def __init__(self, *answers: Any, answer: Callable[[HttpCall], Any] | None = None, keys: bool = True) -> None:
        self.calls: list[HttpCall] = []
        self._answers = list(answers)
        self._answer = answer
        self.clock = ServerClock()
        around = RestSurroundings(
            options=Options(),
            caller=self,  # type: ignore[arg-type]
            running=RunningCalls(),
            identifiers=Identifiers(),
            clock=self.clock,
            signer=sign if keys else None,
        )
        self.rest = RestClient(around, lambda private: HOST)

    @property
    def asked(self) -> list[str]:
        """Method, path and query of each call."""
        return [f"{call.method} {call.url.removeprefix(HOST)}" for call in self.calls]

    def call(self, call: HttpCall, *, progress: Progress, **_: Any) -> HttpAnswer:
        self.calls.append(call)
        progress.sent = "complete"
        progress.sent_at = progress.received_at = time.time()
        answer: Any
        if self._answer is not None:
            answer = self._answer(call)
        else:
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, HttpAnswer):
            return answer
        return HttpAnswer(200, {}, json.dumps({"code": "0", "msg": "", "data": answer}).encode())
