"""
Coverage-guided fuzzing of what only reads: ``python -m benchmarks.bad_inputs.coverage --seconds 60``.

Each target runs in a process of its own with atheris (the extra ``[fuzz]``), which keeps the inputs that reach code not
reached before. A target raises nothing but what its function documents, and its promises are checked.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["SEEDS", "TARGETS"]

_LONGEST = 4096
"""Bytes of an input at most."""


def _frames(data: bytes) -> None:
    """The frame parser: the first byte says how what follows is cut into reads, which must change nothing."""
    from kucoin_sync.protocol.frames import FrameParser

    step, stream = (data[0] + 1 if data else 1), data[1:]
    whole, pieces = FrameParser(max_message=1000, max_fragments=8), FrameParser(max_message=1000, max_fragments=8)
    whole.feed(stream)
    items = whole.parse()
    cut = []
    for start in range(0, len(stream), step):
        piece = stream[start : start + step]
        pieces.room[: len(piece)] = piece
        cut += pieces.parse(len(piece))
        if pieces.failure is not None or pieces.closed:
            break
    assert cut == items, "cut into pieces the same bytes mean something else"
    if whole.failure is not None:
        assert str(whole.failure).isprintable()


def _decoder(make: Callable[[Any], Any]) -> Callable[[bytes], None]:
    def one_input(data: bytes) -> None:
        from kucoin_sync.events import Origin, Update
        from kucoin_sync.protocol.messages import Inbound
        from tests.kucoin import samples

        dialect = make(samples)
        try:
            text = dialect.unpack(data) if data[:1] == b"\x01" else data.decode()
        except ValueError:
            return
        message = dialect.decode(text, 1.0, Origin(dialect.ws_key, "life-1", type(dialect)))
        assert isinstance(message, Inbound)
        if isinstance(message, Update):
            repr(message.typed)
            repr(message)  # with its sequence

    return one_input


def _token(data: bytes) -> None:
    """The readers of token answers; the first byte is the status."""
    from kucoin_sync.errors import ConnectError
    from kucoin_sync.kucoin import rest
    from kucoin_sync.protocol.dialect import HttpAnswer

    statuses = (200, 400, 401, 403, 429, 500, 503)
    answer = HttpAnswer(statuses[data[0] % len(statuses)] if data else 200, {"retry-after": "1"}, data[1:])
    for read in (
        lambda: rest.read_token(answer, connect_id="x"),
        lambda: rest.read_token_v2(answer),
        lambda: rest.read_time(answer),
    ):
        try:
            read()
        except ConnectError as error:
            assert str(error).isprintable() and str(error).isascii()


class _Bytes:
    """Stands in for the channel's file: gives bytes in pieces, then the end."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._data = data
        self._piece = piece

    def recv_into(self, room: bytearray) -> int:
        part = self._data[: min(self._piece, len(room))]
        self._data = self._data[len(part) :]
        room[: len(part)] = part
        return len(part)


def _head(data: bytes) -> None:
    """The reader of response heads; the first byte says how many bytes come at once."""
    from kucoin_sync.engine.http_head import read_head
    from kucoin_sync.errors import ConnectError

    try:
        head = read_head(_Bytes(data[1:], data[0] + 1 if data else 1), phase="upgrade", versions=(b"HTTP/1.1",))  # type: ignore[arg-type]
    except ConnectError as error:
        assert str(error).isprintable() and str(error).isascii()
        return
    assert 0 <= head.status <= 999
    wait = head.retry_after
    assert wait is None or wait >= 0


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "frames": _frames,
    "classic": _decoder(lambda samples: samples.classic("spotPublicV1")),
    "pro": _decoder(lambda samples: samples.pro("privateProV2")),
    "trade": _decoder(lambda samples: samples.trade("wsApiSpotV1")),
    "token": _token,
    "head": _head,
}
"""What is fuzzed, by name: called with bytes, raises if a promise is broken."""


def _seed_frames() -> list[bytes]:
    from tests.peers.frames import frame

    texts = [b"", b"{}", b"x" * 200, "é".encode()]
    made = [frame(opcode, text) for opcode in range(16) for text in texts]
    made.append(frame(1, "é".encode()[:1], fin=False) + frame(9, b"p") + frame(0, "é".encode()[1:]))
    return [b"\x00" + data for data in made]


def _seed_texts(system: str) -> list[bytes]:
    from benchmarks.bad_inputs.samples import frame_texts

    return [text.encode() for text in frame_texts()[system]]


def _seed_answers() -> list[bytes]:
    from benchmarks.bad_inputs.samples import rest_texts, token_texts

    return [b"\x00" + text.encode() for text in (*token_texts("wss://localhost"), *rest_texts())]


def _seed_heads() -> list[bytes]:
    from benchmarks.bad_inputs.answers import plain_answer, upgrade_answer

    return [b"\xff" + upgrade_answer(), b"\x00" + plain_answer(b"{}", b"HTTP/1.1 503 Busy", b"Retry-After: 7")]


SEEDS: Mapping[str, Callable[[], list[bytes]]] = {
    "frames": _seed_frames,
    "classic": lambda: _seed_texts("classic"),
    "pro": lambda: _seed_texts("pro"),
    "trade": lambda: _seed_texts("trade"),
    "token": _seed_answers,
    "head": _seed_heads,
}
"""What each target begins with."""


def _fuzz(name: str, corpus: Path, seconds: int, seed: int) -> None:
    """Fuzz one target; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["kucoin_sync"]):
        import kucoin_sync.engine.http_head
        import kucoin_sync.kucoin.client
        import kucoin_sync.protocol.frames  # noqa: F401
        from tests.kucoin import samples  # noqa: F401  (now, and not with the first input)
    arguments = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={_LONGEST}",
        "-rss_limit_mb=2048",
        "-timeout=10",
    ]
    artifacts = f"-artifact_prefix={corpus.parent}/"
    atheris.Setup([sys.argv[0], *arguments, artifacts, "-print_final_stats=1", str(corpus)], TARGETS[name])
    atheris.Fuzz()


def _run(name: str, seconds: int, seed: int) -> bool:
    """Fuzz one target in a process of its own; say what came of it and return whether it held."""
    with tempfile.TemporaryDirectory(prefix="bad-inputs-") as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        seeds = SEEDS[name]()
        for number, data in enumerate(seeds):
            Path(corpus, f"{number:04}").write_bytes(data)
        command = [sys.executable, "-m", "benchmarks.bad_inputs.coverage", "--one", name, "--corpus", str(corpus)]
        command += ["--seconds", str(seconds), "--seed", str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        found = [path for path in Path(folder).iterdir() if path.is_file()]
        lines = done.stderr.splitlines()
        executed = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
        reached = next((line.split()[3] for line in reversed(lines) if "cov: " in line), "?")
        kept = sum(1 for _ in corpus.iterdir())
        held = done.returncode == 0 and not found
        counted = f"inputs {executed:>10}  edges {reached:>6}  seeds {len(seeds):>4}  kept {kept:>5}"
        print(f"{name:8}  {counted}  {'held' if held else 'FOUND'}", flush=True)
        if not held:
            print(f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
            for path in found:
                print(f"{path.name}: {path.read_bytes().hex()}")
    return held


def main(arguments: list[str] | None = None) -> int:
    """Run the targets one after another; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bad_inputs.coverage", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=[*TARGETS], help="only this one")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        _fuzz(options.one, options.corpus, options.seconds, options.seed)
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: it is the extra [fuzz]", file=sys.stderr)
        return 2
    held = [_run(name, options.seconds, options.seed) for name in ([options.target] if options.target else TARGETS)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
