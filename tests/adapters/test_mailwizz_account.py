"""The account that the page on MailWizz asks for is enough for everything, and too little to read a password."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from engines import ServerPlace
from mailwizz_filled import fill
from mailwizz_stand import Mailwizz

from reconciler.workflow import looking

PAGE = Path(__file__).parents[2] / "docs" / "mailwizz.md"


@pytest.fixture
def mail(vacant: ServerPlace, tmp_path: Path) -> Mailwizz:
    """Everything from here on is said by the account of the page."""
    mail = fill(Mailwizz(vacant, tmp_path / "repository").installed())
    account = f"'{vacant.name}'@'localhost'"
    vacant.server.execute(f"CREATE USER {account} IDENTIFIED BY 'pass'")
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for grant in block.splitlines():
        ours = grant.replace("ON mailwizz.", f"ON {vacant.name}.").replace("ON reconciler.*", f"ON {vacant.memory}.*")
        vacant.server.execute(ours.replace("TO reconciler;", f"TO {account}"))
    (mail.folder / "url.txt").write_text(_url(mail), encoding="utf-8")
    return mail


def test_it_can_do_everything(mail: Mailwizz) -> None:
    mail.export()
    assert not mail.plan().changes
    mail.group("Doomed")
    looking.listing(mail.site, "tenant", "")
    lines = dict(looking.diagnosis(mail.site))
    assert lines["protection of package"] == "B"
    for path in mail.folder.glob("*.d/*.yaml"):
        path.unlink()
    mail.declare(
        {
            "package": {
                "Growth": {"quota.emails": 5, "assets.sending_nodes": ["spare.host"]},
                "New": {"limits": {"contacts": 5}},
                "Doomed": {"quota.emails": 1},
            },
            "tenant": {"ops@acme.example": {"package": "New", "status": "suspended"}},
            "platform": {"default": {"quota.emails": 7}},
        }
    )
    mail.apply()
    mail.customer("user@x.example", "Doomed")
    buried = {"lifecycle": "removed", "reassign_to": "New"}
    mail.declare({"package": {"Growth": {}, "New": {}, "Doomed": buried}})
    mail.apply(mail.plan("empty"))
    assert mail.group_of("user@x.example") == "New"
    assert not mail.sql("SELECT 1 FROM {customer_group} WHERE name = 'Doomed'")


def _url(mail: Mailwizz) -> str:
    url = sa.make_url(mail.place.url).set(username=mail.place.name, password="pass")
    return url.render_as_string(hide_password=False)


def test_it_reads_no_password(mail: Mailwizz) -> None:
    engine = sa.create_engine(_url(mail), poolclass=sa.NullPool, connect_args={"ssl_disabled": True})
    for column, table in (("password", "customer"), ("password", "delivery_server"), ("*", "customer")):
        with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="denied"):
            connection.exec_driver_sql(f"SELECT {column} FROM mw_{table}")
    engine.dispose()
