"""
OKX's REST calls: spelled, and made as `kucoin_sync.exchange_rest.calls` has it.

Source: OKX docs v5, REST Authentication, and Error Code (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.errors import ConfigError, TokenError, UnknownReason
from kucoin_sync.exchange_rest.answers import AnswerReader, Doubt, odd_data
from kucoin_sync.exchange_rest.calls import RestCalls, RestSurroundings
from kucoin_sync.exchange_rest.spelling import Target, spell_body, spell_target
from kucoin_sync.okx import refusals
from kucoin_sync.okx.proofs import answer_of_one
from kucoin_sync.orders.operation import CodeRules, Operation, OperationKind, Verdict
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from kucoin_sync.protocol.json_text import loads

__all__ = ["RestBase", "RestCall", "SignCall", "time_of"]

TIME = "/api/v5/public/time"
_PUBLIC = ("/api/v5/public/", "/api/v5/market/", "/api/v5/system/", "/api/v5/sprd/spreads")
"""Beginnings of the paths that need no signature."""

CLOCK_CODES = ("50102", "50112")
_PASSING = ("50001", "50004", "50011", "50013", "50026", "50061")
_LIMIT_CODES = ("50011", "50061")

SignCall = Callable[[str, str, str, int], Mapping[str, str]]
"""Takes method, path with query, body, and the exchange's time in ms; returns the headers of a signed call."""

_TWINS: Mapping[str, str] = {
    "/api/v5/trade/order": "order",
    "/api/v5/trade/batch-orders": "batch-orders",
    "/api/v5/trade/amend-order": "amend-order",
    "/api/v5/trade/amend-batch-orders": "batch-amend-orders",
    "/api/v5/trade/cancel-order": "cancel-order",
    "/api/v5/trade/cancel-batch-orders": "batch-cancel-orders",
    "/api/v5/trade/mass-cancel": "mass-cancel",
    "/api/v5/sprd/order": "sprd-order",
    "/api/v5/sprd/amend-order": "sprd-amend-order",
    "/api/v5/sprd/cancel-order": "sprd-cancel-order",
    "/api/v5/sprd/mass-cancel": "sprd-mass-cancel",
}
"""The operation whose table of codes applies to a ``POST``. Paths but the first are assumed."""


@attrs.frozen
class RestCall:
    """
    One call, checked and spelled, but not signed yet.

    Attributes:
        url: Of the host, without the target.
        args: Query parameters and body as given, for the errors of a call that changes something.
    """

    method: str
    target: Target
    body: str = attrs.field(repr=False)
    url: str
    signed: bool
    args: Mapping[str, Any] = attrs.field(repr=False)
    line: str = "rest"

    @property
    def op(self) -> str:
        """Method and path."""
        return f"{self.method} {self.target.path}"

    @property
    def changes(self) -> bool:
        """Whether it changes the account."""
        return self.method != "GET"


class RestBase(RestCalls[RestCall, SignCall]):
    """
    Makes REST calls of one account; the calls by name are in the class derived from it.

    Args:
        around: What the calls of the client share.
        host: Returns the URL of the REST host; takes whether credentials go there, and may raise `ConfigError` then.
    """

    _clock_codes = CLOCK_CODES
    _answers = AnswerReader(
        owner="OKX",
        success=refusals.SUCCESS,
        auth_codes=refusals.AUTH_CODES,
        limit_codes=_LIMIT_CODES,
        is_passing=_PASSING.__contains__,
        retry_after=lambda fields: _seconds(fields.get("retry-after", "")),
        rate_limit=lambda answer: None,  # no answer tells
    )

    def __init__(self, around: RestSurroundings[SignCall], host: Callable[[bool], str]) -> None:
        super().__init__(around)
        self._host = host

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        signed: bool | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Make any REST call of OKX.

        A ``GET`` is a read. A ``POST`` counts as one that changes the account: it is sent once and ends as an order
        call does.

        Args:
            method: ``GET`` or ``POST``.
            path: From ``/api/`` on, without a query.
            params: Query parameters as OKX spells them; values are texts, whole numbers, `Decimal`, booleans or lists
                of these, and ``None`` is left out.
            body: Mapping or list that is sent as JSON.
            signed: Whether to sign it; ``None`` signs whatever is not known to be public, if there are credentials.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            The answer's ``data``, a list, as OKX spells it.

        Raises:
            RestError: The exchange says no to a read, or answers what makes no sense.
            AuthError: It does not accept the credentials for a read.
            Rejected: It refuses a call that changes the account; the call had no effect.
            NotSent: Not one byte of such a call left.
            OutcomeUnknown: Anything else about such a call, above all if some of its orders were refused.
            ConnectError: There was no connection for a read.
            ConnectionLost: Its connection broke, twice.
            DeadlineExceeded: It was not answered in time.
            ClosedError: The client is closed, or was while a read waited.
            ConfigError: An argument breaks a rule; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        if method not in ("GET", "POST"):
            raise ConfigError(f"method: must be GET or POST, got {method!r:.20}")
        return self._call(method, path, params=params, body=body, signed=signed, timeout=timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._host(False)}>"

    # One call.

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        signed: bool | None = True,
        timeout: float | None = None,
        doubt: Doubt | None = None,
    ) -> Any:
        call = self._prepare(method, path, params, body, signed)
        several = call.changes and not isinstance(body, Mapping)
        summaries = refusals.SUMMARIES if several else ()
        return self._make(call, self._deadline(timeout), doubt or doubt_entries, summaries=summaries)

    def _deadline(self, timeout: float | None) -> Deadline:
        return checked_deadline(timeout, self._around.options.request_timeout)

    def _rows(self, path: str, params: Mapping[str, Any], timeout: float | None, **how: Any) -> list[dict[str, Any]]:
        """Make a read whose data is a list of objects."""
        data = self._call("GET", path, params=params, timeout=timeout, **how)
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise odd_data(f"GET {path}", data)
        return data

    def _row(self, path: str, params: Mapping[str, Any], timeout: float | None, **how: Any) -> dict[str, Any]:
        """Make a read whose data is a list of one object."""
        rows = self._rows(path, params, timeout, **how)
        if len(rows) != 1:
            raise odd_data(f"GET {path}", rows)
        return rows[0]

    def _prepare(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, signed: bool | None
    ) -> RestCall:
        """Check everything about a call before anything of it exists."""
        target, text = spell_target(path, params), spell_body(body)
        if method == "GET" and text:
            raise ConfigError("body: a GET has none")
        has_keys = self._around.signer is not None
        if signed is None:
            signed = has_keys and not path.startswith(_PUBLIC)
        if signed and not has_keys:
            raise ConfigError(f"api_key: {method} {path} needs api_key, api_secret and api_passphrase")
        args = {**(params or {}), **(body if isinstance(body, Mapping) else {} if body is None else {"body": body})}
        return RestCall(method, target, text, self._host(signed), signed, args)

    # What the making of calls asks for.

    def _sign(self, call: RestCall, timestamp_ms: int) -> HttpCall:
        headers: dict[str, str] = {"Content-Type": "application/json"} if call.body else {}
        if call.signed:
            sign = self._around.signer
            assert sign is not None
            headers |= sign(call.method, call.target.encoded, call.body, timestamp_ms)
        return HttpCall(call.method, call.url + call.target.encoded, headers, call.body)

    def _operation(self, call: RestCall) -> tuple[Operation, CodeRules]:
        operation = Operation(
            name=call.op,
            product="spread" if call.target.path.startswith("/api/v5/sprd/") else "trade",
            kind=OperationKind.OTHER,
            reply_op=call.op,
            prove=_prove_entry,
            client_oid_key="clOrdId",
            order_id_key="ordId",
            symbol_key="instId",
            answer=answer_of_one,
        )
        return operation, _TwinRules(_TWINS.get(call.target.path, call.op))

    def _time_call(self, call: RestCall) -> HttpCall:
        return HttpCall("GET", self._host(False) + TIME)

    def _read_time(self, answer: HttpAnswer) -> int:
        try:
            return int(loads(answer.body.decode())["data"][0]["ts"])
        except (ValueError, LookupError, TypeError):
            raise TokenError("the exchange's clock: no time in the answer", status=answer.status) from None


class _TwinRules:
    """Codes of a REST call: those of the order operation it is a twin of."""

    success = refusals.SUCCESS

    def __init__(self, twin: str) -> None:
        self._twin = twin

    def judge(self, operation: Operation, args: Any, code: str, message: str) -> Verdict:
        return refusals.judge(self._twin, args, code, message)


def _prove_entry(args: Any, data: Any) -> None:
    """Prove nothing: a yes is not concluded from an entry but from the whole answer, which is returned as it is."""


def doubt_entries(data: Any) -> UnknownReason | None:
    """Find entries that were not accepted in the data of a change."""
    if not isinstance(data, Sequence) or isinstance(data, str):
        return "unreadable_reply"
    codes = [entry.get("sCode", refusals.SUCCESS) for entry in data if isinstance(entry, Mapping)]
    return None if all(code == refusals.SUCCESS for code in codes) else "partial_batch"


def time_of(data: Any) -> int:
    """Return the exchange's clock, ms, from ``[{"ts": "1597026383085"}]``. Raises RestError."""
    try:
        return int(data[0]["ts"])
    except (ValueError, LookupError, TypeError):
        raise odd_data(f"GET {TIME}", data) from None


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
