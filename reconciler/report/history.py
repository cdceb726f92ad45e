"""Runs and what each did, as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.change import Operation
from reconciler.model.memory import ALLOWED, MEMORY, HistoryEntry, RunRow
from reconciler.model.resource import Vocabulary
from reconciler.model.values import Value, Values, same
from reconciler.model.visible import safe_text
from reconciler.report.layout import WIDTH, Detail, Line, Page, Part, Row, Style, columns, render
from reconciler.report.layout import Entry as Shown
from reconciler.report.masking import OPEN, Masking
from reconciler.report.words import counted, listed_lines, movement, value, wrapped

_HEADER = ("Run", "Started", "By", "Host", "Command", "Outcome", "Changes", "Commit")
_CHANGES = frozenset({6})
_MARKERS = {str(each): each.marker for each in Operation}
_INDENT = 10
_NAMED = 10


def runs_text(rows: Sequence[RunRow], *, colour: bool = False) -> str:
    """One run a line, in the order given."""
    table = [
        (
            row.run.id,
            _to_the_second(row.run.started),
            row.run.actor,
            row.run.host,
            row.run.command,
            row.outcome,
            f"{row.changes:,}",
            row.run.commit[:7],
        )
        for row in rows
    ]
    return "\n".join([*columns(_HEADER, table, _CHANGES, Page(colour=colour)), counted(len(table), "run")])


def run_text(
    row: RunRow,
    entries: Sequence[HistoryEntry],
    *,
    vocabulary: Vocabulary,
    masking: Masking = OPEN,
    width: int = WIDTH,
    colour: bool = False,
) -> str:
    """One run: who, when and from what, then each change with before and after, then what only memory learned."""
    page = Page(width, colour)
    run = row.run
    teller = EntryWriter(vocabulary, masking, width)
    shown = [teller.entry(entry) for entry in entries if entry.is_change]
    ended = f"{row.outcome} {row.finished}" if row.finished else row.outcome
    about = [
        f"project {run.project}",
        f"by {run.actor} on {run.host}",
        f"commit {run.commit[:7]}" if run.commit else "",
        f"plan {run.plan[:12]}" if run.plan else "",
    ]
    return "\n".join(
        [
            page.paint(
                safe_text(f"run {run.id} · {run.command} · started {_to_the_second(run.started)} · {ended}"), Style.BOLD
            ),
            safe_text(" · ".join(filter(None, about))),
            "",
            *render([Part("Changes", shown)], page),
            *(safe_text(f"allowed: {code} ({masking.text(reason)})") for code, reason in _lifted(entries).items()),
            page.paint(safe_text(_last(row, entries)), Style.BOLD),
        ]
    )


def runs_document(rows: Sequence[RunRow]) -> list[dict[str, Any]]:
    """The runs as JSON-able data."""
    return [_run(row) for row in rows]


def run_document(row: RunRow, entries: Sequence[HistoryEntry], *, masking: Masking = OPEN) -> dict[str, Any]:
    """One run as JSON-able data. The raw rows of what was deleted stay in the database: they may hold anything."""
    return {
        **_run(row),
        "changes": [_change(entry, masking) for entry in entries if entry.is_change],
        "allowances": [{"code": code, "reason": masking.text(why)} for code, why in _lifted(entries).items()],
        "memory": {"remembered": _told(entries, "remembered"), "dropped": _told(entries, "dropped")},
    }


class EntryWriter:
    """Says what one entry did. An object or a field that the vocabulary does not have any more is told all the same."""

    def __init__(self, vocabulary: Vocabulary, masking: Masking, width: int) -> None:
        self._vocabulary = vocabulary
        self._masking = masking
        self._width = width

    def entry(self, entry: HistoryEntry) -> Shown:
        """The entry as it is laid out."""
        lines = tuple(self._lines(entry))
        name = self._masking.name(entry.ref.kind, entry.ref.key)
        marker = _MARKERS.get(entry.action, " ")
        return Shown(marker=marker, kind=entry.ref.kind, name=name, lines=lines, places=("",) * len(lines))

    def _lines(self, entry: HistoryEntry) -> Iterator[Line]:
        before, after = entry.before or {}, entry.after or {}
        match entry.action:
            case Operation.CREATE:
                yield Row("", Operation.CREATE.done)
                yield from self._held(entry.ref.kind, after)
            case Operation.UPDATE:
                for name in sorted(before.keys() | after.keys()):
                    said = movement(before.get(name), after.get(name), self._type(entry.ref.kind, name))
                    yield Row(name, self._masking.text(said))
            case Operation.RENAME:
                former = self._masking.name(entry.ref.kind, str(before.get("name", "")))
                yield Row("", f'{Operation.RENAME.done}; was "{former}"')
            case Operation.REASSIGN:
                people = [self._masking.name(kind, key) for kind, key in _members(entry)]
                count = after.get("moved", len(people))
                yield Row("", f"{counted(count if isinstance(count, int) else 0, 'user')} → {after.get('to', '')}")
                few, more = people[:_NAMED], max(0, len(people) - _NAMED)
                yield from map(Detail, listed_lines(few, more, self._width - _INDENT) if few else ())
            case Operation.DELETE:
                rows = sum(len(rows) for rows in (entry.raw or {}).values() if isinstance(rows, list))
                yield Row("", f"{Operation.DELETE.done}; {counted(rows, 'row')} kept")
                yield from self._held(entry.ref.kind, before)
            case Operation.FORGET:
                yield Row("", "no longer managed")
            case other:
                yield Row("", other)

    def _held(self, kind: str, values: Values) -> Iterator[Detail]:
        """What is not as the vocabulary has it anyway."""
        fields = self._vocabulary.fields.get(kind, {}) if kind in self._vocabulary else {}
        said = [
            f"{name} {value(held, self._type(kind, name))}"
            for name, held in values.items()
            if name not in fields or fields[name].default is None or not same(held, fields[name].default)
        ]
        yield from (Detail(self._masking.text(line)) for line in wrapped(said, self._width - _INDENT))

    def _type(self, kind: str, name: str) -> Any:
        declared = self._vocabulary.fields.get(kind, {}).get(name)
        return declared.type if declared else None


def _to_the_second(moment: str) -> str:
    """`2026-11-22T02:11:47.123456Z` without its fraction."""
    head, dot, _ = moment.partition(".")
    return f"{head}Z" if dot else moment


def _last(row: RunRow, entries: Sequence[HistoryEntry]) -> str:
    learned, dropped = _told(entries, "remembered"), _told(entries, "dropped")
    parts = [counted(row.changes, "change")]
    parts += [f"{learned:,} remembered"] if learned else []
    parts += [f"{dropped:,} no longer remembered"] if dropped else []
    return ", ".join(parts) + "."


def _told(entries: Sequence[HistoryEntry], what: str) -> int:
    return sum(len((entry.raw or {}).get(what, ())) for entry in entries if entry.action == MEMORY)


def _lifted(entries: Sequence[HistoryEntry]) -> dict[str, str]:
    """Each class that was lifted → the reason."""
    found = (entry.raw or {} for entry in entries if entry.action == ALLOWED)
    return {str(code): str(reason) for raw in found for code, reason in sorted(raw.items())}


def _run(row: RunRow) -> dict[str, Any]:
    run = row.run
    return {
        "id": run.id,
        "project": run.project,
        "command": run.command,
        "started": run.started,
        "finished": row.finished,
        "outcome": row.outcome,
        "actor": run.actor,
        "host": run.host,
        "commit": run.commit,
        "plan": run.plan,
        "changed": row.changes,
    }


def _change(entry: HistoryEntry, masking: Masking) -> dict[str, Any]:
    kind, name = entry.ref.kind, masking.name(entry.ref.kind, entry.ref.key)
    told: dict[str, Any] = {
        "address": f"{kind}/{name}",
        "type": kind,
        "name": name,
        "operation": entry.action,
        "before": _masked(entry.before, kind, entry.action, masking),
        "after": _masked(entry.after, kind, entry.action, masking),
    }
    if members := list(_members(entry)):
        told["members"] = [f"{user}/{masking.name(user, key)}" for user, key in members]
    return told


def _masked(values: Values | None, kind: str, action: str, masking: Masking) -> Any:
    if values is None:
        return None
    if action == Operation.RENAME:
        return {name: masking.name(kind, str(held)) for name, held in values.items()}
    return {name: _hidden(held, masking) for name, held in values.items()}


def _hidden(held: Value, masking: Masking) -> Any:
    match held:
        case str():
            return masking.text(held)
        case tuple():
            return [masking.text(item) for item in held]
        case Mapping():
            return {name: _hidden(inner, masking) for name, inner in held.items()}
        case _:
            return held


def _members(entry: HistoryEntry) -> Iterator[tuple[str, str]]:
    members = (entry.raw or {}).get("members")
    if isinstance(members, Mapping):
        for kind, keys in sorted(members.items()):
            yield from ((kind, str(key)) for key in keys)
