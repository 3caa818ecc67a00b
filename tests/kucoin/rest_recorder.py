"""A REST client whose network is a list of answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from kucoin_sync import RestClient
from kucoin_sync.engine.identifiers import Identifiers
from kucoin_sync.engine.rest import Progress
from kucoin_sync.engine.running import RunningCalls
from kucoin_sync.exchange_rest.calls import RestSurroundings
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.options import Options
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from kucoin_sync.protocol.server_clock import ServerClock
from tests.kucoin.samples import CREDENTIALS

__all__ = ["Recorder"]


class Recorder:
    """
    Stands where the network is, for tests of what is sent and of what answers mean: keeps each call and answers it.

    Args:
        *answers: Data of a yes, whole answers, or exceptions to raise, one a call; the last stays.
        answer: Makes such an answer from the call instead.

    Attributes:
        rest: The client under test.
        calls: What it sent.
        signed: The texts it signed.
        trips: How long the next calls take, as far as their progress tells, seconds.
    """

    def __init__(self, *answers: Any, answer: Callable[[HttpCall], Any] | None = None) -> None:
        self.calls: list[HttpCall] = []
        self.trips: list[float] = []
        self.signed: list[str] = []
        self._answers = list(answers)
        self._answer = answer
        options = Options()
        self.rest = RestClient(
            RestSurroundings(
                options=options,
                caller=self,  # type: ignore[arg-type]
                running=RunningCalls(),
                identifiers=Identifiers(),
                clock=ServerClock(),
                signer=Signer(CREDENTIALS, "1", sign_message=self._sign),
            )
        )

    def _sign(self, message: str, secret: str) -> str:
        self.signed.append(message)
        return "signature"

    def call(self, call: HttpCall, *, progress: Progress, **_: Any) -> HttpAnswer:
        self.calls.append(call)
        progress.sent = "complete"
        progress.sent_at = time.time()
        progress.received_at = progress.sent_at + (self.trips.pop(0) if self.trips else 0.0)
        answer: Any
        if self._answer is not None:
            answer = self._answer(call)
        else:
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, HttpAnswer):
            return answer
        return HttpAnswer(200, {}, json.dumps({"code": "200000", "data": answer}).encode())
