"""
The search for credentials finds them, whatever they are spelled as and wherever they are written.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kucoin_sync import ConfigError, ConnectError, NotSent, WebsocketAPIClient
from tests.canary import CanaryWatch
from tests.clients import CREDENTIALS, ORDER

SECRET = 'simulator-other+sE8/k7=Xw&%43\\q"z'
WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: f"the secret is {secret}!",
    "repr": lambda secret: repr({"secret": secret}),
    "reversed": lambda secret: secret[::-1],
    "json": lambda secret: json.dumps({"secret": secret}),
    "query": lambda secret: urllib.parse.urlencode({"secret": secret}),
    "path": urllib.parse.quote,
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "basic authentication": lambda secret: base64.b64encode(f"name:{secret}".encode()).decode(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64, one before": lambda secret: base64.b64encode(f"1{secret}and more".encode()).decode(),
    "base64, two before": lambda secret: base64.b64encode(f"12{secret}, and more".encode()).decode(),
    "base64 of a url": lambda secret: base64.urlsafe_b64encode(f"a{secret}".encode()).decode(),
    "input of a signature": lambda secret: f"1700000000000GET/api/v1/accounts?x={secret}",
}


@pytest.fixture
def watch() -> Iterator[CanaryWatch]:
    """A watch that no session of pytest runs."""
    watch = CanaryWatch({"the secret": SECRET})
    watch.pytest_configure(None)  # type: ignore[arg-type]
    yield watch
    for undo in reversed(watch._undo):
        undo()


@pytest.mark.parametrize("way", WRITTEN)
def test_X01_a_credential_is_found_however_it_is_written(way: str, watch: CanaryWatch) -> None:
    watch.keep("texts", WRITTEN[way](SECRET))
    watch.keep("texts", WRITTEN[way]("simulator-something-else+and/long=enough&%"))
    watch.search_kept()
    assert len(watch.hits) == 1, watch.hits
    assert watch.searched == {"texts": 2}


def test_X01_a_signature_with_it_is_found_too(watch: CanaryWatch) -> None:
    signature = base64.b64encode(hmac.digest(SECRET.encode(), b"1700000000000GET/", "sha256")).decode()
    other = base64.b64encode(hmac.digest(b"another", b"1700000000000GET/", "sha256")).decode()
    for text in (signature, urllib.parse.quote(signature, safe=""), other):
        watch.keep("texts", f"sign={text}")
    watch.search_kept()
    assert len(watch.hits) == 2


def through(error: BaseException, secret: str) -> BaseException:
    """Raise and catch an error; its frame here holds a secret."""
    try:
        raise error
    except BaseException as caught:
        return caught


def test_X01_every_place_is_looked_at(watch: CanaryWatch) -> None:
    """Messages, arguments, tracebacks and thread names of log records; texts, fields and causes of errors."""
    logger = logging.getLogger("kucoin_sync.engine.x")
    cause = ConnectError("fine", phase="tcp")
    cause.__cause__ = ValueError(SECRET)
    hidden = ConnectError("fine", phase="tcp")
    hidden.status = SECRET  # type: ignore[assignment]
    for write in (
        lambda: logger.debug("said %s", SECRET),
        lambda: logger.error("failed", exc_info=cause),
        lambda: watch.keep_error(hidden),
    ):
        watch.hits.clear()
        write()
        watch.search_kept()
        assert watch.hits
    watch.hits.clear()
    with pytest.raises(ConnectError):
        raise cause
    watch.search_kept()
    assert watch.hits
    logger.debug("nothing")
    with pytest.raises(ConfigError):
        WebsocketAPIClient(api_key="only", api_secret=SECRET)
    watch.search_kept()
    assert watch.searched["names of threads"] and watch.searched["local variables"]


def test_X01_local_variables_are_those_of_the_library(watch: CanaryWatch) -> None:
    """A test has its own secrets in its own."""
    watch.keep_error(through(ConnectError("fine", phase="tcp"), SECRET))
    watch.search_kept()
    assert watch.hits == []
    assert "local variables" not in watch.searched


def test_X01_an_order_that_fails_leaves_none(watch: CanaryWatch) -> None:
    """From the client's making to its end, with the secret that is watched for."""
    options: dict[str, Any] = {
        **CREDENTIALS,
        "api_secret": SECRET,
        "hosts": {"ws_api": "ws://127.0.0.1:9", "spot_rest": "http://127.0.0.1:9"},
    }
    with WebsocketAPIClient(**options, open_timeout=0.2, reconnect_timeout=0.01) as api, pytest.raises(NotSent):
        api.submit_new_spot_order(**ORDER, timeout=0.3)
    watch.search_kept()
    assert watch.hits == []
    assert watch._signatures
    assert watch.searched["errors"] and watch.searched["local variables"] and watch.searched["log records"]
