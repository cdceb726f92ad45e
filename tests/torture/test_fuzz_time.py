"""Twice the text takes about twice the time, whatever the text is made of; processor time, the best of a few runs."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from random import Random

import pytest

from benchmarks.hostile import Hostile, hostile_files
from reconciler.config.load import load
from reconciler.config.rules import silenced
from reconciler.kinds import KINDS
from reconciler.report.formats.markdown import escaped
from reconciler.report.masking import Masking
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.test_fuzz_yaml import PIECES

pytestmark = pytest.mark.torture

SMALLEST, LARGEST = 8_000, 128_000
ENOUGH = 0.05
"""Seconds: below, the machine's mood is larger than what is measured."""
MOST = 3.0
RUNS = 3
FRAMES = (
    (b"P: {note: ", b"_g}\n"),
    (b'P: {note: "', b'"}\n'),
    (b"P:\n  note: ", b"\n"),
    (b"P: {sending: {daily_limit: ", b"g}}\n"),
    (b"P: {assets: {sending_nodes: [", b"]}}\n"),
    (b"", b": {}\n"),
    (b"# ", b"\nP: {}\n"),
)


def seconds(folder: Path, content: bytes) -> float:
    """How long it takes to say what is wrong with a file, at best."""
    path = folder / "packages.d" / "p.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    best = float("inf")
    for _ in range(RUNS):
        gc.collect()
        began = time.process_time()
        desired = load(folder, KINDS)
        silenced(content)
        said = " ".join(finding.message for finding in desired.findings) + content.decode("utf-8", "replace")
        Masking(frozenset({"tenant"})).text(said)
        escaped(said)
        best = min(best, time.process_time() - began)
    return best


def grows(folder: Path, piece: bytes, before: bytes, after: bytes) -> str:
    """Where the time grows faster than the text; empty where it does not."""
    last, size = 0.0, SMALLEST
    while size <= LARGEST:
        larger, smaller = (before + piece * (part // len(piece) + 1) + after for part in (size, size // 2))
        took = seconds(folder, larger)
        if last > ENOUGH and took > MOST * last:
            # Both once more: the machine's mood passes, growth with the square does not.
            last, took = max(last, seconds(folder, smaller)), min(took, seconds(folder, larger))
            if took > MOST * last:
                return f"{piece!r} in {before!r}: {size // 2:,} bytes {last:.2f} s, {size:,} bytes {took:.2f} s"
        if took > 10:
            return f"{piece!r} in {before!r}: {size:,} bytes {took:.2f} s"
        last, size = took, size * 2
    return ""


def test_every_piece_takes_time_in_proportion(tmp_path: Path) -> None:
    chance = Random(count(1, 2))
    pieces = sorted({piece[:64] for piece in PIECES} | {b"1_", b"1.", b"-1", b"a ", b"a@", b"'a", b"[]", b"{},", b"a,"})
    tried = [(piece, frame) for piece in pieces for frame in FRAMES]
    tried += [(bytes(b"".join(chance.choices(pieces, k=3))), chance.choice(FRAMES)) for _ in range(count(200, 40))]
    tried = chance.sample(tried, count(200, 40))
    slow = [told for piece, frame in tried if (told := grows(tmp_path, piece, *frame))]
    record("texts of one piece, twice as long", f"{len(tried)} tried, {len(slow)} slower than in proportion")
    assert not slow


VALIDATED = [hostile for hostile in hostile_files() if hostile.command == "validate"]


@pytest.mark.parametrize("hostile", VALIDATED, ids=lambda hostile: hostile.name.replace(" ", "-"))
def test_every_hostile_file_takes_time_in_proportion(tmp_path: Path, hostile: Hostile) -> None:
    small, large = ([], [])
    for _ in range(3):  # the machine's mood passes, growth with the square does not
        for size, took in ((125_000, small), (250_000, large)):
            for place, text in hostile.files(size).items():
                (tmp_path / place).parent.mkdir(exist_ok=True)
                (tmp_path / place).write_text(text)
            took.append(min(loading(tmp_path) for _ in range(RUNS)))
        if min(large) < MOST * max(*small, ENOUGH):
            return
    raise AssertionError(f"125 kB: {small}, 250 kB: {large}")


def loading(folder: Path) -> float:
    gc.collect()
    began = time.process_time()
    load(folder, KINDS)
    return time.process_time() - began
