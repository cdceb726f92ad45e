"""`make demo-mailwizz`: a MailWizz that has been running for years, adopted, changed and guarded, on a MariaDB of the
demo's own under a temporary folder. The files of the operator are left in var/demo-mailwizz."""

from __future__ import annotations

import sys

from demo_runner import Act, Step, delete, edit, emptied, mariadb, play, statement, tombstone

from tests.support.mailwizz import Mailwizz
from tests.support.mailwizz_filled import fill


def story(mailwizz: Mailwizz) -> tuple[Step, ...]:
    """The steps, on this live system."""

    def sql(text: str) -> Act:
        return statement(mailwizz, "mailwizz", text, text.replace("{", "mw_").replace("}", ""))

    return (
        Step("What the reconciler sees: prefix found, class B, what MailWizz caches", "doctor"),
        Step("The customer groups as the panel shows them: names repeat, nobody cleaned up", "list package"),
        Step("Adopt what is there: every group, customer and the settings without a group are files", "export --write"),
        Step("Right after it nothing is left to do; what no file can say was named by the export", "plan"),
        Step("Remember all of it as managed", "apply --yes"),
        Step(
            "A package gets more, and the settings for customers without a group a limit",
            edit("packages.d/growth.yaml", ("    emails: 25000", "    emails: 30000")),
        ),
        Step("", edit("platform.d/default.yaml", ("    hourly_speed: unlimited", "    hourly_speed: 200"))),
        Step("The plan tells each quota in a sentence", "plan --out plan.json"),
        Step("Run exactly that plan", "apply plan.json"),
        Step(
            "MailWizz moves a customer whose quota is used up, and somebody edits a limit by hand",
            sql(
                "UPDATE {customer_group_option} SET value = '99' "
                "WHERE group_id = 2 AND code = 'system.customer_sending.quota'"
            ),
        ),
        Step("", sql("UPDATE {customer} SET group_id = 10 WHERE email = 'crm@beta.example'")),
        Step(
            "",
            sql(
                "INSERT INTO {price_plan} (group_id, name, date_added, last_updated) "
                "VALUES (10, 'Trial plan', now(), now())"
            ),
        ),
        Step(
            "",
            sql(
                "INSERT INTO {price_plan_order} (customer_id, plan_id, status, date_added, last_updated) "
                "VALUES (2, 1, 'complete', now(), now())"
            ),
        ),
        Step("The edit is drift; what MailWizz did by itself is none, and the next plan names it", "drift", 2),
        Step(
            "Delete a group that is in use? MailWizz would let its customers fall to no limits at all",
            delete("packages.d/starter.yaml"),
        ),
        Step("It is refused, with the remedy", "plan", 3),
        Step(
            "Do what the remedy says",
            tombstone(
                "Starter", "Growth", "packages.d/starter.yaml", "packages.d/trial.yaml", "tenants.d/exported.yaml"
            ),
        ),
        Step(
            "Everybody moves first, then the group goes, in one transaction",
            "apply --yes --allow too-much --reason demo",
        ),
        Step("Nothing is left to do", "plan"),
    )


if __name__ == "__main__":
    folder = emptied("demo-mailwizz")
    with mariadb(folder) as place:
        found = fill(Mailwizz(place, folder / "repository").installed())
        code = play(story(found), found.folder)
    sys.exit(code)
