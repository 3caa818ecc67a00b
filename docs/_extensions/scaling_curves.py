"""Directive ``scaling-curves``: draws the rows of the page's tables that begin with ``scaling, ``."""

from __future__ import annotations

import html
import math
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PREFIX = "scaling, "
WIDTH, HEIGHT, MARGIN, COLUMNS = 310, 170, 34, 2
"""Of one panel; the margin is what a panel keeps free around its curve."""

Point = tuple[float, float, str]


class ScalingCurves(SphinxDirective):
    """A panel for each quantity that grows: the microseconds of each order or message over it, both logarithmic."""

    def run(self) -> list[nodes.Node]:
        text = Path(self.get_source_info()[0]).read_text(encoding="utf-8")
        curves: dict[str, list[Point]] = {}
        for line in text.splitlines():
            row = re.split(r"\s{2,}", line.strip())
            if row[0].startswith(PREFIX) and len(row) == 7:
                title = f"us of each {row[6]}, by {row[0][len(PREFIX) :]}"
                point = (float(row[1].replace(",", "")), float(row[2].replace(",", "")), row[1])
                curves.setdefault(title, []).append(point)
        if not curves:
            raise self.error(f"the page has no row that begins with {PREFIX!r}")
        return [nodes.raw("", _picture(curves), format="html")]


def _picture(curves: dict[str, list[Point]]) -> str:
    rows = math.ceil(len(curves) / COLUMNS)
    panels = [
        f'<g transform="translate({number % COLUMNS * (WIDTH + 20)} {number // COLUMNS * (HEIGHT + 16)})">'
        f"{_panel(title, points)}</g>"
        for number, (title, points) in enumerate(curves.items())
    ]
    width, height = COLUMNS * (WIDTH + 20), rows * (HEIGHT + 16)
    style = "max-width:100%;height:auto;display:block;margin:0.6em 0;font-size:12px;fill:currentColor"
    return (
        f'<svg role="img" aria-label="how cost grows" viewBox="0 0 {width} {height}" width="{width}" style="{style}">'
        + "".join(panels)
        + "</svg>"
    )


def _panel(title: str, points: list[Point]) -> str:
    across = _scale([x for x, _, _ in points], MARGIN, WIDTH - MARGIN)
    # A curve that is flat to a factor of ten looks flat: the height is a factor of ten at least.
    costs = [cost for _, cost, _ in points]
    middle = math.sqrt(min(costs) * max(costs))
    span = max(math.sqrt(10), max(costs) / middle)
    up = _scale([middle / span, middle * span], HEIGHT - MARGIN, 2 * MARGIN)
    places = [(across(x), up(cost), label, cost) for x, cost, label in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in places)
    parts = [
        f'<text x="0" y="14" font-weight="bold">{html.escape(title)}</text>',
        f'<line x1="{MARGIN / 2}" y1="{HEIGHT - 20}" x2="{WIDTH - MARGIN / 2}" y2="{HEIGHT - 20}" stroke="#8a94a6"/>',
        f'<polyline points="{line}" fill="none" stroke="#2c7a3d" stroke-width="2"/>',
    ]
    for x, y, label, cost in places:
        shown = f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#2c7a3d"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{shown}</text>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 4}" text-anchor="middle">{html.escape(label)}</text>')
    return "".join(parts)


def _scale(values: list[float], first: float, last: float) -> Any:
    low, high = math.log(min(values)), math.log(max(values))
    return lambda value: first + (math.log(value) - low) / ((high - low) or 1.0) * (last - first)


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("scaling-curves", ScalingCurves)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
