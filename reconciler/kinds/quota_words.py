"""A quota in one sentence: `1,000 emails a month from the first send; at the limit nothing goes out until …`.

What it promises is asked of `quota_rules`, not decided here.
"""

from __future__ import annotations

from reconciler.kinds.quota_rules import Quota, State, quota_of, state
from reconciler.model.values import Values

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


def told(values: Values) -> str:
    """The quota that an object will have, for the plan; empty where the values do not make one."""
    quota = quota_of(values)
    return f"quota: {sentence(quota)}" if quota is not None else ""


def sentence(quota: Quota) -> str:
    """What a customer with this quota can send and what happens then, in one sentence without a full stop."""
    if quota.emails == 0:
        return "nothing goes out at all: the quota is 0 emails"
    if quota.time_value == 0:
        return f"nothing goes out at all: the quota lasts 0 {quota.time_unit}s"
    full = state(quota, used=quota.emails, expired=False) if quota.emails is not None else None
    ended = state(quota, used=0, expired=True) if quota.time_value is not None else None
    said = _SENTENCES[full, ended].format(
        amount=_amount(quota.emails),
        each=_each(quota),
        span=f"one {quota.time_unit}" if quota.time_value == 1 else _several(quota),
        over=f"the {quota.time_unit} is over" if quota.time_value == 1 else f"the {_several(quota)} are over",
        moves=f"the customer moves to {quota.move_to}",
        endless="" if quota.action == "none" else f": `{quota.action}` waits for the end of a period that has none",
    )
    aimless = quota.action == "move" and State.RENEWS in (full, ended)
    return f"{said} (it shall move the customer, and names no package)" if aimless else said


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
