"""What one client process is told to do; it travels as JSON on its command line."""

from __future__ import annotations

import json
import ssl

import attrs

__all__ = ["Job"]


@attrs.frozen
class Job:
    """
    One measurement by one client in one process.

    Attributes:
        client: A name in `benchmarks.clients.CLIENTS`.
        scenario: ``"orders"`` or ``"stream"``.
        port: Of the server on 127.0.0.1.
        certificate: File with the server's certificate; ``None`` is plain.
        core: The process pins itself to this core; ``None`` leaves it alone.
        warm_up: Orders placed before anything is measured.
        round_trips: Orders placed one at a time.
        pipelined: Orders placed with `window` of them in flight; 0 for none.
        window: Orders in flight at once.
        messages: Length of the stream.
        time_limit: Seconds after which a measurement ends early (orders) or fails (stream).
    """

    client: str
    scenario: str
    port: int
    certificate: str | None = None
    core: int | None = None
    warm_up: int = 500
    round_trips: int = 0
    pipelined: int = 0
    window: int = 64
    messages: int = 0
    time_limit: float = 10.0

    @classmethod
    def from_json(cls, text: str) -> Job:
        return cls(**json.loads(text))

    def to_json(self) -> str:
        return json.dumps(attrs.asdict(self))

    @property
    def rest_url(self) -> str:
        return f"http{self._suffix}://127.0.0.1:{self.port}"

    @property
    def host_url(self) -> str:
        """URL of the WebSocket host, without a path."""
        return f"ws{self._suffix}://127.0.0.1:{self.port}"

    @property
    def private_url(self) -> str:
        return f"{self.host_url}/v1/private"

    @property
    def stream_url(self) -> str:
        return f"ws{self._suffix}://127.0.0.1:{self.port}/stream"

    @property
    def topic(self) -> str:
        return f"/market/ticker:FLOOD-{self.messages}"

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return a context that trusts the server and nobody else; ``None`` if plain."""
        if self.certificate is None:
            return None
        return ssl.create_default_context(cafile=self.certificate)

    @property
    def _suffix(self) -> str:
        return "" if self.certificate is None else "s"
