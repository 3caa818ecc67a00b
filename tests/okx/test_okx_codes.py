"""OKX's table of codes: which are refusals, for which operations."""

from __future__ import annotations

import pytest

from kucoin_sync.okx import refusals
from kucoin_sync.okx.operations import OPERATIONS
from kucoin_sync.orders.operation import Verdict

LISTED = (
    *("50001", "50004", "50011", "50013", "50014", "50026", "50036", "50037", "50061", "50071", "51000", "51001"),
    *("51003", "51004", "51005", "51006", "51008", "51010", "51016", "51020", "51022", "51027", "51028", "51034"),
    *("51054", "51111", "51121", "51131", "51137", "51138", "51149", "51169", "51170", "51400", "51401", "51402"),
    *("51406", "51410", "51411", "51500", "51501", "51503", "51506", "51509", "51510", "51512", "51513", "54004"),
    *("54008", "54036", "59113", "60011", "60012", "60013", "60014", "60019", "60027", "60028", "60033", "63999"),
    *("64007", "1", "2"),
)
"""Codes that the reference lists for orders."""


@pytest.mark.parametrize("code", LISTED)
def test_every_code_that_the_reference_lists_for_orders_was_decided(code: str) -> None:
    assert any(refusals.find(op, code, "") for op in OPERATIONS)


def test_every_row_of_the_table_can_be_reached_and_says_where_it_is_from() -> None:
    for row in refusals.TABLE:
        assert row.source and row.meaning
        assert set(row.ops) <= set(OPERATIONS)
        for op in row.ops or ("new-operation",):
            assert refusals.find(op, row.code, row.pattern) is row, (op, row)


@pytest.mark.parametrize(
    ("op", "code"),
    [
        ("cancel-order", "51008"),
        ("order", "51400"),
        ("cancel-order", "51503"),
        ("amend-order", "51016"),
        ("cancel-order", "50036"),
        ("sprd-order", "50037"),
        ("order", "54004"),
        ("order", "51603"),
        ("cancel-order", "51401"),
        ("sprd-mass-cancel", "51411"),
    ],
)
def test_a_code_that_means_nothing_for_an_operation_is_no_refusal_of_it(op: str, code: str) -> None:
    assert refusals.judge(op, {}, code, "") is Verdict.UNKNOWN


@pytest.mark.parametrize("code", ["50011", "50061", "60014"])
def test_a_limit_is_told_from_other_refusals(code: str) -> None:
    assert refusals.judge("order", {}, code, "") is Verdict.LIMITED
