"""
The command ``kucoin-sync``, also as ``python -m kucoin_sync``.

Only the check that the command line's own packages are installed lives here; the rest is `kucoin_sync.cli`.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

_PACKAGES = ("click", "rich")
_MISSING = 'kucoin-sync needs its command line extra: pip install "kucoin-sync[cli]"\n'


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        from kucoin_sync.cli import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PACKAGES:
            raise
        sys.stderr.write(_MISSING)
        return 1
    except KeyboardInterrupt:  # the imports take a moment
        sys.stderr.write("\ninterrupted\n")
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
