"""The data of one `reconciler.yaml` → Settings, or every complaint about it with its line. Reads no file itself.

The verdict is pydantic's (`document.py`), but for a file that is surely right (`fast_keys.py`). Its errors are put into
words for people here, with the help of the JSON Schema. Last, where `reconciler.yaml` is looked for.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import FileErrors
from reconciler.model.finding import CODES, MOST_ALIKE, Finding, limited
from reconciler.model.names import did_you_mean
from reconciler.model.plan import Policy
from reconciler.model.ref import Origin
from reconciler.settings.fast_keys import fast_verdict
from reconciler.settings.keys import OWN_CACHE, brief
from reconciler.settings.settings import Settings, TargetEntry

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


SCHEMA_NAME = "reconciler.schema.json"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Draft 2020-12, readable as draft-07 too; every key with its description, default and examples."""
    from reconciler.settings.document import json_schema  # start-up: pydantic

    made = json_schema()
    definitions = made.pop("$defs", {})
    inlined = _published(made, definitions)
    return {"$schema": _DRAFT, "$id": SCHEMA_NAME, "title": "reconciler.yaml", **inlined}


def _published(node: Any, definitions: dict[str, Any]) -> Any:
    """References become what they refer to (draft-07 ignores what stands beside one), made-up titles go, and every
    description is also there for editors that show Markdown."""
    if isinstance(node, list):
        return [_published(inner, definitions) for inner in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        node = {**target, **{name: value for name, value in node.items() if name != "$ref"}}
    shown = {name: _within(name, value, definitions) for name, value in node.items() if name != "title"}
    if "description" in shown:
        shown["markdownDescription"] = _markdown(shown)
    return shown


def _within(name: str, value: Any, definitions: dict[str, Any]) -> Any:
    if name == "properties":
        return {key: _published(inner, definitions) for key, inner in value.items()}
    return value if name in ("default", "examples") else _published(value, definitions)


def _markdown(node: dict[str, Any]) -> str:
    default = node.get("default")
    if isinstance(default, bool):
        return f"{node['description']}\n\nDefault: `{str(default).lower()}`."
    return node["description"] if default in (None, {}, []) else f"{node['description']}\n\nDefault: `{default}`."


Where = tuple[str, ...]

SECRET = frozenset({"url", "memory"})
"""Keys whose value is never quoted."""

_STANDARD = {
    "extra_forbidden": "unknown-setting",
    "missing": "required",
    "literal_error": "choice",
    "greater_than_equal": "range",
    "less_than_equal": "range",
    "too_long": "range",
    "string_pattern_mismatch": "name",
    "string_too_short": "name",
    "string_too_long": "name",
}
"""Pydantic's words for what is wrong → ours; the others are of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingComplaint:
    """What is wrong at one key; `code` is one of CODES."""

    where: Where
    code: str
    message: str
    remedy: str = ""


def setting_complaints(errors: Iterable[ErrorDetails]) -> Iterator[SettingComplaint]:
    """One complaint for each error, in the order in which pydantic found them."""
    whole = schema()
    counts: Counter[str] = Counter()
    for error in errors:
        code = error["type"] if error["type"] in CODES else _STANDARD.get(error["type"], "type")
        counts[code] += 1
        # No more of them are listed, so nobody asks what was meant.
        yield _complaint(error, code, whole if counts[code] <= MOST_ALIKE else {})


def _complaint(error: ErrorDetails, code: str, whole: Mapping[str, Any]) -> SettingComplaint:
    where = tuple(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] in CODES:
        context = error.get("ctx", {})
        return SettingComplaint(where=where, code=code, message=context["message"], remedy=context["remedy"])
    if code == "unknown-setting":
        message, remedy = _unknown(where[-1], list(_node(whole, where[:-1]).get("properties", {})))
    elif code == "required":
        message, remedy = "it is not stated and is needed", _remedy(_node(whole, where))
    elif error["type"] == "too_long":
        most = error["ctx"]["max_length"]
        message, remedy = f"it has more than {most:,} entries", f"write at most {most:,}"
    else:
        node = _node(whole, where)
        message, remedy = _wrong(where, error["input"], code, node), _remedy(node)
    return SettingComplaint(where=where, code=code, message=message, remedy=remedy)


def _unknown(key: str, known: list[str]) -> tuple[str, str]:
    return f"there is no such key{did_you_mean(key, known)}", f"the keys here: {', '.join(known)}"


def _wrong(where: Where, stated: Any, code: str, node: Mapping[str, Any]) -> str:
    shown = "this" if SECRET & set(where) else _shown(stated)
    near = did_you_mean(str(stated), node.get("enum", ()))
    reasons = {
        "choice": f"is not allowed here{near}",
        "range": "is out of range",
        "name": "is not a name of one line",
    }
    return f"{shown} {reasons.get(code, 'is of the wrong type')}"


def _shown(stated: Any) -> str:
    match stated:
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return str(stated).lower()
        case str():
            return f'"{brief(stated)}"'
        case _:
            return brief(str(stated))


def _node(whole: Mapping[str, Any], where: Where) -> Mapping[str, Any]:
    """The part of the schema that speaks of this place."""
    node = whole
    for part in where:
        inner = node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items")
        node = inner if isinstance(inner, Mapping) else {}
    return node


def _remedy(node: Mapping[str, Any]) -> str:
    match node:
        case {"enum": words}:
            return f"write one of {', '.join(words)}"
        case {"type": "boolean"}:
            return "write true or false"
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"write a number from {low} to {high}"
        case {"type": "integer", "minimum": low}:
            return f"write a number from {low}"
        case {"type": "array"}:
            return "write a list"
        case {"type": "object"}:
            return "write a mapping"
        case _:
            return "write text on one line"


INTERPOLATED = re.compile(r"\$\{[A-Za-z_]")


def build(data: object, lines: Mapping[tuple[str, ...], int], place: str, base: Path) -> Settings:
    """`data` and `lines` (path of keys → line) as the YAML reader gives them, `place` for messages, `base` the folder
    that relative paths start from. Raises FileErrors with every complaint at once."""
    values, complaints = _judged({} if data is None else data)
    if complaints:
        findings = sorted((_finding(complaint, lines, place) for complaint in complaints), key=_by_place)
        raise FileErrors(f"{place} cannot be used", findings=tuple(limited(findings)))
    assert isinstance(data, dict)
    folder = base.absolute()
    limits, safety = values["limits"], values["safety"]
    return Settings(
        project=values["project"],
        folder=folder,
        root=folder / values["root"],
        default_target=values["target"] or _only(list(values["targets"])),
        targets=_entries(values["targets"], data.get("targets", {})),
        policy=_policy(values),
        file_bytes=limits["file_bytes"],
        depth=limits["depth"],
        aliases=limits["aliases"],
        lint=values["lint"],
        cache=_cache_folder(values["cache"], folder),
        signed_plans=safety["signed_plans"] == "required",
    )


def _cache_folder(stated: str, folder: Path) -> Path | None:
    """Where parsed files are kept. By default not in the repository: what a pull request can commit is not to be
    trusted without parsing it (ADR 011)."""
    if stated != OWN_CACHE:
        return folder / stated if stated else None
    try:
        own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # an account without a home
        return None
    if not own.is_absolute():  # the rule of XDG
        return None
    return own / "reconciler" / "parsed" / sha256(bytes(folder)).hexdigest()[:16]


def _judged(data: object) -> tuple[dict[str, Any], list[SettingComplaint]]:
    """The value of every key, and every complaint."""
    elsewhere = list(_interpolated(data))
    misplaced = [
        SettingComplaint(
            where=where,
            code="interpolation",
            message="the environment is not read here",
            remedy="only targets.NAME.url may hold ${NAME}, as its password",
        )
        for where in elsewhere
    ]
    values = fast_verdict(data)
    if values is None:
        from reconciler.settings.document import verdict  # start-up: pydantic

        values, errors = verdict(data)
        if errors:
            known = set(elsewhere)
            return {}, misplaced + [one for one in setting_complaints(errors) if one.where not in known]
    return values, misplaced + list(_unknown_default(values["target"], values["targets"]))


def _interpolated(data: object, where: Where = ()) -> Iterator[Where]:
    """Places of texts that hope for a value from the environment where none is looked up."""
    match data:
        case dict():
            for key, inner in data.items():
                yield from _interpolated(inner, (*where, str(key)))
        case list():
            for index, inner in enumerate(data):
                yield from _interpolated(inner, (*where, str(index)))
        case str() if INTERPOLATED.search(data) and not (
            len(where) == 3 and where[0] == "targets" and where[2] == "url"
        ):
            yield where


def _unknown_default(target: str, targets: Mapping[str, Any]) -> Iterator[SettingComplaint]:
    if target and target not in targets:
        yield SettingComplaint(
            where=("target",),
            code="choice",
            message=f'there is no target "{brief(target)}"{did_you_mean(target, targets)}',
            remedy=f"targets has {', '.join(targets) or 'none'}",
        )


def _finding(complaint: SettingComplaint, lines: Mapping[tuple[str, ...], int], place: str) -> Finding:
    where = complaint.where
    nearest = next((where[:end] for end in range(len(where), 0, -1) if where[:end] in lines), ())
    return Finding(
        code=complaint.code,
        message=complaint.message,
        remedy=complaint.remedy,
        field=".".join(map(brief, where)),
        origin=Origin(place, lines.get(nearest, 1)),
        at_files=True,
    )


def _by_place(finding: Finding) -> tuple[int, str]:
    assert finding.origin is not None
    return finding.origin.line or 0, finding.field


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _entries(targets: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, TargetEntry]:
    """What only some types of target know is handed on as options, as far as it is stated."""
    own = {"type", "url", "insecure"}
    return {
        name: TargetEntry(
            type=values["type"],
            url=values["url"],
            insecure=values["insecure"],
            options={key: value for key, value in values.items() if key in stated[name] and key not in own},
        )
        for name, values in targets.items()
    }


def _policy(values: Mapping[str, Any]) -> Policy:
    safety = values["safety"]
    return Policy(
        mode=values["mode"],
        block=frozenset(safety["block"]),
        max_change_percent=safety["max_change_percent"],
        min_sample=safety["min_sample"],
        max_tenants_affected=safety["max_tenants_affected"],
        growth_percent=safety["growth"],
        max_lock_seconds=safety["max_lock_time"],
        over_limit=safety["over_limit"],
        hands_off=tuple(values["hands_off"]),
        external=tuple(values["external"]),
        privacy=values["privacy"],
    )


_FILE_NAME = "reconciler.yaml"
VARIABLE = "RECONCILER_CONFIG"


def work_tree(folder: Path) -> Path | None:
    """The nearest folder from here up that git has a work tree in."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)


def find(start: Path, environ: Mapping[str, str]) -> Path | None:
    """The file or folder that `RECONCILER_CONFIG` names (there or not), else the nearest file from `start` up to the
    root of the git work tree. Outside a work tree only `start` is looked at: a file in a folder above may be somebody
    else's. Raises FileNotFoundError where `start` is relative and the current folder is gone."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    here = start.absolute()
    top = work_tree(here) or here
    reach = (folder for folder in (here, *here.parents) if folder.is_relative_to(top))
    return next((folder / _FILE_NAME for folder in reach if (folder / _FILE_NAME).is_file()), None)
