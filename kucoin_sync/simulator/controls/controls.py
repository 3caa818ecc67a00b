"""The whole set of controls, and what follows from an address: what a simulator is to those who use it."""

from __future__ import annotations

import ssl
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..credentials import Credentials
from .control import changes_something, controls_of, named_control
from .faults import FaultControls
from .futures import FuturesControls
from .market import MarketControls
from .spot import SpotControls

__all__ = ["Controls", "faults_by_name"]

NAMES = {"kucoin": "KuCoin", "okx": "OKX"}
"""Exchange to its name as people write it."""
HOSTS: Mapping[str, Mapping[str, str]] = {
    "kucoin": {
        "spot_rest": "{rest}",
        "futures_rest": "{rest}/futures",
        "ws_api": "{ws}/v1/private",
        "pro_spot": "{ws}/pro/spot",
        "pro_futures": "{ws}/pro/futures",
        "pro_private": "{ws}/pro/private",
    },
    "okx": {"rest": "{rest}", "ws": "{ws}"},
}
"""Exchange to the hosts that a client of it asks for."""

C = TypeVar("C", bound="Controls")
T = TypeVar("T")


class Controls(MarketControls, SpotControls, FuturesControls):
    """A simulator, in this process or in another."""

    #: Which exchange it is: ``"kucoin"`` or ``"okx"``.
    exchange: str
    #: The first account, which queries mean by default.
    credentials: Credentials
    #: The certificate authority's certificate (PEM) with TLS, else ``None``.
    ca_pem: bytes | None

    @staticmethod
    def checked_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the arguments of a control in their types, from text or JSON.

        Raises:
            ValueError: There is no such control, or an argument is missing, unknown or of a wrong type.
        """
        from .wire_values import arguments_from_wire

        return arguments_from_wire(named_control(Controls, name), arguments)

    @property
    @abstractmethod
    def url(self) -> str:
        """Base URL for REST, such as ``http://127.0.0.1:43210``."""

    @property
    def ws_url(self) -> str:
        """Base URL for WebSockets, such as ``ws://127.0.0.1:43210``."""
        return self.url.replace("http", "ws", 1)

    @abstractmethod
    def wait_for(self: C, predicate: Callable[[C], T], timeout: float = 5.0) -> T:
        """
        Wait until ``predicate(simulator)`` is true, looking again whenever something happens.

        Args:
            predicate: Must not block.
            timeout: Seconds.

        Returns:
            The predicate's first true value.

        Raises:
            TimeoutError: It stayed false; or whatever the predicate raises.
        """

    @property
    def api_key(self) -> str:
        """API key of the first account."""
        return self.credentials.api_key

    @property
    def api_secret(self) -> str:
        """API secret of the first account."""
        return self.credentials.api_secret

    @property
    def api_passphrase(self) -> str:
        """Passphrase of the first account."""
        return self.credentials.api_passphrase

    def ssl_context(self) -> ssl.SSLContext:
        """
        Return a client context that trusts this simulator and nothing else.

        Raises:
            ValueError: The simulator has no TLS.
        """
        if self.ca_pem is None:
            raise ValueError("this simulator has no TLS; make it with tls=True")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.ca_pem.decode())
        return context

    def client_options(self) -> dict[str, Any]:
        """Return the keyword arguments that point a client at this simulator."""
        options: dict[str, Any] = {
            "api_key": self.api_key,
            "api_secret": self.api_secret,
            "api_passphrase": self.api_passphrase,
            "hosts": {name: url.format(rest=self.url, ws=self.ws_url) for name, url in HOSTS[self.exchange].items()},
        }
        if self.ca_pem is not None:
            options["ssl_context"] = self.ssl_context()
        return options


def faults_by_name() -> dict[str, Callable[..., Any]]:
    """Return every fault there is, by name."""
    found = controls_of(FaultControls)
    return {name: method for name, method in found.items() if changes_something(method)}
