"""SQLite has one lock for all who write: whoever holds it without having announced an apply is no apply."""

from __future__ import annotations

import pytest

from reconciler.model.errors import Locked
from tests.support.esp import FILES, Esp, changed


def test_an_application_s_lock_is_not_called_an_apply(esp: Esp) -> None:
    esp.declare(changed(FILES, {"package": {"Growth": {"sending.daily_limit": 30_000}}}))
    plan = esp.plan()
    with esp.hand() as application:
        application.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked) as caught:
            esp.apply(plan)
    assert caught.value.message == "another program holds the lock of the database"
    assert "its transaction" in caught.value.remedy
    assert caught.value.exit_code == 5
