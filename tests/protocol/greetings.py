"""A dialect with any greeting, for the tests of what does not depend on an exchange."""

from __future__ import annotations

from kucoin_sync.errors import ConnectError
from kucoin_sync.protocol.dialect import Step
from kucoin_sync.protocol.messages import Refusal


class GreetingDialect:
    """The part of a dialect that a session asks; it records nothing and answers with what it was given."""

    def __init__(self, *greeting: Step) -> None:
        self.greeting = greeting

    def answer_challenge(self, text: str) -> str:
        return f"signed {text}"

    def encode_login(self, *, request_id: str, timestamp_ms: int) -> str:
        return f"login {request_id} {timestamp_ms}"

    def opening_error(self, refusal: Refusal, phase: str) -> ConnectError:
        return ConnectError(f"refused {refusal.code} {refusal.message}", phase=phase)
