"""
One connection of the newer order-entry host, which knows unified operations only.

There is no query and no challenge: the client sends an auth frame, and the welcome follows. One source describes
this host; what a refusal looks like there is assumed to be as on the older one.
"""

from __future__ import annotations

from ..json_text import read_object
from ..kucoin_signatures import SignatureRefused
from ..kucoin_venue import KucoinVenue
from ..peer import Peer
from ..pro.login import check_auth_frame
from .ws_api import WsApiSession

__all__ = ["UtaSession"]


class UtaSession(WsApiSession):
    """
    The server's side of one such connection.

    Args:
        venue: Shared state.
        peer: The connection.
    """

    def __init__(self, venue: KucoinVenue, peer: Peer) -> None:
        super().__init__(venue, peer, {})
        self._operations = {op: run for op, run in venue.operations.items() if op.startswith("uta.")}

    def start(self) -> None:
        """Wait for the auth frame."""
        self._expect_login()

    def _log_in(self, text: str) -> None:
        frame = read_object(text) or {}
        try:
            if frame.get("op") != "auth":
                raise SignatureRefused("400001")
            venue = self._venue
            credentials = check_auth_frame(frame, venue.credentials, now_ms=venue.line_ms(), replays=venue.replays)
        except SignatureRefused as error:
            self._refuse(error.code)
            return
        self._welcome(credentials)
