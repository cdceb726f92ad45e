"""The page for a browser, read back with a parser of HTML. What a browser makes of it: tests/unit/report/browser."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from reconciler.kinds import KINDS
from reconciler.model.change import Cause, Delete, Effect
from reconciler.model.finding import Finding
from reconciler.model.plan import Allowance, Impact, Source
from reconciler.model.ref import Origin, Ref
from reconciler.model.visible import safe_text
from reconciler.report.formats.html import report
from reconciler.report.topic import VALIDATE, Frame, Topic, topic_of_drift, topic_of_plan
from tests.support.hostile_names import PIECES, hostile_names
from tests.support.report_plans import (
    ACME,
    GROWTH,
    PROFESSIONAL,
    delta,
    every_operation,
    item,
    plan,
    the_design_plan,
    update,
)

FRAME = Frame(vocabulary=KINDS, masked=False)
TAGS = frozenset(
    {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "p",
        "code",
        "h1",
        "h2",
        "h3",
        "b",
        "main",
        "section",
        "span",
        "article",
        "div",
        "svg",
        "rect",
        "fieldset",
        "legend",
        "label",
        "input",
        "output",
        "details",
        "summary",
        "ul",
        "li",
        "script",
    }
)
ATTRIBUTES = frozenset(
    {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "type",
        "checked",
        "hidden",
        "autocomplete",
        "spellcheck",
        "open",
        "viewbox",
        "preserveaspectratio",
        "role",
        "aria-label",
        "width",
        "height",
        "x",
    }
)


class Read(HTMLParser):
    """Every element with its class and the text in it; what has no business here is refused."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str, int]] = []
        self.found: list[tuple[str, str, str]] = []
        self.pieces: list[str] = []
        self.rects: list[dict[str, str | None]] = []
        self.scripts = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        given = dict(attrs)
        assert given.keys() <= ATTRIBUTES, given
        self.scripts += tag == "script"
        if tag == "rect":
            self.rects.append(given)
        if tag not in ("meta", "input", "rect"):
            self.open.append((tag, given.get("class") or given.get("id") or "", len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            opened, name, start = self.open.pop()
            assert opened == tag
            self.found.append((tag, name, "".join(self.pieces[start:])))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def texts(self, tag: str, name: str = "") -> list[str]:
        return [re.sub(r"\s+", " ", text).strip() for t, n, text in self.found if t == tag and name in (n, "")]


def test_the_design_plan():
    found = Read(report(topic_of_plan(the_design_plan()), Frame(vocabulary=KINDS)))
    assert found.texts("h1") == ["Blocked"]
    assert found.texts("header")[0].startswith(
        "reconciler plan · production · ab12cd3 Blocked Plan: 1 to create, 3 to update, 1 to delete (1 blocked);"
    )
    assert found.texts("p", "allowed") == ["allowed: too-much, because: OPS-9"]
    assert found.texts("section", "refused-deletions") == [
        "Refused deletions 1 delete package/Legacy 30 tenants in-use 30 users are still on it (28 active, 2 suspended) "
        "ops@acme.example, e…@beta.example, k…@corp.example, 27 more to delete it: lifecycle: removed, "
        "reassign_to: Starter Plan; and change tenants.d/eu.yaml:12 was packages.d/legacy.yaml:1"
    ]
    assert found.texts("div", "reach") == [
        "package/Professional 201 tenants: 184 change, 17 keep an override "
        "· over the new limit now: 3 · within 10 %: 11",
        "package/Legacy 30 tenants · refused",
    ]
    assert found.texts("section", "quotas") == [
        "Limits before and after package/Professional sending.monthly_quota before 250,000 after 200,000 −20 %"
    ]
    assert [text.split()[0] for text in found.texts("div", "kind")] == ["package", "tenant"]
    left = found.texts("section", "left-alone")[0]
    assert "12 unmanaged: in the database, named by no file, left alone" in left
    assert "Left out: tenant/t…@acme.example" in left
    assert "no-memory" in found.texts("section", "remarks")[0]


def test_every_change_is_there_with_its_operation_and_section():
    found = Read(report(topic_of_plan(every_operation()), FRAME))
    items = [name for tag, name, _ in found.found if tag == "details"]
    assert items == [
        "item op-create in-reduces-service",
        "item op-forget in-safe",
        "item op-update in-reduces-service",
        "item op-delete in-reduces-service",
        "item op-rename in-safe",
    ]


def test_a_group_names_everyone():
    names = [f"t{number:03}@t.example" for number in range(200)]
    changes = (update(Ref("tenant", name), delta("status", "active", "suspended")) for name in names)
    found = Read(report(topic_of_plan(plan(*changes)), FRAME))
    assert found.texts("p", "names") == [", ".join(names)]


@pytest.mark.parametrize(
    ("before", "after", "widths"),
    [
        (100, 50, (1000, 500)),
        (50, 100, (500, 1000)),
        (0, 100, (0, 1000)),
        (1, 1_000_000, (6, 1000)),
        ("unlimited", 100, (1000, 600)),
        (0, "unlimited", (0, 1000)),
        (None, 5, (None, 600)),
        (2**63 - 1, 2**62, (1000, 500)),
    ],
)
def test_limits_as_bars(before, after, widths):
    found = Read(report(topic_of_plan(plan(update(GROWTH, delta("limits.contacts", before, after)))), FRAME))
    drawn = [rect for rect in found.rects if rect["class"] != "track"]
    expected = [str(width) for width in widths if width is not None]
    assert [rect["width"] for rect in drawn] == expected * 2, "once among the limits, once in the change"
    assert ["endless" in str(rect["class"]) for rect in drawn[: len(expected)]] == [
        isinstance(value, str) for value in (before, after) if value is not None
    ]


def test_overrides_have_bars_too():
    overrides = delta(
        "overrides",
        {},
        {"sending.daily_limit": 40_000},
        items=(item("sending.daily_limit", None, 40_000, Effect.MORE, inherited=25_000),),
    )
    found = Read(report(topic_of_plan(plan(update(ACME, overrides))), FRAME))
    assert found.texts("div", "move more") == ["sending.daily_limit before 25,000 after 40,000 +60 %"]


def test_users_are_drawn_to_one_scale():
    refs = [PROFESSIONAL, GROWTH]
    changes = [update(ref, delta("limits.lists", 9, 8, effect=Effect.LESS)) for ref in refs]
    impact = tuple(
        Impact(ref=ref, field="limits.lists", tenants=n, keep=0) for ref, n in zip(refs, (50, 200), strict=True)
    )
    found = Read(report(topic_of_plan(plan(*changes, impact=impact)), FRAME))
    assert [rect["width"] for rect in found.rects if rect["class"] == "felt"] == ["1000", "250"]
    assert found.texts("div", "reach")[0].startswith("package/Growth 200 tenants")


def test_drift_and_complaints_about_files_have_their_pages():
    drift = Read(report(topic_of_drift(the_design_plan(), KINDS), FRAME))
    assert drift.texts("h1") == ["Drift"]
    assert [name for tag, name, _ in drift.found if tag == "details"] == ["item op-update in-drift"]
    complaint = Finding(code="syntax", message="no YAML", origin=Origin("a.yaml", 3))
    files = Read(report(Topic(command=VALIDATE, verdict="1 error", findings=(complaint,)), FRAME))
    assert files.texts("h1") == ["Errors"]
    assert files.texts("section", "refused") == ["Refused 1 in general syntax no YAML a.yaml:3"]
    assert files.texts("section", "left-alone") == []
    assert Read(report(topic_of_plan(plan()), FRAME)).texts("section", "changes") == ["Every change Nothing."]


def test_the_policy_allows_this_style_and_this_script_and_nothing_else():
    page = report(topic_of_plan(the_design_plan()), FRAME)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    stated = dict(part.split(" ", 1) for part in policy[1].replace("&#39;", "'").split("; "))
    inside = {tag: re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL) for tag in ("style", "script")}
    hashes = {tag: b64encode(sha256(found[1].encode()).digest()).decode() for tag, found in inside.items() if found}
    assert stated == {
        "default-src": "'none'",
        "style-src": f"'sha256-{hashes['style']}'",
        "script-src": f"'sha256-{hashes['script']}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert page.index("Content-Security-Policy") < page.index("<style>")


@pytest.mark.parametrize("piece", PIECES)
def test_a_hostile_piece_is_only_words_everywhere(piece):
    source = Source(commit=piece, only=(piece,), allowances=(Allowance(code="too-much", reason=piece),))
    finding = Finding(code="in-use", message=piece, ref=Ref("package", piece), remedy=piece, names=(piece,))
    whole = plan(
        Delete(ref=Ref("package", piece), before={}, origin=Origin(piece, 1)),
        update(Ref("role", piece), delta("description", piece, piece + "x", cause=Cause.CONFLICT), note=piece),
        findings=(finding,),
        source=source,
    )
    found = Read(report(topic_of_plan(replace(whole, target=piece)), FRAME))
    shown = re.sub(r"\s+", " ", safe_text(piece)).strip()
    assert found.scripts == 1
    assert f"role/{shown}" in found.texts("code")
    assert found.texts("p", "remedy") == [shown] * 2
    assert "\x1b" not in "".join(found.pieces)


@pytest.mark.parametrize("count", [100, pytest.param(2_000, marks=pytest.mark.torture)])
def test_hostile_names_are_read_back(count):
    names = hostile_names(count)
    changes = (update(Ref("package", name), delta("note", name, f"{at} {name}")) for at, name in enumerate(names))
    found = Read(report(topic_of_plan(plan(*changes)), FRAME))
    shown = [text for tag, name, text in found.found if tag == "code" and text.startswith("package/") and not name]
    assert shown == [f"package/{safe_text(name)}" for name in names]
    assert found.scripts == 1


def test_people_whom_no_file_names_are_masked():
    page = report(topic_of_plan(the_design_plan()), Frame(vocabulary=KINDS))
    assert "eva@beta.example" not in page
    assert "twin@acme.example" not in page


def test_the_same_plan_gives_the_same_page():
    assert report(topic_of_plan(the_design_plan()), FRAME) == report(topic_of_plan(the_design_plan()), FRAME)
