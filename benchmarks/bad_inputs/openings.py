"""Targets that answer openings and REST calls, one connection an input."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.bad_inputs.answers import plain_answer
from benchmarks.bad_inputs.inputs import ACCEPT, Chunk, Finding, Input
from benchmarks.bad_inputs.peer import Request, Wire
from benchmarks.bad_inputs.play import Target, challenge, good_late_reply, good_push, trade_welcome, upgrade, welcome
from benchmarks.bad_inputs.watch import check_error
from kucoin_sync import RestClient, WebsocketClient

__all__ = ["RestAnswers", "TokenAnswers", "UpgradeAnswers"]

_UPGRADE_KEYS = {"classic": "spotPublicV1", "pro": "spotPublicProV2", "trade": "wsApiSpotV1"}


class _Asker:
    """Asks for a connection whenever it has given up, as a program that does not give up would."""

    def __init__(self, target: Target, key: str) -> None:
        self._target = target
        self._key = key
        self._ended = False
        # A daemon: if the library hangs in connect(), the run must still end.
        self._thread = threading.Thread(target=self._run, name="bad-inputs-asker", daemon=True)
        target.watch.rested.set()
        self._thread.start()

    def _run(self) -> None:
        watch = self._target.watch
        while True:
            watch.rested.wait()
            watch.rested.clear()
            if self._ended:
                return
            try:
                self._target.client.connect(self._key)
            except Exception as error:
                wrong = check_error(error)
                if wrong is not None:
                    watch.problem("exception", f"connect(): {wrong}")

    def end(self) -> None:
        """End the thread; the client is closed already."""
        self._ended = True
        self._target.watch.rested.set()
        self._thread.join(self._target.limit)


class _Openings(Target):
    """A client that opens a line again and again; subclasses spoil one step of it."""

    system = "classic"
    key = "spotPublicV1"

    def open(self) -> None:
        self.client = WebsocketClient(**self.options(**self._more_options()))
        self.watch.attach(self.client)
        self._asker = _Asker(self, self.key)

    def _more_options(self) -> dict[str, Any]:
        return {}

    def close(self) -> None:
        super().close()
        self._asker.end()

    def _next(self) -> tuple[Wire, Request]:
        """Return the client's next connection and what it asks for."""
        while True:
            try:
                wire = self.accept()
            except TimeoutError:
                self.watch.check()
                raise Finding("hang", f"the client opened no connection in {self.limit:g} s") from None
            try:
                return wire, wire.read_request()
            except TimeoutError:
                wire.close()
                raise Finding("hang", "a connection without a request") from None
            except (EOFError, OSError):
                wire.close()  # it was told to go to a URL for which no request can be written

    def _answer(self, wire: Wire, data: bytes) -> None:
        """Send all there is, end our half, and wait until the client ends its own."""
        try:
            wire.send(data)
            wire.fin()
        except OSError:
            pass  # it had seen enough
        try:
            wire.end()
        except TimeoutError:
            raise Finding("hang", f"the client did not end the connection in {self.limit:g} s") from None
        except OSError:
            pass

    def _greeting(self) -> bytes:
        """Return what makes a line ready, all in one segment: the signature of order entry is not waited for."""
        return challenge() + trade_welcome() if self.system == "trade" else welcome(self.system)

    def _open_well(self, wire: Wire, request: Request) -> None:
        """Open a line as it should be; deliver the next good message on it; end it."""
        self.good += 1
        self.good_sent += 1
        good = good_late_reply(self.good) if self.system == "trade" else good_push(self.system, self.good)
        since = time.perf_counter()
        number = self.good
        try:
            wire.send(upgrade(request) + self._greeting() + good)
        except OSError as error:
            raise Finding("loss", f"the client ended a line that was opened well: {error!r}") from None
        self.watch.wait(lambda: self.watch.good >= number, self.limit, f"good message {number}")
        self.worst_delay = max(self.worst_delay, time.perf_counter() - since)
        self.good_delivered += 1
        self.lines_opened += 1
        self._answer(wire, b"")
        self.lines_ended += 1
        self.watch.check()


class TokenAnswers(_Openings):
    """Token answers of a private stream; the good message comes over the line that a right one leads to."""

    key = "spotPrivateV1"

    def run(self, chunk: Chunk) -> None:
        for batch in chunk.batches:
            waiting = list(batch)
            while True:
                wire, request = self._next()
                if "bullet" in request.path:
                    if not waiting:
                        self.serve_call(wire, request)
                        self._open_after_token()
                        break
                    self._answer(wire, waiting.pop(0).data)
                elif request.upgrades:
                    self._answer(wire, upgrade(request) + self._greeting())  # it took a spoilt answer, as it may
                else:
                    self.serve_call(wire, request)

    def _open_after_token(self) -> None:
        wire, request = self._next()
        if not request.upgrades:
            raise Finding("loss", f"{request.method} {request.path[:60]} after a right token answer")
        self._open_well(wire, request)


class UpgradeAnswers(_Openings):
    """
    Upgrade answers.

    Args:
        system: ``classic``, ``pro`` or ``trade``.
    """

    def __init__(self, system: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.system = system
        self.key = _UPGRADE_KEYS[system]

    def _more_options(self) -> dict[str, Any]:
        return {"ws_url": self.peer.ws_url}  # no token call

    def run(self, chunk: Chunk) -> None:
        for batch in chunk.batches:
            before, refused = self.watch.opened, True
            for one in batch:
                self._spoil(one)
                refused = refused and (one.refused or not one.greets)
            self._open_well(*self._next_upgrade())
            if refused and self.watch.opened != before + 1:
                raise Finding("accepted", "a line was opened by an answer that must be refused")

    def _next_upgrade(self) -> tuple[Wire, Request]:
        while True:
            wire, request = self._next()
            if request.upgrades:
                return wire, request
            self.serve_call(wire, request)

    def _spoil(self, one: Input) -> None:
        wire, request = self._next_upgrade()
        data = one.data.replace(ACCEPT, request.accept)
        self._answer(wire, data + self._greeting() if one.greets else data)


_REST_CALLS: Sequence[Callable[[RestClient], Any]] = (
    lambda rest: rest.server_time_ms(),
    lambda rest: rest.service_status(),
    lambda rest: rest.symbols(),
    lambda rest: rest.markets(),
    lambda rest: rest.book("BTC-USDT", 20),
    lambda rest: rest.contracts(),
    lambda rest: rest.accounts(),
    lambda rest: rest.api_key_info(),
    lambda rest: rest.positions(),
    lambda rest: rest.spot_order("BTC-USDT", order_id="aaaa1111"),
    lambda rest: rest.open_spot_orders("BTC-USDT"),
    lambda rest: rest.open_futures_orders(),
    lambda rest: rest.cancel_all_spot_orders("BTC-USDT"),
    lambda rest: rest.cancel_all_futures_orders("XBTUSDTM"),
    lambda rest: rest.set_deadman(10),
    lambda rest: rest.request("GET", "/api/v1/anything"),
)


class RestAnswers(Target):
    """Answers to REST calls; the good message is the exchange's time, which must be what the call returns."""

    def open(self) -> None:
        self.client = WebsocketClient(**self.options())
        self.watch.attach(self.client)
        self._calls: queue.SimpleQueue[Callable[[RestClient], Any] | None] = queue.SimpleQueue()
        self._ended_calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._bell, self._button = socket.socketpair()
        self._next_call = 0
        # A daemon: if the library hangs in a call, the run must still end.
        self._caller = threading.Thread(target=self._make_calls, name="bad-inputs-caller", daemon=True)
        self._caller.start()

    def _make_calls(self) -> None:
        rest = self.client.rest
        while (call := self._calls.get()) is not None:
            try:
                outcome = call(rest)
            except BaseException as error:
                outcome = error
            self._ended_calls.put(outcome)
            self._button.send(b"!")

    def run(self, chunk: Chunk) -> None:
        for batch in chunk.batches:
            for one in batch:
                call = _REST_CALLS[self._next_call % len(_REST_CALLS)]
                self._next_call += 1
                outcome = self._call(call, one.data)
                wrong = check_error(outcome) if isinstance(outcome, BaseException) else None
                if wrong is not None:
                    raise Finding("exception", f"a REST call raised {wrong}")
            number = self.good = self.good + 1
            self.good_sent += 1
            since = time.perf_counter()
            outcome = self._call(_REST_CALLS[0], plain_answer(json.dumps({"code": "200000", "data": number}).encode()))
            if outcome != number:
                raise Finding("loss", f"the call that should return {number} ended with {outcome!r:.300}")
            self.worst_delay = max(self.worst_delay, time.perf_counter() - since)
            self.good_delivered += 1
        self.watch.check()

    def _call(self, call: Callable[[RestClient], Any], answer: bytes) -> Any:
        """Make one call, answer all requests of it with the same, and return its value or its exception."""
        self._calls.put(call)
        while True:
            try:
                wire = self.peer.accept(unless=self._bell)
            except TimeoutError:
                raise Finding("hang", f"a REST call did not end in {self.limit:g} s") from None
            if wire is None:
                self._bell.recv(1)
                return self._ended_calls.get()
            try:
                wire.read_request()
                wire.send(answer)
                wire.fin()
                wire.end()
            except (TimeoutError, EOFError) as error:
                raise Finding("hang", f"the client did not end a REST connection: {error}") from None
            except OSError:
                wire.close()  # it had seen enough

    def close(self) -> None:
        self._calls.put(None)
        super().close()
        self._caller.join(self.limit)
        self._bell.close()
        self._button.close()
