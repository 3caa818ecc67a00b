"""Which certificates are trusted: the system's, the environment's, or those of a session."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import requests

from kucoin_sync import ConfigError, TlsError, WebsocketClient
from kucoin_sync.engine.tls import default_context, session_context
from tests.clients import SPOT
from tests.peers import ScriptedPeer, background, ca_path, client_context, server_context, v1_handshake


def certificates(context: ssl.SSLContext) -> int:
    return len(context.get_ca_certs())


def connects(peer: ScriptedPeer, **options: Any) -> None:
    """Open a line to a server whose certificate only the tests' authority signed."""
    with WebsocketClient(hosts={"spot_rest": peer.http_url}, max_reconnect_attempts=1, **options) as client:
        call = background(client.connect, SPOT)
        v1_handshake(peer)
        call.result()


def is_refused(peer: ScriptedPeer, **options: Any) -> None:
    with WebsocketClient(hosts={"spot_rest": peer.http_url}, max_reconnect_attempts=1, **options) as client:
        call = background(client.connect, SPOT)
        peer.expect_failed_handshake()
        with pytest.raises(TlsError):
            call.result()


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_R15_certificates_named_by_the_environment_are_trusted(name: str, environment: pytest.MonkeyPatch) -> None:
    """By WebSockets and REST calls alike, and not when the environment is not asked."""
    environment.setenv(name, str(ca_path()))
    with ScriptedPeer(tls=server_context()) as peer:
        connects(peer)
        is_refused(peer, trust_env=False)


def test_R15_without_the_environment_the_systems_certificates_are_trusted(environment: pytest.MonkeyPatch) -> None:
    usual = certificates(default_context(trust_env=True))
    environment.setenv("SSL_CERT_FILE", str(ca_path()))
    assert certificates(default_context(trust_env=True)) == 1
    assert certificates(default_context(trust_env=False)) == usual


@pytest.mark.parametrize("content", [None, "this is no certificate"], ids=["missing", "not-a-certificate"])
def test_R15_a_bundle_that_cannot_be_read_is_refused_by_the_name_of_its_variable(
    content: str | None, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    """Going on with the system's would trust what the environment meant to forbid."""
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    environment.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(ConfigError, match="REQUESTS_CA_BUNDLE: names no file or folder of certificates"):
        WebsocketClient()


@pytest.mark.parametrize("trust_env", [True, False])
def test_X05_every_context_verifies_names_and_takes_no_old_tls(
    trust_env: bool, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SSL_CERT_FILE", str(ca_path()))
    context = default_context(trust_env=trust_env)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def session(verify: Any = True, cert: Any = None) -> requests.Session:
    made = requests.Session()
    made.verify, made.cert = verify, cert
    return made


def chosen(context: ssl.SSLContext, session: requests.Session, *, own: bool = False) -> ssl.SSLContext:
    with session:
        return session_context(context, session, own=own, trust_env=True)


def test_a_session_without_wishes_changes_nothing() -> None:
    context = client_context()
    assert chosen(context, session()) is context
    assert chosen(context, session(verify=None), own=True) is context


def test_a_sessions_bundle_is_all_that_rest_calls_trust() -> None:
    assert certificates(chosen(ssl.create_default_context(), session(verify=str(ca_path())))) == 1


REFUSED: list[Any] = [
    pytest.param(session(verify=False), False, "verify=False is refused", id="X05-no-verification"),
    pytest.param(session(verify="/no/such/file"), False, "names no file or folder of certificates", id="no-bundle"),
    pytest.param(session(cert="/no/such/file"), False, "cert names no certificate with its key", id="no-cert"),
    pytest.param(session(cert=(5, 6)), False, "cert names no certificate with its key", id="cert-of-numbers"),
    pytest.param(session(verify=str(ca_path())), True, "do not go with ssl_context", id="bundle-beside-a-context"),
]


@pytest.mark.parametrize(("session", "own", "words"), REFUSED)
def test_a_session_that_asks_for_what_cannot_be_is_refused(session: requests.Session, own: bool, words: str) -> None:
    """X05: there is no switch that turns verification off."""
    with pytest.raises(ConfigError) as caught:
        WebsocketClient(rest_session=session, **({"ssl_context": client_context()} if own else {}))
    assert str(caught.value).startswith("rest_session: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [requests, "session", object()], ids=["module", "text", "object"])
def test_what_is_no_session_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"rest_session: must be a requests\.Session, got "):
        WebsocketClient(rest_session=value)
