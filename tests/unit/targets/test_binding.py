"""A system of two tables and some more, written down as data alone, bound to databases that differ from it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.model.errors import TargetError
from reconciler.model.facts import NeededFacts
from reconciler.model.ref import Ref
from reconciler.model.resource import Limit
from reconciler.model.target import TargetSettings
from reconciler.model.values import NONE, UNLIMITED
from reconciler.targets.sql.codec import TEXT, Codec
from reconciler.targets.sql.mapping import (
    Account,
    Catalogue,
    Column,
    Counter,
    Foreign,
    KindMap,
    Largest,
    Links,
    Pointer,
    RowDefaults,
    System,
    VersionByColumns,
    column_of,
    optional,
)
from reconciler.targets.sql.target import SystemAdapter, SystemTarget, SystemType

METADATA = sa.MetaData()
PLANS = sa.Table(
    "plans",
    METADATA,
    sa.Column("id", sa.Integer),
    sa.Column("title", sa.String),
    sa.Column("max_mails", sa.Integer),
    sa.Column("owner_id", sa.Integer),
    optional("kind", sa.String, absent="sold"),
    optional("deleted_at", sa.String),
)
PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("id", sa.Integer),
    sa.Column("email", sa.String),
    sa.Column("plan_id", sa.Integer),
    sa.Column("state", sa.String),
    optional("parent_id", sa.Integer),
    sa.Column("away", sa.Integer),
    sa.Column("hidden", sa.Integer),
)
MAILS = sa.Table("mails", METADATA, sa.Column("person_id", sa.Integer))
TALLIES = sa.Table("tallies", METADATA, sa.Column("person_id", sa.Integer), sa.Column("mails", sa.Integer))
RELAYS = sa.Table(
    "relays", METADATA, sa.Column("id", sa.Integer), optional("above", sa.Integer), optional("host", sa.String)
)
PLAN_RELAYS = sa.Table("plan_relays", METADATA, sa.Column("plan_id", sa.Integer), sa.Column("relay_id", sa.Integer))
PRICES = sa.Table(
    "prices",
    METADATA,
    sa.Column("plan_id", sa.Integer),
    sa.Column("label", sa.String),
    sa.Column("sold", sa.Integer),
    optional("ended", sa.Integer),
)

SMALL = Ref("package", "Small")

ABOVE = RELAYS.alias("above")
NAMED = (
    sa.select(RELAYS.c.id, sa.func.coalesce(RELAYS.c.host, "relay " + sa.cast(RELAYS.c.id, sa.String)).label("name"))
    .select_from(RELAYS.outerjoin(ABOVE, ABOVE.c.id == RELAYS.c.above))
    .where(ABOVE.c.above.is_(None))
    .subquery("named_relays")
)
BY_ROW = (
    sa.select(MAILS.c.person_id.label("owner"), sa.func.count().label("count")).group_by(MAILS.c.person_id).subquery()
)

SYSTEM = System(
    name="Letters",
    known="3",
    version=VersionByColumns(PLANS),
    told_by=(PLAN_RELAYS, PLANS),
    kinds={
        "package": KindMap(
            kind="package",
            table=PLANS,
            id=PLANS.c.id,
            key=PLANS.c.title,
            where=(PLANS.c.deleted_at.is_(None), PLANS.c.kind == "sold"),
            fields={
                "sending.monthly_quota": Column(PLANS.c.max_mails, Codec(int, {0: UNLIMITED})),
                "assets.sending_nodes": Links(PLAN_RELAYS.c.plan_id, PLAN_RELAYS.c.relay_id, "sending_node", ()),
            },
            nameable={Limit: Codec(int, {-1: UNLIMITED})},
        ),
        "tenant": KindMap(
            kind="tenant",
            table=PEOPLE,
            id=PEOPLE.c.id,
            key=PEOPLE.c.email,
            where=(PEOPLE.c.hidden == 0,),
            fields={"package": Foreign(PEOPLE.c.plan_id, "package", NONE), "status": Column(PEOPLE.c.state, TEXT)},
            account=Account(
                state="status",
                child=PEOPLE.c.parent_id.is_not(None),
                binned=PEOPLE.c.away == 1,
                counters={
                    "sent_this_month": Largest(
                        (
                            Counter(column_of(BY_ROW, "owner"), column_of(BY_ROW, "count")),
                            Counter(TALLIES.c.person_id, TALLIES.c.mails),
                        )
                    )
                },
            ),
        ),
    },
    catalogues={"sending_node": Catalogue(column_of(NAMED, "id"), column_of(NAMED, "name"))},
    pointers=(
        Pointer(
            kind="package",
            by="price",
            name=PRICES.c.label,
            field="plan_id",
            number=PRICES.c.plan_id,
            where=(PRICES.c.sold == 1, sa.func.coalesce(PRICES.c.ended, 0) == 0),
        ),
    ),
    needed=(PLAN_RELAYS.c.relay_id,),
    stamps={
        PLANS: RowDefaults(fresh={"owner_id": sa.select(sa.func.min(PEOPLE.c.id)).where(PEOPLE.c.state == "chief")})
    },
)
LETTERS = SystemType(
    SystemAdapter(type="letters", system=SYSTEM, creates=frozenset({"package"}), homeless={"package.role": "no roles"})
)

NEWEST = """
CREATE TABLE {p}plans (
    id INTEGER PRIMARY KEY, title VARCHAR(9), max_mails INT, owner_id INT, kind TEXT, deleted_at TEXT
);
CREATE TABLE {p}people (
    id INTEGER PRIMARY KEY, email TEXT, plan_id INT NOT NULL, state TEXT, parent_id INT, away INT, hidden INT
);
CREATE TABLE {p}mails (person_id INT);
CREATE TABLE {p}tallies (person_id INT, mails INT);
CREATE TABLE {p}relays (id INTEGER PRIMARY KEY, above INT, host TEXT);
CREATE TABLE {p}plan_relays (plan_id INT, relay_id INT);
CREATE TABLE {p}prices (plan_id INT, label TEXT, sold INT, ended INT);
INSERT INTO {p}plans VALUES (1, 'Small', 100, 7, 'sold', NULL), (2, 'Gone', 1, 7, 'sold', 'x');
INSERT INTO {p}plans VALUES (3, 'Own', 0, 7, 'inner', NULL);
INSERT INTO {p}people VALUES (7, 'a@x.example', 1, 'chief', NULL, 0, 0), (8, 'b@x.example', 1, 'active', 7, 0, 0);
INSERT INTO {p}mails VALUES (7), (7);
INSERT INTO {p}tallies VALUES (7, 5);
INSERT INTO {p}relays VALUES (1, NULL, 'eu'), (2, 1, NULL);
INSERT INTO {p}plan_relays VALUES (1, 1);
"""


def letters(folder: Path, *changes: str, prefix: str = "", **options: Any) -> SystemTarget:
    """The newest version, changed."""
    connection = sqlite3.connect(folder / "letters.db")
    connection.executescript(NEWEST.format(p=prefix) + ";".join(changes))
    connection.close()
    return opened(folder, **options)


def opened(folder: Path, **options: Any) -> SystemTarget:
    settings = TargetSettings(name="esp", type="letters", url=f"sqlite:///{folder / 'letters.db'}", options=options)
    return LETTERS.open(settings, KINDS)


def packages(target: SystemTarget) -> dict[str, dict[str, Any]]:
    with target.reader() as reader:
        return {key: dict(record.values) for key, record in reader.snapshot().sheets["package"].items()}


@pytest.mark.parametrize("prefix", ["", "le_"])
def test_the_newest_version_is_read_under_any_prefix(tmp_path: Path, prefix: str) -> None:
    target = letters(tmp_path, prefix=prefix)
    assert packages(target) == {"Small": {"sending.monthly_quota": 100, "assets.sending_nodes": ("eu",)}}
    with target.reader() as reader:
        live = reader.snapshot()
    assert set(live.sheets["tenant"]) == {"a@x.example"}
    assert live.catalogues["sending_node"] == {"eu", "relay 2"}
    assert dict(target.doctor())["system"] == "letters, Letters 3 by its columns"
    assert target.creates == {"package"}


def test_the_settings_say_which_of_several(tmp_path: Path) -> None:
    letters(tmp_path, prefix="a_")
    target = letters(tmp_path, prefix="b_")
    with pytest.raises(TargetError, match=r'several Letters in this database, with the prefixes "a_", "b_"'):
        packages(target)
    assert packages(opened(tmp_path, table_prefix="b_"))
    with pytest.raises(TargetError, match="there is no table c_plan_relays"):
        packages(opened(tmp_path, table_prefix="c_"))


def test_another_database_is_none_of_it(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "letters.db").executescript("CREATE TABLE plan_relays (x INT)")
    with pytest.raises(TargetError, match="there is no Letters in this database: no table is called plan_relays"):
        packages(opened(tmp_path))


def test_without_an_optional_column_conditions_read_what_it_says(tmp_path: Path) -> None:
    target = letters(
        tmp_path,
        "ALTER TABLE plans DROP COLUMN kind",
        "ALTER TABLE plans DROP COLUMN deleted_at",
        "ALTER TABLE relays DROP COLUMN above",
        "ALTER TABLE people DROP COLUMN parent_id",
    )
    assert set(packages(target)) == {"Small", "Gone", "Own"}
    with target.reader() as reader:
        assert set(reader.snapshot().sheets["tenant"]) == {"a@x.example", "b@x.example"}
    assert "less: deleted_at, kind" in dict(target.doctor())["system"]


def test_a_missing_column_takes_what_speaks_of_it(tmp_path: Path) -> None:
    target = letters(tmp_path, "ALTER TABLE plans DROP COLUMN max_mails", "DROP TABLE prices", "DROP TABLE relays")
    assert packages(target) == {"Small": {}}
    assert target.lacking("package", "sending.monthly_quota") == "this version has no plans.max_mails"
    assert target.lacking("package", "assets.sending_nodes") == "this version has no relays.id"
    assert target.lacking("package", "role") == "no roles"


@pytest.mark.parametrize(("change", "most"), [("", 5), ("DROP TABLE tallies", 2), ("DROP TABLE mails", 5)])
def test_the_largest_of_several_counters_counts(tmp_path: Path, change: str, most: int) -> None:
    account = letters(tmp_path, change)._found.system.kinds["tenant"].account
    assert account is not None
    counter = account.counted["sent_this_month"]
    with sa.create_engine(f"sqlite:///{tmp_path / 'letters.db'}").connect() as connection:
        assert connection.execute(sa.select(counter.owner, counter.count)).all() == [(7, most)]


def test_no_counter_is_left_where_no_table_is(tmp_path: Path) -> None:
    account = letters(tmp_path, "DROP TABLE tallies", "DROP TABLE mails")._found.system.kinds["tenant"].account
    assert account is not None and not account.counters


def test_sizes_and_what_is_written_for_nothing_are_those_of_the_live_columns(tmp_path: Path) -> None:
    target = letters(tmp_path)
    system = target._found.system
    place = system.kinds["tenant"].fields["package"]
    assert isinstance(place, Foreign) and place.nothing == 0
    assert isinstance(system.kinds["package"].key.type, sa.String) and system.kinds["package"].key.type.length == 9


@pytest.mark.parametrize(("chief", "owner"), [("chief", {"owner_id": 7}), ("nobody", {})])
def test_a_default_may_be_asked_of_the_database(tmp_path: Path, chief: str, owner: dict[str, int]) -> None:
    target = letters(tmp_path, f"UPDATE people SET state = '{chief}' WHERE id = 7")
    (stamps,) = target._found.system.stamps.values()
    assert stamps.fresh == owner
    assert {column.name for column in target._found.besides} == {"id", "state"}


def test_the_settings_may_name_a_column(tmp_path: Path) -> None:
    change = "ALTER TABLE plans ADD COLUMN daily INT DEFAULT -1"
    target = letters(tmp_path, change, columns={"sending.daily_limit": "daily"})
    assert packages(target)["Small"]["sending.daily_limit"] == UNLIMITED
    assert "more: daily" in dict(target.doctor())["system"]
    plain = opened(tmp_path)
    assert "Letters 3 has no column for it; where yours has one" in plain.lacking("package", "sending.daily_limit")
    with pytest.raises(
        TargetError, match=r'"sending.daily" is no field of a package that a column can hold.*daily_limit'
    ):
        opened(tmp_path, columns={"sending.daily": "daily"})


NEEDED = {
    "people.plan_id": "a reference",
    "people.away": "tells what is in the bin",
    "people.hidden": "tells which rows are objects",
    "prices.sold": "tells which prices name a plan",
    "prices.label": "tells which price it is",
    "plan_relays.relay_id": "the mapping says so",
}


@pytest.mark.parametrize("column", NEEDED)
def test_a_needed_column_stops_everything(tmp_path: Path, column: str) -> None:
    table, _, name = column.partition(".")
    with pytest.raises(TargetError, match=rf": {table}\.{name} missing"):
        packages(letters(tmp_path, f"ALTER TABLE {table} DROP COLUMN {name}"))


def test_an_optional_column_of_a_pointer_may_be_missing(tmp_path: Path) -> None:
    target = letters(
        tmp_path, "INSERT INTO prices VALUES (1, 'monthly', 1, NULL)", "ALTER TABLE prices DROP COLUMN ended"
    )
    with target.reader() as reader:
        pointers = reader.facts(NeededFacts(pointers=frozenset({SMALL}))).pointers[SMALL]
    assert (Ref("price", "monthly"), "plan_id") in pointers


def test_the_mapping_itself_is_never_changed(tmp_path: Path) -> None:
    before = replace(SYSTEM)
    columns = {"sending.daily_limit": "daily"}
    assert packages(letters(tmp_path, "ALTER TABLE z_plans ADD COLUMN daily INT", prefix="z_", columns=columns))
    assert before == SYSTEM and "daily" not in PLANS.c and PLANS.name == "plans"
