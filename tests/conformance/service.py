"""
A service as the checks see it: answers of calls without a signature, and one line a stream, opened when first needed.

Nothing here signs anything or knows a credential.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from time import monotonic
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlencode

import requests
from attrs import frozen
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from kucoin_sync.simulator import Simulator

__all__ = ["LIVE", "Answer", "Differs", "Hosts", "Line", "Service", "simulated"]

OPENING_PATIENCE = 10.0
"""Seconds for a call over HTTP or a handshake: a slow one tells of the machine, not of the service."""

CONNECT_ID = "conformance-1"
CLASSIC, PRO = ("spot", "futures"), ("pro-spot", "pro-futures")


class Differs(Exception):
    """The service does something else than the statement says; the text tells what."""


@frozen
class Hosts:
    """Where a service is; the classic streams are named by its token calls."""

    spot: str
    futures: str
    pro_spot: str
    pro_futures: str


LIVE = Hosts(
    "https://api.kucoin.com",
    "https://api-futures.kucoin.com",
    "wss://x-push-spot.kucoin.com",
    "wss://x-push-futures.kucoin.com",
)
"""Source: KuCoin docs, introduction, and the base URLs of the unified account WebSocket."""


@frozen
class Answer:
    """Answer of a call: HTTP status, headers in lower case, and the JSON object."""

    status: int
    headers: dict[str, str]
    body: Any


class Line:
    """
    One WebSocket connection: commands, answers, and the pushes that come in between.

    Args:
        ws: Open connection.
        patience: Seconds to wait for a frame.
        is_pro: Whether it is a Pro stream, else a classic one.
    """

    def __init__(self, ws: ClientConnection, patience: float, *, is_pro: bool) -> None:
        # Entered here because newer versions of the library want it, although this class does the closing.
        self._ws = ws.__enter__()
        self._patience = patience
        self._is_pro = is_pro
        self._steps = 0
        self.is_over = False
        #: Answers to commands of a check that gave up may still come.
        self.is_doubtful = False
        self.welcome: Any = None
        #: Whether the first frame was a binary one.
        self.is_binary = False
        self.pushes: list[Any] = []

    def begin(self) -> None:
        """Take the welcome."""
        try:
            payload = self._next(self._patience)
        except TimeoutError:
            raise Differs(f"no frame within {self._patience:g} s") from None
        self.is_binary, self.welcome = isinstance(payload, bytes), _read(payload)

    def ask(self, frame: Any) -> Any:
        """Send a frame, a text as it is, and return the next frame that is no push."""
        self.send(frame)
        return self.answer()

    def answer(self) -> Any:
        """Return the next frame that is no push."""
        end = monotonic() + self._patience
        while (left := end - monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                answer = _read(self._next(left))
                if not self._is_push(answer):
                    return answer
                self.pushes.append(answer)
        raise Differs(f"no answer within {self._patience:g} s")

    def settle(self) -> None:
        """Get in step again: let pass all answers that are still to come. Else the line counts as over."""
        self._steps += 1
        mark = f"step-{self._steps}"
        # A Pro stream allows one ping a second, so it is asked for a channel that there is none of.
        pro, classic = {"action": "SUBSCRIBE", "channel": "nothing"}, {"type": "ping"}
        try:
            answer = self.ask({"id": mark, **(pro if self._is_pro else classic)})
            while not isinstance(answer, dict) or answer.get("id") != mark:
                answer = self.answer()
        except Differs:
            self.is_over = True
        self.is_doubtful = False

    def send(self, frame: Any) -> None:
        """Send a frame, a text as it is."""
        try:
            self._ws.send(frame if isinstance(frame, str) else json.dumps(frame))
        except ConnectionClosed as error:
            self.is_over = True
            raise Differs(f"the connection ended before {_short(frame)}: {error}") from None

    def push(self, fits: Callable[[Any], bool], seconds: float) -> Any | None:
        """Return the first push that fits, of those there are and those of the next ``seconds``; ``None`` if none."""
        for frame in self.pushes:
            if fits(frame):
                return frame
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                frame = _read(self._next(left))
                if self._is_push(frame):
                    self.pushes.append(frame)
                    if fits(frame):
                        return frame
        return None

    def ping(self) -> bool:
        """Whether a ping of the WebSocket protocol is answered."""
        return self._ws.ping().wait(self._patience)

    def close(self) -> None:
        """Say goodbye."""
        self._ws.close()

    def _is_push(self, frame: Any) -> bool:
        return isinstance(frame, dict) and ("T" in frame if self._is_pro else frame.get("type") == "message")

    def _next(self, seconds: float) -> str | bytes:
        try:
            return self._ws.recv(timeout=seconds)
        except ConnectionClosed as error:
            self.is_over = True
            raise Differs(f"the connection ended: {error}") from None


class Service:
    """
    The public side of one service; a context manager that closes its lines.

    Args:
        hosts: Its addresses.
        patience: Seconds to wait for an answer on a line.
        push_patience: Seconds to wait for the first push of a topic.
        proxies: Whether the proxies of the environment are used.
    """

    def __init__(self, hosts: Hosts, *, patience: float, push_patience: float, proxies: bool) -> None:
        self._hosts = hosts
        self._patience = patience
        self.push_patience = push_patience
        self._proxy: Literal[True] | None = True if proxies else None
        self._session = requests.Session()
        self._session.trust_env = proxies
        self._answers: dict[tuple[str, str, str], Answer] = {}
        self._lines: dict[str, Line] = {}

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._lines.values():
            line.close()
        self._session.close()

    def call(self, host: str, path: str, method: str = "GET") -> Answer:
        """
        Return the answer of a call without a signature; each call is made once.

        Args:
            host: ``"spot"`` or ``"futures"``.
            path: With its query.
            method: ``"GET"``, or ``"POST"`` for a token.
        """
        key = (method, host, path)
        if key not in self._answers:
            url = (self._hosts.spot if host == "spot" else self._hosts.futures) + path
            response = self._session.request(method, url, timeout=OPENING_PATIENCE)
            headers = {name.lower(): value for name, value in response.headers.items()}
            self._answers[key] = Answer(response.status_code, headers, _read(response.text))
        return self._answers[key]

    def data(self, host: str, path: str, method: str = "GET") -> Any:
        """Return ``data`` of an answer that must be a success."""
        body = self.call(host, path, method).body
        if not isinstance(body, dict) or body.get("code") != "200000":
            raise Differs(f"{path} answers {_short(body)}")
        return body.get("data")

    def line(self, name: str) -> Line:
        """Return the line of a stream: ``spot``, ``futures``, ``pro-spot`` or ``pro-futures``."""
        line = self._lines.get(name)
        if line is not None and line.is_doubtful and not line.is_over:
            line.settle()
        if line is not None and line.is_over:
            line.close()
        if line is None or line.is_over:
            line = self._lines[name] = self._open(name)
        return line

    def doubt(self) -> None:
        """A check gave up in the middle of something."""
        for line in self._lines.values():
            line.is_doubtful = True

    def stream_url(self, product: str, token: str | None = None) -> str:
        """Return the address of a classic stream with a fresh token, or with another one."""
        data = self.data(product, "/api/v1/bullet-public", "POST")
        query = {"token": data["token"] if token is None else token, "connectId": CONNECT_ID}
        return f"{data['instanceServers'][0]['endpoint']}?{urlencode(query)}"

    def try_to_open(self, url: str) -> Line:
        """Connect to an address of a classic stream; raises what the library raises where it is refused."""
        return self._connect(url, is_pro=False)

    def _open(self, name: str) -> Line:
        if name in CLASSIC:
            line = self.try_to_open(self.stream_url(name))
        else:
            url = self._hosts.pro_spot if name == "pro-spot" else self._hosts.pro_futures
            line = self._connect(url, is_pro=True)
        line.begin()
        return line

    def _connect(self, url: str, *, is_pro: bool) -> Line:
        # Frames may pile up while nobody reads: the topics of one line are collected one after the other.
        ws = connect(url, compression=None, max_queue=None, open_timeout=OPENING_PATIENCE, proxy=self._proxy)
        return Line(ws, self._patience, is_pro=is_pro)


@contextlib.contextmanager
def simulated(*, patience: float = 5, **options: Any) -> Iterator[tuple[Service, Simulator]]:
    """A simulator as a service; its market hurries, so that every public topic has a push within a second or two."""
    with (
        Simulator(speed=60, step_interval=1, **options) as simulator,
        Service(hosts_of(simulator), patience=patience, push_patience=10, proxies=False) as service,
    ):
        yield service, simulator


def hosts_of(simulator: Simulator) -> Hosts:
    """Return where the services of a simulator are."""
    url, ws_url = simulator.url, simulator.ws_url
    return Hosts(url, url + "/futures", ws_url + "/pro/spot", ws_url + "/pro/futures")


def _read(payload: str | bytes) -> Any:
    try:
        return json.loads(payload, parse_float=Decimal)
    except ValueError:
        raise Differs(f"no JSON: {_short(payload)}") from None


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 160 else text[:157] + "..."
