"""
The signature that an account's secret makes of a text, in a way that leaves no secret in a traceback.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

from kucoin_sync.errors import AuthError

__all__ = ["SignMessage", "attempt", "checked"]

SignMessage = Callable[[str, str], str]
"""Takes a message and a secret; returns base64(HMAC-SHA256(secret, message))."""

Outcome = tuple[str, str]
"""A signature, or ``""`` and what is wrong with it."""


def checked(outcome: Outcome) -> str:
    """
    Return what `attempt` made, or raise what is wrong with it, in a frame that holds no secret.

    Raises:
        AuthError: If the user's own function failed, or returned no text that a header can hold.
    """
    made, problem = outcome
    if problem:
        raise AuthError(f"custom_sign_message_fn: {problem}", phase="auth")
    return made


def attempt(sign_message: Callable[[str, str], object] | None, text: str, secret: str) -> Outcome:
    """
    Sign a text.

    Args:
        sign_message: The user's own function; ``None`` takes the standard library's HMAC.
        text: What to sign.
        secret: With what.
    """
    if sign_message is None:
        return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode(), ""
    try:
        made = sign_message(text, secret)
    # The user's function may raise anything, with the secret in its text: only the kind is told.
    except Exception as error:  # noqa: BLE001
        return "", f"raised {type(error).__name__}"
    if not isinstance(made, str):
        return "", f"returned {type(made).__name__} and not str"
    if not made:
        return "", "returned an empty text"
    if not made.isascii() or not made.isprintable() or " " in made:
        return "", "returned a text that is not printable ASCII"
    return made, ""
