"""
Where a command connects and with whose keys: the options that all of them share.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import click
from click.shell_completion import CompletionItem

from kucoin_sync.cli import profiles
from kucoin_sync.cli.console import Output
from kucoin_sync.cli.simulator_url import check_simulator_url, reach_simulator
from kucoin_sync.errors import ConfigError
from kucoin_sync.kucoin.hosts import is_simulated
from kucoin_sync.options import Options
from kucoin_sync.simulator import Simulator

__all__ = ["Access", "Wanted", "access_options"]


@attrs.frozen
class Access:
    """
    Where to connect.

    Attributes:
        options: Of the client.
        title: What the user is told it is, such as ``KuCoin``.
        source: Where the keys came from, in words.
        is_live: Whether real money can move there.
        words: The same choice as words of a command line, for the commands that are proposed.
    """

    options: Options
    title: str
    source: str
    is_live: bool
    words: tuple[str, ...] = ()


@attrs.frozen
class Wanted:
    """What the shared options say."""

    profile: str | None
    profiles_file: Path | None
    simulator: bool
    simulator_url: str | None
    ca_file: Path | None
    timeout: float | None
    output: Output

    @contextlib.contextmanager
    def open(self, **more: Any) -> Iterator[Access]:
        """
        Find out where to connect; keep a simulator of our own open meanwhile.

        Args:
            **more: Further options of the client.

        Raises:
            click.ClickException: If that cannot be.
        """
        if self.timeout is not None:
            more = {"request_timeout": self.timeout, "open_timeout": self.timeout, **more}
        if self.ca_file is not None and self.simulator_url is None:
            raise click.UsageError("--ca-file goes with --simulator-url")
        # What goes wrong is told by the command; without a handler logging would repeat it on stderr.
        logging.getLogger("kucoin_sync").addHandler(logging.NullHandler())
        if self.simulator or self.simulator_url is not None:
            if self.profile is not None:
                raise click.UsageError("--profile is for the exchange; the simulator has keys of its own")
            yield from self._open_simulator(more)
            return
        yield self._open_exchange(more)

    def _open_simulator(self, more: dict[str, Any]) -> Iterator[Access]:
        if self.simulator_url is not None:
            words = ["--simulator-url", self.simulator_url]
            if self.ca_file is not None:
                words += ["--ca-file", str(self.ca_file)]
            with reach_simulator(self.simulator_url, self.ca_file) as exchange:
                options = _options({**exchange.client_options(), **more})
                title = f"a simulated KuCoin at {self.simulator_url}"
                yield Access(options, title, "the simulator", False, tuple(words))
            return
        with Simulator() as exchange:
            options = _options({**exchange.client_options(), **more})
            yield Access(options, "a simulated KuCoin in this process", "the simulator", False, ("--simulator",))

    def _open_exchange(self, more: dict[str, Any]) -> Access:
        path = self.profiles_file or profiles.default_path()
        words: list[str] = []
        try:
            if self.profile is not None:
                found, source = profiles.read(path, self.profile), f"profile {self.profile!r} in {path}"
                words += ["--profile", self.profile]
            elif found := profiles.from_environment(os.environ):
                source = "the environment" if "api_key" in found else "no keys"
            elif self.profiles_file is not None or path.exists():
                found, source = profiles.read(path, profiles.DEFAULT_PROFILE), f"profile 'default' in {path}"
            else:
                source = "no keys"
        except profiles.ProfileError as error:
            raise click.ClickException(str(error)) from None
        if self.profiles_file is not None:
            words += ["--profiles-file", str(self.profiles_file)]
        options = _options({**found, **more})
        simulated = is_simulated(options)
        title = "a simulated KuCoin" if simulated else f"KuCoin ({options.api_region})"
        return Access(options, title, source, not simulated, tuple(words))


def _options(keywords: dict[str, Any]) -> Options:
    try:
        return Options.of(None, keywords)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def access_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options, which it gets as one argument ``wanted``."""
    names = [field.name for field in attrs.fields(Wanted) if field.name != "output"]

    @functools.wraps(command)
    def with_access(*args: Any, as_json: bool, **options: Any) -> Any:
        own = {name: options.pop(name) for name in names}
        return command(*args, wanted=Wanted(**own, output=Output(as_json)), **options)

    for option in reversed(_OPTIONS):
        with_access = option(with_access)
    return with_access


def _complete_profile(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    path = context.params.get("profiles_file") or profiles.default_path()
    return [CompletionItem(name) for name in profiles.names(Path(path)) if name.startswith(begun)]


_OPTIONS = (
    click.option(
        "--profile",
        metavar="NAME",
        shell_complete=_complete_profile,
        help="Keys from this profile.  [default: the environment, else the profile 'default']",
    ),
    click.option(
        "--profiles-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Where profiles are; only you may read it.  [default: profiles.ini in the folder of the configuration]",
    ),
    click.option("--simulator", is_flag=True, help="Use a simulated exchange inside this process."),
    click.option(
        "--simulator-url",
        metavar="URL",
        callback=lambda _c, _p, url: check_simulator_url(url),
        help="Use a running 'kucoin-sync simulate'.",
    ),
    click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Its certificate authority, for an https URL.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0.01, 3600),
        metavar="SECONDS",
        help="Longest time of each call, and of each opening of a line.  [default: 5, and 10]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)
