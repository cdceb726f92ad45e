"""What a change does to the customer (docs/rules.md#rule-13)."""

from __future__ import annotations

import pytest

from reconciler.engine.effect import effect, worst
from reconciler.kinds import KINDS
from reconciler.model.change import Effect
from reconciler.model.resource import Direction, Field, Reference
from reconciler.model.values import Value

MORE, LESS, NEUTRAL, UNKNOWN = Effect.MORE, Effect.LESS, Effect.NEUTRAL, Effect.UNKNOWN


def judged(reference: Reference, old: str, new: str) -> Effect:
    return MORE


@pytest.mark.parametrize(
    ("kind", "name", "before", "after", "expected"),
    [
        ("package", "sending.daily_limit", 10, 20, MORE),
        ("package", "sending.daily_limit", 20, 10, LESS),
        ("package", "sending.daily_limit", 10, "unlimited", MORE),
        ("package", "sending.daily_limit", "unlimited", 2**63 - 1, LESS),
        ("package", "sending.daily_limit", "garbage", 5, UNKNOWN),
        ("package", "sending.daily_limit", None, 5, UNKNOWN),
        ("package", "sending.max_threads", "off", 4, LESS),
        ("package", "commercial.bounce_rate_stop", 5, "off", MORE),
        ("package", "require.dkim", False, True, LESS),
        ("package", "require.dkim", True, False, MORE),
        ("package", "sender.custom", True, False, LESS),
        ("package", "quota.time_value", 1, 2, NEUTRAL),
        ("package", "quota.time_unit", "day", "month", NEUTRAL),
        ("package", "headers", {"A": "1"}, {}, NEUTRAL),
        ("package", "assets.sending_nodes", "off", ("a",), MORE),
        ("package", "assets.sending_nodes", ("a", "b"), "off", LESS),
        ("package", "assets.sending_nodes", ("a",), ("b",), LESS),
        ("package", "role", "A", "B", MORE),
        ("package", "role", None, "B", NEUTRAL),
        ("tenant", "package", "A", "B", MORE),
        ("tenant", "package", "A", "none", UNKNOWN),
        ("tenant", "package", "none", "A", UNKNOWN),
        ("tenant", "status", "active", "suspended", NEUTRAL),
        ("role", "permissions", ("a",), ("a", "b"), MORE),
    ],
)
def test_effect(kind: str, name: str, before: Value | None, after: Value, expected: Effect) -> None:
    assert effect(KINDS.fields[kind][name], before, after, judged) is expected


@pytest.mark.parametrize(
    ("effects", "expected"),
    [([], NEUTRAL), ([MORE, NEUTRAL], MORE), ([MORE, UNKNOWN], UNKNOWN), ([MORE, UNKNOWN, LESS], LESS)],
)
def test_a_loss_outweighs_any_gain(effects: list[Effect], expected: Effect) -> None:
    assert worst(effects) is expected


def test_text_with_a_direction_is_unknown_rather_than_guessed() -> None:
    field = Field("x", KINDS.fields["role"]["description"].type, "", direction=Direction.MORE)
    assert effect(field, "a", "b", judged) is UNKNOWN
