"""
A simulator as its clients see it: where its hosts are, and its HTTP control endpoint.

Works the same for a simulator in this process and for one in another.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from kucoin_sync.errors import describe_cause

__all__ = ["CREDENTIALS", "Control", "ControlError", "hosts"]

CREDENTIALS = {
    "api_key": "simulator-key",
    "api_secret": "simulator-secret",
    "api_passphrase": "simulator-passphrase",
}
"""Of the account that every simulator has; public by design, and refused by the library anywhere else."""

TIMEOUT = 5.0


class ControlError(Exception):
    """The simulator did not answer, or refused."""


def hosts(url: str) -> dict[str, str]:
    """Return the option ``hosts`` for the simulator at ``url``."""
    ws = url.replace("http", "ws", 1)
    return {
        "spot_rest": url,
        "futures_rest": f"{url}/futures",
        "ws_api": f"{ws}/v1/private",
        "pro_spot": f"{ws}/pro/spot",
        "pro_futures": f"{ws}/pro/futures",
        "pro_private": f"{ws}/pro/private",
    }


class Control:
    """
    Arms faults and asks for the truth.

    Args:
        url: Address of the simulator, such as ``http://127.0.0.1:43210``.
        context: Trusts its certificate; ``None`` for plain HTTP.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        self.url = url
        self._context = context

    def client_options(self) -> dict[str, Any]:
        """Return the keyword arguments that point a client at this simulator."""
        return {**CREDENTIALS, "hosts": hosts(self.url), "ssl_context": self._context}

    def check(self) -> None:
        """
        Make sure that it is a simulator.

        Raises:
            ControlError: If it is not, or does not answer.
        """
        status = self._call("GET", "/api/v1/status")
        if not isinstance(status, Mapping) or status.get("msg") != "SIMULATOR":
            raise ControlError(f"{self.url} is not a kucoin-sync simulator")

    def arm(self, fault: str, **arguments: Any) -> None:
        """Order a fault, by the name and with the arguments of the method of `Simulator`."""
        self._call("POST", "/_simulator/faults", {"fault": fault, **arguments})

    def truth(self, client_oid: str) -> Mapping[str, Any]:
        """Return what the exchange received and did under a client order id."""
        record: Mapping[str, Any] = self._call("GET", f"/_simulator/truth/{quote(client_oid, safe='')}")
        return record

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        connection = self._connection()
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"X-Simulator-Key": CREDENTIALS["api_key"]})
            answer = json.loads(connection.getresponse().read())
            if answer["code"] != "200000":
                raise ControlError(f"the simulator refused {path}: {answer.get('msg')}")
            return answer["data"]
        except (OSError, http.client.HTTPException) as error:
            raise ControlError(f"no simulator answers at {self.url} ({describe_cause(error)})") from None
        except (ValueError, KeyError, TypeError):
            raise ControlError(f"{self.url} is not a kucoin-sync simulator") from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        # http.client, because it knows nothing of proxies: the simulator is on this machine.
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if self._context is not None:
            return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=self._context)
        return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)
