"""What is measured of the reconciler: one operator of a size, its live database, and the commands run on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Case, Sample, measure, nothing

REPOSITORY = Path(__file__).resolve().parent.parent
ON_PATH = {"PYTHONPATH": str(REPOSITORY)}

COLD = "plan, nothing changed, no cache"
WARM = "plan, nothing changed, cached"
ONE_FILE = "plan, one file of 100 changed"
ONE_PERCENT = "plan, 1 % changed, no cache"
REPRICED = "plan, ten packages changed, cached"
APPLY = "apply, 1 % changed, no cache"
CREATE_ALL = "apply, everything created"
PARSER = "the YAML parser alone (yaml-rs)"
HELP = "reconciler --help"
PYTHON = "bare Python"
VALIDATE = "reconciler validate, example repository"

DECLINED = 1
"""The example repository has eight dangling references: that is its story."""


def command(name: str, *, folder: Path, config: str = "base", options: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The command line of one of our commands, such as `database create`, on a set of files."""
    return (sys.executable, "-m", "reconciler", *name.split(), "-c", str(folder / f"{config}.yaml"), *options)


@dataclass(frozen=True, slots=True)
class Operator:
    """A number of tenants in files under `folder`, and the same in a live database."""

    folder: Path
    tenants: int

    def set_up(self) -> Sample:
        """Write the files, make the database, create everything by one apply; that apply, measured."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._python("benchmarks.world", str(self.folder), "--tenants", str(self.tenants))
        measure(self._case("database create", command("database create", folder=self.folder)))
        return measure(self._apply(CREATE_ALL, "base"))

    def bare_insert(self) -> float:
        """Seconds for the bare bulk insert of all rows that are live now."""
        copy = self.folder / "copy.db"
        copy.unlink(missing_ok=True)
        return float(self._python("benchmarks.bare", "insert", str(self.folder / "esp.db"), str(copy)))

    def cases(self) -> tuple[Case, ...]:
        """In the order of a round; after the last one everything is as before the first."""
        return (
            self._case(COLD, command("plan", folder=self.folder), self._without_cache),
            self._case(WARM, command("plan", folder=self.folder)),
            self._case(PYTHON, (sys.executable, "-c", "pass")),
            self._case(ONE_FILE, command("plan", folder=self.folder), self._edit_one_file),
            self._case(PARSER, (sys.executable, "-m", "benchmarks.bare", "parse", str(self.folder / "base"))),
            self._case(REPRICED, command("plan", folder=self.folder, config="repriced")),
            self._case(ONE_PERCENT, command("plan", folder=self.folder, config="changed"), self._without_cache),
            self._apply(APPLY, "changed"),
            self._apply(APPLY, "base"),
        )

    def _case(self, name: str, argv: tuple[str, ...], prepare: Callable[[], None] = nothing) -> Case:
        return Case(name=name, argv=argv, folder=self.folder, environ=ON_PATH, prepare=prepare)

    def _apply(self, name: str, config: str) -> Case:
        argv = command("apply", folder=self.folder, config=config, options=("--auto-approve",))
        return self._case(name, argv, self._without_cache)

    def _without_cache(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def _edit_one_file(self) -> None:
        edited = sorted((self.folder / "base" / "tenants.d").iterdir())[0]
        with edited.open("a") as file:
            file.write("# looked at once more\n")

    def _python(self, module: str, *arguments: str) -> str:
        run = [sys.executable, "-m", module, *arguments]
        return subprocess.run(run, check=True, cwd=REPOSITORY, capture_output=True, text=True).stdout


def compile_modules() -> None:
    """As an installed package is: nobody but a developer waits for the compiler."""
    quietly = [sys.executable, "-m", "compileall", "-q", str(REPOSITORY / "reconciler"), str(REPOSITORY / "benchmarks")]
    subprocess.run(quietly, check=True)


def start_up() -> tuple[Case, ...]:
    """How long it takes until there is anything to see."""
    return (
        Case(name=PYTHON, argv=(sys.executable, "-c", "pass"), folder=REPOSITORY),
        Case(name=HELP, argv=(sys.executable, "-m", "reconciler", "--help"), folder=REPOSITORY),
        Case(
            name=VALIDATE,
            argv=(sys.executable, "-m", "reconciler", "validate"),
            folder=REPOSITORY,
            expect=DECLINED,
        ),
    )
