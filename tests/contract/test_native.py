"""The contract suite on the built-in ESP, and what it keeps beyond it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reconciler.model.errors import TargetError
from reconciler.model.ref import Ref
from reconciler.model.target import Writer
from reconciler.testing.suite import *  # noqa: F403  # collected here
from tests.contract.stand import NativeStand

pytestmark = pytest.mark.every_run

FIRST, ROLE = Ref("package", "first package"), Ref("role", "first role")


def test_the_key_of_an_account_in_the_bin_is_not_given_again(stand: NativeStand) -> None:
    stand.load({"tenant": {"binned": {}}})
    stand.to_bin("binned")
    with stand.target.writer() as writer:
        writer.begin()
        with pytest.raises(Exception, match="name is taken"):
            writer.insert("tenant", {"binned": {}})
        writer.rollback()


def test_the_schema_protects_and_spreads_nothing(stand: NativeStand) -> None:
    facts = stand.facts(pointers=[FIRST, ROLE])
    assert facts.protection == {"package": "A", "role": "A"}
    assert facts.cascades == {}


def test_the_listing_is_the_admin_panel_s_table(stand: NativeStand) -> None:
    stand.load({"tenant": {"one": {"package": "first package"}, "elsewhere": {"package": "second package"}}})
    with stand.target.reader() as reader:
        packages = reader.listing("package", "FIRST")
        tenants = reader.listing("tenant", "elsew")
        roles = reader.listing("role")
    assert packages.columns == ("ID", "Name", "User role", "Created on", "Users")
    assert [(row[1], row[2], row[4]) for row in packages.rows] == [("first package", "", 1)]
    assert tenants.columns == ("ID", "E-mail", "Package", "Status", "Created on")
    assert [row[1:4] for row in tenants.rows] == [("elsewhere", "second package", "active")]
    assert [row[1] for row in roles.rows] == ["first role", "second role"]


def test_raw_rows_have_columns_that_no_field_speaks_of(stand: NativeStand) -> None:
    stand.load({"package": {"doomed": {"headers": {"X-A": "1"}, "assets.sending_nodes": ("a", "zwölf")}}})
    stand.sql("ALTER TABLE esp_package ADD COLUMN colour TEXT DEFAULT 'red'")
    with stand.target.writer() as writer:
        writer.begin()
        raw = writer.raw([Ref("package", "doomed")])
        writer.rollback()
    tables = json.loads(json.dumps(raw[Ref("package", "doomed")]))
    (own,) = tables["esp_package"]
    assert (own["name"], own["sending_daily_limit"], own["colour"]) == ("doomed", -1, "red")
    assert [row["value"] for row in tables["esp_package_headers"]] == ["1"]
    assert len(tables["esp_package_assets_sending_nodes"]) == 2


KEPT_BY_THE_SCHEMA: dict[str, Callable[[Writer], object]] = {
    "rename onto another": lambda w: w.rename("package", {"first package": "second package"}),
    "taken name": lambda w: w.insert("package", {"first package": {}}),
}


@pytest.mark.parametrize("write", KEPT_BY_THE_SCHEMA.values(), ids=KEPT_BY_THE_SCHEMA.keys())
def test_the_schema_lets_no_two_have_one_name(stand: NativeStand, write: Callable[[Writer], object]) -> None:
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        with pytest.raises(TargetError):
            write(writer)
        writer.rollback()
    assert stand.image() == before
