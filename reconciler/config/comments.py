"""Comments of a ruamel.yaml tree that must outlive the value they stand behind.

ruamel.yaml hangs the lines that follow a value (empty ones and comments, mostly about what comes next) on that value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def kept_at_the_end(container: Any, place: Any = None) -> Iterator[None]:
    """Around a change of `container`: the lines after its value at `place`, and those after its end, stay where
    they are. `place` None: only those after its end."""
    inner = "" if place is None or place == _last(container) else _cut(container, place)
    outer = _cut(container, _last(container)) if container else ""
    yield
    if inner:
        _hang(container, place, inner)
    if outer:
        _hang(container, _last(container), outer)


def remove(container: Any, place: Any) -> None:
    """Delete an item or key; the lines that follow it go to what stands before it, or else to what comes next."""
    places = _places(container)
    position = places.index(place)
    lines = _cut(container, place)
    del container[place]
    if not lines or not container:
        return
    if position:
        _hang(container, places[position - 1], lines)
        return
    first = _places(container)[0]
    before = "\n".join(line.strip().removeprefix("#").removeprefix(" ") for line in lines.splitlines())
    container.yaml_set_comment_before_after_key(first, before=before, indent=container.lc.col)


def _places(container: Any) -> list[Any]:
    return list(container) if isinstance(container, dict) else list(range(len(container)))


def _last(container: Any) -> Any:
    return _places(container)[-1] if container else None


def _end(container: Any, place: Any) -> tuple[Any, Any]:
    """Where the last line of the value at `place` is: the innermost last item of its blocks."""
    value: Any = container[place]
    while value and hasattr(value, "fa") and not value.fa.flow_style():
        container, place = value, _last(value)
        value = container[place]
    return container, place


def _slot(container: Any) -> int:
    return 2 if isinstance(container, dict) else 0


def _cut(container: Any, place: Any) -> str:
    """Take away the lines after the value at `place` and return them; a comment on its own line stays."""
    container, place = _end(container, place)
    held = container.ca.items.get(place)
    token = held[_slot(container)] if held else None
    if token is None:
        return ""
    text: str = token.value
    line, _, after = text.partition("\n")
    token.value = f"{line}\n"
    if not line:
        held[_slot(container)] = None
    return after


def _hang(container: Any, place: Any, lines: str) -> None:
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    container, place = _end(container, place)
    held = container.ca.items.setdefault(place, [None, None, None, None])
    token = held[_slot(container)]
    if token is None:
        held[_slot(container)] = CommentToken(f"\n{lines}", CommentMark(0), None)
    else:
        token.value = f"{token.value}{lines}"
