"""Keys from the environment and from profiles, and what never shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from kucoin_sync.cli import profiles
from kucoin_sync.cli.commands import cli
from kucoin_sync.cli.profiles import ProfileError
from kucoin_sync.cli.venues import venue_of
from kucoin_sync.cli.venues.venue import CREDENTIALS
from kucoin_sync.simulator import Simulator
from tests.cli.commands import profile, run
from tests.test_cli import posix

SECRET = "a-secret-nobody-sees"
GOOD = f"[main]\napi_key = k\napi_secret = {SECRET}\napi_passphrase = p\nhosts.spot_rest = http://127.0.0.1:1\n"


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    file = path / "profiles.ini"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_profile_is_read(tmp_path: Path) -> None:
    venue, options = profiles.read(written(tmp_path, GOOD), "main")
    assert venue.name == "kucoin"
    assert options == {
        "api_key": "k",
        "api_secret": SECRET,
        "api_passphrase": "p",
        "hosts": {"spot_rest": "http://127.0.0.1:1"},
    }


def test_a_value_with_a_percent_sign_is_taken_as_it_is(tmp_path: Path) -> None:
    assert profiles.read(written(tmp_path, "[main]\napi_secret = 50%(x)s%\n"), "main")[1] == {"api_secret": "50%(x)s%"}


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o620])
def test_a_profile_that_others_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    file = written(tmp_path, GOOD, mode)
    with pytest.raises(ProfileError, match=f"mode {mode:04o}, open to others.*chmod 600"):
        profiles.read(file, "main")
    assert profiles.names(file) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + "[main]\n", "not an INI file, see line 6"),
        (f"[main]\napi_secret {SECRET}\n", "not an INI file, see line 2"),
        (f"api_secret = {SECRET}\n", "not an INI file, see line 1"),
        (f"[main]\nsecret = {SECRET}\n", "unknown setting 'secret'"),
        (f"[other]\napi_secret = {SECRET}\n", "has no profile 'main'; there are: other"),
    ],
)
def test_a_bad_profile_is_refused_without_its_secrets(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        profiles.read(written(tmp_path, text), "main")
    assert says in str(caught.value) and SECRET not in str(caught.value)


def test_a_profile_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = run("balances", "--profile", "x", "--profiles-file", str(tmp_path / "none.ini"))
    assert ran.code == 1 and "there is no" in ran.err


def test_the_environment_names_keys_or_some_are_missing() -> None:
    kucoin = venue_of("kucoin")
    assert profiles.from_environment({}, kucoin) == {}
    assert profiles.from_environment({"KUCOIN_API_REGION": "EU"}, kucoin) == {"api_region": "EU"}
    full = {f"KUCOIN_{name.upper()}": name for name in CREDENTIALS}
    assert profiles.from_environment(full, kucoin) == {name: name for name in CREDENTIALS}
    with pytest.raises(ProfileError, match=r"missing: KUCOIN_API_SECRET, KUCOIN_API_PASSPHRASE$"):
        profiles.from_environment({"KUCOIN_API_KEY": SECRET}, kucoin)


def test_okx_has_variables_and_settings_of_its_own(tmp_path: Path) -> None:
    okx = venue_of("okx")
    full = {f"OKX_{name.upper()}": name for name in CREDENTIALS}
    environment = {**full, "OKX_MARKET": "EEA", "OKX_DEMO_TRADING": "Yes", "KUCOIN_API_KEY": "another"}
    expected = {**{name: name for name in CREDENTIALS}, "market": "EEA", "demo_trading": True}
    assert profiles.from_environment(environment, okx) == expected
    with pytest.raises(ProfileError, match=r"^OKX_DEMO_TRADING has to be yes or no$"):
        profiles.from_environment({**full, "OKX_DEMO_TRADING": "perhaps"}, okx)
    text = "[o]\nexchange = OKX\nmarket = US\ndemo_trading = no\n[k]\nmarket = US\n[b]\nexchange = binance\n"
    venue, options = profiles.read(written(tmp_path, text), "o")
    assert (venue.name, options) == ("okx", {"market": "US", "demo_trading": False})
    with pytest.raises(ProfileError, match="'k' has an unknown setting 'market'"):
        profiles.read(tmp_path / "profiles.ini", "k")
    with pytest.raises(ProfileError, match="'b' has an unknown exchange; there are kucoin, okx"):
        profiles.read(tmp_path / "profiles.ini", "b")


def test_keys_of_one_exchange_do_not_go_to_another(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD + "[o]\nexchange = okx\n")
    ran = run("balances", "--exchange", "okx", "--profile", "main", "--profiles-file", str(file))
    assert ran.code == 1 and "profile 'main' is for kucoin; one for okx has the line: exchange = okx" in ran.err
    ran = run("balances", "--exchange", "kucoin", "--profile", "o", "--profiles-file", str(file))
    assert ran.code == 1 and "profile 'o' is for okx" in ran.err
    assert SECRET not in ran.out + ran.err


def test_a_profile_or_a_simulator_says_which_exchange_it_is(tmp_path: Path) -> None:
    with Simulator(exchange="okx") as exchange:
        words = profile(tmp_path, exchange.client_options(), exchange="okx")
        assert run("balances", "USDT", "--json", *words).rows[0][0]["equity"]
        assert run("balances", "USDT", "--json", exchange=exchange).rows[0][0]["equity"]
        ran = run("balances", "--exchange", "kucoin", exchange=exchange)
        assert ran.code == 2 and "stands for okx, not for kucoin" in ran.err


def test_keys_come_from_where_they_were_named(tmp_path: Path) -> None:
    with Simulator() as exchange:
        options = exchange.client_options()
        words = profile(tmp_path, options, "default")
        ran = run("balances", "--json", *words)
        assert ran.code == 0
        ran = run("balances", "--json", "--profiles-file", words[3])  # the profile of this name is the default
        assert ran.code == 0
        wrong = {f"KUCOIN_{name.upper()}": f"simulator-{name}" for name in CREDENTIALS}
        ran = run("balances", *words, env=wrong)  # what is named on the command line wins
        assert ran.code == 0


def test_a_command_that_needs_keys_says_so(tmp_path: Path, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(profiles, "default_path", lambda: tmp_path / "none.ini")
    ran = run("balances")
    assert ran.code == 1 and "needs api_key" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--simulator", "--profile", "x"), "the simulator has keys of its own"),
        (("--simulator-url", "http://example.com"), "loopback"),
        (("--ca-file", __file__), "--ca-file goes with --simulator-url"),
        (("--simulator-url", "https://127.0.0.1:1"), "needs --ca-file"),
    ],
)
def test_choices_that_do_not_go_together(words: tuple[str, ...], says: str) -> None:
    ran = run("balances", *words)
    assert ran.code == 2 and says in ran.err


def test_a_simulator_over_tls_is_reached(tmp_path: Path) -> None:
    with Simulator(tls=True) as exchange:
        file = tmp_path / "ca.pem"
        file.write_bytes(exchange.ca_pem or b"")
        assert run("balances", "--ca-file", str(file), exchange=exchange).code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(shell: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0 and f"_KUCOIN_SYNC_COMPLETE={shell}_complete" in ran.out


def test_the_script_of_the_shell_gets_its_answers_from_the_program() -> None:
    environment = {
        **os.environ,
        "_KUCOIN_SYNC_COMPLETE": "bash_complete",
        "COMP_WORDS": "kucoin-sync order mod",
        "COMP_CWORD": "2",
    }
    command = [sys.executable, "-m", "kucoin_sync"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "plain,modify\n"


def test_topics_and_profiles_are_completed(tmp_path: Path) -> None:
    def completed(*words: str, begun: str) -> list[str]:
        shell = ShellComplete(cli, {}, "kucoin-sync", "_X")
        return [item.value for item in shell.get_completions(list(words), begun)]

    assert "/market/ticker:" in completed("watch", begun="/market/")
    assert "orderAll." in completed("watch", begun="order")
    assert "tickers:" in completed("watch", "--exchange", "okx", begun="tick")
    words = profile(tmp_path, {"api_key": "k", "api_secret": "s", "api_passphrase": "p"}, "main")
    assert completed("balances", "--profiles-file", words[3], "--profile", begun="m") == ["main"]


def test_every_command_for_the_exchange_takes_the_shared_options() -> None:
    shared = {"--exchange", "--profile", "--simulator", "--simulator-url", "--json", "--timeout"}
    commands = {name: cli.commands[name] for name in ("watch", "orders", "balances", "cancel-all", "doctor")}
    group = cli.commands["order"]
    assert isinstance(group, click.Group)
    for name, command in {**commands, **group.commands}.items():
        assert shared <= {option for parameter in command.params for option in parameter.opts}, name
