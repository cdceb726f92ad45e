"""`make demo-mailwizz`: a MailWizz that has been running for years, adopted, changed and guarded, on a MariaDB of the
demo's own under a temporary folder. The files of the operator are left in var/demo-mailwizz.

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
from tests.support.mailwizz import Mailwizz  # noqa: E402
from tests.support.mailwizz_filled import fill  # noqa: E402
from tests.support.server_pool import ServerPool  # noqa: E402  # the server and the rows are those of the tests


@dataclass(frozen=True, slots=True)
class Step:
    """What is said, what is run, and the exit code that it must have."""

    says: str
    run: str | Callable[[Mailwizz], str]
    expected: int = 0


def edit(name: str, old: str, new: str) -> Callable[[Mailwizz], str]:
    """A line of a file changed in an editor."""

    def edited(mail: Mailwizz) -> str:
        path = mail.folder / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"demo: {name} has no line {old!r}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return f"--- {name}\n- {old.strip()}\n+ " + new.strip().replace("\n", "\n+ ")

    return edited


def hand(statement: str) -> Callable[[Mailwizz], str]:
    """What the application does, or somebody with a database client."""

    def done(mail: Mailwizz) -> str:
        mail.sql(statement)
        return "$ mariadb mailwizz -e " + shlex.quote(statement.replace("{", "mw_").replace("}", ""))

    return done


def bury(mail: Mailwizz) -> str:
    """What the refusal asked for."""
    (mail.folder / "packages.d" / "starter.yaml").write_text(
        "Starter:\n  lifecycle: removed\n  reassign_to: Growth\n", encoding="utf-8"
    )
    for name, old, new in (
        ("packages.d/trial.yaml", "move_to: Starter", "move_to: Growth"),
        ("tenants.d/exported.yaml", "package: Starter", "package: Growth"),
    ):
        path = mail.folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return "packages.d/starter.yaml: lifecycle: removed, reassign_to: Growth; and who named Starter names Growth"


STEPS = (
    Step("What the reconciler sees: prefix found, class B, what MailWizz caches", "doctor"),
    Step("The customer groups as the panel shows them: names repeat, nobody cleaned up", "list package"),
    Step("Adopt what is there: every group, customer and the settings without a group become files", "export --write"),
    Step("Right after it nothing is left to do; what no file can say was named by the export", "plan"),
    Step("Remember all of it as managed", "apply --yes"),
    Step(
        "A package gets more, and the settings for customers without a group a limit",
        edit("packages.d/growth.yaml", "    emails: 25000", "    emails: 30000"),
    ),
    Step("", edit("platform.d/default.yaml", "    hourly_speed: unlimited", "    hourly_speed: 200")),
    Step("The plan tells each quota in a sentence", "plan --out plan.json"),
    Step("Run exactly that plan", "apply plan.json"),
    Step(
        "MailWizz moves a customer whose quota is used up, and somebody edits a limit by hand",
        hand(
            "UPDATE {customer_group_option} SET value = '99' "
            "WHERE group_id = 2 AND code = 'system.customer_sending.quota'"
        ),
    ),
    Step("", hand("UPDATE {customer} SET group_id = 10 WHERE email = 'crm@beta.example'")),
    Step(
        "",
        hand(
            "INSERT INTO {price_plan} (group_id, name, date_added, last_updated) "
            "VALUES (10, 'Trial plan', now(), now())"
        ),
    ),
    Step(
        "",
        hand(
            "INSERT INTO {price_plan_order} (customer_id, plan_id, status, date_added, last_updated) "
            "VALUES (2, 1, 'complete', now(), now())"
        ),
    ),
    Step("The edit is drift; what MailWizz did by itself is none, and the next plan names it", "drift", 2),
    Step(
        "Delete a group that is in use? MailWizz would let its customers fall to no limits at all",
        lambda mail: (mail.folder / "packages.d" / "starter.yaml").unlink() or "$ rm packages.d/starter.yaml",
    ),
    Step("It is refused, with the remedy", "plan", 3),
    Step("Do what the remedy says", bury),
    Step(
        "Everybody moves first, then the group goes, in one transaction", "apply --yes --allow too-much --reason demo"
    ),
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
        mail = fill(Mailwizz(found, folder / "repository").installed())
        for step in STEPS:
            if step.says:
                print(f"\n# {step.says}", flush=True)
            code = played(step, mail)
            if code != step.expected:
                print(f"demo: exit {code}, expected {step.expected}", file=sys.stderr)
                return 1
    finally:
        pool.end()
    print(f"\ndemo: all {len(STEPS)} steps ended as expected", flush=True)
    print(f"demo: {time.monotonic() - started:.1f} seconds; the files are in {folder}", file=sys.stderr)
    return 0


def played(step: Step, mail: Mailwizz) -> int:
    """One step; its exit code."""
    if callable(step.run):
        print(step.run(mail), flush=True)
        return 0
    print(f"$ reconciler {step.run}", flush=True)
    command = [sys.executable, "-m", "reconciler", *shlex.split(step.run)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
    ours = {"GIT_CEILING_DIRECTORIES": mail.folder.parent, "PYTHONPATH": REPOSITORY, "XDG_CACHE_HOME": mail.folder}
    environment = kept | {name: str(value) for name, value in ours.items()}
    code = subprocess.run(command, cwd=mail.folder, env=environment, stderr=subprocess.STDOUT, check=False).returncode
    print(f"[exit {code}]", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "var" / "demo-mailwizz"))
