"""
OKX, as the commands see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from kucoin_sync import options as general
from kucoin_sync.cli.venues.okx_doctor import OkxExamination
from kucoin_sync.cli.venues.venue import CancelPlan, Row, Send, Unavailable, Venue, check_given, count_of
from kucoin_sync.errors import ConfigError
from kucoin_sync.fates import OrderState
from kucoin_sync.okx.api_client import WebsocketAPIClient
from kucoin_sync.okx.client import WebsocketClient
from kucoin_sync.okx.hosts import is_simulated
from kucoin_sync.okx.instrument_book import types_of
from kucoin_sync.okx.keys import WS_KEY_MAP
from kucoin_sync.okx.options import Options
from kucoin_sync.okx.order_states import state_of_order
from kucoin_sync.okx.rest import LARGEST_PAGE, MOST_BATCHES, MOST_IN_BATCH, RestClient
from kucoin_sync.okx.topic_table import CHANNEL_FAMILIES, CHANNELS, channel_of

__all__ = ["OkxVenue", "spelled_channel"]

_INSTRUMENT_OPTIONS = ("size", "price", "time_in_force", "post_only")
_CONTRACT_OPTIONS = (*_INSTRUMENT_OPTIONS, "reduce_only", "isolated", "position_side")
_ALLOWED = {
    "spot": (*_INSTRUMENT_OPTIONS, "funds"),
    "margin": (*_INSTRUMENT_OPTIONS, "funds", "reduce_only", "isolated"),
    "swap": _CONTRACT_OPTIONS,
    "futures": _CONTRACT_OPTIONS,
    "option": _CONTRACT_OPTIONS,
    "spread": _INSTRUMENT_OPTIONS,
}
_KINDS = {"spot": "SPOT", "margin": "MARGIN", "swap": "SWAP", "futures": "FUTURES", "option": "OPTION"}
_TYPES = {"GTC": "limit", "IOC": "ioc", "FOK": "fok", "RPI": "rpi"}
_AT_ONCE = MOST_BATCHES * MOST_IN_BATCH
"""Of orders that one call of the panic button cancels."""
_MOST_ROUNDS = 20


class OkxVenue(Venue):
    """OKX: spot, margin, swaps, futures, options and spreads of one account."""

    name = "okx"
    title = "OKX"
    default_profile = "okx"
    environment = (("OKX_MARKET", "market"), ("OKX_DEMO_TRADING", "demo_trading"))
    settings = ("market", "ws_query", "proxy", "journal")
    flags = ("demo_trading",)
    markets = tuple(_ALLOWED)
    every_market = "all markets"
    left_by_cancel_all = (
        "Algo orders that wait for their trigger, and orders on spreads (--market spread), are not among them."
    )

    def options(self, keywords: Mapping[str, Any]) -> Options:
        made = Options.of(None, keywords)
        assert isinstance(made, Options)
        return made

    def is_simulated(self, options: general.Options) -> bool:
        return is_simulated(_own(options))

    def is_practice(self, options: general.Options) -> bool:
        return _own(options).demo_trading

    def describe(self, options: general.Options) -> str:
        own = _own(options)
        return f"OKX ({own.site}{', demo trading' if own.demo_trading else ''})"

    def client(self, options: general.Options) -> WebsocketClient:
        return WebsocketClient(_own(options))

    def api(self, options: general.Options) -> WebsocketAPIClient:
        return WebsocketAPIClient(_own(options))

    # Topics.

    def places(self, words: Sequence[str], ws_key: str | None) -> Mapping[str | None, list[str]]:
        if ws_key is not None and ws_key not in WS_KEY_MAP:
            raise Unavailable(f"OKX has no connection {ws_key!r}; there are {', '.join(WS_KEY_MAP)}")
        topics = [spelled_channel(word) for word in words]
        for topic in topics:
            if ws_key is None and channel_of(topic.partition(":")[0]) is None:
                raise Unavailable(f"{topic!r} is no channel that is known; name its connection with --ws-key")
        return {ws_key: topics}

    def patterns(self) -> Iterable[str]:
        for channel in (*CHANNELS.values(), *(CHANNEL_FAMILIES.values())):
            name = f"{channel.name}1m" if channel.name in CHANNEL_FAMILIES else channel.name
            yield f"{name}:{{{channel.needs[0]}}}" if channel.needs else name

    def market_of_symbol(self, symbol: str) -> str:
        """The form of the id tells."""
        if "_" in symbol:
            return "spread"
        kind = types_of(symbol)[0]
        found = next((market for market, name in _KINDS.items() if name == kind), None)
        if found is None:
            raise Unavailable(f"{symbol!r} has not the form of an instrument of OKX, such as BTC-USDT or BTC-USDT-SWAP")
        return found

    # Orders.

    def placing(self, market: str, order: Mapping[str, Any], *, test: bool) -> Send:
        if test:
            raise Unavailable("--test is not for OKX, which has no call that checks an order without placing it")
        given = check_given(self, market, order, _ALLOWED[market])
        arguments: dict[str, Any] = {
            "side": order["side"],
            "ord_type": _order_type(order["type"], given),
            "cl_ord_id": order["client_oid"],
            "sz": _size(market, order, given),
        }
        if "price" in given:
            arguments["px"] = given["price"]
        if market == "spread":
            return lambda api: api.submit_spread_order(sprd_id=order["symbol"], **arguments)
        cash = "isolated" if given.get("isolated") else "cross"
        arguments |= {"inst_id": order["symbol"], "td_mode": "cash" if market == "spot" else cash}
        if market == "spot" and order["type"] == "market":
            # Said each time, for the exchange would take the size of a purchase for an amount of money.
            arguments["tgt_ccy"] = "quote_ccy" if "funds" in given else "base_ccy"
        if "position_side" in given:
            arguments["pos_side"] = given["position_side"]
        if given.get("reduce_only"):
            arguments["reduce_only"] = True
        return lambda api: api.submit_new_order(**arguments)

    def changing(self, market: str, symbol: str, named: Mapping[str, Any], changes: Mapping[str, str]) -> Send:
        names = {"new_price": "new_px", "new_size": "new_sz"}
        arguments = {**_ids(named), **{names[name]: value for name, value in changes.items()}}
        if market == "spread":
            return lambda api: api.amend_spread_order(**arguments)
        return lambda api: api.amend_order(inst_id=symbol, **arguments)

    def cancelling(self, market: str, symbol: str, named: Mapping[str, Any]) -> Send:
        if market == "spread":
            return lambda api: api.cancel_spread_order(**_ids(named))
        return lambda api: api.cancel_order(inst_id=symbol, **_ids(named))

    def connect_orders(self, api: WebsocketAPIClient, market: str, symbol: str) -> None:
        # One line, not both that connect_ws_api() opens: OKX takes few openings a second.
        client = api.get_ws_client()
        client.connect_private(business=market == "spread")

    def look_up(self, api: WebsocketAPIClient, market: str, symbol: str, named: Mapping[str, Any]) -> Row:
        if market == "spread":
            return api.rest.spread_order(**_ids(named))
        return api.rest.order(symbol, **_ids(named))

    def state(self, order: Mapping[str, Any]) -> OrderState:
        return state_of_order(order, "order object")

    def orders(self, api: WebsocketAPIClient, market: str | None, symbol: str | None, *, done: bool) -> Iterable[Row]:
        if market is None and symbol is not None:
            # Of a pair both, for its id does not tell spot from margin.
            self.market_of_symbol(symbol)
            kinds: Sequence[str] = types_of(symbol) if done else ("",)
        elif market is None and done:
            raise Unavailable("--done needs a symbol or a --market: OKX lists the done orders of one kind")
        else:
            kinds = ("",) if market is None else (_KINDS.get(market, ""),)
        if market == "spread" or "_" in (symbol or ""):
            return _spread_orders(api.rest, symbol, done)
        return _orders(api.rest, kinds, symbol, done)

    def cancelling_all(self, market: str | None, symbol: str | None) -> CancelPlan:
        if symbol is not None and self.market_of_symbol(symbol) == "spread":
            market = "spread"
        if market not in (None, "all", "spread"):
            raise Unavailable(f"OKX does not cancel {market} orders alone: leave out --market, or give --symbol")
        of = "" if symbol is None else f" of {symbol}"
        if market == "spread":
            return CancelPlan(
                f"all open orders on spreads{of}",
                lambda api: _cancel_spreads(api.rest, symbol),
                "Orders on instruments are not among them: leave out --market for those.",
            )
        return CancelPlan(
            f"all open orders{of}",
            lambda api: _cancel(api, symbol),
            "Algo orders that wait for their trigger, and orders on spreads (--market spread), are not among them.",
        )

    # The account.

    def balances(self, api: WebsocketAPIClient, market: str | None, currencies: Sequence[str]) -> tuple[str, list[Row]]:
        if market is not None:
            raise Unavailable("OKX has one trading account for all markets: leave out --market")
        found = api.rest.balance(",".join(currencies) or None).get("details") or ()
        names = {
            "currency": "ccy",
            "equity": "eq",
            "total": "cashBal",
            "available": "availBal",
            "held": "frozenBal",
            "debt": "liab",
        }
        return "trading", [{name: row.get(theirs) for name, theirs in names.items()} for row in found]

    def examination(self, options: general.Options, client: Any, market: str | None, source: str) -> OkxExamination:
        if market is not None:
            raise Unavailable("OKX has the same hosts for all markets: leave out --market")
        return OkxExamination(_own(options), client, source)


def spelled_channel(word: str) -> str:
    """Return the topic that a word of the command line stands for: a bare instrument is its ticker."""
    if ":" in word or channel_of(word) is not None:
        return word
    if "_" in word:
        return f"sprd-tickers:{word.upper()}"
    return f"tickers:{word.upper()}" if "-" in word else word


def _own(options: general.Options) -> Options:
    if not isinstance(options, Options):
        raise ConfigError("options: must be kucoin_sync.okx.Options")
    return options


def _ids(named: Mapping[str, Any]) -> dict[str, Any]:
    names = {"order_id": "ord_id", "client_oid": "cl_ord_id"}
    return {names[name]: value for name, value in named.items()}


def _order_type(kind: str, given: Mapping[str, Any]) -> str:
    wish = given.get("time_in_force")
    if kind == "market" and (wish is not None or "post_only" in given):
        raise Unavailable("--time-in-force and --post-only do not go with a market order at OKX")
    if wish is not None and (wish not in _TYPES or ("post_only" in given and wish != "GTC")):
        raise Unavailable(f"--time-in-force {wish} is not for OKX" + (" with --post-only" * (wish in _TYPES)))
    return "post_only" if "post_only" in given else kind if wish in (None, "GTC") else _TYPES[wish]


def _size(market: str, order: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    is_market = order["type"] == "market"
    if ("size" in given) == ("funds" in given):
        raise Unavailable("give --size, or for a market order --size or --funds")
    if "funds" in given and not is_market:
        raise Unavailable("--funds goes with a market order")
    if market == "margin" and is_market and ("funds" in given) != (order["side"] == "buy"):
        raise Unavailable("OKX takes --funds for a market purchase on margin, and --size for a sale")
    return str(given["funds"] if "funds" in given else given["size"])


def _orders(rest: RestClient, kinds: Iterable[str], symbol: str | None, done: bool) -> Iterable[Row]:
    for kind in kinds:
        if done:
            yield from rest.done_orders(kind, symbol)
        else:
            yield from _pages(partial(rest.open_orders, symbol, inst_type=kind or None))


def _spread_orders(rest: RestClient, symbol: str | None, done: bool) -> Iterable[Row]:
    if done:
        return rest.done_spread_orders(symbol)
    return _pages(lambda after: rest.open_spread_orders(symbol, end_id=after))


def _pages(fetch: Callable[..., Sequence[Row]]) -> Iterable[Row]:
    """Yield the orders of all pages, each asked for by the last order of the one before."""
    after: str | None = None
    while True:
        page = fetch(after=after)
        yield from page
        last = str(page[-1].get("ordId")) if page else None
        if len(page) < LARGEST_PAGE or last == after:
            return
        after = last


def _cancel(api: WebsocketAPIClient, symbol: str | None) -> Mapping[str, str]:
    """Cancel all; of more orders than one call takes the next ones are asked for until there are none."""
    number = 0
    for _ in range(_MOST_ROUNDS):
        done = len(api.cancel_all_orders(symbol))
        number += done
        if done < _AT_ONCE:
            break
    return {"instruments": count_of(number)}


def _cancel_spreads(rest: RestClient, symbol: str | None) -> Mapping[str, str]:
    (answer,) = rest.cancel_all_spread_orders(symbol)
    return {"spreads": f"all{'' if symbol is None else f' of {symbol}'}" if answer.get("result") else "there was none"}
