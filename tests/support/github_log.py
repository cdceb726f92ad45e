"""What the runner of GitHub Actions makes of a log: which lines are commands to it. After `ActionCommand.cs` of the
runner: blanks at the start do not count, `##[` may stand anywhere, and after `stop-commands` only the token is heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """One command that the runner obeys."""

    name: str
    properties: dict[str, str]
    message: str


@dataclass
class Log:
    """A log read to its end. `text`: the lines that are no commands; `stopped`: no token has ended the silence."""

    commands: list[Command] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    stopped: str = ""

    def of(self, *names: str) -> list[Command]:
        return [command for command in self.commands if command.name in names]


def read(log: str) -> Log:
    """Each line as the runner takes it."""
    seen = Log()
    for line in log.splitlines():
        command = _command(line)
        if seen.stopped:
            if command is not None and command.name == seen.stopped:
                seen.stopped = ""
            else:
                seen.text.append(line)
        elif command is None:
            seen.text.append(line)
        elif command.name == "stop-commands":
            seen.stopped = command.message
        else:
            seen.commands.append(command)
    return seen


def _command(line: str) -> Command | None:
    if "##[" in line and not line.lstrip().startswith("::"):
        return Command("##[", {}, line)
    if not line.lstrip().startswith("::"):
        return None
    head, end, message = line.lstrip()[2:].partition("::")
    if not end:
        return None
    name, _, rest = head.partition(" ")
    pairs = (pair.partition("=") for pair in rest.split(",") if "=" in pair)
    return Command(name, {key.strip(): _plain(value, in_property=True) for key, _, value in pairs}, _plain(message))


def _plain(text: str, *, in_property: bool = False) -> str:
    if in_property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
