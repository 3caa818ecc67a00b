"""Runs inputs until there are enough of them or one does harm."""

from __future__ import annotations

import collections
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import attrs

from benchmarks.bad_inputs.inputs import KINDS, Batch, Chunk, Finding, Input, Kind
from benchmarks.bad_inputs.lines import OrderLine, StreamLine
from benchmarks.bad_inputs.openings import RestAnswers, TokenAnswers, UpgradeAnswers
from benchmarks.bad_inputs.peer import LoopbackOnly
from benchmarks.bad_inputs.plan import TARGETS_OF, make_chunk
from benchmarks.bad_inputs.play import Target
from benchmarks.bad_inputs.shrink import shrink_inputs
from benchmarks.bad_inputs.watch import LogWatch, resident_bytes, return_free_memory
from tests.peers.certificates import server_context
from tests.peers.leaks import LeakGuard

__all__ = ["SHARES", "Counts", "Harm", "Plan", "Result", "run"]

TARGETS: Mapping[str, Callable[..., Target]] = {
    "classic frames": lambda **settings: StreamLine("classic", **settings),
    "pro frames": lambda **settings: StreamLine("pro", **settings),
    "trade frames": lambda **settings: OrderLine(**settings),
    "token answers": lambda **settings: TokenAnswers(**settings),
    "classic upgrades": lambda **settings: UpgradeAnswers("classic", **settings),
    "pro upgrades": lambda **settings: UpgradeAnswers("pro", **settings),
    "trade upgrades": lambda **settings: UpgradeAnswers("trade", **settings),
    "rest answers": lambda **settings: RestAnswers(**settings),
}
SHARES: Mapping[Kind, float] = {"frames": 0.94, "tokens": 0.02, "upgrades": 0.02, "rest": 0.02}
"""Of the inputs of a run of all kinds: an input that needs a connection of its own takes far longer than a frame."""

_CLIENT_THREADS = 3
_WARM_UP = 2000
"""Inputs after which memory counts."""
_TOGETHER = 8
"""Inputs between two good messages while a finding is made smaller."""
_SHRINK_LIMIT = 2.0
_SHRINK_SECONDS = 60.0


@attrs.frozen
class Plan:
    """
    What to run.

    Attributes:
        inputs: How many, at least; the last chunk is run whole.
        seed: Makes them.
        kinds: What is spoilt.
        tls: Whether the lines are encrypted.
        limit: Seconds within which whatever must happen has to happen.
        memory: Bytes that the process may grow by after the first inputs.
        first_chunk: Where to begin, to see a finding again.
    """

    inputs: int
    seed: int = 1
    kinds: Sequence[Kind] = KINDS
    tls: bool = False
    limit: float = 10.0
    memory: int = 128 * 1024 * 1024
    first_chunk: int = 0


@attrs.define
class Counts:
    """What was counted for one kind."""

    inputs: int = 0
    good_sent: int = 0
    good_delivered: int = 0
    lines_ended: int = 0
    lines_opened: int = 0
    worst_delay: float = 0.0
    seconds: float = 0.0


@attrs.frozen
class Harm:
    """A finding, where it was, and the least that does it."""

    category: str
    detail: str
    kind: Kind
    chunk: int
    index: int
    inputs: Sequence[Input]


@attrs.define
class Result:
    """
    What came of a run.

    Attributes:
        kinds: Counts by kind.
        mutations: Inputs by kind and mutation.
        exceptions: Exceptions that the clients reported, by class.
        rss_start, rss_end: Memory in use after the first inputs and at the end, bytes.
    """

    plan: Plan
    kinds: dict[Kind, Counts] = attrs.field(factory=dict)
    mutations: dict[Kind, collections.Counter[str]] = attrs.field(factory=dict)
    exceptions: collections.Counter[str] = attrs.field(factory=collections.Counter)
    seconds: float = 0.0
    rss_start: int = 0
    rss_end: int = 0
    harm: Harm | None = None

    @property
    def inputs(self) -> int:
        """Inputs tried."""
        return sum(counts.inputs for counts in self.kinds.values())


class _Run:
    def __init__(self, plan: Plan, report_progress: Callable[[str], None]) -> None:
        self._plan = plan
        self._report = report_progress
        self._context: ssl.SSLContext | None = server_context() if plan.tls else None
        self._network = LoopbackOnly()
        self._targets: dict[str, Target] = {}
        self.result = Result(
            plan, {kind: Counts() for kind in plan.kinds}, {kind: collections.Counter() for kind in plan.kinds}
        )
        self._next_chunk = dict.fromkeys(plan.kinds, plan.first_chunk)

    def __call__(self) -> Result:
        result, began = self.result, time.monotonic()
        with LeakGuard() as guard, LogWatch().attached() as log, self._network:
            kind = self._plan.kinds[0]
            try:
                try:
                    next_report = began + 10.0
                    while result.inputs < self._plan.inputs:
                        kind = self._due()
                        self._run_chunk(kind, guard, log)
                        self._check(guard, log)
                        if time.monotonic() >= next_report:
                            next_report += 10.0
                            self._report(f"{result.inputs:,} inputs, {resident_bytes() >> 20} MiB, {self._next_chunk}")
                    return_free_memory()
                    result.rss_end = resident_bytes()
                finally:
                    result.seconds = time.monotonic() - began
                    self._close()
                self._check_end(guard, log)
            except Finding as finding:
                result.harm = self._explain(finding, kind)
                guard.uncaught.clear()
            finally:
                result.rss_end = result.rss_end or resident_bytes()
        return result

    def _due(self) -> Kind:
        """Return the kind that is furthest behind its share."""
        return min(self._plan.kinds, key=lambda kind: self.result.kinds[kind].inputs / SHARES[kind])

    def _make(self, kind: Kind, number: int) -> tuple[Chunk, Target]:
        names = TARGETS_OF[kind]
        name = names[number % len(names)]
        target = self._targets.get(name)
        if target is None:
            target = self._targets[name] = self._opened(name, self._plan.limit)
        return make_chunk(kind, self._plan.seed, number, url=target.peer.ws_url), target

    def _opened(self, name: str, limit: float) -> Target:
        target = TARGETS[name](network=self._network, context=self._context, limit=limit)
        target.open()
        return target

    def _run_chunk(self, kind: Kind, guard: LeakGuard, log: LogWatch) -> None:
        chunk, target = self._make(kind, self._next_chunk[kind])
        self._next_chunk[kind] += 1
        counts = self.result.kinds[kind]
        began = time.perf_counter()
        before = (target.good_sent, target.good_delivered, target.lines_ended, target.lines_opened)
        try:
            self._run_on(target, chunk, guard, log)
        finally:
            counts.seconds += time.perf_counter() - began
            after = (target.good_sent, target.good_delivered, target.lines_ended, target.lines_opened)
            sent, delivered, ended, opened = (b - a for a, b in zip(before, after, strict=True))
            counts.good_sent += sent
            counts.good_delivered += delivered
            counts.lines_ended += ended
            counts.lines_opened += opened
            counts.worst_delay = max(counts.worst_delay, target.worst_delay)
        counts.inputs += len(chunk.inputs)
        self.result.mutations[kind].update(one.mutation for one in chunk.inputs)

    @staticmethod
    def _run_on(target: Target, chunk: Chunk, guard: LeakGuard, log: LogWatch) -> None:
        try:
            target.run(chunk)
        except Exception as error:
            _check_traces(guard, log)  # they say why
            if isinstance(error, Finding):
                raise
            # What the scripted server did not expect is news, too.
            text = f"the client did what nobody expects: {type(error).__name__}: {error}"
            raise Finding("line", text) from error

    def _check(self, guard: LeakGuard, log: LogWatch) -> None:
        _check_traces(guard, log)
        self._check_threads()
        result = self.result
        if result.inputs < _WARM_UP:
            return
        if not result.rss_start:
            return_free_memory()
            result.rss_start = resident_bytes()
        elif resident_bytes() > result.rss_start + self._plan.memory:
            return_free_memory()
            resident = resident_bytes()
            if resident > result.rss_start + self._plan.memory:
                raise Finding("memory", f"{resident >> 20} MiB after {result.rss_start >> 20} MiB at the start")

    def _check_threads(self) -> None:
        until = time.monotonic() + self._plan.limit
        while True:
            threads = [thread for thread in threading.enumerate() if thread.name.startswith("kucoin-sync-")]
            threads = [thread for thread in threads if not thread.name.startswith("kucoin-sync-resolver")]
            if len(threads) <= _CLIENT_THREADS * len(self._targets):
                return
            if time.monotonic() >= until:
                raise Finding("leak", f"threads: {', '.join(sorted(thread.name for thread in threads))}")
            for thread in threads:  # one of a connection that just gave up may be about to end
                thread.join(0.01)

    def _close(self) -> None:
        for target in self._targets.values():
            target.close()
            self.result.exceptions.update(target.watch.exceptions)
        self._targets.clear()

    def _check_end(self, guard: LeakGuard, log: LogWatch) -> None:
        try:
            guard.check()
        except AssertionError as error:
            raise Finding("leak", str(error)) from None
        self._check(guard, log)

    # A finding.

    def _explain(self, finding: Finding, kind: Kind) -> Harm:
        number = self._next_chunk[kind] - 1
        index = self.result.inputs
        self._report(f"{finding}\nmaking it smaller...")
        target = TARGETS_OF[kind][number % len(TARGETS_OF[kind])]
        # The URL that token answers name is the one of a server that is gone: it is put in anew with each trial.
        chunk = make_chunk(kind, self._plan.seed, number, url=_OLD_URL)
        inputs: Sequence[Input] = chunk.inputs

        def does_harm(some: Sequence[Input]) -> bool:
            return self._try(target, number, some, finding.category) == finding.category

        if does_harm(inputs):
            inputs = shrink_inputs(inputs, does_harm, seconds=_SHRINK_SECONDS)
        return Harm(finding.category, finding.detail, kind, number, index, inputs)

    def _try(self, name: str, number: int, inputs: Sequence[Input], category: str) -> str | None:
        """Run some inputs with a fresh client; return what category of harm they do, if any."""
        with LeakGuard() as guard, LogWatch().attached() as log:
            target = None
            try:
                try:
                    target = self._opened(name, _SHRINK_LIMIT)
                    url = target.peer.ws_url.encode()
                    some = [attrs.evolve(one, data=one.data.replace(_OLD_URL.encode(), url)) for one in inputs]
                    # A line that must not open is told from others only if there are no others beside it.
                    together = 1 if category == "accepted" else _TOGETHER
                    self._run_on(target, _chunk_of(name, number, some, together), guard, log)
                finally:
                    if target is not None:
                        target.close()
                _check_traces(guard, log)
                guard.check()
            except Finding as finding:
                return finding.category
            except AssertionError:
                return "leak"
        return None


_OLD_URL = "ws://127.0.0.1:65535"
"""As long as most URLs of our servers, so that lengths in an answer stay right."""


def _check_traces(guard: LeakGuard, log: LogWatch) -> None:
    for problems in (guard.uncaught, log.problems):
        if problems:
            raise Finding("exception", problems[0])


def _chunk_of(target: str, number: int, inputs: Sequence[Input], together: int) -> Chunk:
    ender = inputs[-1] if inputs[-1].ends else None
    keeping = list(inputs if ender is None else inputs[:-1])
    batches: list[Batch] = [keeping[start : start + together] for start in range(0, len(keeping), together)]
    return Chunk(number, target, batches, ender)


def run(plan: Plan, report_progress: Callable[[str], None]) -> Result:
    """
    Run the inputs of a plan, until one does harm.

    Args:
        plan: What to run.
        report_progress: Told every ten seconds how far it is.
    """
    return _Run(plan, report_progress)()
