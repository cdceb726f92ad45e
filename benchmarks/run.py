"""`make bench`: our commands and the peers that are installed, in one run, into docs/benchmarks.md.

    python -m benchmarks.run [--sizes 1000,10000] [--rounds 3] [--seconds 270] [--peers] [--hostile 1000000]

When the time is up, only a first round is finished; sizes that have not begun by then are left out.
Works in `var/bench`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import goals, hostile, ours, peers
from benchmarks.measure import Broken, Case, Sample, measure
from benchmarks.page import page
from benchmarks.results import Results

SIZES = (1_000, 10_000, 100_000)
WORKSHOP = ours.REPOSITORY / "var"
PAGE = ours.REPOSITORY / "docs" / "benchmarks.md"


def sizes(text: str) -> tuple[int, ...]:
    """`1000,10000` as numbers."""
    return tuple(int(part) for part in text.split(","))


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure, print, write a page.")
    parser.add_argument("--sizes", type=sizes, default=SIZES, help="numbers of tenants, with commas between")
    parser.add_argument("--rounds", type=int, default=3, help="how often each command is run, at most")
    parser.add_argument("--seconds", type=int, default=270, help="after this time only a first round is finished")
    parser.add_argument("--peers", action="store_true", help="install octoDNS into var/bench-venv first")
    parser.add_argument("--hostile", type=int, default=hostile.SIZE, help="bytes of each hostile file; 0: none")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page is written")
    return parser.parse_args()


def turns(cases: tuple[Case, ...], rounds: int, until: float) -> Iterator[tuple[str, Sample]]:
    """Every case once, then every case once more, as long as there is time."""
    for number in range(rounds):
        for case in cases:
            if number and time.monotonic() > until:
                return
            sample = measure(case)
            print(f"  {sample.seconds:8.3f} s  {sample.peak_mib:6.0f} MB  {case.name}", file=sys.stderr, flush=True)
            yield case.name, sample


def measured(options: argparse.Namespace, octodns: Path | None) -> Results:
    """Everything that is to be measured. Raises Broken when a command does not do its work."""
    results, until = Results(), time.monotonic() + options.seconds
    ours.compile_modules()
    print("start-up", file=sys.stderr)
    for name, sample in turns(ours.start_up(), max(options.rounds, 5), until):
        results.add(goals.START_UP, name, sample)
    # Those that terraform takes come last: it alone may use up the time.
    for tenants in sorted(options.sizes, key=lambda size: (size <= peers.TERRAFORM_LARGEST, size)):
        if time.monotonic() > until:
            results.left_out.append(tenants)
            continue
        print(f"{tenants:,} tenants", file=sys.stderr)
        operator = ours.Operator(WORKSHOP / "bench" / str(tenants), tenants)
        results.add(tenants, ours.CREATE_ALL, operator.set_up())
        results.add(tenants, goals.BARE_INSERT, Sample(operator.bare_insert()))
        for name, sample in turns((*operator.cases(), *rivals(operator, octodns)), options.rounds, until):
            results.add(tenants, name, sample)
    return results


def rivals(operator: ours.Operator, octodns: Path | None) -> tuple[Case, ...]:
    """The peers that take this many tenants in bearable time."""
    found: tuple[Case, ...] = ()
    if operator.tenants <= peers.TERRAFORM_LARGEST:
        found += peers.terraform(operator.folder / "terraform", operator.folder / "base" / "tenants.d")
    if operator.tenants <= peers.OCTODNS_LARGEST:
        found += peers.octodns(operator.folder / "octodns", operator.tenants, octodns)
    return found


def main() -> int:
    options = asked()
    octodns = peers.octodns_program(WORKSHOP / "bench-venv", install=options.peers)
    try:
        results, harm = measured(options, octodns), Results()
        for case, sample in hostile.measured(options.hostile, 1) if options.hostile else ():
            harm.add(options.hostile, case.name, sample)
    except Broken as broken:
        print(broken, file=sys.stderr)
        return 1
    verdicts = (*goals.judged(results), *hostile.judged(harm, options.hostile))
    command = " ".join(("python -m benchmarks.run", *sys.argv[1:])) if sys.argv[1:] else "make bench"
    table = tuple(hostile.rows(harm, options.hostile)) if harm.samples else ()
    text = page(results, verdicts, command=command, peers=peers.versions(octodns), hostile=table)
    print(text)
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
