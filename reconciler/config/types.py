"""The vocabulary as pydantic types: the verdict on a file, and its values as the engine wants them.

Built from the declarations as pydantic's own schema, without classes between: one call judges a whole file. What is
wrong, and what to write instead, `config/complaints.py` says.

One file → typed objects and complaints. Decides which reader the file gets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from reconciler.config import fast_yaml
from reconciler.config.cache import FileObjects, pack_objects
from reconciler.config.complaints import Remedies, explain_errors, misplaced_star, text_complaints
from reconciler.config.fields import Tree, flat, nested, paths
from reconciler.config.files import SourceFile
from reconciler.config.lines import Parts
from reconciler.config.yaml import Capped, Complaint, FieldPath, Limits, judge, line_of
from reconciler.model.finding import MOST_ALIKE, Finding
from reconciler.model.names import LONGEST, fault, folded
from reconciler.model.resource import (
    Choice,
    Field,
    FieldType,
    Limit,
    NameList,
    Names,
    Overrides,
    Reference,
    Resource,
    Switch,
    Text,
    TextMap,
    Toggle,
    Vocabulary,
    Whole,
)
from reconciler.model.values import INHERIT, LARGEST, NONE, OFF, UNLIMITED

ONE_LINE = r"^[^\n\r\u{85}\u{2028}\u{2029}]*$"

PLAIN_NAME = r"^[a-z]*[!-`{-~](?:[ -~]*[!-~])?$|^[a-z]+ [ -~]*[!-~]$"
"""What most names are: printable ASCII, no blank at the ends, and more than small letters, so no reserved word.
Judged without leaving the validator; the law of names has the last word on all others."""


class Types:
    """The verdict on one kind. `whole` takes the data of a file, `single` one object; both raise ValidationError and
    return the same nesting with values as `model.values` has them."""

    def __init__(self, resource: Resource, vocabulary: Vocabulary) -> None:
        self.tree: Tree = nested({field.name: field for field in resource.fields})
        self.names = paths(self.tree)
        self.overrides: dict[str, Tree] = {
            field.name: nested(vocabulary.overrides_of(resource.kind, field))
            for field in resource.fields
            if isinstance(field.type, Overrides)
        }
        self.remedies = Remedies()
        fields = _mapping(self.tree, self.overrides)
        self._single = SchemaValidator(fields)
        self._whole = SchemaValidator(core_schema.dict_schema(_name(), fields, strict=True))

    def whole(self, data: Any) -> dict[str, Any]:
        """The objects of a file, typed. Raises ValidationError."""
        typed: dict[str, Any] = self._whole.validate_python(data)
        return typed

    def single(self, data: Any) -> dict[str, Any]:
        """The fields of one object, typed. Raises ValidationError."""
        typed: dict[str, Any] = self._single.validate_python(data)
        return typed

    def accepts(self, data: Any) -> bool:
        """The bare verdict on the data of a file."""
        try:
            self._whole.validate_python(data)
        except ValidationError:
            return False
        return True


def shape(type_: FieldType, *words: str) -> CoreSchema:
    """The pydantic schema of a field's type. `words` are accepted besides its own."""
    match type_:
        case Limit():
            number = core_schema.int_schema(ge=-1, le=LARGEST, strict=True)
            return _or_words(core_schema.no_info_after_validator_function(_limit, number), UNLIMITED, *words)
        case Whole(low, high):
            return _or_words(core_schema.int_schema(ge=low, le=high, strict=True), *words)
        case Switch(low, high):
            return _or_words(core_schema.int_schema(ge=low, le=high, strict=True), OFF, *words)
        case Toggle():
            return _or_words(core_schema.bool_schema(strict=True), *words)
        case Text(lines):
            return core_schema.str_schema(strict=True, pattern=None if lines else ONE_LINE)
        case Choice(choices):
            return core_schema.literal_schema([*choices, *words])
        case Reference(none=none):
            name = _name(*((NONE,) if none else ()), *words)
            # Thousands of users name the same few objects: one text in memory for each.
            return core_schema.no_info_after_validator_function(sys.intern, name)
        case Names(wildcard=wildcard, switch=switch):
            names = _set_of(_wildcard() if wildcard else _name(), least=1 if switch else 0)
            return _or_words(names, *((OFF,) if switch else ()), *words)
        case NameList():
            # Former names may break the law of names: it is how a row of such a name is led out of it
            # (docs/rules.md#rule-3).
            return _set_of(core_schema.str_schema(strict=True, min_length=1), least=0)
        case TextMap():
            return _or_words(_text_map(type_), *words)
        case Overrides():
            raise ValueError("overrides have a shape only within their kind")


def _or_words(schema: CoreSchema, *words: str) -> CoreSchema:
    if not words:
        return schema
    return core_schema.union_schema([schema, core_schema.literal_schema(list(words))], mode="left_to_right")


def _name(*words: str) -> CoreSchema:
    """A lawful name, or one of the reserved words that mean something here."""

    def lawful(name: str) -> str:
        if name not in words and fault(name):
            raise ValueError("no name")
        return name

    plain = core_schema.str_schema(strict=True, pattern=PLAIN_NAME, max_length=LONGEST)
    other = core_schema.no_info_after_validator_function(lawful, core_schema.str_schema(strict=True))
    return core_schema.union_schema([plain, other], mode="left_to_right")


def _wildcard() -> CoreSchema:
    def placed(name: str) -> str:
        if misplaced_star(name):
            raise ValueError("a star inside a name")
        return name

    return core_schema.no_info_after_validator_function(placed, _name())


def _limit(number: int) -> int | str:
    return UNLIMITED if number == -1 else number


def _set_of(item: CoreSchema, least: int) -> CoreSchema:
    def unique(items: list[str]) -> tuple[str, ...]:
        if len(set(items)) != len(items):
            raise ValueError("the same name twice")
        return tuple(sorted(items))

    names = core_schema.list_schema(item, min_length=least, strict=True)
    return core_schema.no_info_after_validator_function(unique, names)


def _text_map(type_: TextMap) -> CoreSchema:
    def distinct(texts: dict[str, str]) -> dict[str, str]:
        if type_.folded and len({folded(name) for name in texts}) != len(texts):
            raise ValueError("the same name twice")
        return dict(sorted(texts.items()))

    keys = core_schema.str_schema(strict=True, pattern=f"^(?:{type_.pattern})$", max_length=LONGEST)
    texts = _loose_text() if type_.loose else core_schema.str_schema(strict=True, pattern=ONE_LINE)
    return core_schema.no_info_after_validator_function(distinct, core_schema.dict_schema(keys, texts, strict=True))


def _loose_text() -> CoreSchema:
    kinds: list[CoreSchema | tuple[CoreSchema, str]] = [
        core_schema.str_schema(strict=True),
        core_schema.bool_schema(strict=True),
        core_schema.int_schema(strict=True, ge=-LARGEST, le=LARGEST),
    ]
    return core_schema.no_info_after_validator_function(as_text, core_schema.union_schema(kinds, mode="left_to_right"))


def as_text(said: str | bool | int) -> str:
    """What a loose value means as text."""
    return {True: "yes", False: "no"}[said] if isinstance(said, bool) else str(said)


def _overrides(tree: Tree) -> CoreSchema:
    names = paths(tree)

    def listed(overrides: dict[str, Any]) -> dict[str, Any]:
        values = flat(overrides, names)
        if len(values) == 1 and INHERIT not in values.values():
            return values  # as most are
        return {name: values[name] for name in sorted(values) if values[name] != INHERIT}

    def nothing(_: str) -> dict[str, Any]:
        return {}

    return core_schema.union_schema(
        [
            core_schema.no_info_after_validator_function(listed, _mapping(tree, {}, INHERIT)),
            core_schema.no_info_after_validator_function(nothing, core_schema.literal_schema([NONE])),
        ],
        mode="left_to_right",
    )


def _mapping(tree: Tree, overrides: Mapping[str, Tree], *words: str) -> CoreSchema:
    """A mapping of these fields and no others, none of them needed."""

    def inside(inner: Field | Tree) -> CoreSchema:
        if not isinstance(inner, Field):
            return _mapping(inner, overrides, *words)
        return _overrides(overrides[inner.name]) if inner.name in overrides else shape(inner.type, *words)

    return core_schema.typed_dict_schema(
        {name: core_schema.typed_dict_field(inside(inner), required=False) for name, inner in tree.items()},
        extra_behavior="forbid",
        strict=True,
    )


SPEAKING = (b"${", b"\\")
"""Without these in a file, no text in it holds an environment reference or a control character."""


class FileReader:
    """How the files of one kind are read."""

    def __init__(self, resource: Resource, vocabulary: Vocabulary, limits: Limits) -> None:
        self._kind = resource.kind
        self._types = Types(resource, vocabulary)
        self._limits = limits

    def read(self, source: SourceFile) -> tuple[FileObjects, tuple[Finding, ...]]:
        """The objects of a file, and what is wrong with it; of an object with a wrong field the rest. The judge reads
        what the fast lane is not certain of; of the others only the parts that somebody is told about, for lines."""
        data = fast_yaml.parse_fast(source.content, self._limits)
        if data is not None:
            try:
                return self._packed(source, self._types.whole(data)), ()
            except ValidationError:
                pass  # what follows says why, with lines
            if fast_yaml.certain(data):
                objects, reasons = self._explained(data, source)
                parts = Parts(source.content, self._limits)
                findings = [_placed(reason, parts).finding(source.place, {(): 1}, self._kind) for reason in reasons]
                return self._packed(source, objects), tuple(findings)
        return self._judged(source)

    def _judged(self, source: SourceFile) -> tuple[FileObjects, tuple[Finding, ...]]:
        document, complaints = judge(source.content, self._limits)
        objects, reasons = self._explained(document.data, source)
        findings = [reason.finding(source.place, document.lines, self._kind) for reason in (*complaints, *reasons)]
        return self._packed(source, objects), tuple(findings)

    def _explained(self, data: Any, source: SourceFile) -> tuple[dict[str, Any], Capped]:
        """The sound objects in the data, and what is wrong with the others."""
        reasons, wrong = Capped(), set[FieldPath]()
        try:
            objects = self._types.whole(data)
        except ValidationError as error:
            for reason in explain_errors(data, self._types):
                wrong.add(reason.path)
                reasons.add(reason)
            if not wrong:
                for reason in unexplained(error):
                    reasons.add(reason)
            objects = self._sound(data, wrong)
        if any(mark in source.content for mark in SPEAKING):
            for reason in text_complaints(data):
                if reason.path not in wrong:
                    reasons.add(reason)
        return objects, reasons

    def _packed(self, source: SourceFile, objects: Mapping[str, Mapping[str, Any]]) -> FileObjects:
        return pack_objects(self._kind, source.place, objects, self._types.names)

    def _sound(self, data: Any, wrong: Set[FieldPath]) -> dict[str, Any]:
        """What is left without the wrong fields, so that what else is wrong in other files is found as well."""
        objects = {}
        for key, fields in data.items() if isinstance(data, Mapping) else ():
            if fault(key):
                continue
            try:
                objects[key] = self._types.single(_without(fields, (key,), wrong))
            except ValidationError:
                objects[key] = {}
        return objects


def _placed(reason: Complaint, parts: Parts) -> Complaint:
    """The complaint with its line, from the part of the file that it is about."""
    if not reason.path:
        return reason
    document, above = parts.part(reason.path[0])
    line = line_of(reason.path, document.lines)
    return replace(reason, line=None if line is None else line + above)


def unexplained(error: ValidationError) -> Iterator[Complaint]:
    """The types refuse what the explanation does not mind: two verdicts that should agree. Refused all the same."""
    for detail in error.errors(include_url=False, include_context=False, include_input=False)[:MOST_ALIKE]:
        path = tuple(str(step) for step in detail["loc"])
        yield Complaint(code="type", message=f"refused: {detail['msg']}", remedy="write another value", path=path)


def _without(value: Any, path: FieldPath, wrong: Set[FieldPath]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        name: _without(inner, (*path, name), wrong)
        for name, inner in value.items()
        if (*path, name) not in wrong and not _has_wrong_item(inner, (*path, name), wrong)
    }


def _has_wrong_item(value: Any, path: FieldPath, wrong: Set[FieldPath]) -> bool:
    return isinstance(value, list) and any((*path, str(number)) in wrong for number in range(len(value)))
