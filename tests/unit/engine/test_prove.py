"""Whether the live rows are still what the plan saw (docs/rules.md#rule-30)."""

from __future__ import annotations

import pytest

from reconciler.engine.verify import live_value_text, not_held, prove, touched
from reconciler.kinds import KINDS
from reconciler.model.record import Record
from reconciler.model.ref import Origin, Ref
from reconciler.model.values import Value
from tests.unit.engine.plans import plan_of, with_defaults

FILES = {
    "role/R": {"description": "new"},
    "package/Is": {"previously": ("Was",)},
    "package/Made": {"role": "R"},
    "tenant/t@x.example": {"package": "Is", "status": "active"},
}
LIVE = {
    "role/R": {"description": "old"},
    "role/Gone": {},
    "package/Was": {"role": "R"},
    "tenant/t@x.example": {"package": "Was", "status": "suspended"},
}
PLAN = plan_of(FILES, LIVE, {"role/Gone": {}, "role/R": {"description": "old"}})


def world(**changed: dict[str, Value] | None) -> dict[Ref, Record]:
    """LIVE, with some rows other than planned: `role_R={…}`; None takes the row away."""
    rows: dict[str, dict[str, Value] | None] = {name: dict(values) for name, values in LIVE.items()}
    rows |= {name.replace("__", "@").replace("_", "/", 1): values for name, values in changed.items()}
    return {
        (ref := Ref.parse(name)): Record(
            kind=ref.kind, key=ref.key, values=with_defaults(ref.kind, values), origin=Origin("live")
        )
        for name, values in rows.items()
        if values is not None
    }


def proof(**changed: dict[str, Value] | None):  # type: ignore[no-untyped-def]
    return prove(PLAN.changes, world(**changed), KINDS)


def test_nothing_moved() -> None:
    assert proof().todo == PLAN.changes
    assert (proof().already, proof().stale) == ((), ())


def test_touched_reads_both_names_of_a_rename() -> None:
    assert {Ref("package", "Was"), Ref("package", "Is")} <= touched(PLAN.changes)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"role_R": {"description": "new"}}, "role/R"),
        ({"role_Gone": None}, "role/Gone"),
        ({"package_Was": None, "package_Is": {"role": "R"}}, "package/Is"),
    ],
)
def test_what_is_already_so_counts_as_done(changed: dict[str, dict[str, Value] | None], name: str) -> None:
    assert [str(change.ref) for change in proof(**changed).already] == [name]
    assert not proof(**changed).stale


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"role_R": {"description": "hand"}}, "description: planned from old, live now hand, wanted new"),
        ({"role_R": None}, "it is not live any more"),
        ({"role_Gone": {"description": "hand"}}, "description: planned from (empty), live now hand, wanted deleted"),
        ({"package_Is": {}}, "both names are live now"),
        ({"package_Was": None}, "neither the old nor the new name is live now"),
        ({"package_Made": {"role": "Gone"}}, "it exists now; role: planned from nothing, live now Gone, wanted R"),
    ],
)
def test_what_moved_is_stale_and_said(changed: dict[str, dict[str, Value] | None], words: str) -> None:
    (finding,) = proof(**changed).stale
    assert finding.message == words


def test_an_unrelated_field_does_not_make_a_plan_stale() -> None:
    assert not proof(role_R={"description": "old", "permissions": ("x",)}).stale


def test_what_the_system_did_not_keep_is_found() -> None:
    kept = world(role_R={"description": "ne"}, package_Is={"role": "R"}, package_Made={"role": "R"}, role_Gone={})
    findings = [
        (str(f.ref), f.message) for f in not_held(PLAN.changes, kept, KINDS) if f.ref != Ref("tenant", "t@x.example")
    ]
    assert findings == [
        ("package/Is", 'renamed, but it is still called "Was"'),
        ("role/R", "wrote new, the system holds ne"),
        ("role/Gone", "deleted, but it is still there"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "nothing"), ((), "none"), (("a", "b"), "a, b"), ({"b": 1, "a": True}, "a: true, b: 1"), (12345, "12,345")],
)
def test_values_in_a_message(value: Value | None, text: str) -> None:
    assert live_value_text(value) == text
