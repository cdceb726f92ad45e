import json
import random
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.model.change import (
    Cause,
    Create,
    Delete,
    Effect,
    FieldDelta,
    Forget,
    ItemDelta,
    Reassign,
    Rename,
    Update,
)
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import Memo
from reconciler.model.plan import Allowance, Counts, Impact, Plan, Policy, Source
from reconciler.model.ref import Origin, Ref
from reconciler.report.plan_file import dumps, fingerprint, parse_plan, plan_document, plan_schema, seal
from reconciler.report.shapes import TEXT, of
from tests.support.properties import tried
from tests.support.report_plans import ACME, GROWTH, LEGACY, delta, every_operation, plan, the_design_plan, update

META = {"created": "2026-11-22T10:00:00Z", "seconds": 0.25}
KEY = b"a key"

text = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
count = st.integers(0, 2**63 - 1)
scalar = st.one_of(st.booleans(), count, text)
value = st.one_of(
    scalar, st.lists(text, unique=True, max_size=3).map(sorted).map(tuple), st.dictionaries(text, scalar, max_size=3)
)
values = st.dictionaries(names, value, max_size=4)
maybe = partial(st.one_of, st.none())
origin = st.builds(Origin, text, maybe(count))
ref = st.builds(Ref, st.sampled_from(["role", "package", "tenant"]), names)
item = st.builds(
    ItemDelta,
    item=text,
    before=maybe(value),
    after=maybe(value),
    effect=st.sampled_from(Effect),
    inherited=maybe(value),
)
field = st.builds(
    FieldDelta,
    name=names,
    before=maybe(value),
    after=value,
    cause=st.sampled_from(Cause),
    effect=st.sampled_from(Effect),
    remembered=maybe(value),
    items=st.lists(item, max_size=2).map(tuple),
    origin=maybe(origin),
)
told = {"ref": ref, "origin": maybe(origin), "note": text}
cause = st.sampled_from(Cause)
change = st.one_of(
    st.builds(Create, **told, after=values, defaults=st.frozensets(names, max_size=3), cause=cause),
    st.builds(Update, **told, before=values, after=values, fields=st.lists(field, max_size=3).map(tuple), cause=cause),
    st.builds(Rename, **told, old=names),
    st.builds(Reassign, **told, to=names, expected=count),
    st.builds(Delete, **told, before=values, stated=st.booleans()),
    st.builds(Forget, **told, before=values),
)
finding = st.builds(
    Finding,
    code=text,
    message=text,
    severity=st.sampled_from(Severity),
    ref=maybe(ref),
    field=text,
    origin=maybe(origin),
    remedy=text,
    at_files=st.booleans(),
    names=st.lists(text, max_size=2).map(tuple),
    more=count,
)
few = partial(st.lists, max_size=3)
plans = st.builds(
    Plan,
    target=text,
    target_type=text,
    project=text,
    changes=few(change).map(tuple),
    findings=few(finding).map(tuple),
    impact=few(
        st.builds(
            Impact,
            ref=ref,
            field=text,
            tenants=count,
            keep=count,
            over=count,
            near=count,
            top=few(st.tuples(text, count, count)).map(tuple),
        )
    ).map(tuple),
    counts=st.builds(Counts, compared=count, unmanaged=count, gone=count, lost=count),
    managed=st.dictionaries(text, count, max_size=2),
    source=st.builds(
        Source,
        files=text,
        dirty=st.booleans(),
        only=few(text).map(tuple),
        allowances=few(st.builds(Allowance, code=text, reason=text)).map(tuple),
    ),
    policy=st.builds(
        Policy, block=st.frozensets(text, max_size=2), max_tenants_affected=maybe(count), hands_off=few(text).map(tuple)
    ),
    remember=few(st.builds(Memo, ref, text, origin)).map(tuple),
    drop=few(ref).map(tuple),
    declared=st.frozensets(ref, max_size=2),
)


def written(whole, key=None, meta=META):
    return dumps(seal(plan_document(whole, meta=meta), key))


def resealed(doc, key=None):
    return dumps(seal(doc, key))


@tried(plans, st.sampled_from([None, KEY]), examples=50)
def test_a_plan_survives_its_file(whole, key):
    doc = seal(plan_document(whole, meta=META), key)
    assert parse_plan(dumps(doc), key) == whole
    assert parse_plan(dumps(doc).encode(), key) == whole
    assert json.loads(dumps(doc)) == json.loads(json.dumps(doc))
    Draft202012Validator(plan_schema()).validate(json.loads(dumps(doc)))


@pytest.mark.parametrize("whole", [the_design_plan(), every_operation(), plan()], ids=["design", "operations", "empty"])
def test_the_schema_describes_real_plans(whole):
    Draft202012Validator.check_schema(plan_schema())
    Draft202012Validator(plan_schema()).validate(json.loads(written(whole, KEY)))
    assert parse_plan(written(whole), None) == whole


def test_the_schema_refuses_what_the_reader_refuses():
    doc = json.loads(written(every_operation()))
    validator = Draft202012Validator(plan_schema())
    for spoil in (
        {"format": "other"},
        {"counts": {}},
        {"resource_changes": [{**doc["resource_changes"][0], "operation": "explode"}]},
        {"resource_changes": [{**doc["resource_changes"][0], "later": 1}]},
        {"managed": {"tenant": 1.5}},
        {"drop": ["nowhere"] * 0 + [3]},
    ):
        spoilt = {**doc, **spoil}
        assert not validator.is_valid(spoilt)
        with pytest.raises(ReconcilerError):
            parse_plan(resealed(spoilt), None)


def test_the_document_is_terraform_shaped():
    doc = plan_document(the_design_plan(), meta={})
    rows = {row["address"]: row for row in doc["resource_changes"]}
    assert doc["format_version"] == "1.0"
    assert (doc["errored"], doc["applyable"]) == (True, False)
    legacy = rows["package/Legacy"]
    assert (legacy["type"], legacy["name"], legacy["guard"]) == ("package", "Legacy", ["in-use"])
    assert legacy["change"] == {"actions": ["delete"], "before": {"role": "Marketing"}, "after": None}
    professional = rows["package/Professional"]
    assert professional["change"] == {
        "actions": ["update"],
        "before": {"sending.monthly_quota": 250_000},
        "after": {"sending.monthly_quota": 200_000},
    }
    assert (professional["action_reason"], professional["effect"]) == ("change", "less")
    assert professional["impact"][0]["tenants"] == 201
    assert professional["fields"][0]["name"] == "sending.monthly_quota"
    assert rows["package/Scale"]["change"]["actions"] == ["create"]
    assert rows["package/Scale"]["change"]["before"] is None
    assert doc["resource_drift"] == [
        {
            "address": "tenant/ops@acme.example",
            "type": "tenant",
            "name": "ops@acme.example",
            "change": {
                "actions": ["update"],
                "before": {"overrides": {"sending.daily_limit": 25_000}},
                "after": {"overrides": {"sending.daily_limit": 40_000}},
            },
        }
    ]


def test_actions_of_the_other_operations():
    rows = {row["operation"]: row for row in plan_document(every_operation(), meta={})["resource_changes"]}
    assert rows["rename"]["change"] == {"actions": ["update"], "before": None, "after": None}
    assert rows["rename"]["previous_address"] == "package/Growth Plan"
    assert rows["reassign"]["change"]["actions"] == ["update"]
    assert rows["reassign"]["reassign"] == {"to": "Starter Plan", "expected": 30, "members": {}}
    assert rows["forget"]["change"]["actions"] == ["forget"]
    assert (rows["delete"]["action_reason"], rows["delete"]["stated"]) == ("removed", True)
    assert (rows["forget"]["action_reason"], rows["forget"]["stated"]) == ("not-declared", False)


def test_drift_of_conflicts_and_of_what_was_deleted_by_hand():
    conflict = update(
        GROWTH,
        delta("limits.lists", 1, 2, cause=Cause.CONFLICT, remembered=3),
        delta("limits.contacts", None, 2, cause=Cause.DRIFT),
        delta("limits.segments", 5, 6),
    )
    deleted = Create(
        ref=LEGACY, after={"role": "M", "lifecycle": "active"}, defaults=frozenset({"lifecycle"}), cause=Cause.DRIFT
    )
    drift = plan_document(plan(conflict, deleted), meta={})["resource_drift"]
    assert [row["change"] for row in drift] == [
        {"actions": ["update"], "before": {"limits.lists": 3, "limits.contacts": 2}, "after": {"limits.lists": 1}},
        {"actions": ["delete"], "before": {"role": "M"}, "after": None},
    ]


@pytest.mark.parametrize(
    ("whole", "applyable"),
    [
        (plan(), False),
        (plan(Forget(ref=ACME, before={})), True),
        (plan(remember=(Memo(ACME, "{}", Origin("t.yaml")),)), True),
        (plan(drop=(ACME,)), True),
        (plan(drop=(ACME,), findings=(Finding(code="paused", message="paused"),)), False),
    ],
)
def test_applyable(whole, applyable):
    assert plan_document(whole, meta={})["applyable"] is applyable


def test_same_plan_same_bytes_whatever_the_order_of_keys():
    whole = the_design_plan()
    doc = seal(plan_document(whole, meta=META), KEY)
    shuffled = list(doc.items())
    random.Random(7).shuffle(shuffled)
    assert dumps(dict(shuffled)) == dumps(doc) == written(the_design_plan(), KEY)
    assert seal(doc, KEY) == doc
    assert "signature" not in seal(doc, None)


def test_reformatting_and_another_meta_are_harmless():
    doc = json.loads(written(the_design_plan(), KEY))
    assert parse_plan(json.dumps(doc, indent=7, ensure_ascii=False), KEY) == the_design_plan()
    assert parse_plan(json.dumps({**doc, "meta": {}}), KEY) == the_design_plan()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda doc: doc["resource_changes"][0]["change"]["after"].update({"sending.daily_limit": 1}),
        lambda doc: doc["policy"].update({"max_change_percent": 100}),
        lambda doc: doc["findings"].clear(),
        lambda doc: doc.pop("findings"),
        lambda doc: doc.update(later=1),
        lambda doc: doc.update(digest="0" * 64),
        lambda doc: doc.update(digest="\ud800"),
        lambda doc: doc.pop("digest"),
    ],
)
def test_a_changed_plan_file_is_tampered_with(spoil):
    doc = json.loads(written(the_design_plan(), None))
    spoil(doc)
    with pytest.raises(Stale) as refused:
        parse_plan(json.dumps(doc), None)
    assert refused.value.exit_code == 4
    assert [finding.code for finding in refused.value.findings] == ["tampered"]


def test_with_a_key_the_signature_must_be_there_and_right():
    whole = every_operation()
    assert parse_plan(written(whole, KEY), None) == whole
    with pytest.raises(Stale, match="is not signed"):
        parse_plan(written(whole, None), KEY)
    with pytest.raises(Stale, match="signature of the plan file is wrong"):
        parse_plan(written(whole, b"another"), KEY)


def test_every_flipped_byte_is_refused_or_harmless():
    whole = plan(update(GROWTH, delta("limits.lists", 1, 2), origin=Origin("p.yaml", 1)), counts=Counts(compared=1))
    content = written(whole, KEY).encode()
    for at in range(len(content)):
        for mask in (0x01, 0x20, 0x80):
            flipped = bytearray(content)
            flipped[at] ^= mask
            try:
                assert parse_plan(bytes(flipped), KEY) == whole
            except ReconcilerError:
                continue


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "3",
        "null",
        "{}",
        '{"format_version": "1.2", "resource_changes": []}',
        '{"format": "reconciler-plan"}',
        '{"format": "reconciler-plan", "format_version": 1}',
        '{"format": "reconciler-plan", "format_version": "one.two"}',
        '{"format": "reconciler-plan", "format_version": "1.0", "x": NaN}',
        '{"format": "reconciler-plan", "format_version": "1.0", "x": 1e999}',
        '{"format": "reconciler-plan", "format_version": "1.0", "x": ' + "9" * 5_000 + "}",
        "[" * 100_000,
        '{"format": "reconciler-plan", "format_version": "1.0", "x": ' + "[" * 100_000,
        b"\xff\xfe\x00",
        b"\x80",
    ],
    ids=range(17),
)
def test_what_is_no_plan_file(content):
    with pytest.raises(ReconcilerError, match="this is not a plan file") as refused:
        parse_plan(content, None)
    assert refused.value.exit_code == 1
    assert "--out" in refused.value.remedy


@pytest.mark.parametrize("version", ["1.1", "2.0", "99999.0"])
def test_a_newer_format_is_refused(version):
    doc = {**plan_document(plan(), meta={}), "format_version": version}
    with pytest.raises(ReconcilerError, match=f"format {version}; this reconciler reads up to 1.0") as refused:
        parse_plan(resealed(doc), None)
    assert refused.value.exit_code == 4  # of another version


@pytest.mark.parametrize(
    "spoil",
    [
        lambda doc: doc["resource_changes"][0].update(operation="explode"),
        lambda doc: doc["resource_changes"][0]["change"].update(actions=["no-op"]),
        lambda doc: doc["resource_changes"][0].update(address="package/Other"),
        lambda doc: doc["resource_changes"][3]["reassign"].update(expected=True),
        lambda doc: doc["resource_changes"][3].update(reassign=None),
        lambda doc: doc["resource_changes"][4]["change"].update(before=[]),
        lambda doc: doc["resource_changes"][4]["change"]["before"].update(role=1.5),
        lambda doc: doc["resource_changes"][4]["change"]["before"].update(role=[1]),
        lambda doc: doc.update(resource_changes={}),
        lambda doc: doc.update(target="native"),
        lambda doc: doc.update(drop=["nowhere"]),
        lambda doc: doc.update(fingerprint="0" * 64),
        lambda doc: doc.update(applyable=False),
        lambda doc: doc.update(later=1),
        lambda doc: doc["counts"].update(later=1),
        lambda doc: doc.pop("declared"),
    ],
)
def test_a_sealed_document_of_another_shape_is_no_plan_of_ours(spoil):
    doc = json.loads(written(every_operation()))
    spoil(doc)
    with pytest.raises(ReconcilerError, match="this is not a plan file"):
        parse_plan(resealed(doc), None)


def test_the_fingerprint_is_over_what_is_done_and_found_alone():
    whole = the_design_plan()
    told = [
        replace(whole, findings=(), impact=(), counts=Counts(), declared=frozenset(), source=Source()),
        replace(whole, remember=(Memo(ACME, "{}", Origin("t.yaml")),), drop=(ACME,)),
        replace(whole, changes=tuple(replace(c, origin=Origin("elsewhere", 3), note="x") for c in whole.changes)),
    ]
    assert {fingerprint(other) for other in told} == {fingerprint(whole)}
    assert plan_document(whole, meta={})["fingerprint"] == fingerprint(whole)


def test_other_users_on_a_package_do_not_change_the_fingerprint_but_a_hand_edit_does():
    moved = Reassign(ref=LEGACY, to="Starter Plan", expected=30)
    assert fingerprint(plan(moved)) == fingerprint(plan(replace(moved, expected=31)))
    changes = every_operation().changes
    edited = [
        replace(changes[0], old="Growing"),
        replace(changes[1], after={"package": "Growth"}),
        replace(changes[2], before={"permissions": ()}),
        replace(changes[3], to="Scale"),
        replace(changes[4], before={"role": "Support"}),
        replace(changes[5], before={"status": "closed"}),
    ]
    prints = {fingerprint(plan(*changes[:at], other, *changes[at + 1 :])) for at, other in enumerate(edited)}
    assert len(prints | {fingerprint(plan(*changes))}) == 7


def test_a_shape_names_every_field():
    with pytest.raises(ValueError, match="reason"):
        of(Allowance, "", code=TEXT)
