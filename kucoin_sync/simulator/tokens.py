"""The tokens that open streams."""

from __future__ import annotations

import base64
import secrets
from collections import OrderedDict
from collections.abc import Callable

from attrs import frozen

__all__ = ["Token", "Tokens"]

TOKEN_LIFE_NS = 24 * 3600 * 1_000_000_000
MAX_TOKENS = 10_000


@frozen
class Token:
    """A connect token; ``product`` names the stream it opens: ``spot``, ``futures``, ``both`` of them, or ``pro``."""

    product: str
    account: str | None
    expires_at_ns: int

    @property
    def is_private(self) -> bool:
        """Whether the token came from a signed call."""
        return self.account is not None


class Tokens:
    """
    All that were issued; the oldest make room.

    Args:
        now_ns: Server time.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._tokens: OrderedDict[str, Token] = OrderedDict()

    def issue(self, account: str | None, product: str) -> str:
        """
        Make a token of the characters real ones have: ``=`` is to be percent-encoded, but nothing breaks without.

        A plus sign, which a query spells as a space, occurs in none, and some clients put the token in a URL as it is.
        """
        token = f"SIM-{secrets.token_urlsafe(48)}.{base64.urlsafe_b64encode(secrets.token_bytes(16)).decode()}"
        self._tokens[token] = Token(product, account, self._now_ns() + TOKEN_LIFE_NS)
        if len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
        return token

    def find(self, text: str, product: str) -> Token | None:
        """Return a valid token of a product, ``None`` for an unknown or expired one, or one of another product."""
        token = self._tokens.get(text)
        valid = token is not None and token.product == product and self._now_ns() < token.expires_at_ns
        return token if valid else None
