"""
REST calls under one deadline: the only importer of requests.

requests has no total deadline and cannot be stopped from outside: its timeouts start anew with every byte. So each
call runs over a channel of its own, through an adapter that requests offers for exactly that (`BaseAdapter`): our
deadline, our interrupt, our bounds. A connection a call is enough for what these calls are: tokens, clocks and
look-ups.
"""

from __future__ import annotations

import http.client
import io
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from kucoin_sync.engine.channel import ChannelFile
from kucoin_sync.engine.deadline import Deadline
from kucoin_sync.engine.dial import Resolver
from kucoin_sync.engine.interrupt import Interrupt
from kucoin_sync.engine.transport import USER_AGENT, open_channel
from kucoin_sync.errors import ConfigError, ConnectError, ConnectionLost, TokenError, describe_cause
from kucoin_sync.options import check_url
from kucoin_sync.protocol.dialect import HttpAnswer, HttpCall

__all__ = ["call_rest"]

MAX_BODY = 1024 * 1024


class _ChannelAdapter(BaseAdapter):
    """Carry one request over a channel of its own."""

    def __init__(self, context: ssl.SSLContext, resolver: Resolver, deadline: Deadline, interrupt: Interrupt) -> None:
        super().__init__()
        self._context = context
        self._resolver = resolver
        self._deadline = deadline
        self._interrupt = interrupt

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        url = str(request.url)
        channel = open_channel(
            url,
            context=self._context,
            resolver=self._resolver,
            deadline=self._deadline,
            interrupt=self._interrupt,
        )
        try:
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
            connection.sock = ChannelFile(channel, self._deadline)
            connection.request(
                request.method or "GET", request.path_url, body=request.body, headers=dict(request.headers)
            )
            answer = connection.getresponse()
            body = answer.read(MAX_BODY + 1)
            return _response(request, answer, body)
        finally:
            # The interrupt belongs to the whole opening; only this conversation is over.
            channel.discard()

    def close(self) -> None:
        """Do nothing: every call closes its own connection."""


def _response(request: requests.PreparedRequest, answer: http.client.HTTPResponse, body: bytes) -> requests.Response:
    response = requests.Response()
    response.request = request
    response.url = str(request.url)
    response.status_code = answer.status
    response.headers.update(dict(answer.getheaders()))
    response.raw = io.BytesIO(body)
    return response


def call_rest(
    call: HttpCall,
    *,
    context: ssl.SSLContext,
    resolver: Resolver,
    deadline: Deadline,
    interrupt: Interrupt,
) -> HttpAnswer:
    """
    Make one REST call.

    Args:
        call: What to send, signed already; exactly its bytes are sent.
        context: TLS settings.
        resolver: Resolves the host.
        deadline: For everything together.
        interrupt: Ends the call at once.

    Returns:
        The answer, whatever its status, bounded to 1 MiB; redirects are answers too and are not followed.

    Raises:
        ConnectError: With phase ``dns``, ``tcp`` or ``tls``.
        TokenError: If there was no HTTP answer, or none in time.
    """
    try:
        check_url("REST endpoint", call.url, ("https", "http"))
    except ConfigError as error:
        raise TokenError(str(error), retryable=False) from None
    with requests.Session() as session:
        session.trust_env = False  # no netrc: credentials come from the user's options alone
        session.cookies.clear()
        adapter = _ChannelAdapter(context, resolver, deadline, interrupt)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        headers: Mapping[str, str] = {
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",  # a bound on the body is then a bound on memory
            "Connection": "close",
            **call.headers,
        }
        try:
            response = session.request(
                call.method, call.url, data=call.body or None, headers=headers, allow_redirects=False
            )
        except (ConnectError, TokenError):
            raise
        except ConnectionLost as lost:
            raise TokenError(f"no answer: {lost.reason}") from None
        except TimeoutError:
            raise TokenError("no answer in time") from None
        except (OSError, http.client.HTTPException, requests.RequestException, ValueError) as error:
            raise TokenError(f"no HTTP answer ({describe_cause(error)})") from None
        body = response.content
    if len(body) > MAX_BODY:
        raise TokenError("answer above the bound", status=response.status_code)
    return HttpAnswer(response.status_code, dict(response.headers), body)
