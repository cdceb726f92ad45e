"""Live rows that no application would write: decoded, never judged, never a crash (docs/rules.md#rule-12, #rule-14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.facts import NeededFacts
from reconciler.model.ref import Ref
from reconciler.model.values import canonical
from tests.support.native_esp import Place, created

PACKAGE = Ref("package", "Growth")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = created(tmp_path)
    place.sql("INSERT INTO esp_permission (id, name) VALUES (1, 'contacts.view'), (2, 'contacts.import')")
    with place.target.writer() as writer:
        writer.begin()
        writer.insert("role", {"Marketing": {"permissions": ("contacts.view",)}})
        writer.insert("package", {"Growth": {"role": "Marketing", "headers": {"X-A": "1"}}})
        writer.insert("tenant", {"a@x.example": {"package": "Growth", "overrides": {"sending.daily_limit": 1}}})
        writer.commit()
    return place


WEIRD = [
    ("UPDATE esp_package SET sending_daily_limit = 'lots'", "package", "Growth", "sending.daily_limit", "lots"),
    ("UPDATE esp_package SET sending_daily_limit = -5", "package", "Growth", "sending.daily_limit", -5),
    ("UPDATE esp_package SET sending_daily_limit = 1.5", "package", "Growth", "sending.daily_limit", "1.5"),
    ("UPDATE esp_package SET sending_daily_limit = x'00ff'", "package", "Growth", "sending.daily_limit", "0x00ff"),
    ("UPDATE esp_package SET sending_max_threads = 0", "package", "Growth", "sending.max_threads", 0),
    ("UPDATE esp_package SET quota_notify = 7", "package", "Growth", "quota.notify", 7),
    ("UPDATE esp_package SET quota_notify = 'yes'", "package", "Growth", "quota.notify", "yes"),
    ("UPDATE esp_package SET quota_time_unit = 'fortnight'", "package", "Growth", "quota.time_unit", "fortnight"),
    ("UPDATE esp_package SET quota_notify_percent = 400", "package", "Growth", "quota.notify_percent", 400),
    ("UPDATE esp_package SET role_id = 12", "package", "Growth", "role", "#12"),
    ("UPDATE esp_package SET quota_move_to_id = 'x'", "package", "Growth", "quota.move_to", "#x"),
    ("UPDATE esp_package_headers SET value = x'ff'", "package", "Growth", "headers", {"X-A": "0xff"}),
    ("INSERT INTO esp_role_permissions VALUES (1, 12)", "role", "Marketing", "permissions", ("#12", "contacts.view")),
    ("DELETE FROM esp_permission WHERE id = 1", "role", "Marketing", "permissions", ("#1",)),
    ("UPDATE esp_tenant SET status = 'pending-delete'", "tenant", "a@x.example", "status", "pending-delete"),
    ("UPDATE esp_tenant SET package_id = 99", "tenant", "a@x.example", "package", "#99"),
    ("UPDATE esp_tenant SET name = CAST(x'ff41' AS TEXT)", "tenant", "a@x.example", "name", "\\xffA"),
    (
        "UPDATE esp_tenant_override SET sending_daily_limit = 'x', require_dkim = 3",
        "tenant",
        "a@x.example",
        "overrides",
        {"sending.daily_limit": "x", "require.dkim": 3},
    ),
    ("UPDATE esp_tenant_override SET sending_daily_limit = NULL", "tenant", "a@x.example", "overrides", {}),
]


@pytest.mark.parametrize(("edit", "kind", "key", "field", "value"), WEIRD, ids=[row[0] for row in WEIRD])
def test_it_is_kept_raw(place: Place, edit: str, kind: str, key: str, field: str, value: object) -> None:
    place.sql(edit)
    ref = Ref(kind, key)
    with place.target.writer() as writer:
        writer.begin()
        found = writer.read([ref])[ref]
        assert writer.raw([ref])
        writer.rollback()
    assert found.values[field] == value
    assert found == place.snapshot().sheets[kind][key]
    canonical(found.values).encode()
    with place.target.reader() as reader:
        everything = frozenset({PACKAGE, Ref("role", "Marketing"), ref})
        reader.facts(NeededFacts(everything, everything, everything, frozenset({"sent_today"})))
        reader.listing(kind)


@pytest.mark.parametrize(("edit", "kind", "key", "field"), [row[:4] for row in WEIRD if row[3] != "permissions"])
def test_it_can_be_healed(place: Place, edit: str, kind: str, key: str, field: str) -> None:
    good = place.snapshot().sheets[kind][key].values.get(field)
    place.sql(edit)
    with place.target.writer() as writer:
        writer.begin()
        writer.update(kind, {key: {field: good}})
        writer.commit()
    assert place.snapshot().sheets[kind][key].values.get(field) == good


def test_odd_rows_beside_the_object_can_be_healed(place: Place) -> None:
    place.sql("INSERT INTO esp_package_headers VALUES (1, x'ff', 'a'), (1, 7, 'b'), (1, 'X-Old', x'00')")
    place.sql("INSERT INTO esp_role_permissions VALUES (1, 12)")
    with place.target.writer() as writer:
        writer.begin()
        writer.update("package", {"Growth": {"headers": {"X-B": "2"}}})
        writer.update("role", {"Marketing": {"permissions": ("contacts.import",)}})
        writer.commit()
    sheets = place.snapshot().sheets
    assert sheets["package"]["Growth"].values["headers"] == {"X-B": "2"}
    assert sheets["role"]["Marketing"].values["permissions"] == ("contacts.import",)


def test_odd_counters_count_nothing(place: Place) -> None:
    place.sql("INSERT INTO esp_usage (tenant_id, sent_today) VALUES (1, 'many')")
    with place.target.reader() as reader:
        facts = reader.facts(NeededFacts(meters=frozenset({PACKAGE}), counters=frozenset({"sent_today"})))
    assert facts.meters[PACKAGE][0].counters == {"sent_today": 0}


def test_odd_dates_are_shown_and_still_mean_the_bin(place: Place) -> None:
    place.sql("UPDATE esp_package SET created_at = 'long ago'")
    place.sql("UPDATE esp_tenant SET deleted_at = 'yesterday'")
    with place.target.reader() as reader:
        assert reader.listing("package").rows[0][3] == "long ago"
        assert not reader.snapshot().sheets["tenant"]
        assert reader.facts(NeededFacts(holders=frozenset({PACKAGE}))).holders[PACKAGE].binned == 1


TWINS = [("Growth", "GROWTH"), ("Café", "Cafe\u0301"), ("Scale", " Scale "), ("Straße", "STRASSE")]


@pytest.mark.parametrize("names", TWINS)
def test_twins_are_left_out_but_count_as_users(place: Place, names: tuple[str, str]) -> None:
    for name in names:
        place.sql("INSERT OR IGNORE INTO esp_package (name) VALUES (?)", name)
    snapshot = place.snapshot()
    assert snapshot.twins == {"package": (tuple(sorted(names)),)}
    assert not set(names) & set(snapshot.sheets["package"])
    assert not snapshot.unnameable
    with place.target.reader() as reader:
        held = reader.facts(NeededFacts(holders=frozenset({Ref("package", name) for name in names}))).holders
    assert sum(holders.count for holders in held.values()) == (1 if "Growth" in names else 0)


LAWLESS = ["none", "unlimited", " blank", "a\u202eb", "tab\there", "zero\u200bwidth", "e\u0301", "x" * 256, ""]


@pytest.mark.parametrize("name", LAWLESS)
def test_a_name_that_breaks_the_law_is_set_apart(place: Place, name: str) -> None:
    place.sql("UPDATE esp_package SET name = ?", name)
    snapshot = place.snapshot()
    assert list(snapshot.unnameable["package"]) == [name]
    assert snapshot.unnameable["package"][name].values["role"] == "Marketing"
    assert not snapshot.sheets["package"]
    assert snapshot.sheets["tenant"]["a@x.example"].values["package"] == name


def test_a_name_that_is_no_text_does_not_stop_anything(place: Place) -> None:
    place.sql("UPDATE esp_package SET name = x'ff00'")
    assert list(place.snapshot().sheets["package"]) == ["0xff00"]


@pytest.mark.parametrize(("new", "class_"), [("ON DELETE SET NULL", "B"), ("ON DELETE CASCADE", "B"), ("", "A")])
def test_the_class_of_protection_is_what_the_live_schema_says(place: Place, new: str, class_: str) -> None:
    old = "FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE RESTRICT"
    place.redeclare("esp_tenant", old, f"FOREIGN KEY(package_id) REFERENCES esp_package (id) {new}")
    with place.target.reader() as reader:
        facts = reader.facts(NeededFacts(pointers=frozenset({PACKAGE})))
    assert facts.protection == {"package": class_}
    assert ("protection of package", class_) in place.target.doctor()
    if "CASCADE" in new:
        assert facts.cascades == {PACKAGE: "would delete 1 of esp_tenant, delete 1 of esp_tenant_override"}


def test_without_a_foreign_key_nothing_protects(place: Place) -> None:
    (found,) = place.sql("SELECT sql FROM sqlite_master WHERE name = 'esp_tenant'")[0]
    key = next(line for line in found.splitlines() if "FOREIGN KEY(package_id)" in line)
    place.redeclare("esp_tenant", key.strip().rstrip(","), "CHECK (1)")
    with place.target.reader() as reader:
        assert reader.facts(NeededFacts(pointers=frozenset({PACKAGE}))).protection == {"package": "C"}


def test_somebody_else_s_cascade_is_told(place: Place) -> None:
    place.sql("CREATE TABLE app_offer (package INTEGER REFERENCES esp_package (id) ON DELETE CASCADE)")
    assert not facts_of_growth(place)
    place.sql("INSERT INTO app_offer VALUES (1), (1)")
    assert facts_of_growth(place) == {PACKAGE: "would delete 2 of app_offer"}


def facts_of_growth(place: Place) -> object:
    with place.target.reader() as reader:
        return reader.facts(NeededFacts(pointers=frozenset({PACKAGE}))).cascades
