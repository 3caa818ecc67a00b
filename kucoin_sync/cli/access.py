"""
Where a command connects and with whose keys: the options that all of them share.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click
from click.shell_completion import CompletionItem

from kucoin_sync.cli import profiles
from kucoin_sync.cli.console import Output
from kucoin_sync.cli.simulator_url import check_simulator_url, reach_simulator
from kucoin_sync.cli.venues import DEFAULT_EXCHANGE, EXCHANGES, Venue, venue_of
from kucoin_sync.errors import ConfigError
from kucoin_sync.options import Options

if TYPE_CHECKING:
    from kucoin_sync.simulator import Simulator

__all__ = ["Access", "Wanted", "access_options", "exchange_option", "local_simulator"]


@attrs.frozen
class Access:
    """
    Where to connect.

    Attributes:
        venue: The exchange.
        options: Of the client.
        title: What the user is told it is, such as ``KuCoin``.
        source: Where the keys came from, in words.
        label: In a word: ``LIVE``, ``PRACTICE`` or ``SIMULATOR``.
        words: The same choice as words of a command line, for the commands that are proposed.
    """

    venue: Venue
    options: Options
    title: str
    source: str
    label: str
    words: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether real money can move there."""
        return self.label == "LIVE"


@attrs.frozen
class Wanted:
    """What the shared options say."""

    exchange: str | None
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
            for access in self._open_simulator(more):
                self._name_doctor(access)
                yield access
            return
        access = self._open_exchange(more)
        self._name_doctor(access)
        yield access

    def _name_doctor(self, access: Access) -> None:
        self.output.doctor = shlex.join(["kucoin-sync", "doctor", *access.words])

    def _open_simulator(self, more: dict[str, Any]) -> Iterator[Access]:
        if self.simulator_url is not None:
            words = ["--simulator-url", self.simulator_url]
            if self.ca_file is not None:
                words += ["--ca-file", str(self.ca_file)]
            with reach_simulator(self.simulator_url, self.ca_file, self.exchange) as exchange:
                venue = venue_of(exchange.exchange)
                options = _options(venue, {**exchange.client_options(), **more})
                title = f"a simulated {venue.title} at {self.simulator_url}"
                yield Access(venue, options, title, "the simulator", "SIMULATOR", tuple(words))
            return
        venue = venue_of(self.exchange or DEFAULT_EXCHANGE)
        with local_simulator(venue) as exchange:
            options = _options(venue, {**exchange.client_options(), **more})
            title = f"a simulated {venue.title} in this process"
            yield Access(venue, options, title, "the simulator", "SIMULATOR", (*self._exchange_words, "--simulator"))

    def _open_exchange(self, more: dict[str, Any]) -> Access:
        path = self.profiles_file or profiles.default_path()
        words = list(self._exchange_words)
        venue = venue_of(self.exchange or DEFAULT_EXCHANGE)
        try:
            if self.profile is not None:
                venue, found = profiles.read(path, self.profile, self.exchange)
                source = f"profile {self.profile!r} in {path}"
                words += ["--profile", self.profile]
            elif found := profiles.from_environment(os.environ, venue):
                source = "the environment" if "api_key" in found else "no keys"
            elif self.profiles_file is not None or path.exists():
                venue, found = profiles.read(path, venue.default_profile, venue.name)
                source = f"profile {venue.default_profile!r} in {path}"
            else:
                source = "no keys"
        except profiles.ProfileError as error:
            raise click.ClickException(str(error)) from None
        if self.profiles_file is not None:
            words += ["--profiles-file", str(self.profiles_file)]
        options = _options(venue, {**found, **more})
        if venue.is_simulated(options):
            title, label = f"a simulated {venue.title}", "SIMULATOR"
        else:
            title, label = venue.describe(options), "PRACTICE" if venue.is_practice(options) else "LIVE"
        return Access(venue, options, title, source, label, tuple(words))

    @property
    def _exchange_words(self) -> tuple[str, ...]:
        return () if self.exchange is None else ("--exchange", self.exchange)


@contextlib.contextmanager
def local_simulator(venue: Venue, *, tls: bool = False) -> Iterator[Simulator]:
    """Yield a simulator of an exchange in this process. Raises ClickException."""
    from kucoin_sync.simulator import Simulator

    try:
        simulator = Simulator(exchange="okx" if venue.name == "okx" else "kucoin", tls=tls)
    except ImportError as error:
        raise click.ClickException(str(error)) from None
    with simulator:
        yield simulator


def _options(venue: Venue, keywords: dict[str, Any]) -> Options:
    try:
        return venue.options(keywords)
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


exchange_option = click.option(
    "--exchange",
    type=click.Choice(EXCHANGES),
    help="Which exchange.  [default: what profile or simulator say, else kucoin]",
)

_OPTIONS = (
    exchange_option,
    click.option(
        "--profile",
        metavar="NAME",
        shell_complete=_complete_profile,
        help="Keys from this profile.  [default: the environment, else the profile 'default', of OKX 'okx']",
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
