"""What the same work costs without us: the parser alone, and the bare bulk insert of the same rows.

`python -m benchmarks.bare parse FOLDER` parses every file and drops the result.
`python -m benchmarks.bare insert DATABASE COPY` writes all rows of a database into an empty one with the same
tables, in one transaction, and prints the seconds of that alone.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path


def parse(folder: Path) -> None:
    """Every YAML file below the folder, through the fast parser."""
    import yaml_rs

    for path in sorted(folder.rglob("*.yaml")):
        yaml_rs.loads(path.read_text(), parse_datetime=False)


def insert(database: Path, copy: Path) -> float:
    """Seconds for inserting every row of `database` into the new database `copy`."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy, isolation_level=None)) as sink:
        sink.execute("PRAGMA journal_mode=WAL")
        sink.execute("PRAGMA synchronous=FULL")
        made = "SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        tables = dict(source.execute(made, ("table",)))
        for statement in (*tables.values(), *(sql for _, sql in source.execute(made, ("index",)))):
            sink.execute(statement)
        rows = {name: source.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
        began = time.perf_counter()
        sink.execute("BEGIN IMMEDIATE")
        for name, these in rows.items():
            if these:
                sink.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(these[0]))})', these)
        sink.execute("COMMIT")
        return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    match arguments:
        case ["parse", folder]:
            parse(Path(folder))
        case ["insert", database, copy]:
            print(insert(Path(database), Path(copy)))
        case _:
            sys.exit("usage: python -m benchmarks.bare parse FOLDER | insert DATABASE COPY")


if __name__ == "__main__":
    main(sys.argv[1:])
