"""Whatever a client sends, the simulated OKX answers, keeps its line open and its books in order."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest

from kucoin_sync.simulator import OkxForms, Simulator
from kucoin_sync.simulator.okx.operations import OPERATIONS
from tests.simulator.clients import on_venue
from tests.simulator.okx.clients import SPOT, SPREAD, SWAP, codes, open_okx

Make = Callable[..., Simulator]

NAMES = (
    *("instIdCode", "instId", "tdMode", "side", "ordType", "sz", "px", "clOrdId", "ordId", "tag", "reduceOnly"),
    *("newSz", "newPx", "reqId", "cxlOnFail", "sprdId", "stpMode", "tgtCcy", "posSide", "pxAmendType", "instFamily"),
    *("instType", "lockInterval", "channel", "extraParams", "ccy", "uly", "algoId"),
)
PLACING = ("order", "batch-orders", "sprd-order")
CHANNELS = (
    *("tickers", "books", "books5", "orders", "account", "positions", "balance_and_position", "fills", "candle1m"),
    *("books-l2-tbt", "sprd-orders", "sprd-books5", "mark-price", "index-tickers", "instruments", "nonsense"),
)


def value(chance: random.Random, okx_codes: dict[str, int]) -> Any:
    """Return something that may be right somewhere."""
    return chance.choice(
        [
            *okx_codes.values(),
            *(
                SPOT,
                SWAP,
                SPREAD,
                "cash",
                "cross",
                "isolated",
                "buy",
                "sell",
                "limit",
                "market",
                "ioc",
                "fok",
                "post_only",
            ),
            *("0.01", "1", "2", "60000", "59999.9", "-1", "0", "1e5", "", "a", "b", "c", "net", "long", "ANY", "SWAP"),
            *(
                "cancel_maker",
                "quote_ccy",
                "rpi",
                "mmp",
                '{"updateInterval":"0"}',
                "post_only",
                "\ud800",
                "é" * 40,
                "9" * 400,
            ),
            *(True, False, None, 0, -5, 10**30, [], [[]], {}, {"a": 1}),
        ]
    )


def frame(chance: random.Random, okx_codes: dict[str, int]) -> Any:
    def item() -> Any:
        names = chance.sample(NAMES, chance.choice((0, 0, 1, 2, 12)))
        found = {name: value(chance, okx_codes) for name in names}
        if chance.random() < 0.7:
            found.update(instIdCode=chance.choice(list(okx_codes.values())), side=chance.choice(("buy", "sell")))
            found.update(tdMode=chance.choice(("cash", "cross")), ordType=chance.choice(("limit", "market", "ioc")))
            found.update(sz=chance.choice(("0.01", "1", "3")), px=chance.choice(("59000", "60000", "61000")))
        if chance.random() < 0.5:
            found["channel"] = chance.choice(CHANNELS)
        return found

    others = ("subscribe", "unsubscribe", "login", "ping", "nonsense", None, 5)
    op = chance.choice(PLACING if chance.random() < 0.5 else (*OPERATIONS, *others))
    args = [item() for _ in range(chance.choice((0, 1, 1, 1, 1, 2, 25)))]
    sent: dict[str, Any] = {"id": chance.choice((*"123456789", "a-b", 7, None)), "op": op, "args": args}
    if chance.random() < 0.1:
        sent["expTime"] = value(chance, okx_codes)
    if chance.random() < 0.1:
        sent["args"] = value(chance, okx_codes)
    return sent


@pytest.mark.parametrize("path", ["public", "private", "business"])
def test_nothing_a_client_sends_breaks_it(make_okx: Make, caplog: pytest.LogCaptureFixture, path: str) -> None:
    forms = OkxForms(instruments="either", failed_logins="kept", market_maker_protection=True)
    okx = make_okx(okx=forms, push_interval_scale=0.0, market_maker=True)
    chance, okx_codes = random.Random(path), codes(okx)
    with caplog.at_level(logging.WARNING), open_okx(okx, path, login=True) as socket:
        for _ in range(40):
            for _ in range(25):
                text = json.dumps(frame(chance, okx_codes))
                socket.send(text if chance.random() < 0.95 else text[: chance.randrange(len(text))])
            socket.arrived()
        money = on_venue(okx, lambda venue: (venue.exchange.ledger.totals(), venue.exchange.ledger.deposited()))
        assert money[0] == money[1]
        margins = on_venue(okx, lambda venue: (venue.futures.accounts.totals(), venue.futures.accounts.deposited()))
        assert margins[0] == margins[1]
    assert [record.getMessage() for record in caplog.records if record.name != "asyncio"] == []
    if path == "private":
        assert okx.orders() and okx.futures_orders() and okx.truth_frames(op="order")
