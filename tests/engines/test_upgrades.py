"""A database that the version before made, on every engine: it is not touched until `database upgrade`, and then it is
like one made today, with all that was in it.

`previous/` holds what version 1 wrote: its DDL for each engine, and the rows of `esp_place.running` after a second
apply and an edit by hand (Legacy's limit). Whoever changes the tables so that it cannot be derived makes the comparison
red. A new field does not: rows are compared by the columns that were there before, and what is said to be added is what
the tables have more.

And a database of today's version under kinds that have a few fields more.
"""

from __future__ import annotations

import json
import os
import signal
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.cli.main import run as command
from reconciler.database import Mode, connect, database, foreign_keys
from reconciler.kinds import KINDS
from reconciler.memory.memory import SqlMemory
from reconciler.model.change import Cause, Update
from reconciler.model.errors import TargetError
from reconciler.model.resource import Choice, Field, Limit, Names, Reference, TextMap, Vocabulary, Whole
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE, NativeTarget
from reconciler.workflow import database as provision
from tests.support.engines import ENGINES, Place, ServerPlace, place, run
from tests.support.esp import FILES, Esp, changed, running, without_git
from tests.support.esp_on_servers import Databases, ServerEsp
from tests.support.faults import Moments, watched
from tests.support.server_pool import ServerPool

pytestmark = pytest.mark.every_run

PREVIOUS = Path(__file__).parent / "previous"
Shape = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Table → columns, keys, checks, indexes → name → all that the database says of it."""

VERSIONS = frozenset({"esp_schema", "reconciler_meta", "reconciler_home"})
DECLARED = changed(FILES, {"package": {"Growth": {"sending.daily_limit": 30_000}}})
NEWEST = "schema version 3, before 1"
MEMORY = "memory: version 2: memory says which database it is of, where a server's databases share it"


@dataclass(frozen=True)
class Old:
    """A repository whose database is of the version before."""

    esp: Esp
    place: Place
    columns: Mapping[str, str]
    """Table → the columns that it had in version 1, as SQL lists them."""

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """What people and runs wrote, in the columns of version 1; of a new table, in all."""
        names = [name for name in self.place.tables() if name.split(".")[-1] not in VERSIONS]
        found = {n: self.place.sql(f"SELECT {self.columns.get(n, '*')} FROM {n}") for n in names}
        return {name: sorted(rows, key=repr) for name, rows in found.items() if rows}

    def shape(self) -> Shape:
        return schema_of(self.place.url, self.place.memory)

    def versions(self) -> tuple[int, int]:
        """The target's and memory's."""
        ((target,),) = self.place.sql("SELECT version FROM esp_schema")
        ((memory,),) = self.place.sql(f"SELECT version FROM {self.memory('reconciler_meta')}")
        return target, memory

    def memory(self, table: str) -> str:
        """The table's name as SQL says it."""
        return f"{self.place.memory}.{table}" if self.place.memory else table

    def upgrade(self) -> list[str]:
        return list(provision.upgrade(self.esp.site()))

    def cli(self, *arguments: str) -> int:
        return command([*arguments, "-c", str(self.esp.folder / "reconciler.yaml")])


@pytest.fixture(params=ENGINES)
def old(request: pytest.FixtureRequest, pool: ServerPool, tmp_path: Path) -> Old:
    """Version 1, with rows; the files want a change, and a hand has made another."""
    engine: str = request.param
    there = place(engine, pool, tmp_path)
    written = (PREVIOUS / f"{engine}.sql").read_text(encoding="utf-8") + (PREVIOUS / "rows.sql").read_text("utf-8")
    prefix = f"{there.memory}." if there.memory else ""
    written = written.replace("SCHEMA {memory}", f"SCHEMA {there.memory}").replace("{memory}.", prefix)
    with there.hand() as connection:
        for statement in filter(None, map(str.strip, written.split(";\n"))):
            run(connection, statement)
        for statement in there.afterwards if isinstance(there, ServerPlace) else ():
            run(connection, statement)
    if isinstance(there, ServerPlace):
        esp: Esp = ServerEsp(tmp_path, place=there, spares=iter(()))
    else:
        esp = Esp(tmp_path)
    esp.settings()
    esp.declare(DECLARED)
    return Old(esp, there, columns_of(there))


def columns_of(where: Place) -> Mapping[str, str]:
    """Table → its columns, as SQL lists them."""
    with connect(database(where.url, 5), Mode.READ) as connection:
        quote = connection.dialect.identifier_preparer.quote
        return {
            name: ", ".join(map(quote, connection.exec_driver_sql(f"SELECT * FROM {name} LIMIT 0").keys()))
            for name in where.tables()
        }


def schema_of(url: str, memory: str = "") -> Shape:
    """Every table of the target, and of memory where that has a schema."""

    def named(each: Mapping[str, Any]) -> tuple[str, str]:
        text = json.dumps(each, sort_keys=True, default=str)
        text = text.replace(memory, "memory") if memory else text
        return each.get("name") or text, text

    shape: dict[str, dict[str, dict[str, str]]] = {}
    with connect(database(url, 5), Mode.READ) as connection:
        live = sa.inspect(connection)
        # Of what came with a column, SQLite knows no name of a reference, and SQLAlchemy reads no CHECK.
        is_file = connection.dialect.name == "sqlite"
        references = [asdict(replace(link, name="")) for link in foreign_keys(connection)]
        for schema in {None, memory or None}:
            for table in live.get_table_names(schema):
                found: dict[str, Sequence[Any]] = {
                    "columns": live.get_columns(table, schema),
                    "key": [live.get_pk_constraint(table, schema)],
                    "references": live.get_foreign_keys(table, schema)
                    if schema
                    else [link for link in references if link["table"] == table],
                    "unique": live.get_unique_constraints(table, schema),
                    "checks": [] if is_file else live.get_check_constraints(table, schema),
                    "indexes": live.get_indexes(table, schema),
                }
                shape[table] = {part: dict(map(named, each)) for part, each in found.items()}
    return shape


def added(before: Shape, after: Shape) -> list[str]:
    """What the target's tables have more, in the words of an upgrade, sorted."""
    tables = [table for table in after if table.startswith("esp_")]
    lines = [f"added table {table}" for table in tables if table not in before]
    there = [(table, before[table]) for table in tables if table in before]
    lines += [
        f"added column {t}.{name}" for t, old in there for name in after[t]["columns"] if name not in old["columns"]
    ]
    lines += [f"added index {name}" for t, old in there for name in after[t]["indexes"] if name not in old["indexes"]]
    return sorted(lines)


def assert_is_like_one_made_today(old: Old, databases: Callable[[str], Databases]) -> None:
    today = databases(old.place.engine).running()
    new = today.place if isinstance(today, ServerEsp) else type(old.place)("sqlite", f"sqlite:///{today.database}", "")
    assert old.shape() == schema_of(new.url, new.memory)
    growth, legacy = old.esp.plan().changes
    assert isinstance(growth, Update) and isinstance(legacy, Update)
    limit = "sending.daily_limit"
    assert (str(growth.ref), growth.before[limit], growth.after[limit]) == ("package/Growth", 24_000, 30_000)
    assert (str(legacy.ref), legacy.before[limit], legacy.after[limit]) == ("package/Legacy", 1_500, 1_000)
    assert (growth.cause, legacy.cause) == (Cause.CHANGE, Cause.DRIFT)


def test_every_command_asks_for_the_upgrade_and_touches_nothing(
    old: Old, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = old.place.dump()
    for arguments in (["plan"], ["drift"], ["apply", "--yes"], ["history"], ["pause", "--reason", "x"], ["export"]):
        assert old.cli(*arguments) == 1, arguments
        assert "run `reconciler database upgrade`" in capsys.readouterr().err
    assert old.cli("database", "create") == 1
    assert "run `reconciler database upgrade`" in capsys.readouterr().err
    assert old.place.dump() == before


def test_upgraded_it_is_like_one_made_today(
    old: Old, databases: Callable[[str], Databases], capsys: pytest.CaptureFixture[str]
) -> None:
    before, shape = old.rows(), old.shape()
    assert old.cli("database", "upgrade") == 0
    *told, newest, memory = capsys.readouterr().out.splitlines()
    assert (sorted(told), newest, memory) == (added(shape, old.shape()), NEWEST, MEMORY)
    assert old.versions() == (3, 2)
    assert old.rows() == before
    with without_git():
        assert_is_like_one_made_today(old, databases)
        assert old.cli("history", "fcff009e5b899e82") == 0
        told = capsys.readouterr().out
        assert "ann" in told and "25,000 → 24,000" in told
        assert old.cli("database", "upgrade") == 0
        assert capsys.readouterr().out == "nothing to do: schema version 3 is the newest\n"
        assert old.rows() == before
        assert len(old.esp.apply().done) == 2
        assert not old.esp.plan().changes
        assert old.cli("revert", "fcff009e5b899e82", "--out", str(old.esp.folder / "back.json")) == 0


def test_the_target_alone_is_not_enough(old: Old) -> None:
    """As an upgrade leaves it that breaks off between the two."""
    old.esp.site().target.upgrade()  # type: ignore[attr-defined]
    assert old.versions() == (3, 1)
    with pytest.raises(TargetError, match="memory is of version 1") as raised:
        old.esp.plan()
    assert raised.value.remedy == "run `reconciler database upgrade`"
    assert old.upgrade()[1:] == [MEMORY]
    assert len(old.esp.plan().changes) == 2


@pytest.mark.parametrize("newer", ["esp_schema", "reconciler_meta"])
def test_what_a_newer_one_made_is_left_alone(old: Old, newer: str) -> None:
    old.upgrade()
    old.place.sql(f"UPDATE {old.memory(newer) if newer != 'esp_schema' else newer} SET version = 99")
    before, shape = old.place.dump(), old.shape()
    for attempt in (old.upgrade, old.esp.plan, lambda: provision.create(old.esp.site())):
        with pytest.raises(TargetError) as raised:
            attempt()
        if attempt is not old.upgrade:
            continue
        assert "made by a newer reconciler" in raised.value.message
        assert raised.value.remedy == "upgrade the reconciler"
    assert (old.place.dump(), old.shape()) == (before, shape)


MOMENTS = (
    ("", "CREATE INDEX"),
    ("", "UPDATE esp_schema"),
    ("UPDATE esp_schema", "COMMIT"),
    ("", "CREATE TABLE"),
    ("", "INSERT INTO"),
    ("", "reconciler_meta SET"),
)
"""When it is killed: after what holds the second word, once something held the first."""


def killed(old: Old, since: str, word: str) -> bool:
    """Whether an upgrade died right after this statement; else it got to its end."""

    def look(number: int, over: bool) -> None:
        if over and word in moments.seen[-1] and any(since in said for said in moments.seen):
            os.kill(os.getpid(), signal.SIGKILL)

    moments = Moments(look=look)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # this process has threads
        child = os.fork()
    if not child:
        with watched(moments):
            old.upgrade()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_killed_again_and_again_it_is_taken_up_where_it_was(old: Old, databases: Callable[[str], Databases]) -> None:
    """MariaDB keeps each DDL statement, the others roll back; nobody may plan in between."""
    before, half = old.rows(), set()
    for since, word in MOMENTS:
        if word in {"CREATE TABLE", "INSERT INTO"} and old.place.engine != "mariadb":
            continue  # only there memory says whose it is
        assert killed(old, since, word)
        half.add(old.versions())
        assert old.rows() == before
        with pytest.raises(TargetError) as raised:
            old.esp.plan()
        assert raised.value.remedy == "run `reconciler database upgrade`"
    assert half == {(1, 1), (3, 1)}
    old.upgrade()
    assert old.rows() == before
    with without_git():
        assert_is_like_one_made_today(old, databases)


@pytest.mark.parametrize("old", ["mariadb"], indirect=True)  # only there databases share their schemas
def test_memory_of_another_database_is_not_upgraded(old: Old) -> None:
    """A memory that says whose it is is that one's alone."""
    home, shop = old.memory("reconciler_home"), old.place.url.rpartition("/")[2].partition("?")[0]
    old.upgrade()
    for version in (1, 2):
        old.place.sql(f"UPDATE {home} SET `database` = 'staging'")
        old.place.sql(f"UPDATE {old.memory('reconciler_meta')} SET version = ?", version)
        with connect(database(old.place.url, 5), Mode.WRITE) as session, pytest.raises(TargetError, match="not of"):
            SqlMemory(old.place.memory, shop).upgrade(session)
        assert old.versions() == (3, version)
        assert old.place.sql(f"SELECT `database` FROM {home}") == [("staging",)]


MORE = (
    Field("colour", Choice(("red", "blue")), "A field with a default.", default="red"),
    Field("sending.burst", Limit(), "A limit with a default.", default="unlimited", overridable=True),
    Field("priority", Whole(0, 9), "A field that may be empty."),
    Field("partner", Reference("role"), "A reference."),
    Field("badges", Names("badge"), "A set of names of a new catalogue.", default=()),
    Field("labels", TextMap("label", "[a-z]+"), "A map.", default={}),
)
LATER = Vocabulary(
    tuple(replace(kind, fields=(*kind.fields, *MORE)) if kind.kind == "package" else kind for kind in KINDS)
)
ADDED = (
    "added table esp_badge",
    "added table esp_package_badges",
    "added table esp_package_labels",
    "added column esp_package.colour",
    "added column esp_package.sending_burst",
    "added column esp_package.priority",
    "added column esp_package.partner_id",
    "added column esp_tenant_override.sending_burst",
    "added index ix_esp_package_partner_id",
)


@pytest.fixture(params=ENGINES)
def today(request: pytest.FixtureRequest, pool: ServerPool, tmp_path: Path) -> Esp:
    """A database that runs, of the kinds as they are; of this test alone, which changes its tables."""
    there = place(request.param, pool, tmp_path)
    folder = tmp_path / "esp"
    on_server = isinstance(there, ServerPlace)
    return running(folder, esp=ServerEsp(folder, place=there, spares=iter(())) if on_server else None)


def later(url: str) -> NativeTarget:
    """The target under kinds that have fields more."""
    return NATIVE.open(TargetSettings(name="esp", type="native", url=url, lock_timeout=5), LATER)


def of_growth(target: NativeTarget) -> tuple[Any, ...]:
    """The new values of one package."""
    with target.reader() as reader:
        values = reader.snapshot().sheets["package"]["Growth"].values
    return tuple(values.get(field.name) for field in MORE)


def test_a_new_field_is_one_line_on_a_database_that_is_there_too(
    today: Esp, pool: ServerPool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = today.place.url if isinstance(today, ServerEsp) else f"sqlite:///{today.database}"
    target = later(url)
    with pytest.raises(TargetError, match=r"lacks esp_badge, esp_package_badges") as raised, target.reader():
        pass
    assert raised.value.remedy == "run `reconciler database upgrade`"
    assert target.upgrade() == ADDED
    assert of_growth(target) == ("red", "unlimited", None, None, (), {})
    with target.writer() as writer:
        writer.begin()
        writer.update(
            "package", {"Growth": {"colour": "blue", "sending.burst": 5, "priority": 3, "labels": {"a": "b"}}}
        )
        writer.commit()
    assert of_growth(target) == ("blue", 5, 3, None, (), {"a": "b"})
    with pytest.raises(TargetError), target.writer() as writer:
        writer.begin()
        writer.update("package", {"Growth": {"colour": "green"}})
    assert target.upgrade() == ("nothing to do: schema version 3 is the newest",)
    assert not today.plan().changes  # who does not know the new fields goes on
    engine = today.place.engine if isinstance(today, ServerEsp) else "sqlite"
    fresh = place(engine, pool, tmp_path_factory.mktemp("new"))
    later(fresh.url).create()
    native = {table: parts for table, parts in schema_of(url).items() if table.startswith("esp_")}
    assert native == schema_of(fresh.url)


def test_names_of_columns_are_compared_as_the_engine_compares_them(today: Esp) -> None:
    place = today.place if isinstance(today, ServerEsp) else None
    url, engine = (place.url, place.engine) if place else (f"sqlite:///{today.database}", "sqlite")
    quoted = "`Setup_Guide`" if engine == "mariadb" else '"Setup_Guide"'
    with connect(database(url, 5), Mode.WRITE) as connection:
        connection.exec_driver_sql(f"ALTER TABLE esp_package RENAME COLUMN setup_guide TO {quoted}")
        connection.commit()
    if engine == "postgresql":
        with pytest.raises(TargetError, match=r"lacks esp_package\.setup_guide"):
            today.plan()
        return
    target = NATIVE.open(TargetSettings(name="esp", type="native", url=url, lock_timeout=5), KINDS)
    assert target.upgrade() == ("nothing to do: schema version 3 is the newest",)
    assert not today.plan().changes
