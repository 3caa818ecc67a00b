"""python-kucoin, unmodified: its asynchronous stream."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from kucoin.asyncio import KucoinSocketManager
from kucoin.client import Client

from benchmarks.clients.measure import Tally
from benchmarks.job import Job

__all__ = ["stream"]


def stream(job: Job) -> dict[str, Any]:
    if job.certificate is None:
        raise RuntimeError("it cannot open a plain connection")
    os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = job.certificate
    tally = Tally(job)
    # Not `asyncio.run`: it waits for a task of theirs that survives being cancelled.
    asyncio.new_event_loop().run_until_complete(_read(job, tally))
    return tally.wait(0)


async def _read(job: Job, tally: Tally) -> None:
    client = Client("simulator-bench", "s", "p")
    client.API_URL = job.rest_url
    is_over = asyncio.Event()

    async def take(message: dict[str, Any]) -> None:
        if tally.take(message["data"]):
            is_over.set()

    manager = await KucoinSocketManager.create(asyncio.get_running_loop(), client, take)
    await manager.subscribe(job.topic)
    await asyncio.wait_for(is_over.wait(), job.time_limit)
