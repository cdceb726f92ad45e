"""MailWizz on a test stand of the contract suite. Its customers are made by hand, as nobody of ours may make them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.resource import Field
from reconciler.model.values import Value
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from reconciler.targets.mailwizz.mapping import LIMITS, QUOTA, SENDING
from reconciler.testing.stand import Stand
from tests.support.mailwizz import OLD, Mailwizz

FIELDS_OF_THEIR_OWN = {*(f"{SENDING}.{key}" for key, _, _ in QUOTA.values()), *(code for code, _ in LIMITS.values())}
GIVEN: dict[str, Value] = {
    "limits.sending_nodes": 0,
    "options": {code: text for code, text in NEW_GROUP.items() if code not in FIELDS_OF_THEIR_OWN},
}
"""Where MailWizz gives a new group something else than the vocabulary would."""


@dataclass(frozen=True)
class MailwizzStand(Stand):
    """`mail`: the hand behind its back."""

    mail: Mailwizz
    handmade = frozenset({"tenant"})

    def stock(self, names: Collection[str]) -> None:
        for name in names:
            self.mail.server(name, f"{name}.host")

    def image(self) -> Mapping[str, Any]:
        return self.mail.place.dump()

    def writing_sql(self) -> str:
        return f"UPDATE {self.mail.prefix}customer_group SET name = 'x'"

    def make(self, kind: str, keys: Collection[str]) -> None:
        rows = [(f"u{number:012}", key, OLD, OLD) for number, key in enumerate(keys)]
        with self.mail.place.hand() as connection:
            connection.cursor().executemany(
                f"INSERT INTO {self.mail.prefix}customer (customer_uid, email, password, timezone, status, date_added, "
                "last_updated) VALUES (%s, %s, 'secret-hash', 'UTC', 'active', %s, %s)",
                rows,
            )

    def default(self, field: Field) -> Value | None:
        return GIVEN.get(field.name, field.default)

    def make_child(self, key: str, parent: str) -> bool:
        ((number,),) = self.mail.sql("SELECT customer_id FROM {customer} WHERE email = ?", parent)
        self.mail.sql("UPDATE {customer} SET parent_id = ? WHERE email = ?", number, key)
        return True

    def mark(self, kind: str, key: str) -> bool:
        self.mail.sql("UPDATE {customer_group} SET date_added = '2018-02-01 00:00:00' WHERE name = ?", key)
        return True
