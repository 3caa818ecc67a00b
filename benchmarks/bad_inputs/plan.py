"""From a seed to inputs: which samples are spoilt how, and what comes together."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from random import Random

from benchmarks.bad_inputs import answers, texts, wire
from benchmarks.bad_inputs.inputs import Batch, Chunk, Input, Kind
from benchmarks.bad_inputs.samples import SYSTEMS, frame_texts, rest_texts, token_texts
from tests.peers.frames import Opcode

__all__ = ["TARGETS_OF", "make_chunk"]

TARGETS_OF: Mapping[Kind, Sequence[str]] = {
    "frames": ("classic frames", "pro frames", "trade frames"),
    "tokens": ("token answers",),
    "upgrades": ("classic upgrades", "pro upgrades", "trade upgrades"),
    "rest": ("rest answers",),
}
_SHAPE: Mapping[Kind, tuple[int, int]] = {"frames": (24, 8), "tokens": (4, 8), "upgrades": (4, 8), "rest": (4, 8)}
"""Batches of a chunk, and the most inputs between two good messages; below the 20 unreadable ones that end a line."""
_WIRE_SHARE = 0.15
"""Share of frames whose form is spoilt and not their content."""
_FORM_SHARE = 0.35
"""The same of answers with a body."""


@functools.cache
def _names(which: str) -> tuple[list[str], list[float]]:
    mutations, rare = {
        "texts": (list(texts.MUTATIONS), texts.RARE),
        "keeping": (list(wire.KEEPING), wire.RARE),
        "rest": (list(answers.REST_MUTATIONS), answers.RARE),
    }[which]
    return mutations, [rare.get(name, 1.0) for name in mutations]


def _pick(rng: Random, which: str) -> str:
    names, weights = _names(which)
    return rng.choices(names, weights)[0]


def _frame_input(rng: Random, samples: Sequence[str]) -> Input:
    """Return a frame that keeps the line."""
    sample = rng.choice(samples)
    if rng.random() < _WIRE_SHARE:
        return wire.KEEPING[_pick(rng, "keeping")](rng, sample.encode())
    name = _pick(rng, "texts")
    payload = texts.MUTATIONS[name](rng, sample, samples)
    binary = rng.random() < 0.2 or wire.ends_by_the_rules(payload)
    return wire.message(name, payload, Opcode.BINARY if binary else Opcode.TEXT)


def _ender(rng: Random, samples: Sequence[str]) -> Input:
    return wire.ENDING[rng.choice(list(wire.ENDING))](rng, rng.choice(samples).encode())


def _upgrade_input(rng: Random) -> Input:
    made = answers.UPGRADE_MUTATIONS[rng.choice(list(answers.UPGRADE_MUTATIONS))](rng)
    return Input(made.mutation, made.data, refused=made.refused, greets=rng.random() < 0.5)


def _body_input(rng: Random, samples: Sequence[str]) -> Input:
    """Return an answer with a spoilt body in a right form, or the other way round."""
    sample = rng.choice(samples)
    if rng.random() < _FORM_SHARE:
        return answers.answer(_pick(rng, "rest"), rng, sample.encode())
    name = _pick(rng, "texts")
    return answers.answer(name, rng, texts.MUTATIONS[name](rng, sample, samples))


def make_chunk(kind: Kind, seed: int, number: int, *, url: str) -> Chunk:
    """
    Make the chunk that a seed and a number stand for.

    Args:
        kind: What is spoilt.
        seed: Of the run.
        number: Of the chunk among those of its kind.
        url: Of the server that token answers name.
    """
    rng = Random(f"{seed}/{kind}/{number}")
    targets = TARGETS_OF[kind]
    target = targets[number % len(targets)]
    system = SYSTEMS[number % len(SYSTEMS)]
    batches, most = _SHAPE[kind]

    def one() -> Input:
        if kind == "frames":
            return _frame_input(rng, frame_texts()[system])
        if kind == "upgrades":
            return _upgrade_input(rng)
        return _body_input(rng, token_texts(url) if kind == "tokens" else rest_texts())

    made: list[Batch] = [[one() for _ in range(rng.randint(1, most))] for _ in range(batches)]
    ender = _ender(rng, frame_texts()[system]) if kind == "frames" and rng.random() < 0.8 else None
    return Chunk(number, target, made, ender)
