"""
REST calls under one deadline: the only importer of requests.

requests has no total deadline and cannot be stopped from outside: its timeouts start anew with every byte. So each
call runs over a channel of its own, through an adapter that requests offers for exactly that (`BaseAdapter`): our
deadline, our interrupt, our bounds. A connection a call is enough for what these calls are: tokens, clocks, look-ups,
and the few that must work while the WebSocket line is down.

A call without a usable answer is a `NoAnswer`; what that means (a token that did not come, an outcome that is unknown)
is for the caller to say. Errors are raised in frames whose local variables hold no signature.
"""

from __future__ import annotations

import http.client
import io
import ssl
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, get_environ_proxies, select_proxy, should_bypass_proxies

from kucoin_sync.engine.channel import Channel, ChannelFile, SendFailed
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.http_head import USER_AGENT
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.network import Network
from kucoin_sync.engine.proxies import check_proxy_support
from kucoin_sync.engine.tls import session_context
from kucoin_sync.errors import ConfigError, ConnectError, ConnectionLost, Sent, describe_cause
from kucoin_sync.options import Options, check_url, is_loopback
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall
from kucoin_sync.proxy import Proxy, parse_proxy

__all__ = ["NoAnswer", "Progress", "RestCaller", "check_session", "proxy_for"]

MAX_BODY = 1024 * 1024
WIRE_FACTOR = 4
"""Bytes read for one byte of body at most: chunks may be tiny, and heads long."""

_OURS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that a session of the user's cannot set: they are ours, the account's, or the connection's."""

_AS_HTTP = {"wss": "https", "ws": "http"}

Reason = Literal["timeout", "disconnected", "closed", "unreadable_reply"]
"""Why a call has no answer, in the words of `OutcomeUnknown`."""


class NoAnswer(Exception):
    """
    A REST call without a usable answer.

    Attributes:
        text: What happened.
        reason: The same as one of few words.
        status: HTTP status, where there was one.
    """

    def __init__(self, text: str, reason: Reason, *, status: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason
        self.status = status


class Progress:
    """
    How far a call has come; valid at any moment, also when something interrupts it.

    Attributes:
        sent: How much of the request left this process.
        bytes_sent: The same in bytes, as handed to the operating system.
        sent_at: Wall clock just before its first byte, seconds since 1970; 0 before.
        received_at: Wall clock when the answer had been read.
    """

    def __init__(self) -> None:
        self.sent: Sent = "no"
        self.bytes_sent = 0
        self.sent_at = 0.0
        self.received_at = 0.0


class _RequestFile(ChannelFile):
    """Counts what leaves, and bounds what comes."""

    def __init__(self, channel: Channel, deadline: Deadline, progress: Progress, max_bytes: int) -> None:
        super().__init__(channel, deadline)
        self._progress = progress
        self._room = max_bytes

    def sendall(self, data: Any) -> None:
        progress = self._progress
        if progress.sent == "no":
            if self._deadline.expired():
                raise TimeoutError
            progress.sent_at = time.time()
        # Until the operating system says otherwise, for a signal may end this at any point.
        before, progress.sent = progress.sent, "partial"
        try:
            self._channel.send(bytes(data), self._deadline)
        except SendFailed as failed:
            progress.bytes_sent += failed.bytes_sent
            if not failed.bytes_sent:
                progress.sent = before
            cause, timed_out = failed.cause, self._deadline.expired()
        else:
            progress.bytes_sent += len(data)
            return
        if timed_out:
            raise TimeoutError
        raise cause

    def recv_into(self, view: Any) -> int:
        count = super().recv_into(view)
        self._room -= count
        if self._room < 0:
            raise NoAnswer("answer above the bound", "unreadable_reply")
        return count


class _ChannelAdapter(BaseAdapter):
    """Carry one request over a channel of its own."""

    def __init__(
        self, network: Network, deadline: Deadline, interrupt: Interrupt, progress: Progress, max_body: int
    ) -> None:
        super().__init__()
        self._network = network
        self._deadline = deadline
        self._interrupt = interrupt
        self._progress = progress
        self._max_body = max_body

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        # A channel sets its interrupt when a send fails, which must not look as if the client had been closed, nor end
        # the opening that the call's may belong to. So it gets one of its own, which the call's sets as well.
        interrupt = Interrupt()
        forget = self._interrupt.on_set(interrupt.set)
        try:
            return self._send(request, interrupt)
        finally:
            forget()
            interrupt.close()

    def _send(self, request: requests.PreparedRequest, interrupt: Interrupt) -> requests.Response:
        url = str(request.url)
        channel = self._network.open_channel(url, self._deadline, interrupt)
        complete = False
        try:
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
            connection.sock = _RequestFile(channel, self._deadline, self._progress, WIRE_FACTOR * self._max_body)
            connection.request(
                request.method or "GET", request.path_url, body=request.body, headers=dict(request.headers)
            )
            self._progress.sent = "complete"
            answer = connection.getresponse()
            body = answer.read(self._max_body + 1)
            _check_length(answer, body, self._max_body)
            self._progress.received_at = time.time()
            complete = True
            return _response(request, answer, body)
        finally:
            # After half a conversation not one byte more of it may reach the peer.
            channel.discard(reset=not complete)

    def close(self) -> None:
        """Do nothing: every call closes its own connection."""


def _check_length(answer: http.client.HTTPResponse, body: bytes, max_body: int) -> None:
    """Find a body that was cut: http.client reads it without a word."""
    if len(body) > max_body or answer.status in (204, 304):
        return
    length = answer.getheader("Content-Length", "")
    chunked = "chunked" in answer.getheader("Transfer-Encoding", "").lower()
    if not chunked and length.isascii() and length.isdigit() and len(length) < 20 and len(body) < int(length):
        raise ConnectionLost("the answer was cut")


def _response(request: requests.PreparedRequest, answer: http.client.HTTPResponse, body: bytes) -> requests.Response:
    response = requests.Response()
    response.request = request
    response.url = str(request.url)
    response.status_code = answer.status
    response.headers.update(dict(answer.getheaders()))
    response.raw = io.BytesIO(body)
    return response


class RestCaller:
    """
    Makes REST calls.

    Args:
        options: Of the client: its session and its proxies.
        network: How it reaches hosts.
        headers: Sent with every call.

    Raises:
        ConfigError: If the user's session asks for what cannot be.
    """

    def __init__(self, options: Options, network: Network, *, headers: Mapping[str, str]) -> None:
        session: requests.Session | None = options.rest_session
        if session is not None:
            network = attrs.evolve(
                network,
                context=_session_context(options, session, network.context),
                proxy_for=partial(proxy_for, options=options, session=session),
            )
        self._session = session
        self._network = network
        self._headers = headers

    def call(
        self,
        call: HttpCall,
        *,
        deadline: Deadline,
        interrupt: Interrupt,
        progress: Progress | None = None,
        max_body: int = MAX_BODY,
    ) -> HttpAnswer:
        """
        Make one REST call, once.

        Args:
            call: What to send, signed already; exactly its bytes are sent.
            deadline: For everything together.
            interrupt: Ends the call at once.
            progress: Told how far the call comes.
            max_body: Bytes of the body that are read.

        Returns:
            The answer, whatever its status; redirects are answers too and are not followed.

        Raises:
            ConnectError: With phase ``dns``, ``tcp``, ``proxy`` or ``tls``: nothing was sent.
            NoAnswer: If nothing usable came back.
        """
        outcome = self._attempt(call, deadline, interrupt, progress or Progress(), max_body)
        if isinstance(outcome, HttpAnswer):
            return outcome
        # Without the frames it came through: requests has the headers in its local variables.
        raise outcome.with_traceback(None)

    def _attempt(
        self, call: HttpCall, deadline: Deadline, interrupt: Interrupt, progress: Progress, max_body: int
    ) -> HttpAnswer | ConnectError | NoAnswer:
        try:
            check_url("REST endpoint", call.url, ("https", "http"))
        except ConfigError as error:
            return ConnectError(str(error), phase="tcp", retryable=False)
        with requests.Session() as session:
            session.trust_env = False  # no netrc: credentials come from the user's options alone
            session.headers.clear()
            adapter = _ChannelAdapter(self._network, deadline, interrupt, progress, max_body)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            try:
                response = session.request(
                    call.method,
                    call.url,
                    data=call.body.encode() or None,
                    headers=self._all_headers(call),
                    allow_redirects=False,
                )
                body = response.content
            except (ConnectError, NoAnswer) as failure:
                return failure
            except ConnectionLost as lost:
                return NoAnswer(f"no answer: {lost.reason}", "closed" if interrupt.is_set() else "disconnected")
            except TimeoutError:
                return NoAnswer("no answer in time", "timeout")
            except (OSError, http.client.HTTPException, requests.RequestException, ValueError) as error:
                lost_line = isinstance(error, (ConnectionError, http.client.IncompleteRead))
                return NoAnswer(
                    f"no HTTP answer ({describe_cause(error)})", "disconnected" if lost_line else "unreadable_reply"
                )
        if len(body) > max_body:
            return NoAnswer("answer above the bound", "unreadable_reply", status=response.status_code)
        return HttpAnswer(response.status_code, dict(response.headers), body)

    def _all_headers(self, call: HttpCall) -> dict[str, Any]:
        headers: CaseInsensitiveDict[Any] = CaseInsensitiveDict({"User-Agent": USER_AGENT, "Accept": "*/*"})
        if self._session is not None:
            usual = default_headers()
            headers.update(
                (name, value)
                for name, value in self._session.headers.items()
                if name.lower() not in _OURS and usual.get(name) != value
            )
        headers.update(self._headers)
        headers.update(call.headers)
        headers["Accept-Encoding"] = "identity"  # a bound on the body is then a bound on memory
        headers["Connection"] = "close"
        return dict(headers)


def check_session(options: Options) -> None:
    """Raise `ConfigError` if the option is no session of requests."""
    if options.rest_session is not None and not isinstance(options.rest_session, requests.Session):
        raise ConfigError(f"rest_session: must be a requests.Session, got {type(options.rest_session).__name__}")


def _session_context(options: Options, session: requests.Session, context: ssl.SSLContext) -> ssl.SSLContext:
    trust_env = options.trust_env and session.trust_env
    return session_context(context, session, own=options.ssl_context is not None, trust_env=trust_env)


def proxy_for(url: str, *, options: Options, session: requests.Session | None = None) -> Proxy | None:
    """
    Return the proxy on the way to a URL.

    The option decides where it is set; else the session's ``proxies``, else the environment, both by the rules of
    requests. The environment's proxies are never used for loopback hosts: what is meant there is this machine.

    Args:
        url: Of the call or the WebSocket.
        options: Of the client.
        session: For a REST call, the user's own.

    Raises:
        ConnectError: If the environment or the session names a proxy that cannot be.
    """
    if options.proxy is not None:
        return parse_proxy("proxy", options.proxy) if isinstance(options.proxy, str) and options.proxy else None
    scheme, _, rest = url.partition("://")
    url = f"{_AS_HTTP.get(scheme, scheme)}://{rest}"
    named = _named_proxy(url, options, session)
    if not named:
        return None
    try:
        proxy = parse_proxy("proxy of the environment or of rest_session", named)
        check_proxy_support(proxy)
    except ConfigError as error:
        problem = str(error)
    else:
        return proxy
    raise ConnectError(problem, phase="proxy", retryable=False)


def _named_proxy(url: str, options: Options, session: requests.Session | None) -> str | None:
    own = {} if session is None else {name: value for name, value in session.proxies.items() if value}
    no_proxy = own.pop("no_proxy", None)
    if own and not should_bypass_proxies(url, no_proxy=no_proxy):
        chosen: str | None = select_proxy(url, own)
        if chosen:
            return chosen
    trusted = options.trust_env and (session is None or session.trust_env)
    if not trusted or is_loopback(urlsplit(url).hostname or ""):
        return None
    found: str | None = select_proxy(url, get_environ_proxies(url, no_proxy=no_proxy))
    return found
