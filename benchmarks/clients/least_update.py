"""
The least that a stream of updates costs: the limit's loop, and an `Update` made of each message for a listener.

No topic is looked up, nothing is missed or told, no listener is guarded and no queue is bounded. As
``least-update-listener`` the listener runs on a thread of its own, behind the quickest queue that Python has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic

import orjson

from benchmarks.clients.limit import Line
from benchmarks.clients.scenarios import Take
from benchmarks.job import Job
from kucoin_sync.events import Origin, Update, make_update
from kucoin_sync.kucoin.classic import ClassicDialect

__all__ = ["read_stream"]


def read_stream(job: Job, take: Take) -> object:
    line = Line(job, f"{job.stream_url}?token=t&connectId=least")
    line.receive()  # welcome
    line.send(orjson.dumps({"id": "1", "type": "subscribe", "topic": job.topic, "response": True}))
    line.receive()  # ack

    def listen(update: Update) -> bool:
        return take(update.data)

    if job.client == "least-update":
        _read(line, listen)
        return line
    updates: SimpleQueue[Update] = SimpleQueue()

    def run() -> None:
        while not listen(updates.get()):
            pass

    threading.Thread(target=run, name="least-update-listener", daemon=True).start()
    threading.Thread(target=_read, args=(line, updates.put), name="least-update-reader", daemon=True).start()
    return line


def _read(line: Line, hand_out: Callable[[Update], bool | None]) -> None:
    """As `limit.read_stream`, with an update made of each message, until ``hand_out`` says that it was the last."""
    buffer, view, loads = line.buffer, line.view, orjson.loads
    origin = Origin("least", "1", ClassicDialect)
    is_last: bool | None = False
    while not is_last:
        received_at = monotonic()
        start, end = line.start, line.end
        while end - start >= 4:
            payload_at = start + 4
            frame_end = payload_at + (buffer[start + 2] << 8 | buffer[start + 3])
            if frame_end > end:
                break
            text = str(view[payload_at:frame_end], "utf-8")
            start = frame_end
            message = loads(text)
            if message["type"] == "message":
                data = message["data"]
                update = make_update(message["topic"], message["subject"], data, None, received_at, text, origin)
                is_last = hand_out(update)
        line.start = start
        if not is_last:
            line.read_more()
