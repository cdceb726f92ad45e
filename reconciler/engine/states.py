"""What an object's field will be once the plan is applied, and what it is now. Two lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.record import Sheet
from reconciler.model.resource import Vocabulary
from reconciler.model.values import Value


@dataclass(frozen=True, slots=True)
class States:
    """Desired and live side by side. `desired`: settled sheets; `live`: as seen, renames already in view."""

    vocabulary: Vocabulary
    desired: Mapping[str, Sheet]
    live: Mapping[str, Sheet]

    def now(self, kind: str, key: str, name: str) -> Value | None:
        """The live value; None where there is none."""
        sheet = self.live.get(kind)
        return value_in(sheet, key, name) if sheet is not None else None

    def then(self, kind: str, key: str, name: str) -> Value | None:
        """The value after the plan: what the file states, else what is live, else the default."""
        stated = value_in(self.desired[kind], key, name) if kind in self.desired else None
        if stated is not None:
            return stated
        if kind in self.live and key in self.live[kind]:
            return self.now(kind, key, name)
        field = self.vocabulary.fields[kind].get(name)
        return field.default if field else None


def value_in(sheet: Sheet, key: str, name: str) -> Value | None:
    """One value out of a packed sheet, without making a Record."""
    block = sheet.index.get(key)
    if block is None or name not in block.fields:
        return None
    return block.rows[key][block.fields.index(name)]
