from functools import partial

import pytest

from reconciler.kinds import KINDS
from reconciler.model.change import Cause, Create, Delete, Effect, Forget, Reassign
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Counts, Impact, Source
from reconciler.model.ref import Origin, Ref
from reconciler.model.target import Listing
from reconciler.report.text import drift_text, findings_text, listing_text, plan_text
from tests.support.calls import calls
from tests.support.report_plans import (
    ACME,
    GROWTH,
    LEGACY,
    MARKETING,
    PROFESSIONAL,
    SCALE,
    delta,
    every_operation,
    item,
    plan,
    the_design_plan,
    update,
)

DESIGN = """\
reconciler plan · production · ab12cd3                                 61 objects compared

Blocked  1
  - package/Legacy              delete                 30 users are still on it (28 active, 2 suspended)   in-use
      ops@acme.example, e…@beta.example, k…@corp.example, 27 more   was packages.d/legacy.yaml:1
      to delete it: lifecycle: removed, reassign_to: Starter Plan; and change tenants.d/eu.yaml:12

Reduces service  1
  ~ package/Professional        sending.monthly_quota  250,000 → 200,000 (−20 %)   packages.d/professional.yaml:6
      201 tenants: 184 change, 17 keep an override · over the new limit now: 3 · within 10 %: 11
      ops@acme.example 231,400 (116 %), e…@beta.example 208,112 (104 %)

Safe  2
  + package/Scale               hourly 10,000 · daily 200,000 · monthly unlimited (default)   packages.d/scale.yaml:1
      role Marketing
      default: lifecycle active · setup_guide true
      note: OPS-377
  ~ tenant/ops@initech.example  sending.daily_limit    inherit (25,000) → 40,000              tenants.d/i.yaml:4

Drift  1   (changed in the database since the last apply)
  ! tenant/ops@acme.example     sending.daily_limit    git 25,000 · database 40,000 · less service (−38 %)   \
tenants.d/a.yaml:9

Left out  1
    tenant/t…@acme.example      the live system has this name more than once   left-out
      rename its twin

Warnings  1
    nothing is remembered yet   no-memory

Notes  1
    package/Growth              headers: taken out of the file; the live value stays and is no longer managed   \
released  packages.d/growth.yaml

allowed: too-much (OPS-9)
Plan: 1 to create, 3 to update, 1 to delete (1 blocked); 57 unchanged, 12 unmanaged, 2 adopted, 1 released."""

OPERATIONS = """\
reconciler plan · production                                            6 objects compared

Reduces service  4
  + tenant/new@acme.example  package none
  ~ role/Marketing           permissions  - contacts.export
                                          + contacts.import
      note: OPS-412
            second line
  → package/Legacy           30 users → Starter Plan   packages.d/legacy.yaml:3
  - package/Legacy           delete                    packages.d/legacy.yaml:2

Safe  2
  ~ package/Growth           was "Growth Plan"                                   packages.d/growth.yaml:2
  - tenant/o…@acme.example   no longer managed; the live tenant stays as it is   was tenants.d/a.yaml:1

Plan: 1 to create, 1 to rename, 1 to update, 1 to reassign, 1 to delete, 1 to stop managing; \
0 unchanged, 0 unmanaged."""


def text(*changes, masked=False, **more):
    return plan_text(plan(*changes, **more), vocabulary=KINDS, masked=masked)


def test_the_plan_of_the_design():
    assert plan_text(the_design_plan(), vocabulary=KINDS, masked=True) == DESIGN


def test_every_operation_has_its_line():
    assert plan_text(every_operation(), vocabulary=KINDS, masked=True) == OPERATIONS


def test_colour_changes_nothing_but_colour():
    import re

    coloured = plan_text(the_design_plan(), vocabulary=KINDS, masked=True, colour=True)
    assert coloured != DESIGN
    assert re.sub(r"\x1b\[\d+m", "", coloured) == DESIGN


def test_an_empty_plan_says_so():
    assert text(counts=Counts(compared=3, unchanged=3)).splitlines() == [
        "reconciler plan · production                                            3 objects compared",
        "",
        "Plan: no changes; 3 unchanged, 0 unmanaged.",
    ]


def test_the_header_tells_a_partial_plan_and_a_dirty_checkout():
    header = text(source=Source(commit="ab12cd3f", dirty=True, only=("package/Growth",))).splitlines()[0]
    assert header.startswith(
        "reconciler plan · production · ab12cd3 with uncommitted changes · only package/Growth   0 objects"
    )


def test_identical_changes_are_one_group_with_three_names():
    quota = delta("sending.daily_limit", 5, 9, effect=Effect.MORE)
    grown = [update(Ref("package", f"P{n}"), quota, origin=Origin("packages.d/p.yaml", n)) for n in range(1, 185)]
    other = update(Ref("package", "Odd"), delta("sending.daily_limit", 5, 10, effect=Effect.MORE))
    assert text(*grown[:3], other, *grown[3:]).splitlines()[2:7] == [
        "Safe  185",
        "  ~ package × 184  sending.daily_limit  5 → 9 (+80 %)   packages.d/p.yaml:1, :2, :3 …",
        "      P1, P2, P3, 181 more",
        "  ~ package/Odd    sending.daily_limit  5 → 10 (+100 %)",
        "",
    ]


def test_a_group_tells_its_places_in_order():
    def shown(*places):
        changes = [Forget(ref=Ref("package", f"P{n}"), before={}, origin=place) for n, place in enumerate(places)]
        return text(*changes).splitlines()[3].partition("as it is")[2].strip()

    a, b = "a.yaml", "b.yaml"
    assert shown(Origin(a, 9), Origin(a, 10), Origin(a, 8), Origin(a, 9)) == "was a.yaml:8, :9, :10"
    assert shown(Origin(a, 9), Origin(a, 10), Origin(a, 8), Origin(a, 7)) == "was a.yaml:7, :8, :9 …"
    assert shown(Origin(b, 1), Origin(a, 10), Origin(a, 8), Origin(b, 7)) == "was a.yaml:8, :10 …"
    assert shown(Origin(a), Origin(a), Origin(a), Origin(a)) == "was a.yaml"
    assert shown(Origin(a), Origin(b), Origin(a), Origin(a)) == "was a.yaml …"
    assert shown(Origin(a, 1), None, None, None) == "was a.yaml:1"
    assert shown(None, None, None, None) == ""


def test_ten_names_are_broken_over_lines_beside_the_place():
    names = tuple(f"customer-number-{n}@acme.example" for n in range(10))
    finding = Finding(
        code="in-use", message="used", ref=LEGACY, names=names, more=20, origin=Origin("packages.d/legacy.yaml", 1)
    )
    lines = text(Delete(ref=LEGACY, before={}), findings=(finding,)).splitlines()[4:9]
    assert lines[0].endswith("customer-number-1@acme.example,   was packages.d/legacy.yaml:1")
    assert lines[-1].endswith("20 more")
    assert max(map(len, lines)) <= 120


def test_three_alike_are_not_a_group():
    changes = [update(Ref("package", f"P{n}"), delta("setup_guide", True, False)) for n in range(3)]
    assert "×" not in text(*changes)


def test_another_cause_is_another_group():
    changes = [
        update(Ref("package", f"P{n}"), delta("setup_guide", True, False, cause=cause))
        for n in range(4)
        for cause in (Cause.CHANGE, Cause.ADOPT)
    ]
    assert text(*changes).count("package × 4") == 2
    assert text(*changes).count("managed for the first time") == 1


def test_long_texts_that_begin_alike_are_not_grouped_and_not_printed_whole():
    changes = [
        update(Ref("package", f"P{n}"), delta("quota.notify_message", "", "x" * 5_000 + str(n))) for n in range(4)
    ]
    shown = text(*changes)
    assert "×" not in shown
    assert "(5,001 characters, #" in shown
    assert len(shown) < 2_000


def test_a_reduction_that_git_asks_for_outranks_drift_in_the_same_object():
    both = update(
        GROWTH,
        delta("sending.daily_limit", 10, 5, effect=Effect.LESS),
        delta("limits.lists", 3, 2, cause=Cause.DRIFT, effect=Effect.LESS),
    )
    assert text(both).splitlines()[2:5] == [
        "Reduces service  1",
        "  ! package/Growth  sending.daily_limit  10 → 5 (−50 %)",
        "                    limits.lists         git 2 · database 3 · less service (−33 %)",
    ]
    shown = drift_text(plan(both), vocabulary=KINDS, masked=False)
    assert "limits.lists" in shown
    assert "sending.daily_limit" not in shown
    assert shown.endswith("Drift: 1 object; 0 unchanged, 0 unmanaged.")


@pytest.mark.parametrize(
    ("change", "section"),
    [
        (update(GROWTH, delta("sending.daily_limit", 1, 2, effect=Effect.MORE)), "Safe"),
        (update(GROWTH, delta("sending.daily_limit", 2, 1, effect=Effect.LESS)), "Reduces service"),
        (update(ACME, delta("package", "Growth", "Scale", effect=Effect.UNKNOWN)), "Reduces service"),
        (update(ACME, delta("package", "Growth", "none")), "Reduces service"),
        (update(GROWTH, delta("quota.action", "move", "none")), "Safe"),
        (Create(ref=ACME, after={"package": "none"}, defaults=frozenset({"package"})), "Safe"),
        (Create(ref=ACME, after={"package": "none"}, defaults=frozenset()), "Reduces service"),
        (Create(ref=GROWTH, after={}, defaults=frozenset(), cause=Cause.DRIFT), "Drift"),
        (Delete(ref=GROWTH, before={}), "Reduces service"),
        (Reassign(ref=GROWTH, to="Scale", expected=1), "Reduces service"),
        (Forget(ref=GROWTH, before={}), "Safe"),
    ],
)
def test_sections(change, section):
    assert text(change).splitlines()[2] == f"{section}  1" + (
        "   (changed in the database since the last apply)" if section == "Drift" else ""
    )


def test_conflict_names_all_three_values_and_who_wins():
    change = update(
        GROWTH,
        delta("sending.daily_limit", 40_000, 30_000, cause=Cause.CONFLICT, remembered=25_000),
        delta(
            "headers",
            {"X-A": "live", "X-B": "same"},
            {"X-A": "git", "X-C": "new"},
            cause=Cause.CONFLICT,
            remembered={"X-B": "same"},
            items=(item("X-A", "live", "git"), item("X-B", "same", None), item("X-C", None, "new")),
        ),
    )
    assert text(change).splitlines()[3:8] == [
        "  ! package/Growth  sending.daily_limit  git 30,000 · database 40,000 · last apply 25,000"
        " · conflict: git wins",
        "                    headers              X-A: git git · database live",
        "                                         X-B: same · in the database only",
        "                                         X-C: new · in git only",
        "                                         conflict: git wins; the last apply wrote X-B same",
    ]


def test_items_of_sets_maps_and_overrides():
    change = update(
        ACME,
        delta(
            "overrides",
            {"sending.daily_limit": 10, "limits.lists": 4},
            {"sending.daily_limit": 20},
            items=(item("limits.lists", 4, None, inherited="unlimited"), item("sending.daily_limit", 10, 20)),
        ),
        delta("name", "Acme", 'Acme "Ltd"'),
    )
    assert text(change).splitlines()[3:6] == [
        "  ~ tenant/ops@acme.example  limits.lists         4 → inherit (unlimited)",
        "                             sending.daily_limit  10 → 20 (+100 %)",
        '                             name                 "Acme" → "Acme "Ltd""',
    ]


def test_items_of_a_map_that_stay_with_another_value():
    items = (item("X-Tier", "gold", "platinum"), item("X-New", None, "1"), item("X-Old", "2", None))
    change = update(GROWTH, delta("headers", {"X-Tier": "gold"}, {"X-Tier": "platinum"}, items=items))
    assert text(change).splitlines()[3:6] == [
        "  ~ package/Growth  headers  ~ X-Tier: gold → platinum",
        "                             + X-New: 1",
        "                             - X-Old: 2",
    ]


def test_inherit_of_nothing_known_and_fields_not_in_the_vocabulary():
    change = update(
        ACME,
        delta("overrides", {}, {"limits.lists": 4}, items=(item("limits.lists", None, 4),)),
        delta("later.field", None, True),
    )
    assert text(change).splitlines()[3:5] == [
        "  ~ tenant/ops@acme.example  limits.lists  inherit → 4",
        "                             later.field   not set → true",
    ]


def test_many_items_are_cut():
    items = tuple(item(f"p{n:03}", None, True) for n in range(130))
    change = update(MARKETING, delta("permissions", (), tuple(i.item for i in items), items=items))
    assert text(change).splitlines()[3 + 100].strip() == "30 more"


def test_a_hand_deleted_object_is_drift_and_will_be_created_again():
    change = Create(
        ref=MARKETING,
        after={"description": "Sends", "permissions": ("a.b", "a.c")},
        defaults=frozenset(),
        cause=Cause.DRIFT,
        origin=Origin("roles.d/m.yaml", 3),
    )
    assert text(change).splitlines()[3:5] == [
        "  ! role/Marketing  deleted by hand; will be created again   roles.d/m.yaml:3",
        '      description "Sends" · permissions a.b, a.c',
    ]
    assert drift_text(plan(change), vocabulary=KINDS, masked=False).endswith(
        "Drift: 1 object (1 deleted by hand); 0 unchanged, 0 unmanaged."
    )


def test_a_creation_without_briefs_breaks_its_fields_over_lines_and_counts_defaults():
    change = Create(
        ref=MARKETING,
        after={"description": "d" * 100, "permissions": ("a.b",), "later": 1},
        defaults=frozenset(),
    )
    assert text(change).splitlines()[3:6] == [
        "  + role/Marketing  new",
        f'      description "{"d" * 100}"',
        "      permissions a.b",
    ]
    many = Create(ref=SCALE, after={f.name: f.default or 1 for f in KINDS["package"].fields}, defaults=frozenset())
    defaults = frozenset(many.after)
    rest = sum(not f.brief for f in KINDS.held["package"])
    assert f"      default: {rest} more fields" in text(Create(ref=SCALE, after=many.after, defaults=defaults))


def test_a_tombstone_is_where_it_stands_and_a_vanished_file_was():
    tombstone = Delete(ref=LEGACY, before={}, origin=Origin("packages.d/l.yaml", 2), stated=True)
    vanished = Delete(ref=GROWTH, before={}, origin=Origin("packages.d/g.yaml", 1))
    assert text(tombstone, vanished).splitlines()[3:5] == [
        "  - package/Legacy  delete   packages.d/l.yaml:2",
        "  - package/Growth  delete   was packages.d/g.yaml:1",
    ]


def test_a_blocked_update_shows_why_and_what():
    change = update(
        GROWTH, delta("sending.daily_limit", 2, 1, effect=Effect.LESS), origin=Origin("packages.d/g.yaml", 4), note="N"
    )
    finding = Finding(code="limit-decrease", message="less service", ref=GROWTH, origin=Origin("packages.d/g.yaml", 1))
    second = Finding(code="over-limit", message="3 are over it", ref=GROWTH, remedy="raise it")
    assert text(change, findings=(finding, second)).splitlines()[2:] == [
        "Blocked  1",
        "  ~ package/Growth  update               less service    limit-decrease  packages.d/g.yaml:1",
        "                                         3 are over it   over-limit",
        "      raise it",
        "                    sending.daily_limit  2 → 1 (−50 %)   packages.d/g.yaml:4",
        "      note: N",
        "",
        "Plan: 1 to update (1 blocked); 0 unchanged, 0 unmanaged.",
    ]


def test_reassign_and_delete_of_one_object_are_blocked_together():
    changes = (Reassign(ref=LEGACY, to="Scale", expected=2), Delete(ref=LEGACY, before={}, stated=True))
    shown = text(*changes, findings=(Finding(code="cascade", message="orders would go", ref=LEGACY),)).splitlines()
    assert shown[2:5] == [
        "Blocked  1",
        "  - package/Legacy  delete  orders would go   cascade",
        "                    2 users → Scale",
    ]
    assert shown[-1] == "Plan: 1 to reassign (1 blocked), 1 to delete (1 blocked); 0 unchanged, 0 unmanaged."


def test_refusals_of_no_change_are_named_in_the_last_line():
    findings = (
        Finding(code="too-much", message="40 of 60", remedy="make it in parts"),
        Finding(code="empty", message="nothing declared"),
        *(
            Finding(code="dangling", message="no such package", ref=Ref("tenant", f"t{n}"), field="package")
            for n in range(8)
        ),
    )
    shown = text(findings=findings).splitlines()
    assert shown[2:8] == [
        "Blocked  10",
        "  ! 40 of 60                               too-much",
        "      make it in parts",
        "  ! nothing declared                       empty",
        "  ! tenant × 8  package: no such package   dangling",
        "      t0, t1, t2, 5 more",
    ]
    assert shown[-1] == "Plan: no changes; 0 unchanged, 0 unmanaged. Blocked by: dangling, empty, too-much."
    also = text(
        Delete(ref=LEGACY, before={}), findings=(*findings[:1], Finding(code="in-use", message="used", ref=LEGACY))
    )
    assert also.endswith("1 to delete (1 blocked); 0 unchanged, 0 unmanaged. Also blocked by: too-much.")


def test_impact_of_a_single_user_and_impact_without_a_row():
    change = update(
        ACME,
        delta(
            "overrides",
            {"limits.lists": 9},
            {"limits.lists": 4},
            effect=Effect.LESS,
            items=(item("limits.lists", 9, 4, Effect.LESS),),
        ),
    )
    own = Impact(ref=ACME, field="limits.lists", tenants=1, keep=0, over=1, top=(("ops@acme.example", 6, 150),))
    quiet = Impact(ref=ACME, field="limits.contacts", tenants=1, keep=0)
    near = Impact(ref=ACME, field="limits.segments", tenants=1, keep=0, top=(("ops@acme.example", 6, 95),))
    shown = text(change, Reassign(ref=LEGACY, to="Scale", expected=1), impact=(own, quiet, near)).splitlines()
    assert shown[4:7] == [
        "      in use 6 (150 %) · over the new limit now",
        "      limits.segments: in use 6 (95 %)",
        "  → package/Legacy           1 user → Scale",
    ]


def test_long_notes_are_cut():
    change = Forget(ref=GROWTH, before={}, note="\n".join("abcdefgh"))
    assert text(change).splitlines()[4:10] == [
        "      note: a",
        "            b",
        "            c",
        "            d",
        "            e",
        "            3 more lines",
    ]


def test_wide_and_long_names_do_not_break_the_columns():
    wide, plain, long = Ref("package", "大きい"), Ref("package", "Small!"), Ref("package", "L" * 60)
    shown = text(*(Delete(ref=ref, before={}, origin=Origin("p.yaml", 1), stated=True) for ref in (wide, plain, long)))
    first, second, third = shown.splitlines()[3:6]
    assert first.index("delete") + 3 == second.index("delete")
    assert third == f"  - package/{'L' * 60}  delete   p.yaml:1"
    marked = text(Delete(ref=Ref("package", "Cafe\u0301"), before={}))
    assert "package/Cafe\u0301  delete" in marked


def test_the_tail_yields_to_text_wider_than_the_page():
    change = update(GROWTH, delta("quota.notify_message", "a" * 100, "b" * 100), origin=Origin("packages.d/g.yaml", 1))
    assert text(change).splitlines()[3].endswith('b"   packages.d/g.yaml:1')


def test_drift_counts_what_cannot_be_created_again():
    finding = Finding(code="absent", severity=Severity.LEFT_OUT, message="it is not live", ref=ACME)
    shown = drift_text(
        plan(Forget(ref=GROWTH, before={}), findings=(finding,), counts=Counts(lost=1)), vocabulary=KINDS, masked=False
    )
    assert "it is not live   absent" in shown
    assert shown.endswith("Drift: 1 object (1 deleted by hand); 1 change pending, 0 unchanged, 0 unmanaged.")


def test_drift_of_a_conflict_and_of_nothing():
    conflict = update(GROWTH, delta("limits.lists", 1, 2, cause=Cause.CONFLICT, remembered=3))
    assert drift_text(plan(conflict), vocabulary=KINDS, masked=False).endswith(
        "Drift: 1 object (1 conflict); 0 unchanged, 0 unmanaged."
    )
    assert drift_text(plan(), vocabulary=KINDS, masked=False).endswith("Drift: none; 0 unchanged, 0 unmanaged.")


def test_findings_are_sorted_by_place_and_counted():
    findings = (
        Finding(code="no-memory", severity=Severity.NOTE, message="nothing is remembered"),
        Finding(
            code="dangling",
            message='there is no package "Growht" (did you mean "Growth"?)',
            ref=ACME,
            field="package",
            origin=Origin("tenants.d/acme.yaml", 12),
        ),
        Finding(code="range", message="-5 is below 0", ref=GROWTH, origin=Origin("a.yaml", 2), remedy="write 0"),
        Finding(code="wildcard", severity=Severity.WARNING, message="wide", origin=Origin("a.yaml", 2)),
        Finding(code="syntax", message="what is this", origin=Origin("a.yaml")),
    )
    assert findings_text(findings).splitlines() == [
        "error[syntax] what is this  a.yaml",
        "error[range] package/Growth: -5 is below 0 (write 0)  a.yaml:2",
        "warning[wildcard] wide  a.yaml:2",
        "error[dangling] tenant/ops@acme.example: package: "
        'there is no package "Growht" (did you mean "Growth"?)  tenants.d/acme.yaml:12',
        "note[no-memory] nothing is remembered",
        "3 errors, 1 warning, 1 note",
    ]
    assert "\x1b[31merror[syntax]\x1b[0m what" in findings_text(findings, colour=True)
    assert findings_text(()) == ""


def test_findings_name_those_who_are_hit():
    finding = Finding(code="in-use", message="used", severity=Severity.LEFT_OUT, names=("a", "b"), more=3)
    assert findings_text([finding]) == "left-out[in-use] used\n    a, b, 3 more\n1 left-out"


def test_a_listing_is_a_table():
    listing = Listing(("ID", "Name", "Users"), ((1_204, "Starter Plan", 1_200), (7, "大", 3)))
    assert listing_text(listing).splitlines() == [
        "  ID   Name           Users",
        "1204   Starter Plan   1,200",
        "   7   大                 3",
        "2 rows",
    ]
    assert listing_text(Listing(("ID", "Name"), ())) == "ID   Name\n0 rows"
    assert listing_text(listing, colour=True).startswith("\x1b[1m  ID")


@pytest.mark.parametrize("alike", [True, False], ids=["alike", "each its own"])
def test_many_changes_take_work_in_proportion(alike):
    once, twice = (calls(partial(plan_text, many(size, alike), vocabulary=KINDS, masked=True)) for size in (500, 1_000))
    assert twice < 2.2 * once


def many(size: int, alike: bool):
    refs = [Ref("tenant", f"t{n}@x.example") for n in range(size)]
    status = delta("status", "active", "closed")
    changes = [update(ref, status if alike else delta("credits.monthly", n, n + 1)) for n, ref in enumerate(refs)]
    return plan(*changes, findings=tuple(Finding(code="in-use", message="m", ref=ref) for ref in refs[: size // 4]))


def test_a_person_named_about_what_has_no_users_is_masked_by_its_address():
    finding = Finding(code="over-limit", severity=Severity.WARNING, message="for a@b.example", names=("a@b.example",))
    shown = text(findings=(finding,), masked=True)
    assert "a@b.example" not in shown.replace("a…@b.example", "")
    assert PROFESSIONAL.key not in shown
