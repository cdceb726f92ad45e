"""A MailWizz as years have left it: duplicate options, values in PHP's own form, names that repeat, states that files
do not know, sub-accounts, orders, servers of customers."""

from __future__ import annotations

from tests.support.mailwizz import Mailwizz

SERVERS = "system.customer_servers."
HTML = "<p>Hello [FULL_NAME],</p>\r\n<p>[QUOTA_USAGE] of <b>[QUOTA_TOTAL]</b> sent. Grüße ☃</p>\n"


def fill(mail: Mailwizz) -> Mailwizz:
    """Rows as the application leaves them."""
    mail.group("Starter", {"quota": "1000", "quota_time_value": "1", "action_quota_reached": "reset"})
    mail.group(
        "Growth",
        {
            "quota": ("i:25000;", 1),
            "quota_time_value": ("i:1;", 1),
            "quota_wait_expire": ('s:3:"yes";', 1),
            "hourly_quota": ["500", "500"],
            "quota_notify_email_content": HTML,
            SERVERS + "max_delivery_servers": "3",
            SERVERS + "allowed_server_types": ('a:2:{i:0;s:4:"smtp";i:1;s:10:"amazon-ses";}', 1),
            SERVERS + "custom_headers": "X-A: 1\nX-B: 2",
            "ext.crm.colour": "green",
            "ext.crm:odd code": "kept",
            "ext.crm.api_token": "hunter2",
        },
    )
    mail.group("Sparse", {"quota": "10"}, whole=False)
    mail.group("Café", {})
    mail.group("Cafe", {})
    mail.group("Twice", {"quota": "1"})
    mail.group("Twice", {"quota": "2"})
    mail.group("Blank ", {})
    mail.group("Torn", {"quota": ["10", "20"], "quota_time_unit": ["day", "week"], "ext.torn": ["a", "b"]})
    starter = str(mail.numbers["Starter"])
    at_once = {"quota_wait_expire": "no", "action_quota_reached": "move-in-group", "move_to_group_id": starter}
    mail.group("Trial", {"quota": "50", **at_once})
    mail.platform(quota="500", quota_time_value=("i:1;", 1), hourly_quota="0")
    mail.setting("system.common", "version", "2.1.13")
    mail.setting("system.customer_registration", "default_group", f"i:{mail.numbers['Cafe']};", 1)
    mail.server("smtp-eu-1", "eu1.host", groups=("Starter", "Growth"))
    mail.server("", "us1.host", groups=("Growth",))
    mail.server(None, "spare.host")
    acme = mail.customer("ops@acme.example", "Growth")
    mail.customer("crm@beta.example", "Starter")
    mail.customer("solo@free.example")
    mail.customer("old@corp.example", "Starter", status="inactive")
    mail.customer("gone@corp.example", "Starter", status="disabled")
    mail.customer("leaving@corp.example", "Starter", status="pending-delete")
    mail.customer("sub@acme.example", "Trial", parent=acme)
    mail.server("their own", "mx.acme.example", customer=acme, groups=("Growth",))
    mail.sql("INSERT INTO {list} (customer_id, name) VALUES (?, 'all'), (?, 'some'), (NULL, 'nobody')", acme, acme)
    mail.sql("INSERT INTO {list_subscriber} (list_id, email) VALUES (1, 'a@x'), (1, 'b@x'), (2, 'c@x')")
    mail.sql("INSERT INTO {sending_domain} (customer_id, name) VALUES (?, 'acme.example'), (NULL, 'x.example')", acme)
    mail.sql("UPDATE {customer_group} SET date_added = '0000-00-00 00:00:00' WHERE name = 'Sparse'")
    mail.sql("UPDATE {customer} SET date_added = '0000-00-00 00:00:00' WHERE customer_id = ?", acme)
    mail.sql("ALTER TABLE {customer_group} ADD COLUMN colour VARCHAR(9) NOT NULL DEFAULT 'blue'")
    return mail


def with_a_doomed_group(mail: Mailwizz) -> Mailwizz:
    """A group that nobody is on, managed, and taken out of the files since."""
    mail.group("Doomed")
    mail.declare({"package": {"Doomed": {}, "Starter": {}}})
    mail.apply()
    mail.declare({"package": {"Starter": {}}})
    return mail
