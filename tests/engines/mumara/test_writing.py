"""What an apply writes into a Mumara: whole rows, permissions by route, assets by name, copies of roles."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.errors import TargetError
from reconciler.model.facts import NeededFacts
from reconciler.model.ref import Ref
from tests.support.mumara import Mumara, target

MIRRORED = (
    "SELECT count(*) FROM users u JOIN packages p ON p.id = u.package_id "
    "WHERE u.is_client = 1 AND NOT (u.role_id <=> p.role_id)"
)


@pytest.mark.every_run
def test_a_new_package_is_whole_and_the_administrator_s(mumara: Mumara) -> None:
    mumara.sql("UPDATE users SET is_admin = 0, role = NULL WHERE id = 1")
    mumara.write("package", "Scale: {role: Marketing, sending: {hourly_speed: 10}, require: {dkim: true}}\n")
    mumara.apply()
    ((row),) = mumara.sql(
        "SELECT user_id, role_id, hourly_email_limit, sending_domain_limit, evergreen_campaigns, trigger_actions, "
        "tracking_restrictions, sending_options, smtp_type, smtp_ids, created_at > '2020-01-01', "
        "updated_at > '2020-01-01' FROM packages WHERE package_name = 'Scale'"
    )
    allowed = '{"sending_node": "on", "form_list": "on", "custom": "on"}'
    assert row[:8] == (2, 3, 10, -1, -1, -1, '{"dkim_restriction": "on"}', allowed)
    assert row[8:] == (None, None, 1, 1)
    assert not mumara.plan().changes


def test_without_an_administrator_no_package_can_be_made(mumara: Mumara) -> None:
    mumara.sql("UPDATE users SET is_admin = 0, role = NULL")
    esp = target(mumara.place)
    assert "package" not in esp.creates
    assert "user_id" in dict(esp.doctor())["package: cannot be created"]


def test_a_new_role_is_a_client_s(mumara: Mumara) -> None:
    mumara.write("role", 'New: {description: x, permissions: ["campaigns.*", "Campaigns / Make a copy"]}\n')
    mumara.apply()
    assert mumara.sql("SELECT is_staff, type, user_id, description FROM roles WHERE name = 'New'") == [
        (0, "web", 1, "x")
    ]
    found = mumara.sql("SELECT permission_id FROM role_permissions JOIN roles ON roles.id = role_id WHERE name = 'New'")
    assert sorted(found) == [(11,), (12,), (13,)]


@pytest.mark.every_run
def test_permissions_are_read_by_route_and_repeated_rows_are_written_once(mumara: Mumara) -> None:
    esp = target(mumara.place)
    with esp.reader() as reader:
        snapshot = reader.snapshot()
    assert snapshot.sheets["role"]["Marketing"].values["permissions"] == (
        "#999",
        "Campaigns / Make a copy",
        "campaigns.view",
        "contacts.view",
    )
    assert snapshot.catalogues["permission"] == {
        "Everything",
        "Campaigns",
        "campaigns.view",
        "Campaigns / Make a copy",
        "campaigns.send",
        "contacts",
        "contacts / Make a copy",
        "contacts.view",
        "Own parent / Own parent / Own parent / Own parent",
    }
    mumara.write("role", "Marketing: {permissions: [campaigns.view, contacts.view]}\n")
    mumara.apply()
    found = mumara.sql("SELECT permission_id FROM role_permissions WHERE role_id = 3 ORDER BY 1")
    assert found == [(11,), (16,), (17,)], "a route that two rows have stands for both"
    assert mumara.sql("SELECT count(*) FROM role_permissions WHERE role_id IN (2, 4, 5)") == [(3,)]


@pytest.mark.parametrize(("name", "number"), [("Super Administrator", 1), ("Robots", 5)])
def test_roles_of_staff_and_of_the_api_are_none_of_ours(mumara: Mumara, name: str, number: int) -> None:
    mumara.sql("UPDATE roles SET is_staff = 0 WHERE id = 1")  # also where a hand has spoiled it
    with target(mumara.place).reader() as reader:
        roles = reader.snapshot().sheets["role"]
    assert set(roles) == {"Marketing", "Support", "Spare"} and roles["Support"].values["permissions"]
    before = mumara.sql("SELECT * FROM roles WHERE id = ?", number)
    mumara.write("role", f"{name}: {{description: ours}}\n")
    mumara.apply()
    assert mumara.sql("SELECT * FROM roles WHERE id = ?", number) == before


def test_nodes_and_groups_of_nodes_exclude_each_other(mumara: Mumara) -> None:
    mumara.write("package", "Growth: {assets: {sending_nodes: [smtp-eu-1], sending_node_groups: [eu-pool]}}\n")
    (finding,) = [f for f in mumara.plan().findings if f.code == "unsupported"]
    assert finding.blocks and finding.field == "assets.sending_node_groups"
    mumara.write("package", "Growth: {assets: {sending_nodes: [smtp-eu-1], sending_node_groups: off}}\n")
    mumara.apply()
    assert mumara.sql("SELECT smtp_type, smtp_ids FROM packages WHERE id = 2") == [("smtp", '["1"]')]
    mumara.write("package", "Growth: {assets: {sending_nodes: off, sending_node_groups: [us-pool]}}\n")
    mumara.apply()
    assert mumara.sql("SELECT smtp_type, smtp_groups FROM packages WHERE id = 2") == [("group", '["3"]')]
    assert not mumara.plan().changes


def test_of_assets_of_one_name_the_client_s_is_not_meant_and_none_is_guessed(mumara: Mumara) -> None:
    esp = target(mumara.place)
    with esp.writer() as writer:
        writer.begin()
        writer.update("package", {"Growth": {"assets.sending_nodes": ("smtp-eu-1",)}})
        writer.commit()
    assert mumara.sql("SELECT smtp_ids FROM packages WHERE id = 2") == [('["1"]',)], "5 is a client's own"
    with esp.writer() as writer:
        writer.begin()
        with pytest.raises(TargetError, match='there are 2 of sending node "twin"'):
            writer.update("package", {"Growth": {"assets.sending_nodes": ("twin",)}})
        # What is assigned already stays meant.
        writer.update("package", {"Café": {"assets.sending_nodes": ("smtp-eu-2", "twin")}})
        writer.commit()
    assert mumara.sql("SELECT smtp_ids FROM packages WHERE id = 6") == [('["2", "3"]',)]


def test_an_asset_of_a_repeated_name_leaves_out_only_who_would_get_it(mumara: Mumara) -> None:
    mumara.write(
        "package",
        "Growth: {assets: {sending_nodes: [twin], sending_node_groups: off}}\n"
        "Legacy: {assets: {sending_nodes: [smtp-eu-1]}}\n"
        "Café: {assets: {sending_nodes: [smtp-eu-2, twin]}}\n",
    )
    plan = mumara.plan()
    assert [str(change.ref) for change in plan.changes] == ["package/Café", "package/Legacy"]
    (finding,) = [found for found in plan.findings if found.code == "left-out"]
    assert str(finding.ref) == "package/Growth" and '"twin"' in finding.message
    mumara.apply()
    assert mumara.sql("SELECT smtp_type, smtp_ids FROM packages WHERE id IN (2, 3, 6) ORDER BY id") == [
        ("group", "[]"),
        ("smtp", '["1"]'),
        ("smtp", '["2", "3"]'),
    ]


def test_first_limits_of_a_user_make_a_whole_row(mumara: Mumara) -> None:
    mumara.write("tenant", "solo@free.example: {overrides: {sending: {daily_limit: 9, max_threads: 2}}}\n")
    mumara.apply()
    (row,) = mumara.sql(
        "SELECT daily_limit, hourly_rate, contacts_limit, total_bounced_hard, bounced_soft_this_month, "
        "created_at > '2020-01-01' FROM user_email_limits WHERE user_id = 104"
    )
    assert row == (9, 0, None, 0, 0, 1)
    assert mumara.sql("SELECT max_threads FROM users WHERE id = 104") == [(2,)]
    assert not mumara.plan().changes


@pytest.mark.every_run
class TestCopiesOfRoles:
    """`users.role_id` is kept equal to the package's where it is so by the application's own doing."""

    @pytest.fixture
    def equal(self, mumara: Mumara) -> Mumara:
        assert mumara.sql(MIRRORED) == [(0,)]
        return mumara

    def test_the_package_gets_another_role(self, equal: Mumara) -> None:
        equal.write("package", "Growth: {role: Spare}\n")
        equal.apply()
        assert equal.sql("SELECT id, role_id FROM users WHERE package_id = 2 ORDER BY id") == [
            (101, 8),
            (105, 8),
            (107, 8),
        ]
        assert equal.sql(MIRRORED) == [(0,)]

    def test_a_tenant_gets_another_package(self, equal: Mumara) -> None:
        equal.write("tenant", "ops@acme.example: {package: Legacy}\nsolo@free.example: {package: Growth}\n")
        equal.apply()
        assert equal.sql("SELECT id, role_id FROM users WHERE id IN (101, 104) ORDER BY id") == [(101, 4), (104, 3)]

    @pytest.mark.parametrize(("another", "left"), [(None, None), (4, 3)])
    def test_a_tenant_without_a_package_loses_the_role_unless_others_keep_theirs(
        self, equal: Mumara, another: int | None, left: int | None
    ) -> None:
        equal.sql("UPDATE users SET role_id = ? WHERE id = 104", another)
        equal.write("tenant", "ops@acme.example: {package: none}\n")
        equal.apply()
        assert equal.sql("SELECT role_id FROM users WHERE id = 101") == [(left,)]

    def test_everybody_is_moved_and_the_package_goes(self, equal: Mumara) -> None:
        equal.settings("external: ['role/*']")
        equal.write("package", "Legacy: {lifecycle: removed, reassign_to: Growth}\nGrowth: {role: Spare}\n")
        equal.apply("unguarded")
        assert equal.sql("SELECT id, package_id, role_id FROM users WHERE id IN (103, 106) ORDER BY id") == [
            (103, 2, 8),
            (106, 2, 8),
        ]

    def test_the_role_that_nobody_has_any_more_can_go_in_the_same_plan(self, equal: Mumara) -> None:
        equal.settings("mode: authoritative\nexternal: []")
        for name in equal.export().write():
            assert name
        equal.apply("unguarded")
        text = (equal.folder / "packages.d" / "legacy.yaml").read_text(encoding="utf-8")
        (equal.folder / "packages.d" / "legacy.yaml").write_text(text.replace("role: Support", "role: Marketing"))
        (equal.folder / "roles.d" / "support.yaml").unlink()
        equal.apply("unguarded", "too-much")
        assert equal.sql("SELECT count(*) FROM users WHERE role_id = 4") == [(0,)]
        assert equal.sql("SELECT count(*) FROM roles WHERE id = 4") == [(0,)]

    def test_where_one_differs_nobody_s_is_touched(self, equal: Mumara) -> None:
        equal.sql("UPDATE users SET role_id = 8 WHERE id = 101")
        equal.write("package", "Growth: {role: Support}\n")
        equal.apply()
        assert equal.sql("SELECT id, role_id FROM users WHERE package_id = 2 ORDER BY id") == [
            (101, 8),
            (105, 3),
            (107, 3),
        ]


def test_a_role_that_users_or_tokens_have_is_in_use(mumara: Mumara) -> None:
    mumara.sql("UPDATE users SET role_id = 8 WHERE id = 104")
    facts = None
    with target(mumara.place).reader() as reader:
        facts = reader.facts(NeededFacts(pointers=frozenset({Ref("role", "Spare"), Ref("role", "Marketing")})))
    assert facts.pointers[Ref("role", "Spare")] == (
        (Ref("api_token", "spare robot"), "role_id"),
        (Ref("tenant", "solo@free.example"), "role_id"),
    )
    assert facts.protection == {"role": "C"}
    assert {ref.kind for ref, _ in facts.pointers[Ref("role", "Marketing")]} == {"package"}


def test_usage_is_counted_where_it_is_kept(mumara: Mumara) -> None:
    names = (
        "contacts",
        "lists",
        "sending_domains",
        "sending_nodes",
        "segments",
        "sent_this_month",
        "sent_this_hour",
        "trigger_actions_this_month",
    )
    refs = frozenset({Ref("package", "Growth"), Ref("tenant", "crm@beta.example")})
    question = NeededFacts(meters=refs, counters=frozenset(names))
    esp = target(mumara.place)
    with esp.reader() as reader:
        facts = reader.facts(question)
    with esp.writer() as writer:
        writer.begin()
        assert writer.facts(question) == facts
        writer.rollback()
    counted = {meter.ref.key: meter.counters for meter in facts.meters[Ref("package", "Growth")]}
    assert counted == {
        "ops@acme.example": {
            "contacts": 55,
            "lists": 2,
            "sending_domains": 1,
            "sending_nodes": 0,
            "segments": 2,
            "sent_this_month": 24000,
            "trigger_actions_this_month": 5,
        },
        "new@free.example": dict.fromkeys(set(names) - {"sent_this_hour"}, 0),
    }
    (beta,) = facts.meters[Ref("tenant", "crm@beta.example")]
    assert (beta.counters["contacts"], beta.counters["sending_nodes"]) == (2, 1)


def test_zero_dates_do_not_stop_a_listing(mumara: Mumara) -> None:
    with mumara.place.hand() as connection:
        cursor: Any = connection.cursor()
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute("UPDATE packages SET created_at = '0000-00-00 00:00:00' WHERE id = 2")
    with target(mumara.place).reader() as reader:
        packages = reader.listing("package", "growth")
        assert [row[:3] for row in packages.rows] == [(2, "Growth", "Marketing")]
        assert [row[1] for row in reader.listing("tenant", "acme").rows] == ["ops@acme.example"]
        assert reader.listing("role").rows
