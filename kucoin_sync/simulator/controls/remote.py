"""A simulator in another process, steered over its control endpoint."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..credentials import Credentials
from ..matching.orders import Refused
from .controls import HOSTS, NAMES, Controls
from .endpoint import KEY_HEADER, PREFIX, WAIT
from .wire_values import arguments_to_wire, result_from_wire

__all__ = ["RemoteSimulator"]

T = TypeVar("T")

CALL_TIMEOUT = 5.0
LASTING_TIMEOUT = 600.0
"""Seconds that a span of market time may take."""
LONGEST_WAIT = 5.0
"""Seconds that one question for a change may take; then it is asked again."""


class RemoteSimulator(Controls):
    """
    The controls of a simulator in another process; made by `Simulator.connect`.

    All methods may be called from any thread. Besides what they say they raise ConnectionError if the simulator
    does not answer, and PermissionError if it does not know the API key.
    """

    def __init__(self, url: str, *, credentials: Credentials, ca_file: Path | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("url must be the address that 'kucoin-sync simulate' prints, like http://127.0.0.1:8700")
        if (parts.scheme == "https") != (ca_file is not None):
            raise ValueError("an https address needs ca_file, and only an https address does")
        self.credentials = credentials
        self.ca_pem = None if ca_file is None else ca_file.read_bytes()
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port = parts.hostname, parts.port
        self._context = self._trusting(ca_file)
        self._check()

    def __repr__(self) -> str:
        return f"<RemoteSimulator {NAMES[self.exchange]} SIMULATOR at {self._url}>"

    @property
    def url(self) -> str:
        """Base URL for REST, such as ``http://127.0.0.1:43210``."""
        return self._url

    def wait_for(self, predicate: Callable[[RemoteSimulator], T], timeout: float = 5.0) -> T:
        """Wait until ``predicate(simulator)`` is true, see `Controls.wait_for`; it runs on the calling thread."""
        deadline = time.monotonic() + timeout
        seen = self._post(WAIT, {"after": -1, "timeout": 0})
        while True:
            value = predicate(self)
            if value:
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"nothing of the kind happened within {timeout} s at {self!r}")
            seen = self._post(WAIT, {"after": seen, "timeout": min(left, LONGEST_WAIT)}, timeout=2 * CALL_TIMEOUT)

    def _run_control(self, method: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
        arguments = arguments_to_wire(method, args, kwargs)
        result: T = result_from_wire(method, self._post(method.__name__, arguments))
        return result

    def _run_lasting(self, method: Callable[..., Future[T]], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> T:
        arguments = arguments_to_wire(method, args, kwargs)
        result: T = result_from_wire(method, self._post(method.__name__, arguments, timeout=LASTING_TIMEOUT))
        return result

    def _trusting(self, ca_file: Path | None) -> ssl.SSLContext | None:
        if ca_file is None:
            return None
        try:
            return self.ssl_context()
        except (ssl.SSLError, UnicodeDecodeError):
            raise ValueError(f"{ca_file} holds no certificate") from None

    def _check(self) -> None:
        """Ask what is there."""
        answer = self._call("GET", PREFIX)
        if not isinstance(answer, Mapping) or answer.get("msg") != "SIMULATOR" or answer.get("exchange") not in HOSTS:
            raise self._no_simulator()
        self.exchange = str(answer["exchange"])

    def _post(self, name: str, arguments: Mapping[str, Any], *, timeout: float = CALL_TIMEOUT) -> Any:
        return self._call("POST", PREFIX + name, json.dumps(arguments), timeout)

    def _call(self, method: str, path: str, body: str | None = None, timeout: float = CALL_TIMEOUT) -> Any:
        # http.client, because it knows nothing of proxies.
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body, {KEY_HEADER: self.api_key})
            response = connection.getresponse()
            status, answer = response.status, json.loads(response.read())
            code, message = answer["code"], answer.get("msg")
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(f"no simulator answers at {self._url} ({type(error).__name__})") from None
        except (ValueError, KeyError, TypeError):
            raise self._no_simulator() from None
        finally:
            connection.close()
        if code == "200000":
            return answer["data"]
        if status == 400:
            raise ValueError(message)
        if status == 403:
            raise PermissionError(message)
        if status == 409:
            raise RuntimeError(message)
        raise Refused(code, str(message))

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self._context is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def _no_simulator(self) -> ConnectionError:
        return ConnectionError(f"{self._url} is not a kucoin-sync simulator")
