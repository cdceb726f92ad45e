"""Drift → a message for a webhook: a JSON document of ours, or the shape that Slack takes. Pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from reconciler.model.plan import Plan
from reconciler.model.resource import Vocabulary
from reconciler.model.secrecy import veiled_data
from reconciler.model.values import Value
from reconciler.model.visible import safe_text
from reconciler.report.masking import Masking, masking_of
from reconciler.report.summary import drift_summary
from reconciler.report.text import drift_text
from reconciler.report.traces import DriftedField

_FORMAT = "reconciler-drift"
_FORMAT_VERSION = "1.0"
MOST = 500
"""Traces in one message; a receiver that wants all asks for the plan."""
SIGNATURE = "X-Signature-256"

TEXT_ROOM = 3000
"""Characters that Slack takes in one text."""
FENCES = len("```\n\n```")
MOST_BLOCKS = 10
"""Blocks of a message, of the 50 that Slack takes: who is called has to be able to read it."""
_NO_FENCE = str.maketrans({"`": "ˋ"})
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftNotice:
    """What is to be told. `plan`: with only the drift that is to be told in it; `known`: how many traces were told
    before; `run`, `time`: of this run, ISO 8601, UTC."""

    plan: Plan
    traces: Sequence[DriftedField]
    known: int
    run: str
    time: str
    vocabulary: Vocabulary
    masked: bool

    @property
    def masking(self) -> Masking:
        """Whom it may name."""
        return masking_of(self.plan, self.vocabulary, masked=self.masked)


def webhook_document(notice: DriftNotice) -> str:
    """ASCII JSON, so that no name in it does anything to a terminal."""
    masking = notice.masking
    told = notice.traces[:MOST]
    return json.dumps(
        veiled_data(
            {
                "format": _FORMAT,
                "format_version": _FORMAT_VERSION,
                "run_id": notice.run,
                "time": notice.time,
                "project": notice.plan.project,
                "target": notice.plan.target,
                "commit": notice.plan.source.commit,
                "summary": drift_summary(notice.plan),
                "known": notice.known,
                "drift": [_trace(trace, masking) for trace in told],
                "more": len(notice.traces) - len(told),
            }
        ),
        sort_keys=True,
    )


def signature(body: bytes, key: bytes) -> str:
    """The value of the header SIGNATURE: HMAC-SHA-256 over the body as it is sent."""
    return f"sha256={hmac.new(key, body, sha256).hexdigest()}"


def slack(notice: DriftNotice) -> str:
    """A sentence, then what `drift` shows, where no character of it means anything to Slack."""
    title = f"Drift on {safe_text(notice.plan.target)} (project {safe_text(notice.plan.project)})"
    words = drift_text(notice.plan, vocabulary=notice.vocabulary, masked=notice.masked).translate(_NO_FENCE)
    texts = _in_rooms(words.split("\n"))
    more = len(texts) - (MOST_BLOCKS - 2)
    shown = texts if len(texts) <= MOST_BLOCKS - 1 else texts[: MOST_BLOCKS - 2]
    blocks = [_section({"type": "plain_text", "text": _fitting(title), "emoji": False})]
    blocks += [_section({"type": "mrkdwn", "text": f"```\n{text}\n```", "verbatim": True}) for text in shown]
    if len(shown) < len(texts):
        cut = f"*This message was cut: {more} parts more.* Run `reconciler drift` to see all."
        blocks.append(_section({"type": "mrkdwn", "text": cut}))
    return json.dumps({"text": _fitting(f"{title}: {drift_summary(notice.plan)}"), "blocks": blocks})


SHAPES = {"json": webhook_document, "slack": slack}
"""format → what makes the body."""


def _trace(trace: DriftedField, masking: Masking) -> dict[str, Any]:
    # No fingerprint: whoever is masked could be guessed by it.
    return {
        "address": f"{trace.ref.kind}/{masking.name(trace.ref.kind, trace.ref.key)}",
        "kind": trace.ref.kind,
        "name": masking.name(trace.ref.kind, trace.ref.key),
        "what": "changed" if trace.field else "deleted",
        "field": trace.field,
        "wrote": _masked(trace.wrote, masking),
        "found": _masked(trace.found, masking),
        "conflict": trace.conflict,
        "origin": str(trace.origin) if trace.origin else None,
    }


def _masked(value: Value | None, masking: Masking) -> Any:
    match value:
        case str():
            return masking.text(value)
        case tuple():
            return [masking.text(item) for item in value]
        case Mapping():
            return {masking.text(name): _masked(inner, masking) for name, inner in value.items()}
        case _:
            return value


def _section(text: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": dict(text)}


def _in_rooms(lines: Sequence[str]) -> list[str]:
    """The lines, escaped, in as few texts as hold them."""
    texts: list[str] = []
    for line in lines:
        safe = _fitting(line)
        if texts and len(texts[-1]) + 1 + len(safe) <= TEXT_ROOM - FENCES:
            texts[-1] += f"\n{safe}"
        else:
            texts.append(safe)
    return texts


def _fitting(line: str) -> str:
    """Escaped, and cut where it would not fit; never inside of an escape."""
    parts: list[str] = []
    room = TEXT_ROOM - FENCES - 1
    for char in line:
        part = _ENTITIES.get(char, char)
        room -= len(part)
        if room < 0:
            return "".join([*parts, "…"])
        parts.append(part)
    return "".join(parts)
