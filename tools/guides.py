"""Plays docs/guides/*.md and docs/targets.md as a reader would and writes what was answered under each command.
`refreshed()` is what a test compares.

A `console` block holds commands behind `$ `, each with what it answered; `[exit N]` stands under one that ended so. A
block with `file=PATH` behind its language is put into that file; one with `from=PATH` shows that file of the
repository, and with `from=PATH#NAME` what a Python file has under that name. All of a guide happens in one shell and
one empty folder. What differs from run to run (ids, times) is written as a placeholder.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "docs" / "guides"
PAGES = (*sorted(FOLDER.glob("*.md")), REPOSITORY / "docs" / "targets.md")
BLOCK = re.compile(
    r"^(?P<fence>`{3,})(?P<language>\w+)(?P<about>[^\n]*)\n(?P<body>.*?)^(?P=fence)$", re.DOTALL | re.MULTILINE
)
FILE = re.compile(r" file=(?P<path>\S+)")
FROM = re.compile(r" from=(?P<path>[^\s#]+)(?:#(?P<name>\w+))?")
COMMAND = "$ "
KEPT = frozenset({"LANG", "LC_ALL", "TMPDIR", "COVERAGE_FILE", "COVERAGE_PROCESS_START"})
"""What the shell has of the caller's environment."""

SETTLED = (
    (re.compile(r"\b[0-9a-f]{16}\b(?=[,.\s:])"), "0123456789abcdef"),
    (re.compile(r"(?<=0123456789abcdef, )[\d.,]+ s\b"), "0.1 s"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "2026-01-01T00:00:00Z"),
    (re.compile(r"((?:commit|·) `?)[0-9a-f]{7}\b"), r"\1abcdef0"),
    # Of a file's text: it is another one with each field that is exported.
    (re.compile(r"^index [0-9a-f]{7,}\.\.[0-9a-f]{7,}", re.MULTILINE), "index 0123456..789abcd"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)

TOOLS = {
    "reconciler": '#!/bin/sh\nexec {python} -m reconciler "$@"\n',
    # Not everybody who runs this has the client.
    "sqlite3": "#!{python}\n"
    "import sqlite3, sys\n"
    "with sqlite3.connect(sys.argv[1]) as database:\n"
    "    run = database.execute if sys.argv[2:] else database.executescript\n"
    "    rows = run(sys.argv[2] if sys.argv[2:] else sys.stdin.read()).fetchall()\n"
    "print(*('|'.join(map(str, row)) for row in rows), sep='\\n', end='\\n' if rows else '')\n",
    # Installs without a network, into a folder of this shell.
    "pip": "#!/bin/sh\nshift\n"
    'exec {python} -m pip --disable-pip-version-check install -q --no-deps --no-build-isolation --target {site} "$@"\n',
}


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell that goes on where the command before it stopped. `home`: an empty folder; `work`: where it begins."""

    home: Path
    work: Path

    @classmethod
    def begun(cls, home: Path) -> Shell:
        """With the tools that a reader has."""
        shell = cls(home, home / "work")
        tools = home / "bin"
        for folder in (tools, shell.work):
            folder.mkdir()
        for name, text in TOOLS.items():
            path = tools / name
            path.write_text(text.format(python=sys.executable, site=shell._site), encoding="utf-8")
            path.chmod(0o755)
        shell._state.write_text(f"cd {shlex.quote(str(shell.work))}\n", encoding="utf-8")
        return shell

    def answer(self, command: str) -> str:
        """What a command says on both streams, and how it ended where that was not with 0."""
        kept = f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} >{shlex.quote(str(self._state))}"
        script = f". {shlex.quote(str(self._state))}\n{command}\nended=$?\n{kept}\nexit $ended\n"
        ended = subprocess.run(
            ["bash", "--norc", "-c", script],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        text = ended.stdout.replace(str(self.work), "/home/you").replace(str(REPOSITORY), "$RECONCILER").rstrip("\n")
        for pattern, settled in SETTLED:
            text = pattern.sub(settled, text)
        lines = [text] if text else []
        return "".join(f"{line}\n" for line in (*lines, *([f"[exit {ended.returncode}]"] if ended.returncode else [])))

    def write(self, path: str, text: str) -> None:
        """Put a text into a file, from where the shell is now."""
        here = self._state.read_text(encoding="utf-8").splitlines()[-1]
        place = Path(shlex.split(here)[1]) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    @property
    def _state(self) -> Path:
        return self.home / "state.sh"

    @property
    def _site(self) -> Path:
        return self.home / "site"

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's settings: neither ours, nor git's, nor a colour."""
        kept = {name: said for name, said in os.environ.items() if name in KEPT}
        person = {"NAME": "You", "EMAIL": "you@esp.example", "DATE": "2026-01-01T00:00:00Z"}
        git = {f"GIT_{role}_{what}": said for role in ("AUTHOR", "COMMITTER") for what, said in person.items()}
        return {
            **kept,
            **git,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(self.home),
            "GIT_PAGER": "cat",
            "HOME": str(self.home),
            "LOGNAME": "you",
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": f"{self._site}:{REPOSITORY}",
            "RECONCILER": str(REPOSITORY),
            "XDG_CACHE_HOME": str(self.home / "cache"),
        }


def commands(body: str) -> Iterator[str]:
    """The commands of a block, without what they answered."""
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith(COMMAND):
            whole = [line.removeprefix(COMMAND)]
            while whole[-1].endswith("\\"):
                whole.append(next(lines))
            yield "\n".join(whole)


def shown(place: re.Match[str]) -> str:
    """A file of the repository, or what a Python file has under a name."""
    text = (REPOSITORY / place["path"]).read_text(encoding="utf-8")
    if not place["name"]:
        return text
    for node in ast.parse(text).body:
        names = {target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)}
        if place["name"] in names | {getattr(node, "name", "")}:
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno]) + "\n"
    raise ValueError(f"{place['path']} has no {place['name']}")


def refreshed(text: str) -> str:
    """A guide with every answer made anew."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell.begun(Path(folder).resolve())

        def played(block: re.Match[str]) -> str:
            if told := FILE.search(block["about"]):
                shell.write(told["path"], block["body"])
                return block[0]
            if place := FROM.search(block["about"]):
                return f"{block['fence']}{block['language']}{block['about']}\n{shown(place)}{block['fence']}"
            if block["language"] != "console":
                return block[0]
            said = "".join(f"{COMMAND}{command}\n{shell.answer(command)}" for command in commands(block["body"]))
            # What is answered may hold fences itself.
            fence = max([block["fence"], *(f"{run}`" for run in re.findall("^`{3,}", said, re.MULTILINE))], key=len)
            return f"{fence}console{block['about']}\n{said}{fence}"

        return BLOCK.sub(played, text)


def main() -> None:
    """Write every guide."""
    for path in PAGES:
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
