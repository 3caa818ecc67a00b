"""Every frame in and out, with its place among the bytes of its connection."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

from kucoin_sync.simulator import Simulator
from tests.simulator.clients import open_orders_socket, open_stream

Make = Callable[..., Simulator]


def test_frames_lie_end_to_end(make: Make) -> None:
    simulator = make(frame_log=100)
    with open_orders_socket(simulator) as orders:
        orders.order("a").receive()
        orders.order("ä" * 40).receive()
        orders.send({"id": "p", "op": "ping", "fill": "x" * 70_000})
        orders.receive()
        orders.ws.ping()
        orders.order("b").receive()
    simulator.wait_for(lambda s: s.connections() == 0)
    frames = simulator.frames("ws_api-1")
    for direction in ("in", "out"):
        offset = 0
        for frame in (f for f in frames if f.direction == direction):
            assert frame.offset == offset
            offset += frame.size
    assert [f.opcode for f in frames if f.direction == "in"] == [1, 1, 1, 1, 9, 1, 8]
    assert [f.opcode for f in frames if f.direction == "out"][-2:] == [10, 1]
    first = next(f for f in frames if f.direction == "in" and '"a"' in f.payload)
    assert json.loads(first.payload)["args"]["clientOid"] == "a"
    # Two bytes, two for the length, four for the mask.
    assert first.size == len(first.payload) + 8
    (placed,) = simulator.truth("a").frames
    assert (placed.connection_id, placed.offset) == (first.connection_id, first.offset)
    assert all(a.monotonic_ns <= b.monotonic_ns for a, b in itertools.pairwise(frames))


def test_log_is_bounded_and_off_by_default(make: Make) -> None:
    short, none = make(frame_log=3), make()
    for simulator, kept in ((short, 3), (none, 0)):
        with open_stream(simulator) as stream:
            for number in range(5):
                stream.ask({"id": f"n{number}", "type": "ping"})
            frames = simulator.frames()
        assert len(frames) == kept
    assert simulator.frames() == []
    assert max(len(frame.payload) for frame in short.frames()) <= 1024
