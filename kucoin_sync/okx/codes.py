"""
OKX's codes as far as lines and topics go; those of orders are with the order operations.

Source: OKX docs v5, WebSocket, Login and Notification, and Error Code, WebSocket (as of 2026-07, read 2026-11).
"""

from __future__ import annotations

__all__ = ["CLOCK_CODES", "EXCLUDED_CODE", "LEAVING_CODE", "PASSING_CODES"]

CLOCK_CODES = ("60004", "60006")
"""The timestamp of a login is no time, or more than 30 s off."""

PASSING_CODES = ("60014", "60023", "63999", "64007", "50001", "50004", "50011", "50013", "50026", "50061")
"""Too many requests, or a failure on the exchange's side: what was asked may be asked again."""

LEAVING_CODE = "64008"
"""Of a notice: the line will be closed for a service upgrade, in 60 s."""

EXCLUDED_CODE = "64004"
"""A book channel that cannot be subscribed beside another one of the same instrument; it comes after the ack."""
