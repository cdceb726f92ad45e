"""A hand in the database: what support, another program or a bug does to rows, past the reconciler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.esp import Esp

COLUMNS = {
    "esp_role": ("description",),
    "esp_package": ("sending_daily_limit", "limits_contacts", "setup_guide", "quota_notify_percent"),
    "esp_tenant": ("name", "credits_monthly"),
}
ODD = (0, 1, -1, -7, 3.5, "many", b"\xff\x00", "\x1b[31mred", 2**62)
"""What may be left in a column; the schema itself refuses some of it."""


@dataclass
class DirectEdits:
    """Raises sqlite3.IntegrityError when the database refuses."""

    esp: Esp
    signups: int = 0

    def spoil(self, column: tuple[str, str], value: Any, position: int) -> None:
        """Write something into a column."""
        self.esp.sql(f"UPDATE {column[0]} SET {column[1]} = ? WHERE id = ?", value, position)

    def move(self, email: str, package: str) -> None:
        """Put an account on a package, if there is one of that name."""
        self.esp.sql(
            "UPDATE esp_tenant SET package_id = coalesce((SELECT id FROM esp_package WHERE name = ?), package_id) "
            "WHERE email = ?",
            package,
            email,
        )

    def sign_up(self, package: str, sort: str) -> None:
        """A new account: a customer, a sub-account, one in the bin, a twin of one there, one with a lawless name."""
        self.signups += 1
        email = {"twin": "OPS@acme.example", "lawless": f" {self.signups}@blank.example"}
        self.esp.sql(
            "INSERT INTO esp_tenant (email, package_id, parent_id, deleted_at) VALUES (?, "
            "(SELECT id FROM esp_package WHERE name = ?), (SELECT min(id) FROM esp_tenant WHERE ?), ?)",
            email.get(sort, f"{self.signups}@hand.example"),
            package,
            sort == "child",
            "2026-01-01" if sort == "binned" else None,
        )

    def throw_away(self, email: str) -> None:
        """Into the bin."""
        self.esp.sql("UPDATE esp_tenant SET deleted_at = '2026-02-02' WHERE email = ?", email)

    def delete(self, which: tuple[str, str]) -> None:
        """For good."""
        kind, key = which
        self.esp.sql(f"DELETE FROM esp_{kind} WHERE {'email' if kind == 'tenant' else 'name'} = ?", key)

    def name_anew(self, kind: str, position: int, case: bool) -> None:
        """Another name, or the same one in capitals."""
        new = "upper(name)" if case else "name || ' by hand'"
        self.esp.sql(f"UPDATE esp_{kind} SET name = {new} WHERE id = ?", position)
