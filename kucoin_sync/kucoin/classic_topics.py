"""
Topics of the classic streams: ``/path``, ``/path:arg`` or ``/path:arg,arg,...``.

Source: KuCoin docs, WebSocket API, Base Info, Introduction, and the pages of the channels (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.topic_table import CLASSIC_TOPICS

__all__ = ["PATHS", "group", "join", "split"]

_PRIVATE_TO_PUBLIC = {"spotPrivateV1": "spotPublicV1", "futuresPrivateV1": "futuresPublicV1"}
_ANY_PRIVATE = "spotPrivateV1"

PATHS: Mapping[str, tuple[str, bool]] = {
    row.name: (row.ws_keys[0], any(other.joins for other in CLASSIC_TOPICS if other.name == row.name))
    for row in CLASSIC_TOPICS
}
"""Path to (connection it belongs to, whether one frame may carry several symbols)."""


def split(topic: str, *, ws_key: str) -> list[str]:
    """
    Return the single topics of a topic text.

    Args:
        topic: ``/market/ticker:BTC-USDT,ETH-USDT``
        ws_key: The connection it is meant for. A private connection also takes the public topics of its product.

    Returns:
        ``["/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT"]``: the exchange's pushes name single symbols.

    Raises:
        ConfigError: If the text is malformed, or belongs to another connection. A path that is not known is let
            through: the exchange decides.
    """
    shown = repr(topic[:80])
    path, colon, args = topic.partition(":")
    if not path.startswith("/") or len(path) < 2:
        raise ConfigError(f"topics: a topic starts with a slash, such as '/market/ticker:BTC-USDT', got {shown}")
    if not topic.isascii() or not topic.isprintable() or " " in topic or "," in path:
        raise ConfigError(f"topics: must be printable ASCII without blanks, got {shown}")
    symbols = args.split(",")
    if colon and not all(symbols):
        raise ConfigError(f"topics: an empty symbol in {shown}")
    home = PATHS.get(path, (ws_key, False))[0]
    if home not in (ws_key, _PRIVATE_TO_PUBLIC.get(ws_key)):
        raise ConfigError(f"topics: {path} belongs to the connection {home}, not to {ws_key}")
    return [f"{path}:{symbol}" for symbol in symbols] if colon else [path]


def is_private(topic: str) -> bool:
    """Whether a topic is of a private connection; a path that is not known is, where it is asked for on one."""
    home = PATHS.get(topic.partition(":")[0], (_ANY_PRIVATE, False))[0]
    return home in _PRIVATE_TO_PUBLIC


def group(single: Sequence[str], size: int) -> list[list[str]]:
    """Group single topics, at most ``size`` each, so that `join` can make one text of each group."""
    groups: list[list[str]] = []
    open_groups: dict[str, list[str]] = {}
    for topic in single:
        path, colon, arg = topic.partition(":")
        joinable = PATHS.get(path, ("", False))[1] and bool(colon) and arg != "all"
        current = open_groups.get(path) if joinable else None
        if current is None or len(current) >= size:
            current = []
            groups.append(current)
            if joinable:
                open_groups[path] = current
        current.append(topic)
    return groups


def join(single: Sequence[str]) -> str:
    """Return one topic text for single topics of one path."""
    path, colon, _ = single[0].partition(":")
    return path + colon + ",".join(topic.partition(":")[2] for topic in single)
