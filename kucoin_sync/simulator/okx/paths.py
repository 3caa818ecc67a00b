"""The three WebSocket paths, which are the kinds of connections."""

from __future__ import annotations

__all__ = ["BUSINESS", "PRIVATE", "PUBLIC"]

PUBLIC, PRIVATE, BUSINESS = "public", "private", "business"
