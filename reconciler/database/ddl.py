"""The SQL that gives a table that is there a column that it lacks, with the constraints that the column is declared
with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa


def alter_table_sql(connection: sa.Connection, column: sa.Column[Any], *, inline: bool) -> str:
    """One ALTER TABLE. `inline`: constraints are written behind the column, for no others can be added."""
    compiler = connection.dialect.ddl_compiler(connection.dialect, None)  # type: ignore[arg-type]  # compiles parts
    added = [compiler.get_column_specification(column), *_constraints(compiler, column, inline=inline)]
    table = compiler.preparer.format_table(column.table)
    return f"ALTER TABLE {table} ADD COLUMN {(' ' if inline else ', ADD ').join(added)}"


def _constraints(compiler: Any, column: sa.Column[Any], *, inline: bool) -> Iterator[str]:
    for constraint in sorted(column.table.constraints, key=lambda each: str(each.name)):
        match constraint:
            case sa.CheckConstraint() if column.name in {each.name for each in constraint.columns}:
                yield compiler.process(constraint)
            case sa.ForeignKeyConstraint(elements=[key]) if key.parent is column:
                if inline:
                    name = compiler.preparer.format_constraint(constraint)
                    refers_to = compiler.define_constraint_remote_table(constraint, key.column.table, compiler.preparer)
                    whole = f"CONSTRAINT {name} REFERENCES {refers_to} ({compiler.preparer.quote(key.column.name)})"
                    yield whole + compiler.define_constraint_cascades(constraint)
                else:
                    yield compiler.process(constraint)
            case _:
                pass
