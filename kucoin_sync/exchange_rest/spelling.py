"""
How a REST call is spelled: path, query and body as texts, made once, signed and sent as they are. Pure.

Some exchanges sign the query as it is before percent-encoding, others as it is after. Both agree wherever nothing needs
encoding, so nothing is encoded that a query can hold as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import attrs

from kucoin_sync.errors import ConfigError
from kucoin_sync.protocol.json_text import MAX_EXPONENT, dumps

__all__ = ["Target", "spell_body", "spell_id", "spell_target"]

_PLAIN_IN_QUERY = ",:/@"
_ID_EXTRA = "-_."
MAX_ID = 64
MAX_TEXT = 4000


@attrs.frozen
class Target:
    """Path and query of a call: ``raw`` is before percent-encoding, ``encoded`` is what is sent."""

    path: str
    raw: str
    encoded: str


def spell_target(path: str, params: Mapping[str, Any] | None) -> Target:
    """
    Spell path and query.

    Args:
        path: From ``/api/`` on, without a query.
        params: Query parameters: texts, whole numbers, `Decimal`, booleans, or lists of these, which are joined by
            commas; ``None`` values are left out. They come sorted by name.

    Raises:
        ConfigError: Naming the parameter and the rule it breaks.
    """
    if not isinstance(path, str) or not path.startswith("/api/") or not path.isascii() or not path.isprintable():
        raise ConfigError("path: must be a text that starts with /api/")
    if any(c in path for c in "?#% \\") or "/../" in f"{path}/" or "/./" in f"{path}/" or "//" in path:
        raise ConfigError("path: must be plain; a query goes into params")
    if params is not None and not isinstance(params, Mapping):
        raise ConfigError(f"params: must be a mapping, got {type(params).__name__}")
    pairs = sorted((_name(name), _value(name, value)) for name, value in (params or {}).items() if value is not None)
    if not pairs:
        return Target(path, path, path)
    raw = "&".join(f"{name}={value}" for name, value in pairs)
    encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe=_PLAIN_IN_QUERY)}" for name, value in pairs)
    return Target(path, f"{path}?{raw}", f"{path}?{encoded}")


def spell_body(body: Any) -> str:
    """
    Spell a body as compact JSON; ``None`` is no body.

    Args:
        body: A mapping or a list. A `Decimal` or `float` in it becomes a text of plain digits, as the exchange takes
            prices and sizes.

    Raises:
        ConfigError: If it is not JSON.
    """
    if body is None:
        return ""
    if isinstance(body, (str, bytes)) or not isinstance(body, (Mapping, Sequence)):
        raise ConfigError(f"body: must be a mapping or a list, got {type(body).__name__}")
    try:
        return dumps(_plain(body))
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        problem = type(error).__name__
    raise ConfigError(f"body: not JSON ({problem})")


def spell_id(name: str, value: Any) -> str:
    """Return an id, or a symbol, that becomes a part of a path. Raises ConfigError if it could be more than that."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID or not value.isascii():
        raise ConfigError(f"{name}: must be a text of 1 to {MAX_ID} characters, got {value!r:.80}")
    if not all(c.isalnum() or c in _ID_EXTRA for c in value) or not value.strip("."):
        raise ConfigError(f"{name}: only letters, digits, -, _ and . are allowed, got {value!r}")
    return value


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.isascii() or not name.replace("_", "").replace("-", "").isalnum():
        raise ConfigError(f"params: {name!r:.60} is no name of a parameter")
    return name


def _value(name: Any, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(_value(name, part) for part in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return _digits(name, value)
    if isinstance(value, str):  # the members of an enum that are texts, too
        text = str.__str__(value)
        if not text.isprintable() or len(text) > MAX_TEXT:
            raise ConfigError(f"{name}: must be printable text of at most {MAX_TEXT} characters")
        return text
    raise ConfigError(f"{name}: must be a text, a whole number, a finite Decimal or a list of these, got {value!r:.60}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        value = Decimal(float.__repr__(value))
    if isinstance(value, Decimal):
        return _digits("body", value)
    return value


def _digits(name: Any, value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > MAX_EXPONENT:
        raise ConfigError(f"{name}: must be a finite number that can be written out, got {value!r:.60}")
    return f"{value:f}"
