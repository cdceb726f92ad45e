"""A reconciler.yaml that was made to stop the program: as large as one may be, in the way that costs most."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import settings
from reconciler.config import yaml
from reconciler.model.errors import FileErrors
from reconciler.model.finding import MOST_ALIKE
from reconciler.workflow.site import LARGEST, Choices, open_site

ROOM = LARGEST - 200
HEAD = "project: p\n"


def times(part: str) -> str:
    """The part as often as there is room, each with its number in it."""
    count = ROOM // (len(part.replace("#", "")) + 5)
    return "".join(part.replace("#", str(number)) for number in range(count))


HOSTILE = {
    "a long url": f"{HEAD}targets: {{a: {{type: native, url: '{'a' * ROOM}'}}}}",
    "a url of variables": HEAD + "targets: {a: {type: native, url: '" + "${A:?" * (ROOM // 5) + "'}}",
    "a long word": f"{HEAD}mode: {'a' * ROOM}",
    "a long project": f"project: a{' ' * ROOM}b",
    "unknown keys": HEAD + times("k#: 1\n"),
    "a long key": f"{HEAD}? {'k' * ROOM}\n: 1",
    "no globs": f"{HEAD}hands_off: [{times('x#,')}]",
    "globs": f"{HEAD}hands_off: [{times('role/x#,')}]",
    "a long glob": f"{HEAD}hands_off: ['{'*a' * (ROOM // 2)}/x']",
    "classes": f"{HEAD}safety: {{block: [{times('x#,')}]}}",
    "a long class": f"{HEAD}safety: {{block: [{'x' * ROOM}]}}",
    "codes": f"{HEAD}lint: {{{times('k#: x,')}}}",
    "a long code": f"{HEAD}lint: {{{'x' * 1000}: off}}",
    "targets": f"{HEAD}target: zz\ntargets: {{{times('k#: {type: n},')}}}",
    "wrong targets": f"{HEAD}targets: {{{times('k#: {},')}}}",
    "columns": f"{HEAD}targets: {{a: {{type: n, columns: {{{times('k#: 1,')}}}}}}}",
    "variables": HEAD + "hands_off: [" + "'${A}'," * (ROOM // 7) + "]",
    "a long number": f"{HEAD}safety: {{growth: {'1' * ROOM}}}",
    "a number with blanks": f"{HEAD}safety: {{growth: '1{' ' * ROOM}x'}}",
    "an endless number": f"{HEAD}safety: {{max_change_percent: 1{'_1' * (ROOM // 2)}g}}",
    "a list for a text": f"{HEAD}root: [{'1,' * (ROOM // 2)}]",
    "a list for a folder": f"{HEAD}cache: [{'1,' * (ROOM // 2)}]",
    "passwords": f"{HEAD}targets: {{a: {{type: n, memory: '{'a://b:' * (ROOM // 6)}'}}}}",
}


def findings(text: str) -> list[str]:
    try:
        document = yaml.read(text.encode(), "reconciler.yaml")
        settings.build(document.data, document.lines, "reconciler.yaml", Path("/x"))
    except FileErrors as error:
        return [f"{finding.field} {finding.message} {finding.remedy}" for finding in error.findings]
    return []


@pytest.mark.parametrize("name", HOSTILE)
def test_complaints_stay_readable(name: str) -> None:
    assert len(HOSTILE[name]) <= LARGEST
    told = findings(HOSTILE[name])
    assert len(told) <= 2 * (MOST_ALIKE + 1)
    assert sum(map(len, told)) < 100_000


def test_what_is_not_told_one_by_one_is_counted() -> None:
    told = findings(HEAD + "".join(f"k{number}: 1\n" for number in range(MOST_ALIKE + 5)))
    assert len(told) == MOST_ALIKE + 1
    assert " 5 more of this code are not listed " in told


def test_no_file_takes_long(tmp_path: Path) -> None:
    """In seconds of the processor for all of them: what grows with the square takes minutes for one."""
    for name, text in HOSTILE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from tests.unit.settings.test_hostile import findings\n"
        "for path in Path(sys.argv[1]).iterdir(): findings(path.read_text())\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        check=True,
        cwd=Path(__file__).parents[3],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )


def test_a_larger_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(HEAD + "#" * LARGEST, encoding="utf-8")
    with pytest.raises(FileErrors) as caught:
        open_site(Choices(config=tmp_path), {}, tmp_path)
    assert [finding.code for finding in caught.value.findings] == ["too-large"]
