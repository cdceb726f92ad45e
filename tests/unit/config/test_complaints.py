"""Complaints about whole files and objects, and what is still declared beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic_core import SchemaValidator, ValidationError, core_schema

from reconciler.config.explain import MOST_LISTED, Explainer
from reconciler.config.fields import KindFields
from reconciler.config.types import Types
from reconciler.kinds import KINDS
from reconciler.model.ref import Ref
from reconciler.model.resource import Resource
from tests.unit.config.desired_state import codes, complaints, loaded

STARS = [("con*", 1), ("*.view", 1), ("a.*.b", 1), ("**", 1), ("a.**", 1), ("contacts.*", 0), ("a.b.*", 0)]


@pytest.mark.parametrize(("star", "many"), STARS)
def test_stars(tmp_path: Path, star: str, many: int) -> None:
    assert codes(tmp_path, {"roles.d/r.yaml": f"R: {{permissions: ['{star}']}}"}) == ["wildcard"] * many


def test_a_file_that_is_no_mapping(tmp_path: Path) -> None:
    told = complaints(tmp_path, {"packages.d/a.yaml": "- Growth\n", "packages.d/b.yaml": "Growth\n"})
    assert told == [
        "[type] the file is a list; write names with fields under them  packages.d/a.yaml:1",
        '[type] the file is "Growth"; write names with fields under them  packages.d/b.yaml:1',
    ]


def test_an_object_that_is_no_mapping_lists_some_fields(tmp_path: Path) -> None:
    (told,) = complaints(tmp_path, {"packages.d/a.yaml": "Growth: big\n"})
    assert told.startswith('[type] package/Growth: "big" is not a mapping; write fields under it: role, lifecycle, ')
    words = {field.name.split(".")[0] for field in KINDS["package"].fields}
    assert told.endswith(f" and {len(words) - MOST_LISTED} more  packages.d/a.yaml:1")


def test_every_complaint_at_once_and_the_sound_rest_is_declared(tmp_path: Path) -> None:
    desired = loaded(
        tmp_path,
        {
            "packages.d/a.yaml": (
                "Growth:\n  role: Marketing\n  sending: {daily_limit: -5, hourly_speed: 7}\n  note: ~\n"
                "  previously: [a, a]\n  colour: red\n"
                "off: {}\nFlat: 5\nScale:\n  setup_guide: true\n"
            ),
            "tenants.d/t.yaml": "a@x.example: {status: activ}\n",
        },
    )
    assert [(f.code, str(f.origin)) for f in desired.findings] == [
        ("range", "packages.d/a.yaml:3"),
        ("refused-yaml", "packages.d/a.yaml:4"),
        ("duplicate", "packages.d/a.yaml:5"),
        ("unknown-field", "packages.d/a.yaml:6"),
        ("name", "packages.d/a.yaml:7"),
        ("type", "packages.d/a.yaml:8"),
        ("choice", "tenants.d/t.yaml:1"),
    ]
    packages = {key: dict(record.values) for key, record in desired.sheets["package"].items()}
    assert packages == {
        "Growth": {"role": "Marketing", "sending.hourly_speed": 7},
        "Flat": {},
        "Scale": {"setup_guide": True},
    }


def test_findings_name_the_object(tmp_path: Path) -> None:
    (finding,) = loaded(tmp_path, {"packages.d/a.yaml": "Growth: {quota: {emails: x}}"}).findings
    assert finding.ref == Ref("package", "Growth")
    assert finding.field == "quota.emails"
    assert finding.blocks


@pytest.mark.parametrize("resource", list(KINDS), ids=lambda resource: resource.kind)
def test_every_field_explains_itself(tmp_path: Path, resource: Resource) -> None:
    """A value that fits no type, in every field of every kind: each is told of, with a remedy."""
    for number, field in enumerate(resource.fields):
        *groups, leaf = field.name.split(".")
        opened, closed = "".join(f"{{{group}: " for group in groups), "}" * len(groups)
        content = f"{resource.only_key or 'X'}: {opened}{{{leaf}: [[]]}}{closed}"
        (finding,) = loaded(tmp_path / str(number), {f"{resource.folder}/x.yaml": content}).findings
        assert finding.field.startswith(field.name)
        assert finding.remedy


def test_an_error_that_nobody_thought_of_is_still_a_complaint() -> None:
    validator = SchemaValidator(core_schema.dict_schema(values_schema=core_schema.bytes_schema()))
    with pytest.raises(ValidationError) as caught:
        validator.validate_python({"a": 5})
    explainer = Explainer(KindFields(KINDS["role"], KINDS))
    (complaint,) = explainer.complaints(caught.value.errors(include_url=False))
    assert complaint.path == ("a",)
    assert "bytes" in complaint.message


@pytest.mark.parametrize("fields", [{"previously": ["\ud800"]}, {"headers": {"X-A": "\ud800"}}])
def test_half_a_character_is_named(fields: dict[str, object]) -> None:
    """YAML has none; a live value that is exported may."""
    kind = KindFields(KINDS["package"], KINDS)
    (complaint,) = Explainer(kind).complaints(Types(kind).whole({"Growth": fields})[1])
    assert "half a character" in complaint.message


def test_a_wrong_item_and_a_repeated_one_are_told_together(tmp_path: Path) -> None:
    written = "R:\n  permissions:\n    - a\n    - 5\n    - a\n    - b*\n"
    assert codes(tmp_path, {"roles.d/r.yaml": written}) == ["type", "duplicate", "wildcard"]
