"""
TLS contexts for servers on loopback: a good one, and one for each way a certificate can be bad.

Keys and certificates are made at run time and kept for the life of the process; the functions return the
same context each time, so do not alter what they return.
"""

from __future__ import annotations

import atexit
import datetime
import functools
import shutil
import ssl
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = [
    "BAD_SERVER_CONTEXTS",
    "authority",
    "ca_path",
    "client_context",
    "expired_server_context",
    "legacy_server_context",
    "self_signed_server_context",
    "server_context",
    "unknown_ca_server_context",
    "wrong_host_server_context",
]

_HOSTS = ("localhost", "127.0.0.1", "::1")
_PAST = datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)


@functools.cache
def authority() -> trustme.CA:
    """Return the certificate authority that `client_context` trusts."""
    return trustme.CA()


@functools.cache
def ca_path() -> str:
    """Return the path of a PEM file with the authority's certificate, removed at exit."""
    folder = tempfile.mkdtemp(prefix="test-authority-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder, "ca.pem")
    authority().cert_pem.write_to_path(path)
    return str(path)


@functools.cache
def client_context() -> ssl.SSLContext:
    """Return a client's context that trusts the authority, checks the host name and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The same with every build of Python: some take old versions, and some hide a cut of the line.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    authority().configure_trust(context)
    return context


@functools.cache
def server_context() -> ssl.SSLContext:
    """Return a server's context that `client_context` accepts for localhost and 127.0.0.1."""
    return _server_context(authority().issue_cert(*_HOSTS))


@functools.cache
def expired_server_context() -> ssl.SSLContext:
    """Return a server's context whose certificate has been out of date since 2001."""
    return _server_context(authority().issue_cert(*_HOSTS, not_after=_PAST))


@functools.cache
def wrong_host_server_context() -> ssl.SSLContext:
    """Return a server's context whose certificate names another host."""
    return _server_context(authority().issue_cert("elsewhere.example"))


@functools.cache
def unknown_ca_server_context() -> ssl.SSLContext:
    """Return a server's context whose certificate comes from an authority nobody trusts."""
    return _server_context(trustme.CA().issue_cert(*_HOSTS))


@functools.cache
def self_signed_server_context() -> ssl.SSLContext:
    """Return a server's context whose certificate is signed by its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_PAST)
        .not_valid_after(_PAST.replace(year=2100))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return _server_context(trustme.LeafCert(key_pem, certificate.public_bytes(serialization.Encoding.PEM), []))


@functools.cache
def legacy_server_context() -> ssl.SSLContext:
    """Return a server's context with a good certificate that speaks nothing newer than TLS 1.1."""
    context = _server_context(authority().issue_cert(*_HOSTS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old on purpose
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


# Every context a client has to refuse, by the reason; made for pytest.mark.parametrize.
BAD_SERVER_CONTEXTS: dict[str, Callable[[], ssl.SSLContext]] = {
    "expired": expired_server_context,
    "wrong host": wrong_host_server_context,
    "unknown CA": unknown_ca_server_context,
    "self-signed": self_signed_server_context,
    "legacy TLS": legacy_server_context,
}


def _server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    # A client that closes before it has read the session tickets would send a reset, not a FIN.
    context.num_tickets = 0
    return context
