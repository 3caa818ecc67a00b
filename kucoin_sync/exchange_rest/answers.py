"""
What the answer to a REST call means, or that there was none: the only place where that is decided. Pure.

A read ends with its data or an error that says why not. For a call that changes the account the rules of
`kucoin_sync.orders.outcome` hold: without proof of a yes or of a no its outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs

from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.engine.rest import NoAnswer
from kucoin_sync.errors import (
    AuthError,
    ClosedError,
    ConnectionLost,
    DeadlineExceeded,
    KucoinSyncError,
    RestError,
    UnknownReason,
    shorten,
)
from kucoin_sync.events import RateLimit
from kucoin_sync.orders.operation import CodeRules, Operation
from kucoin_sync.orders.outcome import conclude
from kucoin_sync.protocol.dialect import HttpAnswer
from kucoin_sync.protocol.json_text import exact_loads, plain_text
from kucoin_sync.protocol.messages import Reply

__all__ = ["AnswerReader", "Doubt", "change_failure", "closed", "fields_of", "odd_data", "read_failure"]

Doubt = Callable[[Any], UnknownReason | None]
"""Says of the data of a yes what it leaves open, in a reason of `OutcomeUnknown`; ``None`` is nothing."""


@attrs.frozen
class AnswerReader:
    """
    How one exchange's answers are read: ``{"code": ..., "msg": ..., "data": ...}``.

    Attributes:
        owner: Whose JSON it is, for errors.
        success: Code of a yes.
        auth_codes: Codes that refuse the credentials.
        limit_codes: Codes of a request limit.
        is_passing: Whether a code tells of a trouble that may pass by itself.
        retry_after: Takes the headers, their names in lower case; returns the seconds they ask to wait.
        rate_limit: Returns the state of the request pool that an answer tells.
    """

    owner: str
    success: str
    auth_codes: Collection[str]
    limit_codes: Collection[str]
    is_passing: Callable[[str], bool]
    retry_after: Callable[[Mapping[str, str]], float | None]
    rate_limit: Callable[[HttpAnswer], RateLimit | None]

    def code_of(self, answer: HttpAnswer) -> str | None:
        """Return the code of an answer; ``None`` if it has none."""
        frame = _parse(answer)
        return None if frame is None else str(frame["code"])

    def judge_read(self, op: str, answer: HttpAnswer) -> Any:
        """Return the data of an answer to a read; raise what any other answer is."""
        status, frame = answer.status, _parse(answer)
        code = None if frame is None else str(frame["code"])
        if frame is not None and code == self.success and status == 200:
            return frame.get("data")
        text = f"not {self.owner}'s JSON: {shorten(answer.body)}" if frame is None else _message(frame)
        if code in self.auth_codes or (frame is None and status in (401, 403)):
            words = " ".join(filter(None, [f"{op}:", code and shorten(code, 40), shorten(text)]))
            raise AuthError(words, phase="auth", code=code, status=status)
        passing = status == 429 or status >= 500
        raise RestError(
            text,
            op=op,
            code=code,
            status=status,
            retryable=passing or (frame is None and status == 200) or (code is not None and self.is_passing(code)),
            retry_after=self.retry_after(fields_of(answer)) if passing or code in self.limit_codes else None,
        )

    def conclude_change(
        self,
        operation: Operation,
        rules: CodeRules,
        request: PendingRequest,
        answer: HttpAnswer | None,
        doubt: Doubt | None,
        *,
        ws_key: str,
        summaries: Collection[str] = (),
    ) -> Any:
        """
        Say how a call that changes the account ended.

        Args:
            operation: Its row.
            rules: What its codes mean.
            request: Where its sending is recorded, and its failure if there is no answer.
            answer: ``None`` if there is none.
            doubt: Returns what the data of a yes leaves open, or ``None``; without it any data will do.
            ws_key: What errors call the host.
            summaries: Codes that say no more than that entries of the data have codes of their own: ``doubt`` decides.

        Returns:
            The data.

        Raises:
            Rejected, NotSent, OutcomeUnknown: As `kucoin_sync.orders.outcome` has it.
        """
        if answer is not None:
            frame = _parse(answer)
            code = "" if frame is None else str(frame["code"])
            decided = code == self.success or code in summaries
            yes = frame is not None and decided and answer.status == 200
            reason: UnknownReason | None = "server_error" if answer.status >= 500 else "unreadable_reply"
            if frame is not None and yes:
                reason = None if doubt is None else doubt(frame.get("data"))
                if reason is None:
                    return frame.get("data")
            if frame is None or decided or answer.status >= 500:
                cause = RestError(self._sample(frame, answer), op=operation.reply_op, status=answer.status)
                request.failure = (str(reason), cause)
            else:
                request.reply = Reply(
                    request.id,
                    operation.reply_op,
                    code,
                    _message(frame),
                    frame.get("data"),
                    None,
                    None,
                    self.rate_limit(answer),
                    answer.body.decode(),
                )
        raise conclude(request, operation, rules, ws_key=ws_key)

    def _sample(self, frame: Mapping[str, Any] | None, answer: HttpAnswer) -> str:
        if frame is None:
            return f"not {self.owner}'s JSON: {shorten(answer.body)}"
        return f"an answer that proves nothing: {shorten(answer.body)}"


def _parse(answer: HttpAnswer) -> Mapping[str, Any] | None:
    """Return the envelope of an answer, ``None`` if it is none."""
    try:
        frame = exact_loads(answer.body.decode())
    except ValueError:
        return None
    if not isinstance(frame, Mapping) or type(frame.get("code")) not in (str, int):
        return None
    return frame


def _message(frame: Mapping[str, Any]) -> str:
    text = frame.get("msg")
    return text if isinstance(text, str) and text else "no text"


def fields_of(answer: HttpAnswer) -> dict[str, str]:
    """Return the headers of an answer, their names in lower case."""
    return {name.lower(): value for name, value in answer.headers.items()}


def odd_data(op: str, data: Any) -> RestError:
    """Return the error for data of another shape than the call's."""
    return RestError(f"an answer of another shape: {shorten(plain_text(data))}", op=op, status=200, retryable=True)


# No answer.


def read_failure(op: str, failure: NoAnswer) -> KucoinSyncError:
    """Return the error for a read without an answer."""
    text = f"{op}: {failure.text}"
    if failure.reason == "timeout":
        return DeadlineExceeded(text)
    if failure.reason == "closed":
        return closed(op)
    if failure.reason == "disconnected":
        return ConnectionLost(text)
    return RestError(failure.text, op=op, status=failure.status, retryable=True)


def change_failure(op: str, failure: NoAnswer) -> KucoinSyncError | None:
    """Return what happened below a change without an answer; of a time-out there is nothing more to say."""
    return None if failure.reason == "timeout" else read_failure(op, failure)


def closed(op: str) -> ClosedError:
    """Return the error for a call that the client's end ended."""
    return ClosedError(f"{op}: the client was closed")
