"""What keeps a customer group from being deleted: whoever is on it, and whatever names it though no file does. MailWizz
itself would let go of the customers and take the orders along."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import Refused, Stale
from reconciler.workflow import history
from reconciler.workflow.plan import PlanRequest
from tests.support.engines import ServerPlace
from tests.support.esp import quiet
from tests.support.mailwizz import Mailwizz, codes, told
from tests.support.mailwizz_filled import fill, with_a_doomed_group


@pytest.fixture
def mail(empty_database: ServerPlace, tmp_path: Path) -> Mailwizz:
    """With a group that nobody uses, managed and then taken out of the files."""
    return with_a_doomed_group(fill(Mailwizz(empty_database, tmp_path / "repository").installed()))


def is_live(mail: Mailwizz, name: str = "Doomed") -> bool:
    return bool(mail.sql("SELECT 1 FROM {customer_group} WHERE name = ?", name))


def test_a_group_that_nobody_uses_goes_with_all_that_is_its_own(mail: Mailwizz) -> None:
    mail.server("node", "node.host", groups=("Doomed",))
    shown = mail.plan_of("Gold", "Starter")
    mail.sql("INSERT INTO {price_plan_customer_group_display} VALUES (?, ?)", shown, mail.numbers["Doomed"])
    plan = mail.plan()
    assert not plan.blocked
    mail.apply(plan)
    assert not is_live(mail)
    for table in ("customer_group_option", "delivery_server_to_customer_group", "price_plan_customer_group_display"):
        assert not mail.sql(f"SELECT 1 FROM {{{table}}} WHERE group_id = ?", mail.numbers["Doomed"])
    assert mail.sql("SELECT count(*) FROM {price_plan}") == [(1,)]


@pytest.mark.every_run
@pytest.mark.parametrize("status", ["active", "inactive", "disabled", "pending-delete"])
def test_customers_of_any_state_keep_it(mail: Mailwizz, status: str) -> None:
    mail.customer("user@x.example", "Doomed", status=status)
    word = {"inactive": "suspended", "disabled": "closed"}.get(status, status)
    assert told(mail.plan(), "in-use") == [f"package/Doomed : 1 user is still on it (1 {word})"]


def test_sub_accounts_keep_it(mail: Mailwizz) -> None:
    (parent,) = mail.sql("SELECT customer_id FROM {customer} WHERE email = 'ops@acme.example'")[0]
    mail.customer("child@acme.example", "Doomed", parent=parent)
    (said,) = told(mail.plan(), "in-use")
    assert "1 user is still on it (1 active; sub-accounts among them: 1)" in said


def test_price_plans_keep_it_and_the_orders_that_would_go_with_them_are_told(mail: Mailwizz) -> None:
    plan = mail.plan_of("Gold", "Doomed")
    customer = mail.customer("buyer@x.example")
    mail.order(customer, plan, "complete")
    mail.order(customer, plan, "pending")
    found = mail.plan("delete", "unguarded")
    assert told(found, "in-use") == ["package/Doomed : 1 still point at it: price plan/Gold group_id"]
    (said,) = told(found, "cascade")
    assert "delete 1 of mw_price_plan" in said
    assert "delete 2 of mw_price_plan_order" in said
    assert found.blocked
    with pytest.raises(Refused):
        mail.apply(found)
    assert mail.sql("SELECT count(*) FROM {price_plan_order}") == [(2,)]


def test_another_group_s_move_target_keeps_it(mail: Mailwizz) -> None:
    number = mail.numbers["Doomed"]
    mail.group("Plain", {"move_to_group_id": str(number)})
    mail.group("Serialized", {"move_to_group_id": (f"i:{number};", 1)})
    assert told(mail.plan(), "in-use") == [
        "package/Doomed : 2 still point at it: package/Plain quota.move_to, package/Serialized quota.move_to"
    ]


def test_the_platform_s_move_target_and_the_default_of_sign_up_keep_it(mail: Mailwizz) -> None:
    number = mail.numbers["Doomed"]
    mail.platform(move_to_group_id=str(number))
    mail.setting("system.customer_registration", "default_group", f's:{len(str(number))}:"{number}";', 1)
    assert told(mail.plan(), "in-use") == [
        "package/Doomed : 2 still point at it: platform/default quota.move_to, "
        "setting/system.customer_registration default_group"
    ]


@pytest.mark.every_run
def test_who_comes_between_plan_and_apply_keeps_it(mail: Mailwizz) -> None:
    plan = mail.plan()
    mail.customer("late@x.example", "Doomed")
    with pytest.raises((Refused, Stale)):
        mail.apply(plan)
    mail.sql("DELETE FROM {customer} WHERE email = 'late@x.example'")
    mail.plan_of("Late", "Doomed")
    with pytest.raises(Refused) as caught:
        mail.apply(plan)
    assert {finding.code for finding in caught.value.findings} == {"in-use", "cascade"}
    assert is_live(mail)


@pytest.mark.every_run
def test_everybody_is_moved_first_where_the_file_says_so(mail: Mailwizz) -> None:
    (parent,) = mail.sql("SELECT customer_id FROM {customer} WHERE email = 'ops@acme.example'")[0]
    mail.customer("a@x.example", "Doomed")
    mail.customer("b@x.example", "Doomed", status="pending-delete")
    mail.customer("child@acme.example", "Doomed", parent=parent)
    mail.declare({"package": {"Starter": {}, "Doomed": {"lifecycle": "removed", "reassign_to": "Starter"}}})
    plan = mail.plan()
    assert not plan.blocked, told(plan, "unsupported")
    mail.apply(plan)
    assert not is_live(mail)
    emails = ("a@x.example", "b@x.example", "child@acme.example")
    assert {mail.group_of(email) for email in emails} == {"Starter"}


def test_doctor_tells_class_b_and_what_would_make_it_a(mail: Mailwizz) -> None:
    lines = mail.site.target.doctor()
    assert ("protection of package", "B") in lines
    for label, statement in lines:
        if label == "class A of package by":
            mail.place.sql(statement, lawless=False)
    assert ("protection of package", "A") in mail.site.target.doctor()
    mail.customer("user@x.example", "Doomed")
    assert codes(mail.plan()).count("in-use") == 1


def test_a_secret_goes_with_its_group_and_into_no_history(mail: Mailwizz) -> None:
    mail.sql(
        "INSERT INTO {customer_group_option} (group_id, code, value, date_added, last_updated) "
        "VALUES (?, 'ext.crm.API_Token', 'hunter2', now(), now())",
        mail.numbers["Doomed"],
    )
    run = mail.apply().run.id
    assert not is_live(mail)
    everything = repr(mail.place.dump())
    assert everything.count("hunter2") == 1  # Growth has one of its own
    mail.apply(history.reverted(mail.site, run, PlanRequest(), quiet))
    assert is_live(mail)
    assert mail.option("Doomed", "ext.crm.API_Token") == []
    assert mail.option("Doomed", "quota") == [("-1", 0)]
