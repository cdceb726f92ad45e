"""A filled Mumara is adopted: exported, planned, applied, and nothing of it changes."""

from __future__ import annotations

import pytest

from reconciler.model.ref import Ref
from reconciler.targets.mumara.tables import HIDING
from tests.support.faults import Moments, watched
from tests.support.mumara import Mumara, target

APPLICATION = (
    "roles",
    "role_permissions",
    "packages",
    "users",
    "user_email_limits",
    "api_tokens",
    "smtps",
    "application_settings",
)


def adopt(mumara: Mumara) -> list[str]:
    """Export everything into files; the messages of what was left out."""
    exported = mumara.export()
    assert list(exported.write())
    return sorted(f"{finding.ref} {finding.field}".strip() for finding in exported.findings)


def rows(mumara: Mumara) -> dict[str, list[tuple[object, ...]]]:
    dump = mumara.place.dump()
    return {name: dump[f"{mumara.place.name}.{name}"] for name in APPLICATION}


@pytest.mark.every_run
def test_what_is_exported_plans_to_nothing_and_applies_to_nothing(mumara: Mumara) -> None:
    before = rows(mumara)
    left_out = adopt(mumara)
    plan = mumara.plan()
    assert (list(plan.changes), [finding for finding in plan.findings if finding.blocks]) == ([], [])
    mumara.apply()
    assert rows(mumara) == before
    assert mumara.plan().counts.unchanged == plan.counts.compared
    assert left_out == [
        "package/Legacy assets.sending_domains",
        "package/Staff Only role",
        "package/Twin Plan",
        "role/Marketing permissions",
        "role/Twin",
        "tenant/new@free.example status",
        "tenant/twin@free.example package",
    ]


@pytest.mark.every_run
def test_no_secret_is_read_kept_or_shown(mumara: Mumara) -> None:
    """Also not by a delete, which keeps the whole row for a revert, nor in memory."""
    adopt(mumara)
    mumara.apply()
    for file in mumara.folder.rglob("*.yaml"):
        assert "SECRET" not in file.read_text(encoding="utf-8")
    mumara.write("role", "Marketing: {description: Other}\n")
    mumara.write("tenant", "ops@acme.example: {status: suspended}\n")
    mumara.write("package", "Growth: {sending: {daily_limit: 9}}\n")
    mumara.apply("unguarded", "too-much", "empty")
    memory = {n: r for n, r in mumara.place.dump().items() if n.startswith(f"{mumara.place.memory}.")}
    assert memory and "SECRET" not in repr(memory)


def test_no_column_with_a_secret_is_ever_asked_for(mumara: Mumara) -> None:
    with watched(Moments()) as moments:
        adopt(mumara)
        mumara.apply()
        mumara.write("package", "Roleless: {lifecycle: removed}\nGrowth: {sending: {daily_limit: 9}}\n")
        mumara.write("tenant", "ops@acme.example: {status: suspended, overrides: {sending: {daily_limit: 4}}}\n")
        mumara.apply("unguarded", "too-much", "empty")
        with target(mumara.place).reader() as reader:
            reader.listing("tenant", "")
        target(mumara.place).doctor()
    asked = [text for text in moments.seen if any(f"`{table.name}`" in text for table in HIDING)]
    assert len(asked) > 20
    for text in asked:
        plain = text.replace("count(*)", "")
        assert not any(word in plain for word in ("password", "api_token,", "private_key", "*")), text


def test_raw_rows_of_accounts_are_without_what_is_hidden(mumara: Mumara) -> None:
    with target(mumara.place).writer() as writer:
        writer.begin()
        raw = writer.raw([Ref("tenant", "ops@acme.example"), Ref("package", "Growth")])
        writer.rollback()
    ((user,), (package,)) = (
        raw[Ref("tenant", "ops@acme.example")]["users"],
        raw[Ref("package", "Growth")]["packages"],
    )
    assert {"email", "package_id", "status"} <= user.keys()
    assert not {"password", "api_token", "one_time_password"} & user.keys()
    assert {"oversending", "modules", "package_name"} <= package.keys()


def test_names_that_repeat_leave_out_only_themselves(mumara: Mumara) -> None:
    mumara.write("role", "Marketing: {description: Other}\nTwin: {description: x}\n")
    mumara.write("package", "Growth: {sending: {daily_limit: 1}}\nTwin Plan: {sending: {daily_limit: 9}}\n")
    plan = mumara.plan()
    assert sorted(str(change.ref) for change in plan.changes) == ["package/Growth", "role/Marketing"]
    assert sorted(str(f.ref) for f in plan.findings if f.code == "left-out") == ["package/Twin Plan", "role/Twin"]
    mumara.apply()
    assert mumara.sql("SELECT daily_email_limit FROM packages ORDER BY id LIMIT 5") == [
        (5000,),
        (1,),
        (1000,),
        (1,),
        (2,),
    ]


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ("Cafe", set()),  # the collation equates it with Café; it is another name
        ("CAFÉ", {"spelling"}),
        ("café", {"spelling"}),
        ("Growth", set()),
    ],
)
def test_what_collates_alike_is_no_duplicate(mumara: Mumara, wanted: str, codes: set[str]) -> None:
    mumara.write("package", f'"{wanted}": {{role: Marketing, sending: {{daily_limit: 77}}}}\n')
    plan = mumara.plan()
    assert {f.code for f in plan.findings} & {"spelling", "left-out"} == codes
    mumara.apply()
    found = mumara.sql("SELECT package_name, count(*) FROM packages GROUP BY BINARY package_name HAVING count(*) > 1")
    assert found == [("Twin Plan", 2)]
    assert mumara.sql("SELECT daily_email_limit FROM packages WHERE id = 6") == [(6,)]
    assert not mumara.plan().changes


def test_a_name_with_a_trailing_blank_is_left_alone(mumara: Mumara) -> None:
    mumara.sql(
        "INSERT INTO packages (package_name, role_id, user_id, sending_domain_limit, evergreen_campaigns, "
        "trigger_actions, tracking_restrictions) VALUES ('Padded ', 3, 1, -1, -1, -1, '{}')"
    )
    mumara.write("package", "Padded: {role: Marketing, sending: {daily_limit: 77}}\n")
    plan = mumara.plan()
    assert not plan.changes
    assert {str(f.ref) for f in plan.findings if f.code == "spelling"} == {"package/Padded"}


def test_a_pending_account_is_never_healed(mumara: Mumara) -> None:
    mumara.write("tenant", "new@free.example: {status: active, package: Legacy}\n")
    plan = mumara.plan()
    assert (list(plan.changes), [f.code for f in plan.findings if f.ref]) == ([], ["foreign-state"])


@pytest.mark.parametrize("key", ["sub@acme.example", "gone@free.example", "staff@esp.example", "unheard@of.example"])
def test_accounts_are_never_made(mumara: Mumara, key: str) -> None:
    """A sub-account, one in the bin, one of staff, one that is not there."""
    mumara.write("tenant", f"{key}: {{name: X, package: Growth}}\n")
    plan = mumara.plan()
    assert not plan.changes and {f.code for f in plan.findings if f.ref} <= {"left-out", "absent"}
