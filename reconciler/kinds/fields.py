"""Fields that several kinds have: those that only files have, which are never compared, remembered or exported
(docs/rules.md#rule-4), and how much may be sent, by the clock and by the quota period. Seeds 000 (sending limits), 001
(quotas).
"""

from __future__ import annotations

from reconciler.model.resource import (
    Choice,
    Direction,
    Field,
    Limit,
    NameList,
    Reference,
    RefusedWith,
    Switch,
    Text,
    Toggle,
    Whole,
)
from reconciler.model.values import OFF, UNLIMITED


def former_names(kind: str, example: str) -> Field:
    """`previously`: the old names of an object, so that it is renamed and not made anew."""
    return Field(
        "previously",
        NameList(),
        f"Former names. A live {kind} of such a name is renamed instead of created anew.",
        file_only=True,
        examples=((example,),),
    )


def note(example: str) -> Field:
    """`note`: why an object is as it is."""
    return Field(
        "note",
        Text(lines=True),
        "Why it is so: a ticket, a decision. Shown in the plan, kept nowhere else.",
        file_only=True,
        examples=(example,),
    )


MORE = Direction.MORE
_LIMIT = Limit()

SENDING = (
    Field(
        "sending.hourly_speed",
        _LIMIT,
        "Emails an hour at most. A throttle: what is over waits.",
        default=UNLIMITED,
        label="Hourly speed",
        direction=MORE,
        overridable=True,
        measured_by="sent_this_hour",
        brief="hourly",
        examples=(500, UNLIMITED),
    ),
    Field(
        "sending.daily_limit",
        _LIMIT,
        "Emails a day at most.",
        default=UNLIMITED,
        label="Daily limit",
        direction=MORE,
        overridable=True,
        measured_by="sent_today",
        brief="daily",
        examples=(5_000, UNLIMITED),
    ),
    Field(
        "sending.monthly_quota",
        _LIMIT,
        "Emails a calendar month at most.",
        default=UNLIMITED,
        label="Monthly quota",
        direction=MORE,
        overridable=True,
        measured_by="sent_this_month",
        brief="monthly",
        examples=(50_000, UNLIMITED),
    ),
    Field(
        "sending.max_threads",
        Switch(1),
        "Sending threads at the same time, or `off`.",
        default=OFF,
        label="Maximum threads",
        direction=MORE,
        overridable=True,
        examples=(4, OFF),
    ),
)

QUOTA = (
    Field(
        "quota.emails",
        _LIMIT,
        "Emails in one quota period. 0 blocks all sending.",
        default=UNLIMITED,
        label="Sending quota",
        direction=MORE,
        measured_by="sent_this_period",
        examples=(1_000, UNLIMITED),
    ),
    Field(
        "quota.time_value",
        _LIMIT,
        "How many time units a quota period lasts, counted from the first send. 0 blocks all sending.",
        default=UNLIMITED,
        label="Time value",
        examples=(1, UNLIMITED),
    ),
    Field(
        "quota.time_unit",
        Choice(("minute", "hour", "day", "week", "month", "year")),
        "The unit of `quota.time_value`.",
        default="month",
        label="Time unit",
        examples=("month",),
    ),
    Field(
        "quota.wait_for_expiry",
        Toggle(),
        "At the quota: true waits for the end of the period before `quota.action`; false acts at once.",
        default=True,
        label="Wait for quota to expire",
        examples=(True,),
    ),
    Field(
        "quota.action",
        Choice(("none", "reset", "move")),
        "What happens at the quota. `none`: stays blocked, also after the period; `reset`: a new period starts; "
        "`move`: to the package of `quota.move_to`.",
        default="none",
        label="Action when quota reached",
        examples=("reset",),
    ),
    Field(
        "quota.move_to",
        Reference("package"),
        "With `quota.action: move`: the package that the customer gets.",
        only_with=("quota.action", "move"),
        needed_then=True,
        label="Customer group",
        examples=("Starter Plan",),
    ),
    Field(
        "quota.notify",
        Toggle(),
        "Tell the customer when the quota is nearly used up.",
        default=False,
        label="Enable quota notifications",
        examples=(True,),
    ),
    Field(
        "quota.notify_percent",
        Whole(50, 98),
        "Per cent of the quota at which the customer is told.",
        default=95,
        label="Sending percent notification",
        examples=(90,),
    ),
    Field(
        "quota.notify_message",
        Text(lines=True),
        "What the customer is told.",
        default="",
        label="Email content",
        examples=("You have used [QUOTA_USAGE] of [QUOTA_TOTAL].",),
    ),
)

NEVER_ENDS = RefusedWith(
    code="never-ends",
    when=(("quota.wait_for_expiry", False), ("quota.action", "reset")),
    message="a quota that resets at once never limits anything",
    remedy="write quota.wait_for_expiry: true, or another quota.action",
)
