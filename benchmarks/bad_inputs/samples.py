"""
Right messages to be spoilt: frames of each kind of line, token answers, REST answers.

The frames are those of ``tests/data``, and KuCoin's own where they are at hand (see `tests.kucoin.samples`).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

from tests.kucoin.samples import CHECKOUT, folder, frames

__all__ = ["SYSTEMS", "frame_texts", "rest_texts", "token_texts"]

SYSTEMS = ("classic", "pro", "trade")

_REST = (
    '{"code":"200000","data":1729100692873}',
    '{"code":"200000","data":{"status":"open","msg":""}}',
    '{"code":"200000","data":["USDS","BTC","KCS"]}',
    '{"code":"200000","data":[{"symbol":"AAA-BBB","baseIncrement":"0.01","priceIncrement":"0.0001","enableTrading":true}]}',
    '{"code":"200000","data":{"time":1760000000000,"sequence":"90","bids":[["1.24","11"]],"asks":[["1.26","10.5"]]}}',
    '{"code":"200000","data":{"id":"aaaa1111","symbol":"AAA-BBB","clientOid":"c-1","active":true,"dealSize":"0","fee":0.5}}',
    '{"code":"200000","data":{"currentPage":1,"pageSize":50,"totalNum":1,"totalPage":1,"items":[{"id":"aaaa1111"}]}}',
    '{"code":"200000","data":{"cancelledOrderIds":["aaaa1111","bbbb2222"]}}',
    '{"code":"200000","data":"success"}',
    '{"code":"200000","data":{"succeedSymbols":["AAA-BBB"],"failedSymbols":[{"symbol":"CCC-BBB","error":"no"}]}}',
    '{"code":"400100","msg":"order does not exist"}',
    '{"code":"400003","msg":"KC-API-KEY not exists"}',
    '{"code":"429000","msg":"Too Many Requests"}',
    '{"code":"500000","msg":"Internal Server Error"}',
)
_TOKENS = (
    '{"code":"200000","data":{"token":"t","instanceServers":[{"endpoint":"@URL@","encrypt":true,"protocol":"websocket",'
    '"pingInterval":18000,"pingTimeout":10000}]}}',
    '{"code":"200000","data":{"token":"t","instanceServers":[{"endpoint":"@URL@","pingInterval":50000},'
    '{"endpoint":"@URL@/second","pingInterval":18000.5,"pingTimeout":1}]}}',
    '{"code":"200000","data":{"token":"t%20+/=","instanceServers":[{"endpoint":"@URL@?a=b"}]}}',
    '{"code":"400002","msg":"KC-API-TIMESTAMP Invalid"}',
    '{"code":"400003","msg":"KC-API-KEY not exists"}',
    '{"code":"429000","msg":"Too Many Requests"}',
    '{"code":"503000","msg":"Service unavailable"}',
)
URL = "@URL@"
"""Stands in a token answer for the URL of our own server."""


def _system(row: dict[str, Any]) -> str:
    key = row.get("system") or row["ws_key"]
    if "pro" in key.lower():
        return "pro"
    return "trade" if key.startswith("wsApi") else "classic"


@functools.cache
def frame_texts() -> dict[str, Sequence[str]]:
    """Return the texts that servers send, by the kind of line: ``classic``, ``pro`` and ``trade``."""
    found: dict[str, list[str]] = {system: [] for system in SYSTEMS}
    paths = sorted((CHECKOUT / "tests" / "data").glob("kucoin_*.jsonl"))
    theirs = folder()
    if theirs is not None:
        paths += [theirs / name for name in ("control_frames.jsonl", "messages.jsonl", "ws_api.jsonl")]
    for path in paths:
        for sample in frames(path):
            if sample.row.get("direction") != "client":
                found[_system(sample.row)].append(sample.text)
    return {system: tuple(texts) for system, texts in found.items()}


def token_texts(url: str) -> Sequence[str]:
    """Return bodies of token answers whose servers are ``url``."""
    return [text.replace(URL, url) for text in _TOKENS]


@functools.cache
def rest_texts() -> Sequence[str]:
    """Return bodies of REST answers."""
    theirs = folder()
    if theirs is None:
        return _REST
    endpoints = json.loads((theirs / "rest_endpoints.json").read_text(encoding="utf-8"))["endpoints"]
    examples = [each["response_example"] for each in endpoints if each.get("response_example") is not None]
    return (*_REST, *(json.dumps(example, separators=(",", ":")) for example in examples))
