"""
kucoin-api for Node, unmodified: ``WebsocketAPIClient`` and ``WebsocketClient``, run by ``node_kucoin_api.mjs``.

It is measured where Node is installed and ``KUCOIN_API_NODE`` names the folder of the package.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import attrs

from benchmarks.clients.measure import FIRST_SEQUENCE, GRACE, ORDER, percentiles, rate, summarize_lateness
from benchmarks.job import Job

__all__ = ["latency", "orders", "stream"]

PROGRAM = Path(__file__).with_suffix(".mjs")
NODE = shutil.which("node")

if NODE is None:
    raise ImportError("Node is not installed")
if "KUCOIN_API_NODE" not in os.environ:
    raise ImportError("KUCOIN_API_NODE names no folder with the package kucoin-api")


def orders(job: Job) -> dict[str, Any]:
    said = _run(job)
    result = {"round_trips": len(said["took"]), **percentiles(said["took"])}
    return result | rate(job.pipelined, said["pipelined_ns"] / 1e9) if job.pipelined else result


def stream(job: Job) -> dict[str, Any]:
    said = _run(job, last_sequence=str(FIRST_SEQUENCE + job.messages - 1))
    received = said["received"]
    return {
        "messages": received,
        "lost": job.messages - received,
        "messages_per_s": received / said["stream_ns"] * 1e9,
    }


def latency(job: Job) -> dict[str, Any]:
    said = _run(job, longest=job.messages / job.per_second + GRACE)
    every = 1_000_000_000 // job.per_second
    return summarize_lateness(said["stamps"], said["arrivals"], messages=job.messages, every=every)


def _run(job: Job, **more: Any) -> Any:
    urls = {"rest_url": job.rest_url, "private_url": job.private_url, "topic": job.topic}
    environment = dict(os.environ)
    if job.certificate is not None:
        environment["NODE_EXTRA_CA_CERTS"] = job.certificate
    command = [str(NODE), str(PROGRAM), json.dumps({**attrs.asdict(job), **urls, "order": ORDER, **more})]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=2 * job.time_limit, check=False
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip()[-300:] or f"exit status {ended.returncode}")
    return json.loads(ended.stdout)
