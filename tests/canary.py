"""
Canaries: credentials that no text of a test run may hold, and the search for them in all that it wrote.

The clients of the tests sign with them. Searched are the log records of the client (message, arguments, tracebacks),
the errors that reached a test or a listener (``str``, ``repr``, what they pickle as, and the local variables of every
frame of the library that they came through), warnings, names of threads, what tests printed, and the files they left.
"""

from __future__ import annotations

import base64
import functools
import hmac
import json
import logging
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from kucoin_sync.engine.listeners import ListenerHub
from tests.clients import CREDENTIALS

__all__ = ["CanaryWatch", "spellings"]

PACKAGE = Path(__file__).resolve().parents[1] / "kucoin_sync"
LOGGERS = ("kucoin_sync.engine", "kucoin_sync.orders", "kucoin_sync.kucoin", "kucoin_sync.protocol")
LONGEST = 1_000_000
"""Characters looked at of one text: more than any test writes but in files of market data."""
LONGEST_VALUE = 10_000
"""Characters kept of one value."""
SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{43}%3[Dd]")


def spellings(secret: str) -> set[str]:
    """Return how a secret may be spelled in a text, by accident or by an encoding on its way."""
    plain = secret.encode()
    found = {secret, secret[::-1], plain.hex(), plain.hex().upper(), plain.hex(" "), plain.hex(":")}
    found |= {urllib.parse.quote(secret, safe=safe) for safe in ("", "/", "/+=")} | {urllib.parse.quote_plus(secret)}
    found |= {json.dumps(secret)[1:-1], repr(secret)[1:-1], "".join(f"\\u{ord(c):04x}" for c in secret)}
    found |= {secret.encode("utf-16-le").decode("latin-1"), base64.b32encode(plain).decode().rstrip("=")}
    for shift in range(3):  # wherever it begins in what is encoded, and with either alphabet
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + plain).decode().rstrip("=")
            # The first and the last characters depend on the neighbours.
            found.add(text[-(-shift * 8 // 6) : len(text) - (1 if (shift + len(plain)) % 3 else 0)])
    return found


class CanaryWatch(logging.Handler):
    """
    A plugin of pytest that searches what a run wrote.

    Args:
        secrets: What must not be found, by name.
    """

    def __init__(self, secrets: dict[str, str]) -> None:
        super().__init__(logging.DEBUG)
        self.hits: list[str] = []
        self.searched: dict[str, int] = {}
        self._secrets = secrets
        self._spellings = {form: name for name, secret in secrets.items() for form in spellings(secret)}
        self._signatures: set[str] = set()
        self._undo: list[Callable[[], None]] = []
        self._test = ""
        self._kept: list[tuple[str, str]] = []
        self._busy = threading.local()
        self._only_gathers = False  # for the tests run in other processes, each with one of these

    # What is looked at.

    def keep(self, kind: str, text: str) -> None:
        """Search a text after the test, which may be in a hurry now; ``kind`` says where it is from."""
        self._kept.append((kind, text[:LONGEST]))

    def search_kept(self) -> None:
        """Search what was kept."""
        kept, self._kept = self._kept, []
        for kind, _ in kept:
            self.searched[kind] = self.searched.get(kind, 0) + 1
        kept = list(dict.fromkeys(kept))
        if self._found_in("\0".join(text for _, text in kept)):  # all at once: nearly always there is nothing in any
            for kind, text in kept:
                for name in self._found_in(text):
                    self.hits.append(f"{name} in {kind} of {self._test}: {text[:300]!r}")

    def _found_in(self, text: str) -> set[str]:
        names = {name for form, name in self._spellings.items() if form in text}
        if any(urllib.parse.unquote(match[0]) in self._signatures for match in SIGNATURE.finditer(text)):
            names.add("a signature")
        return names

    def keep_error(self, error: BaseException) -> None:
        """Keep the texts of an error, of what it was raised from, and of the frames it came through."""
        seen: set[int] = set()
        found: BaseException | None = error
        while found is not None and id(found) not in seen:
            seen.add(id(found))
            self.keep("errors", f"{found!s}\n{found!r}\n{_shown(vars(found))}\n{_shown(found.args)}")
            for name, value in _locals_of(found.__traceback__):
                self.keep("local variables", f"{name} = {value}")
            found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(self._busy, "yes", False):
            return
        self._busy.yes = True
        try:
            self.keep("log records", f"{record.getMessage()}\n{_shown(record.args)}\n{record.threadName}")
            if record.exc_info and record.exc_info[1] is not None:
                self.keep_error(record.exc_info[1])
            self.keep("names of threads", "\n".join(thread.name for thread in threading.enumerate()))
        finally:
            self._busy.yes = False

    # What pytest tells.

    def pytest_configure(self, config: pytest.Config) -> None:
        processes = getattr(getattr(config, "option", None), "numprocesses", None)  # of pytest-xdist
        self._only_gathers = bool(processes) and not hasattr(config, "workerinput")
        for name in LOGGERS:
            logger = logging.getLogger(name)
            self._undo.append(lambda logger=logger, level=logger.level: logger.setLevel(level))  # type: ignore[misc]
            logger.addHandler(self)
            logger.setLevel(logging.DEBUG)
            self._undo.append(lambda logger=logger: logger.removeHandler(self))  # type: ignore[misc]
        self._wrap(pytest.raises(ValueError).__class__, "__exit__", self._around_raises)
        self._wrap(ListenerHub, "report", self._around_report)
        self._wrap(hmac, "digest", self._around_digest)
        self._wrap(hmac, "new", self._around_new)

    def _wrap(self, owner: Any, name: str, around: Callable[..., Any]) -> None:
        real = getattr(owner, name)
        setattr(owner, name, lambda *args, **keywords: around(real, *args, **keywords))
        self._undo.append(lambda: setattr(owner, name, real))

    def _around_raises(self, real: Any, context: Any, kind: Any, error: Any, trace: Any) -> Any:
        if error is not None:
            self.keep_error(error)
        return real(context, kind, error, trace)

    def _around_report(self, real: Any, hub: Any, error: BaseException, *args: Any) -> Any:
        self.keep_error(error)
        return real(hub, error, *args)

    def _around_digest(self, real: Any, key: Any, message: Any, digest: Any) -> Any:
        made = real(key, message, digest)
        self._note_signature(key, made)
        return made

    def _around_new(self, real: Any, key: Any, *args: Any, **keywords: Any) -> Any:
        made = real(key, *args, **keywords)
        self._note_signature(key, made.digest())
        return made

    def _note_signature(self, key: Any, made: bytes) -> None:
        if bytes(key).decode("utf-8", "replace") in self._secrets.values():
            self._signatures.add(base64.b64encode(made).decode())

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._test = nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" and not self._only_gathers:
            for name, text in report.sections:
                if "stdout" in name or "stderr" in name:
                    self.keep("printed texts", text)
            self.search_kept()

    def pytest_warning_recorded(self, warning_message: Any) -> None:
        self.keep("warnings", str(warning_message.message))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a process that ran a share of the tests has found: of pytest-xdist."""
        output = getattr(node, "workeroutput", None)
        if output is None:
            return  # it died; the tests that it had are reported as failed
        searched, hits, signatures = output["canary"]
        for kind, count in searched.items():
            self.searched[kind] = self.searched.get(kind, 0) + count
        self.hits += hits
        self._signatures.update(signatures)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        for undo in reversed(self._undo):
            undo()
        if not self._only_gathers:
            self._search_files(session)
        workeroutput = getattr(session.config, "workeroutput", None)
        if workeroutput is not None:
            workeroutput["canary"] = (self.searched, self.hits, sorted(self._signatures))
        if self.hits:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _search_files(self, session: pytest.Session) -> None:
        self._test = "the run"
        factory = getattr(session.config, "_tmp_path_factory", None)
        folder = getattr(factory, "_basetemp", None)
        for path in sorted(folder.rglob("*")) if folder is not None else []:
            if path.is_file() and not path.is_symlink():
                self.keep("files", f"{path.name}\n{path.read_bytes().decode('latin-1')}")
                self.search_kept()  # one file at a time is in memory
        self.search_kept()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("canary credentials")
        places = ", ".join(f"{count} {kind}" for kind, count in sorted(self.searched.items()))
        terminalreporter.write_line(
            f"{sum(self.searched.values())} places searched ({places}) for {len(self._spellings)} spellings and "
            f"{len(self._signatures)} signatures: {len(self.hits)} hits"
        )
        for hit in self.hits[:20]:
            terminalreporter.write_line(hit)


def _locals_of(trace: TracebackType | None) -> Iterator[tuple[str, str]]:
    while trace is not None:
        module = _searched_module(trace.tb_frame.f_code.co_filename)
        if module is not None:
            for name, value in list(trace.tb_frame.f_locals.items()):
                yield f"{module}:{trace.tb_lineno} {name}", _shown(value)
        trace = trace.tb_next


@functools.cache
def _searched_module(file: str) -> str | None:
    """Return the name of a module of the library whose variables must hold no secret, or ``None``."""
    path = Path(file)
    if not path.is_relative_to(PACKAGE) or path.relative_to(PACKAGE).parts[0] in ("simulator", "cli"):
        return None
    return path.name


def _shown(value: Any) -> str:
    if isinstance(value, (str, bytes, bytearray)):
        value = value[:LONGEST_VALUE]  # before it is spelled: tests measure memory
    try:
        return repr(value)[:LONGEST_VALUE]
    # Half-made objects have no repr, and that is nothing to tell of here.
    except Exception:
        return ""


def watch() -> CanaryWatch:
    """Return the watch for the credentials that the clients of the tests sign with."""
    return CanaryWatch({name: value for name, value in CREDENTIALS.items() if name != "api_key"})
