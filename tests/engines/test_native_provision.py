"""The `database` commands of the built-in ESP, and `doctor`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import TargetError
from reconciler.model.facts import NeededFacts
from reconciler.model.ref import Ref
from reconciler.model.target import Provision, RefusesValues
from reconciler.model.values import UNLIMITED
from reconciler.targets.native import provision
from reconciler.targets.native.mapping import system
from reconciler.targets.native.provision import GUARDED, VERSION
from reconciler.targets.native.seed import CATALOGUES, PACKAGES
from reconciler.targets.native.tables import tables
from reconciler.targets.sql.mapping import Foreign, columns_in, of_place
from tests.support.native_esp import Place, created


def test_create_makes_the_file_and_its_folder_once(tmp_path: Path) -> None:
    place = Place(tmp_path / "var" / "esp.db")
    assert isinstance(place.target, Provision)
    (done,) = place.target.create()
    assert "created" in done and f"schema version {VERSION}" in done
    before = place.path.read_bytes()
    with pytest.raises(TargetError, match="there already") as caught:
        place.target.create()
    assert "database upgrade" in caught.value.remedy
    assert place.path.read_bytes() == before


def test_create_refuses_a_file_with_tables_of_somebody_else(tmp_path: Path) -> None:
    place = Place(tmp_path / "esp.db")
    place.sql("CREATE TABLE wordpress_posts (id INTEGER)")
    before = place.path.read_bytes()
    with pytest.raises(TargetError, match="somebody else: wordpress_posts"):
        place.target.create()
    with pytest.raises(TargetError, match="not an ESP database of ours"):
        place.target.upgrade()
    with pytest.raises(TargetError, match="not an ESP database of ours"):
        place.target.seed()
    assert place.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["esp.db"]


def test_memory_may_be_there_first(tmp_path: Path) -> None:
    place = Place(tmp_path / "esp.db")
    place.sql("CREATE TABLE reconciler_lock (id INTEGER)")
    place.target.create()
    assert set(place.snapshot().sheets) == set(KINDS.kinds)


def test_a_failed_create_leaves_no_half_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path / "esp.db")
    monkeypatch.setattr(provision, "VERSION", "no number")  # the row of the version is the last thing written
    with pytest.raises(TargetError):
        place.target.create()
    assert place.sql("SELECT name FROM sqlite_master") == []


def test_upgrade_of_the_newest_does_nothing(tmp_path: Path) -> None:
    assert created(tmp_path).target.upgrade() == (f"nothing to do: schema version {VERSION} is the newest",)


def test_what_a_hand_took_away_is_named_and_comes_back(tmp_path: Path) -> None:
    place = created(tmp_path)
    place.target.seed()
    place.sql("ALTER TABLE esp_package DROP COLUMN sending_daily_limit")
    place.sql("DROP TABLE esp_usage")
    place.sql("DROP INDEX ix_esp_tenant_parent_id")
    with pytest.raises(TargetError, match=r"lacks esp_usage, esp_package\.sending_daily_limit") as caught:
        place.snapshot()
    assert caught.value.remedy == "run `reconciler database upgrade`"
    told = dict(place.target.doctor())["table esp_package"]
    assert told == "5 rows; lacks sending_daily_limit: run `reconciler database upgrade`"
    assert place.target.upgrade() == (
        "added table esp_usage",
        "added column esp_package.sending_daily_limit",
        "added index ix_esp_tenant_parent_id",
    )
    values = {record.values["sending.daily_limit"] for record in place.snapshot().sheets["package"].values()}
    assert values == {UNLIMITED}
    assert place.target.upgrade() == (f"nothing to do: schema version {VERSION} is the newest",)


def test_a_column_whose_name_differs_in_case_is_there(tmp_path: Path) -> None:
    place = created(tmp_path)
    place.target.seed()
    before = place.snapshot()
    place.sql("ALTER TABLE esp_package RENAME COLUMN setup_guide TO Setup_Guide")
    assert place.target.upgrade() == (f"nothing to do: schema version {VERSION} is the newest",)
    assert place.snapshot() == before


def test_what_nobody_can_make_up_is_refused_before_anything_is_added(tmp_path: Path) -> None:
    place = created(tmp_path)
    place.sql("DROP TABLE esp_usage")
    place.sql("ALTER TABLE esp_package_headers DROP COLUMN value")
    with pytest.raises(TargetError, match=r"esp_package_headers\.value is missing, and nobody knows"):
        place.target.upgrade()
    assert place.sql("SELECT name FROM sqlite_master WHERE name = 'esp_usage'") == []


CREATED = tuple(f"{table}.created_at" for table in ("esp_role", "esp_package", "esp_platform", "esp_tenant"))


@pytest.mark.parametrize("name", [*GUARDED, *CREATED])
def test_what_guards_ask_is_never_made_again_empty(tmp_path: Path, name: str) -> None:
    table, _, column = name.partition(".")
    place = created(tmp_path)
    place.target.seed()
    if table == "esp_platform":
        place.sql("INSERT INTO esp_platform (name) VALUES ('default')")
    place.without(table, column)
    place.sql("DROP TABLE esp_usage")
    before = place.sql("SELECT name, sql FROM sqlite_master")
    with pytest.raises(TargetError, match=rf"{table}\.{column} is missing, and nobody knows what was in it") as caught:
        place.target.upgrade()
    assert caught.value.remedy == "restore it from a backup"
    assert place.sql("SELECT name, sql FROM sqlite_master") == before
    with pytest.raises(TargetError, match=rf"lacks .*{table}\.{column}"):
        place.snapshot()
    # Where no row was there, nothing was lost.
    for child in (f"{table}_override", "esp_tenant", "esp_package", table):
        if place.sql("SELECT 1 FROM sqlite_master WHERE name = ?", child):
            place.sql(f"DELETE FROM {child}")
    assert f"added column {name}" in place.target.upgrade()


@pytest.mark.parametrize("table", ["esp_package", "esp_platform", "esp_tenant"])
def test_a_table_that_guards_ask_is_not_made_again_empty(tmp_path: Path, table: str) -> None:
    place = created(tmp_path)
    place.target.seed()
    place.sql(f"DROP TABLE {table}")
    with pytest.raises(TargetError, match=f"{table} is missing, and nobody knows"):
        place.target.upgrade()
    assert not place.sql("SELECT name FROM sqlite_master WHERE name = ?", table)


def test_what_is_guarded_is_a_reference_or_the_state_of_accounts() -> None:
    """A newer one may be added to the kinds without a word here; then its loss passes for a new column."""
    found = {"esp_package.lifecycle"}
    for kind in system(KINDS, tables(KINDS)).kinds.values():
        found |= {str(place.column) for place in kind.fields.values() if isinstance(place, Foreign)}
        if kind.account is not None:
            found |= {str(c) for c in columns_in(kind.account.child, kind.account.binned)}
            found |= {str(c) for c in of_place(kind.fields[kind.account.state])}
    assert set(GUARDED) <= found


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    place = created(tmp_path)
    place.sql("ALTER TABLE esp_package DROP COLUMN sending_daily_limit")
    place.sql("DROP INDEX ix_esp_tenant_parent_id")
    place.sql("CREATE TABLE ix_esp_tenant_parent_id (id INTEGER)")
    with pytest.raises(TargetError):
        place.target.upgrade()
    assert ("sending_daily_limit",) not in place.sql("SELECT name FROM pragma_table_info('esp_package')")


def test_the_seed_is_a_running_esp(tmp_path: Path) -> None:
    place = created(tmp_path)
    assert place.target.seed()[0].startswith("filled with ")
    snapshot = place.snapshot()
    assert 280 <= len(snapshot.sheets["tenant"]) <= 320
    assert not snapshot.twins and not snapshot.unnameable
    assert 40 <= len(snapshot.catalogues["permission"]) <= 50
    assert {name: frozenset(names) for name, names in CATALOGUES.items()} == snapshot.catalogues
    packages = frozenset(Ref("package", name) for name in PACKAGES)
    with place.target.reader() as reader:
        facts = reader.facts(NeededFacts(holders=packages, meters=packages, counters=frozenset({"sent_this_month"})))
    legacy = facts.holders[Ref("package", "Legacy")]
    assert (legacy.count, dict(legacy.by_status), legacy.binned) == (30, {"active": 26, "closed": 1, "suspended": 2}, 1)
    assert facts.holders[Ref("package", "Trial")].count == 0
    assert facts.holders[Ref("package", "Enterprise")].unnamed == 6
    busy = [m.counters["sent_this_month"] for m in facts.meters[Ref("package", "Professional")]]
    assert sum(1 for sent in busy if sent > 250_000) == 3
    assert sum(1 for sent in busy if 225_000 < sent <= 250_000) == 6
    assert max(busy) <= 300_000


def test_the_seed_is_the_same_every_time(tmp_path: Path) -> None:
    dumps = []
    for name in ("one", "two"):
        place = created(tmp_path / name)
        place.target.seed()
        connection = sqlite3.connect(place.path)
        dumps.append([line for line in connection.iterdump() if line.startswith("INSERT")])
        connection.close()
    assert dumps[0] == dumps[1]


def test_the_seed_fills_only_what_is_empty(tmp_path: Path) -> None:
    place = created(tmp_path)
    place.sql("INSERT INTO esp_role (name) VALUES ('mine')")
    with pytest.raises(TargetError, match="the database is not empty: esp_role has rows"):
        place.target.seed()
    assert set(place.snapshot().sheets["role"]) == {"mine"}


def test_the_seed_remembers_what_no_file_states_any_more(tmp_path: Path) -> None:
    ((ref, origin),) = created(tmp_path).target.seeded().items()
    assert (str(ref), str(origin)) == ("package/Legacy", "packages.d/legacy.yaml:1")


def test_doctor_answers_what_a_person_asks_first(tmp_path: Path) -> None:
    place = created(tmp_path)
    place.target.seed()
    place.sql("DROP TABLE esp_usage")
    answers = dict(place.target.doctor())
    assert answers["connection"] == "esp.db"
    assert answers["engine"] == f"sqlite {sqlite3.sqlite_version}"
    assert answers["schema version"] == f"{VERSION} (this reconciler knows {VERSION})"
    assert answers["table esp_package"] == "5 rows"
    assert answers["table esp_usage"] == "missing"
    assert (answers["foreign_keys"], answers["journal_mode"], answers["query_only"]) == ("1", "wal", "1")
    assert answers["protection of package"] == "A"
    assert str(tmp_path) not in str(answers)


def test_every_value_fits_the_native_tables(tmp_path: Path) -> None:
    assert not isinstance(created(tmp_path).target, RefusesValues)


def test_a_writer_s_connection_is_safe(tmp_path: Path) -> None:
    with created(tmp_path).target.writer() as writer:
        asked = ("foreign_keys", "journal_mode", "synchronous", "busy_timeout", "query_only")
        found = [writer.session.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert found == [1, "wal", 2, 5000, 0]
