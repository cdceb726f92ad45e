"""Hostile files in a child process: whatever the bytes, an answer within a second, no traceback and no signal."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from tests.support import REPOSITORY

pytestmark = pytest.mark.torture

DOCUMENTS = 2_000
BATCH = 250
LONGEST_SECONDS = 1.0

GOOD = (
    b"Growth:\n  role: Marketing\n  sending:\n    daily_limit: 5000\n    hourly_speed: unlimited\n"
    b"  headers: {X-Tier: growth}\n  previously: [Pro, 'Old ''one''']\n  note: |\n    two\n    lines\n",
    b"Starter Plan: &s\n  quota: {emails: -1, action: move, move_to: Growth}\nScale: *s\n"
    b"Legacy: {lifecycle: removed}\n",
    "Café:\n  assets:\n    sending_nodes:\n      - smtp-1\n  setup_guide: false\n---\n# end\n".encode(),
    b"".join(b"t%d:\n  note: number %d\n" % (n, n) for n in range(300)),
)
PIECES = (
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!python/object/apply:os.system [id]",
    b"!x ",
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"? ",
    b": ",
    b"- ",
    b"[" * 200,
    b"{a: " * 200,
    b"- " * 200,
    b"\t",
    b"\x00",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b'"',
    b"'",
    b"|\n",
    b">-\n",
    b"${HOME}",
    b"~",
    b"null",
    b".nan",
    b"-.inf",
    b"9" * 5000,
    b"1e999",
    b"0o7",
    b"1_0",
    b"\\u0000",
    b'"\\x00"',
    b'"\\ud800"',
    b"a: " * 50,
    b"#",
    b"\r",
    b"\n",
    b" " * 400,
    b"# nolint: wildcard x\n",
    b"off: ",
    b"1: ",
    b"=: ",
    b"x" * 3000,
)

CHILD = """
import json, resource, sys, tempfile, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from reconciler.config.load import load
from reconciler.config.yaml import parse
from reconciler.kinds import KINDS
documents = [bytes.fromhex(text) for text in json.load(sys.stdin)]
slowest, told = 0.0, 0
for document in documents:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "packages.d").mkdir()
        (Path(folder) / "packages.d/fuzz.yaml").write_bytes(document)
        started = time.perf_counter()
        desired = load(Path(folder), KINDS, cache=Path(folder) / "cache")
        for record in desired.sheets["package"].values():
            record.where("note")
        slowest = max(slowest, time.perf_counter() - started)
    _, complaints = parse(document)
    assert bool(complaints) <= bool(desired.findings), document
    assert all(finding.message and finding.origin for finding in desired.findings), document
    told += bool(desired.findings)
print(json.dumps({"slowest": slowest, "told": told}))
"""


def mutated(chance: random.Random) -> bytes:
    """A good file with some of its bytes changed, cut, repeated or interrupted by something nasty."""
    content = bytearray(chance.choice(GOOD))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(content) + 1)
        match chance.randrange(5):
            case 0:
                content[place:place] = chance.choice(PIECES)
            case 1:
                content[place : place + chance.randint(1, 20)] = b""
            case 2:
                content[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
            case 3:
                content[place:place] = content[place : place + chance.randint(1, 60)]
            case _:
                content[place:place] = chance.choice(PIECES) * chance.randint(1, 5)
    return bytes(content)


def invented(chance: random.Random) -> bytes:
    """Nothing but nasty pieces and noise."""
    parts = [chance.choice((*PIECES, b"a", b"b: 1\n", b"  ", b"\n")) for _ in range(chance.randint(1, 40))]
    if chance.random() < 0.2:
        parts.append(chance.randbytes(chance.randint(1, 200)))
    return b"".join(parts)


@pytest.mark.parametrize("batch", range(DOCUMENTS // BATCH))
def test_no_traceback_no_signal_no_wait(batch: int) -> None:
    chance = random.Random(batch)
    documents = [(mutated if chance.random() < 0.7 else invented)(chance) for _ in range(BATCH)]
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD],
        input=json.dumps([document.hex() for document in documents]),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=REPOSITORY,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    answer = json.loads(child.stdout)
    assert answer["slowest"] < LONGEST_SECONDS
    assert answer["told"] > BATCH // 2


def test_bombs_of_every_sort() -> None:
    """The limits hold before the memory and the stack do."""
    bombs = [
        b"a: " + b"[" * 1_000_000,
        b"- " * 1_000_000,
        b"-  " * 1_000_000,
        b"? " * 1_000_000,
        b"{a: " * 500_000,
        b"a: " + b"&x " * 100_000,
        b"a: " + b"9" * 1_000_000,
        b'a: "' + b"\\" * 1_000_001 + b'"',
        b"\n".join(b"%s: 1" % (b" " * n) for n in range(2_000)),
        b"a0: &a0 [x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)),
    ]
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD],
        input=json.dumps([bomb.hex() for bomb in bombs]),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=REPOSITORY,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    assert json.loads(child.stdout)["told"] == len(bombs)
