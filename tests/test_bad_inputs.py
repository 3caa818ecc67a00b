"""
The benchmark of bad inputs: its mutations do what they say, it finds what is planted, and a short run finds nothing.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.bad_inputs import __main__ as command
from benchmarks.bad_inputs import answers, texts, wire
from benchmarks.bad_inputs import run as runs
from benchmarks.bad_inputs.coverage import SEEDS, TARGETS
from benchmarks.bad_inputs.inputs import ACCEPT, KINDS, Kind
from benchmarks.bad_inputs.plan import TARGETS_OF, make_chunk
from benchmarks.bad_inputs.samples import SYSTEMS, frame_texts
from benchmarks.bad_inputs.shrink import minimize, shrink_inputs
from benchmarks.bad_inputs.watch import check_error
from kucoin_sync.engine.transport import _HandshakeFile
from kucoin_sync.errors import ConnectError
from kucoin_sync.events import Origin
from kucoin_sync.kucoin.classic import ClassicDialect
from kucoin_sync.protocol.frames import MAX_MESSAGE, FrameParser
from kucoin_sync.protocol.messages import Inbound, Unreadable
from kucoin_sync.protocol.packed_text import unpack_text
from tests.kucoin.samples import ORIGIN, classic

SAMPLE = '{"id":"a1","type":"message","topic":"/a:b","data":{"price":"1.5","sizes":[1,2.5,"3"],"on":true}}'
DATA = SAMPLE.encode()
OTHERS = (SAMPLE, '{"T":"trade.SPOT","d":{"p":"7"}}')
ROUNDS = 100
URL = "ws://127.0.0.1:65535"

needs_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is counted as Linux counts it")


def is_json(data: bytes) -> bool:
    try:
        json.loads(data.decode())
    except ValueError:
        return False
    return True


def depth(data: bytes) -> int:
    deepest = level = 0
    for byte in data:
        level += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, level)
    return deepest


def members(value: Any) -> int:
    """How many members all objects and lists have together."""
    if type(value) not in (dict, list):
        return 0
    inner = value.values() if type(value) is dict else value
    return len(value) + sum(map(members, inner))


def has_value(data: bytes, spellings: Sequence[str]) -> bool:
    return any(sign + spelling.encode() in data for spelling in spellings for sign in (b":", b",", b"["))


def has(data: bytes, pieces: Sequence[str]) -> bool:
    return any(piece.encode() in data for piece in pieces)


def turned(data: bytes) -> int:
    return sum((one ^ other).bit_count() for one, other in zip(data, DATA, strict=True))


WHAT_THEY_SAY: dict[str, Callable[[bytes], bool]] = {
    "swap of nodes": is_json,
    "change of type": is_json,
    "node removed": lambda data: members(json.loads(data)) < members(json.loads(SAMPLE)),
    "node duplicated": lambda data: is_json(data) and len(data) > len(DATA),
    "key added": lambda data: has(data, [f'"{key}":' for key in texts._KEYS]) and is_json(data),
    "word changed": lambda data: is_json(data) and has(data, [json.dumps(word) for word in texts._WORDS]),
    "known id": lambda data: json.loads(data)["id"] == texts.KNOWN_ID,
    "deep nesting": lambda data: depth(data) > 63,
    "huge number": lambda data: has_value(data, texts._NUMBERS),
    "NaN and constants": lambda data: has_value(data, texts._CONSTANTS),
    "lone surrogate": lambda data: has(data, texts._SURROGATES) and not is_text(json.loads(data)),
    "control character": lambda data: has(data, texts._CONTROLS),
    "bidi character": lambda data: has(data, texts._BIDI),
    "long text": lambda data: len(data) > 100_000,
    "bits flipped": lambda data: turned(data) <= 4,
    "truncation": lambda data: DATA.startswith(data) and len(data) < len(DATA),
    "piece cut out": lambda data: any(
        data == DATA[:at] + DATA[at + len(DATA) - len(data) :] for at in range(len(data) + 1)
    ),
    "piece repeated": lambda data: (
        len(data) > len(DATA)
        and any(data.startswith(DATA[:at]) and data.endswith(DATA[at:]) for at in range(len(DATA) + 1))
    ),
    "splice of two": lambda data: any(
        DATA.startswith(data[:at]) and other.encode().endswith(data[at:])
        for other in OTHERS
        for at in range(len(data) + 1)
    ),
    "rubbish around": lambda data: DATA in data and len(data) > len(DATA),
    "invalid UTF-8": wire.ends_by_the_rules,
    "no document": lambda data: DATA not in data,
}


def is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("name", texts.MUTATIONS)
def test_a_mutation_of_a_text_does_what_it_says(name: str) -> None:
    made = [texts.MUTATIONS[name](Random(seed), SAMPLE, OTHERS) for seed in range(ROUNDS)]
    assert all(map(WHAT_THEY_SAY[name], made)), next(data for data in made if not WHAT_THEY_SAY[name](data))[:500]
    assert sum(data != DATA for data in made) > 0.8 * ROUNDS
    assert made == [texts.MUTATIONS[name](Random(seed), SAMPLE, OTHERS) for seed in range(ROUNDS)]


@pytest.mark.parametrize("text", ["5", "[]", "{}", "pong", '"pong"', "[[]]", "\u00e9"])
def test_every_mutation_takes_every_text(text: str) -> None:
    for name, mutation in texts.MUTATIONS.items():
        if text or name not in (
            "bits flipped",
            "truncation",
            "piece cut out",
            "piece repeated",
            "splice of two",
            "invalid UTF-8",
        ):
            assert isinstance(mutation(Random(1), text, OTHERS), bytes)


def read(data: bytes) -> FrameParser:
    parser = FrameParser()
    while data and parser.failure is None and not parser.closed:
        parser.feed(data[:60_000])
        parser.parse()
        data = data[60_000:]
    return parser


@pytest.mark.parametrize("name", wire.KEEPING)
def test_frames_that_keep_the_line_break_no_rule(name: str) -> None:
    for seed in range(20):
        one = wire.KEEPING[name](Random(seed), DATA)
        parser = FrameParser()
        parser.feed(one.data)
        assert (one.mutation, one.ends) == (name, "")
        assert parser.parse()
        assert parser.failure is None
        assert not parser.closed


@pytest.mark.parametrize("name", wire.ENDING)
def test_frames_that_end_the_line_break_a_rule_or_are_cut(name: str) -> None:
    for seed in range(20):
        one = wire.ENDING[name](Random(seed), DATA)
        assert one.mutation == name
        assert one.ends
        if name == "unreadable in a row":
            parser = FrameParser()
            parser.feed(one.data)
            read_as = [classic("spotPublicV1").decode(str(item), 1.0, ORIGIN) for item in parser.parse()]
            assert len(read_as) == wire.UNREADABLE_IN_A_ROW
            assert {type(message) for message in read_as} == {Unreadable}
        elif one.ends == "client":
            parser = read(one.data)
            assert parser.closed or parser.failure is not None, one
        elif name == "line cut in a frame":
            parser = FrameParser()
            parser.feed(one.data)
            assert parser.parse() == []


FACTS_OF_FRAMES: dict[str, Callable[[bytes], bool]] = {
    "wrong opcode": lambda data: data[0] & 0x0F not in (0, 1, 2, 8, 9, 10),
    "reserved bits": lambda data: data[0] & 0x70 != 0,
    "masked frame": lambda data: data[1] & 0x80 != 0,
    "bad control frame": lambda data: data[0] & 0x0F in (8, 9, 10) and (data[0] < 0x80 or data[1] > 125),
    "bad close frame": lambda data: data[0] == 0x88,
    "close frame": lambda data: data[0] == 0x88,
    "text not UTF-8": lambda data: data[0] & 0x0F == 1,
}


@pytest.mark.parametrize("name", FACTS_OF_FRAMES)
def test_a_bad_frame_is_bad_in_the_way_it_says(name: str) -> None:
    assert all(FACTS_OF_FRAMES[name](wire.ENDING[name](Random(seed), DATA).data) for seed in range(ROUNDS))


def test_a_compressed_message_unpacks_to_its_text_unless_it_was_broken() -> None:
    whole = 0
    for seed in range(ROUNDS):
        payload = wire.compressed(Random(seed), DATA).payload
        assert payload is not None
        try:
            whole += unpack_text(payload) == SAMPLE
        except ValueError:
            pass
    assert 0.3 * ROUNDS < whole < 0.8 * ROUNDS


def test_a_bomb_is_small_and_unpacks_to_more_than_is_allowed() -> None:
    for seed in range(12):
        payload = wire.bomb(Random(seed), DATA).payload
        assert payload is not None
        assert len(payload) < 100_000
        sizes = []
        for form in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
            try:
                sizes.append(len(zlib.decompressobj(form).decompress(payload)))
            except zlib.error:
                continue
        assert max(sizes) > MAX_MESSAGE


HEAD_END = b"\r\n\r\n"
FACTS_OF_UPGRADES: dict[str, Callable[[bytes], bool]] = {
    "wrong status": lambda data: not data.startswith(b"HTTP/1.1 101"),
    "no status line": lambda data: not data.startswith(b"HTTP/1.1 101 "),
    "wrong accept key": lambda data: b"Accept: " + ACCEPT + b"\r" not in data,
    "header missing": lambda data: data.count(b"\r\n") == 4,
    "header without a colon": lambda data: any(b":" not in line for line in data.split(HEAD_END)[0].split(b"\r\n")[1:]),
    "extension nobody asked for": lambda data: b"Sec-WebSocket-Extensions" in data,
    "header injection": lambda data: ACCEPT in data and len(data) > len(answers.upgrade_answer()),
    "giant header": lambda data: len(data) > 64 * 1024 or data.count(b"\r\n") > 128,
    "truncation": lambda data: answers.upgrade_answer().startswith(data) and HEAD_END not in data,
    "bits flipped": lambda data: len(data) == len(answers.upgrade_answer()),
    "random bytes": lambda data: not data.startswith(b"HTTP"),
    "rubbish after the head": lambda data: data.startswith(answers.upgrade_answer()) and not data.endswith(HEAD_END),
}


@pytest.mark.parametrize("name", answers.UPGRADE_MUTATIONS)
def test_a_spoilt_upgrade_answer_is_spoilt_in_the_way_it_says(name: str) -> None:
    made = [answers.UPGRADE_MUTATIONS[name](Random(seed)) for seed in range(ROUNDS)]
    assert {one.mutation for one in made} == {name}
    assert all(FACTS_OF_UPGRADES[name](one.data) for one in made)


FACTS_OF_ANSWERS: dict[str, Callable[[bytes], bool]] = {
    "other status": lambda data: not data.startswith(b"HTTP/1.1 200 OK\r\nContent-Length") and b"Retry-After: " in data,
    "no status line": lambda data: not data.startswith(b"HTTP/1.1 2"),
    "bad content length": lambda data: b"Content-Length: %d\r" % len(DATA) not in data,
    "bad chunks": lambda data: b"Transfer-Encoding: chunked" in data,
    "tiny chunks": lambda data: data.count(b"\r\n1\r\n") == len(DATA),
    "content encoding": lambda data: b"Content-Encoding: " in data,
    "giant body": lambda data: len(data) > 1 << 20,
    "giant header": lambda data: len(data) > 64 * 1024 or data.count(b"\r\n") > 128,
    "header injection": lambda data: data.endswith(DATA) and len(data) > len(answers.plain_answer(DATA)),
    "answer truncated": lambda data: answers.plain_answer(DATA).startswith(data),
    "answer's bits flipped": lambda data: len(data) == len(answers.plain_answer(DATA)),
    "interim answers": lambda data: data.startswith(b"HTTP/1.1 100") and data.endswith(answers.plain_answer(DATA)),
}


@pytest.mark.parametrize("name", answers.REST_MUTATIONS)
def test_a_spoilt_answer_is_spoilt_in_the_way_it_says(name: str) -> None:
    made = [answers.answer(name, Random(seed), DATA).data for seed in range(20)]
    assert all(map(FACTS_OF_ANSWERS[name], made))


def test_a_body_is_sent_in_a_right_answer_unless_the_form_is_what_is_spoilt() -> None:
    assert answers.answer("deep nesting", Random(1), DATA).data == answers.plain_answer(DATA)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_makes_the_same_inputs_again_and_another_one_others(kind: Kind) -> None:
    for number in range(3):
        chunk = make_chunk(kind, 5, number, url=URL)
        assert chunk == make_chunk(kind, 5, number, url=URL)
        assert chunk.inputs != make_chunk(kind, 6, number, url=URL).inputs
        assert chunk.target in TARGETS_OF[kind]
        assert all(0 < len(batch) < wire.UNREADABLE_IN_A_ROW for batch in chunk.batches)
        assert not any(one.ends for batch in chunk.batches for one in batch)


def test_every_mutation_comes_up() -> None:
    seen = {
        kind: {one.mutation for number in range(120) for one in make_chunk(kind, 1, number, url=URL).inputs}
        for kind in KINDS
    }
    rare = {"giant body", "long text", "large message"}
    assert seen["frames"] >= (set(texts.MUTATIONS) | set(wire.KEEPING) | set(wire.ENDING)) - rare
    assert seen["tokens"] >= (set(texts.MUTATIONS) | set(answers.REST_MUTATIONS)) - rare
    assert seen["rest"] >= (set(texts.MUTATIONS) | set(answers.REST_MUTATIONS)) - rare
    assert seen["upgrades"] == set(answers.UPGRADE_MUTATIONS)


def test_there_are_samples_of_every_kind_of_line() -> None:
    assert all(len(frame_texts()[system]) > 15 for system in SYSTEMS)


@pytest.mark.parametrize("needed", [b"x", b"abc", b"ace", b"abcdefghij"])
def test_minimize_keeps_what_is_needed_and_nothing_else(needed: bytes) -> None:
    def does_harm(data: bytes) -> bool:
        left = iter(data)
        return all(byte in left for byte in needed)

    assert minimize(b"0123abcx4567defghij89" * 3, does_harm, until=float("inf")) == needed


def test_shrinking_keeps_one_input_and_of_it_what_does_harm() -> None:
    inputs = [wire.message(str(number), b'{"a":%d}' % number) for number in range(50)]
    kept = shrink_inputs(inputs, lambda some: any(b"37" in one.data for one in some), seconds=60.0)
    assert [one.payload for one in kept] == [b"37"]
    assert kept[0].data == wire.message("", b"37").data


def test_only_documented_exceptions_with_printable_words_are_right() -> None:
    assert check_error(ConnectError("no", phase="tcp")) is None
    assert check_error(KeyError("a")) is not None
    assert check_error(ConnectError("a\u202eb", phase="tcp")) is not None
    assert check_error(ConnectError("internal error (KeyError)", phase="tcp")) is not None


# Planted faults are found.


@pytest.fixture
def decode() -> Callable[[ClassicDialect, str, float, Origin], Inbound]:
    return ClassicDialect.decode


@needs_linux
def test_an_exception_of_the_reader_is_found_and_made_small(
    monkeypatch: pytest.MonkeyPatch,
    decode: Callable[..., Inbound],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def broken(self: ClassicDialect, text: str, received_at: float, origin: Origin) -> Inbound:
        if "Infinity" in text:
            raise KeyError(text)
        return decode(self, text, received_at, origin)

    monkeypatch.setattr(ClassicDialect, "decode", broken)
    file = tmp_path / "result.json"
    assert command.main(["--inputs", "20000", "--kind", "frames", "--limit", "5", "--json", str(file)]) == 1
    finding = json.loads(file.read_text())["finding"]
    [smallest] = [bytes.fromhex(one["hex"])[2:] for one in finding["inputs"]]
    assert smallest in (b"Infinity", b'"Infinity', b"{Infinity", b"[Infinity")  # a binary message needs such a start
    printed = capsys.readouterr().out
    assert "FOUND" in printed
    assert b"Infinity".hex() in printed


@needs_linux
def test_a_message_that_is_swallowed_is_found(monkeypatch: pytest.MonkeyPatch, decode: Callable[..., Inbound]) -> None:
    swallow = [False]

    def broken(self: ClassicDialect, text: str, received_at: float, origin: Origin) -> Inbound:
        swallowed, swallow[0] = swallow[0], "NaN" in text
        return Unreadable("swallowed", text) if swallowed else decode(self, text, received_at, origin)

    monkeypatch.setattr(ClassicDialect, "decode", broken)
    monkeypatch.setattr(runs, "_SHRINK_SECONDS", 0.0)
    result = runs.run(runs.Plan(20_000, kinds=("frames",), limit=1.0), lambda text: None)
    assert result.harm is not None
    assert result.harm.category == "loss"


@needs_linux
def test_a_line_that_is_opened_by_an_answer_which_must_be_refused_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_HandshakeFile, "_judge", lambda self, head: None)
    monkeypatch.setattr(runs, "_SHRINK_SECONDS", 1.0)
    result = runs.run(runs.Plan(5_000, kinds=("upgrades",), limit=5.0), lambda text: None)
    assert result.harm is not None
    assert result.harm.category == "accepted"
    assert "extension nobody asked for" in [one.mutation for one in result.harm.inputs]


@needs_linux
def test_an_undocumented_exception_of_a_rest_call_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kucoin_sync.exchange_rest.answers.RestError", lambda *_, **__: KeyError("no"))
    monkeypatch.setattr(runs, "_SHRINK_SECONDS", 0.0)
    result = runs.run(runs.Plan(500, kinds=("rest",), limit=5.0), lambda text: None)
    assert result.harm is not None
    assert result.harm.category == "exception"


def test_more_memory_than_allowed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter(range(100, 10_000))
    monkeypatch.setattr(runs, "resident_bytes", lambda: next(sizes) << 20)
    monkeypatch.setattr(runs, "_WARM_UP", 0)
    monkeypatch.setattr(runs, "_SHRINK_SECONDS", 0.0)
    result = runs.run(runs.Plan(10_000, kinds=("frames",), limit=5.0, memory=5 << 20), lambda text: None)
    assert result.harm is not None
    assert result.harm.category == "memory"


# And the library holds.


@needs_linux
@pytest.mark.parametrize(("inputs", "tls"), [(3000, False), (1500, True)], ids=["plain", "tls"])
def test_after_thousands_of_bad_inputs_every_good_message_arrives(inputs: int, tls: bool) -> None:
    result = runs.run(runs.Plan(inputs, seed=20261126, tls=tls), lambda text: None)
    assert result.harm is None, f"{result.harm.category}: {result.harm.detail}"
    assert result.inputs >= inputs
    for kind, counts in result.kinds.items():
        assert counts.good_delivered == counts.good_sent > 0
        assert counts.lines_ended > 0 or kind == "rest"


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_of_the_coverage_guided_fuzzing_break_no_promise(target: str) -> None:
    seeds = SEEDS[target]()
    assert seeds
    for data in seeds:
        TARGETS[target](data)
        TARGETS[target](data[: len(data) // 2])
