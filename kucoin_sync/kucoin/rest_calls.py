"""
KuCoin's REST calls: spelled, and made as `kucoin_sync.exchange_rest.calls` has it.

Source: KuCoin docs, Authentication, and Rate limit (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kucoin_sync.engine.deadline import Deadline, checked_deadline
from kucoin_sync.engine.registry import PendingRequest
from kucoin_sync.errors import ConfigError, KucoinSyncError, NotSent
from kucoin_sync.events import RateLimit
from kucoin_sync.exchange_rest.answers import Doubt, odd_data
from kucoin_sync.exchange_rest.calls import RestCalls, RestSurroundings
from kucoin_sync.exchange_rest.spelling import spell_body, spell_target
from kucoin_sync.kucoin import codes, rest
from kucoin_sync.kucoin.hosts import host_url
from kucoin_sync.kucoin.rest_answers import ANSWERS, RestRules, operation_of, rate_limit
from kucoin_sync.kucoin.rest_call import HOSTS, PUBLIC, RestCall
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.orders.operation import CodeRules, Operation
from kucoin_sync.orders.outcome import not_sent
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from kucoin_sync.tables import Rows

__all__ = ["RestBase"]

_READING_POSTS = ("/test", "/bullet-public", "/bullet-private")
"""Ends of the paths whose POST changes nothing."""


class RestBase(RestCalls[RestCall, Signer]):
    """
    Makes REST calls; the calls by name are in the classes derived from it.

    Args:
        around: What the calls of the client share.
    """

    _answers = ANSWERS
    _clock_codes = (codes.CLOCK_CODE,)

    def __init__(self, around: RestSurroundings[Signer]) -> None:
        super().__init__(around)
        self._limits: dict[str, RateLimit] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        host: str = "spot",
        signed: bool | None = None,
        timeout: float | None = None,
    ) -> Any:
        """
        Make any REST call of KuCoin.

        A ``GET`` is a read, and so are test orders. Every other call counts as one that changes the account: it is
        sent once and ends as an order call does.

        Args:
            method: ``GET``, ``POST``, ``DELETE`` or ``PUT``.
            path: From ``/api/`` on, without a query.
            params: Query parameters as KuCoin spells them; values are texts, whole numbers, `Decimal`, booleans or
                lists of these, and ``None`` is left out.
            body: Mapping or list that is sent as JSON.
            host: ``spot`` (also margin, account and unified calls) or ``futures``.
            signed: Whether to sign it; ``None`` signs whatever is not known to be public, if there are credentials.
            timeout: Seconds for everything together; ``None`` takes ``request_timeout``.

        Returns:
            The answer's ``data``, as KuCoin spells it; numbers with a fraction are `Decimal`.

        Raises:
            RestError: The exchange says no to a read, or answers what makes no sense.
            AuthError: It does not accept the credentials for a read.
            Rejected: It refuses a call that changes the account; the call had no effect.
            NotSent: Not one byte of such a call left.
            OutcomeUnknown: Anything else about such a call.
            ConnectError: There was no connection for a read.
            ConnectionLost: Its connection broke, twice.
            DeadlineExceeded: It was not answered in time.
            ClosedError: The client is closed, or was while a read waited.
            ConfigError: An argument breaks a rule; nothing was sent.
            ReentrantCallError: On a reading thread; nothing was sent.
        """
        if method not in ("GET", "POST", "DELETE", "PUT"):
            raise ConfigError(f"method: must be GET, POST, DELETE or PUT, got {method!r:.20}")
        return self._call(method, path, params=params, body=body, host=host, signed=signed, timeout=timeout)

    def limits(self) -> dict[str, RateLimit]:
        """
        Return the state of the request pools, as far as answers told.

        Returns:
            Such as ``{"spot Spot": RateLimit(limit=4000, remaining=3998, reset=29.4)}``: host and pool to what the
            latest answer said; ``reset`` counts from that answer.
        """
        return dict(self._limits)

    def __repr__(self) -> str:
        hosts = " ".join(host_url(self._around.options, name, private=False) for name in HOSTS.values())
        return f"<{type(self).__name__} {hosts}>"

    # One call.

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        host: str = "spot",
        signed: bool | None = True,
        timeout: float | None = None,
        doubt: Doubt | None = None,
    ) -> Any:
        """Make a call; ``doubt`` says what may be wrong with the data of a yes to a change."""
        call = self._prepare(method, path, params, body, host, signed)
        deadline = checked_deadline(timeout, self._around.options.request_timeout)
        return self._make(call, deadline, doubt)

    def _object(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """Make a read whose data is an object."""
        data = self._call(method, path, **how)
        if not isinstance(data, dict):
            raise odd_data(f"{method} {path}", data)
        return data

    def _objects(self, method: str, path: str, **how: Any) -> Rows:
        """Make a read whose data is a list of objects; ``null`` is an empty one."""
        data = self._call(method, path, **how)
        if data is None:
            return Rows()
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            raise odd_data(f"{method} {path}", data)
        return Rows(data)

    def _prepare(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any, host: str, signed: bool | None
    ) -> RestCall:
        """Check everything about a call before anything of it exists."""
        if host not in HOSTS:
            raise ConfigError(f"host: must be spot or futures, got {host!r:.20}")
        target, text = spell_target(path, params), spell_body(body)
        if method == "GET" and text:
            raise ConfigError("body: a GET has none")
        has_keys = self._around.signer is not None
        if signed is None:
            signed = has_keys and not path.startswith(PUBLIC[host])
        if signed and not has_keys:
            raise ConfigError(f"api_key: {method} {path} needs api_key, api_secret and api_passphrase")
        url = host_url(self._around.options, HOSTS[host], private=bool(signed))
        changes = method != "GET" and not (method == "POST" and path.endswith(_READING_POSTS))
        args = {**(params or {}), **(body if isinstance(body, Mapping) else {} if body is None else {"body": body})}
        return RestCall(method, target, text, host, url, bool(signed), changes, args)

    def _sign(self, call: RestCall, timestamp_ms: int) -> HttpCall:
        return call.sign(self._around.signer, timestamp_ms=timestamp_ms)

    def _operation(self, call: RestCall) -> tuple[Operation, CodeRules]:
        return operation_of(call), RestRules(call)

    def _time_call(self, call: RestCall) -> HttpCall:
        return rest.time_call(host_url(self._around.options, HOSTS[call.host], private=False))

    def _read_time(self, answer: HttpAnswer) -> int:
        return rest.read_time(answer)

    def _answered(self, call: RestCall, answer: HttpAnswer) -> None:
        limit = rate_limit(answer)
        if limit is not None:
            self._limits[f"{call.host} {call.pool}"] = limit

    def _not_sent(self, method: str, path: str, host: str, cause: KucoinSyncError, deadline: Deadline) -> NotSent:
        """Return how a change ended that was given up before it could be made."""
        call = self._prepare(method, path, None, None, host, signed=True)
        request = PendingRequest(self._around.identifiers.next(), call.op, call.args, deadline)
        return not_sent(request, operation_of(call), cause, ws_key=HOSTS[host])
