"""`reconciler completion`: what a shell needs to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from reconciler.cli import terminal
from reconciler.cli.completion import SHELLS, VARIABLE


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that lets a shell complete commands, options and names.

    \b
    bash  eval "$(reconciler completion bash)"      in ~/.bashrc
    zsh   eval "$(reconciler completion zsh)"       in ~/.zshrc, after compinit
    fish  reconciler completion fish | source       in ~/.config/fish/config.fish

    Names behind --only come from the files, those behind --target from reconciler.yaml; no live system is asked.
    """
    root = click.get_current_context().find_root().command
    script = get_completion_class(shell)
    assert script is not None, "click knows these shells"
    terminal.say(script(root, {}, "reconciler", VARIABLE).source())
    return 0
