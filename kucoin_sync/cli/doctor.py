"""
``doctor``: goes the way to the exchange step by step, and names what is in the way.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import click

from kucoin_sync.cli.access import Access, Wanted, access_options
from kucoin_sync.cli.console import FAILED, Output
from kucoin_sync.cli.examination import Examination, Finding, State

__all__ = ["doctor", "verdict"]

_MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "note": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("-", "bright_black"),
}
_WIDTH = 16


@click.command(short_help="Find out why it does not work.")
@click.option("--market", type=click.Choice(["spot", "futures"]), help="KuCoin: which hosts.  [default: spot]")
@access_options
def doctor(market: str | None, wanted: Wanted) -> None:
    """
    Find out why it does not work: name, port, TLS, token, welcome, login, clock, round trip, permission.

    Each is a line that passes, or says what to do. The exit code is 1 if one failed.
    """
    output = wanted.output
    with wanted.open() as access, output.failures(), access.venue.client(access.options) as client:
        examination = access.venue.examination(access.options, client, market, access.source)
        findings = _told(examination, access, output)
    chosen = verdict(findings)
    failed = chosen is not None and chosen.state == "failed"
    if output.as_json:
        output.json(
            {
                "healthy": not failed,
                "cause": None if chosen is None or chosen.cause is None else chosen.cause.name,
                "findings": [attrs.asdict(each) for each in findings],
            }
        )
    else:
        _conclude(output, chosen, has_keys=access.options.credentials is not None)
    click.get_current_context().exit(FAILED if failed else 0)


def verdict(findings: Sequence[Finding]) -> Finding | None:
    """
    Return the finding that names the cause; ``None`` if everything works.

    The first failure is the cause of those after it; where there is none, the first note is what to look at.
    """
    for state in ("failed", "note"):
        for finding in findings:
            if finding.state == state:
                return finding
    return None


def _told(examination: Examination, access: Access, output: Output) -> list[Finding]:
    findings: list[Finding] = []
    if not output.as_json:
        output.say(f"Examining the way to {access.title}", "bold")
    checks = examination.run()
    while True:
        with output.working("examining"):
            finding = next(checks, None)
        if finding is None:
            return findings
        findings.append(finding)
        if not output.as_json:
            mark, style = _MARKS[finding.state]
            output.say(finding.text, style if finding.state != "ok" else "", mark=f"{mark} {finding.check:<{_WIDTH}}")
            if finding.cause is not None:
                output.say(finding.cause.advice, "bold", mark=" " * (_WIDTH + 1) + "→")


def _conclude(output: Output, chosen: Finding | None, *, has_keys: bool) -> None:
    if chosen is None or chosen.cause is None:
        rest = "" if has_keys else " Without keys only the public part was looked at."
        output.say(f"Everything works.{rest}", "bold green")
        return
    word = "The cause" if chosen.state == "failed" else "It works, but"
    style = "bold red" if chosen.state == "failed" else "bold yellow"
    output.say(f"{word}: {chosen.cause.name} ({chosen.check}). {chosen.cause.advice}", style)
