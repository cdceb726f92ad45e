import pytest

from reconciler.kinds import KINDS
from reconciler.model.change import Create, Delete, Forget, Reassign, Rename
from reconciler.model.plan import Counts
from reconciler.model.ref import Ref
from reconciler.model.resource import Limit, Resource, Text, Vocabulary
from reconciler.report.masking import OPEN, Masking, masked, masking_of
from reconciler.report.summary import applied_summary, summary
from reconciler.report.text import outcome_text
from reconciler.report.words import Tense, counted, inherited, listed, movement, percentage, sentence, value, wrapped
from tests.support.report_plans import ACME, GROWTH, LEGACY, every_operation, plan, the_design_plan


@pytest.mark.parametrize(
    ("it", "sort", "words"),
    [
        (None, None, "not set"),
        (True, None, "true"),
        (False, None, "false"),
        (0, Limit(), "0"),
        (1_234_567, Limit(), "1,234,567"),
        ("unlimited", Limit(), "unlimited"),
        ("Starter Plan", None, "Starter Plan"),
        ("", Text(), '""'),
        ("hello", Text(), '"hello"'),
        (("a", "b"), None, "a, b"),
        ((), None, "none"),
        ({}, None, "none"),
        ({"b": 2_000, "a": "off"}, None, "a off, b 2,000"),
    ],
)
def test_values(it, sort, words):
    assert value(it, sort) == words


def test_a_long_text_is_cut_and_told_apart():
    one, other = value("x" * 200 + "1", Text()), value("x" * 200 + "2", Text())
    assert one.startswith('"' + "x" * 100 + '…" (201 characters, #')
    assert one != other
    assert value("x" * 120, Text()) == '"' + "x" * 120 + '"'


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (250_000, 200_000, " (−20 %)"),
        (100, 160, " (+60 %)"),
        (1, 10_000, " (+999,900 %)"),
        (0, 5, ""),
        (1_000_000, 1_000_001, ""),
        (200, 199, " (−1 %)"),
        (5, 0, " (−100 %)"),
        ("unlimited", 5, ""),
        (5, "unlimited", ""),
        (True, False, ""),
        (None, 3, ""),
    ],
)
def test_percentages(before, after, words):
    assert percentage(before, after) == words


def test_small_words():
    assert movement("off", 5) == "off → 5"
    assert inherited(None, None) == "inherit"
    assert inherited(None, 25_000) == "inherit (25,000)"
    assert inherited(0, 25_000) == "0"
    assert counted(1, "error") == "1 error"
    assert counted(2_000, "error") == "2,000 errors"
    assert listed(["a", "b"], 27) == "a, b, 27 more"
    assert listed([], 3) == "3 more"
    assert listed(iter("ab")) == "a, b"
    assert wrapped(["aa", "bb", "c" * 20, "d"], 10) == ["aa · bb", "c" * 20, "d"]
    assert wrapped([], 10) == []


@pytest.mark.parametrize(
    ("change", "would", "done"),
    [
        (Create(ref=GROWTH, after={}, defaults=frozenset()), "would create package Growth", "created package Growth"),
        (Delete(ref=GROWTH, before={}), "would delete package Growth", "deleted package Growth"),
        (
            Rename(ref=GROWTH, old="Growth Plan"),
            "would rename package Growth Plan to Growth",
            "renamed package Growth Plan to Growth",
        ),
        (
            Reassign(ref=LEGACY, to="Starter Plan", expected=30),
            "would reassign everyone on package Legacy to Starter Plan",
            "reassigned everyone on package Legacy to Starter Plan",
        ),
        (
            Forget(ref=ACME, before={}),
            "would stop managing tenant ops@acme.example",
            "stopped managing tenant ops@acme.example",
        ),
    ],
)
def test_one_sentence_serves_plan_and_apply(change, would, done):
    assert sentence(change, Tense.WOULD) == would
    assert sentence(change, Tense.DONE) == done


def test_the_summary_of_the_design():
    assert (
        summary(the_design_plan()) == "Plan: 1 to create, 3 to update, 1 to delete (1 blocked); "
        "57 unchanged, 12 unmanaged, 2 adopted, 1 released."
    )
    assert summary(plan(counts=Counts(gone=1_000))) == (
        "Plan: no changes; 0 unchanged, 0 unmanaged, 1,000 gone on both sides."
    )


def test_the_outcome_tells_what_was_done_and_what_was_so_already():
    whole = every_operation()
    so = [change for change in whole.changes if change.ref == Ref("role", "Marketing")]
    done = [change for change in whole.changes if change not in so]
    assert outcome_text(
        whole, vocabulary=KINDS, done=done, already=so, run_id="3f2a", seconds=0.4213, masked=True
    ).splitlines() == [
        "renamed package Growth Plan to Growth",
        "created tenant new@acme.example",
        "reassigned everyone on package Legacy to Starter Plan",
        "deleted package Legacy",
        "stopped managing tenant o…@acme.example",
        "Applied: 1 created, 1 renamed, 1 reassigned, 1 deleted, 1 stopped managing; 1 already so; "
        "0 unchanged, 0 unmanaged.",
        "Run 3f2a, 0.4 s.",
    ]


def test_what_a_person_should_know_afterwards_comes_last():
    shown = outcome_text(
        plan(),
        vocabulary=KINDS,
        done=(),
        already=(),
        run_id="1",
        seconds=0,
        masked=False,
        reminders=("restart the senders", "clear the \x1bcache"),
    )
    assert shown.splitlines()[1:] == ["Run 1, 0.0 s.", "note: restart the senders", "note: clear the \\x1bcache"]


def test_the_outcome_of_nothing_and_of_much():
    nothing = outcome_text(plan(), vocabulary=KINDS, done=(), already=(), run_id="1", seconds=0, masked=False)
    assert nothing == "Applied: no changes; 0 unchanged, 0 unmanaged.\nRun 1, 0.0 s."
    much = plan(*(Forget(ref=Ref("tenant", f"t{n}@x.example"), before={}) for n in range(1_500)))
    shown = outcome_text(
        much, vocabulary=KINDS, done=much.changes, already=(), run_id="1", seconds=1_234.5, masked=False
    )
    assert shown.splitlines() == [
        "stopped managing 1,500 tenants: t0@x.example, t1@x.example, t2@x.example, 1,497 more",
        "Applied: 1,500 stopped managing; 0 unchanged, 0 unmanaged.",
        "Run 1, 1,234.5 s.",
    ]
    assert (
        applied_summary(much, done=(), already=much.changes)
        == "Applied: no changes; 1,500 already so; 0 unchanged, 0 unmanaged."
    )


@pytest.mark.parametrize(
    ("key", "shown"),
    [("ops@acme.example", "o…@acme.example"), ("John Smith", "J…"), ('"a@b"@c.example', '"…@c.example'), ("", "…")],
)
def test_a_masked_name(key, shown):
    assert masked(key) == shown


def test_only_people_whom_no_file_names_are_masked():
    masking = Masking(personal=frozenset({"tenant"}), declared=frozenset({"ops@acme.example"}))
    assert masking.name("tenant", "ops@acme.example") == "ops@acme.example"
    assert masking.name("tenant", "eva@acme.example") == "e…@acme.example"
    assert masking.name("package", "eva@acme.example") == "eva@acme.example"
    assert masking.text("see ops@acme.example, (eva@acme.example). And tenant/kim@x.example!") == (
        "see ops@acme.example, (e…@acme.example). And tenant/k…@x.example!"
    )
    assert masking.text("nobody") == "nobody"
    assert OPEN.text("eva@acme.example") == OPEN.name("tenant", "eva@acme.example") == "eva@acme.example"


def test_whom_a_plan_declares():
    whole = the_design_plan()
    masking = masking_of(whole, KINDS, masked=True)
    assert masking.declared == {"ops@acme.example", "ops@initech.example"}
    assert masking_of(whole, KINDS, masked=False) is OPEN
    nobody = Vocabulary(tuple(resource for resource in KINDS if not resource.personal))
    assert isinstance(nobody["package"], Resource)
    assert masking_of(whole, nobody, masked=True) is OPEN
