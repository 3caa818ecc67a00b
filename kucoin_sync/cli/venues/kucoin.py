"""
KuCoin, as the commands see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kucoin_sync.cli.venues.kucoin_doctor import KucoinExamination
from kucoin_sync.cli.venues.venue import CancelPlan, Row, Send, Unavailable, Venue, check_given, count_of, number_pages
from kucoin_sync.fates import OrderState
from kucoin_sync.kucoin.api_client import WebsocketAPIClient
from kucoin_sync.kucoin.client import WebsocketClient
from kucoin_sync.kucoin.hosts import is_simulated
from kucoin_sync.kucoin.keys import WS_KEY_MAP, WsKey
from kucoin_sync.kucoin.order_states import state_of_order
from kucoin_sync.kucoin.rest_client import RestClient
from kucoin_sync.kucoin.rest_orders import TRADE_TYPES
from kucoin_sync.kucoin.topic_table import CLASSIC_TOPICS, PRO_TOPICS
from kucoin_sync.options import Options

__all__ = ["KucoinVenue", "line_of_topic", "spelled_topic"]

_PAIR_OPTIONS = ("size", "funds", "price", "time_in_force", "post_only")
_ALLOWED = {
    "spot": _PAIR_OPTIONS,
    "margin": (*_PAIR_OPTIONS, "isolated"),
    "futures": ("size", "price", "time_in_force", "post_only", "reduce_only", "leverage", "position_side"),
}
_FUTURES_CURRENCIES = ("USDT", "XBT")


class KucoinVenue(Venue):
    """KuCoin: spot, margin, futures."""

    name = "kucoin"
    title = "KuCoin"
    default_profile = "default"
    environment = (("KUCOIN_API_REGION", "api_region"),)
    settings = ("api_key_version", "api_region", "proxy", "journal")
    markets = ("spot", "margin", "futures")
    every_market = "spot"

    def options(self, keywords: Mapping[str, Any]) -> Options:
        return Options.of(None, keywords)

    def is_simulated(self, options: Options) -> bool:
        return is_simulated(options)

    def describe(self, options: Options) -> str:
        return f"KuCoin ({options.api_region})"

    def client(self, options: Options) -> WebsocketClient:
        return WebsocketClient(options)

    def api(self, options: Options) -> WebsocketAPIClient:
        return WebsocketAPIClient(options)

    # Topics.

    def places(self, words: Sequence[str], ws_key: str | None) -> Mapping[str | None, list[str]]:
        if ws_key is not None and ws_key not in WS_KEY_MAP:
            raise Unavailable(f"KuCoin has no connection {ws_key!r}; there are {', '.join(WS_KEY_MAP)}")
        found: dict[str | None, list[str]] = {}
        for topic in map(spelled_topic, words):
            line = ws_key or line_of_topic(topic)
            if line is None:
                raise Unavailable(f"{topic!r} belongs to no connection that is known; name one with --ws-key")
            found.setdefault(line, []).append(topic)
        return found

    def patterns(self) -> Iterable[str]:
        return (row.pattern for row in (*CLASSIC_TOPICS, *PRO_TOPICS))

    def market_of_symbol(self, symbol: str) -> str:
        """Pairs have a hyphen, contracts have none."""
        return "spot" if "-" in symbol else "futures"

    # Orders.

    def placing(self, market: str, order: Mapping[str, Any], *, test: bool) -> Send:
        arguments = {name: order[name] for name in ("symbol", "side", "type", "client_oid")}
        arguments |= check_given(self, market, order, _ALLOWED[market])
        if arguments.pop("isolated", False):
            arguments["is_isolated"] = True
        if "position_side" in arguments:
            arguments["position_side"] = arguments["position_side"].upper()
        if market == "spot":
            return lambda api: api.submit_new_spot_order(**arguments, test=test)
        if market == "margin":
            return lambda api: api.submit_margin_order(**arguments, test=test)
        return lambda api: api.submit_futures_order(**arguments, test=test)

    def changing(self, market: str, symbol: str, named: Mapping[str, Any], changes: Mapping[str, str]) -> Send:
        if market != "spot":
            raise Unavailable(f"KuCoin changes spot orders only: cancel a {market} order and place a new one")
        return lambda api: api.modify_spot_order(symbol=symbol, **named, **changes)

    def cancelling(self, market: str, symbol: str, named: Mapping[str, Any]) -> Send:
        if market == "futures":
            # The exchange's id is all it takes.
            arguments = dict(named) if "order_id" in named else {"symbol": symbol, **named}
            return lambda api: api.cancel_futures_order(**arguments)
        if market == "margin":
            return lambda api: api.cancel_margin_order(symbol=symbol, **named)
        return lambda api: api.cancel_spot_order(symbol=symbol, **named)

    def connect_orders(self, api: WebsocketAPIClient, market: str, symbol: str) -> None:
        api.connect_ws_api(WsKey.WS_API_FUTURES_V1 if market == "futures" else WsKey.WS_API_SPOT_V1)

    def look_up(self, api: WebsocketAPIClient, market: str, symbol: str, named: Mapping[str, Any]) -> Row:
        if market == "futures":
            return api.rest.futures_order(**named)
        look_up = api.rest.spot_order if market == "spot" else api.rest.margin_order
        return look_up(symbol, **named)

    def state(self, order: Mapping[str, Any]) -> OrderState:
        return state_of_order(order)

    def orders(self, api: WebsocketAPIClient, market: str | None, symbol: str | None, *, done: bool) -> Iterable[Row]:
        market = market or ("spot" if symbol is None else self.market_of_symbol(symbol))
        if done and symbol is None and market != "futures":
            raise Unavailable("--done needs a symbol: KuCoin lists the done orders of one at a time")
        return _done(api.rest, market, symbol) if done else _open(api.rest, market, symbol)

    def cancelling_all(self, market: str | None, symbol: str | None) -> CancelPlan:
        market = market or ("all" if symbol is None else self.market_of_symbol(symbol))
        if market == "all" and symbol is not None:
            raise Unavailable("--symbol belongs to one market: leave out --market all")

        def cancel(api: WebsocketAPIClient) -> Mapping[str, str]:
            answers = api.cancel_all_orders(symbol, market=market)
            return {name: _told(answer, symbol) for name, answer in answers.items()}

        of = "of all markets" if market == "all" else f"of {market}"
        what = f"all open orders {of}{'' if symbol is None else f', {symbol}'}"
        return CancelPlan(what, cancel, "Stop orders that wait for their trigger are not among them.")

    def balances(self, api: WebsocketAPIClient, market: str | None, currencies: Sequence[str]) -> tuple[str, list[Row]]:
        market = market or "spot"
        return market, _BALANCES[market](api.rest, currencies)

    def examination(self, options: Options, client: Any, market: str | None, source: str) -> KucoinExamination:
        return KucoinExamination(options, client, market or "spot", source)


def spelled_topic(word: str) -> str:
    """Return the topic that a word of the command line stands for: a bare symbol is its ticker."""
    if "/" in word or ":" in word or line_of_topic(word) is not None:
        return word
    if "-" in word:
        return f"/market/ticker:{word.upper()}"
    return f"/contractMarket/tickerV2:{word.upper()}" if word.isalnum() and word.upper().endswith("M") else word


def line_of_topic(topic: str) -> str | None:
    """Return the connection that serves a topic; ``None`` if no document names it."""
    head = topic.partition(":")[0]
    names = (head, head.rpartition(".")[0])
    for row in (*CLASSIC_TOPICS, *PRO_TOPICS):
        if row.name in names:
            is_futures = len(row.ws_keys) > 1 and head.endswith(".FUTURES")
            return row.ws_keys[1 if is_futures else 0]
    return None


def _open(rest: RestClient, market: str, symbol: str | None) -> Iterable[Row]:
    if market == "futures":
        yield from number_pages(
            lambda page: rest.futures_orders(symbol=symbol, status="active", page=page, page_size=100)
        )
    elif market == "spot":
        for name in rest.symbols_with_open_spot_orders() if symbol is None else (symbol,):
            yield from rest.open_spot_orders(name)
    else:
        for trade_type in TRADE_TYPES:
            for name in rest.symbols_with_open_margin_orders(trade_type) if symbol is None else (symbol,):
                yield from rest.open_margin_orders(name, trade_type)


def _done(rest: RestClient, market: str, symbol: str | None) -> Iterable[Row]:
    if market == "futures":
        yield from rest.futures_orders(symbol=symbol, status="done").get("items") or ()
    elif market == "spot":
        yield from rest.done_spot_orders(str(symbol)).get("items") or ()
    else:
        for trade_type in TRADE_TYPES:
            yield from rest.done_margin_orders(str(symbol), trade_type).get("items") or ()


def _told(answer: Any, symbol: str | None) -> str:
    """Say what the answer to one market's cancel tells: ids of orders, symbols, or no more than that it was done."""
    if not isinstance(answer, Mapping):
        return f"all of {symbol}" if symbol is not None else "all"
    if "cancelledOrderIds" in answer:
        return count_of(len(answer["cancelledOrderIds"]))
    # Names of margin begin with the kind of account; of spot there are lists of symbols.
    symbols = answer.get("succeedSymbols", list(answer))
    return f"all of {', '.join(symbols)}" if symbols else "there was none"


def _spot_balances(rest: RestClient, _: Sequence[str]) -> list[Row]:
    return [
        {
            "currency": row.get("currency"),
            "account": row.get("type"),
            "total": row.get("balance"),
            "available": row.get("available"),
            "held": row.get("holds"),
        }
        for row in rest.accounts()
    ]


def _margin_balances(rest: RestClient, _: Sequence[str]) -> list[Row]:
    return [
        {
            "currency": row.get("currency"),
            "total": row.get("total"),
            "available": row.get("available"),
            "held": row.get("hold"),
            "debt": row.get("liability"),
        }
        for row in rest.cross_margin_accounts().get("accounts") or ()
    ]


def _futures_balances(rest: RestClient, currencies: Sequence[str]) -> list[Row]:
    wallets = [rest.futures_account(currency) for currency in currencies or _FUTURES_CURRENCIES]
    return [
        {
            "currency": wallet.get("currency"),
            "equity": wallet.get("accountEquity"),
            "available": wallet.get("availableBalance"),
            "orders": wallet.get("orderMargin"),
            "positions": wallet.get("positionMargin"),
        }
        for wallet in wallets
    ]


_BALANCES: Mapping[str, Callable[[RestClient, Sequence[str]], list[Row]]] = {
    "spot": _spot_balances,
    "margin": _margin_balances,
    "futures": _futures_balances,
}
