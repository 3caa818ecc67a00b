"""Names of connections."""

from __future__ import annotations

from typing import Any

import pytest

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.keys import CONNECTIONS, WS_KEY_MAP, WsKey, parse_ws_key


@pytest.mark.parametrize("key", list(WsKey), ids=str)
def test_a_connection_is_found_by_its_name(key: WsKey) -> None:
    assert parse_ws_key(key.value) is key
    assert parse_ws_key(key) is key
    assert str(key) == f"{key}" == WS_KEY_MAP[key.value] == key.value


@pytest.mark.parametrize("value", ["", "spotpublicv1", "SPOT_PUBLIC_V1", "x"], ids=repr)
def test_any_other_name_is_refused_with_the_ones_there_are(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^ws_key: no connection .*spotPublicV1.*wsApiFuturesV1"):
        parse_ws_key(value)


@pytest.mark.parametrize("value", [None, 5, ["spotPublicV1"]], ids=repr)
def test_what_is_no_text_is_refused_with_what_it_is(value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^ws_key: must be a WsKey or its text, got {type(value).__name__}"):
        parse_ws_key(value)


def test_every_connection_has_its_facts() -> None:
    assert set(CONNECTIONS) == set(WsKey)
    for key, facts in CONNECTIONS.items():
        assert facts.private == ("Public" not in key.value)
        assert facts.system == {"V1": "v1", "V2": "pro_v2"}[key.value[-2:]] or key.value.startswith("wsApi")
        assert (facts.system == "ws_api") == key.value.startswith("wsApi")
