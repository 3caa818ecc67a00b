"""
``completion``: the script that makes a shell complete the commands, options, topics and profiles.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

VARIABLE = "_KUCOIN_SYNC_COMPLETE"


@click.command(short_help="Print what completes commands in your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """
    Print a script for the shell's start-up file that completes what you type.

    \b
    bash:  eval "$(kucoin-sync completion bash)"       in ~/.bashrc
    zsh:   eval "$(kucoin-sync completion zsh)"        in ~/.zshrc
    fish:  kucoin-sync completion fish | source        in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    spelled = kind(click.get_current_context().find_root().command, {}, "kucoin-sync", VARIABLE)
    # Not its `source`: for bash that would run a bash to see its version, and there may be none here.
    click.echo(spelled.source_template % spelled.source_vars())
