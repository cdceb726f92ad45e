"""What an update takes away: a value that was not there before, or a name out of a map that is not owned whole. Only
reverts do it (a file that does not state a field leaves it alone). Knows no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from reconciler.model.change import FieldDelta, Update
from reconciler.model.resource import Field, TextMap, Vocabulary
from reconciler.model.target import NewObject
from reconciler.model.values import Value, Values


def shared(field: Field) -> bool:
    """Whether it is a map of which only the listed names are ours (RULES 7)."""
    return isinstance(field.type, TextMap) and not field.type.whole


def new_object(change: Update, vocabulary: Vocabulary) -> NewObject:
    """The fields of an update as a Writer takes them: None for what is taken away."""
    fields = vocabulary.fields[change.ref.kind]
    return {delta.name: _written(fields[delta.name], delta) for delta in change.fields}


def removed_values(change: Update, live: Values, vocabulary: Vocabulary) -> Iterator[tuple[str, Value]]:
    """(field, live value) of everything that the update takes away and that is live still."""
    fields = vocabulary.fields[change.ref.kind]
    for delta in change.fields:
        now = live.get(delta.name)
        if now is None:
            continue
        if delta.after is None:
            yield delta.name, now
        elif isinstance(now, Mapping) and (names := _gone(fields[delta.name], delta)):
            rest = {name: now[name] for name in names if name in now}
            if rest:
                yield delta.name, rest


def _written(field: Field, delta: FieldDelta) -> Value | None:
    gone = _gone(field, delta)
    if not gone or not isinstance(delta.after, Mapping):
        return delta.after
    # No value of a field holds None but here: it tells the writer which names go.
    return cast("Value", {**delta.after, **dict.fromkeys(gone)})


def _gone(field: Field, delta: FieldDelta) -> tuple[str, ...]:
    return tuple(item.item for item in delta.items if item.after is None) if shared(field) else ()
