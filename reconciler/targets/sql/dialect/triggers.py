"""The triggers that do for a reference what a foreign key would, on MariaDB, where a foreign key would refuse what an
application itself leaves behind. Knows no table of anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.targets.sql.dialect.place import ForeignKey

ARRIVING: Final = (
    "CREATE TRIGGER {table}_{column}_{event} BEFORE {event} ON {table} FOR EACH ROW BEGIN DECLARE there INT; "
    "IF {when} THEN "
    "SELECT count(*) INTO there FROM {other} WHERE id = NEW.{column} LOCK IN SHARE MODE; "
    "IF there = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table}.{column} names nothing in {other}'; END IF; "
    "END IF; END"
)
LEAVING: Final = (
    "CREATE TRIGGER {other}_of_{table}_{column} BEFORE DELETE ON {other} FOR EACH ROW BEGIN DECLARE used INT; "
    "SELECT count(*) INTO used FROM {table} WHERE {column} = OLD.id LOCK IN SHARE MODE; "
    "IF used > 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{table}.{column} still names it'; END IF; END"
)
EVENTS: Final = {
    "INSERT": "NEW.{column} > 0",
    "UPDATE": "NEW.{column} > 0 AND NOT (NEW.{column} <=> OLD.{column})",
}
"""When there is something to look at: 0 names nothing, and what was wrong before may stay as it is."""


def trigger_sql(wanted: ForeignKey) -> Iterator[str]:
    """One for rows that come, one for rows that change, one for what they name when it goes. The first two lock the row
    that is named, so that nobody deletes it meanwhile."""
    names = {"table": wanted.table, "column": wanted.column, "other": wanted.refers_to}
    for event, when in EVENTS.items():
        yield ARRIVING.format(event=event, when=when.format(**names), **names)
    yield LEAVING.format(**names)
