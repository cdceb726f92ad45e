"""Two verdicts on the same documents: the pydantic types and the JSON Schema agree, and people get the right code."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from reconciler.config import fast_yaml
from reconciler.config.fast_types import FastTypes
from reconciler.config.fields import KindFields
from reconciler.config.load import load
from reconciler.config.schema import document_schema
from reconciler.config.types import Types
from reconciler.config.yaml import parse
from reconciler.kinds import KINDS
from tests.unit.config.corpus_documents import BAD, BEYOND_SCHEMA, GOOD, NO_DATA, TOGETHER

FIELDS = {resource.kind: KindFields(resource, KINDS) for resource in KINDS}
TYPES = {kind: Types(fields) for kind, fields in FIELDS.items()}
FAST_TYPES = {kind: FastTypes(fields) for kind, fields in FIELDS.items()}
SCHEMAS = {resource.kind: document_schema(resource, KINDS) for resource in KINDS}


def rows(*tables: dict[str, tuple[tuple[str, str], ...]]) -> Iterator[Any]:
    numbers = count(1)
    for table in tables:
        for kind, documents in table.items():
            for content, code in documents:
                yield pytest.param(kind, content, code, id=f"{kind}-{code}-{next(numbers)}")


def good() -> Iterator[Any]:
    numbers = count(1)
    for kind, documents in GOOD.items():
        for content in documents:
            yield pytest.param(kind, content, id=f"{kind}-{next(numbers)}")


def read(content: str) -> Any:
    document, complaints = parse(content.encode())
    assert not complaints
    return document.data


def accepted(kind: str, data: Any) -> bool:
    """The verdict of pydantic. The fast one says the same or nothing, and gives the same values."""
    objects, errors = TYPES[kind].whole(data)
    fast = FAST_TYPES[kind].whole(data)
    assert fast is None or (not errors and repr(sorted_by_name(fast)) == repr(sorted_by_name(objects)))
    return not errors


def sorted_by_name(data: Any) -> Any:
    return {name: sorted_by_name(data[name]) for name in sorted(data)} if isinstance(data, dict) else data


def by_schema(kind: str, data: Any) -> bool:
    verdicts = {draft(SCHEMAS[kind]).is_valid(data) for draft in (Draft202012Validator, Draft7Validator)}
    assert len(verdicts) == 1, "an editor that only knows draft-07 sees it otherwise"
    return verdicts.pop()


def codes(root: Path, kind: str, content: str) -> set[str]:
    folder = root / KINDS[kind].folder
    folder.mkdir()
    (folder / "corpus.yaml").write_text(content, encoding="utf-8")
    findings = load(root, KINDS).findings
    assert all(finding.message and finding.origin and finding.at_files for finding in findings)
    assert all("valid under any" not in finding.message for finding in findings)
    return {finding.code for finding in findings if finding.blocks}


def test_the_corpus_is_large_enough() -> None:
    bad = [content for table in (BAD, BEYOND_SCHEMA, TOGETHER) for rows_ in table.values() for content, _ in rows_]
    kept = [content for documents in GOOD.values() for content in documents]
    assert len(kept) + len(bad) + len(NO_DATA) >= 150


@pytest.mark.parametrize(("kind", "content"), list(good()))
def test_good(tmp_path: Path, kind: str, content: str) -> None:
    data = read(content)
    assert accepted(kind, data)
    assert by_schema(kind, data)
    assert codes(tmp_path, kind, content) == set()


@pytest.mark.parametrize(("kind", "content", "code"), list(rows(BAD)))
def test_bad(tmp_path: Path, kind: str, content: str, code: str) -> None:
    data = read(content)
    assert not accepted(kind, data)
    assert not by_schema(kind, data)
    assert codes(tmp_path, kind, content) == {code}


@pytest.mark.parametrize(("kind", "content", "code"), list(rows(BEYOND_SCHEMA)))
def test_bad_beyond_what_a_schema_can_say(tmp_path: Path, kind: str, content: str, code: str) -> None:
    data = read(content)
    assert not accepted(kind, data)
    assert by_schema(kind, data)
    assert codes(tmp_path, kind, content) == {code}


@pytest.mark.parametrize(("kind", "content", "code"), list(rows(TOGETHER)))
def test_bad_only_together(tmp_path: Path, kind: str, content: str, code: str) -> None:
    data = read(content)
    assert accepted(kind, data)
    assert by_schema(kind, data)
    assert codes(tmp_path, kind, content) == {code}


@pytest.mark.parametrize(("content", "code"), NO_DATA)
def test_bad_as_yaml(tmp_path: Path, content: str, code: str) -> None:
    assert codes(tmp_path, "package", content) == {code}


@pytest.mark.parametrize(("kind", "content", "code"), list(rows(BAD, BEYOND_SCHEMA, TOGETHER)))
def test_a_large_file_is_told_of_as_a_small_one(tmp_path: Path, kind: str, content: str, code: str) -> None:
    path = tmp_path / KINDS[kind].folder / "corpus.yaml"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    small = load(tmp_path, KINDS)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n# {'x' * fast_yaml.SMALLEST}\n")
    large = load(tmp_path, KINDS)
    assert large.findings == small.findings
    assert large.digest == small.digest
