"""An operator's repository with a real SQLite database of the built-in ESP, and what may happen to both.

Everything goes the way the commands go (`workflow`); SQL goes past it, as a hand in the database does.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.engine.agreement import disagreements
from reconciler.engine.apply import ApplyResult
from reconciler.kinds import KINDS
from reconciler.model.plan import Allowance, Plan
from reconciler.report import plan_file
from reconciler.workflow.database import create
from reconciler.workflow.plan import PlanRequest, applied, planned
from reconciler.workflow.plan_file import sealed_plan
from reconciler.workflow.site import Choices, Site, open_site

Objects = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""kind → key → dotted field → value as a file has it."""

Dump = dict[str, list[tuple[Any, ...]]]

RUNS = frozenset({"reconciler_run", "reconciler_lock"})
"""What a failed apply may leave behind: that it was tried."""

CATALOGUES = {
    "permission": ("campaigns.send", "campaigns.view", "contacts.export", "contacts.view", "reports.view"),
    "sending_node": ("smtp-eu-1", "smtp-eu-2", "smtp-us-1"),
    "sending_node_group": ("eu-pool", "us-pool"),
    "bounce_address": ("bounce@mail.example", "return@mail.example"),
    "sending_domain": ("mail.example", "news.example"),
}


def quiet(phase: str) -> None:
    """Progress that nobody watches."""


def yaml_of(objects: Mapping[str, Mapping[str, Any]]) -> str:
    """A file of one kind. JSON is YAML; dotted fields become nesting."""
    nested: dict[str, Any] = {}
    for key, fields in objects.items():
        nested[key] = {}
        for name, value in fields.items():
            inside = nested[key]
            *path, last = name.split(".")
            for step in path:
                inside = inside.setdefault(step, {})
            inside[last] = value
    # Not \\ud83d\\ude00: YAML's escapes know no surrogates.
    text = json.JSONEncoder(ensure_ascii=False).encode
    lines = (f"{text(key)}: {text(fields)}" for key, fields in nested.items())
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Esp:
    """One repository. `folder` holds reconciler.yaml, the files and esp.db. `sites`: by settings, opened once each,
    because to lay out the tables of the vocabulary takes as long as a plan."""

    folder: Path
    sites: dict[tuple[str, float], Site] = field(default_factory=dict, compare=False, repr=False)

    @property
    def database(self) -> Path:
        return self.folder / "esp.db"

    def settings(self, text: str = "", *, name: str = "reconciler.yaml", project: str = "shop") -> None:
        """Write reconciler.yaml; `text` is added to what every one has. No class blocks unless it says so."""
        body = f"project: {project}\ntargets: {{esp: {{type: native, url: 'sqlite:///esp.db'}}}}\ncache: false\n"
        if "safety:" not in text:
            text += "\nsafety: {block: []}"
        (self.folder / name).write_text(f"{body}{text}\n", encoding="utf-8")

    def site(self, name: str = "reconciler.yaml", *, patience: float = 0.05) -> Site:
        """As a command opens it; waits `patience` seconds for another apply."""
        text = (self.folder / name).read_text(encoding="utf-8")
        if (text, patience) not in self.sites:
            self.sites[text, patience] = open_site(
                Choices(config=self.folder / name, lock_timeout=patience), {}, self.folder
            )
        return self.sites[text, patience]

    def declare(self, objects: Objects, *, file: str = "all.yaml") -> None:
        """Write one file a kind, in place of what was there under this name; a kind without objects has none."""
        for resource in KINDS:
            folder = self.folder / resource.folder
            folder.mkdir(exist_ok=True)
            if objects.get(resource.kind):
                (folder / file).write_text(yaml_of(objects[resource.kind]), encoding="utf-8")
            else:
                (folder / file).unlink(missing_ok=True)

    def plan(self, *allowed: str, only: tuple[str, ...] = (), settings: str = "reconciler.yaml") -> Plan:
        """What `plan` makes. `allowed`: classes lifted."""
        lifted = tuple(Allowance(code=code, reason="a test") for code in allowed)
        return planned(self.site(settings), PlanRequest(only=only, allowances=lifted), quiet)

    def apply(
        self,
        plan: Plan | None = None,
        *,
        settings: str = "reconciler.yaml",
        progress: Callable[[str], None] = quiet,
        patience: float = 0.05,
    ) -> ApplyResult:
        """What `apply` does, of a fresh plan where none is given; waits `patience` seconds for another one."""
        plan = plan or self.plan(settings=settings)
        assert not list(disagreements(plan, KINDS)), "its file would be refused"
        return applied(self.site(settings, patience=patience), plan, progress)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """A hand in the database; foreign keys are in force."""
        with self.hand() as connection:
            return connection.execute(statement, values).fetchall()

    @contextmanager
    def hand(self) -> Iterator[sqlite3.Connection]:
        """A connection beside ours; committed at the end."""
        connection = sqlite3.connect(self.database)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
            connection.commit()
        finally:
            connection.close()

    def dump(self, without: frozenset[str] = RUNS) -> Dump:
        """Every row of every table but those named, byte for byte."""
        with self.hand() as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
                for name in sorted(names)
                if name not in without and not name.startswith("sqlite_")
            }

    def copy(self, folder: Path) -> Esp:
        """The same repository and database somewhere else."""
        shutil.copytree(self.folder, folder)
        return Esp(folder)


def through_a_file(plan: Plan) -> Plan:
    """The plan as its file brings it back."""
    return plan_file.parse_plan(sealed_plan(plan, {}), None)


@contextmanager
def nothing_changes(esp: Esp) -> Iterator[None]:
    """All rows but the runs stay as they are, byte for byte."""
    before = esp.dump()
    yield
    assert esp.dump() == before


def last_outcome(esp: Esp) -> str:
    return str(esp.sql("SELECT outcome FROM reconciler_run ORDER BY rowid DESC LIMIT 1")[0][0])


def founded(folder: Path, *, settings: str = "", esp: Esp | None = None) -> Esp:
    """An ESP with catalogues and no customers, on an SQLite file or where `esp` is."""
    folder.mkdir(parents=True, exist_ok=True)
    esp = esp or Esp(folder)
    esp.settings(settings)
    esp.declare({})
    create(esp.site())
    with esp.hand() as connection:
        for catalogue, names in CATALOGUES.items():
            connection.executemany(f"INSERT INTO esp_{catalogue} (name) VALUES (?)", [(name,) for name in names])
    return esp


@contextmanager
def without_git() -> Iterator[None]:
    """No git is found meanwhile: asking it takes longer than a plan of a few objects."""
    path = os.environ.get("PATH")
    os.environ["PATH"] = ""
    try:
        yield
    finally:
        if path is not None:
            os.environ["PATH"] = path


FILES: Objects = {
    "role": {
        "Marketing": {"description": "Sends", "permissions": ["campaigns.*", "contacts.view"]},
        "Support": {"description": "Looks", "permissions": ["reports.view"]},
    },
    "package": {
        "Starter Plan": {"role": "Marketing", "sending.daily_limit": 5_000, "headers": {"X-Tier": "starter"}},
        "Growth": {"role": "Marketing", "sending.daily_limit": 25_000, "limits.contacts": 50_000},
        "Legacy": {"role": "Support", "sending.daily_limit": 1_000, "assets.sending_nodes": ["smtp-eu-1"]},
        "Trial": {"role": "Support", "sending.daily_limit": 100, "options": {"trial.days": "14"}},
    },
    "tenant": {
        "ops@acme.example": {"name": "Acme", "package": "Growth"},
        "crm@beta.example": {
            "name": "Beta",
            "package": "Starter Plan",
            "overrides": {"sending": {"daily_limit": 6_000}, "require": {"dkim": True}},
        },
        "old@corp.example": {"name": "Corp", "package": "Legacy", "status": "suspended"},
    },
}


def running(folder: Path, *, settings: str = "", esp: Esp | None = None) -> Esp:
    """FILES applied, and accounts that no file names: on Growth and Legacy, a sub-account, one in the bin."""
    esp = founded(folder, settings=settings, esp=esp)
    esp.declare(FILES)
    esp.apply()
    with esp.hand() as connection:
        ids = dict(connection.execute("SELECT name, id FROM esp_package"))
        head = connection.execute("SELECT id FROM esp_tenant WHERE email = 'ops@acme.example'").fetchone()[0]
        connection.executemany(
            "INSERT INTO esp_tenant (email, name, package_id, parent_id, deleted_at) VALUES (?, ?, ?, ?, ?)",
            [
                ("solo@free.example", "Solo", ids["Growth"], None, None),
                ("late@free.example", "Late", ids["Legacy"], None, None),
                ("sub@acme.example", "Sub", ids["Legacy"], head, None),
                ("gone@free.example", "Gone", ids["Legacy"], None, "2025-01-02 03:04:05"),
            ],
        )
        connection.execute("INSERT INTO esp_usage (tenant_id, contacts, sent_today) VALUES (?, 40, 900)", (head,))
    return esp


def changed(files: Objects, changes: Objects) -> dict[str, dict[str, dict[str, Any]]]:
    """`files` with some fields of some objects changed; None takes a field or an object out."""
    new = {kind: {key: dict(fields) for key, fields in of_kind.items()} for kind, of_kind in files.items()}
    for kind, of_kind in changes.items():
        for key, fields in of_kind.items():
            if fields is None:
                del new[kind][key]
                continue
            target = new[kind].setdefault(key, {})
            for name, value in fields.items():
                if value is None:
                    del target[name]
                else:
                    target[name] = value
    return new


BURY_LEGACY: Objects = {
    "package": {"Legacy": {"lifecycle": "removed", "reassign_to": "Starter Plan"}},
    "tenant": {"old@corp.example": {"package": "Starter Plan"}},
}
"""What the remedy of a refused deletion says."""

MUCH: Objects = {
    "role": {
        "Marketing": {"permissions": ["contacts.*"]},
        "Analyst": {"description": "Reads"},
        "Support": None,
        "Helpdesk": {"description": "Looks", "permissions": ["reports.view"], "previously": ["Support"]},
    },
    "package": {
        "Growth": {
            "headers": {"X-Tier": "growth"},
            "sending.daily_limit": 30_000,
            "assets.sending_nodes": ["smtp-us-1"],
        },
        "Trial": None,
        "Scale": {"role": "Analyst", "quota.action": "move", "quota.move_to": "Growth", "options": {"a.b": "c"}},
        "Legacy": {"role": "Helpdesk", "lifecycle": "removed", "reassign_to": "Starter Plan"},
    },
    "tenant": {
        "old@corp.example": {"package": "Starter Plan"},
        "ops@acme.example": {"overrides": {"limits": {"contacts": 9}}},
        "crm@beta.example": None,
        "new@gamma.example": {"name": "Gamma", "package": "Scale"},
    },
}
"""One of everything: 11 changes."""
