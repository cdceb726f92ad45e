"""References that lead nowhere, or to what this plan deletes (docs/rules.md#rule-15, #rule-16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.engine.globs import Globs
from reconciler.model.change import Change, Create, Reassign, Update
from reconciler.model.facts import Desired
from reconciler.model.finding import MOST_ALIKE, Finding
from reconciler.model.names import Suggestions
from reconciler.model.record import Sheet, column
from reconciler.model.ref import Origin, Ref
from reconciler.model.resource import Field, Reference, Vocabulary
from reconciler.model.values import NONE, Value


def dangling(
    desired: Desired,
    vocabulary: Vocabulary,
    external: Globs,
    *,
    to_delete: frozenset[Ref] = frozenset(),
    live: Mapping[str, Sheet] | None = None,
) -> Iterator[Finding]:
    """A finding for each reference that names nothing declared or external (`dangling`), or what is in `to_delete`
    (`referenced`). `live` None: offline, so what only has to be live cannot be told."""
    for resource in vocabulary:
        sheet = desired.sheets.get(resource.kind)
        for field in resource.fields if sheet is not None else ():
            if isinstance(field.type, Reference) and sheet is not None:
                successor = resource.tombstone is not None and field.name == resource.tombstone.successor
                view = Targets(desired, field.type, external, to_delete, live, successor)
                yield from _of_field(sheet, field, view)


class Targets:
    """What one reference field may name."""

    def __init__(
        self,
        desired: Desired,
        reference: Reference,
        external: Globs,
        to_delete: frozenset[Ref],
        live: Mapping[str, Sheet] | None,
        successor: bool,
    ) -> None:
        self.kind = reference.kind
        self.declared = desired.sheets.get(self.kind, Sheet(self.kind))
        self._none = reference.none
        self._external = external
        self._to_delete = to_delete
        self._live = live.get(self.kind, Sheet(self.kind)) if live is not None else None
        self._successor = successor
        self._suggestions = Suggestions(self.declared)

    def complaint(self, value: Value) -> tuple[str, str, str] | None:
        """(code, message, remedy) when the value names nothing it may name."""
        if not isinstance(value, str) or (self._none and value == NONE):
            return None
        ref = Ref(self.kind, value)
        if ref in self._to_delete:
            return "referenced", f'it names {self.kind} "{value}", which is to be deleted', f"name another {self.kind}"
        if value in self.declared:
            return None
        if self._successor and (self._live is None or value in self._live):
            return None
        if ref in self._external:
            if self._live is None or value in self._live:
                return None
            return (
                "dangling",
                f'external {self.kind} "{value}" is not live',
                f"create it there, or name another {self.kind}",
            )
        message = f'there is no {self.kind} "{value}"{self._suggestions.did_you_mean(value)}'
        return (
            "dangling",
            message,
            f"declare it, name another {self.kind}, or list it under external in reconciler.yaml",
        )


def _of_field(sheet: Sheet, field: Field, targets: Targets) -> Iterator[Finding]:
    for block in sheet.blocks:
        values = column(block, field.name)
        # In the order of the file: only the first words are answered with what they may mean.
        bad = {value: found for value in dict.fromkeys(values.values()) if (found := targets.complaint(value))}
        loose = sorted(key for key, value in values.items() if value in bad) if bad else []
        for number, key in enumerate(loose):
            code, message, remedy = bad[values[key]]
            yield Finding(
                code=code,
                message=message,
                ref=Ref(sheet.kind, key),
                field=field.name,
                # To find a line costs more than all the rest, and nobody is told of more.
                origin=sheet[key].where(field.name) if number < MOST_ALIKE else Origin(block.place),
                remedy=remedy,
                at_files=code == "dangling",
            )


def unreachable(
    changes: Sequence[Change],
    vocabulary: Vocabulary,
    live: Mapping[str, Sheet],
    desired: Mapping[str, Sheet],
    to_delete: frozenset[Ref],
) -> Iterator[Finding]:
    """References of this plan to what is declared and yet will not be live: left out, or outside `--only`."""
    known = to_delete | {change.ref for change in changes if isinstance(change, Create)}
    for change in changes:
        for field, ref in _named(change, vocabulary):
            if ref in known or ref.key in live.get(ref.kind, ()) or ref.key not in desired.get(ref.kind, ()):
                continue
            yield Finding(
                code="dangling",
                message=f'{ref.kind} "{ref.key}" is declared, but it is not live and this plan does not create it',
                ref=change.ref,
                field=field,
                origin=change.origin,
                remedy=f"see what is said of {ref}, or take it into --only",
            )


def _named(change: Change, vocabulary: Vocabulary) -> Iterator[tuple[str, Ref]]:
    if isinstance(change, Reassign):
        yield "", Ref(change.ref.kind, change.to)
    if isinstance(change, (Create, Update)):
        for field, reference in vocabulary.references[change.ref.kind]:
            key = change.after.get(field.name)
            if isinstance(key, str) and not (reference.none and key == NONE):
                yield field.name, Ref(reference.kind, key)
