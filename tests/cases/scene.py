"""A golden case set up: a folder with settings and files, and a real database with what `live.yaml` says.

`live.yaml` opens with a comment that says why the case is there. Its keys, none of them needed:
`settings` merged into reconciler.yaml · `catalogues` name → names · `live` kind → key → fields · `usage` tenant →
counter → number · `remembered` kind → key → fields, or `same` as live, at any of the three levels · `finished` false:
no apply has finished yet · `foreign` project → kind → key → fields · `sql` statements run last, as a hand would ·
`plan` with `only` (globs) and `allow` (class → reason) · `afterwards` true: the next plan is not empty either, and the
reason says why.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reconciler.kinds import KINDS
from reconciler.model.memory import Memo, Run
from reconciler.model.plan import Allowance
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Overrides
from reconciler.model.values import NONE, canonical
from reconciler.workflow.database import create
from reconciler.workflow.plan import PlanRequest
from reconciler.workflow.site import Choices, Site, open_site

SETTINGS = {"project": "test", "targets": {"esp": {"type": "native", "url": "sqlite:///esp.db"}}}
DATABASE, FILES = "esp.db", "desired"
SAME = "same"
KEYS = frozenset(
    {"settings", "catalogues", "live", "usage", "remembered", "finished", "foreign", "sql", "plan", "afterwards"}
)

Story = Mapping[str, Any]
Dump = dict[str, list[tuple[Any, ...]]]
PASSING = frozenset({"id", "run", "started", "finished", "heartbeat", "host", "actor", "created_at"})
"""Columns that tell when and in which run something was done, not what."""


@dataclass(frozen=True)
class Scene:
    """Where cases are played, one after the other. `empty`: a database to copy; `sites`: by settings, opened once
    each, because to lay out the tables of the vocabulary takes as long as a plan."""

    folder: Path
    empty: Path
    sites: dict[str, Site] = field(default_factory=dict)

    def created(self) -> None:
        """A new database, made as a person makes it; every case gets a copy."""
        self.folder.mkdir()
        create(self._site(SETTINGS))
        copy(self.folder / DATABASE, self.empty)

    def set_up(self, case: Path) -> Site:
        """Everything that the case says, in place of the case before."""
        story = told(case)
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        shutil.copyfile(self.empty, self.folder / DATABASE)
        if (case / FILES).is_dir():
            shutil.copytree(case / FILES, self.folder, dirs_exist_ok=True)
        site = self._site(_merged(SETTINGS, story.get("settings", {})))
        with closing(sqlite3.connect(self.folder / DATABASE)) as database, database:
            for catalogue, names in story.get("catalogues", {}).items():
                database.executemany(f"INSERT INTO esp_{catalogue} (name) VALUES (?)", [(name,) for name in names])
        live = {kind: _objects(kind, found) for kind, found in story.get("live", {}).items()}
        _fill(site, live)
        _remember(site, story, live)
        with closing(sqlite3.connect(self.folder / DATABASE)) as database, database:
            database.execute("PRAGMA foreign_keys = ON")
            for tenant, counters in story.get("usage", {}).items():
                database.execute(
                    f"INSERT INTO esp_usage (tenant_id, {', '.join(counters)}) "
                    f"SELECT id, {', '.join('?' * len(counters))} FROM esp_tenant WHERE email = ?",
                    (*counters.values(), tenant),
                )
            for statement in story.get("sql", ()):
                assert database.execute(statement).rowcount, f"nothing done: {statement}"
        return site

    def back_to(self, image: Path) -> None:
        """The database as it was when this copy was made."""
        for rest in self.folder.glob(f"{DATABASE}*"):
            rest.unlink()
        shutil.copyfile(image, self.folder / DATABASE)

    def _site(self, settings: Story) -> Site:
        text = yaml.safe_dump(dict(settings))
        file = self.folder / "reconciler.yaml"
        file.write_text(text, encoding="utf-8")
        if text not in self.sites:
            self.sites[text] = open_site(Choices(config=file), {}, self.folder)
        return self.sites[text]


def told(case: Path) -> Story:
    """What live.yaml says."""
    text = (case / "live.yaml").read_text(encoding="utf-8")
    assert text.startswith("# "), "live.yaml opens with the reason for the case"
    story = yaml.safe_load(text) or {}
    assert story.keys() <= KEYS, f"unknown: {story.keys() - KEYS}"
    return story


def wish(story: Story) -> PlanRequest:
    """What the plan is asked to be."""
    asked = story.get("plan", {})
    allowances = (Allowance(code=code, reason=reason) for code, reason in asked.get("allow", {}).items())
    return PlanRequest(only=tuple(asked.get("only", ())), allowances=tuple(allowances))


def copy(source: Path, target: Path) -> None:
    """A database copied whole, whatever still lies in its log."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def dump(database: Path) -> Dump:
    """Every row of every table."""
    with closing(sqlite3.connect(database)) as connection:
        connection.text_factory = bytes
        names = [name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}


def lasting(database: Path) -> Dump:
    """Every row of every table, but for what tells when and in which run it was written."""
    found: Dump = {}
    with closing(sqlite3.connect(database)) as connection:
        connection.text_factory = bytes
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table.decode()}"')
            drop = PASSING if table.startswith(b"reconciler_") else {"created_at"}
            keep = [at for at, column in enumerate(cursor.description) if column[0] not in drop]
            found[table.decode()] = sorted((tuple(row[at] for at in keep) for row in cursor), key=repr)
    return found


def standing(whole: Dump) -> Dump:
    """The part of a dump that is the live system and what is remembered of it, without history."""
    return {name: rows for name, rows in whole.items() if name not in ("reconciler_run", "reconciler_change")}


def _merged(first: Story, second: Story) -> dict[str, Any]:
    both = {**first, **second}
    for name in first.keys() & second.keys():
        if isinstance(first[name], Mapping) and isinstance(second[name], Mapping):
            both[name] = _merged(first[name], second[name])
    return both


def _objects(kind: str, stated: Story) -> dict[str, dict[str, Any]]:
    return {str(key): dict(_flat(kind, fields or {})) for key, fields in stated.items()}


def _flat(kind: str, tree: Story, above: str = "") -> Iterator[tuple[str, Any]]:
    """YAML nesting or dotted names → field → value."""
    fields = KINDS.fields[kind]
    for name, value in tree.items():
        whole = above + str(name)
        if whole in fields:
            field = fields[whole]
            if isinstance(field.type, Overrides):
                yield whole, {} if value == NONE else dict(_leaves(value))
            else:
                yield whole, tuple(sorted(value)) if isinstance(value, list) else value
        else:
            assert isinstance(value, Mapping), f"{kind} has no field {whole}"
            yield from _flat(kind, value, f"{whole}.")


def _leaves(tree: Story, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield above + name, value


def _fill(site: Site, live: Mapping[str, Mapping[str, Story]]) -> None:
    """Through the writer; references to the same kind last."""
    with site.target.writer() as writer:
        writer.begin()
        for kind in KINDS.creation_order:
            own = {field.name for field, reference in KINDS.references[kind] if reference.kind == kind}
            rows = live.get(kind, {})
            plain = {key: {n: v for n, v in values.items() if n not in own} for key, values in rows.items()}
            links = {key: {n: v for n, v in values.items() if n in own} for key, values in rows.items()}
            if rows:
                writer.insert(kind, plain)
            if links := {key: values for key, values in links.items() if values}:
                writer.update(kind, links)
        writer.commit()


def _remember(site: Site, story: Story, live: Mapping[str, Mapping[str, Story]]) -> None:
    if "remembered" in story:
        memos = list(_memos(story["remembered"], live))
        _run(site, site.project, memos, finished=story.get("finished", True))
    for project, kinds in story.get("foreign", {}).items():
        memos = [
            _memo(kind, key, values) for kind, stated in kinds.items() for key, values in _objects(kind, stated).items()
        ]
        _run(site, project, memos, finished=True)


def _memos(remembered: Any, live: Mapping[str, Mapping[str, Story]]) -> Iterator[Memo]:
    for kind, of_kind in (dict.fromkeys(live, SAME) if remembered == SAME else remembered).items():
        for key, fields in (dict.fromkeys(live[kind], SAME) if of_kind == SAME else of_kind).items():
            yield _memo(kind, key, live[kind][key] if fields == SAME else dict(_flat(kind, fields or {})))


def _memo(kind: str, key: str, values: Story) -> Memo:
    slug = "".join(letter if letter.isalnum() else "-" for letter in key.lower())
    return Memo(Ref(kind, key), canonical(values), Origin(f"{KINDS[kind].folder}/{slug}.yaml", 1))


def _run(site: Site, project: str, memos: list[Memo], *, finished: bool) -> None:
    run = Run(
        id=f"before-{project}",
        project=project,
        actor="somebody",
        host="somewhere",
        started="2026-01-01T00:00:00Z",
        plan="",
    )
    with site.target.writer() as writer:
        site.memory.announce(writer.session, run)
        writer.begin()
        site.memory.lock(writer.session, run)
        site.memory.remember(writer.session, project, run, memos)
        site.memory.finish(writer.session, run, "done" if finished else "failed")
        writer.commit()
