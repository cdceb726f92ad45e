"""Quotas that are legal and rarely meant, and what somebody may think that a package inherits. Source: seed 001."""

from __future__ import annotations

from reconciler.kinds.quota_rules import (
    ACTION,
    EMAILS,
    MOVE_TO,
    RULE_FIELDS,
    TIME_UNIT,
    TIME_VALUE,
    State,
    quota_when_new,
    state,
)
from reconciler.kinds.quota_words import sentence, told
from reconciler.model.advice import Advice, Fallback, Meaning
from reconciler.model.finding import Severity
from reconciler.model.values import UNLIMITED, Values

DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365}
LONG = 28
"""Days. Four weeks are as good as a month."""


def _no_emails(stated: Values) -> str:
    return "a quota of 0 emails blocks all sending" if stated.get(EMAILS) == 0 else ""


def _no_time(stated: Values) -> str:
    return "a quota period of no time blocks all sending" if stated.get(TIME_VALUE) == 0 else ""


def _short(stated: Values) -> str:
    quota = quota_when_new(stated)
    if not quota.time_value or quota.emails is None or quota.time_value * DAYS[quota.time_unit] >= LONG:
        return ""
    return f"a quota by the {quota.time_unit} is much counting for the live system; it is made for months"


def _last_state(stated: Values) -> State | None:
    """Where a customer ends who uses the quota up and waits; None where it cannot be used up. With the values of a new
    object for what is not stated."""
    quota = quota_when_new(stated)
    if quota.emails == 0 or quota.time_value == 0 or (quota.emails is None and quota.time_value is None):
        return None
    return state(quota, used=quota.emails or 0, expired=True)


def _blocked(stated: Values) -> str:
    """Where no action is stated, that is said: the live object may have one."""
    if _last_state(stated) is not State.BLOCKED:
        return ""
    if ACTION in stated:
        return "a customer at the quota stays blocked, also when the period is over"
    return "not stated: what is new gets `none`, and a customer at the quota stays blocked, also after the period"


def _never_acts(stated: Values) -> str:
    """The action waits for the end of a period that has none."""
    action = stated.get(ACTION, "none")
    if action == "none" or _last_state(stated) is not State.HELD:
        return ""
    if TIME_VALUE in stated:
        return f"the period never ends, so `{action}` never comes and a customer at the quota stays blocked"
    return f"without quota.time_value the period of what is new never ends, so `{action}` never comes"


def _moves_nowhere(stated: Values) -> str:
    if stated.get(ACTION) != "move" or MOVE_TO in stated:
        return ""
    return "quota.move_to is not stated: where none is live either, a new period starts instead"


def _not_for_packages(stated: Values) -> str:
    quota = quota_when_new(stated)
    if quota.emails is None and quota.time_value is None:
        return ""
    return (
        "states no quota and inherits none: the platform's is only for tenants without a package "
        f"({sentence(quota).partition(';')[0]}); where this package is new, its tenants have no quota at all"
    )


QUOTA_MEANING = Meaning(fields=RULE_FIELDS, tell=told)

QUOTA_ADVICE = (
    Advice(
        code="blocks-all",
        severity=Severity.WARNING,
        about=EMAILS,
        fields=(EMAILS,),
        remedy=f"write a number, or quota.emails: {UNLIMITED}",
        tell=_no_emails,
    ),
    Advice(
        code="blocks-all",
        severity=Severity.WARNING,
        about=TIME_VALUE,
        fields=(TIME_VALUE,),
        remedy=f"write a number, or quota.time_value: {UNLIMITED}",
        tell=_no_time,
    ),
    Advice(
        code="short-period",
        severity=Severity.NOTE,
        about=TIME_UNIT,
        fields=(TIME_VALUE, TIME_UNIT),
        remedy="for short periods use the quota of the delivery server (hourly, daily), or sending.hourly_speed",
        tell=_short,
    ),
    Advice(
        code="stays-blocked",
        severity=Severity.NOTE,
        about=ACTION,
        fields=RULE_FIELDS,
        remedy="write quota.action: reset for a quota that comes again, or keep it where somebody resets it",
        tell=_blocked,
    ),
    Advice(
        code="stays-blocked",
        severity=Severity.WARNING,
        about=ACTION,
        fields=(ACTION,),
        remedy="state a quota.time_value, or act at once: quota.action: move with quota.wait_for_expiry: false",
        tell=_never_acts,
    ),
    Advice(
        code="move-nowhere",
        severity=Severity.WARNING,
        about=ACTION,
        fields=(ACTION,),
        remedy="state quota.move_to",
        tell=_moves_nowhere,
    ),
)

NO_INHERITANCE = Fallback(
    kind="package",
    code="no-inheritance",
    severity=Severity.NOTE,
    fields=RULE_FIELDS,
    remedy=f"state the package's own quota, or quota.emails: {UNLIMITED}",
    tell=_not_for_packages,
)
