"""Files that mean harm: about 1 MB each, and a command has to say what is wrong with them at once and in little memory.

    python -m benchmarks.hostile [--size 1000000] [--rounds 3] [--only WORD]

Prints a table of its own; as a part of `make bench` the same table goes into docs/benchmarks.md. Works in
`var/bench/hostile`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks import ours
from benchmarks.measure import Broken, Case, Sample, measure
from benchmarks.page import table
from benchmarks.results import Results, Verdict

SIZE = 1_000_000
SECONDS = 1.0
PEAK_MIB = 200
WORKSHOP = ours.REPOSITORY / "var" / "bench" / "hostile"
WRONG, BLOCKED = 1, 3

SETTINGS = """\
project: hostile
targets:
  esp:
    type: native
    url: sqlite:///esp.db
"""

Files = Mapping[str, str]
"""Path below the root → text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """`files`: what is written for a number of bytes; `expect`: the exit code of the command."""

    name: str
    files: Callable[[int], Files]
    command: str = "validate"
    expect: int = WRONG


def hostile_files() -> tuple[Hostile, ...]:
    """Every case; each is one that once took minutes, or its sibling."""
    return (*_of_text(), *_of_values(), *_of_names(), *_of_objects(), *_of_live_names())


def case(hostile: Hostile, folder: Path, size: int) -> Case:
    """The case in a folder of its own, files and settings written; the database is that of the parent folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "root").mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(f"root: root\n{SETTINGS}")
    for place, text in hostile.files(size).items():
        path = folder / "root" / place if "/" in place else folder / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    if hostile.command == "plan":
        shutil.copy(folder.parent / "esp.db", folder / "esp.db")
    return Case(
        name=hostile.name,
        argv=(sys.executable, "-m", "reconciler", hostile.command, "-c", str(folder / "reconciler.yaml")),
        folder=folder,
        expect=hostile.expect,
        environ=ours.ON_PATH,
    )


def database(folder: Path) -> None:
    """A seeded live system that the plans are made against."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "reconciler.yaml").write_text(SETTINGS)
    for name in ("database create", "database seed"):
        argv = (sys.executable, "-m", "reconciler", *name.split(), "-c", str(folder / "reconciler.yaml"))
        measure(Case(name=name, argv=argv, folder=folder, environ=ours.ON_PATH))


def measured(size: int, rounds: int, only: str = "") -> Iterator[tuple[Hostile, Sample]]:
    """Each case as often as asked, one after the other. Raises Broken where a command does not say what is wrong."""
    database(WORKSHOP)
    for hostile in hostile_files():
        if only in hostile.name:
            prepared = case(hostile, WORKSHOP / "case", size)
            for _ in range(rounds):
                sample = measure(prepared)
                print(f"  {sample.seconds:8.3f} s  {sample.peak_mib:6.0f} MB  {hostile.name}", file=sys.stderr)
                yield hostile, sample


def rows(results: Results, size: int) -> Iterator[str]:
    """The table of what was measured, as lines of Markdown."""
    names = [name for tenants, name in results.samples if tenants == size]
    yield from table(
        ("hostile file", "seconds", "processor", "memory"),
        (
            (
                name,
                f"{results.seconds(size, name):.3f}",
                f"{results.busy(size, name):.3f}",
                _memory(results, size, name),
            )
            for name in names
        ),
    )


def judged(results: Results, size: int) -> Iterator[Verdict]:
    """Whether all of them are told of in time and in little memory; the slowest and the largest."""
    names = [name for tenants, name in results.samples if tenants == size]
    if names:
        slowest = max(results.seconds(size, name) for name in names)
        largest = max(results.peak_mib(size, name) for name in names)
        what = f"each of {len(names)} hostile files of {size / 1_000_000:g} MB"
        yield Verdict(goal=f"{what}: at most {SECONDS:g} s", measured=f"{slowest:.2f} s", met=slowest <= SECONDS)
        yield Verdict(goal=f"{what}: at most {PEAK_MIB} MB", measured=f"{largest:.0f} MB", met=largest <= PEAK_MIB)


def _memory(results: Results, size: int, name: str) -> str:
    return f"{results.peak_mib(size, name):.0f} MB"


def repeated(text: str, size: int) -> str:
    """The text again and again, about so many characters."""
    return text * max(1, size // len(text))


def numbered(text: str, size: int) -> str:
    """The text with a number for each `{}`, until it is so long."""
    parts, length = [], 0
    for number in count():
        part = text.replace("{}", str(number))
        length += len(part)
        if length > size:
            return "".join(parts)
        parts.append(part)
    raise AssertionError


def _packages(name: str, make: Callable[[int], str], expect: int = WRONG) -> Hostile:
    return Hostile(name=name, files=lambda size: {"packages.d/p.yaml": make(size)}, expect=expect)


def _of_text() -> Iterator[Hostile]:
    """What a scanner may read again and again."""
    for name, piece in (
        ("underscores between digits", "1_"),
        ("digits", "0"),
        ("dots", "1."),
        ("signs and digits", "1-+"),
        ("letters", "a"),
        ("blanks", " "),
        ("hash signs", " #"),
        ("comments that silence", " # nolint: wildcard"),
        ("colons", "a:"),
        ("colons and blanks", ": "),
        ("dashes", "- "),
        ("question marks", "? "),
        ("commas", ", "),
        ("opening brackets", "["),
        ("opening braces", "{a: "),
        ("brackets in pairs", "[],"),
        ("anchors", "&a "),
        ("aliases", "*a "),
        ("tags", "!a "),
        ("single quotes", "'"),
        ("double quotes", '"'),
        ("backslashes", "\\"),
        ("environment", "${a"),
        ("addresses", "a@"),
        ("marks on one letter", "\u0315\u0300"),
    ):
        for where, before, after in (
            ("a text", "P: {note: ", "_g}\n"),
            ("a number", "P: {sending: {daily_limit: ", "g}}\n"),
        ):
            yield Hostile(
                name=f"{name} as {where}",
                files=lambda size, piece=piece, before=before, after=after: {  # type: ignore[misc]
                    "packages.d/p.yaml": f"{before}{repeated(piece, size)}{after}"
                },
                expect=0 if (where, piece) in SOUND else WRONG,
            )
    yield _packages(
        "a quoted switch of marks on one letter",
        lambda size: f"P: {{require: {{dkim: 'a{repeated(chr(0x315) + chr(0x300), size // 2)}'}}}}\n",
    )
    yield _packages("one name of blanks", lambda size: f"a{repeated(' ', size)}b")
    yield _packages("lines without a colon", lambda size: "a: x\n" + repeated("  a\n", size) + "b\n")
    yield _packages("lines of blanks", lambda size: "a:" + repeated(" \n", size) + "b\n")
    yield _packages("lines of dashes", lambda size: "".join(f"{' ' * n}- \n" for n in range(int((2 * size) ** 0.5))))


SOUND = {("a text", piece) for piece in ("1_", "0", "1.", "1-+", "a", " ", "a:", "\\", "a@")} | {
    ("a text", "\u0315\u0300")
}


def _of_values() -> Iterator[Hostile]:
    """Many values in few bytes."""
    yield _packages(
        "a list of one letter", lambda size: f"P: {{assets: {{sending_nodes: [{repeated('a,', size)}]}}}}\n"
    )
    yield _packages("a list of dashes", lambda size: repeated("-\n", size))
    yield _packages("a list of lists", lambda size: f"P: {{note: [{repeated('[],', size)}]}}\n")
    yield _packages("a mapping of one letter", lambda size: f"{{{repeated('a,', size)}}}\n")
    yield _packages("the same name", lambda size: repeated("P: {}\n", size))
    yield _packages("names without a value", lambda size: numbered("p{}:\n", size))
    yield _packages(
        "nested to the limit", lambda size: "P: {note: " + repeated("[" * 60 + "]" * 60 + ",", size) + "}\n"
    )
    yield _packages("unlawful names of headers", lambda size: "P:\n  headers:\n" + numbered("    '.{}': x\n", size))
    yield _packages("headers alike", lambda size: "P:\n  headers:\n" + repeated("    X-A: x\n    x-a: x\n", size))
    yield _packages("numbers in quotes", lambda size: numbered("p{}: {sending: {daily_limit: '5'}}\n", size))


def _of_names() -> Iterator[Hostile]:
    """Words that are nearly right."""
    yield _packages("unknown fields of one object", lambda size: "P:\n" + numbered("  daily_limi{}: 1\n", size))
    yield _packages(
        "unknown fields of many objects", lambda size: numbered("p{}: {sending: {daily_limi{}: 1}}\n", size)
    )
    yield _packages(
        "unknown fields below a long name", lambda size: f"{'n' * (size // 2)}:\n" + numbered("  f{}: 1\n", size // 2)
    )
    yield _packages("choices", lambda size: numbered("p{}: {lifecycle: activ{}}\n", size))
    yield Hostile(
        name="unknown settings",
        files=lambda size: {"reconciler.yaml": f"root: root\n{SETTINGS}" + numbered("projec{}: 1\n", size)},
    )
    yield Hostile(
        name="dangling, each another name",
        files=lambda size: {
            "roles.d/r.yaml": numbered("Role number {}: {}\n".replace(": {}", ": {description: x}"), size // 2),
            "packages.d/p.yaml": numbered("p{}: {role: Rule numbr {}}\n", size // 2),
        },
    )
    yield _packages(
        "dangling, all the same name", lambda size: "".join(f"p{n}: {{role: none such}}\n" for n in range(size // 24))
    )


def _of_objects() -> Iterator[Hostile]:
    """Objects that are wrong only together."""
    yield _packages("twins", lambda size: numbered("p{}: {note: x}\nP{}: {note: y}\n", size))
    yield _packages("a ring", lambda size: numbered("p{}: {quota: {action: move, move_to: p{}}}\n", size))
    yield _packages("one long ring", _long_ring)
    yield _packages("former names", lambda size: numbered("p{}: {previously: [p, q{}]}\n", size))
    yield _packages("moved to what goes", lambda size: numbered("p{}: {lifecycle: removed, reassign_to: p{}}\n", size))
    yield Hostile(
        name="wildcards that are silenced",
        files=lambda size: {"roles.d/r.yaml": numbered("r{}: {permissions: ['*']}  # nolint: wildcard meant\n", size)},
        expect=0,
    )
    yield Hostile(
        name="wildcards", files=lambda size: {"roles.d/r.yaml": numbered("r{}: {permissions: ['*']}\n", size)}, expect=0
    )
    yield Hostile(
        name="twice in two files",
        files=lambda size: {f"roles.d/{name}.yaml": numbered("r{}: {description: x}\n", size // 2) for name in "ab"},
    )


def _long_ring(size: int) -> str:
    length = size // 45
    return "".join(f"p{n}: {{quota: {{action: move, move_to: p{(n + 1) % length}}}}}\n" for n in range(length))


def _of_live_names() -> Iterator[Hostile]:
    """Names that the live system does not have."""
    for name, text in (("unknown permissions", "    - contacts.vie{}\n"), ("unknown wildcards", "    - contact{}.*\n")):
        yield Hostile(
            name=f"{name} of one role",
            files=lambda size, text=text: {"roles.d/r.yaml": "R:\n  permissions:\n" + numbered(text, size)},  # type: ignore[misc]
            command="plan",
            expect=BLOCKED,
        )
    yield Hostile(
        name="unknown permissions of many roles",
        files=lambda size: {"roles.d/r.yaml": numbered("r{}: {permissions: [contacts.vie{}]}\n", size)},
        command="plan",
        expect=BLOCKED,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description="Measure hostile files.")
    parser.add_argument("--size", type=int, default=SIZE, help="bytes of each")
    parser.add_argument("--rounds", type=int, default=3, help="how often each command is run")
    parser.add_argument("--only", default="", metavar="WORD", help="cases whose name holds it")
    asked = parser.parse_args()
    ours.compile_modules()
    results = Results()
    try:
        for hostile, sample in measured(asked.size, asked.rounds, asked.only):
            results.add(asked.size, hostile.name, sample)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1
    print("\n".join(rows(results, asked.size)))
    verdicts = list(judged(results, asked.size))
    print("\n".join(f"{verdict.goal}: {verdict.measured}, {verdict.word}" for verdict in verdicts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
