"""Models of pushes: every field arrives, exact and under its name, and whatever does not fit is kept beside them."""

from __future__ import annotations

import copy
import json
import pickle
import types
import typing
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kucoin_sync import models
from kucoin_sync.events import Origin, Update
from kucoin_sync.kucoin import pro_topics
from kucoin_sync.kucoin.models.typed import CLASSIC, PRO
from kucoin_sync.kucoin.trade import TradeDialect
from kucoin_sync.modelling.fields import Unmodelled
from kucoin_sync.modelling.reading import reader_of
from tests.kucoin.samples import CREDENTIALS, ORIGIN, PRO_ORIGIN, Sample, classic, frames, parameters

OWN = list(frames(Path(__file__).parents[1] / "data" / "kucoin_pushes.jsonl"))
ALL_KINDS = [*CLASSIC.values(), *PRO.values()]
MODELS = sorted(
    (
        kind
        for name in models.__all__
        if isinstance(kind := getattr(models, name), type) and issubclass(kind, models.Model)
        if kind not in (models.Model, Unmodelled)
    ),
    key=lambda kind: kind.__name__,
)


def update_of(text: str) -> Update:
    """Return the update that a stream makes of a frame."""
    frame = json.loads(text)
    if "T" in frame:
        topic = pro_topics.topic_of(frame)
        return Update(str(topic), frame.get("t"), frame.get("d"), None, 0.0, text, PRO_ORIGIN)
    return Update(frame["topic"], frame.get("subject"), frame.get("data"), None, 0.0, text, ORIGIN)


def plain(value: Any) -> Any:
    """Return a model as JSON has it: fields that are there, decimals as texts with all their digits."""
    if isinstance(value, models.Model):
        named = {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
        return {name: plain(inner) for name, inner in named.items() if inner is not None and inner != {}}
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


def name_of(sample: Sample) -> str:
    return str(sample.row["name"]).replace(" ", "-")


@pytest.mark.parametrize("sample", OWN, ids=name_of)
def test_each_form_of_a_push_has_the_model_that_the_fixture_says(sample: Sample) -> None:
    """All of the model: a field more or less, or a digit, is a difference."""
    typed = update_of(sample.text).typed
    assert type(typed).__name__ == sample.row["model"]
    assert plain(typed) == sample.row["means"]


def test_the_fixtures_cover_every_model_and_every_field() -> None:
    """A user's clone proves each of them."""
    seen: dict[str, set[str]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, models.Model):
            fields = seen.setdefault(type(value).__name__, set())
            fields.update(field.name for field in attrs.fields(type(value)) if getattr(value, field.name) is not None)
            for field in attrs.fields(type(value)):
                walk(getattr(value, field.name))
        elif isinstance(value, (Mapping, tuple)):
            for inner in value.values() if isinstance(value, Mapping) else value:
                walk(inner)

    for sample in OWN:
        walk(update_of(sample.text).typed)
    wanted = {kind.__name__: {field.name for field in attrs.fields(kind)} for kind in MODELS}
    missing = {name: sorted(fields - seen.get(name, set())) for name, fields in wanted.items()}
    assert {name: fields for name, fields in missing.items() if fields} == {}


# Nothing is lost.


def facts(value: Any, key: str = "") -> Iterator[str]:
    """
    Yield one word for each fact in a value, the same for the wire and for a model.

    Letters without their case; numbers by their digits alone, for times change their unit. Nothing, and empty texts,
    are no facts.
    """
    if isinstance(value, models.Model):
        value = {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from facts(inner, name)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from facts(inner)
    elif key == "change" and isinstance(value, str):
        yield from facts(value.split(","))
    elif isinstance(value, Enum):
        yield from facts(value.value)
    elif value is not None and value != "":
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        number = text.lstrip("-").replace(".", "")
        yield number.strip("0") + "#" if number.isascii() and number.isdigit() else text.casefold()


def test_a_lost_fact_would_be_found() -> None:
    """The measure itself, on an example."""
    wire = {"price": "0.50", "time": 1700000000000, "side": "BUY", "none": None, "empty": "", "levels": [["1", "2"]]}
    kept = {"price": Decimal("0.50"), "time_ns": 17 * 10**17, "side": "buy", "levels": ((Decimal(1), Decimal(2)),)}
    assert Counter(facts(wire)) == Counter(facts(kept))
    for name in kept:
        assert Counter(facts(wire)) - Counter(facts({key: kept[key] for key in kept if key != name}))


def payload_of(text: str) -> Any:
    frame = json.loads(text, parse_float=Decimal)
    return frame["d"] if "T" in frame else frame["data"]


def assert_nothing_is_lost(text: str) -> None:
    typed = update_of(text).typed
    payload = payload_of(text)
    alone = reader_of(type(typed)).read(payload)  # without what only the topic and the frame say
    if isinstance(payload, dict) and payload.get("ts") == payload.get("timestamp"):
        payload = {name: value for name, value in payload.items() if name != "ts"}  # one fact under two names
    assert Counter(facts(payload)) == Counter(facts(alone))


@pytest.mark.parametrize("sample", OWN, ids=name_of)
def test_no_fact_of_a_fixture_is_lost(sample: Sample) -> None:
    if sample.row["model"] != "Unmodelled":
        assert_nothing_is_lost(sample.text)


@pytest.mark.parametrize("sample", parameters("messages.jsonl"))
def test_no_fact_of_a_sample_is_lost(sample: Sample) -> None:
    """KuCoin's own frames, all of them."""
    assert_nothing_is_lost(sample.text)


NAMES = {
    "/market/ticker": "SpotTicker",
    "/spotMarket/level1": "SpotBestPrices",
    "/spotMarket/level2Depth5": "SpotBook",
    "/spotMarket/level2Depth50": "SpotBook",
    "/market/level2": "SpotBookChange",
    "/market/candles": "SpotCandle",
    "/market/match": "SpotTrade",
    "/market/snapshot": "SpotSnapshot",
    "/callauction/level2Depth50": "SpotBook",
    "/indicator/markPrice": "IndicatorPrice",
    "/indicator/index": "IndicatorPrice",
    "/margin/fundingBook": "LendingOffer",
    "/spotMarket/tradeOrdersV2": "SpotOrderChange",
    "/spotMarket/tradeOrders": "SpotOrderChange",
    "/spotMarket/advancedOrders": "SpotStopOrder",
    "/account/balance": "AccountBalance",
    "debt.ratio": "MarginDebt",
    "position.status": "MarginStatus",
    "/margin/isolatedPosition": "IsolatedPosition",
    "/margin/loan": "LoanOrder",
    "/contractMarket/tickerV2": "FuturesTicker",
    "/contractMarket/level2": "FuturesBookChange",
    "/contractMarket/level2Depth5": "FuturesBook",
    "/contractMarket/level2Depth50": "FuturesBook",
    "/contractMarket/limitCandle": "FuturesCandle",
    "/contractMarket/execution": "FuturesTrade",
    "mark.index.price": "FuturesMarkPrice",
    "funding.rate": "FuturesFundingRate",
    "/contract/announcement": "FuturesFundingSettlement",
    "/contractMarket/snapshot": "FuturesSnapshot",
    "/contractMarket/tradeOrders": "FuturesOrderChange",
    "/contractMarket/advancedOrders": "FuturesStopOrder",
    "walletBalance.change": "FuturesWallet",
    "orderMargin.change": "FuturesOrderMargin",
    "availableBalance.change": "FuturesAvailableBalance",
    "withdrawHold.change": "FuturesWithdrawHold",
    "position.change": "FuturesPosition",
    "position.settlement": "FuturesPositionSettlement",
    "position.adjustRiskLimit": "FuturesRiskLimitChange",
    "/contract/marginMode": "FuturesMarginModes",
    "ticker": "ProTicker",
    "kline": "ProCandle",
    "trade": "ProTrade",
    "obu": "ProBook",
    "callAuctionInfo": "ProCallAuction",
    "mark-price": "ProMarkPrice",
    "funding-fee": "ProFundingFee",
    "orderAll": "ProOrder",
    "order": "ProOrder",
    "execution": "ProExecution",
    "execution.lite": "ProExecutionLite",
    "balance": "ProBalance",
    "positionAll": "ProPosition",
    "lw": "ProLiquidationWarning",
}
"""By subject, path or channel of a sample."""


def expected_name(sample: Sample) -> str:
    topic, subject = sample.row["topic"], sample.row["subject"]
    path = topic.partition(":")[0]
    channel = topic if topic in NAMES else topic.rpartition(".")[0]
    found = NAMES.get(subject) or NAMES.get(path) or NAMES.get(channel)
    if found == "SpotSnapshot" and isinstance(sample.frame["data"]["data"], list):
        return "SpotSnapshots"
    return str(found)


@pytest.mark.parametrize("sample", parameters("messages.jsonl"))
def test_every_sample_has_its_model_and_every_field_of_it_is_known(sample: Sample) -> None:
    """An ``extra`` that is not empty would be a field that the reference lists and the model does not have."""
    typed = update_of(sample.text).typed
    assert type(typed).__name__ == expected_name(sample)

    def extras(value: Any) -> Iterator[Any]:
        if isinstance(value, models.Model):
            yield from value.extra
            value = [getattr(value, field.name) for field in attrs.fields(type(value))]
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            for inner in value:
                yield from extras(inner)

    assert list(extras(typed)) == []


# Exactness.


def test_a_number_keeps_all_its_digits_whatever_decoder_read_the_frame() -> None:
    text = (
        '{"type":"message","topic":"/indicator/index:BBB-AAA","subject":"tick",'
        '"data":{"symbol":"BBB-AAA","value":0.123456789012345678901234567890}}'
    )
    update = update_of(text)
    assert update.data["value"] != Decimal("0.123456789012345678901234567890"), "a float holds fewer digits"
    assert update.typed.value == Decimal("0.123456789012345678901234567890")


@pytest.mark.parametrize(
    ("literal", "value", "extra"),
    [
        pytest.param('"1.50"', Decimal("1.50"), {}, id="text"),
        pytest.param("1.50", Decimal("1.50"), {}, id="number"),
        pytest.param("7", Decimal(7), {}, id="whole-number"),
        pytest.param('"-0.5"', Decimal("-0.5"), {}, id="negative"),
        pytest.param("0E-8", Decimal("0E-8"), {}, id="exponent"),
        pytest.param('"1.2E-7"', Decimal("1.2E-7"), {}, id="exponent-in-a-text"),
        pytest.param("123456789012345678901234567890", Decimal("123456789012345678901234567890"), {}, id="large"),
        pytest.param('""', None, {}, id="empty-text"),
        pytest.param("null", None, {}, id="null"),
        pytest.param('"NaN"', None, {"value": "NaN"}, id="not-a-number"),
        pytest.param('"Infinity"', None, {"value": "Infinity"}, id="infinity"),
        pytest.param('"1_000"', None, {"value": "1_000"}, id="underscore"),
        pytest.param('" 1"', None, {"value": " 1"}, id="blank"),
        pytest.param('"1.2.3"', None, {"value": "1.2.3"}, id="two-points"),
        pytest.param('"-"', None, {"value": "-"}, id="sign-alone"),
        pytest.param('"١"', None, {"value": "١"}, id="foreign-digit"),
        pytest.param("true", None, {"value": True}, id="boolean"),
        pytest.param("[1]", None, {"value": [1]}, id="array"),
        pytest.param('"1e5000"', None, {"value": "1e5000"}, id="too-large-in-a-text"),
        pytest.param("1e-5000", None, {"value": Decimal("1e-5000")}, id="too-small"),
        pytest.param("1e-99999999999999999999", None, {"value": "1e-99999999999999999999"}, id="beyond-every-decimal"),
    ],
)
def test_a_decimal_is_read_exactly_or_kept_beside(literal: str, value: Decimal | None, extra: dict[str, Any]) -> None:
    text = '{"type":"message","topic":"/indicator/index:B-A","subject":"tick","data":{"value":' + literal + "}}"
    typed = update_of(text).typed
    assert (str(typed.value), typed.extra) == (str(value), extra)


@pytest.mark.parametrize(
    ("literal", "time_ms", "extra"),
    [
        pytest.param("1760000000", 1760000000000, {}, id="seconds"),
        pytest.param("1760000000123", 1760000000123, {}, id="milliseconds"),
        pytest.param('"1760000000123"', 1760000000123, {}, id="text"),
        pytest.param("1760000000123456", 1760000000123, {}, id="microseconds"),
        pytest.param("1760000000123999999", 1760000000123, {}, id="nanoseconds-rounded-down"),
        pytest.param("0", 0, {}, id="zero"),
        pytest.param('""', None, {}, id="empty"),
        pytest.param("-1", None, {"timestamp": -1}, id="negative"),
        pytest.param("1" + "0" * 20, None, {"timestamp": 10**20}, id="beyond-every-time"),
        pytest.param('"soon"', None, {"timestamp": "soon"}, id="word"),
        pytest.param('"' + "9" * 5000 + '"', None, {"timestamp": "9" * 5000}, id="thousands-of-digits"),
        pytest.param("1.5", None, {"timestamp": Decimal("1.5")}, id="fraction"),
        pytest.param("true", None, {"timestamp": True}, id="boolean"),
    ],
)
def test_a_time_is_brought_to_the_unit_of_its_name(literal: str, time_ms: int | None, extra: dict[str, Any]) -> None:
    text = '{"type":"message","topic":"/indicator/index:B-A","subject":"tick","data":{"timestamp":' + literal + "}}"
    typed = update_of(text).typed
    assert (typed.time_ms, typed.extra) == (time_ms, extra)


def book(asks: str) -> models.SpotBook:
    text = '{"type":"message","topic":"/spotMarket/level2Depth5:A-B","subject":"level2","data":{"asks":' + asks + "}}"
    typed = update_of(text).typed
    assert isinstance(typed, models.SpotBook)
    return typed


@pytest.mark.parametrize(
    ("asks", "levels"),
    [
        pytest.param("[]", [], id="none"),
        pytest.param('[["1.10","2"]]', [("1.10", "2")], id="texts"),
        pytest.param('[["1.10",2],["3",4.50]]', [("1.10", "2"), ("3", "4.50")], id="numbers-among-them"),
        pytest.param('[["1.1E1","2"],["3","4"]]', [("11", "2"), ("3", "4")], id="exponent"),
        pytest.param('[["1","2"],["3"]]', None, id="too-short"),
        pytest.param('[["1","2","3"]]', None, id="too-long"),
        pytest.param('[["1","2"],["3",""]]', None, id="empty-text"),
        pytest.param('[["1","2"],["3",null]]', None, id="null"),
        pytest.param('[["1","2"],["NaN","1"]]', None, id="not-a-number"),
        pytest.param('[["1","2"],["1.2.3","1"]]', None, id="two-points"),
        pytest.param('["12"]', None, id="text-for-a-level"),
        pytest.param('{"1":"2"}', None, id="object"),
    ],
)
def test_a_side_of_a_book_is_read_whole_or_kept_beside(asks: str, levels: list[tuple[str, str]] | None) -> None:
    typed = book(asks)
    if levels is None:
        assert (typed.asks, typed.extra) == (None, {"asks": json.loads(asks)})
    else:
        assert typed.asks == tuple(models.Level(Decimal(price), Decimal(size)) for price, size in levels)
        assert typed.extra == {}


@pytest.mark.parametrize("raw", ["", "no JSON", "[1]", '{"data":NaN}', "[" * 100_000], ids=range(5))
def test_an_update_whose_text_is_no_frame_keeps_its_data(raw: str) -> None:
    """Nobody but a user makes such an update, and it raises nothing."""
    typed = Update("/market/ticker:A-B", "s", {"price": 1.5}, None, 0.0, raw, ORIGIN).typed
    assert typed == Unmodelled(topic="/market/ticker:A-B", subject="s", data={"price": 1.5})


@pytest.mark.parametrize(
    ("frame", "typed"),
    [
        pytest.param(
            {"topic": "/contract/marginMode", "data": "CROSS"},
            models.FuturesMarginModes(extra={"data": "CROSS"}),
            id="text-for-an-object",
        ),
        pytest.param({"topic": "/contract/marginMode", "data": {}}, models.FuturesMarginModes(), id="empty"),
        pytest.param({"topic": "/market/ticker:all", "data": None}, models.SpotTicker(), id="null"),
        pytest.param({"topic": "/contract/announcement"}, models.FuturesFundingSettlement(), id="missing"),
        pytest.param({"T": "lw.UNIFIED"}, models.ProLiquidationWarning(), id="missing-on-the-pro-streams"),
    ],
)
def test_a_payload_that_is_no_object_invents_nothing(frame: dict[str, Any], typed: models.Model) -> None:
    assert update_of(json.dumps(frame)).typed == typed


def test_a_word_is_its_text_and_an_unknown_word_stays_one() -> None:
    sides = [
        update_of('{"T":"ticker.SPOT","P":1,"d":{"S":"' + word + '"}}').typed.side for word in ("BUY", "buy", "Hold")
    ]
    assert sides == [models.Side.BUY, models.Side.BUY, "Hold"]
    assert sides[0] == "buy" and f"{sides[0]}" == str(sides[0]) == "buy"


def test_a_model_shows_what_it_has() -> None:
    typed = update_of('{"T":"ticker.SPOT","P":0,"d":{"s":"AAA-BBB","l":"1.50","S":"BUY","new":1}}').typed
    assert repr(typed) == (
        "ProTicker(symbol='AAA-BBB', last_price=Decimal('1.50'), side=<Side.BUY: 'buy'>, pushed_at_ns=0,"
        " extra={'new': 1})"
    )


@pytest.mark.parametrize("sample", OWN, ids=name_of)
def test_a_model_is_a_value(sample: Sample) -> None:
    """It can be compared, hashed, copied and sent to another process; so can its update, without its connection."""
    update = update_of(sample.text)
    typed = update.typed
    for other in (update.typed, copy.deepcopy(typed), pickle.loads(pickle.dumps(typed))):
        assert other == typed and hash(other) == hash(typed) and other is not typed
    again = pickle.loads(pickle.dumps(update))
    assert again == update and again.typed == typed
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        typed.extra = {}


def test_a_pickled_update_of_a_private_stream_carries_no_credentials() -> None:
    """The dialect that signs stays at home."""
    dialect = classic("spotPrivateV1")
    text = OWN[0].text
    update = dialect.decode(text, 0.0, Origin("spotPrivateV1", "life-1", type(dialect)))
    pickled = pickle.dumps(update)
    secrets = (CREDENTIALS.api_key, CREDENTIALS.api_secret, CREDENTIALS.api_passphrase)
    assert not any(secret.encode() in pickled for secret in secrets)
    assert pickle.loads(pickled).typed == update_of(text).typed


def test_order_entry_pushes_nothing_and_types_nothing() -> None:
    update = Update("x", None, {"a": 1}, None, 0.0, "{}", Origin("wsApiSpotV1", "life-1", TradeDialect))
    assert (update.typed, update.sequence) == ({"a": 1}, None)


# The declarations.


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_no_two_fields_of_a_model_want_the_same_name(kind: type[models.Model]) -> None:
    names = [name for names in models.wire_names(kind).values() for name in names]
    assert len(names) == len(set(names))
    assert all(name and not name.startswith(".") for name in names)


def test_the_names_on_the_wire_can_be_looked_up() -> None:
    names = models.wire_names(models.SpotTicker)
    assert names["price"] == ("price",) and names["best_ask_price"] == ("bestAsk",) and names["symbol"] == ()
    assert names["time_ms"] == ("time", "Time") and "extra" not in names


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is of the type that an annotation promises."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is type(None):
        return hint is Any or value is None
    if origin in (typing.Union, types.UnionType):
        return any(conforms(value, one) for one in args)
    if origin is tuple:
        return isinstance(value, tuple) and all(conforms(inner, args[0]) for inner in value)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(conforms(inner, args[1]) for inner in value.values())
    if issubclass(hint, tuple):  # a level
        named = typing.get_type_hints(hint)
        return isinstance(value, hint) and all(conforms(getattr(value, name), one) for name, one in named.items())
    if isinstance(value, models.Model):
        return isinstance(value, hint) and is_as_promised(value)
    return type(value) is hint or (isinstance(value, Enum) and isinstance(value, hint))


def is_as_promised(model: models.Model) -> bool:
    hints = typing.get_type_hints(type(model))
    wrong = [name for name, hint in hints.items() if not conforms(getattr(model, name), hint)]
    assert wrong == [], model
    return True


@pytest.mark.parametrize("sample", OWN, ids=name_of)
def test_every_value_is_of_the_type_that_its_class_promises(sample: Sample) -> None:
    assert is_as_promised(update_of(sample.text).typed)


# Anything.

_WORDS = st.sampled_from(["buy", "BUY", "true", "1760000000123", "1.50", "-0", "", "NaN", "open", "8.4,buy,1", "1e5"])
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | _WORDS
    | st.sampled_from([10**400, 1760000000123456789, 1760000000]),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.lists(st.lists(_WORDS | st.integers(), min_size=2, max_size=3), max_size=3)
        | st.dictionaries(_WORDS | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


@st.composite
def payloads(draw: st.DrawFn) -> tuple[type[models.Model], dict[str, Any]]:
    """Return a model, and a payload of its names with any values, and other names among them."""
    kind = draw(st.sampled_from(MODELS))
    names = sorted({name for names in models.wire_names(kind).values() for name in names})
    flat: dict[str, Any] = draw(st.dictionaries(st.sampled_from([*names, "new", "data.new"]), _VALUES, max_size=12))
    payload: dict[str, Any] = {}
    for name, value in flat.items():
        outer, _, inner = name.partition(".")
        if inner and not inner.isdigit() and draw(st.booleans()):
            nest = payload.setdefault(outer, {})
            if isinstance(nest, dict):
                nest[inner] = value
        else:
            payload[outer] = value
    return kind, payload


@given(case=payloads())
def test_any_payload_is_read_and_every_name_of_it_is_kept(case: tuple[type[models.Model], dict[str, Any]]) -> None:
    kind, payload = case
    exact = json.loads(json.dumps(payload), parse_float=Decimal, parse_constant=str)
    typed = reader_of(kind).read(exact)
    assert type(typed) is kind
    is_as_promised(typed)
    fields: dict[str, list[str]] = {}
    for field, names in models.wire_names(kind).items():
        for name in names:
            fields.setdefault(name.partition(".")[0], []).append(field)
    collected = getattr(typed, fields["*"][0]) if "*" in fields else None
    for name, value in exact.items():
        there = any(getattr(typed, field) is not None for field in fields.get(name, ()))
        assert there or name in typed.extra or name in (collected or {}) or set(facts(value)) == set(), (
            f"{name} is lost"
        )


@given(
    topic=st.sampled_from([*CLASSIC, "/new/thing"]),
    subject=st.none() | st.sampled_from(["position.change", "debt.ratio", "funding.rate", "walletBalance.change", "x"]),
    argument=st.sampled_from(["", ":", ":all", ":AAA-BBB", ":AAA-BBB_1min", ":_"]),
    data=_VALUES | payloads().map(lambda case: case[1]),
    around=st.dictionaries(st.sampled_from(["sn", "userId", "subject", "id"]), _VALUES, max_size=3),
)
@example(topic="/market/ticker", subject=None, argument=":all", data={"price": 1e300}, around={})
def test_any_classic_frame_has_a_model(
    topic: str, subject: str | None, argument: str, data: Any, around: dict[str, Any]
) -> None:
    """The text may even be one that the dialect would not have let through."""
    text = json.dumps({**around, "topic": topic + argument, "subject": subject, "data": data})
    typed = Update(topic + argument, subject, data, None, 0.0, text, ORIGIN).typed
    assert isinstance(typed, models.Model)
    assert type(typed) is Unmodelled or type(typed) in CLASSIC[topic].all or type(typed).__name__ == "SpotSnapshots"
    is_as_promised(typed)


@given(
    channel=st.sampled_from([channel.head(kind) for channel in pro_topics.CHANNELS.values() for kind in channel.homes]),
    data=_VALUES | payloads().map(lambda case: case[1]),
    around=st.dictionaries(st.sampled_from(["P", "t", "dp"]), _VALUES, max_size=3),
)
def test_any_pro_frame_has_a_model(channel: str, data: Any, around: dict[str, Any]) -> None:
    text = json.dumps({**around, "T": channel, "d": data})
    frame = json.loads(text)
    topic = str(pro_topics.topic_of(frame))
    typed = Update(topic, None, frame["d"], None, 0.0, text, PRO_ORIGIN).typed
    assert isinstance(typed, models.Model)
    is_as_promised(typed)
