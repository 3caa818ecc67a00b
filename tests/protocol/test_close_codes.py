"""
Close codes: most are followed by the usual return, a few by a later one, and a second refusal by none.
"""

from __future__ import annotations

import pytest

from kucoin_sync.protocol.close_codes import CloseHistory, ComeBack

OUR_FAULT = [1002, 1003, 1007, 1009, 1010]


@pytest.mark.parametrize(
    ("codes", "last"),
    [
        *[([code] * 3, ComeBack.SOON) for code in (1000, 1001, 1005, 1006, 1011, 1014, 3000, 4000, 4999)],
        *[([code] * 3, ComeBack.LATER) for code in (1012, 1013)],
        *[([code], ComeBack.SOON) for code in [*OUR_FAULT, 1008]],
        *[([code, code], ComeBack.LAST) for code in OUR_FAULT],
        ([1002, 1009, 1003], ComeBack.LAST),
        ([1002, 1006, 1002], ComeBack.SOON),
        ([1008, 1008], ComeBack.NEVER),
        ([1008, 1000, 1008], ComeBack.SOON),
        ([1002, 1008, 1002], ComeBack.SOON),
    ],
)
def test_T23_each_code_has_its_return(codes: list[int], last: ComeBack) -> None:
    history = CloseHistory()
    for code in codes:
        come_back = history.closed(code)
    assert come_back is last


@pytest.mark.parametrize("code", [1002, 1008])
def test_T23_a_line_that_held_wipes_the_slate(code: int) -> None:
    history = CloseHistory()
    assert history.closed(code) is ComeBack.SOON
    history.reset()
    assert history.closed(code) is ComeBack.SOON
