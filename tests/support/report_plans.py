"""Plans made by hand for the tests of reports."""

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
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Allowance, Counts, Impact, Plan, Source
from reconciler.model.ref import Origin, Ref

GROWTH, LEGACY, SCALE = Ref("package", "Growth"), Ref("package", "Legacy"), Ref("package", "Scale")
PROFESSIONAL, MARKETING = Ref("package", "Professional"), Ref("role", "Marketing")
INITECH, ACME = Ref("tenant", "ops@initech.example"), Ref("tenant", "ops@acme.example")


def delta(name, before, after, *, cause=Cause.CHANGE, effect=Effect.NEUTRAL, **more):
    return FieldDelta(name=name, before=before, after=after, cause=cause, effect=effect, **more)


def item(name, before, after, effect=Effect.NEUTRAL, **more):
    return ItemDelta(item=name, before=before, after=after, effect=effect, **more)


def update(ref, *fields, origin=None, note="", cause=None):
    strongest = cause or max((field.cause for field in fields), key=list(Cause).index)
    return Update(
        ref=ref,
        before={f.name: f.before for f in fields if f.before is not None},
        after={f.name: f.after for f in fields},
        fields=fields,
        cause=strongest,
        origin=origin,
        note=note,
    )


def plan(*changes, **more):
    return Plan(target="production", target_type="native", project="example", changes=changes, **more)


def the_design_plan():
    """A plan as docs/architecture.md#what-a-person-sees describes it."""
    return plan(
        Create(
            ref=SCALE,
            after={
                "role": "Marketing",
                "sending.hourly_speed": 10_000,
                "sending.daily_limit": 200_000,
                "sending.monthly_quota": "unlimited",
                "setup_guide": True,
                "lifecycle": "active",
            },
            defaults=frozenset({"sending.monthly_quota", "setup_guide", "lifecycle"}),
            origin=Origin("packages.d/scale.yaml", 1),
            note="OPS-377",
        ),
        update(
            PROFESSIONAL,
            delta("sending.monthly_quota", 250_000, 200_000, effect=Effect.LESS),
            origin=Origin("packages.d/professional.yaml", 6),
        ),
        update(
            ACME,
            delta(
                "overrides",
                {"sending.daily_limit": 40_000},
                {"sending.daily_limit": 25_000},
                cause=Cause.DRIFT,
                effect=Effect.LESS,
                items=(item("sending.daily_limit", 40_000, 25_000, Effect.LESS),),
            ),
            origin=Origin("tenants.d/a.yaml", 9),
        ),
        update(
            INITECH,
            delta(
                "overrides",
                {},
                {"sending.daily_limit": 40_000},
                effect=Effect.MORE,
                items=(item("sending.daily_limit", None, 40_000, Effect.MORE, inherited=25_000),),
                origin=Origin("tenants.d/i.yaml", 4),
            ),
        ),
        Delete(ref=LEGACY, before={"role": "Marketing"}, origin=Origin("packages.d/legacy.yaml", 1)),
        findings=(
            Finding(
                code="in-use",
                message="30 users are still on it (28 active, 2 suspended)",
                ref=LEGACY,
                origin=Origin("packages.d/legacy.yaml", 1),
                remedy="to delete it: lifecycle: removed, reassign_to: Starter Plan; and change tenants.d/eu.yaml:12",
                names=("ops@acme.example", "eva@beta.example", "kim@corp.example"),
                more=27,
            ),
            Finding(
                code="released",
                severity=Severity.NOTE,
                message="taken out of the file; the live value stays and is no longer managed",
                ref=GROWTH,
                field="headers",
                origin=Origin("packages.d/growth.yaml"),
            ),
            Finding(
                code="left-out",
                severity=Severity.LEFT_OUT,
                message="the live system has this name more than once",
                ref=Ref("tenant", "twin@acme.example"),
                remedy="rename its twin",
            ),
            Finding(code="no-memory", severity=Severity.WARNING, message="nothing is remembered yet"),
        ),
        impact=(
            Impact(
                ref=PROFESSIONAL,
                field="sending.monthly_quota",
                tenants=201,
                keep=17,
                over=3,
                near=11,
                top=(("ops@acme.example", 231_400, 116), ("eva@beta.example", 208_112, 104)),
            ),
        ),
        counts=Counts(compared=61, unchanged=57, unmanaged=12, adopted=2, released=1),
        source=Source(commit="ab12cd3f00", allowances=(Allowance(code="too-much", reason="OPS-9"),)),
        declared=frozenset({ACME}),
    )


def every_operation():
    """One change of each class."""
    return plan(
        Rename(ref=GROWTH, old="Growth Plan", origin=Origin("packages.d/growth.yaml", 2)),
        Create(ref=Ref("tenant", "new@acme.example"), after={"package": "none"}, defaults=frozenset()),
        update(
            MARKETING,
            delta(
                "permissions",
                ("contacts.export",),
                ("contacts.import",),
                effect=Effect.LESS,
                items=(item("contacts.export", True, None, Effect.LESS), item("contacts.import", None, True)),
            ),
            note="OPS-412\nsecond line",
        ),
        Reassign(ref=LEGACY, to="Starter Plan", expected=30, origin=Origin("packages.d/legacy.yaml", 3)),
        Delete(ref=LEGACY, before={"role": "Marketing"}, origin=Origin("packages.d/legacy.yaml", 2), stated=True),
        Forget(ref=ACME, before={"status": "active"}, origin=Origin("tenants.d/a.yaml", 1)),
        counts=Counts(compared=6),
    )
