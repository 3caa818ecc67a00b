"""Which region's account talks to which hosts."""

from __future__ import annotations

from typing import Any

import pytest

from kucoin_sync import ConfigError, Options, WebsocketClient
from kucoin_sync.kucoin.hosts import HOST_NAMES, REGIONS, region_of
from tests.clients import CREDENTIALS, SPOT, Clients
from tests.peers import ScriptedPeer, background, serve_token, welcome

KEYS: dict[str, Any] = {"api_key": "64f0c3a1e5b7d90001a2b3c4", "api_secret": "s", "api_passphrase": "p"}


@pytest.mark.parametrize(
    ("region", "spot_rest", "futures_rest", "pro_private", "headers"),
    [
        ("global", "https://api.kucoin.com", "https://api-futures.kucoin.com", "wss://wsapi-push.kucoin.com", {}),
        ("EU", "https://api.kucoin.eu", "https://api-futures.kucoin.eu", "wss://wsapi-push.kucoin.eu", {}),
        (
            "AU",
            "https://api.kucoin.com",
            "https://api-futures.kucoin.com",
            "wss://wsapi-push.kucoin.com",
            {"X-SITE-TYPE": "australia"},
        ),
    ],
)
def test_a_region_is_its_hosts_and_its_headers(
    region: str, spot_rest: str, futures_rest: str, pro_private: str, headers: dict[str, str]
) -> None:
    for spelled in (region, region.lower(), region.upper()):
        got = region_of(spelled, {})
        assert (got.spot_rest, got.futures_rest, got.pro_private) == (spot_rest, futures_rest, pro_private)
        assert got.headers == headers
        assert got.ws_api == "wss://wsapi.kucoin.com/v1/private"


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("name", HOST_NAMES)
def test_each_host_can_be_replaced_alone(region: str, name: str) -> None:
    scheme = "https" if name.endswith("_rest") else "wss"
    url = f"{scheme}://own.example/base"
    got, plain = region_of(region, {name: url + "/"}), region_of(region, {})
    assert getattr(got, name) == url
    assert [getattr(got, other) for other in HOST_NAMES if other != name] == [
        getattr(plain, other) for other in HOST_NAMES if other != name
    ]
    assert got.headers == plain.headers
    WebsocketClient(api_region=region, hosts={name: url}).close()


@pytest.mark.parametrize("value", ["", None, 5])
def test_a_region_that_is_no_name_is_refused_at_once(value: Any) -> None:
    with pytest.raises(ConfigError, match="api_region: must be the name of a region"):
        Options(api_region=value)


def test_a_region_that_does_not_exist_is_refused_when_the_client_is_made() -> None:
    with pytest.raises(ConfigError, match="api_region: must be one of global, EU, AU, got 'US'"):
        WebsocketClient(api_region="US")


@pytest.mark.parametrize("region", ["global", "AU"])
def test_a_regions_header_is_in_token_calls_and_in_no_handshake(
    region: str, plain_peer: ScriptedPeer, clients: Clients
) -> None:
    """The exchange tells Australian accounts by it; the WebSocket hosts know them by their token."""
    call = background(clients.stream_client(plain_peer, api_region=region).connect, SPOT)
    request = serve_token(plain_peer, endpoint=plain_peer.url)
    assert request.headers.get("x-site-type") == ("australia" if region == "AU" else None)
    line = plain_peer.accept()
    upgrade = line.upgrade()
    assert "x-site-type" not in upgrade.headers
    welcome(line, upgrade.query["connectId"])
    call.result()


@pytest.mark.parametrize("name", ["spot_rest", "ws_api"])
def test_X17_the_simulators_credentials_go_to_no_real_exchange(name: str) -> None:
    """Practice must not meet the real thing because one host was forgotten."""
    local = {"spot_rest": "http://127.0.0.1:1", "ws_api": "ws://127.0.0.1:1"}
    del local[name]
    with WebsocketClient(**CREDENTIALS, hosts=local) as client:
        with pytest.raises(ConfigError) as caught:
            client.connect("wsApiSpotV1")
        assert str(caught.value).startswith(f"hosts['{name}']: the simulator's credentials do not go to ")


def test_X17_nor_by_a_url_for_every_websocket() -> None:
    client = WebsocketClient(**CREDENTIALS, ws_url="wss://ws.example", hosts={"spot_rest": "http://127.0.0.1:1"})
    with client, pytest.raises(ConfigError, match=r"ws_url: the simulator's credentials do not go to ws\.example"):
        client.connect("wsApiSpotV1")


def test_X17_real_credentials_do_go_to_the_real_exchange() -> None:
    """The rule is about the simulator's keys alone: these fail by the network, and not by the rule."""
    client = WebsocketClient(**KEYS, hosts={"ws_api": "wss://exchange.invalid"}, open_timeout=5)
    with client, pytest.raises(ConnectionError):
        client.connect("wsApiSpotV1")
