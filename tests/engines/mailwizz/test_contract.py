"""The contract suite on MailWizz."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.testing.suite import *  # noqa: F403  # collected here
from tests.engines.mailwizz.contract import MailwizzStand
from tests.support.engines import ServerPlace
from tests.support.mailwizz import Mailwizz


@pytest.fixture
def empty_stand(empty_database: ServerPlace, tmp_path: Path) -> MailwizzStand:
    mail = Mailwizz(empty_database, tmp_path / "repository").installed()
    return MailwizzStand(mail.site.target, mail)


def test_many_groups_get_their_options(stand: MailwizzStand) -> None:
    drafts = {f"group {n}": {"quota.emails": n, "options": {"x.y": str(n)}} for n in range(603)}
    stand.load({"package": drafts})
    with stand.target.reader() as reader:
        live = reader.snapshot().sheets["package"]
    assert {key: live[key].values["quota.emails"] for key in drafts} == {f"group {n}": n for n in range(603)}
    assert live["group 602"].values["options"]["x.y"] == "602"  # type: ignore[index]
