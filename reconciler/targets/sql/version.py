"""Which version of an application a database is of, in words for `doctor`."""

from __future__ import annotations

from reconciler.targets.sql import php
from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.connection import Connection
from reconciler.targets.sql.mapping import NotedVersion, System, VersionByColumns
from reconciler.targets.sql.options import plain_text


def version(wire: Connection, declared: System, bound: System) -> str:
    """In words. `declared`: the mapping as it is written down; `bound`: as this database has it."""
    match bound.version:
        case NotedVersion(query=query):
            for noted, *_ in wire.rows(query):
                return f"version {php.php_text(plain_text(noted) or '')}"
        case VersionByColumns(table=table, unused=unused):
            assert isinstance(declared.version, VersionByColumns)
            there, known = set(Binder(wire).columns(table.name)), set(declared.version.table.c.keys())
            differing = [("more", there - known - unused), ("less", known - there)]
            told = "; ".join(f"{word}: {', '.join(sorted(names))}" for word, names in differing if names)
            if told:
                return f"{bound.name} other than {bound.known} by the columns of {table.name} ({told})"
            return f"{bound.name} {bound.known} by its columns"
        case None:
            pass
    return "version not noted"
