"""Test orders: checked by the exchange, over REST, and placed by nobody."""

from __future__ import annotations

import json

import pytest

from kucoin_sync import RestError
from tests.clients import ORDER, Clients
from tests.peers import ScriptedPeer, background


def test_a_test_order_is_marked_in_its_ack_and_opens_no_line(plain_peer: ScriptedPeer, clients: Clients) -> None:
    api = clients.api(plain_peer)
    call = background(api.submit_new_spot_order, **ORDER, test=True)
    with plain_peer.accept() as line:
        request = line.read_request()
        sent = json.loads(request.body)
        assert (request.method, request.path) == ("POST", "/api/v1/hf/orders/test")
        assert {name: sent[name] for name in ORDER} == ORDER
        assert sent["clientOid"]
        line.respond(200, body={"code": "200000", "data": {"orderId": "o1", "clientOid": sent["clientOid"]}})
    ack = call.result()
    assert (ack.test, ack.op, ack.order_id, ack.client_oid) == (True, "spot.order", "o1", sent["clientOid"])
    assert not plain_peer.has_pending()


def test_a_refused_test_order_says_with_which_code(plain_peer: ScriptedPeer, clients: Clients) -> None:
    """No order call has failed, so it is no `Rejected`."""
    api = clients.api(plain_peer)
    call = background(api.submit_new_spot_order, **ORDER, test=True)
    with plain_peer.accept() as line:
        line.read_request()
        line.respond(200, body={"code": "200004", "msg": "Balance insufficient!"})
    with pytest.raises(RestError) as caught:
        call.result()
    assert (caught.value.code, caught.value.msg) == ("200004", "Balance insufficient!")
