"""How each column says unlimited, off, none and inherit: read, and written back as the application would."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.ref import Ref
from reconciler.model.values import OFF, UNLIMITED, same
from tests.support.mumara import Mumara, target

GROWTH, BETA = Ref("package", "Growth"), Ref("tenant", "crm@beta.example")

LIMITS = [(-1, UNLIMITED, -1), (0, 0, 0), (7, 7, 7)]
OPEN_LIMITS = [*LIMITS, (None, UNLIMITED, -1)]
SWITCHES = [(0, False, 0), (None, False, 0), (1, True, 1)]
ON = '{{"{0}": "on"}}'

PACKAGE: list[tuple[str, str, list[tuple[Any, Any, Any]]]] = [
    ("sending.hourly_speed", "hourly_email_limit", LIMITS),
    ("sending.daily_limit", "daily_email_limit", LIMITS),
    ("sending.monthly_quota", "monthly_email_limit", LIMITS),
    ("limits.contacts", "subscribers_limit", LIMITS),
    ("limits.lists", "lists_limit", LIMITS),
    ("limits.sending_domains", "sending_domain_limit", LIMITS),
    ("limits.sending_nodes", "smtps_limit", LIMITS),
    ("limits.segments", "segments_limit", OPEN_LIMITS),
    ("limits.triggers", "triggers_limit", OPEN_LIMITS),
    ("limits.trigger_actions_monthly", "trigger_actions", LIMITS),
    ("limits.evergreen_campaigns", "evergreen_campaigns", LIMITS),
    ("sending.max_threads", "max_threads", [(None, OFF, None), (0, OFF, None), (-1, OFF, None), (4, 4, 4)]),
    ("commercial.suppressed_domains", "suppress_domains_limit", [(None, OFF, None), (0, 0, 0), (5, 5, 5)]),
    ("commercial.bounce_rate_stop", "bounce_rate_limit", [(0, OFF, 0), (None, OFF, 0), (8, 8, 8)]),
    ("commercial.credits", "credits_enabled", SWITCHES),
    ("commercial.allow_overuse", "allow_overuse", SWITCHES),
    ("commercial.branding", "allow_branding", SWITCHES),
]
WOVEN: list[tuple[str, str, list[tuple[Any, Any, Any]]]] = [
    (
        "require.dkim",
        "tracking_restrictions",
        [
            ("[]", False, "{}"),
            ("", False, "{}"),
            (ON.format("dkim_restriction"), True, ON.format("dkim_restriction")),
        ],
    ),
    (
        "require.tracking_domain",
        "tracking_restrictions",
        [
            (ON.format("tracking_restriction"), True, ON.format("tracking_restriction")),
            (ON.format("dkim_restriction"), False, ON.format("dkim_restriction")),
        ],
    ),
    (
        "require.bounce_domain",
        "tracking_restrictions",
        [('{"bounce_restriction": "0", "new": "x"}', False, '{"new": "x"}')],
    ),
    (
        "sender.custom",
        "sending_options",
        [
            (None, True, '{"sending_node": "on", "form_list": "on", "custom": "on"}'),
            ("[]", True, '{"sending_node": "on", "form_list": "on", "custom": "on"}'),
            ('{"form_list": "on"}', False, '{"form_list": "on", "custom": ""}'),
            ('{"custom": "0"}', False, '{"custom": ""}'),
        ],
    ),
    ("sender.from_contact_lists", "sending_options", [('{"form_list": 1}', True, '{"form_list": "on"}')]),
    ("sender.from_sending_nodes", "sending_options", [('{"sending_node": "on"}', True, '{"sending_node": "on"}')]),
    (
        "headers",
        "additional_headers",
        [
            (None, {}, "[]"),
            ("", {}, "[]"),
            ("[]", {}, "[]"),
            (
                '[{"header":"X-B","value":"ü"},{"header":"X-A","value":null}]',
                {"X-A": "", "X-B": "ü"},
                '[{"header": "X-A", "value": ""}, {"header": "X-B", "value": "\\u00fc"}]',
            ),
            ("no list", {"": "no list"}, '[{"header": "", "value": "no list"}]'),
        ],
    ),
    (
        "assets.bounce_addresses",
        "bounce_emails",
        [
            (None, OFF, "[]"),
            ("[]", OFF, "[]"),
            ('["2",1]', ("bounce@mail.example", "return@mail.example"), '["1", "2"]'),
            ('{"0":"1","5":2}', ("bounce@mail.example", "return@mail.example"), '["1", "2"]'),
            ("[99]", ("#99",), None),
            ("rubbish", "rubbish", None),
        ],
    ),
    ("assets.sending_domains", "sending_domains", [('["3"]', ("acme.example",), '["3"]')]),
]
OWN: list[tuple[str, str, list[tuple[Any, Any, Any]]]] = [
    (name, column, [(None, None, nothing), (0, None, nothing), (-1, None, nothing), (9, 9, 9)])
    for name, column, nothing in (
        ("sending.hourly_speed", "hourly_rate", None),
        ("sending.daily_limit", "daily_limit", None),
        ("sending.monthly_quota", "monthly_limit", None),
        ("limits.trigger_actions_monthly", "trigger_actions_limit", 0),
    )
]
OWN += [
    ("limits.contacts", "contacts_limit", [(None, None, None), (0, 0, 0), (-1, UNLIMITED, -1), (9, 9, 9)]),
    ("commercial.suppressed_domains", "domain_suppression_limit", [(None, None, None), (0, 0, 0), (9, 9, 9)]),
]


def cases(table: list[tuple[str, str, list[tuple[Any, Any, Any]]]]) -> list[Any]:
    return [
        pytest.param(name, column, *each, id=f"{column}={each[0]}")
        for name, column, each_of in table
        for each in each_of
    ]


@pytest.fixture(scope="module")
def shared(pool: Any, tmp_path_factory: pytest.TempPathFactory) -> Mumara:
    """One system for all rows of the tables; each sets what it reads."""
    from tests.support.engines import ServerPlace, place
    from tests.support.mumara import founded

    found = place("mariadb", pool, tmp_path_factory.mktemp("place"))
    assert isinstance(found, ServerPlace)
    return founded(found, tmp_path_factory.mktemp("mumara"))


@pytest.mark.parametrize(("name", "column", "stored", "value", "written"), cases(PACKAGE + WOVEN))
def test_a_column_of_packages(shared: Mumara, name: str, column: str, stored: Any, value: Any, written: Any) -> None:
    if stored is None and column in NOT_NULL:
        pytest.skip("takes no NULL")
    shared.sql(f"UPDATE packages SET {column} = ? WHERE id = 2", stored)
    esp = target(shared.place)
    with esp.reader() as reader:
        assert same(reader.snapshot().sheets["package"]["Growth"].values[name], value)
    if written is None and not isinstance(value, (int, str)):
        return
    if value == "rubbish":
        return
    with esp.writer() as writer:
        writer.begin()
        writer.update("package", {"Growth": {name: value}})
        assert same(writer.read([GROWTH])[GROWTH].values[name], value)
        writer.commit()
    assert shared.sql(f"SELECT {column} FROM packages WHERE id = 2") == [(written,)]


NOT_NULL = {"tracking_restrictions"}


@pytest.mark.every_run
@pytest.mark.parametrize(("name", "column", "stored", "value", "written"), cases(OWN))
def test_a_limit_of_one_user(shared: Mumara, name: str, column: str, stored: Any, value: Any, written: Any) -> None:
    if stored is None and column == "trigger_actions_limit":
        pytest.skip("takes no NULL")
    shared.sql(f"UPDATE user_email_limits SET {column} = ? WHERE user_id = 102", stored)
    esp = target(shared.place)
    with esp.reader() as reader:
        overrides = reader.snapshot().sheets["tenant"]["crm@beta.example"].values["overrides"]
    assert isinstance(overrides, dict)
    assert same(overrides.get(name), value)
    with esp.writer() as writer:
        writer.begin()
        writer.update("tenant", {"crm@beta.example": {"overrides": overrides}})
        assert writer.read([BETA])[BETA].values["overrides"] == overrides
        writer.commit()
    assert shared.sql(f"SELECT {column} FROM user_email_limits WHERE user_id = 102") == [(written,)]


@pytest.mark.every_run
@pytest.mark.parametrize(("stored", "value"), [(None, None), (0, None), (-1, None), (3, 3)])
def test_threads_of_one_user_are_in_the_account_s_own_row(shared: Mumara, stored: Any, value: Any) -> None:
    shared.sql("UPDATE users SET max_threads = ? WHERE id = 102", stored)
    with target(shared.place).reader() as reader:
        overrides = reader.snapshot().sheets["tenant"]["crm@beta.example"].values["overrides"]
    assert isinstance(overrides, dict) and overrides.get("sending.max_threads") == value


UNHELD = {
    "sending.hourly_speed": (UNLIMITED, 0),
    "sending.daily_limit": (UNLIMITED, 0),
    "sending.monthly_quota": (UNLIMITED, 0),
    "limits.trigger_actions_monthly": (UNLIMITED, 0),
    "commercial.suppressed_domains": (OFF,),
    "sending.max_threads": (OFF,),
    "limits.lists": (5,),
    "require.dkim": (True,),
}


@pytest.mark.parametrize(
    ("name", "value"), [pytest.param(n, v, id=f"{n} {v}") for n, values in UNHELD.items() for v in values]
)
def test_what_a_user_s_own_limit_cannot_say_is_said_when_planning(shared: Mumara, name: str, value: Any) -> None:
    first, _, last = name.partition(".")
    stated = str(value).lower()
    shared.write("tenant", f"crm@beta.example: {{overrides: {{{first}: {{{last}: {stated}}}}}}}\n")
    plan = shared.plan()
    (finding,) = [found for found in plan.findings if found.code == "unsupported"]
    assert finding.blocks and name in finding.message
    assert not plan.changes


@pytest.mark.every_run
def test_numbers_beyond_a_column_are_refused_when_planning(shared: Mumara) -> None:
    shared.write("package", "Growth: {sending: {daily_limit: 2147483648, monthly_quota: 2147483647}}\n")
    shared.write("tenant", "")
    (finding,) = [found for found in shared.plan().findings if found.code == "unsupported"]
    assert finding.field == "sending.daily_limit" and "2,147,483,647" in finding.message
