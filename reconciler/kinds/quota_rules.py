"""What a live system does with a quota, as a pure function. Source: MailWizz 2.1.13, the order of its quota check.

The hourly cap comes before all this and is a limit of its own. Knows no words: `quota_words` tells what is decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.kinds.package_quotas import QUOTA
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
    found = quota_of({**DEFAULTS, **stated})
    assert found is not None, "a file states values of their types"
    return found


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
