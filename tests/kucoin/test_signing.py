"""Signatures, against vectors made by hand from KuCoin's description."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import traceback
from typing import Any
from urllib.parse import urlsplit

import pytest

from kucoin_sync.errors import AuthError
from kucoin_sync.kucoin import rest
from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.options import Broker, Credentials
from tests.kucoin.samples import CREDENTIALS, MISSING, folder, trade

TIMESTAMP = 1760000000000
SIGNED_PASSPHRASE = "iYOAFZryTxkDN+/vUoUzekNzrRBqAuQ5ziHpxYdYIPs="
BROKER = Broker("demoPartner", "9f8e7d6c-5b4a-3928-1706-aabbccddeeff")
PARTNER_SIGN = "YLy1PoI9jjNZAj+eKHRJ0sba7XT5+/bvIBaqhhwiFZc="


def vectors() -> list[Any]:
    data = folder()
    if data is None:
        return [pytest.param({}, {}, marks=pytest.mark.skip(reason=MISSING), id="no-samples")]
    document = json.loads((data / "test_vectors.json").read_text(encoding="utf-8"))
    return [pytest.param(document, vector, id=vector["name"]) for vector in document["vectors"]]


@pytest.mark.parametrize(("document", "vector"), vectors())
def test_every_vector_is_reproduced(document: dict[str, str], vector: dict[str, Any]) -> None:
    """A vector of a kind that is not known here fails: none is passed over."""
    credentials = Credentials(document["api_key"], document["api_secret"], document["api_passphrase"])
    signer = Signer(credentials)
    timestamp_ms = int(vector.get("timestamp", 0))
    partner = Signer(credentials, broker=Broker(document["partner"], document["partner_key"]))
    name = vector["name"]
    if name == "passphrase":
        assert signer.signed_passphrase() == vector["output"]
    elif "method" in vector:
        headers = signer.rest_headers(vector["method"], vector["path"], vector["body"], timestamp_ms=timestamp_ms)
        assert headers["KC-API-SIGN"] == vector["output"]
        assert headers["KC-API-TIMESTAMP"] == vector["timestamp"]
    elif name == "rest_partner_sign":
        headers = partner.rest_headers("GET", "/api/v1/accounts", "", timestamp_ms=timestamp_ms)
        assert headers["KC-API-PARTNER-SIGN"] == vector["output"]
    elif name == "pro_v2_auth_frame":
        fields = signer.pro_auth(timestamp_ms=timestamp_ms)
        assert {"id": "auth-1", "op": "auth", **fields} == vector["frame"]
    elif name == "ws_api_url":
        assert signer.order_entry_query(timestamp_ms=timestamp_ms) == urlsplit(vector["url"]).query
    elif name == "ws_api_url_with_partner":
        assert partner.order_entry_query(timestamp_ms=timestamp_ms) == urlsplit(vector["url"]).query
    elif name == "ws_api_challenge_reply":
        assert signer.sign(vector["challenge"]) == vector["output"]
    else:
        pytest.fail(f"no check for {name}")


def test_headers_of_a_signed_call_are_complete() -> None:
    headers = Signer(CREDENTIALS).rest_headers("POST", "/api/v1/bullet-private", "", timestamp_ms=TIMESTAMP)
    assert headers == {
        "KC-API-KEY": "64f0c3a1e5b7d90001a2b3c4",
        "KC-API-SIGN": "+U8IR1V4HaLjaIQmuDicFAclRhhg0zpIGQEGlUnmCTM=",
        "KC-API-TIMESTAMP": "1760000000000",
        "KC-API-PASSPHRASE": SIGNED_PASSPHRASE,
        "KC-API-KEY-VERSION": "3",
    }


@pytest.mark.parametrize(
    ("version", "passphrase"), [("1", "my-Passphrase_1"), ("2", SIGNED_PASSPHRASE), ("3", SIGNED_PASSPHRASE)]
)
def test_only_version_1_sends_the_passphrase_in_clear(version: str, passphrase: str) -> None:
    headers = Signer(CREDENTIALS, version).rest_headers("GET", "/api/v1/accounts", "", timestamp_ms=TIMESTAMP)
    assert headers["KC-API-PASSPHRASE"] == passphrase
    assert headers["KC-API-KEY-VERSION"] == version


def test_a_partner_programme_marks_signed_calls() -> None:
    """The partner's key signs its mark, not the account's secret."""
    plain = Signer(CREDENTIALS).rest_headers("GET", "/api/v1/accounts", "", timestamp_ms=TIMESTAMP)
    marked = Signer(CREDENTIALS, broker=BROKER).rest_headers("GET", "/api/v1/accounts", "", timestamp_ms=TIMESTAMP)
    assert marked == {
        **plain,
        "KC-API-PARTNER": "demoPartner",
        "KC-API-PARTNER-SIGN": PARTNER_SIGN,
        "KC-API-PARTNER-VERIFY": "true",
    }
    named = Signer(CREDENTIALS, broker=Broker("demoPartner", BROKER.key, "desk"))
    assert named.rest_headers("GET", "/api/v1/accounts", "", timestamp_ms=TIMESTAMP) == {
        **marked,
        "KC-BROKER-NAME": "desk",
    }


def test_no_partner_is_named_unless_one_is_given() -> None:
    signer = Signer(CREDENTIALS)
    assert not [name for name in signer.rest_headers("GET", "/", "", timestamp_ms=1) if "PARTNER" in name]
    assert "partner" not in signer.order_entry_query(timestamp_ms=1)


def test_the_order_entry_query_asks_for_nanoseconds_where_wanted() -> None:
    query = Signer(CREDENTIALS, broker=BROKER).order_entry_query(timestamp_ms=TIMESTAMP, enable_ns=True)
    names = [field.split("=")[0] for field in query.split("&")]
    assert names == ["apikey", "enable_ns", "partner", "partner_sign", "passphrase", "sign", "timestamp"]
    assert "&enable_ns=true&" in query


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_the_login_frame_signs_the_passphrase_whatever_the_version(version: str) -> None:
    fields = Signer(CREDENTIALS, version).pro_auth(timestamp_ms=TIMESTAMP)
    assert fields["kc-api-passphrase"] == SIGNED_PASSPHRASE
    assert fields["kc-api-sign"] == "eS4y9QR8sSEaPkNDZDkdKYod21PHsMO9hsSMyhctCmw="


def test_a_function_of_the_users_makes_every_signature() -> None:
    """Headers, passphrase, partner mark, login URL, challenge and login frame: none is made beside it."""
    asked: list[tuple[str, str]] = []

    def sign(message: str, secret: str) -> str:
        asked.append((message, secret))
        return base64.b64encode(hmac.digest(secret.encode(), message.encode(), hashlib.sha256)).decode()

    own, standard = (Signer(CREDENTIALS, sign_message=f, broker=BROKER) for f in (sign, None))
    secret, passphrase = CREDENTIALS.api_secret, CREDENTIALS.api_passphrase
    mark = (f"{TIMESTAMP}demoPartner{CREDENTIALS.api_key}", BROKER.key)
    calls: list[tuple[Any, list[tuple[str, str]]]] = [
        (
            lambda s: s.rest_headers("POST", "/api/v1/x", "{}", timestamp_ms=TIMESTAMP),
            [(f"{TIMESTAMP}POST/api/v1/x{{}}", secret), (passphrase, secret), mark],
        ),
        (
            lambda s: s.order_entry_query(timestamp_ms=TIMESTAMP),
            [(f"{CREDENTIALS.api_key}{TIMESTAMP}", secret), (passphrase, secret), mark],
        ),
        (
            lambda s: s.pro_auth(timestamp_ms=TIMESTAMP),
            [(f"{TIMESTAMP}POST/api/websocket/users/verify", secret), (passphrase, secret)],
        ),
        (lambda s: s.sign("challenge"), [("challenge", secret)]),
    ]
    for call, messages in calls:
        asked.clear()
        assert call(own) == call(standard)
        assert asked == messages


def _raise(message: str, secret: str) -> str:
    raise ValueError(f"cannot sign {message} with {secret}")


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        pytest.param(_raise, "raised ValueError", id="raises"),
        pytest.param(lambda *_: None, "returned NoneType and not str", id="None"),
        pytest.param(lambda *_: b"c2lnbg==", "returned bytes and not str", id="bytes"),
        pytest.param(lambda *_: "", "returned an empty text", id="empty"),
        pytest.param(lambda *_: "a\r\nX-Injected: 1", "returned a text that is not printable ASCII", id="line-end"),
        pytest.param(lambda *_: "é", "returned a text that is not printable ASCII", id="not-ascii"),
        pytest.param(lambda *_: "two words", "returned a text that is not printable ASCII", id="blank"),
    ],
)
def test_X01_a_signing_function_that_fails_is_an_auth_error_without_its_words(sign: Any, words: str) -> None:
    """It was given the secret, so whatever it says may hold it."""
    with pytest.raises(AuthError) as caught:
        Signer(CREDENTIALS, sign_message=sign).sign("text")
    assert str(caught.value) == f"auth: custom_sign_message_fn: {words}"
    assert (caught.value.__cause__, caught.value.__context__, caught.value.retryable) == (None, None, False)


def test_X01_no_frame_of_a_failed_signature_holds_a_secret() -> None:
    """Some tools print the local variables of a traceback; the user's own frames are not ours to keep clean."""
    signer = Signer(CREDENTIALS, sign_message=lambda *_: "", broker=BROKER)
    for call in (
        lambda: signer.rest_headers("GET", "/api/v1/accounts", "", timestamp_ms=TIMESTAMP),
        lambda: signer.order_entry_query(timestamp_ms=TIMESTAMP),
        lambda: signer.pro_auth(timestamp_ms=TIMESTAMP),
        signer.signed_passphrase,
    ):
        with pytest.raises(AuthError) as caught:
            call()
        ours = caught.tb.tb_next
        shown = "".join(traceback.TracebackException(AuthError, caught.value, ours, capture_locals=True).format())
        assert "self = Signer(" in shown
        for hidden in (CREDENTIALS.api_key, CREDENTIALS.api_secret, CREDENTIALS.api_passphrase, BROKER.key):
            assert hidden not in shown


def test_the_v2_token_call_is_signed_without_a_body() -> None:
    call = rest.token_v2_call("https://api.kucoin.com", Signer(CREDENTIALS), timestamp_ms=TIMESTAMP)
    assert (call.method, call.url, call.body) == ("POST", "https://api.kucoin.com/api/v2/bullet-private", "")
    assert call.headers["KC-API-SIGN"] == "XdJgiiyWKvzgCUNHXrCrgopkp4F5NKaeeQlnf/BqE4Q="


def test_X16_the_signature_covers_query_and_body() -> None:
    """Whatever is sent is signed, byte for byte."""
    signer = Signer(CREDENTIALS)
    seen = {
        signer.rest_headers(method, path, body, timestamp_ms=moment)["KC-API-SIGN"]
        for method, path, body, moment in [
            ("GET", "/api/v1/accounts", "", 1),
            ("GET", "/api/v1/accounts?currency=BTC", "", 1),
            ("POST", "/api/v1/accounts", "", 1),
            ("POST", "/api/v1/accounts", '{"a":1}', 1),
            ("POST", "/api/v1/accounts", '{"a":1}', 2),
        ]
    }
    assert len(seen) == 5


def test_the_order_entry_query_is_percent_encoded_and_in_order() -> None:
    """The values hold ``+``, ``/`` and ``=``; a blank for a plus is a wrong signature."""
    assert Signer(CREDENTIALS).order_entry_query(timestamp_ms=TIMESTAMP) == (
        "apikey=64f0c3a1e5b7d90001a2b3c4"
        "&passphrase=iYOAFZryTxkDN%2B%2FvUoUzekNzrRBqAuQ5ziHpxYdYIPs%3D"
        "&sign=N6962Imf2ViDGShkV2Fc0sLwVyBwQBTzq1sCgZF7HKs%3D"
        "&timestamp=1760000000000"
    )


def test_the_challenge_is_signed_as_it_was_received() -> None:
    """Blanks and key order included: signing our own spelling of it would be another text."""
    text = '{"sessionId":"92f2aec4-d87e-47cc-917d-4e7c93911bdc","timestamp":1742175983882}'
    assert trade().answer_challenge(text) == "ImMq1XamVMp9+i14nMf2lP5aQDCcez1DJbj9COnaPsQ="
    spaced = text.replace(":", ": ")
    assert trade().answer_challenge(spaced) == Signer(CREDENTIALS).sign(spaced)
    assert trade().answer_challenge(spaced) != trade().answer_challenge(text)


def test_X18_the_handshake_url_is_signed_anew_for_each_moment() -> None:
    first = trade().endpoints(None, connect_id="x", timestamp_ms=TIMESTAMP)[0]
    second = trade().endpoints(None, connect_id="x", timestamp_ms=TIMESTAMP + 1)[0]
    assert first.url != second.url
    assert first.url.startswith("wss://wsapi.kucoin.com/v1/private?apikey=")


def test_X01_a_signer_shows_none_of_its_secrets() -> None:
    assert repr(Signer(CREDENTIALS, broker=BROKER)) == f"Signer({CREDENTIALS!r})"
    assert repr(BROKER) == "Broker(partner='demoPartner', name=None)"
    for secret in (CREDENTIALS.api_key, CREDENTIALS.api_secret, CREDENTIALS.api_passphrase, SIGNED_PASSPHRASE):
        assert secret not in repr(Signer(CREDENTIALS))
