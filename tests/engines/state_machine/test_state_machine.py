"""Two people and the reconciler at work on one database, in any order, with faults in between (hypothesis).

Whatever they do: nobody loses a package that no file takes away, what is nobody's stays as it is, a failed apply has
done nothing, and after an apply there is nothing left to do.
"""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from reconciler.model.errors import FileErrors, ReconcilerError, Refused, Stale, TargetError
from reconciler.model.exit_codes import drift_code
from reconciler.model.plan import Plan
from reconciler.workflow import doctor, plan_file
from tests.engines.state_machine.direct_edits import COLUMNS, ODD, DirectEdits
from tests.engines.state_machine.files import FIELDS, HIDDEN, KEYS, PACKAGES, TENANTS, Desk, Files
from tests.engines.state_machine.rows import Operation, Rows
from tests.support.esp import FILES, Esp, changed, running, through_a_file, without_git
from tests.support.faults import Moments, fail, interrupt, watched
from tests.support.scale import count
from tests.support.working_copies import WorkingCopies

FIELD = st.sampled_from([(k, n, v) for k, fields in FIELDS.items() for n, of_field in fields.items() for v in of_field])
OBJECT = st.sampled_from([(kind, key) for kind, keys in KEYS.items() for key in keys])
ANYONE = st.sampled_from((*TENANTS, *HIDDEN))
PACKAGE = st.sampled_from(PACKAGES)
POSITION = st.integers(0, 5)
TIDY = st.sampled_from([True, True, True, False])
WILD = st.sampled_from([False, False, False, True])
COLUMN = st.sampled_from([(table, column) for table, columns in COLUMNS.items() for column in columns])

ON_FILES = st.one_of(
    st.tuples(st.just("edit"), FIELD, POSITION),
    st.tuples(st.just("edit"), FIELD, POSITION),
    st.tuples(st.just("release"), OBJECT),
    st.tuples(st.just("take_out"), OBJECT, WILD),
    st.tuples(st.just("assign"), st.sampled_from(TENANTS), POSITION),
    st.tuples(st.just("bury"), PACKAGE, POSITION, WILD),
    st.tuples(st.just("rename"), st.sampled_from(["role", "package"]), POSITION, st.sampled_from([" 2", " new"])),
    st.tuples(st.just("revert"), st.integers(1, 3)),
)
ON_ROWS = st.one_of(
    st.tuples(st.just("spoil"), COLUMN, st.sampled_from(ODD), st.integers(1, 7)),
    st.tuples(st.just("move"), ANYONE, PACKAGE),
    st.tuples(st.just("sign_up"), PACKAGE, st.sampled_from(["tenant", "child", "binned", "twin", "lawless"])),
    st.tuples(st.just("throw_away"), ANYONE),
    st.tuples(st.just("delete"), OBJECT),
    st.tuples(st.just("name_anew"), st.sampled_from(["role", "package"]), st.integers(1, 5), st.booleans()),
)


class Work(RuleBasedStateMachine):
    """One example: a copy of the running ESP."""

    template: ClassVar[Esp]
    copies: ClassVar[WorkingCopies]

    def __init__(self) -> None:
        super().__init__()
        self.copies.cleared()
        self.esp = self.copies.copy(self.template)
        (self.esp.folder / "nothing").mkdir()
        self.desk = Desk(self.esp, changed(FILES, {}))
        self.kept: list[tuple[Plan, Files]] = []
        self.paused = False
        self.hand = DirectEdits(self.esp)

    @initialize(
        mode=st.sampled_from(["managed", "managed", "managed", "additive", "authoritative"]),
        hands_off=st.sampled_from(["[]", "[]", "[tenant/solo*]", "[package/Scale]"]),
    )
    def settles(self, mode: str, hands_off: str) -> None:
        text = f"mode: {mode}\nhands_off: {hands_off}\n"
        self.esp.settings(text)
        self.esp.settings(f"{text}root: nothing\n", name="elsewhere.yaml")

    @rule(actions=st.lists(ON_FILES, min_size=1, max_size=4))
    def works_on_files(self, actions: list[tuple[Any, ...]]) -> None:
        for name, *arguments in actions:
            getattr(self.desk, name)(*arguments)

    @rule(actions=st.lists(ON_ROWS, min_size=1, max_size=3))
    def works_on_rows(self, actions: list[tuple[Any, ...]]) -> None:
        """What the database itself refuses is not done."""
        for name, *arguments in actions:
            with suppress(sqlite3.IntegrityError):
                getattr(self.hand, name)(*arguments)

    # the reconciler

    def planned(self, *allowed: str) -> Plan | None:
        """A fresh plan, through its file; None where the files are wrong."""
        try:
            return through_a_file(self.esp.plan(*allowed))
        except FileErrors:
            return None

    @rule(tidy=TIDY)
    def keeps_a_plan(self, tidy: bool) -> None:
        """Planning writes nothing."""
        before = Rows.of(self.esp)
        plan = self.reasonable() if tidy else self.planned()
        assert Rows.of(self.esp) == before
        if plan is not None and plan.changes and not plan.blocked:
            self.kept = [*self.kept[-2:], (plan, copy.deepcopy(self.desk.now))]

    def reasonable(self) -> Plan | None:
        """A plan of files in order; what it says about deletions is obeyed."""
        self.desk.mend()
        plan = self.planned("retired")
        in_use = (
            sorted({f.ref.key for f in plan.blocked if f.ref and f.code == "in-use"} & set(PACKAGES)) if plan else []
        )
        if in_use:
            self.desk.obey(in_use)
            plan = self.planned("retired")
        return plan

    @rule(tidy=TIDY)
    def applies(self, tidy: bool) -> None:
        plan = self.reasonable() if tidy else self.planned("retired")
        if plan is not None:
            self.goes_through(plan)

    @rule(actions=st.lists(ON_FILES, min_size=1, max_size=4))
    def works_on_files_and_applies(self, actions: list[tuple[Any, ...]]) -> None:
        self.works_on_files(actions)
        self.applies(True)

    def goes_through(self, plan: Plan) -> None:
        """A fresh plan is refused, or applied and then nothing is left to do."""
        before = Rows.of(self.esp)
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
        operation = Operation(plan, self.desk.now, before, Rows.of(self.esp))
        operation.nobody_lost_a_package()
        operation.strangers_are_untouched()
        operation.history_is_whole(outcome.done, outcome.run.id)
        operation.memory_is_what_is_declared()
        operation.renamed_rows_are_the_same_rows()
        again = self.esp.plan("retired")
        assert (again.changes, again.remember, again.drop, again.blocked) == ((), (), (), ())
        assert drift_code(again) == 0

    def untouched(self, before: Rows) -> None:
        assert Rows.of(self.esp).facts() == before.facts()

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(0, 2), here=st.booleans())
    def applies_an_older_plan(self, which: int, here: bool) -> None:
        """Beside its files, or where there are none."""
        plan, files = self.kept[which % len(self.kept)]
        settings_file = "reconciler.yaml" if here else "elsewhere.yaml"
        before = Rows.of(self.esp)
        try:
            plan_file.check_plan(self.esp.site(settings_file), plan)
            outcome = self.esp.apply(plan, settings=settings_file)
        except ReconcilerError as error:
            assert isinstance(error, (Stale, Refused, TargetError))
            assert not (here and isinstance(error, Stale) and "belong" in error.message and files == self.desk.now)
            self.untouched(before)
            return
        operation = Operation(plan, files, before, Rows.of(self.esp))
        operation.nobody_lost_a_package()
        operation.strangers_are_untouched()
        operation.history_is_whole(outcome.done, outcome.run.id)
        assert sorted(map(id, (*outcome.done, *outcome.already))) == sorted(map(id, plan.changes))

    @rule(
        actions=st.lists(ON_FILES, min_size=2, max_size=5),
        part=st.floats(0, 1),
        stop=st.sampled_from([fail, interrupt]),
    )
    def applies_with_a_fault(self, actions: list[tuple[Any, ...]], part: float, stop: Any) -> None:
        """Somewhere on the way, whose length a copy of the database tells."""
        self.works_on_files(actions)
        plan = self.reasonable()
        if plan is None or plan.blocked or not plan.changes:
            return
        if self.paused:
            self.pauses(False)
        before = Rows.of(self.esp)
        trial = self.copies.copy(self.esp, "trial")
        with watched(Moments()) as way, suppress(TargetError):
            trial.apply(plan)
        at = int((len(way.seen) - 1) * part) + 1
        with watched(Moments(at=at, stop=stop)) as moments:
            try:
                self.esp.apply(plan)
            except (ReconcilerError, KeyboardInterrupt, sqlite3.Error):
                self.untouched(before)
                return
        # It was not stopped: SQLAlchemy asks another way when its question after a table's SQL fails.
        assert "sqlite_temp_master" in moments.seen[at - 1]

    @rule(on=st.booleans())
    def pauses(self, on: bool) -> None:
        if on:
            doctor.pause(self.esp.site(), "a reason")
        else:
            assert doctor.resume(self.esp.site()) is self.paused
        self.paused = on


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[Work]]:
    (tmp_path / "copies").mkdir()
    with without_git():
        Work.template, Work.copies = running(tmp_path / "template"), WorkingCopies(tmp_path / "copies")
        yield Work


COMMON: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


def test_two_people_and_the_reconciler(machine: type[Work]) -> None:
    # No shrinking: it takes minutes. The steps of the failing example are printed all the same.
    quick = (Phase.explicit, Phase.generate)
    profile = settings(max_examples=8, stateful_step_count=15, derandomize=True, phases=quick, **COMMON)
    run_state_machine_as_test(machine, settings=profile)


@pytest.mark.torture
def test_two_people_and_the_reconciler_for_long(machine: type[Work]) -> None:
    profile = settings(max_examples=count(80, 25), stateful_step_count=30, print_blob=True, **COMMON)
    run_state_machine_as_test(machine, settings=profile)
