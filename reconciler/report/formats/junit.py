"""JUnit XML: one test case for each thing that was looked at, failed where something is wrong with it.

`validate` looks at files, `plan` at changes and `drift` at objects that were changed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler.model.finding import Severity
from reconciler.model.visible import safe_text
from reconciler.report.topic import PLAN, Frame, Remark, Topic, is_file, masking_in, remarks


def report(topic: Topic, frame: Frame) -> str:
    """One suite: the cases in the order they were checked, then what else is complained about."""
    said: dict[str, list[Remark]] = {name: [] for name in _checked(topic, frame)}
    for remark in remarks(topic, frame):
        said.setdefault(_case(topic, remark), []).append(remark)
    said = said or {topic.command: []}  # a suite without a case is taken for one that did not run
    root = Element("testsuites", _counts(said))
    suite = SubElement(root, "testsuite", {"name": f"reconciler {topic.command}"} | _counts(said))
    for name, about in said.items():
        _written(suite, name, about, f"reconciler.{topic.command}")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _checked(topic: Topic, frame: Frame) -> list[str]:
    """The names of the cases that are there whatever is found."""
    if topic.plan is None:
        return [safe_text(frame.folder + place) for place in topic.checked if is_file(place)]
    masking = masking_in(topic, frame)
    changes = topic.plan.changes if topic.command == PLAN else ()
    named = (f"{change.ref.kind}/{masking.name(change.ref.kind, change.ref.key)}" for change in changes)
    return list(dict.fromkeys(map(safe_text, named)))


def _case(topic: Topic, remark: Remark) -> str:
    return remark.path if topic.plan is None else remark.about or remark.code


def _counts(said: Mapping[str, Sequence[Remark]]) -> dict[str, str]:
    failed = sum(any(map(_fails, about)) for about in said.values())
    return {"tests": str(len(said)), "failures": str(failed), "errors": "0"}


def _fails(remark: Remark) -> bool:
    return remark.severity is Severity.ERROR


def _written(suite: Element, name: str, about: Sequence[Remark], group: str) -> None:
    case = SubElement(suite, "testcase", {"classname": group, "name": name})
    failures = [remark for remark in about if _fails(remark)]
    if failures:
        codes = ", ".join(dict.fromkeys(remark.code for remark in failures))
        message = failures[0].message if len(failures) == 1 else f"{len(failures):,} errors"
        failure = SubElement(case, "failure", {"type": codes, "message": message})
        failure.text = "\n".join(map(_line, failures))
    others = [remark for remark in about if not _fails(remark)]
    if others:
        SubElement(case, "system-out").text = "\n".join(map(_line, others))


def _line(remark: Remark) -> str:
    place = f"{remark.path}:{remark.line}: " if remark.placed else ""
    return f"{place}{remark.severity}[{remark.code}] {remark.text}"
