"""A MailWizz on a private MariaDB, with rows as the application leaves them, and the operator's repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.engine.apply import ApplyResult
from reconciler.kinds import KINDS
from reconciler.model.finding import Finding
from reconciler.model.plan import Allowance, Plan
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from reconciler.workflow import database
from reconciler.workflow import export as exporting
from reconciler.workflow.plan import PlanRequest, applied, planned
from reconciler.workflow.site import Choices, Site, open_site
from tests.support.engines import ServerPlace, run
from tests.support.esp import quiet, yaml_of
from tests.support.mailwizz_tables import TABLES, statements

OLD = "2019-05-04 03:02:01"
MODERN = "utf8mb4 COLLATE utf8mb4_unicode_ci"
SENDING = "system.customer_sending."


@dataclass(frozen=True)
class Mailwizz:
    """`folder` holds reconciler.yaml and the files; `place` the tables under `prefix`."""

    place: ServerPlace
    folder: Path
    prefix: str = "mw_"
    numbers: dict[str, int] = field(default_factory=dict)

    def installed(self, settings: str = "", charset: str = MODERN) -> Mailwizz:
        """Make the tables, and memory's; write reconciler.yaml."""
        with self.place.hand() as connection:
            for statement in statements(self.prefix, charset):
                run(connection, statement)
        self.settings(settings)
        database.create(self.site)
        return self

    def settings(self, text: str = "", *, target: str = "") -> None:
        """Write reconciler.yaml; `text` is added, `target` to what is said of the target."""
        self.folder.mkdir(exist_ok=True)
        if not (self.folder / "esp_url").exists():
            (self.folder / "esp_url").write_text(self.place.url, encoding="utf-8")
        ours = f"type: mailwizz, url: 'file:esp_url', memory: {self.place.memory}{', ' if target else ''}{target}"
        if "safety:" not in text:
            text += "\nsafety: {block: []}"
        body = f"project: shop\ntargets: {{mail: {{{ours}}}}}\ncache: false\n{text}\n"
        (self.folder / "reconciler.yaml").write_text(body, encoding="utf-8")

    @property
    def site(self) -> Site:
        """As a command opens it."""
        return open_site(Choices(config=self.folder / "reconciler.yaml", lock_timeout=1), {}, self.folder)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """A hand in the database: `{name}` is a table; keys are in force."""
        names = {name: f"`{self.prefix}{name}`" for name in TABLES}
        return self.place.sql(statement.format_map(names), *values, lawless=False)

    def group(self, name: str, options: Mapping[str, Any] | None = None, *, whole: bool = True) -> int:
        """A customer group as the panel makes it. `options`: code, or key of the sending tab → text, or (text, 1) in
        PHP's form, or a list of several rows."""
        said = {code if "." in code else SENDING + code: value for code, value in (options or {}).items()}
        self.sql("INSERT INTO {customer_group} (name, date_added, last_updated) VALUES (?, ?, ?)", name, OLD, OLD)
        number = int(self.sql("SELECT max(group_id) FROM {customer_group}")[0][0])
        self.numbers[name] = number
        rows = {**(NEW_GROUP if whole else {}), **said}
        every = [(c, each) for c, value in rows.items() for each in (value if isinstance(value, list) else [value])]
        found = [(code, *(each if isinstance(each, tuple) else (each, 0))) for code, each in every]
        with self.place.hand() as connection:
            connection.cursor().executemany(
                f"INSERT INTO `{self.prefix}customer_group_option` "
                "(group_id, code, value, is_serialized, date_added, last_updated) VALUES (%s, %s, %s, %s, %s, %s)",
                [(number, *row, OLD, OLD) for row in found],
            )
        return number

    def customer(
        self, email: str, group: str | None = None, *, status: str = "active", parent: int | None = None
    ) -> int:
        """A customer who has signed up."""
        uid = f"u{len(self.sql('SELECT customer_id FROM {customer}')):012}"
        self.sql(
            "INSERT INTO {customer} (customer_uid, parent_id, group_id, email, password, timezone, status, date_added, "
            "last_updated) VALUES (?, ?, ?, ?, 'secret-hash', 'UTC', ?, ?, ?)",
            uid,
            parent,
            self.numbers[group] if group else None,
            email,
            status,
            OLD,
            OLD,
        )
        return int(self.sql("SELECT customer_id FROM {customer} WHERE email = ?", email)[0][0])

    def server(self, name: str | None, host: str, customer: int | None = None, groups: tuple[str, ...] = ()) -> int:
        """A delivery server of the system, or of a customer."""
        self.sql(
            "INSERT INTO {delivery_server} (customer_id, name, hostname, password, date_added, last_updated) "
            "VALUES (?, ?, ?, 'node-secret', ?, ?)",
            *(customer, name, host, OLD, OLD),
        )
        number = int(self.sql("SELECT max(server_id) FROM {delivery_server}")[0][0])
        for group in groups:
            self.sql("INSERT INTO {delivery_server_to_customer_group} VALUES (?, ?)", number, self.numbers[group])
        return number

    def platform(self, **options: Any) -> None:
        """Rows of Settings → Customers → Sending."""
        for key, value in options.items():
            text, serialized = value if isinstance(value, tuple) else (value, 0)
            self.setting("system.customer_sending", key, text, serialized)

    def setting(self, category: str, key: str, text: str, serialized: int = 0) -> None:
        self.sql(
            "REPLACE INTO {option} (category, `key`, value, is_serialized, date_added, last_updated) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            *(category, key, text, serialized, OLD, OLD),
        )

    def plan_of(self, name: str, group: str) -> int:
        """A price plan that gives a group."""
        self.sql(
            "INSERT INTO {price_plan} (group_id, name, date_added, last_updated) VALUES (?, ?, ?, ?)",
            *(self.numbers[group], name, OLD, OLD),
        )
        return int(self.sql("SELECT max(plan_id) FROM {price_plan}")[0][0])

    def order(self, customer: int, plan: int, status: str) -> None:
        self.sql(
            "INSERT INTO {price_plan_order} (customer_id, plan_id, status, date_added, last_updated) "
            "VALUES (?, ?, ?, ?, ?)",
            *(customer, plan, status, OLD, OLD),
        )

    def option(self, group: str, code: str) -> list[tuple[Any, ...]]:
        """(text, is_serialized) of every row of a group's option."""
        code = code if "." in code else SENDING + code
        rows = self.sql(
            "SELECT value, is_serialized FROM {customer_group_option} WHERE code = ? AND group_id = "
            "(SELECT group_id FROM {customer_group} WHERE BINARY CONVERT(name USING utf8mb4) = ?) ORDER BY option_id",
            *(code, group),
        )
        return [(value.decode() if isinstance(value, bytes) else value, flag) for value, flag in rows]

    def group_of(self, email: str) -> str | None:
        found = self.sql(
            "SELECT g.name FROM {customer} c LEFT JOIN {customer_group} g ON g.group_id = c.group_id WHERE c.email = ?",
            email,
        )
        return found[0][0]  # type: ignore[no-any-return]

    def declare(self, objects: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """Write one file a kind; a kind without objects has none."""
        for resource in KINDS:
            folder = self.folder / resource.folder
            folder.mkdir(exist_ok=True)
            if objects.get(resource.kind):
                (folder / "all.yaml").write_text(yaml_of(objects[resource.kind]), encoding="utf-8")
            else:
                (folder / "all.yaml").unlink(missing_ok=True)

    def plan(self, *allowed: str) -> Plan:
        lifted = tuple(Allowance(code=code, reason="a test") for code in allowed)
        return planned(self.site, PlanRequest(allowances=lifted), quiet)

    def apply(self, plan: Plan | None = None) -> ApplyResult:
        return applied(self.site, plan or self.plan(), quiet)

    def export(self, *, complete: bool = False) -> tuple[Finding, ...]:
        """Write the live system into files; what was left out."""
        done = exporting.export(self.site, quiet, complete=complete)
        list(done.write())
        return done.findings

    def image(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the application's tables."""
        ours = f"{self.place.memory}."
        return {name: rows for name, rows in self.place.dump().items() if not name.startswith(ours)}


def codes(plan: Plan) -> list[str]:
    """The codes of what a plan finds, sorted."""
    return sorted(finding.code for finding in plan.findings)


def told(plan: Plan, code: str) -> list[str]:
    """What a plan says under one code."""
    return [f"{finding.ref} {finding.field}: {finding.message}" for finding in plan.findings if finding.code == code]
