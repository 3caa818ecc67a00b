"""How KuCoin's signed calls and handshakes are checked, and with which codes it refuses them."""

from __future__ import annotations

from collections import OrderedDict

from .credentials import Credentials, same, sign

__all__ = ["TEXTS", "ReplayGuard", "SignatureRefused", "check_signature"]

#: How far the timestamp of a signed call may be off, in milliseconds.
TIMESTAMP_WINDOW_MS = 5000
MAX_SEEN = 10_000

# Texts other than that of 400003 are assumed.
TEXTS = {
    "400001": "Please check the header of your request: a key, sign, timestamp or passphrase is missing.",
    "400002": "KC-API-TIMESTAMP Invalid.",
    "400003": "KC-API-KEY not exists.",
    "400004": "KC-API-PASSPHRASE error.",
    "400005": "Signature error.",
    "400009": "KC-API-KEY-VERSION Invalid.",
    "400011": "The signed reply to the session challenge is wrong.",
    "400012": "No signed reply to the session challenge in time.",
}


class SignatureRefused(Exception):
    """A signed call is not valid; ``code`` is the gateway's code."""

    def __init__(self, code: str) -> None:
        super().__init__(code, TEXTS[code])
        self.code = code
        self.message = TEXTS[code]


def check_signature(
    credentials: Credentials,
    *,
    sign_: str,
    passphrase: str,
    timestamp: str,
    prehash: tuple[str, ...],
    now_ms: int,
    in_clear: bool = False,
) -> None:
    """
    Check one signed call.

    Args:
        credentials: Whose call it is.
        sign_: Signature as sent.
        passphrase: Passphrase as sent.
        timestamp: Milliseconds, as sent.
        prehash: Texts of which any may have been signed.
        now_ms: Server time.
        in_clear: The passphrase is not in its signed form: keys of version 1.

    Raises:
        SignatureRefused: 400002, 400005 or 400004, looked for in this order (assumed).
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 16):
        raise SignatureRefused("400002")
    if abs(int(timestamp) - now_ms) > TIMESTAMP_WINDOW_MS:
        raise SignatureRefused("400002")
    if not any(same(sign(credentials.api_secret, text), sign_) for text in prehash):
        raise SignatureRefused("400005")
    expected = credentials.api_passphrase if in_clear else sign(credentials.api_secret, credentials.api_passphrase)
    if not same(expected, passphrase):
        raise SignatureRefused("400004")


class ReplayGuard:
    """
    Refuses what was signed for an earlier handshake, for as long as its timestamp would still do.

    Whether the exchange does that is not known, so it is off unless asked for. Two connections that one client opens in
    the same millisecond have the same signature.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def check(self, signature: str, now_ms: int) -> None:
        """
        Remember a valid signature.

        Raises:
            SignatureRefused: 400005 (assumed), if it was here before.
        """
        # A timestamp may run ahead as far as it may lag behind.
        while self._seen and next(iter(self._seen.values())) < now_ms - 2 * TIMESTAMP_WINDOW_MS:
            self._seen.popitem(last=False)
        if signature in self._seen:
            raise SignatureRefused("400005")
        self._seen[signature] = now_ms
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)
