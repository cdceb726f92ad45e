"""The parts of a plan as Shapes: what is written, read and described is declared in one place. Knows no change."""

from __future__ import annotations

from reconciler.model.change import Cause, Effect, FieldDelta, ItemDelta
from reconciler.model.finding import Finding, Severity
from reconciler.model.memory import Memo
from reconciler.model.plan import Allowance, Counts, Impact, Policy, Source
from reconciler.report.shape import (
    FLAG,
    JSON,
    ORIGIN,
    REF,
    TEXT,
    VALUE,
    WHOLE,
    fixed,
    mapping_of,
    of,
    optional,
    sequence,
    unordered,
    word,
)

CAUSE = word(Cause)
EFFECT = word(Effect)

ITEM = of(
    ItemDelta,
    "One item of a set or map; null is not there. For an override null is inherit, and inherited is what that gives.",
    item=TEXT,
    before=optional(VALUE),
    after=optional(VALUE),
    effect=EFFECT,
    inherited=optional(VALUE),
)

FIELD = of(
    FieldDelta,
    "One field that differs; remembered is what the last apply wrote, where that is not `after`. After null: the value "
    "is taken away again, as a revert may ask.",
    name=TEXT,
    before=optional(VALUE),
    after=optional(VALUE),
    cause=CAUSE,
    effect=EFFECT,
    remembered=optional(VALUE),
    items=sequence(ITEM),
    origin=optional(ORIGIN),
)

FINDING = of(
    Finding,
    "One complaint; severity error blocks the plan.",
    code=TEXT,
    message=TEXT,
    severity=word(Severity),
    ref=optional(REF),
    field=TEXT,
    origin=optional(ORIGIN),
    remedy=TEXT,
    at_files=FLAG,
    names=sequence(TEXT),
    more=WHOLE,
)

IMPACT = of(
    Impact,
    "Whom the change of a limit hits: its users, those whose override hides it, those over it and near it now, "
    "and the highest as [key, used, per cent].",
    ref=REF,
    field=TEXT,
    tenants=WHOLE,
    keep=WHOLE,
    over=WHOLE,
    near=WHOLE,
    top=sequence(fixed(TEXT, WHOLE, WHOLE)),
)

COUNTS = of(
    Counts,
    "Objects that were compared, that need nothing, that nobody manages, and what only memory learns.",
    compared=WHOLE,
    unchanged=WHOLE,
    unmanaged=WHOLE,
    adopted=WHOLE,
    released=WHOLE,
    gone=WHOLE,
    lost=WHOLE,
)

ALLOWANCE = of(Allowance, "A class of change lifted by name.", code=TEXT, reason=TEXT)

SOURCE = of(
    Source,
    "What the plan was made from: the digest of the files, the commit, whether something was not "
    "committed (null where git could not tell), the database's own id, the tool's version, and "
    "the run that it takes back. Only where there is something to say: what is set of the target, and how often runs "
    "of these very changes were taken back before.",
    sparse=("options", "reverted"),
    files=TEXT,
    commit=TEXT,
    dirty=optional(FLAG),
    instance=TEXT,
    version=TEXT,
    only=sequence(TEXT),
    allowances=sequence(ALLOWANCE),
    reverts=TEXT,
    options=mapping_of(JSON),
    reverted=WHOLE,
)

POLICY = of(
    Policy,
    "The settings that the guards use when the plan is applied.",
    mode=TEXT,
    block=unordered(TEXT),
    max_change_percent=WHOLE,
    min_sample=WHOLE,
    max_tenants_affected=optional(WHOLE),
    growth_percent=WHOLE,
    max_lock_seconds=WHOLE,
    over_limit=TEXT,
    hands_off=sequence(TEXT),
    external=sequence(TEXT),
    privacy=TEXT,
)

MEMO = of(Memo, "What memory holds of one object after the apply.", ref=REF, stated=TEXT, origin=ORIGIN)
