"""What becomes of declared, live and remembered objects
(docs/rules.md#rule-7 to #rule-16, #rule-18 to #rule-20, #rule-22 to #rule-25)."""

from __future__ import annotations

import pytest

from reconciler.model.change import Cause, Create, Delete, Effect, Forget, Reassign, Rename, Update
from reconciler.model.exit_codes import drift_code, plan_code
from reconciler.model.facts import Facts, Users, UserUsage
from reconciler.model.finding import Severity
from reconciler.model.plan import Policy
from reconciler.model.ref import Ref
from tests.unit.engine.plans import Everything, change, found, plan_of

STARTER = {"package/Starter": {"role": "Client"}}
CLIENT = {"role/Client": {}}
LEGACY = Ref("package", "Legacy")


def policy(**values: object) -> Policy:
    return Policy(**{"max_change_percent": 100, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("remembered", "expected"),
    [
        ({}, Cause.ADOPT),
        ({"description": "new"}, Cause.DRIFT),
        ({"description": "live"}, Cause.CHANGE),
        ({"description": "third"}, Cause.CONFLICT),
    ],
)
def test_who_moved(remembered: dict[str, str], expected: Cause) -> None:
    plan = plan_of({"role/R": {"description": "new"}}, {"role/R": {"description": "live"}}, {"role/R": remembered})
    update = change(plan, "role/R")
    assert isinstance(update, Update)
    assert update.cause is expected
    assert (update.before, update.after) == ({"description": "live"}, {"description": "new"})
    assert drift_code(plan) == (2 if expected in (Cause.DRIFT, Cause.CONFLICT) else 0)


def test_the_strongest_field_gives_the_class() -> None:
    plan = plan_of(
        {"package/P": {"sending.daily_limit": 5, "limits.lists": 7}},
        {"package/P": {"sending.daily_limit": 1, "limits.lists": 2}},
        {"package/P": {"sending.daily_limit": 1, "limits.lists": 7}},
    )
    update = change(plan, "package/P")
    assert isinstance(update, Update)
    assert [delta.cause for delta in update.fields] == [Cause.CHANGE, Cause.DRIFT]
    assert update.cause is Cause.DRIFT


def test_equal_and_remembered_is_nothing() -> None:
    plan = plan_of(STARTER | CLIENT, STARTER | CLIENT, STARTER | CLIENT)
    assert (plan.changes, plan.findings, plan.remember, plan.drop) == ((), (), (), ())
    assert (plan.counts.compared, plan.counts.unchanged) == (2, 2)
    assert plan_code(plan, detailed=True) == 0


def test_equal_and_new_to_memory_is_only_bookkeeping() -> None:
    plan = plan_of(STARTER | CLIENT, STARTER | CLIENT)
    assert not plan.changes
    assert plan.counts.adopted == 2
    assert {memo.ref for memo in plan.remember} == {Ref("package", "Starter"), Ref("role", "Client")}
    assert plan_code(plan, detailed=True) == 0


def test_a_field_taken_out_is_released_once() -> None:
    live = {"role/R": {"description": "x"}}
    plan = plan_of({"role/R": {}}, live, {"role/R": {"description": "x"}})
    (note,) = found(plan, "released")
    assert (note.severity, note.field) == (Severity.NOTE, "description")
    assert plan.counts.released == 1
    assert [memo.stated for memo in plan.remember] == ["{}"]
    assert not plan_of({"role/R": {}}, live, {"role/R": {}}).findings


def test_a_creation_takes_the_defaults_and_says_so() -> None:
    plan = plan_of(CLIENT | {"package/New": {"role": "Client", "sending.daily_limit": 9}}, CLIENT, CLIENT)
    create = change(plan, "package/New")
    assert isinstance(create, Create)
    assert create.after["sending.daily_limit"] == 9
    assert create.after["sending.hourly_speed"] == "unlimited"
    assert "sending.hourly_speed" in create.defaults
    assert "sending.daily_limit" not in create.defaults
    assert "allowance.emails" not in create.after, "the system's own value stands"
    assert plan_code(plan, detailed=True) == 2


def test_a_creation_without_what_it_needs_is_refused_in_the_files() -> None:
    plan = plan_of({"package/New": {}}, {})
    (error,) = found(plan, "required")
    assert (error.field, error.at_files) == ("role", True)
    assert plan_code(plan) == 1


def test_deleted_by_hand_is_drift_and_made_again() -> None:
    plan = plan_of(CLIENT, {}, CLIENT)
    create = change(plan, "role/Client")
    assert isinstance(create, Create)
    assert create.cause is Cause.DRIFT
    assert drift_code(plan) == 2


def test_what_the_target_does_not_create_is_absent() -> None:
    files = {"tenant/a@x.example": {"package": "none"}}
    plan = plan_of(files, {}, files, target=Everything(creates=frozenset({"role", "package"})))
    (finding,) = found(plan, "absent")
    assert finding.severity is Severity.LEFT_OUT
    assert "deleted by hand" in finding.message
    assert (plan.changes, plan.remember, plan.counts.lost) == ((), (), 1)
    assert (plan_code(plan), drift_code(plan)) == (0, 2)


def test_another_spelling_is_left_out_never_created() -> None:
    plan = plan_of({"role/marketing": {}}, {"role/Marketing": {}})
    (finding,) = found(plan, "spelling")
    assert finding.severity is Severity.LEFT_OUT
    assert 'previously: ["Marketing"]' in finding.remedy
    assert not plan.changes


def test_a_live_name_that_is_not_unique_takes_its_object_out() -> None:
    plan = plan_of(STARTER | CLIENT, CLIENT, CLIENT, twins={"package": (("Starter", "starter"),)})
    (finding,) = found(plan, "left-out")
    assert finding.ref == Ref("package", "Starter")
    assert not plan.changes


def test_a_rename_is_seen_everywhere_before_anything_is_compared() -> None:
    files = {
        "role/Client": {},
        "package/Growth": {"role": "Client", "previously": ("Growth Plan",)},
        "tenant/a@x.example": {"package": "Growth"},
    }
    old = {
        "role/Client": {},
        "package/Growth Plan": {"role": "Client"},
        "tenant/a@x.example": {"package": "Growth Plan"},
    }
    plan = plan_of(files, old, old)
    (rename,) = plan.changes
    assert isinstance(rename, Rename)
    assert (rename.ref, rename.old) == (Ref("package", "Growth"), "Growth Plan")
    assert plan.drop == (Ref("package", "Growth Plan"),)
    assert {str(memo.ref): memo.stated for memo in plan.remember} == {
        "package/Growth": '{"role":"Client"}',
        "tenant/a@x.example": '{"package":"Growth"}',
    }


def test_both_names_live_is_a_conflict() -> None:
    plan = plan_of(CLIENT | {"role/New": {"previously": ("Old",)}}, CLIENT | {"role/New": {}, "role/Old": {}})
    assert found(plan, "rename-conflict")
    assert plan_code(plan) == 3


def test_neither_name_live_is_a_creation() -> None:
    plan = plan_of({"role/New": {"previously": ("Old",)}}, {})
    assert isinstance(change(plan, "role/New"), Create)


def test_a_package_with_users_is_not_deleted_whatever_is_allowed() -> None:
    live = CLIENT | {"package/Legacy": {"role": "Client"}, "package/Starter": {"role": "Client"}}
    files = CLIENT | STARTER
    facts = Facts(holders={LEGACY: Users(count=3, by_status={"active": 2}, binned=1, sample=("a@x.example",))})
    plan = plan_of(files, live, live, facts=facts, allow=("delete", "too-much", "empty"))
    assert isinstance(change(plan, "package/Legacy"), Delete)
    (finding,) = found(plan, "in-use")
    assert finding.blocks
    assert finding.message == "3 users are still on it (2 active, 1 in the bin)"
    assert finding.remedy == "to delete it: lifecycle: removed, reassign_to: Starter"
    assert (finding.names, finding.more) == (("a@x.example",), 2)
    assert plan_code(plan) == 3


def test_the_remedy_lists_the_lines_that_still_name_it() -> None:
    live = CLIENT | {"package/Legacy": {"role": "Client"}, "tenant/a@x.example": {"package": "Legacy"}}
    files = CLIENT | {"tenant/a@x.example": {"package": "Legacy"}}
    plan = plan_of(files, live, live, facts=Facts(holders={LEGACY: Users(count=1, by_status={"active": 1})}))
    (finding,) = found(plan, "in-use")
    assert finding.remedy.endswith("and change tenants.d/all.yaml:21")
    (referenced,) = found(plan, "referenced")
    assert (referenced.ref, referenced.at_files) == (Ref("tenant", "a@x.example"), False)
    assert not found(plan, "dangling")
    assert plan_code(plan) == 3


def test_a_package_that_others_point_at_is_not_deleted() -> None:
    live = CLIENT | {"package/A": {"role": "Client", "quota.action": "move", "quota.move_to": "B"}, "package/B": {}}
    files = CLIENT | {"package/A": {"role": "Client"}}
    facts = Facts(pointers={Ref("package", "B"): ((Ref("package", "A"), "quota.move_to"),)})
    plan = plan_of(files, live, live, facts=facts)
    (finding,) = found(plan, "in-use")
    assert "package/A quota.move_to" in finding.message
    both_go = plan_of(CLIENT, live, live, facts=facts, allow=("empty",))
    assert not found(both_go, "in-use"), "the victims' own references are cleared first"


def test_removed_and_reassign_is_one_ordered_plan() -> None:
    live = CLIENT | {
        "package/Legacy": {"role": "Client"},
        "package/Starter": {"role": "Client"},
        "tenant/a@x.example": {"package": "Legacy"},
    }
    files = (
        CLIENT
        | STARTER
        | {
            "package/Legacy": {"lifecycle": "removed", "reassign_to": "Starter", "note": "OPS-1"},
            "tenant/a@x.example": {"package": "Starter"},
        }
    )
    facts = Facts(holders={LEGACY: Users(count=5, by_status={"active": 5})})
    plan = plan_of(files, live, live, facts=facts)
    tenant, reassign, delete = plan.changes
    assert isinstance(tenant, Update)
    assert isinstance(reassign, Reassign)
    assert (reassign.to, reassign.expected) == ("Starter", 4), "one user leaves by its own line"
    assert isinstance(delete, Delete)
    assert (delete.stated, delete.note) == (True, "OPS-1")
    assert not plan.blocked
    assert LEGACY in plan.drop


def test_a_tombstone_for_what_is_not_live_is_nothing() -> None:
    files = {"package/Legacy": {"lifecycle": "removed"}}
    assert not plan_of(files, {}).changes
    remembered = plan_of(files, {}, {"package/Legacy": {}})
    assert (remembered.changes, remembered.drop, remembered.counts.gone) == ((), (LEGACY,), 1)


def test_users_that_the_settings_leave_alone_block_a_reassign() -> None:
    live = {"package/Legacy": {}, "package/Starter": {}}
    files = {"package/Legacy": {"lifecycle": "removed", "reassign_to": "Starter"}, "package/Starter": {}}
    facts = Facts(
        holders={LEGACY: Users(count=1)},
        meters={LEGACY: (UserUsage(ref=Ref("tenant", "vip@x"), overrides={}, counters={}),)},
    )
    plan = plan_of(files, live, facts=facts, policy=policy(hands_off=("tenant/vip@*",)))
    (finding,) = found(plan, "in-use")
    assert finding.names == ("vip@x",)


def test_a_tenant_taken_out_is_forgotten_and_stays() -> None:
    live = (
        STARTER | CLIENT | {"tenant/a@x.example": {"package": "Starter"}, "tenant/b@x.example": {"package": "Starter"}}
    )
    files = STARTER | CLIENT | {"tenant/b@x.example": {"package": "Starter"}}
    plan = plan_of(files, live, live)
    assert isinstance(change(plan, "tenant/a@x.example"), Forget)
    assert plan.drop == (Ref("tenant", "a@x.example"),)


@pytest.mark.parametrize(
    ("mode", "finished", "expected"),
    [
        ("additive", True, []),
        ("managed", True, ["package/Ours"]),
        ("authoritative", True, ["package/Ours", "package/Theirs"]),
        ("authoritative", False, ["package/Ours"]),
    ],
)
def test_modes(mode: str, finished: bool, expected: list[str]) -> None:
    live = {"package/Ours": {}, "package/Theirs": {}, "package/Spared": {}, "package/Foreign": {}, "package/Kept": {}}
    plan = plan_of(
        {"package/Kept": {}},
        live,
        {"package/Ours": {}, "package/Kept": {}},
        finished=finished,
        foreign={Ref("package", "Foreign"): "other"},
        policy=policy(mode=mode, hands_off=("package/Spared",)),
    )
    assert [str(c.ref) for c in plan.changes if isinstance(c, Delete)] == expected


def test_declaring_what_the_settings_leave_alone_is_an_error() -> None:
    plan = plan_of(CLIENT, CLIENT, policy=policy(hands_off=("role/*",)))
    (finding,) = found(plan, "hands-off")
    assert finding.at_files
    assert plan_code(plan) == 1


def test_another_projects_object_is_never_changed() -> None:
    plan = plan_of({"role/Client": {"description": "mine"}}, CLIENT, foreign={Ref("role", "Client"): "billing"})
    (finding,) = found(plan, "foreign")
    assert "billing" in finding.message
    assert not plan.changes


def test_references() -> None:
    files = STARTER | {"tenant/a@x.example": {"package": "Startre"}, "tenant/b@x.example": {"package": "Ext"}}
    plan = plan_of(files, CLIENT | {"package/Ext": {}}, policy=policy(external=("package/Ext", "role/*")))
    (dangling,) = found(plan, "dangling")
    assert dangling.message == 'there is no package "Startre" (did you mean "Starter"?)'
    assert dangling.origin is not None and str(dangling.origin) == "tenants.d/all.yaml:21"
    assert plan_code(plan) == 1
    gone = plan_of(files, CLIENT, policy=policy(external=("package/Ext", "role/*")))
    assert {f.message for f in found(gone, "dangling")} >= {'external package "Ext" is not live'}


def test_nobody_new_on_a_retired_package() -> None:
    files = {
        "package/Old": {"lifecycle": "retired"},
        "tenant/new@x.example": {"package": "Old"},
        "tenant/stays@x.example": {"package": "Old"},
        "tenant/comes@x.example": {"package": "Old"},
    }
    live = {
        "package/Old": {"lifecycle": "retired"},
        "package/P": {},
        "tenant/stays@x.example": {"package": "Old"},
        "tenant/comes@x.example": {"package": "P"},
    }
    plan = plan_of(files, live)
    (finding,) = found(plan, "retired")
    assert finding.names == ("comes@x.example", "new@x.example")
    assert plan_code(plan) == 3
    lifted = plan_of(files, live, allow=("retired",))
    assert plan_code(lifted) == 0
    assert found(lifted, "retired")[0].severity is Severity.WARNING


def test_wildcards_are_expanded_and_remembered_expanded() -> None:
    catalogue = {"permission": frozenset({"a.one", "a.two", "b.one"})}
    files = {"role/R": {"permissions": ("a.*",)}}
    plan = plan_of(files, {"role/R": {"permissions": ("a.one", "b.one")}}, catalogues=catalogue)
    update = change(plan, "role/R")
    assert isinstance(update, Update)
    assert update.after == {"permissions": ("a.one", "a.two")}
    assert [(item.item, item.before, item.effect) for item in update.fields[0].items] == [
        ("a.two", None, Effect.MORE),
        ("b.one", True, Effect.LESS),
    ]
    assert update.fields[0].effect is Effect.LESS
    assert plan.remember[0].stated == '{"permissions":["a.one","a.two"]}'


def test_a_name_that_the_catalogue_does_not_have_is_an_error() -> None:
    plan = plan_of(
        {"role/R": {"permissions": ("contacts.viev", "x.*")}},
        {"role/R": {}},
        catalogues={"permission": frozenset({"contacts.view"})},
    )
    messages = [finding.message for finding in found(plan, "no-match")]
    assert messages[0].endswith('"contacts.viev" in the live system (did you mean "contacts.view"?)')
    assert len(messages) == 2


def test_stated_values_without_a_home_are_findings() -> None:
    target = Everything(supports={"role": frozenset({"description"}), "package": frozenset({"role"})})
    files = {"role/R": {"description": "x", "permissions": ()}, "tenant/a@x.example": {"package": "none"}}
    plan = plan_of(files, {"role/R": {"description": "x"}}, target=target)
    assert {(str(f.ref), f.field) for f in found(plan, "unsupported")} == {
        ("role/R", "permissions"),
        ("tenant/a@x.example", ""),
    }
    assert plan_code(plan) == 3
    assert plan_code(plan_of(files, {"role/R": {}}, target=target, allow=("unsupported",))) == 0


def test_options_are_owned_code_by_code() -> None:
    plan = plan_of(
        {"package/P": {"options": {"a": "1", "b": "2"}}}, {"package/P": {"options": {"a": "1", "b": "3", "c": "4"}}}
    )
    update = change(plan, "package/P")
    assert isinstance(update, Update)
    assert update.before == {"options": {"a": "1", "b": "3"}}
    assert [item.item for item in update.fields[0].items] == ["b"]
    same = plan_of({"package/P": {"options": {"a": "1"}}}, {"package/P": {"options": {"a": "1", "c": "4"}}})
    assert not same.changes


def test_overrides_are_one_whole_shown_item_by_item() -> None:
    live = {
        "package/P": {"sending.daily_limit": 100, "limits.lists": 5},
        "tenant/a@x.example": {"package": "P", "overrides": {"limits.lists": 9}},
    }
    files = {"package/P": {}, "tenant/a@x.example": {"overrides": {"sending.daily_limit": 40}}}
    update = change(plan_of(files, live), "tenant/a@x.example")
    assert isinstance(update, Update)
    lists, daily = update.fields[0].items
    assert (daily.item, daily.before, daily.inherited, daily.after) == ("sending.daily_limit", None, 100, 40)
    assert (lists.item, lists.before, lists.after, lists.inherited) == ("limits.lists", 9, None, 5)
    assert (daily.effect, lists.effect) == (Effect.LESS, Effect.LESS)


def test_moving_between_packages_is_judged_by_what_they_give() -> None:
    live = {
        "package/Big": {"sending.daily_limit": 100},
        "package/Small": {"sending.daily_limit": 10},
        "tenant/a@x.example": {"package": "Big"},
        "tenant/b@x.example": {"package": "Small"},
        "tenant/c@x.example": {"package": "Small"},
    }
    files = {
        "package/Big": {},
        "package/Small": {},
        "tenant/a@x.example": {"package": "Small"},
        "tenant/b@x.example": {"package": "Big"},
        "tenant/c@x.example": {"package": "none"},
    }
    plan = plan_of(files, live)
    effects = [c.fields[0].effect for c in plan.changes if isinstance(c, Update)]
    assert effects == [Effect.LESS, Effect.MORE, Effect.UNKNOWN]


def test_impact_counts_who_is_hit_who_keeps_and_who_is_over() -> None:
    ref = Ref("package", "P")
    counters = [231, 208, 190, 150, 400]
    meters = tuple(
        UserUsage(
            ref=Ref("tenant", f"{number}@x.example"),
            overrides={"sending.monthly_quota": 500} if used == 400 else {},
            counters={"sent_this_month": used},
        )
        for number, used in enumerate(counters)
    )
    facts = Facts(holders={ref: Users(count=5, by_status={"active": 5})}, meters={ref: meters})
    plan = plan_of(
        {"package/P": {"sending.monthly_quota": 200}}, {"package/P": {"sending.monthly_quota": 250}}, facts=facts
    )
    (impact,) = plan.impact
    assert (impact.tenants, impact.keep, impact.over, impact.near) == (5, 1, 2, 1)
    assert impact.top == (("0@x.example", 231, 116), ("1@x.example", 208, 104), ("2@x.example", 190, 95))
    (warning,) = found(plan, "over-limit")
    assert (warning.severity, warning.names) == (Severity.WARNING, ("0@x.example", "1@x.example"))
    blocked = plan_of(
        {"package/P": {"sending.monthly_quota": 200}},
        {"package/P": {"sending.monthly_quota": 250}},
        facts=facts,
        policy=policy(over_limit="block"),
    )
    assert plan_code(blocked) == 3


def test_a_users_own_lowered_limit_is_measured_too() -> None:
    ref = Ref("tenant", "a@x.example")
    live = {"package/P": {"limits.contacts": 100}, "tenant/a@x.example": {"package": "P"}}
    files = {"package/P": {}, "tenant/a@x.example": {"overrides": {"limits.contacts": 50}}}
    facts = Facts(meters={ref: (UserUsage(ref=ref, overrides={}, counters={"contacts": 70}),)})
    (finding,) = found(plan_of(files, live, facts=facts), "over-limit")
    assert (finding.ref, finding.message) == (ref, "70 in use, the new limits.contacts is 50")


def test_too_much_at_once() -> None:
    live = {f"role/R{n}": {} for n in range(10)}
    files = {name: {"description": "x"} for name in live}
    assert plan_code(plan_of(files, live, policy=policy(max_change_percent=30))) == 3
    few = files | {name: {} for name in list(files)[3:]}
    assert plan_code(plan_of(few, live, policy=policy(max_change_percent=20))) == 0, "not more than min_sample"
    assert plan_code(plan_of(files, live, policy=policy(max_change_percent=30), allow=("too-much",))) == 0
    warned = plan_of(files, live, policy=policy(max_change_percent=30, block=frozenset()))
    assert plan_code(warned) == 0
    assert found(warned, "too-much")[0].severity is Severity.WARNING


def test_an_empty_folder_deletes_nothing() -> None:
    live = {"role/R": {}, "package/P": {}}
    plan = plan_of({"role/R": {}}, live, live)
    (finding,) = found(plan, "empty")
    assert "packages.d declares nothing" in finding.message
    assert plan_code(plan) == 3
    assert not found(plan_of({"role/R": {}}, live, {"role/R": {}}), "empty"), "nothing would be deleted"


def test_classes_that_the_settings_block() -> None:
    block = frozenset({"delete", "limit-decrease", "drift"})
    live = {"role/Gone": {}, "role/Less": {"permissions": ("a",)}, "role/Drifted": {"description": "hand"}}
    memory = {"role/Gone": {}, "role/Less": {"permissions": ("a",)}, "role/Drifted": {"description": "git"}}
    files = {"role/Less": {"permissions": ()}, "role/Drifted": {"description": "git"}}
    plan = plan_of(files, live, memory, policy=policy(block=block))
    assert sorted((f.code, str(f.ref)) for f in plan.blocked) == [
        ("delete", "role/Gone"),
        ("drift", "role/Drifted"),
        ("limit-decrease", "role/Less"),
    ]
    assert plan_code(plan_of(files, live, memory, policy=policy(block=block), allow=tuple(block))) == 0


def test_a_class_c_or_cascading_delete_is_refused() -> None:
    live = {"role/Gone": {}, "role/Kept": {}}
    facts = Facts(protection={"role": "C"}, cascades={Ref("role", "Gone"): "3 price plans and 12 orders"})
    plan = plan_of({"role/Kept": {}}, live, live, facts=facts, allow=("unguarded",))
    assert [f.code for f in plan.blocked] == ["cascade"], "unguarded can be lifted, cascade cannot"


def test_the_most_customers_at_once() -> None:
    ref = Ref("package", "P")
    plan = plan_of(
        {"package/P": {"limits.lists": 1}},
        {"package/P": {"limits.lists": 2}},
        facts=Facts(holders={ref: Users(count=51)}),
        policy=policy(max_tenants_affected=50),
    )
    assert found(plan, "too-many-tenants")[0].message == "51 customers would be affected (allowed are 50)"


def test_only_limits_the_plan_and_deletes_nothing_outside() -> None:
    live = {"role/A": {}, "role/B": {}, "role/Gone": {}}
    files = {"role/A": {"description": "x"}, "role/B": {"description": "x"}}
    plan = plan_of(files, live, live, only=("role/A",))
    assert [str(each.ref) for each in plan.changes] == ["role/A"]


def test_order_is_safe() -> None:
    live = {
        "role/OldRole": {},
        "package/OldPackage": {"role": "OldRole"},
        "package/Was": {},
        "tenant/t@x.example": {"package": "OldPackage", "name": "x"},
    }
    files = {
        "role/NewRole": {},
        "package/NewPackage": {"role": "NewRole"},
        "package/Is": {"role": "NewRole", "previously": ("Was",)},
        "tenant/t@x.example": {"package": "NewPackage"},
        "tenant/u@x.example": {"package": "NewPackage"},
    }
    plan = plan_of(files, live, live)
    assert [(type(each).__name__, str(each.ref)) for each in plan.changes] == [
        ("Rename", "package/Is"),
        ("Create", "role/NewRole"),
        ("Create", "package/NewPackage"),
        ("Update", "package/Is"),
        ("Update", "tenant/t@x.example"),
        ("Create", "tenant/u@x.example"),
        ("Delete", "package/OldPackage"),
        ("Delete", "role/OldRole"),
    ]


def test_same_input_same_plan() -> None:
    live = {f"role/R{n}": {"description": "a"} for n in range(5)}
    files = {name: {"description": "b"} for name in live}
    backwards = dict(reversed(list(files.items())))
    assert [c.ref for c in plan_of(files, live).changes] == [c.ref for c in plan_of(backwards, live).changes]


def test_facts_of_a_renamed_object_are_asked_under_its_live_name() -> None:
    live = {"package/Growth Plan": {"limits.contacts": 100}}
    files = {"package/Growth": {"limits.contacts": 50, "previously": ("Growth Plan",)}}
    old = Ref("package", "Growth Plan")
    meter = UserUsage(ref=Ref("tenant", "a@x.example"), overrides={}, counters={"contacts": 90})
    facts = Facts(holders={old: Users(count=1)}, meters={old: (meter,)})
    plan = plan_of(files, live, facts=facts, policy=policy(over_limit="block"))
    assert [impact.over for impact in plan.impact] == [1]
    assert plan_code(plan) == 3


def test_users_moved_to_something_smaller_are_measured() -> None:
    live = {"package/Legacy": {}, "package/Small": {"limits.contacts": 10}}
    files = {"package/Legacy": {"lifecycle": "removed", "reassign_to": "Small"}, "package/Small": {}}
    meters = tuple(
        UserUsage(ref=Ref("tenant", f"{used}@x.example"), overrides={"limits.contacts": 9} if used == 7 else {},
              counters={"contacts": used})
        for used in (500, 7, 11)
    )  # fmt: skip
    facts = Facts(holders={LEGACY: Users(count=3)}, meters={LEGACY: meters})
    (finding,) = found(plan_of(files, live, facts=facts, policy=policy(over_limit="block")), "over-limit")
    assert finding.message == "2 of the users moved to Small are above its limit of 10"
    assert finding.names == ("500@x.example", "11@x.example")
    assert finding.blocks


def test_a_reference_to_what_will_not_be_live_is_refused_when_planning() -> None:
    live = {"package/GROWTH": {}, "tenant/a@x.example": {"package": "none"}}
    files = {"package/Growth": {"role": "Client"}, "role/Client": {}, "tenant/a@x.example": {"package": "Growth"}}
    plan = plan_of(files, live)
    assert found(plan, "spelling")
    assert [str(f.ref) for f in found(plan, "dangling")] == ["tenant/a@x.example"]
    assert plan_code(plan) == 3
    assert plan_code(plan_of(files, {}, only=("tenant/*",))) == 3
    assert plan_code(plan_of(files, {})) == 0


def test_a_live_state_outside_the_vocabulary_is_left_alone() -> None:
    live = {"tenant/a@x.example": {"package": "none", "status": "pending-delete"}}
    files = {"tenant/a@x.example": {"package": "none", "status": "active"}}
    plan = plan_of(files, live)
    (finding,) = found(plan, "foreign-state")
    assert finding.severity is Severity.LEFT_OUT
    assert (plan.changes, plan_code(plan)) == ((), 0)
    assert plan_code(plan_of(files, live, policy=policy(block=frozenset({"foreign-state"})))) == 3
