"""`export` case by case: what a person finds in the files afterwards (docs/rules.md#rule-39)."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.config import export as dump
from reconciler.config.export import FileNames, slug
from reconciler.config.load import load
from reconciler.kinds import KINDS
from reconciler.model.facts import Snapshot
from reconciler.model.finding import CODES, Severity
from reconciler.model.record import Record, sheet_of
from reconciler.model.ref import Origin, Ref

PERMISSIONS = frozenset({"contacts.view", "contacts.import", "contacts.export", "reports.view"})


def record(kind: str, key: str, **values: Any) -> Record:
    """`sending__daily_limit=5` stands for `sending.daily_limit`."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return Record(kind=kind, key=key, values=named, origin=Origin("live"))


def live(*records: Record, **more: Any) -> Snapshot:
    sheets = {
        resource.kind: sheet_of(resource.kind, {r.key: r for r in records if r.kind == resource.kind})
        for resource in KINDS
    }
    return Snapshot(sheets=sheets, catalogues={"permission": PERMISSIONS}, **more)


def export(root: Path, snapshot: Snapshot, **files: str) -> dump.ExportedFiles:
    """Files by kind: `package="Growth: {}"` is `packages.d/x.yaml`."""
    for kind, content in files.items():
        if kind in KINDS:
            (root / KINDS[kind].folder).mkdir(exist_ok=True)
            (root / KINDS[kind].folder / "x.yaml").write_bytes(content.encode())
    options: dict[str, Any] = {name: value for name, value in files.items() if name not in KINDS}
    desired = load(root, KINDS)
    assert not [finding for finding in desired.findings if finding.blocks]
    return dump.export(root, snapshot, desired.sheets, KINDS, **options)


def test_new_objects_get_files_with_every_field(tmp_path: Path) -> None:
    made = export(
        tmp_path,
        live(
            record("role", "Marketing", description="All of it", permissions=("contacts.view", "reports.view")),
            record(
                "package",
                "Starter Plan",
                role="Marketing",
                sending__daily_limit="unlimited",
                sending__max_threads="off",
                quota__move_to="none",
                headers={"X-Tier": "no"},
                assets__sending_nodes="off",
                setup_guide=True,
            ),
            record("tenant", "a@x.example", name="Acme: Ltd", package="Starter Plan", overrides={}),
            record(
                "tenant", "b@x.example", package="none", overrides={"require.dkim": True, "sending.max_threads": "off"}
            ),
        ),
    )
    assert made.findings == ()
    assert made.files == {
        "packages.d/starter-plan.yaml": """\
# yaml-language-server: $schema=../schemas/package.schema.json
Starter Plan:
  role: Marketing
  sending:
    daily_limit: unlimited
    max_threads: off
  headers:
    X-Tier: "no"
  assets:
    sending_nodes: off
  setup_guide: true
""",
        "roles.d/marketing.yaml": """\
# yaml-language-server: $schema=../schemas/role.schema.json
Marketing:
  description: All of it
  permissions:
    - contacts.view
    - reports.view
""",
        "tenants.d/exported.yaml": """\
# yaml-language-server: $schema=../schemas/tenant.schema.json
a@x.example:
  name: "Acme: Ltd"
  package: Starter Plan
  overrides: none

b@x.example:
  package: none
  overrides:
    require:
      dkim: true
    sending:
      max_threads: off
""",
    }


KNOWN = """\
# Our tiers

Growth:          # since 2024
  note: 'OPS-1: why'
  sending:
    daily_limit: 010        # ten, to begin with
    max_threads: -0x0
  # who may do it
  headers: {X-A: "1", X-B: b}

# the small one
Small: {}   # nothing here
""".replace("    max_threads: -0x0\n", "    monthly_quota: -1\n")


def test_a_known_object_is_refreshed_where_it_stands(tmp_path: Path) -> None:
    made = export(
        tmp_path,
        live(
            record(
                "package",
                "Growth",
                sending__daily_limit=20,
                sending__monthly_quota="unlimited",
                sending__hourly_speed=7,
                headers={"X-A": "2", "X-C": "c"},
            ),
            record("package", "Small", setup_guide=False),
        ),
        package=KNOWN,
    )
    assert made.findings == ()
    assert list(made.files) == ["packages.d/x.yaml"]
    assert made.files["packages.d/x.yaml"] == KNOWN.replace("010 ", "20  ").replace(
        '{X-A: "1", X-B: b}', '{X-A: "2", X-C: c}'
    )


def test_complete_adds_what_the_file_does_not_state(tmp_path: Path) -> None:
    snapshot = live(record("package", "Small", sending__daily_limit=5, setup_guide=False, quota__move_to="none"))
    made = export(tmp_path, snapshot, package="Small: {}   # nothing here\n", complete=True)
    assert made.files["packages.d/x.yaml"] == (
        "Small:      # nothing here\n  sending:\n    daily_limit: 5\n  setup_guide: false\n"
    )


def test_what_is_equal_leaves_no_file_behind(tmp_path: Path) -> None:
    snapshot = live(record("role", "M", permissions=("contacts.export", "contacts.import", "contacts.view")))
    assert export(tmp_path, snapshot, role="M: {permissions: [contacts.*]}").files == {}


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    made = export(tmp_path, live(record("role", "M", description="b")), role="M:\r\n  description: a\r\n\r\nN: {}\r\n")
    assert made.files["roles.d/x.yaml"] == "M:\r\n  description: b\r\n\r\nN: {}\r\n"


def test_a_wildcard_stays_only_while_it_is_true(tmp_path: Path) -> None:
    content = "M:\n  permissions:\n  - contacts.*  # all\n  - reports.*\n"
    made = export(tmp_path, live(record("role", "M", permissions=("contacts.view", "reports.view"))), role=content)
    assert made.files["roles.d/x.yaml"] == "M:\n  permissions:\n  - contacts.view\n  - reports.*\n"


def test_objects_that_share_an_anchor_are_rewritten_together(tmp_path: Path) -> None:
    content = "A:\n  sending: &s {daily_limit: 1}\nB:\n  sending: *s\n  setup_guide: true\n"
    snapshot = live(
        record("package", "A", sending__daily_limit=1),
        record("package", "B", sending__daily_limit=1, setup_guide=False),
    )
    made = export(tmp_path, snapshot, package=content)
    assert made.files["packages.d/x.yaml"] == content.replace("true", "false")


@pytest.mark.parametrize(
    ("stated", "held", "after"),
    [
        ("overrides: none", {"sending.daily_limit": 5}, "overrides:\n    sending:\n      daily_limit: 5"),
        ("overrides: {}", {"sending.daily_limit": 5}, "overrides:\n    sending:\n      daily_limit: 5"),
        ("overrides:\n    sending:\n      daily_limit: 5", {}, "overrides: none"),
        (
            "overrides:\n    sending:\n      # much\n      daily_limit: 5\n      max_threads: off",
            {"sending.daily_limit": "unlimited"},
            "overrides:\n    sending:\n      # much\n      daily_limit: unlimited",
        ),
        (
            "overrides:\n    sending:\n      daily_limit: inherit\n    limits:\n      lists: 4",
            {"sending.daily_limit": 8},
            "overrides:\n    sending:\n      daily_limit: 8",
        ),
        (
            "overrides:\n    limits:\n      lists: 4",
            {"limits.lists": 4, "require.dkim": True},
            "overrides:\n    limits:\n      lists: 4\n    require:\n      dkim: true",
        ),
    ],
)
def test_overrides_change_item_by_item(tmp_path: Path, stated: str, held: dict[str, Any], after: str) -> None:
    content = "a@x.example:\n  {}\n\n# the other\nb: {{}}\n"
    made = export(tmp_path, live(record("tenant", "a@x.example", overrides=held)), tenant=content.format(stated))
    assert made.files["tenants.d/x.yaml"] == content.format(after)


def test_of_options_only_the_listed_codes_are_ours(tmp_path: Path) -> None:
    snapshot = live(record("package", "P", options={"a": "2", "c": "3"}))
    made = export(tmp_path, snapshot, package="P:\n  options:\n    a: '1'\n    b: '1'\n")
    assert made.files["packages.d/x.yaml"] == "P:\n  options:\n    a: '2'\n"


def test_a_renamed_object_is_refreshed_under_its_new_name(tmp_path: Path) -> None:
    snapshot = live(record("role", "Old", description="new words"))
    made = export(tmp_path, snapshot, role="New:\n  previously: [Old]\n  description: words\n")
    assert made.files == {"roles.d/x.yaml": "New:\n  previously: [Old]\n  description: new words\n"}


def test_an_ordered_deletion_stays_ordered(tmp_path: Path) -> None:
    snapshot = live(record("package", "P", lifecycle="active"))
    assert export(tmp_path, snapshot, package="P: {lifecycle: removed}").files == {}


def test_left_out_by_the_caller(tmp_path: Path) -> None:
    snapshot = live(record("role", "A"), record("role", "B"))
    assert list(export(tmp_path, snapshot, leave_out={Ref("role", "A")}).files) == ["roles.d/b.yaml"]


@pytest.mark.parametrize(
    ("bad", "field", "said"),
    [
        (record("package", "P", sending__daily_limit=-7), "sending.daily_limit", "-7 is below 0"),
        (record("package", "P", sending__daily_limit="raw"), "sending.daily_limit", "is text"),
        (record("package", "P", lifecycle="removed"), "lifecycle", "would delete it"),
        (record("package", "P", quota__time_unit="#9"), "quota.time_unit", "not allowed here"),
        (record("package", "P", role="#12"), "role", 'no role "#12"'),
        (record("package", "P", headers={"X-A": "${TOKEN}"}), "headers", "environment"),
        (record("package", "P", quota__wait_for_expiry=False, quota__action="reset"), "quota", "resets at once"),
        (record("role", "P", permissions=("#12", "contacts.view")), "permissions", 'no permission "#12"'),
        (record("role", "P", description="a\x07b"), "description", "control character"),
        (
            record("tenant", "P", credits__monthly=5, overrides={"allowance.emails": 5}),
            "credits.monthly",
            "exclude each other",
        ),
    ],
)
def test_what_the_law_refuses_is_left_out_and_said(tmp_path: Path, bad: Record, field: str, said: str) -> None:
    made = export(tmp_path, live(bad))
    (finding,) = made.findings
    assert (finding.code, finding.severity, finding.ref) == ("foreign-state", Severity.LEFT_OUT, bad.ref)
    assert finding.field.startswith(field)
    assert said in finding.message
    (content,) = made.files.values()
    assert f"  # {finding.field} left out: " in content
    for place, text in made.files.items():
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text(text)
    assert not load(tmp_path, KINDS).findings


def test_a_known_object_keeps_what_its_file_says_then(tmp_path: Path) -> None:
    snapshot = live(record("package", "P", sending__daily_limit=-7))
    made = export(tmp_path, snapshot, package="P: {sending: {daily_limit: 5}}")
    assert made.files == {}
    assert [(f.field, str(f.origin)) for f in made.findings] == [("sending.daily_limit", "packages.d/x.yaml")]


def test_two_fields_that_exclude_each_other_do_not_meet_in_a_file(tmp_path: Path) -> None:
    snapshot = live(record("tenant", "a", credits__monthly=5, overrides={"allowance.emails": 5}))
    made = export(tmp_path, snapshot, tenant="a:\n  credits:\n    monthly: 5\n  overrides: none\n")
    assert made.files == {}
    assert [finding.field for finding in made.findings] == ["overrides"]


def test_a_ring_is_not_closed_by_a_refresh(tmp_path: Path) -> None:
    snapshot = live(
        record("package", "A", quota__action="move", quota__move_to="B"),
        record("package", "B", quota__action="move", quota__move_to="A"),
    )
    content = "A: {quota: {action: move, move_to: B}}\nB: {quota: {action: move, move_to: C}}\nC: {}\n"
    made = export(tmp_path, snapshot, package=content)
    assert made.files == {}
    assert {finding.ref for finding in made.findings} == {Ref("package", "B")}


def test_names_that_no_file_may_have(tmp_path: Path) -> None:
    snapshot = live(
        record("tenant", "good@x.example", name="G"),
        record("tenant", " bad", name="B"),
        record("role", "marketing"),
        twins={"tenant": (("T@x.example", "t@x.example"),)},
        unnameable={"tenant": {"line\nbreak": record("tenant", "line\nbreak")}},
    )
    made = export(tmp_path, snapshot, role="Marketing: {}")
    assert [(finding.code, finding.ref and finding.ref.key) for finding in made.findings] == [
        ("spelling", "marketing"),
        ("left-out", "T@x.example"),
        ("left-out", "t@x.example"),
        ("unnameable", "line\nbreak"),
        ("left-out", " bad"),
    ]
    assert {finding.code for finding in made.findings} <= CODES.keys()
    assert made.files["tenants.d/exported.yaml"] == (
        "# yaml-language-server: $schema=../schemas/tenant.schema.json\n"
        "# tenant/T@x.example left out: its name is not unique in the live system\n"
        "# tenant/t@x.example left out: its name is not unique in the live system\n"
        "# tenant/line\\x0abreak left out: no file may have such a name\n"
        "# tenant/ bad left out: the name begins or ends with a blank\n"
        "good@x.example:\n  name: G\n"
    )


def test_a_reference_may_leave_the_files_where_the_settings_say_so(tmp_path: Path) -> None:
    snapshot = live(
        record("role", "Admin"), record("package", "P", role="Admin"), record("package", "Q", role="Admins")
    )
    kept = {"external": ["role/Adm*"], "leave_out": [Ref("role", "Admin")]}
    files = export(tmp_path, snapshot, **kept).files
    assert "role: Admin" in files["packages.d/p.yaml"]
    assert "role: Admin" not in files["packages.d/q.yaml"], "of what is not live nobody can say so"


def test_an_object_without_any_field_is_written_too(tmp_path: Path) -> None:
    assert export(tmp_path, live(record("role", "no"))).files["roles.d/no.yaml"].endswith('\n"no": {}\n')


def test_empty_sets_and_maps(tmp_path: Path) -> None:
    made = export(tmp_path, live(record("role", "R", permissions=()), record("package", "P", headers={})))
    assert made.files["roles.d/r.yaml"].endswith("R:\n  permissions: []\n")
    assert made.files["packages.d/p.yaml"].endswith("P:\n  headers: {}\n")


def test_an_alias_to_a_changed_value_keeps_what_it_stands_for(tmp_path: Path) -> None:
    content = "B: {description: &d words, note: *d}\n"
    made = export(tmp_path, live(record("role", "B", description="other")), role=content)
    assert made.files["roles.d/x.yaml"] == "B: {description: other, note: &d words}\n"


def test_nobody_elses_value_changes_through_an_alias(tmp_path: Path) -> None:
    content = "A:\n  sending: &s {daily_limit: 1}\nB:\n  sending: *s\n"
    snapshot = live(record("package", "A", sending__daily_limit=2), record("package", "B", sending__daily_limit=1))
    made = export(tmp_path, snapshot, package=content)
    assert made.files == {}
    assert [finding.ref for finding in made.findings] == [Ref("package", "A")]


@pytest.mark.parametrize(
    "content", ["C: {}\n", "B: {", "", "B:\n  description:\twords\n", "B: {description: x}\nB: {}\n"]
)
def test_a_file_that_has_changed_meanwhile_is_left_alone(tmp_path: Path, content: str) -> None:
    made = export(tmp_path, live(), role="B: {description: words}")
    desired = load(tmp_path, KINDS)
    (tmp_path / "roles.d" / "x.yaml").write_text(content)
    made = dump.export(tmp_path, live(record("role", "B", description="other")), desired.sheets, KINDS)
    assert made.files == {}
    assert [finding.message for finding in made.findings] == ["not exported: its file cannot be changed in place"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Starter Plan", "starter-plan"),
        ("Café & Co", "cafe-co"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 90, "a" * 60),
        ("CON", "con-e96be5f1"),
        ("日本", "object-f9f6a7d1"),
        (".", "object-cdb4ee2a"),
    ],
)
def test_slugs_are_safe(name: str, stem: str) -> None:
    assert slug(name).rpartition("-")[0] == stem.rpartition("-")[0]
    assert slug(name) == slug(name)


def test_slugs_are_never_taken_twice(tmp_path: Path) -> None:
    (tmp_path / "Growth.yaml").touch()
    slugs = FileNames(tmp_path)
    assert [slugs.free("growth"), slugs.free("GROWTH!"), slugs.free("x")] == ["growth-2", "growth-3", "x"]
