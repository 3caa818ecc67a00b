"""Whatever a client sends: the Pro streams and the unified operations answer or refuse, and never fail."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kucoin_sync.simulator.futures.exchange import FuturesExchange
from kucoin_sync.simulator.matching.orders import Refused
from kucoin_sync.simulator.order_entry.unified_orders import UnifiedOrders
from kucoin_sync.simulator.pro.channels import CHANNELS, HOSTS, ProRefused, read_topics
from kucoin_sync.simulator.spot.exchange import Exchange

NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
ODD = st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=3)


def frames(**likely: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects whose keys are mostly right, and whose values are sometimes."""
    return st.fixed_dictionaries({}, optional={key: st.sampled_from(values) | ODD for key, values in likely.items()})


COMMANDS = frames(
    channel=[*CHANNELS],
    tradeType=["SPOT", "FUTURES", "UNIFIED", "MARGIN"],
    accountType=["UNIFIED", "FUNDING"],
    symbol=["BTC-USDT", "XBTUSDTM"],
    symbols=[["BTC-USDT", "ETH-USDT"], ["XBTUSDTM"]],
    depth=["1", "5", "50", "increment", "increment@10ms"],
    rpiFilter=[0, 1],
    interval=["1min", "6hour"],
)


@given(frame=COMMANDS, host=st.sampled_from([*HOSTS]))
@settings(max_examples=200)
def test_commands_are_read_or_refused(frame: dict[str, Any], host: str) -> None:
    try:
        topics = read_topics(frame, host)
    except ProRefused as refusal:
        assert refusal.where in ("message", "reason") and refusal.text
    else:
        assert topics and len(set(topics)) == len(topics)
        assert all(topic.partition(":")[0].partition(".")[0] for topic in topics)


ORDERS = frames(
    tradeType=["SPOT", "FUTURES", "MARGIN", "CROSS", "ISOLATED"],
    symbol=["BTC-USDT", "XBTUSDTM"],
    side=["BUY", "SELL"],
    orderType=["LIMIT", "MARKET"],
    size=["0.01", "1", "5"],
    sizeUnit=["BASECCY", "QUOTECCY", "UNIT"],
    price=["60000", "59999.9"],
    clientOid=["a", "b"],
    orderId=["x"],
    timeInForce=["GTC", "IOC", "FOK", "GTT", "RPI"],
    cancelAfter=[5],
    postOnly=[True, False],
    reduceOnly=[True, False],
    closeOrder=[True],
    stp=["CN", "CO"],
    leverage=[3, "5"],
    marginMode=["CROSS", "ISOLATED"],
    autoBorrow=[True],
    triggerDirection=["UP", "DOWN"],
    triggerPrice=["60000"],
    triggerPriceType=["TP", "MP"],
    tpTriggerPrice=["70000"],
    slTriggerPrice=["50000"],
    newPrice=["59998", 59997],
    newSize=["2", 3],
    cxlOnFail=[True, False],
)


@given(calls=st.lists(st.tuples(st.sampled_from(["place", "cancel", "amend"]), ORDERS), max_size=12))
@settings(max_examples=40)
def test_unified_orders_are_taken_or_refused_and_money_stays(calls: list[tuple[str, dict[str, Any]]]) -> None:
    spot = Exchange(now_ns=lambda: 1_760_000_000_000_000_000)
    futures = FuturesExchange(now_ns=lambda: 1_760_000_000_000_000_000)
    for wallet in ("trade", "margin", "isolated:BTC-USDT"):
        spot.deposit("ann", "USDT", "100000", wallet=wallet)
        spot.deposit("ann", "BTC", "10", wallet=wallet)
    futures.deposit("ann", "USDT", "100000")
    orders = UnifiedOrders(spot, futures)
    for name, args in calls:
        try:
            order_id, _ = getattr(orders, name)("ann", args)
        except Refused as refusal:
            assert refusal.code.isdigit() and refusal.message
        else:
            assert order_id
    assert spot.ledger.totals() == spot.ledger.deposited()
    assert futures.accounts.totals() == futures.accounts.deposited()
