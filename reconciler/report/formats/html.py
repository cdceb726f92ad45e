"""One page for a browser, whole in itself: no network, no server, readable without scripts, in light and dark.

Every text that is put into it goes through the sanitiser and is escaped by the template engine; the page's own policy
forbids whatever is not its one style sheet and its one script.

Numbers → bars: whom a plan hits, and limits before and after. Widths are in thousandths; nothing here is drawn.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from reconciler.model.change import Effect, Operation
from reconciler.model.secrecy import hidden_in
from reconciler.model.values import Value
from reconciler.model.visible import safe_text
from reconciler.report.entries import affected_words
from reconciler.report.layout import Row
from reconciler.report.review import Item, LimitChange, Review, Verdict, review
from reconciler.report.sections import Section
from reconciler.report.topic import Frame, Topic
from reconciler.report.words import counted, listed, percentage, value

if TYPE_CHECKING:
    from jinja2 import Environment  # start-up: few runs ask for a page


_WHOLE = 1000
_BESIDE_ENDLESS = 600
"""The widest that a number may be where the other side has no end."""
_SEEN = 6
"""The least that a number other than 0 takes, to be seen at all."""


class Bar(NamedTuple):
    """A part of a line: where it begins, how wide it is and how it looks."""

    start: int
    width: int
    look: str


class Reach(NamedTuple):
    """How many a change hits. `refused`: it will not be carried out."""

    label: str
    words: str
    bars: tuple[Bar, ...]
    refused: bool


class Move(NamedTuple):
    """A limit before and after, in words and as a bar each."""

    field: str
    before: str
    after: str
    percent: str
    effect: Effect
    bar_before: Bar | None
    bar_after: Bar | None


def reaches(items: Iterable[Item]) -> list[Reach]:
    """Of each object that has users, how many of them a change hits; the most first."""
    hitting = [item for item in items if item.who != item.kind and item.affected]
    hitting.sort(key=lambda item: (-(item.affected or 0), item.label))
    most = max((_users(item) for item in hitting), default=0)
    return [_reach(item, most) for item in hitting]


def moves(quotas: Iterable[LimitChange]) -> Iterator[Move]:
    """A Move for each limit."""
    for quota in quotas:
        before, after = _pair(quota.before, quota.after)
        yield Move(
            quota.field,
            value(quota.before),
            value(quota.after),
            percentage(quota.before, quota.after).strip(" ()"),
            quota.effect,
            before,
            after,
        )


def _users(item: Item) -> int:
    return max([item.affected or 0, *(hit.users for hit in item.hits)])


def _reach(item: Item, most: int) -> Reach:
    felt = max(item.hits, key=lambda hit: (hit.changed, hit.over), default=None)
    affected = item.affected or 0
    wide = _width(affected, most)
    bars = [Bar(0, wide, "refused" if item.refused else "felt")]
    if felt and felt.users > affected:
        bars.append(Bar(wide, _width(felt.users - affected, most), "kept"))
    words = affected_words(felt, item.who) if felt and felt.changed == affected else counted(affected, item.who)
    return Reach(item.label, words, tuple(bars), item.refused)


def _pair(before: Value | None, after: Value | None) -> Sequence[Bar | None]:
    numbers = [it for it in (before, after) if _is_number(it)]
    largest = max(numbers, default=0)
    room = _WHOLE if len(numbers) == 2 else _BESIDE_ENDLESS
    return [_bar(it, largest, room, look) for it, look in ((before, "before"), (after, "after"))]


def _bar(it: Value | None, largest: int, room: int, look: str) -> Bar | None:
    if it is None:
        return None
    if _is_number(it):
        return Bar(0, _width(it, largest, room), look)
    # What is no number sets no limit: `unlimited`, `off`.
    return Bar(0, _WHOLE, f"{look} endless")


def _width(part: int, whole: int, room: int = _WHOLE) -> int:
    return max(part * room // whole, _SEEN) if part and whole else 0


def _is_number(it: Value | None) -> TypeGuard[int]:
    return isinstance(it, int) and not isinstance(it, bool)


_BRIEF = 100


_MOODS = {
    Verdict.BLOCKED: "bad",
    Verdict.WRONG: "bad",
    Verdict.REDUCES: "care",
    Verdict.DRIFT: "care",
    Verdict.CHANGES: "good",
    Verdict.VALID: "good",
}


class _Kind(NamedTuple):
    """The changes of one kind; `objects`: how many these are, each of a group counted."""

    name: str
    objects: int
    items: Sequence[Item]


def report(topic: Topic, frame: Frame) -> str:
    """The page, the same for the same plan."""
    told = review(topic, frame)
    environment = _environment()
    style, script = (_source(environment, name) for name in ("review.css", "review.js"))
    return environment.get_template("review.html.j2").render(
        told=told,
        mood=_MOODS.get(told.verdict, "calm"),
        policy=_policy(style, script),
        style=style,
        script=script,
        deletions=[item for item in told.changes if item.refused and Operation.DELETE in item.operations],
        refusals=[item for item in told.changes if item.refused and Operation.DELETE not in item.operations],
        reaches=reaches(told.changes),
        quotas=[
            (item.label, list(moves(item.quotas))) for item in told.changes if item.quotas and item.who != item.kind
        ],
        kinds=list(_by_kind(told)),
        operations=[name for name in Operation if any(name in item.operations[-1:] for item in told.changes)],
        sections=[section for section in Section if any(item.section is section for item in told.changes)],
        left_out=[item for item in told.remarks if item.section is Section.LEFT_OUT],
        remarks=[item for item in told.remarks if item.section is not Section.LEFT_OUT],
        left_alone=_left_alone(told),
    )


def _by_kind(told: Review) -> Iterator[_Kind]:
    for kind in dict.fromkeys(item.kind for item in told.changes):
        items = [item for item in told.changes if item.kind == kind]
        yield _Kind(kind or "in general", sum(len(item.names) for item in items), items)


def _left_alone(told: Review) -> list[tuple[int, str]]:
    """What the plan does not touch, with the reason."""
    counts = told.counts
    if counts is None:
        return []
    said = (
        (counts.unchanged, "unchanged: the database holds what the files say"),
        (counts.unmanaged, "unmanaged: in the database, named by no file, left alone"),
        (counts.adopted, "adopted: managed from now on, and nothing differs"),
        (counts.released, "released: no longer managed; the live values stay"),
        (counts.gone, "gone on both sides: forgotten"),
        (counts.lost, "deleted by hand, and not created again by us"),
    )
    return [(count, words) for count, words in said if count or words.startswith("unmanaged")]


def _policy(style: str, script: str) -> str:
    """What the page may do: apply this style, run this script, nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(source: str) -> str:
    return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # start-up: few runs ask for a page

    environment = Environment(
        loader=PackageLoader("reconciler.report.formats"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(WHOLE=_WHOLE, is_row=_is_row, brief=_brief)
    environment.filters.update(listed=listed, number="{:,}".format, slug=_slug, moves=lambda found: list(moves(found)))
    return environment


def _source(environment: Environment, name: str) -> Any:
    """A file of our own that stands in the page as it is."""
    from markupsafe import Markup  # start-up: few runs ask for a page

    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])  # noqa: S704 - no text of others is in it


def _safe(shown: object) -> object:
    """Every text that the template shows comes by here; what is markup already was made by the template itself."""
    return safe_text(shown) if isinstance(shown, str) and not hasattr(shown, "__html__") else shown


def _brief(item: Item) -> str:
    """What is seen of it before it is opened: its first line, and how many more there are."""
    rows = [line for line in item.lines if isinstance(line, Row)]
    first = hidden_in(" ".join(filter(None, (rows[0].what, rows[0].text)))) if rows else ""  # before it is cut
    more = f" · {len(rows) - 1:,} more" if len(rows) > 1 else ""
    return (first if len(first) <= _BRIEF else f"{first[:_BRIEF]}…") + more


def _is_row(line: object) -> bool:
    return isinstance(line, Row)


def _slug(words: str) -> str:
    """Our own words as the name of a class."""
    return words.lower().replace(" ", "-")
