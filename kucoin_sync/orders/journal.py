"""
The order journal: what this process is about to send, in a file, so that a process that was killed leaves a list.

The file is text, one JSON object a line, in UTF-8. The first line names the format; then each line tells of one
request, and what was told before is never changed (lines broken here only):

.. code-block:: text

    {"kucoin_sync_journal":1}
    {"begin":"p1","op":"spot.order","args":{"clientOid":"c1","symbol":"BTC-USDT"},"ws_key":"wsApiSpotV1",
     "started_at":1760000000.25,"timeout":5.0,"since_ms":1760000000250,"pid":77,"expires_ms":1760000005250}
    {"end":"p1","outcome":"accepted"}
    {"begin":"p2","op":"futures.multi_order", ... "open_items":[0,1,2]}
    {"unknown":"p2","reason":"partial_batch","open_items":[0,2]}
    {"resolved":"p2","item":0,"fate":"accepted"}
    {"resolved":"p2","item":2,"fate":"absent"}

``expires_ms`` and ``open_items`` are left out where there are none. Arguments that JSON has no words for (`Decimal`)
stand under ``tagged`` in place of ``args``: there a list begins with its kind, ``["list", 1, 2]`` or
``["decimal", "1.10"]``.

A record is handed to the operating system in one write before the call goes on, and is not forced to the disk. So it
survives the end of the process, ``kill -9`` included, but not a power failure or a crash of the whole machine.

A record may be written in part only: the process died, or the disk was full. A last line without its newline is such
a one. In the middle of the file it ends in ``~``, which the next record puts behind it. Both count as never written,
and that is right: an order is sent only after the whole of its record was written, and one whose end is missing is
unknown.

Who has the file open holds an exclusive lock on it. Finished requests are dropped when it is opened, and again
whenever it has grown beyond a bound: what is left is written to a new file beside it, which takes the lock and then
the name. So whoever got a lock must see whether the name still leads to what he locked.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast

import attrs

from kucoin_sync.errors import (
    ClosedError,
    ConfigError,
    ForkedError,
    JournalError,
    KucoinSyncError,
    describe_cause,
    shorten,
)
from kucoin_sync.protocol.json_text import dumps

try:
    import fcntl
except ImportError:  # Windows: it has locks of another kind, and gives no open file's name to another file
    HAS_LOCKS = False
else:
    HAS_LOCKS = True

__all__ = ["DefiniteOutcome", "Journal", "JournalEntry"]

logger = logging.getLogger("kucoin_sync.orders.journal")

DefiniteOutcome = Literal["accepted", "rejected", "not_sent"]

COMPACT_AT = 16 * 1024 * 1024
"""Bytes: about 39 000 orders, read in a second or two."""
OPEN_ATTEMPTS = 10
"""How often a file that was replaced under us is opened again before it counts as in use."""
MAX_DEPTH = 64
"""Levels of arguments. No order has more, and what is nested too deep could not be read back."""

_FORMAT = "kucoin_sync_journal"
_VERSION = 1
_HEADER = f'{{"{_FORMAT}":{_VERSION}}}\n'.encode()
_HEADER_LIMIT = 200  # bytes looked at to tell a journal, of whatever version, from a foreign file
_TORN = b"~\n"
_DEFINITE: frozenset[str] = frozenset({"accepted", "rejected", "not_sent"})
# Both made once, for there may be many lines. The first escapes lone surrogates, and the second reads what it wrote.
_spell_all = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_read = json.JSONDecoder().decode


@attrs.frozen
class JournalEntry:
    """
    A request of an earlier process that has no definite outcome.

    Attributes:
        request_id: Id of the frame.
        op: Operation, such as ``spot.order``.
        args: Arguments as the exchange spells them: a mapping, or a list of mappings.
        ws_key: Name of the connection.
        started_at: Wall clock at the call, seconds since 1970.
        timeout: Seconds the call was given.
        since_ms: No order of it is older than this, milliseconds since 1970.
        pid: Process that made it.
        expires_ms: When the exchange stops taking it, milliseconds since 1970; ``None`` where it does not expire.
        open_items: Of a request about several orders, the places of those that are unknown, counted from 0 and
            ascending. Else ``None``.
        reason: Why it was unknown (`OutcomeUnknown.reason`); ``None`` if the process ended before its call did.
    """

    request_id: str
    op: str
    args: Any
    ws_key: str
    started_at: float
    timeout: float
    since_ms: int
    pid: int
    expires_ms: int | None = None
    open_items: tuple[int, ...] | None = None
    reason: str | None = None


@attrs.define
class _Open:
    """A request without definite outcome: its lines, and the orders of it that are open (`None`: it is about one)."""

    lines: list[bytes]
    items: set[int] | None
    reason: str | None = None
    entry: JournalEntry | None = None  # where it was read from the file


class Journal:
    """
    Keep a list of requests in a file, and which of them have no definite outcome.

    All methods may be called from any thread, and from a signal handler. What cannot be recorded about a request that
    was sent is a warning in the log, for its caller waits for another answer; the entry then counts as unknown.

    A file that others may read or write is narrowed to mode 0600, with a warning: to refuse it would keep a program
    from starting, and from its list of unknown orders, over a file that a copy or a backup widened. There are no
    credentials in it.

    Args:
        path: The file; made if it is not there. A symbolic link is followed. The folder must be writable too.
        compact_at: Size in bytes beyond which finished requests are dropped. At least twice of what is left then.

    Attributes:
        pending: What was found when the file was opened: requests of earlier processes without definite outcome, oldest
            first. It is not changed by what is resolved later.

    Raises:
        ConfigError: If another client has the file open, also one in this process; if it is not a journal, or damaged;
            if it cannot be opened; on systems without ``flock``.
        JournalError: If it can be opened, but not read or written.
    """

    def __init__(self, path: str | os.PathLike[str], *, compact_at: int = COMPACT_AT) -> None:
        if not HAS_LOCKS:
            raise ConfigError("journal: needs file locks (flock), which this system does not have")
        try:
            self._path = Path(os.fsdecode(path)).resolve()
        except (TypeError, ValueError, RuntimeError, OSError) as error:  # the last two: links that lead in a circle
            raise ConfigError(f"journal: must be the path of a file ({type(error).__name__})") from None
        self._copy_path = self._path.parent / f".{self._path.name}.new"
        self._pid = os.getpid()
        # Guards all below. Re-entrant, for a signal handler may place an order from the middle of it.
        self._lock = threading.RLock()
        self._fd = -1
        self._copy_fd = -1  # of the file that is to replace it
        self._meanwhile: list[bytes] | None = None  # written since that copy was begun
        self._torn = False  # the file may end in a part of a record
        self._size = 0
        self._compact_from = self._compact_at = compact_at
        self._open: dict[str, _Open] = {}  # by request id, oldest first
        _journals.add(self)
        try:
            self._fd = self._open_locked()
            self.pending = self._load()
            self._compact()
        except OSError as error:
            self.close()
            raise self._failed(error) from None
        except BaseException:
            self.close()
            raise

    def begin(
        self,
        request_id: str,
        op: str,
        args: Any,
        *,
        ws_key: str,
        started_at: float,
        timeout: float,
        since_ms: int,
        expires_ms: int | None = None,
        items: int | None = None,
    ) -> None:
        """
        Record that a request is about to be sent. It may be sent when this has returned.

        Args: as in `JournalEntry`.
            items: Of a request about several orders, how many; ``None`` for one about a single order.

        Raises:
            JournalError: If it could not be recorded; nothing may be sent.
            ConfigError: If ``args`` cannot be spelled in JSON, or ``request_id`` is that of an open request.
            ClosedError: If the journal is closed.
            ForkedError: In a forked child.
        """
        if os.getpid() != self._pid:
            raise ForkedError("this journal was opened before fork(); open another one in the child process")
        record = {
            "begin": request_id,
            "op": op,
            "args": args,
            "ws_key": ws_key,
            "started_at": started_at,
            "timeout": timeout,
            "since_ms": since_ms,
            "pid": self._pid,
        }
        # No null: with some decoders that costs a second spelling.
        if expires_ms is not None:
            record["expires_ms"] = expires_ms
        if items is not None:
            record["open_items"] = list(range(items))
        if not isinstance(args, (dict, list, tuple, Mapping)):
            raise ConfigError(f"args: must be a mapping or a list, got {type(args).__name__}")
        line = _spell(record)
        with self._lock:
            if self._fd < 0:
                raise ClosedError("the journal is closed")
            if request_id in self._open:
                raise ConfigError(f"request_id: {shorten(request_id)} is that of a request that has not ended")
            # Before the write, so that a compaction that a signal handler makes in between does not lose it.
            self._open[request_id] = _Open([line], None if items is None else set(range(items)))
            try:
                self._append(line)
            except OSError as error:
                del self._open[request_id]
                raise self._failed(error) from None

    def end(self, request_id: str, outcome: DefiniteOutcome) -> None:
        """
        Record that a request has a definite outcome.

        Args:
            request_id: As in `begin`; one that is not open is passed over.
            outcome: A request about several orders that are all definite ended as ``accepted`` or ``rejected``, even if
                some are the one and some the other.
        """
        self._record(request_id, {"end": request_id, "outcome": outcome})

    def unknown(self, request_id: str, reason: str, open_items: Iterable[int] | None = None) -> None:
        """
        Record that a call ended without a definite outcome.

        Args:
            request_id: As in `begin`; one that is not open is passed over.
            reason: `OutcomeUnknown.reason`.
            open_items: Of a request about several orders, the places of those that are unknown, if there are none it is
                over; ``None`` leaves it at those that were open before.
        """
        record: dict[str, Any] = {"unknown": request_id, "reason": reason}
        if open_items is not None:
            record["open_items"] = sorted(open_items)
        self._record(request_id, record)

    def resolved(self, request_id: str, item: int | None, fate: str) -> None:
        """
        Record what was found out about an unknown order. After the last one the request is over.

        Args:
            request_id: As in `begin`, or of one of `pending`; one that is not open is passed over.
            item: The order's place in a request about several; ``None`` for all that are open in it.
            fate: In one word, for whoever reads the file: ``accepted``, ``absent`` ...
        """
        record: dict[str, Any] = {"resolved": request_id, "fate": fate}
        if item is not None:
            record["item"] = item
        self._record(request_id, record)

    def close(self) -> None:
        """Release the file and its lock. What is open stays in it. May be called again, and in a forked child."""
        if os.getpid() != self._pid:
            return  # the lock below may be held for ever by a thread that only the parent has
        with self._lock:
            fd, self._fd = self._fd, -1
            if fd < 0:
                return
            if self._copy_fd >= 0:  # another thread is writing it; from now on the name may be another client's
                self._remove_copy()
            _release(fd)

    # Writing.

    def _record(self, request_id: str, record: Mapping[str, Any]) -> None:
        """Record something about an open request; log what goes wrong."""
        try:
            if os.getpid() != self._pid:
                raise ForkedError("the journal was opened before fork()")
            line = _spell(record)
            with self._lock:
                if self._fd < 0:
                    raise ClosedError("the journal is closed")
                if request_id not in self._open:
                    return
                # First, for the reason in begin(). If the write fails, the next compaction makes up for it.
                _apply(self._open, record, line)
                self._append(line)
                grown = self._size > self._compact_at
        except (OSError, ValueError, TypeError, KucoinSyncError) as error:
            why = str(error) if isinstance(error, KucoinSyncError) else describe_cause(error)
            logger.warning(
                "journal %s: the outcome of request %s was not recorded (%s); the next start may list it as unknown",
                self._path,
                shorten(request_id),
                why,
            )
            return
        if grown:
            self._compact_quietly()

    def _append(self, line: bytes) -> None:
        """
        Write one record; the lock must be held.

        Raises:
            OSError: If it was not written, or only a part of it. What was written reads as torn.
        """
        while True:
            record = _TORN + line if self._torn else line
            # Set over the write: a signal handler that places an order now, or raises, leaves a good file either way.
            self._torn = True
            written = os.write(self._fd, record)
            self._size += written
            if written == len(record):
                break
            # As a rule the disk is full and the next try says so. It writes the whole record again, not the rest of
            # it: the rest would follow whatever a signal handler wrote in between.
        self._torn = False
        if self._meanwhile is not None:
            self._meanwhile.append(line)

    def _failed(self, error: OSError) -> JournalError:
        return JournalError(f"journal {self._path}: cannot be written or read ({describe_cause(error)})")

    # Dropping what is finished.

    def _compact_quietly(self) -> None:
        """Compact; on failure go on with the file as it is, and try again when it is twice as large."""
        try:
            self._compact()
        except OSError as error:
            self._compact_at = 2 * self._size
            logger.warning("journal %s: could not be compacted (%s)", self._path, describe_cause(error))

    def _compact(self) -> None:
        """
        Put a file in the journal's place that has only what is open.

        The lock is not held while the disk works, so that no order waits for that: records made meanwhile go to the old
        file, and to the new one just before it takes the name.

        Raises:
            OSError: If that failed; the old file stays.
        """
        with self._lock:
            if self._fd < 0 or self._meanwhile is not None:
                return
            meanwhile = self._meanwhile = []
            try:
                lines = [line for each in list(self._open.values()) for line in each.lines]
                self._copy_fd = self._make_copy()
            except BaseException:
                self._meanwhile = None
                raise
        try:
            _write_whole(self._copy_fd, b"".join([_HEADER, *lines]))
            os.fsync(self._copy_fd)
            with self._lock:
                try:
                    self._replace()
                finally:
                    self._end_copy(meanwhile)
        finally:
            with self._lock:
                self._end_copy(meanwhile)
        _sync_folder(self._path.parent)

    def _make_copy(self) -> int:
        """Make the new file and lock it. What may be there is left from a process that died; we hold the lock."""
        self._remove_copy()
        fd = os.open(self._copy_path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(fd, 0o600)  # whatever the umask
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(fd)
            self._remove_copy()
            raise
        return fd

    def _replace(self) -> None:
        """Give the new file what was recorded meanwhile, then the journal's name; the lock must be held."""
        if self._fd < 0 or self._meanwhile is None:  # closed by another thread
            return
        late = list(self._meanwhile)
        _write_whole(self._copy_fd, b"".join(late))
        del self._meanwhile[: len(late)]
        self._copy_path.replace(self._path)

    def _end_copy(self, meanwhile: list[bytes]) -> None:
        """
        Go on with the new file if it has the name, else discard it; the lock must be held.

        Once for each compaction, which ``meanwhile`` stands for: what is there when it has ended is another thread's.
        The name decides, and not whether `_replace` returned: an interrupt may come between the one and the other.
        """
        if self._meanwhile is not meanwhile:
            return
        copy, self._copy_fd, self._meanwhile = self._copy_fd, -1, None
        if copy < 0:
            return
        try:
            if self._fd >= 0 and _leads_to(self._path, copy):
                # Under the number of the old one. A signal handler may bring us here between the moment when a write
                # reads that number and the moment when it uses it, and by then it could be anything else's.
                os.dup2(copy, self._fd, inheritable=False)
                self._size, self._torn = os.fstat(self._fd).st_size, False
                for line in meanwhile:  # a signal handler's; what is told twice counts once
                    self._append(line)
                self._compact_at = max(self._compact_from, 2 * self._size)
            elif self._fd >= 0:
                self._remove_copy()
        finally:
            os.close(copy)  # the lock stays with the other number

    def _remove_copy(self) -> None:
        self._copy_path.unlink(missing_ok=True)

    # Opening.

    def _open_locked(self) -> int:
        """Return a descriptor of the file, locked."""
        for _ in range(OPEN_ATTEMPTS):
            try:
                fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY, 0o600)
            except (OSError, ValueError) as error:
                raise ConfigError(f"journal: {self._path} cannot be opened ({describe_cause(error)})") from None
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise ConfigError(f"journal: {self._path} is not a regular file")
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _leads_to(self._path, fd):
                    return fd
            except BlockingIOError:
                os.close(fd)
                break
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)
        raise ConfigError(f"journal: {self._path} is in use by another client")

    def _load(self) -> tuple[JournalEntry, ...]:
        """Read the file and return what has no definite outcome."""
        with open(self._fd, "rb", closefd=False) as file:
            header = file.readline(_HEADER_LIMIT)
            if header not in (b"", _HEADER):
                raise ConfigError(f"journal: {self._path} {_what_else(header)}")
            for number, line in enumerate(file, 2):
                if not line.endswith(b"\n"):
                    break  # torn, and the last one
                if line.endswith(_TORN):
                    continue
                try:
                    _apply(self._open, _read(line.decode()), line)
                except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
                    raise ConfigError(
                        f"journal: {self._path}, line {number} cannot be read: something else changed the file. Look"
                        " up by hand the orders in it that have no end, then remove that line or move the file away"
                    ) from None
        mode = stat.S_IMODE(os.fstat(self._fd).st_mode)
        if mode & 0o077:
            # The file that takes its place has this mode.
            logger.warning("journal %s: had mode %04o, open to others; it gets 0600", self._path, mode)
        return tuple(_finding(each) for each in self._open.values())

    def _forget_descriptors(self) -> None:
        """
        In a forked child: close what it inherited, and keep nothing of it.

        The lock belongs to the open file and not to a process. A child that kept it would hold it after its parent's
        death, and to unlock here would take it from the parent.
        """
        fds = self._fd, self._copy_fd
        self._fd = self._copy_fd = -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)


# The table of open requests.


def _apply(table: dict[str, _Open], record: Any, line: bytes) -> None:
    """
    Let a record change the table. Told twice it changes nothing more.

    Raises:
        ValueError, TypeError, LookupError, ArithmeticError: If the record is none.
    """
    if "begin" in record:
        entry = _entry(record)
        items = entry.open_items
        table[entry.request_id] = _Open([line], None if items is None else set(items), entry=entry)
        return
    if "end" in record:
        if record["outcome"] not in _DEFINITE:
            raise ValueError("no definite outcome")
        table.pop(_typed(record, "end", str), None)
        return
    is_unknown = "unknown" in record
    request_id = _typed(record, "unknown" if is_unknown else "resolved", str)
    found = table.get(request_id)
    item: int | None = None
    if is_unknown:
        reason, items = _typed(record, "reason", str), _places(record)
    else:
        item = _typed(record, "item", int) if "item" in record else None
        _typed(record, "fate", str)
    if found is None:
        return
    found.lines.append(line)
    if is_unknown:
        found.reason = reason
        if items is not None:
            found.items = set(items)
    elif found.items is None or item is None:
        del table[request_id]
    else:
        found.items.discard(item)
    if found.items is not None and not found.items:
        table.pop(request_id, None)


def _entry(record: Mapping[str, Any]) -> JournalEntry:
    args = _untag(record["tagged"]) if "tagged" in record else record["args"]
    if not isinstance(args, (dict, list)):
        raise TypeError("args")
    return JournalEntry(
        request_id=_typed(record, "begin", str),
        op=_typed(record, "op", str),
        args=args,
        ws_key=_typed(record, "ws_key", str),
        started_at=_typed(record, "started_at", int, float),
        timeout=_typed(record, "timeout", int, float),
        since_ms=_typed(record, "since_ms", int),
        pid=_typed(record, "pid", int),
        expires_ms=_typed(record, "expires_ms", int) if "expires_ms" in record else None,
        open_items=_places(record),
    )


def _finding(found: _Open) -> JournalEntry:
    """Return an entry as it stands after all that was told of it; the table does not need it any more."""
    entry, found.entry = cast(JournalEntry, found.entry), None
    items = None if found.items is None else tuple(sorted(found.items))
    return attrs.evolve(entry, open_items=items, reason=found.reason)


def _places(record: Mapping[str, Any]) -> tuple[int, ...] | None:
    if "open_items" not in record:
        return None
    places = tuple(_typed(record, "open_items", list))
    if not all(type(place) is int for place in places):
        raise TypeError("open_items")
    return places


def _typed(record: Mapping[str, Any], name: str, *types: type) -> Any:
    value = record[name]
    if type(value) not in types:  # not isinstance: true is no number
        raise TypeError(name)
    return value


# Spelling.


def _spell(record: Mapping[str, Any]) -> bytes:
    """Return a record's line. Raises ConfigError if it cannot be spelled, or could not be read again."""
    args = record.get("args", {})
    try:
        text = _spell_somehow(record)
    except (ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"args: cannot be spelled in JSON ({type(error).__name__})") from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_deep(args):
        raise ConfigError(f"args: are nested deeper than {MAX_DEPTH} levels")
    return f"{text}\n".encode()


def _spell_somehow(record: Mapping[str, Any]) -> str:
    try:
        return dumps(record)
    except (ValueError, TypeError):
        pass  # rare: texts that are not Unicode, large integers, foreign types
    try:
        return _spell_all(record)
    except TypeError:
        others = {name: value for name, value in record.items() if name != "args"}
        return _spell_all({**others, "tagged": _tag(record["args"])})


def _tag(value: Any) -> Any:
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, Mapping):
        return {name: _tag(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return ["list", *map(_tag, value)]
    return value


def _untag(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _untag(each) for name, each in value.items()}
    if not isinstance(value, list):
        return value
    if value[0] == "decimal":
        return Decimal(value[1])
    if value[0] != "list":
        raise ValueError("no kind of list")
    return [_untag(each) for each in value[1:]]


def _is_deep(value: Any) -> bool:
    """Whether there are more than `MAX_DEPTH` levels, found level by level."""
    level: Sequence[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for each in level
            if isinstance(each, (Mapping, list, tuple))
            for inner in (each.values() if isinstance(each, Mapping) else each)
        ]
    return bool(level)


def _what_else(header: bytes) -> str:
    """Say what a file is that does not begin as a journal of this version does."""
    try:
        version = _read(header.decode())[_FORMAT]
    except (ValueError, TypeError, LookupError, RecursionError):
        version = _VERSION
    if version == _VERSION:
        return "is not an order journal; name another file"
    return f"has format version {shorten(version, 20)}, and this version of the library reads {_VERSION} only"


# Files.


def _leads_to(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _write_whole(fd: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _release(fd: int) -> None:
    """Unlock and close. Without the first a process that another thread is just starting would hold the lock on."""
    try:
        fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError:
        pass  # to close it does the same, as a rule
    os.close(fd)


def _sync_folder(path: Path) -> None:
    """Let a new name survive a power failure too, where the file system can."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        pass
    finally:
        os.close(fd)


# Forked children.

_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for journal in list(_journals):
        journal._forget_descriptors()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
