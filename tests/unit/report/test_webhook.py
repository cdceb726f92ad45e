"""What a webhook is sent: our document, and Slack's shape, with names that would rather be something else."""

from __future__ import annotations

import json

import pytest

from reconciler.kinds import KINDS
from reconciler.model.change import Cause, Create
from reconciler.model.ref import Ref
from reconciler.report.traces import drifted_fields
from reconciler.report.webhook import MOST, MOST_BLOCKS, TEXT_ROOM, DriftNotice, signature, slack, webhook_document
from tests.support.report_plans import ACME, GROWTH, INITECH, delta, plan, the_design_plan, update

EVIL = "<!channel> *b* `c` <https://evil.example|ok> & \x1b[31m\u202e ```"


def notice(of, **more):
    given = {"known": 0, "run": "r-1", "time": "2026-01-02T03:04:05Z", "vocabulary": KINDS, "masked": True}
    return DriftNotice(plan=of, traces=tuple(drifted_fields(of)), **{**given, **more})


def drifted(*refs, field="sending.daily_limit", found=7):
    return plan(*(update(ref, delta(field, found, 25_000, cause=Cause.DRIFT)) for ref in refs))


def blocks(of):
    return [block["text"] for block in json.loads(slack(notice(of)))["blocks"]]


def test_the_document_tells_each_field():
    said = json.loads(webhook_document(notice(the_design_plan(), known=2)))
    assert (said["format"], said["run_id"], said["known"], said["more"]) == ("reconciler-drift", "r-1", 2, 0)
    assert [(each["address"], each["field"]) for each in said["drift"]] == [(str(ACME), "overrides")]
    assert said["drift"][0]["found"] == {"sending.daily_limit": 40_000}


def test_a_conflict_tells_what_the_last_apply_wrote():
    change = update(GROWTH, delta("sending.daily_limit", 7, 30, cause=Cause.CONFLICT, remembered=20))
    [told] = json.loads(webhook_document(notice(plan(change))))["drift"]
    assert (told["wrote"], told["found"], told["conflict"]) == (20, 7, True)


def test_an_object_deleted_by_hand_has_no_field():
    change = Create(ref=GROWTH, after={"lifecycle": "active"}, defaults=frozenset(), cause=Cause.DRIFT)
    [told] = json.loads(webhook_document(notice(plan(change))))["drift"]
    assert (told["what"], told["field"], told["found"]) == ("deleted", "", None)


def test_people_in_values_are_masked_and_nothing_lets_one_guess_them():
    change = update(INITECH, delta("name", "call eve@gamma.example", "Initech", cause=Cause.DRIFT))
    masked, open_ = (webhook_document(notice(plan(change), masked=masked)) for masked in (True, False))
    assert "eve@gamma.example" not in masked
    assert "eve@gamma.example" in open_
    assert "fingerprint" not in masked


def test_a_long_document_says_how_much_it_left_out():
    said = json.loads(webhook_document(notice(drifted(*(Ref("package", f"P{n}") for n in range(MOST + 7))))))
    assert (len(said["drift"]), said["more"]) == (MOST, 7)


def test_the_signature_is_over_the_bytes():
    by_openssl = "515aae133b435d4000956731f68ae5cf5eb85d4f0dc6a546d2bfcd3595ec1ae1"
    assert signature(b"body", b"key") == f"sha256={by_openssl}"
    assert signature(b"body", b"key") != signature(b"body ", b"key")
    assert signature(b"body", b"key") != signature(b"body", b"other")


@pytest.mark.parametrize("make", [webhook_document, slack])
def test_messages_are_ascii_and_the_same_each_time(make):
    of = drifted(Ref("package", EVIL))
    assert make(notice(of)) == make(notice(of))
    assert all(" " <= char <= "~" for char in make(notice(of)))


def test_no_name_means_anything_to_slack():
    [_, said] = blocks(drifted(Ref("package", EVIL)))
    assert said["verbatim"] is True
    inside = said["text"].removeprefix("```\n").removesuffix("\n```")
    assert "`" not in inside
    assert "<" not in inside
    assert ">" not in inside
    assert inside.count("&") == inside.count("&lt;") + inside.count("&gt;") + inside.count("&amp;")
    assert "&lt;!channel&gt;" in inside
    assert "\\x1b" in inside


@pytest.mark.parametrize("name", ["<" * 240, "&<>" * 80, "x" * 240])
def test_no_text_is_longer_than_slack_takes_and_the_cut_is_told(name):
    refs = [Ref("package", f"{name}{n}") for n in range(300)]
    of = plan(*(update(ref, delta("description", ref.key * 9, "x", cause=Cause.DRIFT)) for ref in refs))
    said = blocks(of)
    assert len(said) == MOST_BLOCKS
    assert all(0 < len(text["text"]) <= TEXT_ROOM for text in said)
    assert "This message was cut" in said[-1]["text"]
    for text in said[1:-1]:
        rest = text["text"].replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
        assert not set(rest) & set("<>&"), "no escape is cut in two"


def test_a_message_that_fits_is_not_cut():
    assert len(blocks(drifted(GROWTH))) == 2
    assert "cut" not in slack(notice(drifted(GROWTH)))
