"""Mumara on a test stand of the contract suite. Its accounts are made by hand, as nobody of ours may make them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.target import NewObject
from reconciler.model.values import Value
from reconciler.testing.stand import Stand
from tests.support.engines import ServerPlace, run

CATALOGUES = {
    "permissions": "(route) VALUES",
    "smtps": "(name) VALUES",
    "groups": "(section_id, name) VALUES",
    "bounces": "(name) VALUES",
    "domain_maskings": "(domain) VALUES",
}
EMPTIED = (
    *("roles", "role_permissions", "packages", "users", "user_email_limits", "lists", "subscribers"),
    *CATALOGUES,
)


@dataclass(frozen=True)
class MumaraStand(Stand):
    """Emptied for each test; an administrator is always there."""

    place: ServerPlace
    handmade = frozenset({"tenant"})

    def cleared(self) -> MumaraStand:
        with self.place.hand(lawless=True) as connection:
            for table in EMPTIED:
                run(connection, f"DELETE FROM `{table}`")
            run(connection, "INSERT INTO users (id, email, is_admin) VALUES (1, 'root@esp.example', 1)")
            # The first role is never ours, so ids begin after it.
            run(connection, "INSERT INTO roles (id, name, is_staff) VALUES (1, 'Super Administrator', 1)")
        return self

    def stock(self, names: Collection[str]) -> None:
        for name in names:
            for table, columns in CATALOGUES.items():
                values = (2, name) if "section" in columns else (name,)
                marks = ", ".join("?" * len(values))
                self.place.sql(f"INSERT INTO `{table}` {columns} ({marks})", *values)

    def fitting(self, kind: str, draft: NewObject) -> dict[str, Value | None]:
        """Nodes and groups of nodes exclude each other, so drafts of many fields speak of nodes alone."""
        return {name: value for name, value in draft.items() if name != "assets.sending_node_groups"}

    def image(self) -> Mapping[str, Any]:
        return self.place.dump()

    def writing_sql(self) -> str:
        return "UPDATE packages SET package_name = 'x'"

    def make(self, kind: str, keys: Collection[str]) -> None:
        with self.place.hand() as connection:
            connection.cursor().executemany(
                "INSERT INTO users (email, is_client) VALUES (%s, 1)", [(key,) for key in keys]
            )

    def to_bin(self, key: str) -> bool:
        self.place.sql("UPDATE users SET deleted_at = '2025-01-01' WHERE email = ?", key)
        return True

    def make_child(self, key: str, parent: str) -> bool:
        ((number,),) = self.place.sql("SELECT id FROM users WHERE email = ?", parent)
        self.place.sql("UPDATE users SET parent_id = ? WHERE email = ?", number, key)
        return True

    def mark(self, kind: str, key: str) -> bool:
        self.place.sql(
            "UPDATE packages SET modules = 'kept', created_at = '2019-05-04 03:02:01' WHERE package_name = ?", key
        )
        return True
