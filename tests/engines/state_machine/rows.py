"""What the database holds, seen from outside by plain SQL, and what an operation may have done to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.model.change import Change, Delete, Reassign, Rename
from reconciler.model.plan import Plan
from tests.engines.state_machine.files import Files
from tests.support.esp import Dump, Esp

OWNERS = {"role": "role_id", "package": "package_id", "tenant": "tenant_id"}
KEY, PARENT, BINNED, PACKAGE = 1, 3, 4, 6
"""Columns of an account; the key is the second one of every kind."""


@dataclass(frozen=True)
class Rows:
    """All rows at one moment."""

    rows: Dump

    @classmethod
    def of(cls, esp: Esp) -> Rows:
        return cls(esp.dump(frozenset()))

    def facts(self) -> Dump:
        """Everything but what says that an apply was tried."""
        return {name: rows for name, rows in self.rows.items() if name not in ("reconciler_run", "reconciler_lock")}

    def names(self, kind: str) -> dict[int, str]:
        """id → key."""
        return {row[0]: row[KEY] for row in self.rows[f"esp_{kind}"]}

    def users(self) -> dict[int, tuple[Any, ...]]:
        """id → the account's row; sub-accounts and those in the bin too."""
        return {row[0]: row for row in self.rows["esp_tenant"]}

    def visible(self, kind: str) -> set[str]:
        """The keys of what files can name."""
        rows = self.rows[f"esp_{kind}"]
        return {row[KEY] for row in rows if kind != "tenant" or (row[PARENT] is None and row[BINNED] is None)}

    def remembered(self) -> set[tuple[str, str]]:
        """(kind, key) of what is managed."""
        return {(row[1], row[2]) for row in self.rows["reconciler_managed"]}

    def whole(self, kind: str, number: int) -> list[Any]:
        """The row of an object and all rows that belong to it alone."""
        own = [row for row in self.rows[f"esp_{kind}"] if row[0] == number]
        tables = [
            name for name in self.rows if name.startswith(f"esp_{kind}_") or (kind, name) == ("tenant", "esp_usage")
        ]
        return [*own, *((name, row) for name in sorted(tables) for row in self.rows[name] if row[0] == number)]


@dataclass(frozen=True)
class Operation:
    """One apply: its plan, the files it was made from, and the database before and after."""

    plan: Plan
    files: Files
    before: Rows
    after: Rows

    def moved_from(self) -> set[int]:
        """ids of the packages that the plan empties."""
        names = {change.ref.key for change in self.plan.changes if isinstance(change, Reassign)}
        return {number for number, name in self.before.names("package").items() if name in names}

    def nobody_lost_a_package(self) -> None:
        """Every account is still there; who had a package has one, unless a file states `none` for it; and who has
        another one was moved by a file or by a Reassign."""
        after, packages = self.after.users(), self.after.names("package")
        emptied = self.moved_from()
        for number, row in self.before.users().items():
            assert number in after, f"{row[KEY]} is gone"
            old, new = row[PACKAGE], after[number][PACKAGE]
            if old == new:
                assert new is None or new in packages
                continue
            stated = self.files["tenant"].get(row[KEY], {}).get("package")
            if row[PARENT] is not None or row[BINNED] is not None:
                stated = None  # a file cannot mean it
            if new is None:
                assert stated == "none", f"{row[KEY]} lost its package"
                continue
            assert new in packages
            assert stated == packages[new] or old in emptied, f"{row[KEY]} was moved by nobody"

    def strangers_are_untouched(self) -> None:
        """Rows that no file names and nobody remembered are the same, byte for byte, but for the package of moved
        users."""
        ours = {(kind, key) for kind, of_kind in self.files.items() for key in of_kind} | self.before.remembered()
        ours |= {
            (kind, old)
            for kind, of_kind in self.files.items()
            for f in of_kind.values()
            for old in f.get("previously", ())
        }
        emptied = self.moved_from()
        for kind in OWNERS:
            for number, key in self.before.names(kind).items():
                hidden = kind == "tenant" and key not in self.before.visible(kind)
                if (kind, key) in ours and not hidden:
                    continue
                was, now = self.before.whole(kind, number), self.after.whole(kind, number)
                if kind == "tenant" and was[0][PACKAGE] in emptied:
                    was[0], now[0] = _without_package(was[0]), _without_package(now[0])
                assert was == now or self._swept(kind, key), f"{kind}/{key} is nobody's and was changed"

    def _swept(self, kind: str, key: str) -> bool:
        """Undeclared packages and roles may go in one mode only."""
        gone = key in {change.ref.key for change in self.plan.changes if isinstance(change, Delete)}
        return gone and kind != "tenant" and self.plan.policy.mode == "authoritative"

    def history_is_whole(self, done: tuple[Change, ...], run: str) -> None:
        """One more run, finished, with a line for each change; what was deleted is kept."""
        new = set(self.after.rows["reconciler_run"]) - set(self.before.rows["reconciler_run"])
        outcomes = {row[0]: row[-1] for row in new}
        assert outcomes[run] == "done"
        assert set(outcomes.values()) <= {"done", "abandoned"}
        lines = sorted(row for row in self.after.rows["reconciler_change"] if row[0] == run)
        assert [row[1] for row in lines] == list(range(1, len(lines) + 1))
        lines = [row for row in lines if row[3]]  # the others are what memory held
        told = [(row[2], row[3], row[4]) for row in lines]
        assert told == [(c.ref.kind, c.ref.key, type(c).__name__.lower()) for c in done]
        for change, row in zip(done, lines, strict=True):
            assert row[-1] is not None or not isinstance(change, Delete)

    def memory_is_what_is_declared(self) -> None:
        """After a whole plan, what is managed is what is declared and live, and nothing else."""
        aside = {(f.ref.kind, f.ref.key) for f in self.plan.findings if f.severity == "left-out" and f.ref}
        declared = {
            (kind, key)
            for kind, of_kind in self.files.items()
            for key, fields in of_kind.items()
            if fields.get("lifecycle") != "removed"
        }
        found = self.after.remembered()
        assert declared - aside <= found
        if self.plan.policy.mode != "additive":
            assert found <= declared | aside
        assert {pair for pair in declared - aside if pair[1] not in self.after.visible(pair[0])} == set()

    def renamed_rows_are_the_same_rows(self) -> None:
        """A new name is given to the row that had the old one."""
        for change in self.plan.changes:
            if isinstance(change, Rename):
                before = {name: number for number, name in self.before.names(change.ref.kind).items()}
                after = self.after.names(change.ref.kind)
                if change.old in before:
                    assert after[before[change.old]] == change.ref.key


def _without_package(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:PACKAGE] + row[PACKAGE + 1 :]
