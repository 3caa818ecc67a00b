"""
The command line: ``demo`` shows the library at work, ``simulate`` serves an exchange to try one's own program on.

Needs click and rich, which the extra ``cli`` brings.
"""

from __future__ import annotations

from kucoin_sync.cli.commands import run

__all__ = ["run"]
