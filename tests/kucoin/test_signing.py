"""Signatures, against vectors made by hand from KuCoin's description."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kucoin_sync.kucoin.signing import Signer
from kucoin_sync.options import Credentials
from tests.kucoin.samples import CREDENTIALS, MISSING, folder, trade

TIMESTAMP = 1760000000000
SIGNED_PASSPHRASE = "iYOAFZryTxkDN+/vUoUzekNzrRBqAuQ5ziHpxYdYIPs="


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
    # Partners are not a feature of the package; their signatures are the same function with another key.
    partner = Signer(Credentials(document["api_key"], document["partner_key"], document["api_passphrase"]))
    name = vector["name"]
    if name == "passphrase":
        assert signer.signed_passphrase() == vector["output"]
    elif "method" in vector:
        headers = signer.rest_headers(vector["method"], vector["path"], vector["body"], timestamp_ms=timestamp_ms)
        assert headers["KC-API-SIGN"] == vector["output"]
        assert headers["KC-API-TIMESTAMP"] == vector["timestamp"]
    elif name == "rest_partner_sign":
        assert partner.sign(vector["prehash"]) == vector["output"]
    elif name == "pro_v2_auth_frame":
        assert signer.sign(vector["prehash"]) == vector["output"] == vector["frame"]["kc-api-sign"]
        assert signer.signed_passphrase() == vector["frame"]["kc-api-passphrase"]
    elif name == "ws_api_url":
        assert signer.order_entry_query(timestamp_ms=timestamp_ms) == urlsplit(vector["url"]).query
    elif name == "ws_api_url_with_partner":
        values = parse_qs(urlsplit(vector["url"]).query, strict_parsing=True)
        assert partner.sign(vector["partner_prehash"]) == vector["partner_sign"] == values["partner_sign"][0]
        ours = parse_qs(signer.order_entry_query(timestamp_ms=timestamp_ms), strict_parsing=True)
        assert ours == {key: value for key, value in values.items() if not key.startswith("partner")}
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
    assert repr(Signer(CREDENTIALS)) == f"Signer({CREDENTIALS!r})"
    for secret in (CREDENTIALS.api_key, CREDENTIALS.api_secret, CREDENTIALS.api_passphrase, SIGNED_PASSPHRASE):
        assert secret not in repr(Signer(CREDENTIALS))
