"""Options, hosts, keys and signatures of the client for OKX."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from kucoin_sync.errors import AuthError, ConfigError
from kucoin_sync.okx.client import WebsocketClient
from kucoin_sync.okx.hosts import is_simulated, rest_url, ws_url
from kucoin_sync.okx.keys import CONNECTIONS, WS_KEY_MAP, WsKey, parse_ws_key, ws_key_for
from kucoin_sync.okx.options import Account, Options
from kucoin_sync.okx.signing import Signer, iso_time
from kucoin_sync.options import Broker, Credentials
from kucoin_sync.options import Options as GeneralOptions

KEYS = {"api_key": "key-of-it", "api_secret": "its-secret", "api_passphrase": "its-passphrase"}

# Keys and hosts.


def test_every_connection_of_the_node_client_has_its_name() -> None:
    assert len(CONNECTIONS) == len(WsKey) == len(WS_KEY_MAP) == 18
    assert ws_key_for("GLOBAL", "private", demo=False) is WsKey.PROD_PRIVATE
    assert ws_key_for("EEA", "business", demo=True) is WsKey.EEA_DEMO_BUSINESS
    assert str(parse_ws_key("usLivePublic")) == "usLivePublic"
    with pytest.raises(ConfigError, match="no connection 'prodpublic'"):
        parse_ws_key("prodpublic")
    with pytest.raises(ConfigError, match="path: must be one of public, private, business"):
        ws_key_for("US", "demo", demo=False)


@pytest.mark.parametrize(
    ("market", "demo", "rest", "ws"),
    [
        ("prod", False, "https://openapi.okx.com", "wss://ws.okx.com:8443"),
        ("GLOBAL", True, "https://openapi.okx.com", "wss://wspap.okx.com:8443"),
        ("eea", False, "https://eea.okx.com", "wss://wseea.okx.com:8443"),
        ("EEA", True, "https://eea.okx.com", "wss://wseeapap.okx.com:8443"),
        ("US", False, "https://us.okx.com", "wss://wsus.okx.com:8443"),
        ("us", True, "https://us.okx.com", "wss://wsuspap.okx.com:8443"),
    ],
)
def test_a_market_has_its_hosts(market: str, demo: bool, rest: str, ws: str) -> None:
    options = Options(market=market, demo_trading=demo)
    assert rest_url(options, private=True) == rest
    assert ws_url(options, "business", private=True) == f"{ws}/ws/v5/business"


def test_a_user_s_hosts_take_the_place_of_the_market_s() -> None:
    options = Options(hosts={"rest": "https://one.test/", "ws": "wss://two.test/"}, ws_query="brokerId=9999")
    assert rest_url(options, private=False) == "https://one.test"
    assert ws_url(options, "public", private=False) == "wss://two.test/ws/v5/public?brokerId=9999"
    assert ws_url(Options(ws_url="wss://three.test/x"), "private", private=True) == "wss://three.test/x"


def test_X17_okx_the_simulator_s_accounts_do_not_meet_the_exchange() -> None:
    """In whichever place they are."""
    accounts = [Account("key", "secret", "pass"), Account("simulator-key", "secret", "pass")]
    options = Options(accounts=accounts)
    assert is_simulated(options)
    for url in (rest_url, lambda options, private: ws_url(options, "private", private=private)):
        with pytest.raises(ConfigError, match="the simulator's credentials do not go to"):
            url(options, private=True)
        assert url(options, private=False)
    with pytest.raises(ConfigError, match="ws_url: the simulator's"):
        ws_url(Options(accounts=accounts, ws_url="wss://ws.okx.com:8443"), "private", private=True)


# Options.


def test_accounts_have_names() -> None:
    assert list(Options(**KEYS).named_accounts) == ["1"]
    assert Options().named_accounts == {}
    accounts = [
        {"apiKey": "a", "apiSecret": "s", "apiPass": "p"},
        Account("b", "s", "p", "main"),
        {"api_key": "c", "api_secret": "s", "api_passphrase": "p"},
    ]
    assert list(Options(accounts=accounts).named_accounts) == ["1", "main", "3"]
    assert Options(accounts=accounts).named_accounts["main"] == Credentials("b", "s", "p")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"market": "demo"}, "market: must be one of prod, GLOBAL, EEA, US"),
        ({"market": None}, "market: must be"),
        ({"demo_trading": "yes"}, "demo_trading: must be True or False"),
        ({"ws_query": "a b"}, "ws_query: must be"),
        ({"hosts": {"spot_rest": "https://a.test"}}, "hosts: no host 'spot_rest'; there are rest, ws"),
        ({"hosts": {"ws": "https://a.test"}}, "must be a URL that starts with wss://"),
        ({"hosts": {"rest": "http://a.test"}}, "http:// is for loopback hosts only"),
        ({**KEYS, "accounts": [Account("a", "s", "p")]}, "accounts: give these, or api_key"),
        ({"accounts": "abc"}, "accounts: must be a list"),
        ({"accounts": {"api_key": "a"}}, "accounts: must be a list"),
        ({"accounts": [5]}, "accounts: each must be an Account or a mapping"),
        ({"accounts": [{"apiKey": "a"}]}, "accounts: each must have"),
        ({"accounts": [{**KEYS, "more": 1}]}, "accounts: each must have"),
        ({"accounts": [Account("a", "", "p")]}, "api_secret: must be a text that is not empty"),
        ({"accounts": [Account("a", "s", "p", "x y")]}, "a name must be 1 to 32"),
        ({"accounts": [Account("a", "s", "p", "x"), Account("b", "s", "p", "x")]}, "two have the same name"),
        ({"accounts": [Account("a", "s", "p", "2"), Account("b", "s", "p")]}, "two have the same name"),
        ({"accounts": [Account("a", "s", "p"), Account("a", "s", "p")]}, "two have the same key"),
        ({"api_key": "a"}, "give all three or none"),
    ],
)
def test_an_option_that_breaks_a_rule_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Options(**options)


@pytest.mark.parametrize(
    "foreign",
    [
        {"api_key_version": "2"},
        {"broker": Broker("partner", "key")},
        {"enable_ns": True},
        {"pro_login": "token"},
        {"api_region": "EU"},
        {"check_symbols": True},
    ],
)
def test_an_option_of_the_other_exchange_is_refused(foreign: dict[str, Any]) -> None:
    (name,) = foreign
    with pytest.raises(ConfigError, match=f"{name}: is no option of the client for OKX"):
        WebsocketClient(**foreign)


def test_options_of_the_other_exchange_are_refused() -> None:
    with pytest.raises(ConfigError, match="options: must be"):
        WebsocketClient(GeneralOptions())  # type: ignore[arg-type]


def test_X01_okx_no_secret_is_shown() -> None:
    accounts = [Account("key-of-it-12", "its-secret", "its-passphrase", "main")]
    for shown in (repr(accounts), repr(Options(accounts=accounts)), repr(Signer(accounts[0].credentials))):
        assert "its-secret" not in shown
        assert "its-passphrase" not in shown
        assert "key-of-it-12" not in shown
    assert pickle.loads(pickle.dumps(Options(accounts=accounts))) == Options(accounts=accounts)


# Signatures.

SECRET = "0123456789ABCDEF0123456789ABCDEF"
ORDER = '{"instId":"BTC-USDT","tdMode":"cash","clOrdId":"b15","side":"buy","ordType":"limit","px":"2.15","sz":"2"}'


@pytest.mark.parametrize(
    ("secret", "sign"),
    [
        (SECRET, "ZuGLUUn1vPbzKSG4K5HzbiibZHAU3Qmy4PHIlAGhMok="),
        ("FEDCBA9876543210FEDCBA9876543210", "UBMqoBnUXPfTAC23ERaRpKtghGJoNyUOPLftHpiXzq4="),
    ],
)
def test_a_login_is_signed(secret: str, sign: str) -> None:
    args = Signer(Credentials("key", secret, "pass")).login_args(1704876947)
    assert args == {"apiKey": "key", "passphrase": "pass", "timestamp": "1704876947", "sign": sign}


@pytest.mark.parametrize(
    ("method", "path", "body", "sign"),
    [
        (
            "GET",
            "/api/v5/trade/order?ordId=680800019749904384&instId=BTC-USDT",
            "",
            "TsJC/WUnThk9BUp+CfXayte4UvMfqsVAvAQe53tWsfQ=",
        ),
        ("GET", "/api/v5/trade/order?instId=BTC-USDT&clOrdId=b15", "", "ronOYVFWqIj7pLU+b+F+WZMYupN6bshDUB49oPqe0gY="),
        ("POST", "/api/v5/trade/order", ORDER, "o/FjklifcaaD1adjdApiJ20X+tBqWsYMwGgnbnSYpPE="),
    ],
)
def test_a_rest_call_is_signed(method: str, path: str, body: str, sign: str) -> None:
    assert Signer(Credentials("key", SECRET, "pass")).rest_headers(method, path, body, 1704876947123) == {
        "OK-ACCESS-KEY": "key",
        "OK-ACCESS-SIGN": sign,
        "OK-ACCESS-TIMESTAMP": "2024-01-10T08:55:47.123Z",
        "OK-ACCESS-PASSPHRASE": "pass",
    }


@pytest.mark.parametrize(
    ("timestamp_ms", "text"), [(0, "1970-01-01T00:00:00.000Z"), (1704876947120, "2024-01-10T08:55:47.120Z")]
)
def test_a_time_has_three_decimals(timestamp_ms: int, text: str) -> None:
    assert iso_time(timestamp_ms) == text


def test_a_user_s_own_function_signs_or_fails_without_showing_the_secret() -> None:
    seen = []

    def sign(message: str, secret: str) -> str:
        seen.append((message, secret))
        return "c2ln"

    credentials = Credentials("key", SECRET, "pass")
    assert Signer(credentials, sign_message=sign).login_args(5)["sign"] == "c2ln"
    assert seen == [("5GET/users/self/verify", SECRET)]

    def fail(message: str, secret: str) -> str:
        raise ValueError(secret)

    with pytest.raises(AuthError, match="custom_sign_message_fn: raised ValueError") as caught:
        Signer(credentials, sign_message=fail).login_args(5)
    assert SECRET not in str(caught.value)
