"""Directive ``benchmark-bars``: draws the rows of the page's benchmark table that begin with its argument."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

WIDTH, LABEL, ROW = 640, 230, 22


class BenchmarkBars(SphinxDirective):
    """``.. benchmark-bars:: order round trip, us, plain`` becomes one bar a client, of its median."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        text = Path(self.get_source_info()[0]).read_text(encoding="utf-8")
        rows = [re.split(r"\s{2,}", line) for line in text.splitlines()]
        found = [
            (row[1], float(row[2].replace(",", "")))
            for row in rows
            if row[0] == self.arguments[0] and len(row) > 3 and re.fullmatch(r"[\d,.]+", row[2])
        ]
        if not found:
            raise self.error(f"the page has no benchmark row {self.arguments[0]!r}")
        return [nodes.raw("", self._picture(found), format="html")]

    def _picture(self, found: list[tuple[str, float]]) -> str:
        scale = (WIDTH - LABEL - 90) / max(value for _, value in found)
        title = html.escape(self.arguments[0])
        parts = [f'<text x="0" y="14" font-weight="bold">{title}</text>']
        for number, (client, value) in enumerate(found, 1):
            y = number * ROW + 4
            colour = "#2c7a3d" if client.startswith("kucoin_sync") else "#8a94a6"
            parts.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{html.escape(client)}</text>')
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{value * scale:.1f}" height="16" fill="{colour}"/>')
            parts.append(f'<text x="{LABEL + value * scale + 6:.1f}" y="{y + 13}">{value:,.10g}</text>')
        height = (len(found) + 1) * ROW + 8
        style = "max-width:100%;height:auto;display:block;margin:0.6em 0;font-size:12px;fill:currentColor"
        return (
            f'<svg role="img" aria-label="{title}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" style="{style}">'
            + "".join(parts)
            + "</svg>"
        )


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("benchmark-bars", BenchmarkBars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
