"""Codecs, error translation and the derived tables, without a database."""

from __future__ import annotations

import datetime
import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from reconciler.database import Database, speaking
from reconciler.kinds import KINDS
from reconciler.model.errors import Lost, TargetError
from reconciler.model.resource import Field, Names, Removal, Resource, Text, Vocabulary
from reconciler.targets.native.mapping import system
from reconciler.targets.native.tables import tables
from reconciler.targets.sql.codec import LIMIT, SWITCH, TEXT, TOGGLE, WHOLE, Codec, raw, text
from reconciler.targets.sql.connection import Connection


@pytest.mark.parametrize(
    ("codec", "stored", "values"),
    [
        (LIMIT, [-1, 0, None, 7, "x", -5], ["unlimited", 0, None, 7, "x", -5]),
        (SWITCH, [-1, 0], ["off", 0]),
        (TOGGLE, [0, 1, None, 2], [False, True, None, 2]),
        (WHOLE, [50, 98.5], [50, "98.5"]),
        (TEXT, ["", "-1", b"\x00"], ["", "-1", "0x00"]),
        (LIMIT, [], []),
    ],
)
def test_a_column_is_decoded_and_never_judged(codec: Codec, stored: list[object], values: list[object]) -> None:
    decoded = list(codec.decode(stored))
    assert decoded == values
    assert [type(value) for value in decoded] == [type(value) for value in values]


@pytest.mark.parametrize("codec", [LIMIT, SWITCH, TOGGLE, WHOLE, TEXT])
def test_what_is_encoded_is_decoded_again(codec: Codec) -> None:
    for value in [*codec.meanings.values(), None, *({int: [0, 1, 2**63 - 1], str: ["", "off"]}[codec.expects])]:
        assert list(codec.decode(codec.encode([value]))) == [value]


def test_raw_values_go_through_json() -> None:
    assert [raw(value) for value in (None, 1, "x", b"\xff", 1.5)] == [None, 1, "x", "0xff", "1.5"]
    assert raw(datetime.datetime(2026, 1, 2, 3, 4)) == "2026-01-02 03:04:00"
    assert [text(None), text(1)] == ["", "1"]


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect(), mysql.dialect()])
def test_the_tables_can_be_made_by_every_engine(dialect: sa.Dialect) -> None:
    for table in tables(KINDS).sorted_tables:
        statements = [str(CreateTable(table).compile(dialect=dialect))]
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
        assert all(statements)
        if isinstance(dialect, mysql.dialect) and "name" in table.c:
            assert "utf8mb4_nopad_bin" in statements[0] or table.name == "esp_tenant"


def test_every_reference_between_objects_is_a_foreign_key_that_refuses() -> None:
    for table in tables(KINDS).tables.values():
        owners = {key.column.table.name for key in table.foreign_keys if key.ondelete == "CASCADE"}
        assert not owners or table.name.startswith(tuple(owners)) or table.name == "esp_usage"
        assert {key.ondelete for key in table.foreign_keys} <= {"RESTRICT", "CASCADE"}


def test_every_live_field_has_a_place() -> None:
    kinds = system(KINDS, tables(KINDS)).kinds
    assert {kind: set(found.fields) for kind, found in kinds.items()} == {
        kind: {field.name for field in fields} for kind, fields in KINDS.held.items()
    }


def test_a_field_of_a_new_sort_is_refused_while_building() -> None:
    odd = Field("odd", object(), "No type at all.")  # type: ignore[arg-type]
    kind = Resource(kind="k", folder="k.d", doc="", key_doc="", key_examples=(), fields=(odd,), removal=Removal.DELETE)
    with pytest.raises(TypeError, match="odd: no column"):
        tables(Vocabulary((kind,)))


def test_a_new_kind_gets_its_tables_by_its_declaration_alone() -> None:
    fields = (Field("motto", Text(), "A text."), Field("tags", Names("tag"), "Names.", default=()))
    kind = Resource(
        kind="team", folder="t.d", doc="", key_doc="", key_examples=(), fields=fields, removal=Removal.DELETE
    )
    vocabulary = Vocabulary((kind,))
    metadata = tables(vocabulary)
    assert set(metadata.tables) == {"esp_schema", "esp_tag", "esp_team", "esp_team_tags"}
    assert system(vocabulary, metadata).kinds["team"].account is None


PLACE = Database(sa.make_url("postgresql://u:secret@db.example/esp"), 5)


def test_a_lost_connection_is_said_to_be_lost() -> None:
    error = sa.exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("gone"), connection_invalidated=True)
    with pytest.raises(Lost, match=r"^the connection to db\.example/esp was lost") as caught, speaking(PLACE):
        raise error
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("error", [sqlite3.OperationalError("strange"), sa.exc.DBAPIError("SELECT 1", {}, None)])
def test_an_error_of_unknown_sort_is_still_ours(error: Exception) -> None:
    with pytest.raises(TargetError, match=r"^db.example/esp: ") as caught, speaking(PLACE):
        raise error
    assert "SELECT" not in caught.value.message


@pytest.mark.parametrize("paramstyle", ["qmark", "named"])
def test_many_rows_are_written_whatever_the_driver_calls_its_parameters(paramstyle: str) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.Text))
    engine = sa.create_engine("sqlite://", paramstyle=paramstyle)
    with engine.connect() as connection:
        table.create(connection)
        wire = Connection(connection, PLACE, locking=True)
        wire.insert(table, ("b", "a"), [("x", 1), ("y", 2)])
        wire.insert(table, ("a",), [(3,)])
        wire.update(table.c.a, ("b",), [(2, "Y"), (3, "Z")])
        assert connection.execute(sa.select(table).order_by("a")).all() == [(1, "x"), (2, "Y"), (3, "Z")]
    engine.dispose()
