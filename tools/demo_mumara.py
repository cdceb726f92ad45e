"""`make demo-mumara`: a Mumara that has been running for years, adopted, changed and guarded, on a MariaDB of the
demo's own under a temporary folder. The files of the operator are left in var/demo-mumara.

Drives the real command and prints each one before its output. Fails when a step does not end as the table says.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.support.engines import ServerPlace, place  # noqa: E402
from tests.support.mumara import Mumara, founded, target  # noqa: E402
from tests.support.server_pool import ServerPool  # noqa: E402  # the server and the rows are those of the tests


@dataclass(frozen=True, slots=True)
class Step:
    """What is said, what is run, and the exit code that it must have."""

    says: str
    run: str | Callable[[Mumara], str]
    expected: int = 0


def edit(name: str, old: str, new: str) -> Callable[[Mumara], str]:
    """A line of a file changed in an editor."""

    def edited(mumara: Mumara) -> str:
        path = mumara.folder / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"demo: {name} has no line {old!r}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return f"--- {name}\n- {old.strip()}\n+ " + new.strip().replace("\n", "\n+ ")

    return edited


def hand(statement: str) -> Callable[[Mumara], str]:
    """What somebody does with a database client."""

    def done(mumara: Mumara) -> str:
        found = mumara.sql(statement)
        return "\n".join(["$ mariadb mumara -e " + shlex.quote(statement), *(str(row) for row in found)])

    return done


def install(mumara: Mumara) -> str:
    """The triggers that `doctor` prints, run by the administrator of the database."""
    printed = [text for label, text in target(mumara.place).doctor() if label.startswith("class A of")]
    for statement in printed:
        mumara.sql(statement)
    return f"$ mariadb mumara < triggers.sql   # the {len(printed)} that doctor printed"


def bury(mumara: Mumara) -> str:
    """What the refusal asked for."""
    (mumara.folder / "packages.d" / "legacy.yaml").write_text(
        "Legacy:\n  lifecycle: removed\n  reassign_to: Growth\n", encoding="utf-8"
    )
    tenants = mumara.folder / "tenants.d" / "exported.yaml"
    tenants.write_text(
        tenants.read_text(encoding="utf-8").replace("package: Legacy", "package: Growth"), encoding="utf-8"
    )
    return "packages.d/legacy.yaml: lifecycle: removed, reassign_to: Growth; and who named Legacy names Growth"


ROLES_OF_USERS = "SELECT u.email, r.name FROM users u JOIN roles r ON r.id = u.role_id WHERE u.package_id = 2"

STEPS = (
    Step(
        "What the reconciler sees: the version, class C, the triggers that would protect packages and roles", "doctor"
    ),
    Step("The packages as the panel shows them: names repeat, nobody cleaned up", "list package"),
    Step("Adopt what is there: every role, package and client becomes a line in a file", "export --write"),
    Step("Right after it nothing is left to do; what no file can say was named by the export", "plan"),
    Step("Remember all of it as managed", "apply --yes"),
    Step(
        "A package gets less and another role",
        edit("packages.d/growth.yaml", "daily_limit: 25000", "daily_limit: 20000"),
    ),
    Step("", edit("packages.d/growth.yaml", "role: Marketing", "role: Spare")),
    Step(
        "A client gets a limit that this version cannot hold",
        edit("tenants.d/exported.yaml", "hourly_speed: 600", "hourly_speed: unlimited"),
    ),
    Step("The plan says so, and refuses", "plan", 3),
    Step("So it gets a number", edit("tenants.d/exported.yaml", "hourly_speed: unlimited", "hourly_speed: 100000")),
    Step("", "plan --out plan.json"),
    Step("Run exactly that plan", "apply plan.json"),
    Step("The users have the new role as well, for Mumara keeps a copy in each of them", hand(ROLES_OF_USERS)),
    Step("Somebody edits a limit by hand", hand("UPDATE packages SET daily_email_limit = 99999 WHERE id = 2")),
    Step("It does not go unnoticed", "drift", 2),
    Step(
        "Delete a package that is in use? Nothing in Mumara's database would refuse",
        lambda mumara: (mumara.folder / "packages.d" / "legacy.yaml").unlink() or "$ rm packages.d/legacy.yaml",
    ),
    Step("It is refused, with the remedy", "plan", 3),
    Step("Do what the remedy says", bury),
    Step(
        "Everybody would be moved first; but nothing keeps the application from putting somebody there meanwhile",
        "plan",
        3,
    ),
    Step("So the administrator of the database installs the triggers", install),
    Step("Everybody moves, then the package goes, in one transaction", "apply --yes --allow too-much --reason demo"),
    Step("Nothing is left to do", "plan"),
)


def main(folder: Path) -> int:
    """Play every step; 1 when one did not end as expected."""
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pool = ServerPool()
    try:
        found = place("mariadb", pool, folder)
        assert isinstance(found, ServerPlace)
        mumara = founded(found, folder / "repository")
        mumara.settings("external: ['role/*']")
        for step in STEPS:
            if step.says:
                print(f"\n# {step.says}", flush=True)
            code = played(step, mumara)
            if code != step.expected:
                print(f"demo: exit {code}, expected {step.expected}", file=sys.stderr)
                return 1
    finally:
        pool.end()
    print(f"\ndemo: all {len(STEPS)} steps ended as expected", flush=True)
    print(f"demo: {time.monotonic() - started:.1f} seconds; the files are in {folder}", file=sys.stderr)
    return 0


def played(step: Step, mumara: Mumara) -> int:
    """One step; its exit code."""
    if callable(step.run):
        print(step.run(mumara), flush=True)
        return 0
    print(f"$ reconciler {step.run}", flush=True)
    command = [sys.executable, "-m", "reconciler", *shlex.split(step.run)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    ours = {"GIT_CEILING_DIRECTORIES": mumara.folder.parent, "PYTHONPATH": REPOSITORY, "XDG_CACHE_HOME": mumara.folder}
    environment = kept | {name: str(value) for name, value in ours.items()}
    code = subprocess.run(command, cwd=mumara.folder, env=environment, stderr=subprocess.STDOUT, check=False).returncode
    print(f"[exit {code}]", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "var" / "demo-mumara"))
