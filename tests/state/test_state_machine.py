"""Two people and the reconciler at work on one database, in any order, with faults in between (hypothesis).

Whatever they do: nobody loses a package that no file takes away, what is nobody's stays as it is, a failed apply has
done nothing, and after an apply there is nothing left to do.
"""

from __future__ import annotations

import copy
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from desk import COLUMNS, FIELDS, HIDDEN, ODD, PACKAGES, ROLES, TENANTS, Desk, Files
from esp_place import FILES, Esp, changed, running, through_a_file, without_git
from faults import Moments, fail, interrupt, watched
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from ledger import Ledger, Operation

from reconciler.engine.verdict import drift_code
from reconciler.model.errors import FileErrors, ReconcilerError, Refused, Stale, TargetError
from reconciler.model.plan import Plan
from reconciler.workflow import looking, saved

KINDS_OF_KEYS = {"role": ROLES, "package": PACKAGES, "tenant": TENANTS}
FIELD = st.sampled_from([(k, n, v) for k, fields in FIELDS.items() for n, of_field in fields.items() for v in of_field])
OBJECT = st.sampled_from([(kind, key) for kind, keys in KINDS_OF_KEYS.items() for key in keys])
ANYONE = st.sampled_from((*TENANTS, *HIDDEN))
PACKAGE = st.sampled_from(PACKAGES)


class Work(RuleBasedStateMachine):
    """One example: a copy of the running ESP."""

    template: ClassVar[Esp]

    def __init__(self) -> None:
        super().__init__()
        self.room = Path(tempfile.mkdtemp(dir=self.template.folder.parent))
        self.esp = self.template.copy(self.room / "esp")
        (self.esp.folder / "nothing").mkdir()
        self.desk = Desk(self.esp, changed(FILES, {}))
        self.kept: list[tuple[Plan, Files]] = []
        self.paused = False
        self.signups = 0

    def teardown(self) -> None:
        shutil.rmtree(self.room)

    @initialize(
        mode=st.sampled_from(["managed", "managed", "managed", "additive", "authoritative"]),
        hands_off=st.sampled_from(["[]", "[]", "[tenant/solo*]", "[package/Scale]"]),
    )
    def settles(self, mode: str, hands_off: str) -> None:
        text = f"mode: {mode}\nhands_off: {hands_off}\n"
        self.esp.settings(text)
        self.esp.settings(f"{text}root: nothing\n", name="elsewhere.yaml")

    # the one who edits files

    @rule(field=FIELD, position=st.integers(0, 4), role=st.sampled_from(ROLES), package=PACKAGE)
    def edits(self, field: tuple[str, str, Any], position: int, role: str, package: str) -> None:
        kind, name, value = field
        keys = KINDS_OF_KEYS[kind]
        self.desk.edit(kind, keys[position % len(keys)], name, value, role if kind == "package" else package)

    @rule(which=OBJECT)
    def releases(self, which: tuple[str, str]) -> None:
        self.desk.release(*which)

    @rule(which=OBJECT)
    def takes_out(self, which: tuple[str, str]) -> None:
        self.desk.take_out(*which)

    @rule(key=st.sampled_from(TENANTS), package=PACKAGE | st.just("none"))
    def assigns(self, key: str, package: str) -> None:
        self.desk.assign(key, package)

    @rule(key=PACKAGE, successor=PACKAGE, tidy=st.sampled_from([True, True, False]))
    def buries(self, key: str, successor: str, tidy: bool) -> None:
        self.desk.bury(key, successor, tidy=tidy)

    @rule(old=st.sampled_from([("role", key) for key in ROLES] + [("package", key) for key in PACKAGES]), new=OBJECT)
    def renames(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        kind, key = old
        self.desk.rename(kind, key, new[1] if new[0] == kind else f"{key} 2")

    @rule(steps=st.integers(1, 3))
    def reverts(self, steps: int) -> None:
        self.desk.revert(steps)

    # the one who edits rows

    def by_hand(self, statement: str, *values: object) -> None:
        """What the database itself refuses is not done."""
        try:
            self.esp.sql(statement, *values)
        except sqlite3.IntegrityError:
            pass

    @rule(
        column=st.sampled_from([(table, column) for table, columns in COLUMNS.items() for column in columns]),
        value=st.sampled_from(ODD),
        position=st.integers(1, 7),
    )
    def spoils(self, column: tuple[str, str], value: Any, position: int) -> None:
        self.by_hand(f"UPDATE {column[0]} SET {column[1]} = ? WHERE id = ?", value, position)

    @rule(email=ANYONE, package=PACKAGE)
    def moves(self, email: str, package: str) -> None:
        self.by_hand(
            "UPDATE esp_tenant SET package_id = coalesce((SELECT id FROM esp_package WHERE name = ?), package_id) "
            "WHERE email = ?",
            package,
            email,
        )

    @rule(package=PACKAGE, sort=st.sampled_from(["tenant", "child", "binned", "twin", "lawless"]))
    def signs_up(self, package: str, sort: str) -> None:
        self.signups += 1
        email = {"twin": "OPS@acme.example", "lawless": f" {self.signups}@blank.example"}
        self.by_hand(
            "INSERT INTO esp_tenant (email, package_id, parent_id, deleted_at) VALUES (?, "
            "(SELECT id FROM esp_package WHERE name = ?), (SELECT min(id) FROM esp_tenant WHERE ?), ?)",
            email.get(sort, f"{self.signups}@hand.example"),
            package,
            sort == "child",
            "2026-01-01" if sort == "binned" else None,
        )

    @rule(email=ANYONE)
    def bins(self, email: str) -> None:
        self.by_hand("UPDATE esp_tenant SET deleted_at = '2026-02-02' WHERE email = ?", email)

    @rule(which=OBJECT)
    def deletes(self, which: tuple[str, str]) -> None:
        kind, key = which
        self.by_hand(f"DELETE FROM esp_{kind} WHERE {'email' if kind == 'tenant' else 'name'} = ?", key)

    @rule(kind=st.sampled_from(["role", "package"]), position=st.integers(1, 5), case=st.booleans())
    def names_anew(self, kind: str, position: int, case: bool) -> None:
        new = "upper(name)" if case else "name || ' by hand'"
        self.by_hand(f"UPDATE esp_{kind} SET name = {new} WHERE id = ?", position)

    # the reconciler

    def planned(self, allowed: tuple[str, ...] = ()) -> Plan | None:
        """A fresh plan through its file; None where the files are wrong. Planning writes nothing."""
        before = Ledger.of(self.esp)
        try:
            plan = self.esp.plan(*allowed)
        except FileErrors:
            return None
        finally:
            assert Ledger.of(self.esp) == before
        return through_a_file(plan)

    @rule()
    def keeps_a_plan(self) -> None:
        plan = self.planned()
        if plan is not None and plan.changes and not plan.blocked:
            self.kept = [*self.kept[-2:], (plan, copy.deepcopy(self.desk.now))]

    @rule(allowed=st.sampled_from([(), ("retired",)]))
    def applies(self, allowed: tuple[str, ...]) -> None:
        plan = self.planned(allowed)
        if plan is not None:
            self.goes_through(plan, allowed)

    def goes_through(self, plan: Plan, allowed: tuple[str, ...]) -> None:
        """A fresh plan is refused, or applied and then nothing is left to do."""
        before = Ledger.of(self.esp)
        try:
            outcome = self.esp.apply(plan)
        except Refused:
            assert plan.blocked or self.paused
            self.untouched(before)
            return
        except TargetError as error:
            assert "the name is taken" in error.message  # by somebody in the bin, whom no plan sees
            self.untouched(before)
            return
        assert not plan.blocked
        assert outcome.done == plan.changes
        operation = Operation(plan, self.desk.now, before, Ledger.of(self.esp))
        operation.nobody_lost_a_package()
        operation.strangers_are_untouched()
        operation.history_is_whole(outcome.done, outcome.run.id)
        operation.memory_is_what_is_declared()
        operation.renamed_rows_are_the_same_rows()
        again = self.esp.plan(*allowed)
        assert (again.changes, again.remember, again.drop, again.blocked) == ((), (), (), ())
        assert drift_code(again) == 0

    def untouched(self, before: Ledger) -> None:
        assert Ledger.of(self.esp).facts() == before.facts()

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(0, 2), here=st.booleans())
    def applies_an_older_plan(self, which: int, here: bool) -> None:
        """Beside its files, or where there are none."""
        plan, files = self.kept[which % len(self.kept)]
        settings_file = "reconciler.yaml" if here else "elsewhere.yaml"
        before = Ledger.of(self.esp)
        try:
            saved.belongs(self.esp.site(settings_file), plan)
            outcome = self.esp.apply(plan, settings=settings_file)
        except ReconcilerError as error:
            assert isinstance(error, (Stale, Refused, TargetError))
            assert not (here and isinstance(error, Stale) and "belong" in error.message and files == self.desk.now)
            self.untouched(before)
            return
        operation = Operation(plan, files, before, Ledger.of(self.esp))
        operation.nobody_lost_a_package()
        operation.strangers_are_untouched()
        operation.history_is_whole(outcome.done, outcome.run.id)
        assert sorted(map(id, (*outcome.done, *outcome.already))) == sorted(map(id, plan.changes))

    @rule(at=st.integers(5, 200), stop=st.sampled_from([fail, interrupt]))
    def applies_with_a_fault(self, at: int, stop: Any) -> None:
        plan = self.planned(("retired",))
        if plan is None or plan.blocked or not plan.changes:
            return
        before = Ledger.of(self.esp)
        with watched(Moments(at=at, stop=stop)) as moments:
            try:
                self.esp.apply(plan)
            except (ReconcilerError, KeyboardInterrupt, sqlite3.Error):
                self.untouched(before)
                return
        swallowed = len(moments.seen) >= at and "sqlite_temp_master" in moments.seen[at - 1]
        assert swallowed or len(moments.seen) < at

    @rule(on=st.booleans())
    def pauses(self, on: bool) -> None:
        if on:
            looking.pause(self.esp.site(), "a reason")
        else:
            assert looking.resume(self.esp.site()) is self.paused
        self.paused = on


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[Work]]:
    with without_git():
        Work.template = running(tmp_path / "template")
        yield Work


COMMON: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def test_two_people_and_the_reconciler(machine: type[Work]) -> None:
    # No shrinking: it takes minutes. The steps of the failing example are printed all the same.
    quick = (Phase.explicit, Phase.generate)
    profile = settings(max_examples=60, stateful_step_count=25, derandomize=True, phases=quick, **COMMON)
    run_state_machine_as_test(machine, settings=profile)


@pytest.mark.torture
def test_two_people_and_the_reconciler_for_long(machine: type[Work]) -> None:
    profile = settings(max_examples=600, stateful_step_count=60, print_blob=True, **COMMON)
    run_state_machine_as_test(machine, settings=profile)
