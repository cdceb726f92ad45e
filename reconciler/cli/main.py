"""The entry point: which commands there are, and which exit code an end has (docs/reference/exit-codes.md).

Imports click and nothing heavier: a command's module is loaded when that command is called, so `--help` stays quick.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import NoReturn

import click

from reconciler import __version__
from reconciler.cli import log, stderr, terminal
from reconciler.model import secrecy
from reconciler.model.errors import ReconcilerError

COMMANDS = {
    "init": "Write a first reconciler.yaml and the folders beside it.",
    "validate": "Check the files, without looking at any live system.",
    "fmt": "Put the files in order: objects by name, fields as the reference lists them.",
    "plan": "Show what apply would change, whom it hits and what forbids it.",
    "show": "Show a plan file again.",
    "apply": "Make the live system what the files say, all or nothing.",
    "drift": "Show what was changed in the live system since the last apply.",
    "export": "Write the live system as files.",
    "list": "Show a live table as the admin panel does.",
    "schema": "Write the JSON Schemas for editors, or check that they are fresh.",
    "database": "Create, upgrade or fill the built-in database.",
    "history": "List the runs, or show what one of them did.",
    "revert": "Plan to take a run back.",
    "pause": "Make every apply refuse until it is resumed.",
    "resume": "End a pause.",
    "doctor": "Say what the reconciler sees: connection, versions, tables, protection.",
    "completion": "Print the script that lets a shell complete commands, options and names.",
}

_USAGE = 64
INTERRUPTED = 130
ERROR = 1


class LazyGroup(click.Group):
    """A group whose commands are modules, imported at use (start-up: docs/architecture.md#scale)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; None for a name that is no command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"reconciler.cli.commands.{cmd_name}").command
        return log.offered(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a name that is nearly one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from reconciler.model.names import did_you_mean  # start-up: for a slip of the fingers alone

            hint = did_you_mean(name, COMMANDS)
            raise click.UsageError(f'there is no command "{terminal.safe_text(name)}"{hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table above, so that no command is imported for `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


EPILOG = """\b
Exit codes: 0 done or nothing to do · 1 error, nothing was changed · 2 changes pending (plan
--detailed-exitcode, drift) · 3 blocked by a guard · 4 stale or foreign plan file · 5 another apply runs ·
6 outcome not known · 64 usage · 130 interrupted"""


@click.group(
    cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, "-V", "--version", message="reconciler %(version)s")
def reconciler() -> None:
    """Packages, roles and tenants of an e-mail service provider as reviewed YAML: plan, guard, apply."""


reconciler.params.append(log.option())


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Prints every failure on stderr, raises none."""
    secrecy.start()
    log.start_log(arguments)
    code = _run(arguments)
    log.end_log(code)
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        code = reconciler.main(args=list(arguments), prog_name="reconciler", standalone_mode=False)
    except click.ClickException as error:
        told = StringIO()
        error.show(told)
        shown = "\n".join(
            map(terminal.safe_text, told.getvalue().rstrip().expandtabs(4).split("\n"))
        )  # it quotes what was typed
        (terminal.hint if log.current_log() is None else terminal.complain)(shown)
        return _USAGE if isinstance(error, click.UsageError) else ERROR
    except (click.Abort, KeyboardInterrupt):
        terminal.complain("interrupted; nothing that was not finished has been kept")
        return INTERRUPTED
    except ReconcilerError as error:
        terminal.explain(error)
        return error.exit_code
    except OSError as error:  # a file or a pipe that cannot be used, wherever it was met
        terminal.complain(terminal.safe_text(": ".join(filter(None, (_path_of(error), error.strerror or str(error))))))
        return ERROR
    except Exception as error:  # the last line of defence: a person never sees a traceback
        return _internal(error)
    return code if isinstance(code, int) else 0


def _internal(error: Exception) -> int:
    """One clean line. The message is left out: it may hold a connection string or a customer's data."""
    if os.environ.get("RECONCILER_DEBUG") == "1":
        import traceback  # start-up: needed here alone

        told = secrecy.hidden_in("".join(traceback.format_exception(error)))  # whole: a secret may go over a line's end
        lines = told.rstrip().split("\n")
        terminal.complain("\n".join(map(terminal.safe_text, lines)))
    terminal.complain(
        f"internal error: {type(error).__name__}; this is a fault of the reconciler, please report it "
        "(RECONCILER_DEBUG=1 shows where)"
    )
    return ERROR


def _path_of(error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return "the current folder"
    return os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite kill ends like Ctrl-C: the transaction is rolled back before the process goes."""
    raise KeyboardInterrupt


def _dropped(what: sys.UnraisableHookArgs) -> None:
    """Python drops an interrupt that meets it while it cleans up (a weak reference, `__del__`): let it come again."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        Timer(0.01, os.kill, [os.getpid(), signal.SIGTERM]).start()
    else:
        sys.__unraisablehook__(what)


def main() -> NoReturn:
    """What the console script does once everything is imported; ends the process."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever started us, as in `>&-`
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  stays open to the end
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # Start-up: nobody's plugins have a say in what our files may hold, so none are looked for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A command is short and its values make no circles; to look for some among so many takes as long as the work.
    gc.disable()
    code = INTERRUPTED
    with suppress(KeyboardInterrupt):  # between two lines of which neither is guarded
        sys.unraisablehook = _dropped
        _on_interrupt(_interrupt)
        code = run(sys.argv[1:])
    # What was done is told: nothing that comes now changes how it ended.
    _on_interrupt(signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        stderr.settle(stream)  # what fails later would become the exit code
    sys.exit(code)


def _on_interrupt(does: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """For Ctrl-C, unless whoever started us wants none, and for a polite kill."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, does)
    signal.signal(signal.SIGTERM, does)
