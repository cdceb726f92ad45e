"""What a live system does with a quota, as a pure function. Source: MailWizz 2.1.13, the order of its quota check.

The hourly cap comes before all this and is a limit of its own. Below the rules: a quota in one sentence, which is made
by asking them (`1,000 emails a month from the first send; at the limit nothing goes out until …`); then quotas that are
legal and rarely meant, and what somebody may think that a package inherits (seed 001).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.kinds.fields import QUOTA
from reconciler.model.finding import Severity
from reconciler.model.resource import Advice, Fallback, Meaning
from reconciler.model.values import UNLIMITED, Value, Values

EMAILS, TIME_VALUE, TIME_UNIT = "quota.emails", "quota.time_value", "quota.time_unit"
WAIT, ACTION, MOVE_TO = "quota.wait_for_expiry", "quota.action", "quota.move_to"
DECIDING = (EMAILS, TIME_VALUE, TIME_UNIT, WAIT, ACTION)
RULE_FIELDS = (*DECIDING, MOVE_TO)
"""The fields that decide what happens. Notifications only speak."""

DEFAULTS: Values = {each.name: each.default for each in QUOTA if each.default is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """`emails` in a period of `time_value` × `time_unit`; None: unlimited. `wait`: at the limit the action waits for
    the end of the period. `move_to`: the package of the action `move`; empty where none is named."""

    emails: int | None = None
    time_value: int | None = None
    time_unit: str = "month"
    wait: bool = True
    action: str = "none"
    move_to: str = ""


class State(StrEnum):
    """What happens when the customer wants to send."""

    SENDS = "it goes out"
    HELD = "nothing goes out before the period ends"
    BLOCKED = "nothing goes out, and nothing will change that"
    RENEWS = "a new period starts, and it goes out"
    MOVES = "the customer moves to another package, where a new period starts"


def state(quota: Quota, *, used: int, expired: bool) -> State:
    """What happens to a customer who has sent `used` emails since the period began; `expired`: the period is over.

    An unlimited period never is. The rules in their order: nothing at all of 0 emails or 0 time; the end of the period
    before the limit; at the limit either the wait or the action.
    """
    if quota.emails == 0 or quota.time_value == 0:
        return State.BLOCKED
    if expired and quota.time_value is not None:
        return _acts(quota)
    if quota.emails is None or used < quota.emails:
        return State.SENDS
    return State.HELD if quota.wait else _acts(quota)


def _acts(quota: Quota) -> State:
    match quota.action:
        case "reset":
            return State.RENEWS
        case "move":
            # Where there is nothing to move to, the application only begins a new period.
            return State.MOVES if quota.move_to else State.RENEWS
        case _:
            return State.BLOCKED


def quota_of(values: Values) -> Quota | None:
    """The quota that these values make; None where one is missing or is no value of its field."""
    emails, time_value = values.get(EMAILS), values.get(TIME_VALUE)
    unit, wait, action = values.get(TIME_UNIT), values.get(WAIT), values.get(ACTION)
    move_to = values.get(MOVE_TO, "")
    if not (_is_limit(emails) and _is_limit(time_value) and isinstance(wait, bool)):
        return None
    if not (isinstance(unit, str) and isinstance(action, str) and isinstance(move_to, str)):
        return None
    return Quota(
        emails=_number(emails),
        time_value=_number(time_value),
        time_unit=unit,
        wait=wait,
        action=action,
        move_to=move_to,
    )


def quota_when_new(stated: Values) -> Quota:
    """The quota of an object that is created with no more than what is stated."""
    quota = quota_of({**DEFAULTS, **stated})
    assert quota is not None, "a file states values of their types"
    return quota


def quota_of_customer(*, package: Values | None, platform: Values) -> Quota:
    """Whose quota a customer has: the package's alone, or the platform's for a customer without one (None).

    MailWizz: a customer with a group never reads the platform's settings; what the group has no row for falls to the
    hard-coded default.
    """
    return quota_when_new(platform if package is None else package)


def _is_limit(value: Value | None) -> bool:
    return value == UNLIMITED or (isinstance(value, int) and not isinstance(value, bool))


def _number(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None


_WITHIN = "{amount} within {span} from the first send; "
_FOR = "{amount} for {span} from the first send; "
_NOT_AT_ALL = "nothing goes out any more"
_LIMITS_NOTHING = "a new period starts at once, so nothing is limited"

_SENTENCES: dict[tuple[State | None, State | None], str] = {
    # what happens at the limit (None: there is none), and at the end of the period (None: it never ends)
    (None, None): "{amount}, with no end",
    (None, State.BLOCKED): f"{_FOR}when {{over}}, {_NOT_AT_ALL}",
    (None, State.RENEWS): "{amount}; when {over}, a new period starts, which limits nothing",
    (None, State.MOVES): f"{_FOR}when {{over}}, {{moves}}",
    (State.HELD, None): f"{{amount}} in all; at the limit {_NOT_AT_ALL}{{endless}}",
    (State.BLOCKED, None): f"{{amount}} in all; at the limit {_NOT_AT_ALL}",
    (State.RENEWS, None): f"{{amount}} at a time; at the limit {_LIMITS_NOTHING}",
    (State.MOVES, None): "{amount} in all; at the limit {moves} at once",
    (State.HELD, State.BLOCKED): f"{_WITHIN}at the limit, and when {{over}}, {_NOT_AT_ALL}",
    (State.BLOCKED, State.BLOCKED): f"{_WITHIN}at the limit, and when {{over}}, {_NOT_AT_ALL}",
    (State.HELD, State.RENEWS): "{amount} {each} from the first send; "
    "at the limit nothing goes out until {over}, then it starts again",
    (State.RENEWS, State.RENEWS): f"{{amount}} at a time; at the limit, and when {{over}}, {_LIMITS_NOTHING}",
    (State.HELD, State.MOVES): f"{_WITHIN}at the limit nothing goes out, and when {{over}}, {{moves}}",
    (State.MOVES, State.MOVES): f"{_WITHIN}at the limit, or when {{over}}, {{moves}} at once",
}


def quota_line(values: Values) -> str:
    """The quota that an object will have, for the plan; empty where the values do not make one."""
    quota = quota_of(values)
    return f"quota: {quota_sentence(quota)}" if quota is not None else ""


def quota_sentence(quota: Quota) -> str:
    """What a customer with this quota can send and what happens then, in one sentence without a full stop."""
    if quota.emails == 0:
        return "nothing goes out at all: the quota is 0 emails"
    if quota.time_value == 0:
        return f"nothing goes out at all: the quota lasts 0 {quota.time_unit}s"
    full = state(quota, used=quota.emails, expired=False) if quota.emails is not None else None
    ended = state(quota, used=0, expired=True) if quota.time_value is not None else None
    sentence = _SENTENCES[full, ended].format(
        amount=_amount(quota.emails),
        each=_each(quota),
        span=f"one {quota.time_unit}" if quota.time_value == 1 else _several(quota),
        over=f"the {quota.time_unit} is over" if quota.time_value == 1 else f"the {_several(quota)} are over",
        moves=f"the customer moves to {quota.move_to}",
        endless="" if quota.action == "none" else f": `{quota.action}` waits for the end of a period that has none",
    )
    aimless = quota.action == "move" and State.RENEWS in (full, ended)
    return f"{sentence} (it shall move the customer, and names no package)" if aimless else sentence


def _amount(emails: int | None) -> str:
    if emails is None:
        return "unlimited emails"
    return f"{emails:,} email" if emails == 1 else f"{emails:,} emails"


def _each(quota: Quota) -> str:
    if quota.time_value != 1:
        return f"every {_several(quota)}"
    return f"an {quota.time_unit}" if quota.time_unit == "hour" else f"a {quota.time_unit}"


def _several(quota: Quota) -> str:
    return f"{quota.time_value or 0:,} {quota.time_unit}s"


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
        f"({quota_sentence(quota).partition(';')[0]}); where this package is new, its tenants have no quota at all"
    )


QUOTA_MEANING = Meaning(fields=RULE_FIELDS, tell=quota_line)

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
