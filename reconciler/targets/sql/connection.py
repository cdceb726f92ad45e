"""One connection, and the only way to say something on it: errors come back in plain words, long lists of ids go in
chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa

from reconciler.database import Database, counts_can_lock, speaking
from reconciler.model.errors import TargetError
from reconciler.targets.sql.mapping import Col, KindMap

Query: TypeAlias = "sa.Select[*tuple[Any, ...]]"
ResultRow: TypeAlias = "sa.Row[*tuple[Any, ...]]"

ROW = "_row"
"""The name of the parameter that says which row is updated."""

CHUNK = 500
"""Parameters in one statement; well below every engine's limit."""


class Connection:
    """`locking`: what is read stays as it is until the end of the transaction (docs/rules.md#rule-30, #rule-35)."""

    def __init__(self, connection: sa.Connection, place: Database, *, locking: bool) -> None:
        self.connection = connection
        self.place = place
        self.locking = locking

    def rows(self, statement: Query) -> Sequence[ResultRow]:
        """All rows of a SELECT of what may be written: nobody else may write them, or come to refer to them."""
        return self._all(statement.with_for_update() if self.locking else statement)

    def names(self, statement: Query) -> Sequence[ResultRow]:
        """All rows of a SELECT of what is only referred to: it stays, and others may refer to it too."""
        return self._all(statement.with_for_update(read=True, key_share=True) if self.locking else statement)

    def counts(self, statement: Query) -> Sequence[ResultRow]:
        """All rows of a SELECT that groups or joins, which not every engine can lock."""
        lock = self.locking and counts_can_lock(self.connection)
        return self._all(statement.with_for_update(read=True) if lock else statement)

    def _all(self, statement: Query) -> Sequence[ResultRow]:
        with speaking(self.place):
            return self.connection.execute(statement).fetchall()

    def among(self, statement: Query, column: Col, wanted: Iterable[Any]) -> Iterator[ResultRow]:
        """As `rows`, those whose `column` is one of `wanted`, chunk by chunk."""
        for chunk in chunks(wanted):
            yield from self.rows(statement.where(column.in_(chunk)))

    def counted(self, statement: Query, column: Col, wanted: Iterable[Any]) -> Iterator[ResultRow]:
        """As `counts`, those whose `column` is one of `wanted`, chunk by chunk."""
        for chunk in chunks(wanted):
            yield from self.counts(statement.where(column.in_(chunk)))

    def insert(self, table: sa.FromClause, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, each with a value for each of `columns`."""
        if rows:
            self._many(sa.insert(table).inline(), columns, rows)  # type: ignore[arg-type]  # every column is of a Table

    def update(self, by: Col, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Update rows, each found by its first value, the one of `by`; the others are for `columns`."""
        if rows:
            values: dict[str, Any] = {name: sa.bindparam(name) for name in columns}
            change = sa.update(by.table).where(by == sa.bindparam(ROW)).values(values)
            self._many(change, (ROW, *columns), rows)

    def write(self, statement: sa.Executable) -> int:
        """Run one change; how many rows it hit."""
        with speaking(self.place):
            return self.connection.execute(statement).rowcount

    def _many(self, change: sa.Insert | sa.Update, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """One statement for many rows, past SQLAlchemy's work on each: they hold only numbers and text, which no
        driver wants converted."""
        compiled = change.compile(dialect=self.connection.dialect, column_keys=list(names))
        assert set(names) == set(compiled.bind_names.values()), f"{names}: not all are columns of the table"
        order = compiled.positiontup
        sent: Any = rows
        if order is None:
            sent = [dict(zip(names, row, strict=True)) for row in rows]
        elif order != list(names):
            sent = list(map(itemgetter(*map(names.index, order)), rows))
        with speaking(self.place):
            self.connection.exec_driver_sql(str(compiled), sent)

    def ids(self, kind: KindMap, keys: Iterable[str], *, only_named: bool = False) -> dict[str, int]:
        """key → id of the objects of these keys that are live. `only_named`: they are not going to be written.

        The database may find more than was asked for (MariaDB equates `Café` and `cafe`), never less; what is
        exactly the same is decided here (docs/rules.md#rule-2). Raises TargetError when two rows have the same name.
        """
        wanted = set(keys)
        statement: Query = sa.select(kind.key, kind.id).where(*kind.shown)
        ask = self.names if only_named else self.rows
        found = (row for chunk in chunks(sorted(wanted)) for row in ask(statement.where(kind.key.in_(chunk))))
        ids: dict[str, int] = {}
        for key, number in found:
            if key in wanted and ids.setdefault(key, number) != number:
                raise TargetError(
                    f'there are two of {kind.kind} "{key}" in the live system', remedy="rename one of them"
                )
        return ids


def chunks(wanted: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut into lists of at most CHUNK."""
    whole = list(wanted)
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]
