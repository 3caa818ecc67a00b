"""Every private call of the spot host: fields of the answer and weight are those of the reference."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import requests

from kucoin_sync.simulator import Simulator
from kucoin_sync.simulator.classic.spot_private_frames import account_id
from kucoin_sync.simulator.venue import COUNTERPARTY, Venue
from tests.kucoin.samples import MISSING, folder
from tests.simulator.clients import LIMIT, on_venue, rest_headers
from tests.simulator.samples import covers, form

HF, MARGIN, SINGLE, STOP = (
    "/api/v1/hf/orders",
    "/api/v3/hf/margin/orders",
    "/api/v3/hf/margin/order",
    "/api/v1/stop-order",
)
ORDER = {"symbol": "BTC-USDT", "side": "buy", "type": "limit", "price": "50000", "size": "0.01"}
PAIR, CROSS = "symbol=BTC-USDT", "tradeType=MARGIN_TRADE"
BY_CLIENT_OID = "client-order/{clientOid}"

#: Method, path as in the reference, the query or the body.
CALLS: list[tuple[str, str, Any]] = [
    ("POST", HF, {**ORDER, "clientOid": "new"}),
    ("POST", f"{HF}/sync", {**ORDER, "clientOid": "new"}),
    ("POST", f"{HF}/test", {**ORDER, "clientOid": "new"}),
    ("POST", f"{HF}/multi", {"orderList": [{**ORDER, "clientOid": "new"}]}),
    ("POST", f"{HF}/alter", {"symbol": "BTC-USDT", "clientOid": "live", "newPrice": "40000"}),
    ("DELETE", HF, PAIR),
    ("DELETE", f"{HF}/cancelAll", ""),
    ("DELETE", f"{HF}/cancel/{{orderId}}", f"{PAIR}&cancelSize=0.001"),
    ("DELETE", f"{HF}/{{orderId}}", PAIR),
    ("DELETE", f"{HF}/{BY_CLIENT_OID}", PAIR),
    ("DELETE", f"{HF}/sync/{{orderId}}", PAIR),
    ("DELETE", f"{HF}/sync/{BY_CLIENT_OID}", PAIR),
    ("GET", f"{HF}/{{orderId}}", PAIR),
    ("GET", f"{HF}/{BY_CLIENT_OID}", PAIR),
    ("GET", f"{HF}/active", PAIR),
    ("GET", f"{HF}/active/page", PAIR),
    ("GET", f"{HF}/active/symbols", ""),
    ("GET", f"{HF}/done", PAIR),
    ("GET", "/api/v1/hf/fills", PAIR),
    ("POST", f"{HF}/dead-cancel-all", {"timeout": 5, "symbols": "BTC-USDT"}),
    ("GET", f"{HF}/dead-cancel-all/query", ""),
    ("POST", STOP, {**ORDER, "stopPrice": "40000"}),
    ("GET", STOP, ""),
    ("GET", f"{STOP}/{{orderId}}", ""),
    ("GET", f"{STOP}/queryOrderByClientOid", "clientOid=live"),
    ("DELETE", f"{STOP}/{{orderId}}", ""),
    ("DELETE", f"{STOP}/cancelOrderByClientOid", "clientOid=live"),
    ("POST", SINGLE, {**ORDER, "clientOid": "new", "autoBorrow": True, "size": "0.03"}),
    ("POST", f"{SINGLE}/test", {**ORDER, "clientOid": "new"}),
    ("DELETE", f"{MARGIN}/{{orderId}}", PAIR),
    ("DELETE", f"{MARGIN}/{BY_CLIENT_OID}", PAIR),
    ("DELETE", MARGIN, f"{PAIR}&{CROSS}"),
    ("GET", f"{MARGIN}/{{orderId}}", PAIR),
    ("GET", f"{MARGIN}/{BY_CLIENT_OID}", PAIR),
    ("GET", f"{MARGIN}/active", f"{PAIR}&{CROSS}"),
    ("GET", f"{SINGLE}/active/symbols", CROSS),
    ("GET", f"{MARGIN}/done", f"{PAIR}&{CROSS}"),
    ("GET", "/api/v3/hf/margin/fills", f"{PAIR}&{CROSS}"),
    ("GET", "/api/v1/accounts", ""),
    ("GET", "/api/v1/accounts/{accountId}", ""),
    ("GET", "/api/v3/margin/accounts", ""),
    ("GET", "/api/v3/isolated/accounts", ""),
    ("GET", "/api/v1/hf/accounts/opened", ""),
    ("GET", "/api/v1/user/api-key", ""),
]

#: Texts that are null in some samples, and keys that some samples have for reasons of their own.
NOT_COMPARED = {
    *("stp", "remark", "tags", "clientOid", "relatedNo", "limitPrice", "pop", "activateCondition", "stopTriggerTime"),
    *("ipWhitelist", "borrowSize", "loanApplyId", "failMsg"),
}


def reference() -> list[dict[str, Any]]:
    """Return the private calls of the spot host."""
    data = folder()
    if data is None:
        pytest.skip(MISSING)
    text = (data / "rest_endpoints.json").read_text(encoding="utf-8")
    every: list[dict[str, Any]] = json.loads(text, parse_float=Decimal)["endpoints"]
    return [endpoint for endpoint in every if endpoint["host"] == "api" and endpoint["auth"]]


def without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if key not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def make_busy(venue: Venue, account: str) -> dict[str, str]:
    """Give each market a filled and a live order and return the ids for the paths of the calls, longest first."""
    exchange = venue.exchange
    exchange.transfer(account, "USDT", "1000", "trade", "margin")
    offer = {"symbol": "BTC-USDT", "side": "sell", "type": "limit", "price": "50000", "size": "0.02"}
    exchange.place(COUNTERPARTY, offer)
    exchange.place(account, ORDER)
    exchange.place_margin(account, {**ORDER, "clientOid": "filled"})
    spot = exchange.place(account, {**ORDER, "clientOid": "live"})
    margin, _ = exchange.place_margin(account, {**ORDER, "price": "30000", "clientOid": "lent"})
    stop = exchange.place_stop(account, {**ORDER, "stopPrice": "10000", "clientOid": "live"})
    exchange.set_dead_man(account, 100, ("BTC-USDT",))
    return {
        MARGIN: margin.order_id,
        STOP: stop.order_id,
        HF: spot.order_id,
        "/api/v1/accounts": account_id(account, "trade", "USDT"),
    }


@pytest.mark.parametrize(("method", "path", "given"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
def test_answer_has_the_form_and_the_weight_of_the_real_one(
    simulator: Simulator, method: str, path: str, given: Any
) -> None:
    (real,) = [e for e in reference() if (e["method"], e["path"]) == (method, path)]
    ids = on_venue(simulator, lambda venue: make_busy(venue, simulator.api_key))
    own = next((value for known, value in ids.items() if path.startswith(known)), "")
    call = path.replace("{orderId}", own).replace("{accountId}", own)
    call = call.replace("{clientOid}", "lent" if path.startswith(MARGIN) else "live")
    call += f"?{given}" if isinstance(given, str) and given else ""
    body = json.dumps(given) if isinstance(given, dict) else ""
    headers = {**rest_headers(simulator, call + body, method=method), "Content-Type": "application/json"}
    answer = requests.request(method, simulator.url + call, data=body, headers=headers, timeout=LIMIT)
    assert answer.json()["code"] == "200000", answer.text
    ours, reals = (form(without(one, NOT_COMPARED)) for one in (answer.json(), real["response_example"]))
    assert covers(ours, reals, optional=set()), (ours, reals)
    used = int(answer.headers["gw-ratelimit-limit"]) - int(answer.headers["gw-ratelimit-remaining"])
    assert used == real["rate_limit_weight"]
    assert int(answer.headers["gw-ratelimit-limit"]) == {"Spot": 4000, "Management": 2000}[real["rate_limit_pool"]]


def test_every_private_call_of_the_reference_is_here() -> None:
    missing = {(e["method"], e["path"]) for e in reference()} - {(method, path) for method, path, _ in CALLS}
    assert missing == {("POST", "/api/v1/bullet-private"), ("GET", "/api/v3/market/orderbook/level2")}
