"""
The exchanges as the commands see them: the one place that knows how each is opened and what each calls things.
"""

from __future__ import annotations

from kucoin_sync.cli.venues.venue import CancelPlan, Send, Unavailable, Venue

__all__ = ["DEFAULT_EXCHANGE", "EXCHANGES", "CancelPlan", "Send", "Unavailable", "Venue", "venue_of"]

EXCHANGES = ("kucoin", "okx")
DEFAULT_EXCHANGE = "kucoin"


def venue_of(name: str) -> Venue:
    """Return the exchange of a name out of `EXCHANGES`; its code is imported when it is needed."""
    if name == "okx":
        from kucoin_sync.cli.venues.okx import OkxVenue

        return OkxVenue()
    from kucoin_sync.cli.venues.kucoin import KucoinVenue

    return KucoinVenue()
