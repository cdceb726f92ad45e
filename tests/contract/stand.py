"""The built-in ESP on a test stand of the contract suite."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.kinds import KINDS
from reconciler.model.resource import Names
from reconciler.model.target import TargetSettings
from reconciler.targets.registry import target_type
from reconciler.testing.stand import Stand
from tests.support.engines import Place, run


@dataclass(frozen=True)
class NativeStand(Stand):
    place: Place

    def stock(self, names: Collection[str]) -> None:
        catalogues = {f.type.catalogue for fields in KINDS.held.values() for f in fields if isinstance(f.type, Names)}
        values = ", ".join(f"('{name}')" for name in names)
        with self.place.hand() as connection:
            for catalogue in sorted(catalogues):
                run(connection, f"INSERT INTO esp_{catalogue} (name) VALUES {values}")

    def image(self) -> Mapping[str, Any]:
        return self.place.dump()

    def writing_sql(self) -> str:
        return "UPDATE esp_package SET name = 'x'"

    def to_bin(self, key: str) -> bool:
        self.sql("UPDATE esp_tenant SET deleted_at = '2025-01-01' WHERE email = ?", key)
        return True

    def make_child(self, key: str, parent: str) -> bool:
        ((number,),) = self.sql("SELECT id FROM esp_tenant WHERE email = ?", parent)
        self.sql("UPDATE esp_tenant SET parent_id = ? WHERE email = ?", number, key)
        return True

    def use(self, counter: str, key: str, count: int) -> bool:
        ((number,),) = self.sql("SELECT id FROM esp_tenant WHERE email = ?", key)
        self.sql(f"INSERT INTO esp_usage (tenant_id, {counter}) VALUES (?, ?)", number, count)
        return True

    def sql(self, statement: str, *values: Any) -> Sequence[Any]:
        """An edit by hand, behind everybody's back: no check, no foreign key."""
        return self.place.sql(statement, *values)


def native(place: Place, lock_timeout: float = 5.0) -> NativeStand:
    """The built-in ESP in an empty database."""
    settings = TargetSettings(
        name="esp", type="native", url=place.url, lock_timeout=lock_timeout, options={"memory": place.memory}
    )
    target = target_type("native").open(settings, KINDS)
    target.create()  # type: ignore[attr-defined]
    return NativeStand(target, place)
