"""
Tables for notebooks: HTML that shows a value, and data frames of what is rows anyway.

pandas is imported when a data frame is asked for; the extra ``[notebook]`` brings it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["Rows", "data_frame", "facts_html", "rows_html"]

LONGEST_CELL = 256
MOST_ROWS = 200
"""Rows that are shown of a longer table."""

_LEFT = "style='text-align:left'"


def facts_html(caption: str, facts: Mapping[str, Any]) -> str:
    """Return a table of two columns, name and value; what is ``None`` is left out."""
    rows = "".join(
        f"<tr><th {_LEFT}>{_cell(name)}</th><td {_LEFT}>{_cell(value)}</td></tr>"
        for name, value in facts.items()
        if value is not None
    )
    return f"<table><caption><b>{_cell(caption)}</b></caption>{rows}</table>"


def rows_html(caption: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table with a column for every name that is in any of its rows."""
    names = _names(rows)
    head = "".join(f"<th {_LEFT}>{_cell(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td {_LEFT}>{_cell(row.get(name))}</td>' for name in names)}</tr>" for row in rows[:MOST_ROWS]
    )
    rest = len(rows) - MOST_ROWS
    more = f"<tr><td colspan='{len(names)}'>and {rest} more</td></tr>" if rest > 0 else ""
    return f"<table><caption><b>{_cell(caption)}</b></caption><tr>{head}</tr>{body}{more}</table>"


def data_frame(rows: Iterable[Mapping[str, Any]]) -> Any:
    """
    Return a `pandas.DataFrame` of rows, each a mapping of column to value.

    Raises:
        ImportError: Without pandas.
    """
    try:
        import pandas
    except ImportError:
        raise ImportError("to_dataframe() needs pandas: install kucoin-sync with its extra 'notebook'") from None
    return pandas.DataFrame([dict(row) for row in rows])


class Rows(list[dict[str, Any]]):
    """A list of dictionaries as the exchange sent them, which a notebook shows as a table."""

    def to_dataframe(self) -> Any:
        """
        Return it as a `pandas.DataFrame`, a row for each dictionary.

        What is text on the wire is text there: exact prices are for you to convert, with ``astype`` or `Decimal`.

        Raises:
            ImportError: Without pandas, which the extra ``notebook`` brings.
        """
        return data_frame(self)

    def _repr_html_(self) -> str:
        return rows_html(f"{len(self)} rows", self)


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> str:
    """Return text for a cell: escaped, and what does not print made visible, for it may be a peer's."""
    if value is None:
        return ""
    text = str(value)
    cut = text[:LONGEST_CELL].encode("unicode_escape").decode("ascii")
    return escape(cut + ("..." if len(text) > LONGEST_CELL else ""))
