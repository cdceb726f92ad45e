"""Results as a Markdown page that is also read on a terminal. Knows no command and measures nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.results import Results, Verdict

INTRODUCTION = """\
# Benchmarks

Made by `{command}`. All figures are of one run on one machine; the commands take turns (A B A B), each in a process
of its own. Seconds are medians of wall time, beside them those of processor time (a busy machine shows in the
difference), memory is the highest peak of a process, a ratio is the median of the
ratios within a round. The files: 100 a size, 5.45 lines a tenant, overrides in half of them. "1 % changed" is spread
over all files; "no cache" means that every file is parsed. The peers do a plan of the same number of tenants (octoDNS:
of DNS records of the same length) with nothing to change.

{machine}
"""

NO_PEERS = "No peer was measured: terraform is not installed, and octoDNS needs `--peers`."


HOSTILE = """
## Hostile files

About 1 MB each, made to take time: what a scanner may read again and again, many values in few bytes, words that are
nearly right, objects that are wrong only together. One run of the whole command each, start-up included. Alone:
`python -m benchmarks.hostile`.
"""


def page(
    results: Results,
    verdicts: Sequence[Verdict],
    *,
    command: str,
    peers: Sequence[str],
    hostile: Sequence[str] = (),
) -> str:
    """The whole page. `peers`: those that were here, with versions; `hostile`: the table of the hostile files."""
    parts = [
        INTRODUCTION.format(command=command, machine=f"Machine: {machine()}. {_peers(peers)}"),
        "## Goals\n",
        *table(("goal", "measured", ""), ((v.goal, v.measured, v.word) for v in verdicts)),
        "\n## Figures\n",
        *table(("tenants", "command", "seconds", "processor", "memory", "times"), _figures(results)),
    ]
    if results.left_out:
        parts.append(f"\nLeft out, because the time was up: {', '.join(f'{size:,}' for size in results.left_out)}.")
    parts += [HOSTILE, *hostile] if hostile else []
    return "\n".join(parts) + "\n"


def machine() -> str:
    """What a reader needs to compare with a machine of theirs; nothing that tells whose it is."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table whose columns stand under each other."""
    cells = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for number, row in enumerate(cells):
        yield f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"


def _figures(results: Results) -> Iterator[tuple[str, ...]]:
    for tenants, name in sorted(results.samples, key=lambda case: case[0]):
        peak = results.peak_mib(tenants, name)
        yield (
            f"{tenants:,}" if tenants else "",
            name,
            f"{results.seconds(tenants, name):.3f}",
            f"{results.busy(tenants, name):.3f}" if peak else "",
            f"{peak:.0f} MB" if peak else "",
            str(results.rounds(tenants, name)),
        )


def _peers(peers: Sequence[str]) -> str:
    return f"Peers: {', '.join(peers)}." if peers else NO_PEERS


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
