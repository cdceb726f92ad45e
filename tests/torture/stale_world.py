"""A running ESP, and the plans that are to become stale: one for each field that an update may change, and one with a
change of every sort. Says too which stated fields the files have, so that no test has to believe the plan."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model.resource import Choice, Field, Limit, Names, Switch, TextMap, Toggle, Whole
from reconciler.workflow import plan_file
from tests.support.engines import Place, ServerPlace, SqlitePlace
from tests.support.esp import CATALOGUES, Esp, Objects, changed, founded
from tests.support.esp_on_servers import Databases, ServerEsp

MANY = 20
"""Users of the package that is emptied; a tenth more may come without making the plan stale."""

FIRST = {
    "role": "Marketing",
    "lifecycle": "active",
    "quota.move_to": "Starter Plan",
    "quota.action": "move",
    "quota.wait_for_expiry": True,
    "package": "Growth",
    "status": "active",
    "overrides": {"sending": {"daily_limit": 700}, "require": {"dkim": True}},
}
SECOND = {
    "role": "Support",
    "lifecycle": "retired",
    "quota.move_to": "Scale",
    "quota.action": "none",
    "quota.wait_for_expiry": False,
    "package": "Scale",
    "status": "suspended",
    "overrides": {"sending": {"daily_limit": 701}, "require": {"dkim": True}},
}


def value_of(field: Field, turn: int) -> Any:
    """What a file says: the first or the second of two values that differ."""
    said = (FIRST, SECOND)[turn]
    if field.name in said:
        return said[field.name]
    match field.type:
        case Limit():
            return 900 + turn
        case Switch(low=low, high=high) | Whole(low=low, high=high):
            return max(low, min(60, high)) + turn
        case Toggle():
            return bool(turn)
        case Choice(words=words):
            return words[turn]
        case Names(catalogue=catalogue):
            return list(CATALOGUES[catalogue][turn : turn + 1])
        case TextMap():
            return {"X-One": str(turn), "X-Two": "2"}
        case _:
            return f"text {turn}"


def whole(kind: str) -> dict[str, Any]:
    """An object that states every field."""
    return {field.name: value_of(field, 0) for field in KINDS.held[kind]}


FILES: Objects = {
    "role": {
        "Marketing": whole("role"),
        "Support": {"description": "Looks", "permissions": ["reports.view"]},
        "Interns": {"description": "Come and go"},
        "Idle": {"description": "Rests"},
    },
    "package": {
        "Growth": whole("package"),
        "Scale": {"role": "Marketing", "sending.daily_limit": 1_000},
        "Starter Plan": {"role": "Support", "sending.daily_limit": 5_000, "headers": {"X-Tier": "starter"}},
        "Legacy": {"role": "Support", "sending.daily_limit": 400, "options": {"a.b": "c"}},
        "Trial": {"role": "Support", "sending.daily_limit": 100, "assets.sending_nodes": ["smtp-eu-1"]},
        "Wild": {"role": "Idle"},
    },
    "tenant": {
        "ops@acme.example": whole("tenant"),
        "crm@beta.example": {"name": "Beta", "package": "Starter Plan"},
        "old@corp.example": {"name": "Corp", "package": "Legacy"},
        "bye@corp.example": {"name": "Bye", "package": "Starter Plan"},
        "calm@corp.example": {"name": "Calm", "package": "Starter Plan"},
    },
}
EVERY_SORT: Objects = {
    "role": {
        "Analyst": {"description": "Reads", "permissions": ["reports.view"]},
        "Interns": None,
        "Helpdesk": {"description": "Rests", "previously": ["Idle"]},
        "Idle": None,
    },
    "package": {
        "Growth": {"sending.daily_limit": 901, "headers": {"X-One": "1"}, "assets.sending_nodes": ["smtp-us-1"]},
        "Scale": {"sending.daily_limit": 2_000},
        "Legacy": {"lifecycle": "removed", "reassign_to": "Starter Plan"},
        "Trial": None,
        "Wild": {"role": "Helpdesk"},
        "Pro": {"role": "Analyst", "sending.daily_limit": 77},
    },
    "tenant": {
        "crm@beta.example": {"package": "Scale"},
        "old@corp.example": {"package": "Starter Plan"},
        "bye@corp.example": None,
        "new@gamma.example": {"name": "Gamma", "package": "Scale"},
    },
}
FOCUS = {"role": "Marketing", "package": "Growth", "tenant": "ops@acme.example"}
"""The objects that state everything."""

PLANS = ("every sort", *(f"{kind} {field.name}" for kind in FOCUS for field in KINDS.held[kind]))


def declared(plan: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The files that a plan was made from."""
    if plan == "every sort":
        return changed(FILES, EVERY_SORT)
    kind, name = plan.split(" ")
    field = next(field for field in KINDS.held[kind] if field.name == name)
    wanted: dict[str, Any] = {name: value_of(field, 1)}
    if name == "quota.action":
        wanted["quota.move_to"] = None  # makes sense only with `move`
    return changed(FILES, {kind: {FOCUS[kind]: wanted}})


@dataclass(frozen=True)
class Saved:
    """A plan file. `stated`: (kind, key) → the fields that its file has."""

    text: str
    stated: Mapping[tuple[str, str], frozenset[str]]

    @cached_property
    def rows(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """kind/key → sort of change → what the plan file says of it."""
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for row in json.loads(self.text)["resource_changes"]:
            found.setdefault(row["address"], {})[row["operation"]] = row
        return found


class World:
    """One database of an engine, brought back to its first state before each case; `folder` has no files of objects,
    so that a plan of any files may be applied there (docs/rules.md#rule-31)."""

    def __init__(self, engine: str, databases: Callable[[str], Databases], folder: Path) -> None:
        if engine == "sqlite":
            self.template: Esp = founded(folder / "template")
            self.esp: Esp = Esp(folder / "esp")
        else:
            self.template = databases(engine).founded().copy(folder / "template")
            self.esp = databases(engine).founded().copy(folder / "esp")
        self.template.declare(FILES)
        self.template.apply()
        fill(self.template)
        if engine == "sqlite":
            shutil.copytree(self.template.folder, self.esp.folder)
            self.place: Place = SqlitePlace(engine, f"sqlite:///{self.esp.database}", "")
        else:
            assert isinstance(self.esp, ServerEsp)
            self.place = self.esp.place
        self.esp.declare({})
        self.plans: dict[str, Saved] = {}

    def again(self) -> None:
        """The first state."""
        if isinstance(self.place, ServerPlace):
            assert isinstance(self.template, ServerEsp)
            self.place.take(self.template.place)
            return
        for rest in ("-wal", "-shm"):
            self.esp.database.with_name(f"esp.db{rest}").unlink(missing_ok=True)
        shutil.copyfile(self.template.database, self.esp.database)

    def plan(self, name: str) -> Saved:
        """The plan of this name; made once."""
        if name not in self.plans:
            objects = declared(name)
            self.template.declare(objects)
            plan = self.template.plan()
            assert plan.changes and not plan.blocked, (name, plan.findings)
            stated = {
                (kind, key): (frozenset(fields) | _cleared(fields)) - {"previously", "reassign_to"}
                for kind, of_kind in objects.items()
                for key, fields in of_kind.items()
            }
            self.plans[name] = Saved(plan_file.sealed_plan(plan, {}), stated)
        return self.plans[name]


def _cleared(fields: Mapping[str, Any]) -> frozenset[str]:
    """What goes with a value that the file now denies is the plan's business though no file states it any more."""
    denied = fields.get("quota.action", "move") != "move" and "quota.move_to" not in fields
    return frozenset({"quota.move_to"}) if denied else frozenset()


def fill(esp: Esp) -> None:
    """Accounts that no file names."""
    with esp.hand() as connection:
        ids = dict(connection.execute("SELECT name, id FROM esp_package").fetchall())
        people = [(f"u{n}@legacy.example", "Many", ids["Legacy"]) for n in range(MANY)]
        people += [("solo@free.example", "Solo", ids["Growth"]), ("calm@free.example", "Calm", ids["Starter Plan"])]
        connection.executemany("INSERT INTO esp_tenant (email, name, package_id) VALUES (?, ?, ?)", people)
