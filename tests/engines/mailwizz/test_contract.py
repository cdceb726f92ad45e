"""The contract suite on MailWizz: of its tests those that speak of what MailWizz has. The platform is one object, and
has its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import ReconcilerError, TargetError
from reconciler.model.ref import Ref
from reconciler.model.resource import Field
from reconciler.model.values import same
from tests.contract.boundaries import STOCK, boundaries
from tests.contract.stands import Stand
from tests.contract.test_roundtrip import (  # noqa: F401  # collected here
    every_value_comes_back,
    test_a_new_object_holds_every_supported_field_with_the_vocabulary_s_defaults,
    test_any_combination_survives_insert_then_update,
    test_it_says_what_it_holds_and_creates,
    test_live_records_say_where_they_are_without_any_id,
    test_none_clears_a_reference,
)
from tests.contract.test_writing import (  # noqa: F401  # collected here
    test_a_reader_sees_one_moment,
    test_a_reassign_moves_everybody,
    test_a_rename_keeps_the_row_and_all_that_points_at_it,
)
from tests.engines.mailwizz.contract import MailwizzStand
from tests.support.engines import ServerPlace
from tests.support.mailwizz import Mailwizz


@pytest.fixture
def stand(empty_database: ServerPlace, tmp_path: Path) -> Stand:
    mail = Mailwizz(empty_database, tmp_path / "repository").installed()
    found = MailwizzStand(mail.site.target, empty_database, mail)
    found.stock(STOCK)
    found.load({"package": {"first package": {}, "second package": {}}})
    return found


@pytest.mark.parametrize("kind", ["package", "tenant"])
def test_every_value_comes_back_after_insert_and_after_update(stand: Stand, kind: str) -> None:
    every_value_comes_back(stand, kind, [f for f in KINDS.held[kind] if f.name in stand.target.supports[kind]])


@pytest.mark.parametrize("field", KINDS.held["platform"], ids=lambda field: field.name)
def test_every_value_of_the_platform_comes_back(stand: Stand, field: Field) -> None:
    if field.name not in stand.target.supports["platform"]:
        return
    values = [value for value in boundaries("platform", field) if stand.holds("platform", field.name, value)]
    for value in (*values, *reversed(values)):
        with stand.target.writer() as writer:
            writer.begin()
            writer.update("platform", {"default": {field.name: value}})
            (found,) = writer.read([Ref("platform", "default")]).values()
            assert same(found.values[field.name], value)
            writer.commit()
        assert same(stand.live("platform", "default").values[field.name], value)


def test_a_delete_takes_what_belongs_to_the_group_alone(stand: Stand) -> None:
    stand.load({"package": {"doomed": {"options": {"a": "b"}, "assets.sending_nodes": ("a",)}}})
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        writer.delete("package", ["doomed"])
        writer.rollback()
        assert stand.image() == before
        writer.begin()
        writer.delete("package", ["doomed"])
        writer.commit()
    assert stand.sql("SELECT count(DISTINCT group_id) FROM mw_customer_group_option") == [(2,)]
    assert stand.sql("SELECT count(*) FROM mw_delivery_server_to_customer_group") == [(0,)]


BAD_WRITES: dict[str, Any] = {
    "update of nothing": lambda w: w.update("package", {"none such": {"quota.emails": 1}}),
    "rename of nothing": lambda w: w.rename("package", {"none such": "x"}),
    "delete of nothing": lambda w: w.delete("package", ["none such"]),
    "reassign to nothing": lambda w: w.reassign(Ref("package", "first package"), "none such"),
    "dangling reference": lambda w: w.insert("package", {"new": {"quota.move_to": "none such"}}),
    "unknown asset": lambda w: w.update("package", {"first package": {"assets.sending_nodes": ("none such",)}}),
    "taken name": lambda w: w.insert("package", {"first package": {}}),
}


@pytest.mark.parametrize("write", BAD_WRITES.values(), ids=BAD_WRITES.keys())
def test_a_bad_write_says_so_and_rolls_back_to_the_byte(stand: Stand, write: Any) -> None:
    before = stand.image()
    with stand.target.writer() as writer:
        writer.begin()
        writer.insert("package", {"written before": {}})
        with pytest.raises(TargetError) as caught:
            write(writer)
        writer.rollback()
    assert stand.image() == before
    assert "SELECT" not in caught.value.message


def test_a_reader_has_no_pen(stand: Stand) -> None:
    with pytest.raises(ReconcilerError), stand.target.reader() as reader:
        reader.session.exec_driver_sql("UPDATE mw_customer_group SET name = 'x'")


def test_writing_in_bulk_gives_what_writing_one_by_one_gives(stand: Stand) -> None:
    drafts = {f"group {n}": {"quota.emails": n, "options": {"x.y": str(n)}} for n in range(603)}
    stand.load({"package": drafts})
    with stand.target.reader() as reader:
        live = reader.snapshot().sheets["package"]
    assert {key: live[key].values["quota.emails"] for key in drafts} == {f"group {n}": n for n in range(603)}
    assert live["group 602"].values["options"]["x.y"] == "602"  # type: ignore[index]
