import json
import unicodedata
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.output import REPORTS, json_text
from reconciler.kinds import KINDS
from reconciler.model import secrecy
from reconciler.model.change import Cause, Create, Delete, Effect, Forget, Reassign, Rename
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Allowance, Counts, Impact, Source
from reconciler.model.ref import Origin, Ref
from reconciler.model.target import Listing
from reconciler.model.visible import safe_text
from reconciler.report.plan_file import dumps, plan_document, seal
from reconciler.report.summary import summary
from reconciler.report.text import drift_text, findings_text, listing_text, outcome_text, plan_text
from reconciler.report.topic import Frame, topic_of_drift, topic_of_plan
from reconciler.report.words import Tense, sentence
from reconciler.workflow import plan_file
from tests.support.report_plans import delta, item, plan, update

CONTROLS = [chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))]
HOSTILE = [
    *CONTROLS,
    *"\u200b\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff\u00ad",
    *"\u2028\u2029\u034f\u3164\ufe0f\U000e0041\ud800\ue000",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[1;31m",
]
SECTION_BREAKS = {"\n"}


def hostile_plan(evil):
    """The text in every place that a file or a live row can fill."""
    name, origin = f"a{evil}b", Origin(f"packages.d/{evil}.yaml", 1)
    value = f"v{evil}w"
    return plan(
        Rename(ref=Ref("package", name), old=f"old{evil}", origin=origin, note=value),
        Create(
            ref=Ref("role", name),
            after={"description": value, "permissions": (value,)},
            defaults=frozenset(),
            note=evil,
        ),
        Create(ref=Ref("role", name + "2"), after={"description": value}, defaults=frozenset({"description"})),
        update(
            Ref("package", name + "2"),
            delta("quota.notify_message", value, value * 100, effect=Effect.LESS, origin=origin),
            delta("headers", {}, {value: value}, items=(item(value, None, value), item(name, value, None))),
            delta(name, value, (value,), cause=Cause.CONFLICT, remembered=value),
            delta(
                "headers",
                {value: name},
                {value: value},
                cause=Cause.DRIFT,
                items=(item(value, name, value), item(name, value, None)),
            ),
        ),
        update(Ref("tenant", name), delta("overrides", {}, {value: 1}, items=(item(value, None, 1, inherited=value),))),
        Reassign(ref=Ref("package", name + "3"), to=value, expected=1),
        Delete(ref=Ref("package", name + "3"), before={"role": value}, origin=origin),
        Forget(ref=Ref("tenant", name + "4"), before={}, origin=origin),
        findings=(
            Finding(
                code="in-use",
                message=value,
                ref=Ref("package", name + "3"),
                field=value,
                origin=origin,
                remedy=value,
                names=(name,),
            ),
            Finding(code="released", severity=Severity.NOTE, message=value, origin=origin, names=(name,), remedy=value),
            Finding(code="left-out", severity=Severity.LEFT_OUT, message=value, ref=Ref("tenant", name + "9")),
        ),
        impact=(
            Impact(ref=Ref("package", name + "2"), field=name, tenants=1, keep=0, top=((name, 1, 1),)),
            Impact(ref=Ref("tenant", name), field=value, tenants=1, keep=0, top=((name, 1, 1),)),
        ),
        counts=Counts(compared=1),
        source=Source(commit=evil * 7, only=(f"package/{name}",), allowances=(Allowance(code="drift", reason=value),)),
    )


def renderings(whole, evil):
    """A plan and a text through everything that renders."""
    for masked in (True, False):
        yield plan_text(whole, vocabulary=KINDS, masked=masked)
        yield drift_text(whole, vocabulary=KINDS, masked=masked)
        yield outcome_text(
            whole, vocabulary=KINDS, done=whole.changes, already=[], run_id=f"r{evil}", seconds=1.0, masked=masked
        )
    yield findings_text(whole.findings)
    yield listing_text(Listing((f"ID{evil}", "Name"), ((1, f"n{evil}"), (2, evil))))
    yield from (sentence(change, tense) for change in whole.changes for tense in Tense)
    yield summary(whole)
    yield dumps(seal(plan_document(whole, meta={evil: evil}), key=b"k"))


def breaches(text):
    """Characters of a rendering that a terminal would act upon or not show."""
    return [
        c for c in text if c not in SECTION_BREAKS and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    ]


@pytest.mark.parametrize("evil", HOSTILE, ids=ascii)
def test_no_renderer_lets_it_through(evil):
    for rendering in renderings(hostile_plan(evil), evil):
        assert breaches(rendering) == []


def test_there_are_65_control_characters():
    assert len(CONTROLS) == 65


@pytest.mark.parametrize("evil", ["\n", "\r\n", "\n\n\n", "\u2028", "\x85", "\x0b"], ids=ascii)
def test_a_line_break_in_a_value_makes_no_line(evil):
    def lines(text):
        # A note alone may have several lines.
        whole = hostile_plan(text)
        quiet = replace(whole, changes=tuple(replace(change, note="") for change in whole.changes))
        return [rendering.count("\n") for rendering in renderings(quiet, text)]

    assert lines(evil) == lines("xy")


def test_markup_of_terminal_libraries_stays_literal():
    markup = "[/nope][bold red]:smile:"
    whole = hostile_plan(markup)
    shown = [*renderings(whole, markup)]
    assert all(markup in rendering for rendering in shown if "nope" in rendering)
    assert sum(markup in rendering for rendering in shown) > len(whole.changes)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ärzte & Söhne 大 😀", "Ärzte & Söhne 大 😀"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x9b\u00a0", "\\x9b\\xa0"),
        ("abc\u202edef", "abc\\u202edef"),
        ("\U000e0041\ud800", "\\U000e0041\\ud800"),
        ("\u3164\ufe0f", "\\u3164\\ufe0f"),
        ("", ""),
    ],
)
def test_what_is_written_out(text, shown):
    assert safe_text(text) == shown


@given(st.text(st.characters()))
def test_whatever_comes_is_printable_and_safe_text_is_left_alone(text):
    assert breaches(safe_text(text)) == []
    assert "\n" not in safe_text(text)
    assert safe_text(safe_text(text)) == safe_text(text)


def test_colour_is_all_that_colour_adds():
    coloured = plan_text(hostile_plan("\x1b[5m"), vocabulary=KINDS, masked=False, colour=True)
    assert "\x1b[5m" not in coloured
    assert "\x1b[1m" in coloured


def test_the_plan_file_is_ascii():
    text = dumps(plan_document(hostile_plan("ä\x7f\u202e"), meta={}))
    assert text.isascii()
    assert json.loads(text)["resource_changes"][0]["name"] == "aä\x7f\u202eb"


SECRET = "Kanarie`7/x <y>&|\"k@Vogel'_é"


@pytest.fixture
def kept():
    secrecy.start()
    secrecy.hide(SECRET)
    yield
    secrecy.start()


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("spelled", [SECRET, quote(SECRET), quote(SECRET, safe=""), json.dumps(SECRET)[1:-1]])
def test_no_report_gives_a_secret_away(spelled):
    """Wherever a driver's words, or whatever else, may have brought it."""
    whole = hostile_plan(spelled)
    whole = replace(whole, source=replace(whole.source, commit="ab12cd3"))  # git's own
    reports = [report.load() for report in REPORTS.values()]
    frames = [Frame(vocabulary=KINDS, masked=masked, token="0" * 32) for masked in (True, False)]
    topics = (topic_of_plan(whole), topic_of_drift(whole, KINDS))
    shown = [report(topic, frame) for report in reports for topic in topics for frame in frames]
    shown += [rendering for rendering in renderings(whole, spelled) if not rendering.startswith("{")]
    shown.append(json_text({"said": [spelled, {"more": spelled}]}))
    assert len(shown) > 30
    for text in shown:
        assert "kanarie" not in text.lower()
        assert "vogel" not in text.lower()


@pytest.mark.usefixtures("kept")
def test_a_plan_file_says_no_secret_in_its_words():
    written = json.loads(plan_file.sealed_plan(hostile_plan(SECRET), {}))
    said = [finding["message"] + finding["remedy"] for finding in written["findings"]]
    assert len(said) == 3
    assert "Kanarie" not in "".join(said)
