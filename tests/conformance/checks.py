"""
The table of checks: statements about the public services, where they come from, and code that tests them.

A source is a page of KuCoin's docs, ``recorded frame`` where a frame of the wire says it, or ``assumed``. Checks read
only: token calls, public calls and public topics, with pauses that come from waiting for messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen
from websockets.exceptions import InvalidStatus

from tests.conformance.forms import differences
from tests.conformance.service import CLASSIC, CONNECT_ID, PRO, Differs, Line, Service

__all__ = ["CHECKS", "Check", "Silent"]

ASSUMED, RECORDED = "assumed", "recorded frame"
CLASSIC_DOCS, ERRORS = "docs: WebSocket, Base Info, Introduction", "docs: WebSocket, Base Info, Errors"
PRO_DOCS = "docs: Unified Account, WebSocket, Introduction"

SYMBOLS = {"spot": "BTC-USDT", "futures": "XBTUSDTM", "pro-spot": "BTC-USDT", "pro-futures": "XBTUSDTM"}
QUIET = {"spot": "/market/match", "futures": "/contractMarket/execution"}
"""A topic of each classic stream to try commands with."""

Values = Callable[[Service], Any]


class Silent(Exception):
    """No message came in time: the market may be quiet, so nothing is known."""


@frozen
class Check:
    """One statement; ``run`` raises `Differs` or `Silent`. Its arguments are the service and one to compare it with."""

    name: str
    statement: str
    source: str
    run: Callable[[Service, Service], None]


def statement(name: str, text: str, source: str, test: Callable[[Service], None]) -> Check:
    """A check of one service by itself."""
    return Check(name, text, source, lambda service, _: test(service))


def same_form(name: str, text: str, source: str, value: Values) -> Check:
    """A check that a value has the keys and kinds that the same value of the other service has."""

    def run(service: Service, reference: Service) -> None:
        found = list(differences(value(reference), value(service)))
        if found:
            raise Differs("; ".join(sorted(found)))

    return Check(name, text, source, run)


def expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise Differs(f"{found!r}, not {wanted!r}")


# Calls.


def _token(service: Service, product: str) -> None:
    data = service.data(product, "/api/v1/bullet-public", "POST")
    expect(sorted(data), ["instanceServers", "token"])
    for server in data["instanceServers"]:
        expect(sorted(server), ["encrypt", "endpoint", "pingInterval", "pingTimeout", "protocol"])
        expect((server["protocol"], server["pingInterval"], server["pingTimeout"]), ("websocket", 18000, 10000))
        expect(server["encrypt"], server["endpoint"].startswith("wss://"))


def _clock(service: Service, product: str) -> None:
    stamp = service.data(product, "/api/v1/timestamp")
    if not isinstance(stamp, int) or abs(stamp - time.time_ns() // 1_000_000) > 60_000:
        raise Differs(f"{stamp!r} is not now in milliseconds")


def _limits(service: Service, product: str) -> None:
    headers = service.call(product, "/api/v1/bullet-public", "POST").headers
    for name in ("limit", "remaining", "reset"):
        if not headers.get(f"gw-ratelimit-{name}", "").isdigit():
            raise Differs(f"gw-ratelimit-{name} is {headers.get(f'gw-ratelimit-{name}')!r}")


def _unsigned(service: Service) -> None:
    answer = service.call("spot", "/api/v3/market/orderbook/level2?symbol=BTC-USDT")
    expect(answer.body.get("code"), "400001")


def _calls() -> Iterator[Check]:
    for product in CLASSIC:
        docs = f"docs: WebSocket, Base Info, Get Public Token, {product.title()}"
        yield statement(
            f"{product} token",
            "The token call answers with code 200000 as a text, a token and servers with ping times",
            docs,
            lambda service, product=product: _token(service, product),  # type: ignore[misc]
        )
        yield statement(
            f"{product} clock",
            "The clock tells milliseconds",
            "docs: Market Data, Get Server Time",
            lambda service, product=product: _clock(service, product),  # type: ignore[misc]
        )
        yield statement(
            f"{product} limit headers",
            "Answers carry the state of the request pool in three headers",
            "docs: Rate Limit",
            lambda service, product=product: _limits(service, product),  # type: ignore[misc]
        )
    yield statement(
        "spot full book",
        "The full order book of spot is refused without a signature, with 400001",
        "docs: Market Data, Get Full OrderBook",
        _unsigned,
    )
    pages = {
        "spot": {
            "/api/v1/status": "Get Service Status",
            "/api/v2/symbols": "Get All Symbols",
            "/api/v2/symbols/BTC-USDT": "Get Symbol",
            "/api/v1/markets": "Get Market List",
            "/api/v1/market/orderbook/level1?symbol=BTC-USDT": "Get Ticker",
            "/api/v1/market/orderbook/level2_20?symbol=BTC-USDT": "Get Part OrderBook",
            "/api/v1/market/orderbook/level2_100?symbol=BTC-USDT": "Get Part OrderBook",
            "/api/v1/market/allTickers": "Get All Tickers",
            "/api/v1/market/histories?symbol=BTC-USDT": "Get Trade History",
            "/api/v1/market/candles?symbol=BTC-USDT&type=1min": "Get Klines",
            "/api/v1/market/stats?symbol=BTC-USDT": "Get 24hr Stats",
        },
        "futures": {
            "/api/v1/status": "Get Service Status",
            "/api/v1/contracts/active": "Get All Symbols",
            "/api/v1/contracts/XBTUSDTM": "Get Symbol",
            "/api/v1/ticker?symbol=XBTUSDTM": "Get Ticker",
            "/api/v1/level2/snapshot?symbol=XBTUSDTM": "Get Full OrderBook",
            "/api/v1/level2/depth20?symbol=XBTUSDTM": "Get Part OrderBook",
            "/api/v1/trade/history?symbol=XBTUSDTM": "Get Trade History",
            "/api/v1/kline/query?symbol=XBTUSDTM&granularity=1": "Get Klines",
            "/api/v1/mark-price/XBTUSDTM/current": "Get Mark Price",
            "/api/v1/funding-rate/XBTUSDTM/current": "Get Current Funding Rate",
        },
    }
    for product, calls in pages.items():
        for path, page in calls.items():
            yield same_form(
                f"{product} {path}",
                "The answer has the keys and kinds of the simulator's",
                f"docs: {product.title()} Market Data, {page}",
                lambda service, product=product, path=path: service.data(product, path),  # type: ignore[misc]
            )


# The classic streams.


def command(kind: str, topic: object = None, **more: Any) -> dict[str, Any]:
    frame = {"id": "c", "type": kind, "topic": topic, "response": True, **more}
    return {name: value for name, value in frame.items() if value is not None}


def error(code: int, text: str) -> dict[str, Any]:
    return {"id": "c", "type": "error", "code": code, "data": text}


ACK = {"id": "c", "type": "ack"}
PING = {"id": "until-now", "type": "ping"}


def _pong(line: Line) -> None:
    pong = line.ask({"id": "p", "type": "ping"})
    expect((pong.get("id"), pong.get("type")), ("p", "pong"))
    stamp = pong.get("timestamp")
    if not isinstance(stamp, int) or abs(stamp - time.time_ns() // 1000) > 60_000_000:
        raise Differs(f"timestamp is {stamp!r}, not now in microseconds")


def _not_json(line: Line) -> None:
    answer = line.ask("hello")
    expect((answer.get("type"), answer.get("code")), ("error", 400))
    if not str(answer.get("data")).startswith("Unrecognized token"):
        raise Differs(f"the text is {answer.get('data')!r}")
    _pong(line)


def _unknown_type(line: Line) -> None:
    answer = line.ask(command("dance"))
    expect((answer.get("id"), answer.get("type"), answer.get("code")), ("c", "error", 415))
    if answer.get("data") not in ("type is not supported", "command type is invalid"):
        raise Differs(f"the text is {answer.get('data')!r}")


def _without_response(line: Line, topic: str) -> None:
    """What comes next is the answer to the ping, so there was none before it."""
    line.send(command("subscribe", topic, response=False))
    expect(line.ask(PING).get("type"), "pong")
    expect(line.ask(command("unsubscribe", topic)), ACK)


def _error_without_response(line: Line) -> None:
    line.send(command("subscribe", "/market/nothing:A-B", response=False))
    expect(line.ask(PING), error(404, "topic does not exist"))
    expect(line.answer().get("type"), "pong")


def _joined(line: Line, product: str) -> None:
    both = "BTC-USDT,ETH-USDT" if product == "spot" else "XBTUSDTM,ETHUSDTM"
    path = "/market/ticker" if product == "spot" else "/contractMarket/tickerV2"
    expect(line.ask(command("subscribe", f"{path}:{both}")), ACK)
    topics = [f"{path}:{symbol}" for symbol in both.split(",")]
    missing = [t for t in topics if line.push(lambda frame, t=t: frame["topic"] == t, 10) is None]  # type: ignore[misc]
    expect(line.ask(command("unsubscribe", f"{path}:{both}")), ACK)
    if len(missing) == len(topics):
        raise Silent(", ".join(topics))
    joined = [frame["topic"] for frame in line.pushes if "," in frame["topic"]]
    expect(joined, [])


def _unsubscribed(line: Line, product: str) -> None:
    topic = f"{'/market/ticker' if product == 'spot' else '/contractMarket/tickerV2'}:{SYMBOLS[product]}"
    expect(line.ask(command("subscribe", topic)), ACK)
    expect(line.ask(command("unsubscribe", topic)), ACK)
    line.pushes.clear()
    # Whatever was on its way is here once a later command is answered; then a second of silence.
    expect(line.ask(PING).get("type"), "pong")
    line.pushes.clear()
    if line.push(lambda frame: bool(frame["topic"] == topic), 1) is not None:
        raise Differs(f"{topic} goes on")


def _wrong_token(service: Service, product: str) -> None:
    try:
        line = service.try_to_open(service.stream_url(product, "not-a-token"))
    except InvalidStatus as refusal:
        expect(refusal.response.status_code, 401)
        return
    try:
        line.begin()
        expect((line.welcome.get("type"), line.welcome.get("code")), ("error", 401))
    finally:
        line.close()


def _protocol_ping(line: Line) -> None:
    if not line.ping():
        raise Differs("no pong of the WebSocket protocol")


def _classic(product: str) -> Iterator[Check]:
    path = QUIET[product]
    topic = f"{path}:{SYMBOLS[product]}"
    private = "/account/balance" if product == "spot" else "/contractAccount/wallet"
    many = f"{path}:{','.join(f'A{number}-USDT' for number in range(101))}"
    too_many = "exceed max subscription count limitation of 100 per time"

    def answers(wanted: dict[str, Any], frame: dict[str, Any]) -> Callable[[Line], None]:
        return lambda line: expect(line.ask(frame), wanted)

    table: list[tuple[str, str, str, Callable[[Line], None]]] = [
        (
            "welcome",
            "The first frame is the welcome, with the connectId of the URL",
            RECORDED,
            lambda line: expect(line.welcome, {"id": CONNECT_ID, "type": "welcome"}),
        ),
        ("text", "Frames of the server are text frames", RECORDED, lambda line: expect(line.is_binary, False)),
        ("ping", "A ping is answered with its id and microseconds", RECORDED, _pong),
        ("protocol ping", "A ping of the WebSocket protocol is answered", ASSUMED, _protocol_ping),
        (
            "subscribe",
            "A command is acknowledged under its id",
            CLASSIC_DOCS,
            answers(ACK, command("subscribe", topic)),
        ),
        (
            "number id",
            "An id that is a number comes back as a text",
            RECORDED,
            answers({"id": "1545910660739", "type": "ack"}, command("subscribe", topic, id=1545910660739)),
        ),
        ("again", "A second subscription is acknowledged too", RECORDED, answers(ACK, command("subscribe", topic))),
        ("unsubscribe", "So is the end of it", CLASSIC_DOCS, answers(ACK, command("unsubscribe", topic))),
        (
            "unknown symbol",
            "An unknown symbol is acknowledged",
            RECORDED,
            answers(ACK, command("subscribe", f"{path}:NO-SUCH")),
        ),
        (
            "unknown topic",
            "An unknown topic is error 404",
            RECORDED,
            answers(error(404, "topic does not exist"), command("subscribe", "/market/nothing:A-B")),
        ),
        (
            "no topic",
            "A missing topic is error 406",
            ERRORS,
            answers(error(406, "topic is required"), command("subscribe")),
        ),
        (
            "bad topic",
            "A topic without a slash is error 400",
            ERRORS,
            answers(error(400, "topic is invalid"), command("subscribe", "ticker")),
        ),
        ("unknown type", "A type that is none is error 415", ERRORS, _unknown_type),
        ("no JSON", "Text that is no JSON is error 400, and the connection goes on", RECORDED, _not_json),
        (
            "private topic",
            "A private topic with a public token is error 403",
            ERRORS,
            answers(error(403, "login is required"), command("subscribe", private, privateChannel=True)),
        ),
        (
            "too many",
            "101 symbols in one topic are error 509",
            ERRORS,
            answers(error(509, too_many), command("subscribe", many)),
        ),
        (
            "no response",
            "With response false nothing is acknowledged",
            CLASSIC_DOCS,
            lambda line: _without_response(line, topic),
        ),
        ("no response, error", "With response false errors come all the same", ASSUMED, _error_without_response),
        (
            "joined",
            "Joined symbols are acknowledged once, pushes name one",
            RECORDED,
            lambda line: _joined(line, product),
        ),
        (
            "silence",
            "After the end of a topic nothing more comes",
            CLASSIC_DOCS,
            lambda line: _unsubscribed(line, product),
        ),
    ]
    for name, text, source, test in table:
        yield statement(
            f"{product} {name}",
            text,
            source,
            lambda service, test=test: test(service.line(product)),  # type: ignore[misc]
        )
    yield statement(
        f"{product} wrong token",
        "A wrong token is status 401 at the handshake, or an error frame 401 after it",
        "both seen in reports; which one is unknown",
        lambda service: _wrong_token(service, product),
    )
    topics = _SPOT_TOPICS if product == "spot" else _FUTURES_TOPICS
    for name, page in topics.items():
        yield same_form(
            f"{product} {name}",
            "Its message has the keys and kinds of the simulator's",
            f"docs: {product.title()} WebSocket, {page}",
            lambda service, name=name: _message(service, product, name),  # type: ignore[misc]
        )


_SPOT_TOPICS = {
    "/market/ticker:BTC-USDT": "Ticker",
    "/market/ticker:all": "All Tickers",
    "/spotMarket/level1:BTC-USDT": "Orderbook Level1",
    "/spotMarket/level2Depth5:BTC-USDT": "Orderbook Level5",
    "/spotMarket/level2Depth50:BTC-USDT": "Orderbook Level50",
    "/market/level2:BTC-USDT": "Orderbook Increment",
    "/market/candles:BTC-USDT_1min": "Klines",
    "/market/match:BTC-USDT": "Trade",
    "/market/snapshot:BTC-USDT": "Symbol Snapshot",
    "/market/snapshot:USDS": "Market Snapshot",
    "/indicator/markPrice:BTC-USDT": "Mark Price",
    "/indicator/index:BTC-USDT": "Index Price",
}
_FUTURES_TOPICS = {
    "/contractMarket/tickerV2:XBTUSDTM": "Ticker V2",
    "/contractMarket/ticker:XBTUSDTM": "Ticker V1",
    "/contractMarket/level2:XBTUSDTM": "Orderbook Increment",
    "/contractMarket/level2Depth5:XBTUSDTM": "Orderbook Level5",
    "/contractMarket/level2Depth50:XBTUSDTM": "Orderbook Level50",
    "/contractMarket/limitCandle:XBTUSDTM_1min": "Klines",
    "/contractMarket/execution:XBTUSDTM": "Match",
    "/contract/instrument:XBTUSDTM": "Instrument",
    "/contractMarket/snapshot:XBTUSDTM": "Symbol Snapshot",
}


def _message(service: Service, product: str, topic: str) -> Any:
    """Return the first message of a topic; the price of an instrument, because its funding comes by the minute."""
    line = service.line(product)
    expect(line.ask(command("subscribe", topic)), ACK)

    def fits(frame: Any) -> bool:
        wanted = {"/contract/instrument:XBTUSDTM": "mark.index.price"}.get(topic)
        path, _, argument = topic.partition(":")
        is_it = frame["topic"] == topic or (argument == "USDS" and frame["topic"].startswith(path + ":"))
        return is_it and wanted in (None, frame.get("subject"))

    line.pushes.clear()
    frame = line.push(fits, service.push_patience)
    expect(line.ask(command("unsubscribe", topic)), ACK)
    if frame is None:
        raise Silent(topic)
    return frame


# The Pro streams.


def pro_command(line: str, channel: str, *, action: str = "SUBSCRIBE", **more: Any) -> dict[str, Any]:
    trade_type = "SPOT" if line == "pro-spot" else "FUTURES"
    own = {} if channel in ("mark-price", "funding-fee") else {"tradeType": trade_type}
    return {"id": "c", "action": action, "channel": channel, **own, "symbol": SYMBOLS[line], **more}


PRO_ACK = {"id": "c", "result": True}


def _pro_welcome(line: Line) -> None:
    expect(sorted(line.welcome), ["message", "pingInterval", "sessionId"])
    expect((line.welcome["message"], line.welcome["pingInterval"]), ("welcome", 18000))


def _pro_ping(line: Line, *, is_older: bool) -> None:
    """One on each host: two within a second would end the connection."""
    pong = line.ask({"id": "p", "type": "ping"} if is_older else {"id": "p", "op": "ping"})
    mark, stamp, unit = ("type", "ts", 1) if is_older else ("op", "timestamp", 1_000_000)
    expect((sorted(pong), pong[mark], pong["id"]), (sorted(("id", mark, stamp)), "pong", "p"))
    if abs(pong[stamp] * unit - time.time_ns()) > 60 * 10**9:
        raise Differs(f"{stamp} is {pong[stamp]!r}, not now")


def _pro_not_json(line: Line, name: str) -> None:
    """The next answer is that to the next command."""
    line.send("hello")
    expect(line.ask(pro_command(name, "nothing", id="next")).get("id"), "next")


def _pro(name: str) -> Iterator[Check]:
    is_spot = name == "pro-spot"
    other = "futures" if is_spot else "spot"
    elsewhere = f'topic Obu type = "public_{other}" not allowed in current environment'
    foreign = pro_command(f"pro-{other}", "obu", depth="5")

    def answers(wanted: dict[str, Any], frame: dict[str, Any]) -> Callable[[Line], None]:
        return lambda line: expect(line.ask(frame), wanted)

    def refused(frame: dict[str, Any], **why: str) -> Callable[[Line], None]:
        return answers({"id": "c", "result": False, **why}, frame)

    with_list = {key: value for key, value in pro_command(name, "obu", depth="5").items() if key != "symbol"}
    with_list["symbols"] = [SYMBOLS[name]]
    unknown = pro_command(name, "trade", symbol="NOSUCH")
    table: list[tuple[str, str, str, Callable[[Line], None]]] = [
        ("welcome", "The welcome has an id, a text and the interval of pings", RECORDED, _pro_welcome),
        (
            "binary",
            "Frames of the server are binary, with plain JSON",
            ASSUMED if is_spot else RECORDED,
            lambda line: expect(line.is_binary, True),
        ),
        (
            "ping",
            "The older ping is answered in nanoseconds" if is_spot else "The newer ping is answered in milliseconds",
            RECORDED if is_spot else PRO_DOCS,
            lambda line: _pro_ping(line, is_older=is_spot),
        ),
        ("subscribe", "A command is answered with true", RECORDED, answers(PRO_ACK, pro_command(name, "trade"))),
        ("again", "So is the same one again", RECORDED, answers(PRO_ACK, pro_command(name, "trade"))),
        ("unknown symbol", "An unknown symbol is taken", RECORDED, answers(PRO_ACK, unknown)),
        (
            "lower case",
            "An action may be in lower case",
            "seen in other clients",
            answers(PRO_ACK, pro_command(name, "trade", action="unsubscribe")),
        ),
        (
            "unknown channel",
            "An unknown channel is refused by a message",
            RECORDED,
            refused(pro_command(name, "nothing"), message="invalid request data"),
        ),
        (
            "other host",
            "What the other host serves is refused with a reason",
            ASSUMED if is_spot else RECORDED,
            refused(foreign, reason=elsewhere),
        ),
        (
            "symbols",
            "A list of symbols is refused for order books",
            RECORDED,
            refused(with_list, reason="symbols are not supported for topic obu"),
        ),
        ("no JSON", "Text that is no JSON is not answered", RECORDED, lambda line: _pro_not_json(line, name)),
    ]
    for title, text, source, test in table:
        yield statement(
            f"{name} {title}",
            text,
            source,
            lambda service, test=test: test(service.line(name)),  # type: ignore[misc]
        )
    topics: list[tuple[str, str, dict[str, Any]]] = [
        ("ticker", "ticker", {}),
        ("trade", "trade", {}),
        ("kline", "kline", {"interval": "1min"}),
        ("order book 1", "obu", {"depth": "1"}),
        ("order book 5", "obu", {"depth": "5"}),
        ("order book 50", "obu", {"depth": "50"}),
        ("order book snapshot", "obu", {"depth": "increment@10ms"}),
        ("order book increment", "obu", {"depth": "increment@10ms"}),
    ]
    if not is_spot:
        topics += [("mark price", "mark-price", {}), ("funding", "funding-fee", {})]
    for title, channel, parameters in topics:
        kind = {"order book snapshot": "snapshot", "order book increment": "delta"}.get(title)
        yield same_form(
            f"{name} {title}",
            "Its message has the keys and kinds of the simulator's",
            f"docs: Unified Account, WebSocket, {channel}",
            lambda service, channel=channel, parameters=parameters, kind=kind: _pro_message(  # type: ignore[misc]
                service, name, channel, parameters, kind
            ),
        )


def _pro_message(service: Service, name: str, channel: str, parameters: dict[str, Any], kind: str | None) -> Any:
    line = service.line(name)
    line.pushes.clear()
    expect(line.ask(pro_command(name, channel, **parameters)), PRO_ACK)

    def fits(frame: Any) -> bool:
        is_it = str(frame["T"]).partition(".")[0] == channel and frame.get("dp") == parameters.get("depth")
        return is_it and kind in (None, frame.get("t"))

    frame = line.push(fits, service.push_patience)
    expect(line.ask(pro_command(name, channel, action="UNSUBSCRIBE", **parameters)), PRO_ACK)
    if frame is None:
        raise Silent(f"{channel} {parameters}")
    return frame


CHECKS: list[Check] = [*_calls(), *(c for p in CLASSIC for c in _classic(p)), *(c for p in PRO for c in _pro(p))]
"""All checks, in the order in which they are made."""
