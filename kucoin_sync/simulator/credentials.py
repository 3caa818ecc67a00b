"""The simulator's own API credentials, and what every exchange signs with them."""

from __future__ import annotations

import base64
import hashlib
import hmac

from attrs import field, frozen

__all__ = ["DEFAULT_CREDENTIALS", "PREFIX", "Credentials", "same", "sign"]

#: Every simulated key, secret and passphrase starts like this; anything else could be a live one.
PREFIX = "simulator-"


def _prefixed(instance: object, attribute: object, value: str) -> None:
    if not value.startswith(PREFIX):
        raise ValueError(f"simulator credentials must start with {PREFIX!r}; never use live ones here")


@frozen
class Credentials:
    """One simulated account. The values are public by design; live ones are refused."""

    api_key: str = field(validator=_prefixed)
    api_secret: str = field(validator=_prefixed, repr=lambda _: "***")
    api_passphrase: str = field(validator=_prefixed, repr=lambda _: "***")


DEFAULT_CREDENTIALS = Credentials("simulator-key", "simulator-secret", "simulator-passphrase")


def sign(secret: str, text: str) -> str:
    """Return ``base64(HMAC-SHA256(secret, text))``."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()


def same(expected: str, given: str) -> bool:
    """Compare two signatures or passphrases in a time that tells nothing."""
    # Bytes: compare_digest refuses str with non-ASCII characters, which a client may well send.
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
