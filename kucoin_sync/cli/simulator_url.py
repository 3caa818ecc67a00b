"""
A simulator in another process, as a command line names it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from kucoin_sync.cli.venues import Unavailable
from kucoin_sync.errors import ConfigError
from kucoin_sync.options import check_url, is_loopback

if TYPE_CHECKING:
    from kucoin_sync.simulator import Controls

__all__ = ["check_simulator_url", "reach_simulator"]


def check_simulator_url(url: str | None) -> str | None:
    """Take the address of a simulator on this machine and nothing else: commands place orders there without asking."""
    if url is None:
        return None
    try:
        parts = urlsplit(check_url("the address", url, ("https", "http")))
    except ConfigError as error:
        raise click.BadParameter(str(error)) from None
    if not is_loopback(parts.hostname or "") or parts.path.strip("/") or parts.query or parts.fragment:
        raise click.BadParameter("must be the address that 'kucoin-sync simulate' prints")
    return f"{parts.scheme}://{parts.netloc}"


@contextlib.contextmanager
def reach_simulator(url: str, ca_file: Path | None, exchange: str | None) -> Iterator[Controls]:
    """Yield the simulator at an address, which stands for this exchange, or for any. Raises ClickException."""
    if url.startswith("https") != (ca_file is not None):
        raise click.UsageError("an https URL needs --ca-file, and only an https URL does")
    from kucoin_sync.simulator import Simulator

    try:
        simulator = Simulator.connect(url, ca_file=ca_file)
    except (OSError, ValueError, ImportError) as error:
        raise click.ClickException(str(error)) from None
    if exchange not in (None, simulator.exchange):
        raise Unavailable(f"the simulator at {url} stands for {simulator.exchange}, not for {exchange}")
    yield simulator
