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
        scenario: Name of the function that measures it, of the client's module or of `benchmarks.clients.scenarios`.
        port: Of the server on 127.0.0.1.
        certificate: File with the server's certificate; ``None`` is plain.
        core: The process pins itself to this core; ``None`` leaves it alone.
        warm_up: Orders placed before anything is measured.
        round_trips: Orders placed one at a time.
        pipelined: Orders placed with `window` of them in flight; 0 for none.
        window: Orders in flight at once.
        messages: Length of the stream, of all its connections together.
        per_second: Messages a second; 0 is as fast as they are read.
        message_size: Least bytes of a message; 0 is one ticker, 1 one without its prices.
        topics: Subscribe to so many topics, which the messages come on by turns; 0 is one topic that has all.
        connections: Clients with one connection each, which share topics and messages.
        listeners: Listeners that get each message.
        callers: Threads that place orders at once.
        computing: Whether another thread computes without pause.
        standard_json: Whether orjson cannot be imported.
        idle: Seconds in which nothing is done.
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
    per_second: int = 0
    message_size: int = 0
    topics: int = 0
    connections: int = 1
    listeners: int = 1
    callers: int = 8
    computing: bool = False
    standard_json: bool = False
    idle: float = 0.0
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
        """Topic that starts the stream; server.c says what its parts mean."""
        parts = [f"/market/ticker:FLOOD-{self.messages}"]
        parts += [f"P{self.per_second}"] if self.per_second else []
        parts += [f"B{self.message_size}"] if self.message_size else []
        parts += ["A"] if self.topics else []
        return "-".join(parts)

    def topics_of(self, number: int) -> list[str]:
        """Return the topics of one of the connections, of which the first is 0."""
        return [f"/market/ticker:S{topic:04}" for topic in range(number, self.topics, self.connections)]

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return a context that trusts the server and nobody else; ``None`` if plain."""
        if self.certificate is None:
            return None
        return ssl.create_default_context(cafile=self.certificate)

    @property
    def _suffix(self) -> str:
        return "" if self.certificate is None else "s"
