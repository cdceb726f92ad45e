"""One file → typed objects and complaints. Decides which reader the file gets; knows no folder and no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from pydantic_core import ValidationError

from reconciler.config import explain, fast
from reconciler.config.complaint import Capped, Complaint, FieldPath
from reconciler.config.files import Source
from reconciler.config.limits import Limits
from reconciler.config.pack import FileObjects, pack_objects
from reconciler.config.types import Types
from reconciler.config.yaml import judge
from reconciler.model.finding import MOST_ALIKE, Finding
from reconciler.model.names import fault
from reconciler.model.resource import Resource, Vocabulary

SPEAKING = (b"${", b"\\")
"""Without these in a file, no text in it holds an environment reference or a control character."""


class FileReader:
    """How the files of one kind are read."""

    def __init__(self, resource: Resource, vocabulary: Vocabulary, limits: Limits) -> None:
        self._kind = resource.kind
        self._types = Types(resource, vocabulary)
        self._limits = limits

    def read(self, source: Source) -> tuple[FileObjects, tuple[Finding, ...]]:
        """The objects of a file, and what is wrong with it; of an object with a wrong field the rest."""
        data = fast.parse_fast(source.content, self._limits)
        if data is not None:
            try:
                return self._packed(source, self._types.whole(data)), ()
            except ValidationError:
                pass  # the judge says why, with lines
        return self._judged(source)

    def _judged(self, source: Source) -> tuple[FileObjects, tuple[Finding, ...]]:
        document, complaints = judge(source.content, self._limits)
        reasons, wrong = Capped(), set[FieldPath]()
        try:
            objects = self._types.whole(document.data)
        except ValidationError as error:
            for reason in explain.explain_errors(document.data, self._types):
                wrong.add(reason.path)
                reasons.add(reason)
            if not wrong:
                for reason in unexplained(error):
                    reasons.add(reason)
            objects = self._sound(document.data, wrong)
        if any(mark in source.content for mark in SPEAKING):
            for reason in explain.text_complaints(document.data):
                if reason.path not in wrong:
                    reasons.add(reason)
        findings = [reason.finding(source.place, document.lines, self._kind) for reason in (*complaints, *reasons)]
        return self._packed(source, objects), tuple(findings)

    def _packed(self, source: Source, objects: Mapping[str, Mapping[str, Any]]) -> FileObjects:
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
