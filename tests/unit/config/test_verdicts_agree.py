"""Three verdicts on drawn objects: the fast one, pydantic's and the JSON Schema's; and each error is explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.config.explain import Explainer
from reconciler.config.fast_types import FastTypes
from reconciler.config.fields import KindFields, nested
from reconciler.config.load import load
from reconciler.config.schema import document_schema
from reconciler.config.types import Types
from reconciler.config.yaml import parse
from reconciler.kinds import KINDS
from reconciler.model.finding import CODES
from reconciler.model.names import fault
from reconciler.model.resource import Field, FieldType, Overrides, TextMap
from reconciler.model.values import LARGEST
from tests.support.properties import tried
from tests.unit.config.corpus_documents import GOOD

FIELDS = {resource.kind: KindFields(resource, KINDS) for resource in KINDS}
TYPES = {kind: Types(fields) for kind, fields in FIELDS.items()}
FAST_TYPES = {kind: FastTypes(fields) for kind, fields in FIELDS.items()}
EXPLAINERS = {kind: Explainer(fields) for kind, fields in FIELDS.items()}
SCHEMAS = {resource.kind: Draft202012Validator(document_schema(resource, KINDS)) for resource in KINDS}

NUMBERS = (-LARGEST - 1, -LARGEST, -2, -1, 0, 1, 49, 50, 98, 99, 100, 101, LARGEST, LARGEST + 1, 1.5, 1e300)
WORDS = ("unlimited", "off", "none", "inherit", "Off", "true", "month", "active", "removed", "move", "5", "")
TEXTS = (
    " a",
    "a ",
    "a\nb",
    "a\r",
    "a\x85b",
    "\u2028",
    "a\tb",
    "Caf\xe9",
    "Cafe\u0301",
    "\u202e",
    "*",
    "a.*",
    "a*b",
    "n" * 256,
)
SCALARS: tuple[Any, ...] = (True, False, *NUMBERS, *WORDS, *TEXTS, "X-Tier", "x-tier", "\ud800")


def drawn(chance: Random, depth: int = 0) -> Any:
    """Any data: a scalar, a list or a mapping."""
    roll = chance.random()
    if depth > 2 or roll < 0.6:
        return chance.choice(SCALARS)
    if roll < 0.8:
        return [drawn(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice((*WORDS, *TEXTS, "X-Tier", "x-tier")): drawn(chance, depth + 1) for _ in range(2)}


def value(field: Field, chance: Random) -> Any:
    """Mostly what is right in this field."""
    if chance.random() < 0.3 or not field.examples:
        return drawn(chance)
    example = chance.choice(field.examples)
    if isinstance(field.type, Overrides) and isinstance(example, dict):
        return nested(example)
    return list(example) if isinstance(example, tuple) else example


def document(kind: str, chance: Random) -> dict[str, Any]:
    """One object of a few fields, or two."""
    fields = KINDS[kind].fields
    keys = chance.choices(("default", "Growth", *TEXTS, *WORDS), k=chance.randrange(1, 3))
    return {
        key: nested({f.name: value(f, chance) for f in chance.sample(fields, chance.randrange(1, 5))})
        if chance.random() < 0.95
        else drawn(chance)
        for key in keys
    }


def beyond_schema(type_: FieldType | None, data: Any) -> bool:
    """Whether it holds what no JSON Schema can say: floats without a fraction, what Unicode composes, twins."""
    match data:
        case dict():
            names = [str(name).lower() for name in data]
            return len(set(names)) != len(names) or any(
                beyond_schema(type_, name) or beyond_schema(type_, inner) for name, inner in data.items()
            )
        case list():
            return any(beyond_schema(type_, inner) for inner in data)
        case str():
            return data == "\ud800" or "composed form" in fault(data)
        case bool() | int():
            return isinstance(type_, TextMap) or abs(data) > LARGEST
        case _:
            return float(data).is_integer()


@tried(st.tuples(st.sampled_from(KINDS.kinds), st.integers(min_value=0)), examples=3_000)
def test_three_verdicts_on_one_object(drawn_as: tuple[str, int]) -> None:
    kind, seed = drawn_as
    data = document(kind, Random(seed))
    objects, errors = TYPES[kind].whole(data)
    fast = FAST_TYPES[kind].whole(data)
    assert fast is None or (not errors and fast == objects and typed(fast) == typed(objects))
    if not beyond_schema(None, data) and not (kind == "platform" and list(data) != ["default"]):
        assert SCHEMAS[kind].is_valid(data) == (not errors)
    complaints = list(EXPLAINERS[kind].complaints(errors))
    assert len(complaints) == len(errors)
    assert all(complaint.code in CODES and complaint.message and complaint.remedy for complaint in complaints)
    assert not any(complaint.message.startswith("refused") for complaint in complaints)


def typed(data: Any) -> Any:
    """The data with the types of its scalars, for `1 == True`."""
    return {name: typed(data[name]) for name in sorted(data)} if isinstance(data, dict) else (type(data), data)


@pytest.mark.parametrize("kind", list(GOOD))
def test_the_fast_verdict_is_sure_of_nearly_all_that_is_right(kind: str) -> None:
    """Else every run would load pydantic."""
    sure = [FAST_TYPES[kind].whole(parse(content.encode())[0].data) is not None for content in GOOD[kind]]
    assert sum(sure) >= 0.95 * len(sure)


def loaded_modules(folder: Path) -> set[str]:
    program = (
        "import sys; from pathlib import Path\n"
        "from reconciler.config.load import load; from reconciler.kinds import KINDS\n"
        f"load(Path({str(folder)!r}), KINDS); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_files_that_are_right_load_no_pydantic(tmp_path: Path) -> None:
    (tmp_path / "roles.d").mkdir()
    (tmp_path / "roles.d" / "r.yaml").write_text("Marketing: {permissions: [contacts.*], note: fine}\n")
    assert not any(name.startswith("pydantic") for name in loaded_modules(tmp_path))
    (tmp_path / "roles.d" / "r.yaml").write_text("Marketing: {permissions: 5}\n")
    assert "pydantic_core" in loaded_modules(tmp_path)


def test_only_the_kind_that_is_judged_slowly_has_its_types_built(tmp_path: Path) -> None:
    for place, content in {"roles.d": "Marketing: {note: 5}", "packages.d": "Growth: {note: fine}"}.items():
        (tmp_path / place).mkdir()
        (tmp_path / place / "x.yaml").write_text(content)
    built: list[KindFields] = []

    def watch(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code is Types.__init__.__code__:
            built.append(frame.f_locals["fields"])

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        load(tmp_path, KINDS)
    finally:
        sys.setprofile(before)
    assert [fields.tree.keys() for fields in built] == [FIELDS["role"].tree.keys()]
