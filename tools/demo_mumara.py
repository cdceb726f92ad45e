"""`make demo-mumara`: a Mumara that has been running for years, adopted, changed and guarded, on a MariaDB of the
demo's own under a temporary folder. The files of the operator are left in var/demo-mumara."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from demo_runner import Act, Step, delete, edit, emptied, mariadb, play, statement, tombstone

from tests.support.mumara import Mumara, founded, target

ROLES_OF_USERS = "SELECT u.email, r.name FROM users u JOIN roles r ON r.id = u.role_id WHERE u.package_id = 2"


def install_triggers(mumara: Mumara) -> Act:
    """The triggers that `doctor` prints, run by the administrator of the database."""

    def installed(_: Path) -> Iterable[str]:
        printed = [text for label, text in target(mumara.place).doctor() if label.startswith("class A of")]
        for text in printed:
            mumara.sql(text)
        yield f"$ mariadb mumara < triggers.sql   # the {len(printed)} that doctor printed"

    return installed


def story(mumara: Mumara) -> tuple[Step, ...]:
    """The steps, on this live system."""
    return (
        Step(
            "What the reconciler sees: the version, class C, the triggers that would protect packages and roles",
            "doctor",
        ),
        Step("The packages as the panel shows them: names repeat, nobody cleaned up", "list package"),
        Step("Adopt what is there: every role, package and client becomes a line in a file", "export --write"),
        Step("Right after it nothing is left to do; what no file can say was named by the export", "plan"),
        Step("Remember all of it as managed", "apply --yes"),
        Step(
            "A package gets less and another role",
            edit(
                "packages.d/growth.yaml",
                ("daily_limit: 25000", "daily_limit: 20000"),
                ("role: Marketing", "role: Spare"),
            ),
        ),
        Step(
            "A client gets a limit that this version cannot hold",
            edit("tenants.d/exported.yaml", ("hourly_speed: 600", "hourly_speed: unlimited")),
        ),
        Step("The plan says so, and refuses", "plan", 3),
        Step(
            "So it gets a number", edit("tenants.d/exported.yaml", ("hourly_speed: unlimited", "hourly_speed: 100000"))
        ),
        Step("", "plan --out plan.json"),
        Step("Run exactly that plan", "apply plan.json"),
        Step(
            "The users have the new role as well, for Mumara keeps a copy in each of them",
            statement(mumara, "mumara", ROLES_OF_USERS),
        ),
        Step(
            "Somebody edits a limit by hand",
            statement(mumara, "mumara", "UPDATE packages SET daily_email_limit = 99999 WHERE id = 2"),
        ),
        Step("It does not go unnoticed", "drift", 2),
        Step(
            "Delete a package that is in use? Nothing in Mumara's database would refuse",
            delete("packages.d/legacy.yaml"),
        ),
        Step("It is refused, with the remedy", "plan", 3),
        Step(
            "Do what the remedy says",
            tombstone("Legacy", "Growth", "packages.d/legacy.yaml", "tenants.d/exported.yaml"),
        ),
        Step(
            "Everybody would be moved first; but nothing keeps the application from putting somebody there meanwhile",
            "plan",
            3,
        ),
        Step("So the administrator of the database installs the triggers", install_triggers(mumara)),
        Step(
            "Everybody moves, then the package goes, in one transaction", "apply --yes --allow too-much --reason demo"
        ),
        Step("Nothing is left to do", "plan"),
    )


if __name__ == "__main__":
    folder = emptied("demo-mumara")
    with mariadb(folder) as place:
        found = founded(place, folder / "repository")
        found.settings("external: ['role/*']")
        code = play(story(found), found.folder)
    sys.exit(code)
