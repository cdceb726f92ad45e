"""Mumara on a test stand of the contract suite. Its accounts are made by hand, as nobody of ours may make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.target import NewObject
from reconciler.model.values import Value
from tests.contract.stands import Loads, Stand
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


@dataclass(frozen=True, slots=True)
class MumaraStand(Stand):
    """Emptied for each test; an administrator is always there."""

    place: ServerPlace

    def cleared(self) -> MumaraStand:
        with self.place.hand(lawless=True) as connection:
            for table in EMPTIED:
                run(connection, f"DELETE FROM `{table}`")
            run(connection, "INSERT INTO users (id, email, is_admin) VALUES (1, 'root@esp.example', 1)")
            # The first role is never ours, so ids begin after it.
            run(connection, "INSERT INTO roles (id, name, is_staff) VALUES (1, 'Super Administrator', 1)")
        return self

    def stock(self, names: Iterable[str]) -> None:
        for name in names:
            for table, columns in CATALOGUES.items():
                values = (2, name) if "section" in columns else (name,)
                marks = ", ".join("?" * len(values))
                self.sql(f"INSERT INTO `{table}` {columns} ({marks})", *values)

    def fitting(self, kind: str, draft: NewObject) -> dict[str, Value | None]:
        """Nodes and groups of nodes exclude each other, so drafts of many fields speak of nodes alone."""
        return {name: value for name, value in draft.items() if name != "assets.sending_node_groups"}

    def makes(self, kind: str) -> bool:
        return kind in ("role", "package", "tenant")

    def load(self, loads: Loads) -> None:
        """What Mumara has no place for is left out, so that the suite may speak of any system."""
        accounts = [(email,) for email in loads.get("tenant", {})]
        if accounts:
            with self.place.hand() as connection:
                connection.cursor().executemany("INSERT INTO users (email, is_client) VALUES (%s, 1)", accounts)
        with self.target.writer() as writer:
            writer.begin()
            for kind in ("role", "package", "tenant"):
                supported = self.target.supports[kind]
                drafts = {
                    key: {
                        name: value
                        for name, value in draft.items()
                        if name in supported and (value is None or self.holds(kind, name, value))
                    }
                    for key, draft in loads.get(kind, {}).items()
                }
                (writer.insert if kind in self.target.creates else writer.update)(kind, drafts)
            writer.commit()
