"""A column of users that the application keeps equal to one of what they are on, and the SQL that keeps it so. Runs
nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.util import ClauseAdapter

Col = sa.Column[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """`copy`: the users' column; `of`: the column it copies; `through`: the users' column that names what they are on;
    `number`: the users' id; `on`: the id of what they are on. `where`: which users have a copy; `proof`: which of them
    show whether the application keeps it equal."""

    copy: Col
    of: Col
    through: Col
    number: Col
    on: Col
    where: tuple[sa.ColumnElement[bool], ...] = ()
    proof: tuple[sa.ColumnElement[bool], ...] = ()

    def evidence(self) -> sa.Select[*tuple[Any, ...]]:
        """(whether they are on something, whether the copy differs) of all users, each once. Who is on nothing should
        have none."""
        attached = sa.case((self.on.is_not(None), 1), else_=0)
        differs = sa.case((self.copy.is_distinct_from(self.of), 1), else_=0)
        joined = self.copy.table.outerjoin(self.of.table, self.on == self.through)
        there = sa.or_(self.on.is_not(None), sa.func.coalesce(self.through, 0) == 0)
        return sa.select(attached, differs).distinct().select_from(joined).where(there, *self.where, *self.proof)

    def mirrored(self) -> sa.ColumnElement[bool]:
        """Whether a user's value is no more than its copy: it is equal, and everybody's is."""
        equal = sa.exists(self.on).where(self.on == self.through, self.of == self.copy)
        users, things = self.copy.table.alias("mirrored_users"), self.of.table.alias("mirrored_things")
        inside = ClauseAdapter(users).chain(ClauseAdapter(things))
        differs = sa.exists(things.c[self.on.name]).where(
            *map(
                inside.traverse,
                (self.on == self.through, self.copy.is_distinct_from(self.of), *self.where, *self.proof),
            )
        )
        return sa.and_(equal, ~differs, *self.where)

    def follow(self, changed: Col, ids: Collection[int], *, clearing: bool) -> sa.Update | None:
        """Make the copies equal where rows with these ids were changed; None: they are of a table without a copy.
        `clearing`: who is on nothing by now has none."""
        by = {self.on: self.through, self.number: self.number}.get(changed)
        if by is None:
            return None
        wanted = sa.select(self.of).where(self.on == self.through).correlate(self.copy.table).scalar_subquery()
        touched: sa.ColumnElement[bool] = self.through.in_(sa.select(self.on))
        if clearing:
            touched = sa.or_(touched, sa.func.coalesce(self.through, 0) == 0)
        return (
            sa.update(self.copy.table)
            .where(by.in_(ids), touched, self.copy.is_distinct_from(wanted), *self.where)
            .values({self.copy: wanted})
        )
