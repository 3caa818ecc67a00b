"""
TLS settings: certificates of the system, of the environment, or of a session the user brings.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

from kucoin_sync.errors import ConfigError

__all__ = ["default_context", "session_context"]

_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Read by us, in this order, as requests does."""
_OPENSSL_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Read by OpenSSL itself when it loads the system's certificates."""


def default_context(*, trust_env: bool) -> ssl.SSLContext:
    """
    Return settings that verify certificates, with TLS 1.2 or newer.

    Args:
        trust_env: Whether the environment may name other certificates than the system's.

    Raises:
        ConfigError: If it names some that cannot be read.
    """
    for name in _BUNDLE_VARIABLES if trust_env else ():
        if os.environ.get(name):
            return _verifying(os.environ[name], name)
    if not trust_env and any(os.environ.get(name) for name in _OPENSSL_VARIABLES):
        # Where OpenSSL would look without them; on a system that has neither place, it looks where it always does.
        paths = ssl.get_default_verify_paths()
        file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
        if file.is_file() or folder.is_dir():
            context = ssl.create_default_context(
                cafile=str(file) if file.is_file() else None, capath=str(folder) if folder.is_dir() else None
            )
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            return context
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def session_context(context: ssl.SSLContext, session: Any, *, own: bool, trust_env: bool) -> ssl.SSLContext:
    """
    Return the settings for REST calls with a session of the user's.

    Args:
        context: The client's own.
        session: Its ``verify`` and ``cert`` are read.
        own: Whether ``context`` is the user's, who then has said everything already.
        trust_env: As in `default_context`.

    Raises:
        ConfigError: If the session switches verification off, says something beside an own context, or names files
            that cannot be read.
    """
    verify, cert = session.verify, session.cert
    if verify is False:
        raise ConfigError("rest_session: verify=False is refused; trust a certificate through ssl_context instead")
    if verify in (True, None) and cert is None:
        return context
    if own:
        raise ConfigError("rest_session: verify and cert do not go with ssl_context; put them into the context")
    chosen = default_context(trust_env=trust_env) if verify in (True, None) else _verifying(verify, "rest_session")
    if cert is not None:
        certificate, key = cert if isinstance(cert, tuple) else (cert, None)
        try:
            chosen.load_cert_chain(certificate, key)
        except (OSError, TypeError):
            raise ConfigError("rest_session: cert names no certificate with its key that can be read") from None
    return chosen


def _verifying(path: Any, name: str) -> ssl.SSLContext:
    """Return settings that trust the certificates in a file or folder, and no others."""
    try:
        place = Path(path)
        folder = place.is_dir()
        context = ssl.create_default_context(
            cafile=None if folder else str(place), capath=str(place) if folder else None
        )
    except (OSError, TypeError):  # what is no certificate is an SSLError, which is an OSError
        raise ConfigError(f"{name}: names no file or folder of certificates that can be read") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
