"""What an object's field will be once the plan is applied, and what it is now. Two lookups; knows no kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.record import Sheet
from reconciler.model.resource import Overrides, Vocabulary
from reconciler.model.values import NONE, Value


@dataclass(frozen=True, slots=True)
class World:
    """Desired and live side by side. `desired`: settled sheets; `live`: as seen, renames already in view."""

    vocabulary: Vocabulary
    desired: Mapping[str, Sheet]
    live: Mapping[str, Sheet]

    def now(self, kind: str, key: str, name: str) -> Value | None:
        """The live value; None where there is none."""
        sheet = self.live.get(kind)
        return peek(sheet, key, name) if sheet is not None else None

    def then(self, kind: str, key: str, name: str) -> Value | None:
        """The value after the plan: what the file states, else what is live, else the default."""
        stated = peek(self.desired[kind], key, name) if kind in self.desired else None
        if stated is not None:
            return stated
        if kind in self.live and key in self.live[kind]:
            return self.now(kind, key, name)
        field = self.vocabulary.fields[kind].get(name)
        return field.default if field else None

    def effective(self, kind: str, key: str, name: str, *, after: bool) -> Value | None:
        """A user's limit: its override, else that of what it is a member of (VOCABULARY 4). None: no limit known."""
        look = self.then if after else self.now
        for field in self.vocabulary.held[kind]:
            if isinstance(field.type, Overrides):
                own = look(kind, key, field.name)
                if isinstance(own, Mapping) and name in own:
                    return own[name]
                holder = self.vocabulary.fields[kind][field.type.through].type
                through = look(kind, key, field.type.through)
                if isinstance(through, str) and through != NONE:
                    return look(getattr(holder, "kind", kind), through, name)
        return None


def peek(sheet: Sheet, key: str, name: str) -> Value | None:
    """One value out of a packed sheet, without making a Record."""
    block = sheet.index.get(key)
    if block is None or name not in block.fields:
        return None
    return block.rows[key][block.fields.index(name)]
