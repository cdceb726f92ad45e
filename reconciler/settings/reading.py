"""The data of one `reconciler.yaml` → Settings, or every complaint about it with its line. Reads no file itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import FileErrors
from reconciler.model.finding import Finding, limited
from reconciler.model.nearest import did_you_mean
from reconciler.model.plan import Policy
from reconciler.model.ref import Origin
from reconciler.settings.explain import Complaint, Where, brief
from reconciler.settings.stated import Entry, Settings

if TYPE_CHECKING:
    from reconciler.settings.document import Document

INTERPOLATED = re.compile(r"\$\{[A-Za-z_]")


def build(data: object, lines: Mapping[tuple[str, ...], int], place: str, base: Path) -> Settings:
    """`data` and `lines` (path of keys → line) as the YAML reader gives them, `place` for messages, `base` the folder
    that relative paths start from. Raises FileErrors with every complaint at once."""
    document, complaints = _judged({} if data is None else data)
    if document is None or complaints:
        findings = sorted((_finding(complaint, lines, place) for complaint in complaints), key=_by_place)
        raise FileErrors(f"{place} cannot be used", findings=tuple(limited(findings)))
    folder = base.absolute()
    return Settings(
        project=document.project,
        folder=folder,
        root=folder / document.root,
        default_target=document.target or _only(list(document.targets)),
        targets=_entries(document),
        policy=_policy(document),
        file_bytes=document.limits.file_bytes,
        depth=document.limits.depth,
        aliases=document.limits.aliases,
        lint=document.lint,
        cache=_cache_folder(document.cache, folder),
        signed_plans=document.safety.signed_plans == "required",
    )


def _cache_folder(stated: str, folder: Path) -> Path | None:
    """Where parsed files are kept. By default not in the repository: what a pull request can commit is not to be
    trusted without parsing it (ADR 011)."""
    from reconciler.settings.terms import OWN_CACHE  # start-up: pydantic

    if stated != OWN_CACHE:
        return folder / stated if stated else None
    try:
        own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # an account without a home
        return None
    if not own.is_absolute():  # the rule of XDG
        return None
    return own / "reconciler" / "parsed" / sha256(bytes(folder)).hexdigest()[:16]


def _judged(data: object) -> tuple[Document | None, list[Complaint]]:
    from pydantic import ValidationError

    from reconciler.settings import explain
    from reconciler.settings.document import Document

    elsewhere = list(_interpolated(data))
    misplaced = [
        explain.Complaint(
            where=where,
            code="interpolation",
            message="the environment is not read here",
            remedy="only targets.NAME.url may hold ${NAME}, as its password",
        )
        for where in elsewhere[: explain.MOST]
    ]
    misplaced += explain.uncounted("interpolation", len(elsewhere))
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        known = set(elsewhere)
        found = explain.complaints(error.errors(include_url=False))
        return None, misplaced + [complaint for complaint in found if complaint.where not in known]
    return document, misplaced + list(_unknown_default(document))


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


def _unknown_default(document: Document) -> Iterator[Complaint]:
    if document.target and document.target not in document.targets:
        yield Complaint(
            where=("target",),
            code="choice",
            message=f'there is no target "{brief(document.target)}"{did_you_mean(document.target, document.targets)}',
            remedy=f"targets has {', '.join(document.targets) or 'none'}",
        )


def _finding(complaint: Complaint, lines: Mapping[tuple[str, ...], int], place: str) -> Finding:
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


def _entries(document: Document) -> dict[str, Entry]:
    """What only some types of target know is handed on as options, as far as it is stated."""
    own = {"type", "url", "insecure"}
    return {
        name: Entry(
            type=stated.type,
            url=stated.url,
            insecure=stated.insecure,
            options=stated.model_dump(include=stated.model_fields_set - own),
        )
        for name, stated in document.targets.items()
    }


def _policy(document: Document) -> Policy:
    safety = document.safety
    return Policy(
        mode=document.mode,
        block=frozenset(safety.block),
        max_change_percent=safety.max_change_percent,
        min_sample=safety.min_sample,
        max_tenants_affected=safety.max_tenants_affected,
        growth_percent=safety.growth,
        max_lock_seconds=safety.max_lock_time,
        over_limit=safety.over_limit,
        hands_off=tuple(document.hands_off),
        external=tuple(document.external),
        privacy=document.privacy,
    )
