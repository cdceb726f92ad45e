"""One file → typed objects and complaints. Decides which reader the file gets; knows no folder and no kind by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from pydantic_core import ValidationError

from reconciler.config import explain, fast
from reconciler.config.complaint import Capped, Complaint, Path, line_of
from reconciler.config.files import Source
from reconciler.config.limits import Limits
from reconciler.config.lines import Parts
from reconciler.config.pack import Packed, pack
from reconciler.config.types import Types
from reconciler.config.yaml import judge
from reconciler.model.finding import MOST_ALIKE, Finding
from reconciler.model.names import fault
from reconciler.model.resource import Resource, Vocabulary

SPEAKING = (b"${", b"\\")
"""Without these in a file, no text in it holds an environment reference or a control character."""


class Reading:
    """How the files of one kind are read."""

    def __init__(self, resource: Resource, vocabulary: Vocabulary, limits: Limits) -> None:
        self._kind = resource.kind
        self._types = Types(resource, vocabulary)
        self._limits = limits

    def read(self, source: Source) -> tuple[Packed, tuple[Finding, ...]]:
        """The objects of a file, and what is wrong with it; of an object with a wrong field the rest. The judge reads
        what the fast lane is not certain of; of the others only the parts that somebody is told about, for lines."""
        data = fast.parse(source.content, self._limits)
        if data is not None:
            try:
                return self._packed(source, self._types.whole(data)), ()
            except ValidationError:
                pass  # what follows says why, with lines
            if fast.certain(data):
                objects, reasons = self._explained(data, source)
                parts = Parts(source.content, self._limits)
                findings = [_placed(reason, parts).finding(source.place, {(): 1}, self._kind) for reason in reasons]
                return self._packed(source, objects), tuple(findings)
        return self._judged(source)

    def _judged(self, source: Source) -> tuple[Packed, tuple[Finding, ...]]:
        document, complaints = judge(source.content, self._limits)
        objects, reasons = self._explained(document.data, source)
        findings = [reason.finding(source.place, document.lines, self._kind) for reason in (*complaints, *reasons)]
        return self._packed(source, objects), tuple(findings)

    def _explained(self, data: Any, source: Source) -> tuple[dict[str, Any], Capped]:
        """The sound objects in the data, and what is wrong with the others."""
        reasons, wrong = Capped(), set[Path]()
        try:
            objects = self._types.whole(data)
        except ValidationError as error:
            for reason in explain.complaints(data, self._types):
                wrong.add(reason.path)
                reasons.add(reason)
            if not wrong:
                for reason in unexplained(error):
                    reasons.add(reason)
            objects = self._sound(data, wrong)
        if any(mark in source.content for mark in SPEAKING):
            for reason in explain.speech(data):
                if reason.path not in wrong:
                    reasons.add(reason)
        return objects, reasons

    def _packed(self, source: Source, objects: Mapping[str, Mapping[str, Any]]) -> Packed:
        return pack(self._kind, source.place, objects, self._types.names)

    def _sound(self, data: Any, wrong: Set[Path]) -> dict[str, Any]:
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


def _without(value: Any, path: Path, wrong: Set[Path]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        name: _without(inner, (*path, name), wrong)
        for name, inner in value.items()
        if (*path, name) not in wrong and not _has_wrong_item(inner, (*path, name), wrong)
    }


def _has_wrong_item(value: Any, path: Path, wrong: Set[Path]) -> bool:
    return isinstance(value, list) and any((*path, str(number)) in wrong for number in range(len(value)))
