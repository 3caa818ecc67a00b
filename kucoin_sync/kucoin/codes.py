"""
What KuCoin's codes mean for a request: refused for certain, or unknown.

One table, no ranges. A code that is not listed is unknown, and so is everything that a failing server may say after it
acted: timeouts, "busy", internal errors.

Source: KuCoin docs, Error codes of the gateway, of spot trading, and messages seen on the wire (read 2026-11).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import attrs

from kucoin_sync.errors import shorten
from kucoin_sync.orders.outcome import Operation, Verdict

__all__ = ["AUTH_CODES", "CLOCK_CODE", "SUCCESS", "judge"]

logger = logging.getLogger("kucoin_sync.kucoin.codes")

SUCCESS = "200000"
CLOCK_CODE = "400002"

AUTH_CODES: Mapping[str, str] = {
    "400001": "a key header or query field is missing",
    "400002": "timestamp invalid or more than 5 s off",
    "400003": "API key does not exist",
    "400004": "passphrase wrong",
    "400005": "signature wrong",
    "400006": "client IP not on the key's whitelist",
    "400007": "key lacks the permission",
    "400008": "key version too old",
    "400009": "key version invalid",
    "400010": "user not allowed",
    "400011": "signed challenge wrong",
    "400200": "unknown partner",
    "400201": "partner signature wrong",
    "400202": "partner IP invalid",
    "400301": "restricted by local law",
    "400302": "region not served",
    "400303": "identity verification needed",
    "400304": "master account must verify its identity",
    "411200": "URL on the user's blacklist",
}
"""Codes of the gateway's door: trying again with the same credentials from the same place cannot help."""


@attrs.frozen
class _Row:
    """``product`` and ``ops`` empty: all; ``pattern``: a part of the message, compared without case."""

    code: str
    verdict: Verdict = Verdict.REFUSED
    product: str = ""
    ops: tuple[str, ...] = ()
    pattern: str = ""


# The gateway refuses before the trading engine sees the frame.
_GATEWAY = [
    *(_Row(code) for code in AUTH_CODES),
    _Row("400100", Verdict.DUPLICATE, pattern="clientOidDuplicated"),
    _Row("400100"),
    _Row("400101"),
    _Row("400102"),
    _Row("4001002"),
    _Row("404000"),  # of the REST gateway alone, as the next: it passed nothing on
    _Row("415000"),
    _Row("429000", Verdict.LIMITED),
    _Row("429001", Verdict.LIMITED),
    _Row("429002", Verdict.LIMITED),
]

# Not for spot.modify: it cancels before it places, and these may be said of the second half.
_PLACE_OR_CANCEL = ("spot.order", "spot.cancel")
_SPOT = [
    _Row(code, product="spot", ops=_PLACE_OR_CANCEL)
    for code in (
        "200001",  # order creation suspended for the pair
        "200002",  # cancel suspended for the pair
        "200003",  # too many orders
        "200004",  # balance insufficient
        "200009",  # identity verification needed for the pair
        "400500",  # region not allowed for the token
        "400600",  # pair not trading yet
        "400700",  # restricted by risk control
        "411100",  # user is frozen
        "600004",  # trading unavailable at the location
        "600203",  # symbol not enabled for trading
        "900001",  # symbol does not exist
    )
]

_TABLE: dict[str, list[_Row]] = {}
for _row in (*_GATEWAY, *_SPOT):
    _TABLE.setdefault(_row.code, []).append(_row)


def judge(operation: Operation, code: str, message: str) -> Verdict:
    """
    Say what a code that is not success means for an operation.

    Args:
        operation: Its row.
        code: As sent.
        message: The text beside it.

    Returns:
        `Verdict.UNKNOWN` for whatever the table does not list.
    """
    for row in _TABLE.get(code, ()):
        if (
            (not row.product or row.product == operation.product)
            and (not row.ops or operation.name in row.ops)
            and row.pattern.lower() in message.lower()
        ):
            return row.verdict
    logger.warning("%s: code %s is not a definite refusal; the outcome is unknown", operation.name, shorten(code, 40))
    return Verdict.UNKNOWN
