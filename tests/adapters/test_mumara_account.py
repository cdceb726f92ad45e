"""The account that the docs page describes is enough to adopt, plan and apply, and cannot read a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa
from mumara_stand import Mumara

PAGE = Path(__file__).parents[2] / "docs" / "mumara.md"


@pytest.fixture
def narrow(mumara: Mumara) -> Mumara:
    """The repository with the URL of that account."""
    mumara.settings("external: ['role/*']")
    account = f"a{mumara.place.name}"
    mumara.sql(f"CREATE USER {account}@localhost IDENTIFIED BY 'narrow'")
    grants = re.findall(r"^GRANT .*;$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(grants) > 20
    for grant in grants:
        said = grant.replace("mumara.", f"{mumara.place.name}.").replace("reconciler.*", f"{mumara.place.memory}.*")
        mumara.sql(re.sub(r"TO reconciler;$", f"TO {account}@localhost", said))
    url = sa.make_url(mumara.place.url).set(username=account, password="narrow")
    (mumara.folder / "url.txt").write_text(url.render_as_string(hide_password=False), encoding="utf-8")
    return mumara


def test_it_adopts_plans_and_applies(narrow: Mumara) -> None:
    assert list(narrow.export().write())
    assert not narrow.plan().changes
    narrow.apply()
    growth = narrow.folder / "packages.d" / "growth.yaml"
    text = growth.read_text(encoding="utf-8").replace("role: Marketing", "role: Spare")
    growth.write_text(text.replace("contacts: unlimited", "contacts: 9"), encoding="utf-8")
    spare = narrow.folder / "roles.d" / "spare.yaml"
    spare.write_text("Spare: {permissions: [campaigns.view]}\nNew: {permissions: ['*']}\n", encoding="utf-8")
    (narrow.folder / "packages.d" / "roleless.yaml").write_text("Roleless: {lifecycle: removed}\n", encoding="utf-8")
    legacy = "Legacy: {lifecycle: removed, reassign_to: Growth}\nScale: {role: New}\n"
    (narrow.folder / "packages.d" / "legacy.yaml").write_text(legacy, encoding="utf-8")
    tenants = narrow.folder / "tenants.d" / "exported.yaml"
    text = tenants.read_text(encoding="utf-8").replace("package: Legacy", "package: Growth")
    tenants.write_text(text.replace("hourly_speed: 600", "hourly_speed: 700"), encoding="utf-8")
    narrow.apply("unguarded", "too-much")
    assert not narrow.plan().changes
    assert narrow.sql("SELECT role_id FROM users WHERE id = 103") == [(8,)]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("users", "password"),
        ("users", "one_time_password"),
        ("users", "api_token"),
        ("smtps", "password"),
        ("bounces", "password"),
        ("api_tokens", "api_token"),
        ("domain_maskings", "dkim_private_key"),
        ("two_fa", "secret"),
        ("application_settings", "setting_value"),
    ],
)
def test_it_cannot_read_a_secret(narrow: Mumara, table: str, column: str) -> None:
    url = sa.make_url((narrow.folder / "url.txt").read_text(encoding="utf-8"))
    connection = pymysql.connect(
        unix_socket=str(url.query["unix_socket"]), user=url.username, password=str(url.password), database=url.database
    )
    with connection, connection.cursor() as cursor, pytest.raises(pymysql.MySQLError, match="denied"):
        cursor.execute(f"SELECT {column} FROM {table}")
