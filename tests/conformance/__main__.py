"""
``python -m tests.conformance``: make the checks and print a table; exit code 1 if anything differs.

``--simulator`` (the default) puts them to a simulator. ``--live`` puts them to KuCoin's public services: some thirty
calls without a signature and six connections, one more for a difference at most, within a few minutes. What messages
look like is compared with a simulator in the same run either way.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator

import requests
from attrs import frozen
from websockets.exceptions import WebSocketException

from tests.conformance.checks import CHECKS, Check, Silent
from tests.conformance.service import LIVE, Differs, Service, simulated

__all__ = ["Result", "main", "results"]


@frozen
class Result:
    """What came of a check: ``ok``, ``differs``, or ``silent`` where no message came to look at."""

    check: Check
    word: str
    what: str = ""

    def line(self, width: int) -> str:
        """Return a row of the table."""
        told = f"{self.word} ({self.what})" if self.what else self.word
        return f"{self.check.name:{width}}  {told}  [{self.check.source}]"


def results(service: Service, reference: Service, checks: Iterable[Check] = CHECKS) -> Iterator[Result]:
    """Make checks of a service one after the other."""
    for check in checks:
        try:
            check.run(service, reference)
        except Silent as silent:
            yield Result(check, "silent", str(silent))
        except Differs as difference:
            yield Result(check, "differs", str(difference))
        except (OSError, WebSocketException, requests.RequestException) as problem:
            yield Result(check, "differs", f"no answer: {problem or type(problem).__name__}")
        except (LookupError, TypeError, AttributeError) as problem:
            # An answer of another shape than the check reads is a finding and no accident.
            yield Result(check, "differs", f"another shape: {type(problem).__name__} {problem}")
        else:
            yield Result(check, "ok")
            continue
        service.doubt()
        reference.doubt()


def main(arguments: list[str] | None = None, show: Callable[[str], object] = print) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--simulator", action="store_true", help="check a simulator (the default)")
    which.add_argument("--live", action="store_true", help="check the public services of KuCoin; needs the network")
    parser.add_argument("--only", metavar="TEXT", default="", help="make only the checks with this in their name")
    options = parser.parse_args(arguments)
    checks = [check for check in CHECKS if options.only in check.name]
    width = max((len(check.name) for check in checks), default=0)
    counts = dict.fromkeys(("ok", "differs", "silent"), 0)
    with contextlib.ExitStack() as stack:
        reference, _ = stack.enter_context(simulated(seed=1))
        if options.live:
            service = stack.enter_context(Service(LIVE, patience=10, push_patience=20, proxies=True))
        else:
            service, _ = stack.enter_context(simulated(seed=2))
        for result in results(service, reference, checks):
            counts[result.word] += 1
            show(result.line(width))
    show(", ".join(f"{number} {word}" for word, number in counts.items()))
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
