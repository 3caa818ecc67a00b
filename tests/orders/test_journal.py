"""The order journal: what is in the file after whatever may happen to the process, the disk or the file."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kucoin_sync.errors import ClosedError, ConfigError, JournalError
from kucoin_sync.orders import journal as journal_module
from kucoin_sync.orders.journal import Journal, JournalEntry
from kucoin_sync.protocol.json_text import standard_dumps

if sys.platform == "win32":
    pytest.skip("there are no file locks of this kind", allow_module_level=True)

ARGS = {"clientOid": "c1", "symbol": "BTC-USDT", "size": "1"}
FACTS: dict[str, Any] = {
    "ws_key": "wsApiSpotV1",
    "started_at": 1760000000.25,
    "timeout": 5.0,
    "since_ms": 1760000000250,
}
HEADER = b'{"kucoin_sync_journal":1}\n'
WAIT = 60.0  # seconds for another process to start or to end


def begin(journal: Journal, request_id: str, **more: Any) -> None:
    journal.begin(request_id, "spot.order", ARGS, **{**FACTS, **more})


def ids(journal: Journal) -> list[str]:
    return [entry.request_id for entry in journal.pending]


@contextmanager
def opened(path: Path, **options: Any) -> Iterator[Journal]:
    journal = Journal(path, **options)
    try:
        yield journal
    finally:
        journal.close()


def found(path: Path) -> tuple[JournalEntry, ...]:
    """What the next process finds."""
    with opened(path) as journal:
        return journal.pending


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.journal"


# What is told is found.


def test_O20_a_new_journal_has_nothing_pending(path: Path) -> None:
    assert found(path) == ()
    assert path.read_bytes() == HEADER


def test_O20_an_order_without_an_end_is_found_with_all_that_was_told(path: Path) -> None:
    with opened(path) as journal:
        begin(journal, "r1", expires_ms=1760000005250)
        assert journal.pending == ()
    assert found(path) == (
        JournalEntry(
            request_id="r1",
            op="spot.order",
            args=ARGS,
            ws_key="wsApiSpotV1",
            started_at=1760000000.25,
            timeout=5.0,
            since_ms=1760000000250,
            pid=os.getpid(),
            expires_ms=1760000005250,
            open_items=None,
            reason=None,
        ),
    )


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "not_sent"])
def test_O20_an_order_with_a_definite_outcome_is_not_found(path: Path, outcome: Any) -> None:
    with opened(path) as journal:
        begin(journal, "r1")
        begin(journal, "r2")
        journal.end("r1", outcome)
    assert [entry.request_id for entry in found(path)] == ["r2"]


def test_O20_pending_orders_are_found_oldest_first_also_over_several_processes(path: Path) -> None:
    for number in range(3):
        with opened(path) as journal:
            begin(journal, f"z{9 - number}")
            begin(journal, f"a{number}")
    assert [entry.request_id for entry in found(path)] == ["z9", "a0", "z8", "a1", "z7", "a2"]


def test_O20_an_unknown_order_is_found_with_its_reason_until_it_is_resolved(path: Path) -> None:
    with opened(path) as journal:
        begin(journal, "r1")
        journal.unknown("r1", "timeout")
    with opened(path) as journal:
        assert [(entry.request_id, entry.reason) for entry in journal.pending] == [("r1", "timeout")]
        journal.resolved("r1", None, "absent")
        assert ids(journal) == ["r1"]  # what was found at the start stays to be read
    assert found(path) == ()


def test_O20_an_unknown_order_may_still_end(path: Path) -> None:
    """A late reply is as good as one in time."""
    with opened(path) as journal:
        begin(journal, "r1")
        journal.unknown("r1", "timeout")
        journal.end("r1", "accepted")
    assert found(path) == ()


def test_O20_of_a_batch_whose_process_died_every_order_is_open(path: Path) -> None:
    with opened(path) as journal:
        journal.begin("b1", "futures.multi_order", [ARGS, ARGS, ARGS], items=3, **FACTS)
    (entry,) = found(path)
    assert (entry.args, entry.open_items, entry.reason) == ([ARGS, ARGS, ARGS], (0, 1, 2), None)


def test_O20_a_batch_is_over_when_its_last_open_order_is_resolved(path: Path) -> None:
    with opened(path) as journal:
        journal.begin("b1", "futures.multi_order", [ARGS] * 4, items=4, **FACTS)
        journal.unknown("b1", "partial_batch", [3, 0, 2])
    with opened(path) as journal:
        (entry,) = journal.pending
        assert (entry.open_items, entry.reason) == ((0, 2, 3), "partial_batch")
        journal.resolved("b1", 2, "accepted")
        journal.resolved("b1", 2, "accepted")
        journal.resolved("b1", 1, "accepted")  # was never open
    with opened(path) as journal:
        assert [entry.open_items for entry in journal.pending] == [(0, 3)]
        journal.resolved("b1", 0, "absent")
        journal.resolved("b1", 3, "absent")
    assert found(path) == ()


def test_O20_a_batch_may_be_resolved_at_once(path: Path) -> None:
    with opened(path) as journal:
        journal.begin("b1", "futures.multi_order", [ARGS] * 4, items=4, **FACTS)
        journal.resolved("b1", None, "accepted")
    assert found(path) == ()


def test_O20_an_unknown_batch_without_open_orders_is_over(path: Path) -> None:
    with opened(path) as journal:
        journal.begin("b1", "futures.multi_order", [ARGS] * 2, items=2, **FACTS)
        journal.unknown("b1", "partial_batch", ())
    assert found(path) == ()


def test_O20_what_is_told_of_a_request_that_is_not_open_changes_nothing(path: Path) -> None:
    with opened(path) as journal:
        before = path.read_bytes()
        journal.end("r1", "accepted")
        journal.unknown("r1", "timeout")
        journal.resolved("r1", None, "absent")
        assert path.read_bytes() == before


def test_O20_a_request_id_is_taken_while_its_request_is_open(path: Path) -> None:
    with opened(path) as journal:
        begin(journal, "r1")
        with pytest.raises(ConfigError, match="r1"):
            begin(journal, "r1")
        journal.end("r1", "rejected")
        begin(journal, "r1")
    assert [entry.request_id for entry in found(path)] == ["r1"]


@pytest.mark.parametrize("outcome", ["unknown", "", "Accepted"])
def test_O20_a_word_that_is_no_definite_outcome_ends_nothing(
    path: Path, outcome: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as journal:
        begin(journal, "r1")
        journal.end("r1", outcome)
    assert [entry.request_id for entry in found(path)] == ["r1"]
    assert "the outcome of request r1 was not recorded" in caplog.text


# Arguments.

texts = st.text(st.characters(exclude_categories=()))
"""All code points, lone surrogates and control characters too."""
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
arguments = st.dictionaries(texts, values, max_size=5) | st.lists(
    st.dictionaries(texts, values, max_size=5), max_size=3
)


def same_kinds(one: Any, other: Any) -> bool:
    """Whether two equal values are also of equal types: 1 == 1.0 == Decimal(1) == True."""
    if isinstance(one, dict):
        return all(same_kinds(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return all(map(same_kinds, one, other))
    return type(one) is type(other) and str(one) == str(other)


def joined(value: Any) -> Any:
    """Two halves of one character stand for that character in JSON; no such text can be sent as it is."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    if isinstance(value, dict):
        return {joined(name): joined(each) for name, each in value.items()}
    return [joined(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("spelling", ["installed", "standard"])
@settings(max_examples=100)
@given(args=arguments)
@example(args={"price": Decimal("0.10"), "list": ["decimal", "1"], "decimal": {"tagged": [Decimal("-0E+5"), []]}})
@example(args={"symbol": "\ud800", "note": "\x00\n\r\u2028~\x7f", "größe": "\U0001f600"})
@example(args=[{"size": 10**30, "price": 5e-324}, {"null": None, "~\n": "~\n"}])
def test_O20_arguments_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, spelling: str, args: Any
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    with pytest.MonkeyPatch.context() as patch:
        if spelling == "standard":
            patch.setattr(journal_module, "dumps", standard_dumps)
        with opened(path) as journal:
            journal.begin("r1", "spot.order", args, **FACTS)
            begin(journal, "r2")
        assert len(path.read_bytes().splitlines(keepends=True)) >= 3
    first, second = found(path)
    assert first.args == joined(args)
    assert same_kinds(joined(args), first.args)
    assert second.request_id == "r2"


def test_O20_frozen_arguments_are_taken(path: Path) -> None:
    with opened(path) as journal:
        journal.begin("r1", "x", (MappingProxyType(ARGS), MappingProxyType({})), **FACTS)
    assert [entry.args for entry in found(path)] == [[ARGS, {}]]


@settings(max_examples=30)
@given(args=arguments, cut=st.integers(0, 10_000))
def test_O20_what_the_file_holds_is_lines_of_json(
    tmp_path_factory: pytest.TempPathFactory, args: Any, cut: int
) -> None:
    """So that it can be read with any tool, and a line never ends before its record does."""
    path = tmp_path_factory.mktemp("journal") / "j"
    with opened(path) as journal:
        journal.begin("r1", "x", args, **FACTS)
        journal.unknown("r1", "timeout")
        journal.resolved("r1", None, "absent")
    header, *records = path.read_bytes().split(b"\n")[:-1]
    assert header + b"\n" == HEADER
    assert [next(iter(json.loads(record))) for record in records] == ["begin", "unknown", "resolved"]


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "args",
    [
        {"size": float("nan")},
        {"size": float("inf")},
        {"size": object()},
        {"size": {1, 2}},
        {"size": b"1"},
        {"size": [Decimal(1), object()]},
        nested(66),
        nested(2000),
        nested(100_000),
        "text",
        None,
    ],
    ids=["nan", "inf", "object", "set", "bytes", "object-beside-decimal", "66", "2000", "100000", "text", "none"],
)
def test_O20_arguments_that_could_not_be_read_again_are_refused(path: Path, args: Any) -> None:
    """Before anything is written: a record of ours must never be what keeps the next process from starting."""
    with opened(path) as journal:
        before = path.read_bytes()
        with pytest.raises(ConfigError, match=r"^args: "):
            journal.begin("r1", "x", args, **FACTS)
        assert path.read_bytes() == before
        begin(journal, "r1")


def test_O20_arguments_as_deep_as_they_may_be_come_back(path: Path) -> None:
    args = nested(64)
    with opened(path) as journal:
        journal.begin("r1", "x", args, **FACTS)
    assert [entry.args for entry in found(path)] == [args]


def test_O20_many_flat_arguments_are_not_deep(path: Path) -> None:
    args = [{"clientOid": str(number)} for number in range(500)]
    with opened(path) as journal:
        journal.begin("r1", "x", args, items=500, **FACTS)
    assert [entry.args for entry in found(path)] == [args]


# Records that were written in part.


def records(journal: Journal, kind: str) -> None:
    begin(journal, "r1")
    journal.begin("r2", "futures.multi_order", [{"a": {"b": {}}}] * 3, items=3, **FACTS)
    if kind == "begin":
        begin(journal, "r3", expires_ms=1)
    elif kind == "end":
        journal.end("r2", "accepted")
    elif kind == "unknown":
        journal.unknown("r2", "timeout", [1])
    else:
        journal.resolved("r2", 1, "absent")


@pytest.mark.parametrize("kind", ["begin", "end", "unknown", "resolved"])
def test_O20_a_last_record_cut_anywhere_counts_as_never_written(path: Path, kind: str) -> None:
    with opened(path) as journal:
        records(journal, kind)
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    path.write_bytes(whole[:start])
    before = found(path)
    assert [entry.request_id for entry in before] == ["r1", "r2"]
    for cut in range(start, len(whole)):
        path.write_bytes(whole[:cut])
        assert found(path) == before
        assert path.read_bytes() == whole[:start]  # and what is written next begins a line
    path.write_bytes(whole)
    assert found(path) != before


@pytest.mark.parametrize("kind", ["begin", "end", "unknown", "resolved"])
def test_O20_a_disk_that_fills_up_anywhere_in_a_record_spoils_no_other(
    path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each record is cut at each of its bytes, once with the disk full for one more try, and once for two."""
    write = os.write
    with opened(path) as journal:
        records(journal, kind)
    length = len(path.read_bytes().splitlines(keepends=True)[-1])
    for tries in (1, 2):
        for room in range(length):
            path.unlink()
            script: list[int] = []

            def scripted(fd: int, data: bytes, script: list[int] = script) -> int:
                if not script:
                    return write(fd, data)
                left = script.pop(0)
                if left == 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return write(fd, data[:left])

            with opened(path) as journal:
                begin(journal, "r1")
                journal.begin("r2", "futures.multi_order", [ARGS] * 3, items=3, **FACTS)
                script[:] = [room, 0][: 2 if room else 1] + [1, 0] * (tries - 1)
                monkeypatch.setattr(os, "write", scripted)
                for _ in range(tries):
                    if kind == "begin":
                        with pytest.raises(JournalError, match="No space left on device"):
                            begin(journal, "r3", expires_ms=1)
                    elif kind == "end":
                        journal.end("r1", "accepted")
                        break
                    elif kind == "unknown":
                        journal.unknown("r2", "timeout", [1])
                    else:
                        journal.resolved("r2", 1, "absent")
                assert script == [] or kind == "end"
                script.clear()
                begin(journal, "r4")
                journal.end("r4", "rejected")
                begin(journal, "r5")
                monkeypatch.setattr(os, "write", write)
            entries = {entry.request_id: entry for entry in found(path)}
            assert list(entries) == ["r1", "r2", "r5"]
            assert (entries["r2"].open_items, entries["r2"].reason) == ((0, 1, 2), None)
    assert ("was not recorded" in caplog.text) is (kind != "begin")


def test_O20_what_could_not_be_recorded_is_made_up_for_by_the_next_compaction(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(path, compact_at=1) as journal:
        for request_id in ("r1", "r2", "r3"):
            begin(journal, request_id)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            journal.end("r1", "accepted")
            journal.unknown("r2", "timeout")
        journal.end("r3", "accepted")
        for request_id in ("r4", "r5", "r6", "r7", "r8"):
            begin(journal, request_id)
            journal.end(request_id, "accepted")
    assert [(entry.request_id, entry.reason) for entry in found(path)] == [("r2", "timeout")]


def in_a_process(source: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(source), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


PRELUDE = """
import os, sys, threading
from kucoin_sync.errors import *
from kucoin_sync.orders.journal import Journal
FACTS = {"ws_key": "w", "started_at": 1.5, "timeout": 5.0, "since_ms": 1}
def begin(journal, request_id):
    journal.begin(request_id, "spot.order", {"clientOid": request_id}, **FACTS)
def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
"""


def told(process: subprocess.Popen[str]) -> list[str]:
    """Wait for a process that ends by itself, and return its lines."""
    output, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 0
    return output.splitlines()


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line; one that never comes fails the test by the guard's limit."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_O20_an_order_is_refused_while_the_file_cannot_grow_and_recorded_after(path: Path) -> None:
    """The real thing: a limit of the operating system, at every byte of a record."""
    lines = told(
        in_a_process(
            """
            import resource
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            journal = Journal(sys.argv[1])
            begin(journal, "first")
            start = os.stat(sys.argv[1]).st_size
            length = start - len('{"kucoin_sync_journal":1}\\n')
            for room in range(length + 1):
                size = os.stat(sys.argv[1]).st_size
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
                try:
                    begin(journal, f"{room:05}")  # as long as the first
                    tell("recorded", room)
                except JournalError as error:
                    assert "File too large" in str(error), error
                    journal.end("first", "accepted") if room == 7 else None
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                begin(journal, f"after{room}")
            tell("length", length)
            """,
            path,
        )
    )
    length = int(lines[-1].split()[1])
    recorded = {int(line.split()[1]) for line in lines[:-1]}
    # Once a record is torn the next one has two bytes more; so the very last room is the first that may do.
    assert recorded <= {length - 2, length - 1, length} and length > 100
    expected = {f"after{room}" for room in range(length + 1)} | {f"{room:05}" for room in recorded} | {"first"}
    assert {entry.request_id for entry in found(path)} == expected


# Files that are not what they should be.


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"\xff\xfe",
        b"\x00\x00\x00",
        b"",
        b"[]",
        b"5",
        b"null",
        b"{}",
        b'{"other":1}',
        b'{"begin":"r9"}',
        b'{"end":"r1"}',
        b'{"end":"r1","outcome":"perhaps"}',
        b'{"end":5,"outcome":"accepted"}',
        b'{"unknown":"r1"}',
        b'{"unknown":"r1","reason":"timeout","open_items":[true]}',
        b'{"unknown":"r1","reason":"timeout","open_items":7}',
        b'{"resolved":"r1"}',
        b'{"resolved":"r1","fate":"absent","item":"0"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=range(20),
)
def test_O20_a_damaged_line_is_named(path: Path, line: bytes) -> None:
    with opened(path) as journal:
        begin(journal, "r1")
    damaged = path.read_bytes() + line + b"\n" + HEADER
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match=r"orders\.journal, line 3 cannot be read.*move the file away"):
        Journal(path)
    assert path.read_bytes() == damaged


BEGUN = {
    "begin": "r1",
    "op": "spot.order",
    "args": {},
    "ws_key": "w",
    "started_at": 1.0,
    "timeout": 5.0,
    "since_ms": 1,
    "pid": 1,
    "expires_ms": 1,
    "open_items": [0],
}


@pytest.mark.parametrize("name", BEGUN)
@pytest.mark.parametrize("value", [True, None, {"a": 1}])
def test_O20_a_field_of_a_wrong_type_is_damage(path: Path, name: str, value: Any) -> None:
    if name == "args" and value == {"a": 1}:
        value = "text"
    path.write_bytes(HEADER + json.dumps({**BEGUN, name: value}).encode() + b"\n")
    with pytest.raises(ConfigError, match="line 2 cannot be read"):
        Journal(path)


@pytest.mark.parametrize(
    "tagged", [[], ["decimal"], ["decimal", "x"], ["decimal", 1.5, 2], ["set", 1], {"a": [1]}, "x"]
)
def test_O20_a_tagged_value_of_no_kind_is_damage(path: Path, tagged: Any) -> None:
    rest = {name: value for name, value in BEGUN.items() if name != "args"}
    path.write_bytes(HEADER + json.dumps({**rest, "tagged": tagged}).encode() + b"\n")
    with pytest.raises(ConfigError, match="line 2 cannot be read"):
        Journal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"#!/bin/sh\nexit\n",
        b"x",
        b"\n",
        b"[]\n",
        b"5\n",
        b"{}\n",
        b"\xff" * 500,
        HEADER[:-1],
        HEADER[:9],
        b" " + HEADER,
    ],
)
def test_O20_a_file_that_is_no_journal_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"orders\.journal is not an order journal"):
        Journal(path)
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_O20_a_journal_of_another_version_is_left_alone(path: Path) -> None:
    path.write_bytes(b'{"kucoin_sync_journal":2,"more":"x"}\n{"s":1}\n')
    with pytest.raises(ConfigError, match="has format version 2, and this version of the library reads 1 only"):
        Journal(path)


def test_O20_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.touch()
    assert found(path) == ()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.mkdir(), id="folder"),
        pytest.param(lambda path: os.mkfifo(path), id="fifo"),
        pytest.param(lambda path: path.symlink_to("/dev/full"), id="device"),
        pytest.param(lambda path: path.symlink_to(path), id="circle"),
        pytest.param(lambda path: path.symlink_to(path.parent / "no folder" / "file"), id="no-folder"),
    ],
)
def test_O20_what_cannot_be_a_journal_is_refused(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(ConfigError, match=r"^journal: "):
        Journal(path)


@pytest.mark.parametrize("wrong", [None, 5, 1.5, "a\0b", object()], ids=lambda path: type(path).__name__)
def test_O20_what_is_no_path_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match=r"^journal: "):
        Journal(wrong)


@pytest.mark.parametrize("kind", [str, os.fsencode, Path], ids=["text", "bytes", "path"])
def test_O20_a_path_may_be_relative_and_of_any_kind(
    path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And it means the same file after the process has moved to another folder."""
    monkeypatch.chdir(path.parent)
    with opened(kind(path.name), compact_at=1) as journal:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        for number in range(10):
            begin(journal, f"r{number}")
            journal.unknown(f"r{number}", "timeout")
        assert list(Path.cwd().iterdir()) == []
    assert len(found(path)) == 10


def test_O20_a_symbolic_link_is_followed_and_stays_one(path: Path) -> None:
    target = path.parent / "target"
    path.symlink_to(target)
    with opened(path) as journal:
        begin(journal, "r1")
        with pytest.raises(ConfigError, match="in use"):
            Journal(target)
    assert path.is_symlink()
    assert [entry.request_id for entry in found(target)] == ["r1"]


# Modes.


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o177])
def test_O20_X19_the_file_is_for_its_owner_only(path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its first moment: the modes at the creation of each file are seen too."""
    modes: list[int] = []
    real_open = os.open

    def watched(name: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        fd = real_open(name, flags, mode, **more)
        if flags & os.O_CREAT:
            modes.append(stat.S_IMODE(os.fstat(fd).st_mode))
        return fd

    monkeypatch.setattr(os, "open", watched)
    before = os.umask(umask)
    try:
        with opened(path, compact_at=1) as journal:
            begin(journal, "r1")
            journal.unknown("r1", "timeout")
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert len(modes) == 3  # the file, its successor at the start, and the one after
    assert all(mode & 0o177 == 0 for mode in modes)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606, 0o777])
def test_O20_X19_a_file_that_is_open_to_others_is_narrowed_and_said_so(
    path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(path) as journal:
        begin(journal, "r1")
    path.chmod(mode)
    assert [entry.request_id for entry in found(path)] == ["r1"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [record.getMessage() for record in caplog.records] == [
        f"journal {path}: had mode {mode:04o}, open to others; it gets 0600"
    ]


# One client at a time.


def test_O20_a_second_client_of_the_same_process_is_refused(path: Path) -> None:
    with opened(path) as journal:
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"^journal: .*orders\.journal is in use by another client$"):
                Journal(path)
        begin(journal, "r1")
    assert [entry.request_id for entry in found(path)] == ["r1"]


def test_O20_the_lock_holds_over_a_compaction(path: Path) -> None:
    with opened(path, compact_at=1) as journal:
        inode = path.stat().st_ino
        begin(journal, "r1")
        journal.unknown("r1", "timeout")
        assert path.stat().st_ino != inode
        with pytest.raises(ConfigError, match="in use"):
            Journal(path)


def test_O20_another_process_is_refused_until_the_first_has_closed(path: Path) -> None:
    holder = in_a_process("journal = Journal(sys.argv[1]); begin(journal, 'r1'); tell('open'); sys.stdin.read()", path)
    with running(holder):
        assert line_of(holder) == "open"
        with pytest.raises(ConfigError, match="in use by another client"):
            Journal(path)
        told(holder)
    assert [entry.request_id for entry in found(path)] == ["r1"]


def test_O20_who_locked_a_file_that_was_replaced_meanwhile_looks_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock it got is on the old file, which nobody holds any more, and which no name leads to."""
    import fcntl

    with opened(path, compact_at=1) as first:
        begin(first, "r1")
        lock = fcntl.flock
        locked: list[int] = []

        def late(fd: int, operation: int) -> None:
            if not locked:
                locked.append(fd)
                first.unknown("r1", "timeout")  # compacts
                lock(fd, operation)  # succeeds
                locked.append(fd)
            else:
                lock(fd, operation)

        monkeypatch.setattr(fcntl, "flock", late)
        with pytest.raises(ConfigError, match="in use"):
            Journal(path)
        assert len(locked) == 2


def test_O20_a_file_whose_name_is_gone_before_the_lock_is_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    lock = fcntl.flock
    removed: list[Path] = []

    def removing(fd: int, operation: int) -> None:
        if not removed:
            removed.append(path)
            path.unlink()
        lock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", removing)
    with opened(path) as journal:
        begin(journal, "r1")
    assert [entry.request_id for entry in found(path)] == ["r1"]


def test_O20_a_system_without_locks_has_no_journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "HAS_LOCKS", False)
    with pytest.raises(ConfigError, match="needs file locks"):
        Journal(path)
    assert not path.exists()


# Closing.


def test_O20_after_close_nothing_begins_and_what_ends_is_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(path)
    begin(journal, "r1")
    journal.close()
    journal.close()
    with pytest.raises(ClosedError):
        begin(journal, "r2")
    journal.end("r1", "accepted")
    assert "the outcome of request r1 was not recorded (the journal is closed)" in caplog.text
    assert [entry.request_id for entry in found(path)] == ["r1"]


def test_O20_a_journal_that_could_not_be_opened_leaves_no_lock(path: Path) -> None:
    path.write_bytes(b"x\n")
    with pytest.raises(ConfigError, match="not an order journal"):
        Journal(path)
    path.unlink()
    assert found(path) == ()


# Compaction.


def test_O20_what_is_finished_is_dropped_at_the_start(path: Path) -> None:
    with opened(path) as journal:
        for number in range(100):
            begin(journal, f"r{number}")
            if number != 50:
                journal.end(f"r{number}", "accepted")
        journal.unknown("r50", "timeout")
    lines = path.read_bytes().splitlines()
    assert len(found(path)) == 1
    assert path.read_bytes().splitlines() == [lines[0], lines[101], lines[200]]  # as they were, byte for byte


def test_O20_a_file_that_grows_is_compacted_while_it_is_used(path: Path) -> None:
    largest = 0
    with opened(path, compact_at=4096) as journal:
        begin(journal, "first")
        for number in range(500):
            begin(journal, f"r{number}")
            largest = max(largest, path.stat().st_size)
            journal.end(f"r{number}", "accepted")
        begin(journal, "last")
    assert 3500 < largest < 5000
    assert [entry.request_id for entry in found(path)] == ["first", "last"]


def test_O20_what_a_dead_process_left_of_a_compaction_is_removed(path: Path) -> None:
    left = path.parent / ".orders.journal.new"
    left.write_bytes(HEADER + b'{"begin":"r')
    with opened(path) as journal:
        begin(journal, "r1")
    assert [entry.request_id for entry in found(path)] == ["r1"]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failing", ["fsync", "fchmod"])
def test_O20_a_compaction_that_fails_leaves_the_file_in_use(
    path: Path, failing: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened(path, compact_at=1000) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, failing, fail)
            for number in range(20):
                begin(journal, f"r{number}")
                journal.unknown(f"r{number}", "timeout")
        failures = [record for record in caplog.records if "could not be compacted" in record.getMessage()]
        assert 1 <= len(failures) <= 4  # at 1000 bytes, 2000, 4000: not at every order
        assert list(path.parent.iterdir()) == [path]
    assert len(found(path)) == 20


def test_O20_a_journal_that_cannot_be_written_is_refused_at_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(path) as journal:
        begin(journal, "r1")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(JournalError, match="No space left on device") as caught:
            Journal(path)
    assert caught.value.__cause__ is None  # nothing foreign is chained
    assert [entry.request_id for entry in found(path)] == ["r1"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_O20_an_interrupt_beside_the_renaming_leaves_the_right_file_in_use(
    path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def interrupted(source: Path, target: Path) -> None:
        if moment == "after":
            replace(source, target)
        raise KeyboardInterrupt

    with opened(path, compact_at=1) as journal:
        begin(journal, "r1")
        begin(journal, "r2")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt):
                journal.end("r1", "accepted")
        begin(journal, "r3")
        journal.unknown("r3", "timeout")
        assert list(path.parent.iterdir()) == [path]
    assert [entry.request_id for entry in found(path)] == ["r2", "r3"]


@pytest.mark.parametrize("step", ["write", "fsync", "flock", "replace"])
def test_O20_a_signal_handler_may_place_an_order_from_the_middle_of_it(
    path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any step of a record or of a compaction, before it and behind it, on the very same thread."""
    import fcntl

    place = {"write": os, "fsync": os, "flock": fcntl, "replace": Path}[step]
    real = getattr(place, step)
    with opened(path, compact_at=1) as journal:
        depth = 0
        placed = 0

        def handler() -> None:
            nonlocal depth, placed
            if depth or placed >= 40:
                return
            depth += 1
            placed += 1
            begin(journal, f"open{placed}")
            begin(journal, f"done{placed}")
            journal.end(f"done{placed}", "accepted")
            depth -= 1

        def stepped(*arguments: Any, **options: Any) -> Any:
            handler()
            try:
                return real(*arguments, **options)
            finally:
                handler()

        monkeypatch.setattr(place, step, stepped)
        for number in range(20):
            begin(journal, f"outer{number}")
            journal.end(f"outer{number}", "accepted")
        monkeypatch.setattr(place, step, real)
        assert placed >= 4
    assert sorted(entry.request_id for entry in found(path)) == sorted(f"open{number + 1}" for number in range(placed))


def test_O20_a_signal_handler_may_close_it_in_a_compaction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path, compact_at=1) as journal:
        begin(journal, "r1")
        fsync = os.fsync

        def closing(fd: int) -> None:
            fsync(fd)
            journal.close()

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", closing)
            journal.unknown("r1", "timeout")
        assert list(path.parent.iterdir()) == [path]
        assert [entry.reason for entry in found(path)] == ["timeout"]


def test_O20_a_compaction_that_outlives_its_journal_touches_nothing_of_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(path, compact_at=1)
    begin(journal, "r1")
    reached, go_on = threading.Event(), threading.Event()
    fsync = os.fsync

    def held(fd: int) -> None:
        if threading.current_thread() is slow:
            reached.set()
            assert go_on.wait(WAIT)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", held)
    slow = threading.Thread(target=journal.unknown, args=("r1", "timeout"))
    slow.start()
    assert reached.wait(WAIT)
    journal.close()
    assert list(path.parent.iterdir()) == [path]
    with opened(path) as following:
        begin(following, "r2")
        go_on.set()
        slow.join(WAIT)
        begin(following, "r3")
    assert [entry.request_id for entry in found(path)] == ["r1", "r2", "r3"]


def test_O20_orders_do_not_wait_for_the_disk_in_a_compaction_and_none_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path, compact_at=1) as journal:
        begin(journal, "r1")
        begin(journal, "r2")
        reached, go_on = threading.Event(), threading.Event()
        fsync = os.fsync

        def held(fd: int) -> None:
            reached.set()
            assert go_on.wait(WAIT)
            fsync(fd)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", held)
            slow = threading.Thread(target=journal.unknown, args=("r1", "timeout"))
            slow.start()
            assert reached.wait(WAIT)
            begin(journal, "r3")  # these return while the disk is busy
            journal.end("r2", "accepted")
            begin(journal, "r4")
            journal.end("r4", "rejected")
            assert slow.is_alive()
            go_on.set()
            slow.join(WAIT)
        begin(journal, "r5")
    assert [entry.request_id for entry in found(path)] == ["r1", "r3", "r5"]


def test_O20_eight_threads_lose_nothing_while_the_file_is_compacted_again_and_again(path: Path) -> None:
    fates = ("open", "unknown", "accepted", "accepted", "not_sent", "resolved")
    inodes = {0}
    with opened(path, compact_at=4096) as journal:
        failures: list[BaseException] = []

        def work(thread: int) -> None:
            try:
                for number in range(150):
                    request_id, fate = f"t{thread}n{number}", fates[(number + thread) % len(fates)]
                    begin(journal, request_id)
                    if fate == "unknown":
                        journal.unknown(request_id, "timeout")
                    elif fate == "resolved":
                        journal.unknown(request_id, "timeout")
                        journal.resolved(request_id, None, "absent")
                    elif fate != "open":
                        journal.end(request_id, fate)  # type: ignore[arg-type]
                    inodes.add(path.stat().st_ino)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert failures == []
    expected = {
        (f"t{thread}n{number}", "timeout" if fate == "unknown" else None)
        for thread in range(8)
        for number in range(150)
        if (fate := fates[(number + thread) % len(fates)]) in ("open", "unknown")
    }
    assert {(entry.request_id, entry.reason) for entry in found(path)} == expected
    assert len(inodes) >= 3


def test_O20_a_compaction_that_has_ended_leaves_the_next_one_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one, by another thread, begins before the first has come back from its end."""
    first, may_go_on, has_begun = threading.current_thread(), threading.Event(), threading.Event()
    failures: list[BaseException] = []
    sync = os.fsync

    def slow_sync(fd: int) -> None:
        if threading.current_thread() is second:
            has_begun.set()
            assert may_go_on.wait(WAIT)
        sync(fd)

    def compact() -> None:
        try:
            journal._compact()
        except BaseException as error:
            failures.append(error)

    class Lock:
        """Starts the second compaction when the first one has ended and lets go of the lock."""

        def __enter__(self) -> None:
            lock.acquire()

        def __exit__(self, *exc_info: object) -> None:
            lock.release()
            if threading.current_thread() is first and journal._copy_fd < 0 and second.ident is None:
                second.start()
                assert has_begun.wait(WAIT)

    with opened(path) as journal:
        begin(journal, "r1")
        begin(journal, "r2")
        journal.end("r1", "accepted")
        second = threading.Thread(target=compact)
        lock = journal._lock
        monkeypatch.setattr(os, "fsync", slow_sync)
        monkeypatch.setattr(journal, "_lock", Lock())
        journal._compact()
        begin(journal, "r3")
        may_go_on.set()
        second.join(WAIT)
        assert failures == []
        begin(journal, "r4")
    assert [entry.request_id for entry in found(path)] == ["r2", "r3", "r4"]


# Processes that are killed, and processes that fork.


@pytest.mark.parametrize("count", [1, 10, 200])
def test_O20_a_killed_process_leaves_a_list_of_what_it_had_begun(path: Path, count: int) -> None:
    """It tells which orders have begun and which are about to end; what is in between may be either."""
    writer = in_a_process(
        """
        def work(thread):
            number = 0
            while True:
                name = f"t{thread}n{number}"
                tell("begins", name)
                begin(journal, name)
                tell("begun", name)
                if number % 5:
                    tell("ends", name)
                    journal.end(name, "accepted")
                    tell("ended", name)
                number += 1
        journal = Journal(sys.argv[1], compact_at=2000)
        for thread in range(3):
            threading.Thread(target=work, args=(thread,)).start()
        """,
        path,
    )
    with running(writer):
        lines = [line_of(writer) for _ in range(count)]
        writer.send_signal(signal.SIGKILL)
        assert writer.stdout is not None
        lines += writer.stdout.read().splitlines()
        writer.wait(WAIT)
    said: dict[str, set[str]] = {"begins": set(), "begun": set(), "ends": set(), "ended": set()}
    for word, name in (line.split() for line in lines):
        said[word].add(name)
    pending = {entry.request_id for entry in found(path)} if path.exists() else set()
    assert said["begun"] - said["ends"] <= pending <= said["begins"] - said["ended"]
    assert list(path.parent.iterdir()) == [path]


def test_O20_a_forked_child_writes_nothing_and_keeps_no_lock(path: Path) -> None:
    """
    The child outlives its parent, which was killed; another client then gets the file.

    And nothing in the child waits for a thread that only the parent has.
    """
    parent = in_a_process(
        """
        import logging
        logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
        journal = Journal(sys.argv[1])
        begin(journal, "r1")
        before = open(sys.argv[1], "rb").read()
        held, never = threading.Event(), threading.Event()
        def hold():
            with journal._lock:
                held.set()
                never.wait()
        threading.Thread(target=hold, daemon=True).start()
        held.wait()
        if os.fork() == 0:
            try:
                begin(journal, "r2")
            except ForkedError as error:
                print("refused", error, flush=True)
            journal.end("r1", "accepted")
            journal.close()
            sys.stdout.flush()
            tell("same", open(sys.argv[1], "rb").read() == before)
            sys.stdin.read()
            os._exit(0)
        os.wait()
        """,
        path,
    )
    with running(parent):
        assert line_of(parent).startswith("refused this journal was opened before fork()")
        assert "WARNING" in (line := line_of(parent)) and "fork()" in line
        assert line_of(parent) == "same True"
        with pytest.raises(ConfigError, match="in use"):  # what the child did took no lock from its parent
            Journal(path)
        parent.kill()
        parent.wait(WAIT)
        assert [entry.request_id for entry in found(path)] == ["r1"]
        assert parent.stdin is not None
        parent.stdin.close()  # lets the child end
        assert line_of(parent) == ""


def test_O20_a_process_started_beside_it_holds_no_lock(path: Path) -> None:
    with opened(path):
        child = in_a_process("tell('up'); sys.stdin.read()", close_fds=False)
    with running(child):
        assert line_of(child) == "up"
        assert found(path) == ()
        told(child)


def test_O20_nothing_is_logged_when_all_goes_well(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), opened(path, compact_at=1) as journal:
        begin(journal, "r1")
        journal.unknown("r1", "timeout")
        journal.resolved("r1", None, "accepted")
    assert caplog.records == []
