"""reconciler.yaml → Settings: every key with its default, every complaint with its line."""

from pathlib import Path

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from reconciler import settings
from reconciler.config import yaml
from reconciler.config.schema import schema_text
from reconciler.model.errors import FileErrors
from reconciler.model.finding import CODES, Finding
from reconciler.model.plan import Policy
from reconciler.settings import Settings
from reconciler.settings.keys import BYTES, PERCENT, SECONDS, quantity
from tests.support import REPOSITORY

BASE = Path("/srv/esp")


def built(content: str) -> Settings:
    document = yaml.read(content.encode(), "reconciler.yaml")
    return settings.build(document.data, document.lines, "reconciler.yaml", BASE)


def refused(content: str) -> list[Finding]:
    with pytest.raises(FileErrors) as caught:
        built(content)
    return list(caught.value.findings)


def test_project_alone_is_enough_and_the_rest_has_the_documented_defaults() -> None:
    made = built("project: demo")
    assert made == Settings(
        project="demo",
        folder=BASE,
        root=BASE,
        targets={},
        default_target=None,
        policy=Policy(
            mode="managed",
            block=frozenset({"too-much", "empty"}),
            max_change_percent=30,
            min_sample=3,
            max_tenants_affected=None,
            growth_percent=10,
            max_lock_seconds=30,
            over_limit="warn",
            privacy="masked",
        ),
        file_bytes=16 * 2**20,
        depth=64,
        aliases=50,
        lint={},
        cache=made.cache,
    )


def test_every_key_is_read() -> None:
    made = built(
        """
project: production
root: desired
target: b
targets:
  a: {type: native, url: "sqlite:///a.db"}
  b:
    type: mailwizz
    url: env:ESP_B_URL
    insecure: true
    memory: reconciler
    table_prefix: mw_
    columns: {group_id: plan_id}
    app_moves: revert
mode: authoritative
hands_off: [package/Internal*, "*/test-*"]
external: [role/Admin]
safety:
  block: [delete, drift]
  max_change_percent: 5
  min_sample: 0
  max_tenants_affected: 400
  growth: 20 %
  max_lock_time: 2 min
  over_limit: block
limits: {file_bytes: 64 MiB, depth: 20, aliases: 0}
lint: {wildcard: off}
privacy: full
cache: var/parsed
"""
    )
    assert (made.root, made.default_target, made.cache) == (BASE / "desired", "b", BASE / "var/parsed")
    assert made.targets["a"].options == {}
    assert made.targets["b"].insecure
    assert made.targets["b"].options == {
        "memory": "reconciler",
        "table_prefix": "mw_",
        "columns": {"group_id": "plan_id"},
        "app_moves": "revert",
    }
    assert made.policy == Policy(
        mode="authoritative",
        block=frozenset({"delete", "drift"}),
        max_change_percent=5,
        min_sample=0,
        max_tenants_affected=400,
        growth_percent=20,
        max_lock_seconds=120,
        over_limit="block",
        hands_off=("package/Internal*", "*/test-*"),
        external=("role/Admin",),
        privacy="full",
    )
    assert (made.file_bytes, made.depth, made.aliases, made.lint) == (64 * 2**20, 20, 0, {"wildcard": "off"})


def test_the_only_target_is_the_default_and_two_have_none() -> None:
    assert built("project: p\ntargets: {a: {type: native}}").default_target == "a"
    assert built("project: p\ntargets: {a: {type: native}, b: {type: native}}").default_target is None


def test_the_cache_is_the_users_own_unless_a_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/own")
    own = built("project: p").cache
    assert own is not None and own.parent == Path("/own/reconciler/parsed")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ops"))
    assert str(built("project: p").cache).startswith("/home/ops/.cache/reconciler/parsed/")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert built("project: p").cache is None
    monkeypatch.delenv("XDG_CACHE_HOME")

    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    assert built("project: p").cache is None


def test_no_cache() -> None:
    assert built("project: p\ncache: false").cache is None


@pytest.mark.parametrize(
    ("stated", "units", "amount"),
    [
        ("10%", PERCENT, 10),
        ("10 %", PERCENT, 10),
        (10, PERCENT, 10),
        ("10", PERCENT, 10),
        ("30s", SECONDS, 30),
        ("30 s", SECONDS, 30),
        ("2 min", SECONDS, 120),
        ("1h", SECONDS, 3600),
        (30, SECONDS, 30),
        ("16 MiB", BYTES, 2**24),
        ("5 kB", BYTES, 5000),
    ],
)
def test_quantities(stated: object, units: dict[str, int], amount: int) -> None:
    assert quantity(stated, units) == amount


@pytest.mark.parametrize(
    "stated", [True, 1.5, None, "", "ten", "10 s", "-1", "1.5 %", "9" * 19, "10 % %", [10], "١٠ %"]
)
def test_no_quantities(stated: object) -> None:
    with pytest.raises(ValueError, match=r"quantity|number"):
        quantity(stated, PERCENT)


@pytest.mark.parametrize(
    ("content", "code", "field", "line", "said"),
    [
        ("mode: managed", "required", "project", 1, "not stated"),
        ("project: p\nprojct: q", "unknown-setting", "projct", 2, 'did you mean "project"'),
        ("project: p\nsafety:\n  growt: 1", "unknown-setting", "safety.growt", 3, 'did you mean "growth"'),
        (
            "project: p\ntargets:\n  a:\n    type: native\n    pasword: x",
            "unknown-setting",
            "targets.a.pasword",
            5,
            "key",
        ),
        ("project: p\ntargets: {a: {}}", "required", "targets.a.type", 2, "not stated"),
        ("project: p\nmode: mangaed", "choice", "mode", 2, 'did you mean "managed"'),
        ("project: 7", "type", "project", 1, "7 is of the wrong type"),
        ('project: ""', "name", "project", 1, "one line"),
        ('project: "a\\nb"', "name", "project", 1, "one line"),
        (f"project: {'x' * 101}", "name", "project", 1, "one line"),
        ("project: p\nroot: [a]", "type", "root", 2, "a list"),
        ("project: p\nsafety: 3", "type", "safety", 2, "3 is"),
        ("project: p\nsafety:\n  max_change_percent: 101", "range", "safety.max_change_percent", 3, "101"),
        ("project: p\nsafety:\n  min_sample: -1", "range", "safety.min_sample", 3, "-1"),
        ("project: p\nsafety:\n  min_sample: yes", "type", "safety.min_sample", 3, '"yes"'),
        ("project: p\nsafety:\n  growth: lots", "type", "safety.growth", 3, "not a quantity"),
        ("project: p\nsafety:\n  max_lock_time: 10 %", "type", "safety.max_lock_time", 3, "not a quantity"),
        ("project: p\nsafety:\n  max_tenants_affected: -1", "range", "safety.max_tenants_affected", 3, "-1"),
        ("project: p\nsafety:\n  max_tenants_affected: true", "range", "safety.max_tenants_affected", 3, "True"),
        ("project: p\nsafety:\n  over_limit: on", "choice", "safety.over_limit", 3, "is not allowed here"),
        (
            "project: p\nsafety:\n  block:\n  - delete\n  - delte",
            "choice",
            "safety.block.1",
            5,
            'did you mean "delete"',
        ),
        ("project: p\nsafety:\n  block: [in-use]", "choice", "safety.block.0", 3, "not a class of change"),
        ("project: p\nhands_off: [pakage/x]", "name", "hands_off.0", 2, "not a kind/name"),
        ("project: p\nexternal: [role]", "name", "external.0", 2, "not a kind/name"),
        ("project: p\nlimits: {depth: 2}", "range", "limits.depth", 2, "2"),
        ("project: p\nlimits: {file_bytes: big}", "type", "limits.file_bytes", 2, "not a quantity"),
        ("project: p\nlint: {wildcrd: off}", "choice", "lint.wildcrd", 2, 'did you mean "wildcard"'),
        ("project: p\nlint: {wildcard: loud}", "choice", "lint.wildcard", 2, "is not allowed here"),
        ("project: p\nprivacy: ${P}", "interpolation", "privacy", 2, "not read here"),
        ('project: p\nhands_off: ["role/${P}"]', "interpolation", "hands_off.0", 2, "not read here"),
        ("project: p\ncache: 5", "type", "cache", 2, "not a folder"),
        ('project: p\ncache: " "', "type", "cache", 2, "not a folder"),
        ('project: p\ncache: "a\\0b"', "type", "cache", 2, "not a folder"),
        *(
            (f'project: p\ncache: "{place}"', "choice", "cache", 2, "not a folder of its own below")
            for place in (".", "./", "..", "../x", "var/../../x", "/var/cache", "~", "~/x", ".git/x", "x/.GIT/hooks")
        ),
        ('project: p\nroot: "a\\0b"', "name", "root", 2, "not seen"),
        ("project: p\ntargets: {a: {type: native}}\ntarget: b", "choice", "target", 3, 'no target "b"'),
        ("project: p\ntargets: {a: {type: native, url: nowhere}}", "type", "targets.a.url", 2, "no database URL"),
        ("project: p\ntargets: {a: {type: native, url: 5}}", "type", "targets.a.url", 2, "this is of"),
        ("project: p\ntargets: {a: {type: native, insecure: 1}}", "type", "targets.a.insecure", 2, "1 is of"),
        ("project: p\nhands_off: role/x", "type", "hands_off", 2, '"role/x" is of'),
        ("project: p\nlimits: {depth: 1.5}", "type", "limits.depth", 2, "1.5 is of"),
        ("project: p\nlimits: {depth: {a: 1}}", "type", "limits.depth", 2, "a mapping is of"),
        ("project: p\ntargets: {a: {type: native, insecure: no}}", "type", "targets.a.insecure", 2, '"no" is of'),
        ("project: p\ntargets: {a: {type: native, memory: true}}", "type", "targets.a.memory", 2, "this is of"),
        ("project: p\ntargets: {a: {type: true}}", "type", "targets.a.type", 2, "true is of"),
        ("[a]", "type", "", 1, "a list"),
    ],
)
def test_complaints(content: str, code: str, field: str, line: int, said: str) -> None:
    (finding,) = refused(content)
    assert (finding.code, finding.field, str(finding.origin)) == (code, field, f"reconciler.yaml:{line}")
    assert said in finding.message
    assert finding.remedy
    assert finding.at_files
    assert finding.code in CODES


def test_all_complaints_come_at_once_and_in_the_order_of_the_file() -> None:
    findings = refused("mode: x\nprivacy: y\nsafety:\n  growth: z\n  block: [w]\nlimits: 1\n")
    assert [finding.origin.line for finding in findings if finding.origin] == [1, 1, 2, 4, 5, 6]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:s3cret@db.example/esp",
        "mysql+pymysql://app:s3cr/et@db.example/esp",
        "postgresql://db.example/esp?user=a&password=s3cret",
        "ENC[AES256_GCM,data:s3cret]",
        "app:s3cret@db.example",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(url: str) -> None:
    (finding,) = refused(f"project: p\ntargets:\n  a:\n    type: native\n    url: '{url}'\n")
    assert "s3cr" not in repr(finding)
    assert finding.origin is not None
    assert finding.origin.line == 5


def test_settings_do_not_show_a_url() -> None:
    assert "db.example" not in repr(built("project: p\ntargets: {a: {type: native, url: 'mysql://db.example/x'}}"))


def test_the_schema_is_sound_for_both_drafts_and_describes_every_key() -> None:
    schema = settings.schema()
    Draft202012Validator.check_schema(schema)
    Draft7Validator.check_schema(schema)
    assert "$ref" not in schema_text(schema)

    def undescribed(node: dict[str, object], path: str) -> list[str]:
        properties = node.get("properties", {})
        assert isinstance(properties, dict)
        missing = [f"{path}.{key}" for key, inner in properties.items() if not inner.get("markdownDescription")]
        missing += [f"{path}.{key}" for key, inner in properties.items() if not inner.get("examples")]
        return missing + [name for key, inner in properties.items() for name in undescribed(inner, f"{path}.{key}")]

    assert undescribed(schema, "") == []


def test_the_example_repository_is_valid_by_both_verdicts() -> None:
    content = (REPOSITORY / "reconciler.yaml").read_text()
    assert built(content).default_target == "esp"
    assert not list(Draft202012Validator(settings.schema()).iter_errors(yaml.read(content.encode(), "r").data))
