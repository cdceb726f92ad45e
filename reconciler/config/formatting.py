"""A file of the repository in its stable order: objects by key, fields as their kind declares them. Every comment stays
with what it is about, every other byte as it stands. Knows no kind by name and no folder.

The judge reads the text before and after. What would not mean the same stays as it is.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from reconciler.config.formatting_lines import Rank, reordered
from reconciler.config.limits import Limits
from reconciler.config.nesting import nested
from reconciler.config.nolint import silenced
from reconciler.config.yaml import Document, judge
from reconciler.model.resource import Field, Overrides, Resource, TextMap, Vocabulary

Order: TypeAlias = "dict[str, Order] | None"
"""Names in the order in which they are declared, each with the order below it. Empty: by name. None: as it stands."""

WORD = re.compile(r"[^\s,{}]+")
"""What no order may lose or make, comments included."""


def formatted(text: str, resource: Resource, vocabulary: Vocabulary, limits: Limits) -> str:
    """The text in order. Raises ValueError, with the reason, where that cannot be had without a change of meaning: an
    alias would stand before its anchor, say."""
    before, complaints = judge(text.encode(), limits)
    if complaints:
        raise ValueError("it does not load")
    if not before.data:
        return text
    after = reordered(text, _root(text), _ranks(order_of(resource, vocabulary)))
    if not _means_the_same(text, before, after, limits):
        raise ValueError("in another order it would not mean the same")
    return after


def order_of(resource: Resource, vocabulary: Vocabulary) -> Order:
    """The order of one object's fields."""
    tree = nested({field.name: field for field in resource.fields})
    return {name: _order(inner, resource, vocabulary) for name, inner in tree.items()}


def _order(declared: Any, resource: Resource, vocabulary: Vocabulary) -> Order:
    match declared:
        case Field(type=Overrides()):
            inner = nested(dict.fromkeys(vocabulary.overrides_of(resource.kind, declared)))
            return {name: _names(below) for name, below in inner.items()}
        case Field(type=TextMap()):
            return {}
        case dict():
            return {name: _order(inner, resource, vocabulary) for name, inner in declared.items()}
        case _:
            return None


def _names(tree: Any) -> Order:
    return {name: _names(below) for name, below in tree.items()} if isinstance(tree, dict) else None


def _ranks(fields: Order) -> Rank:
    """Where a key belongs: path → what to sort by; None where nothing is to be sorted."""

    def rank(path: tuple[str, ...]) -> tuple[int, str] | None:
        *above, name = path
        order: Order = {}
        for depth, key in enumerate(above):
            order = fields if depth == 0 else (order or {}).get(key)
        if order is None:
            return None
        return (list(order).index(name) if name in order else len(order), name)

    return rank


def _root(text: str) -> Any:
    import yaml  # late: `--help` starts without it

    # Only where things stand is asked, not what they mean.
    return yaml.compose(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def _means_the_same(text: str, before: Document, after: str, limits: Limits) -> bool:
    """Whether both texts say the same, and the same complaints are silenced for the same fields."""
    now, complaints = judge(after.encode(), limits)
    if complaints or now.data != before.data or now.lines.keys() != before.lines.keys():
        return False
    return sorted(WORD.findall(text)) == sorted(WORD.findall(after)) and _silence(after, now) == _silence(text, before)


def _silence(text: str, document: Document) -> frozenset[tuple[str, tuple[str, ...]]]:
    taken = silenced(text.encode())
    lines = {line for _, line in taken}
    return frozenset(
        (code, path) for path, line in document.lines.items() if line in lines for code, where in taken if where == line
    )
