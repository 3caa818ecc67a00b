"""
Keys of the user: from the environment, or from a profile in a file that nobody else may read.

A profile is a section of an INI file::

    [main]
    api_key = ...
    api_secret = ...
    api_passphrase = ...
    api_region = global
    hosts.spot_rest = https://...

    [okx]
    exchange = okx
    api_key = ...
    api_secret = ...
    api_passphrase = ...
    demo_trading = yes

A profile says which exchange its keys are for, so that they never go to another one. Nothing of its values is ever in
an error.
"""

from __future__ import annotations

import configparser
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from kucoin_sync.cli.venues import DEFAULT_EXCHANGE, EXCHANGES, Venue, venue_of
from kucoin_sync.cli.venues.venue import CREDENTIALS

__all__ = ["ProfileError", "default_path", "from_environment", "names", "read"]

_EXCHANGE = "exchange"
_HOST = "hosts."
_BOOLEANS = configparser.ConfigParser.BOOLEAN_STATES


class ProfileError(Exception):
    """A profile, or what the environment says, cannot be used; the text is for the user."""


def default_path() -> Path:
    """Return where profiles are looked for."""
    return Path(click.get_app_dir("kucoin-sync")) / "profiles.ini"


def from_environment(environment: Mapping[str, str], venue: Venue) -> dict[str, Any]:
    """
    Return the options that the environment names for an exchange; none if it names no key.

    Raises:
        ProfileError: If it names only some of the three credentials.
    """
    found = {name: environment.get(venue.variable(name), "") for name in CREDENTIALS}
    given: dict[str, Any] = {name: value for name, value in found.items() if value}
    missing = [venue.variable(name) for name in CREDENTIALS if name not in given]
    if given and missing:
        raise ProfileError(f"the environment has some of the credentials; missing: {', '.join(missing)}")
    for variable, option in venue.environment:
        if text := environment.get(variable):
            given[option] = _flag(variable, text) if option in venue.flags else text
    return given


def read(path: Path, name: str, exchange: str | None = None) -> tuple[Venue, dict[str, Any]]:
    """
    Return the exchange of a profile and its options.

    Args:
        path: Of the file.
        name: Of the profile.
        exchange: Which exchange it is to be for; ``None``: whichever it says.

    Raises:
        ProfileError: If the file is not there, open to others or malformed, has no such profile, or has it for another
            exchange.
    """
    parser = _parse(path)
    if not parser.has_section(name):
        known = ", ".join(parser.sections()) or "none"
        raise ProfileError(f"{path} has no profile {name!r}; there are: {known}")
    whose = f"{path}: profile {name!r}"
    said = parser.get(name, _EXCHANGE, fallback=DEFAULT_EXCHANGE).lower()
    if said not in EXCHANGES:
        raise ProfileError(f"{whose} has an unknown exchange; there are {', '.join(EXCHANGES)}")
    if exchange not in (None, said):
        raise ProfileError(f"{whose} is for {said}; one for {exchange} has the line: exchange = {exchange}")
    venue = venue_of(said)
    options: dict[str, Any] = {}
    hosts: dict[str, str] = {}
    for key, value in parser.items(name):
        if key.startswith(_HOST):
            hosts[key.removeprefix(_HOST)] = value
        elif key in venue.flags:
            options[key] = _flag(f"{whose}: {key}", value)
        elif key in (*CREDENTIALS, *venue.settings):
            options[key] = value
        elif key != _EXCHANGE:
            raise ProfileError(f"{whose} has an unknown setting {key[:40]!r}")
    return venue, {**options, **({"hosts": hosts} if hosts else {})}


def _flag(name: str, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ProfileError(f"{name} has to be yes or no")
    return _BOOLEANS[text.lower()]


def names(path: Path) -> list[str]:
    """Return the names of the profiles in a file, for completion; none if it cannot be used."""
    try:
        return _parse(path).sections()
    except ProfileError:
        return []


def _parse(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        with path.open(encoding="utf-8") as file:
            _check_private(path, os.fstat(file.fileno()))
            parser.read_file(file)
        return parser
    except FileNotFoundError:
        problem = f"there is no {path}"
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
    except UnicodeDecodeError:
        problem = f"{path}: not UTF-8 text"
    except configparser.Error as error:
        # Its own text quotes the line, which may be a secret.
        line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", ())), None)
        problem = f"{path}: not an INI file{'' if line is None else f', see line {line}'}"
    raise ProfileError(problem)


def _check_private(path: Path, status: os.stat_result) -> None:
    """Refuse a file that others may read or write: it holds keys. Windows says nothing about that here."""
    if not stat.S_ISREG(status.st_mode):
        raise ProfileError(f"{path} is not a file")
    if sys.platform == "win32":
        return
    if status.st_uid != os.geteuid():
        raise ProfileError(f"{path} belongs to another user")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise ProfileError(f"{path} has mode {mode:04o}, open to others; it holds keys: chmod 600 {path}")
