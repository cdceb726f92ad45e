"""The goals, each judged by the figures of one run; a goal without its figures is not judged."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

from benchmarks import ours, peers
from benchmarks.results import Results, Verdict

START_UP = 0
"""Cases without tenants are kept under this size."""

BARE_INSERT = "bare bulk insert of the same rows"


def judged(results: Results) -> Iterator[Verdict]:
    """Every goal of which both sides were measured."""
    yield from _against_peers(results)
    yield from _against_the_parser(results)
    yield from _in_seconds(results)
    yield from _memory_and_growth(results)
    yield from _writing(results)
    yield from _start_up(results)


def _against_peers(results: Results) -> Iterator[Verdict]:
    for tenants, case, peer, least in (
        (1_000, ours.COLD, peers.AS_WRITTEN, 60),
        (1_000, ours.COLD, peers.FASTEST, 12),
        (10_000, ours.COLD, peers.OCTODNS, 40),
        (10_000, ours.WARM, peers.OCTODNS, 120),
    ):
        if results.has((tenants, case), (tenants, peer)):
            times = results.ratio((tenants, peer), (tenants, case))
            yield Verdict(
                goal=f"{case}, {tenants:,} tenants: at least {least} times faster than {peer}",
                measured=f"{times:.1f} times",
                met=times >= least,
            )


def _against_the_parser(results: Results) -> Iterator[Verdict]:
    for tenants in (100_000, 1_000_000):
        cold, parser = (tenants, ours.COLD), (tenants, ours.PARSER)
        if results.has(cold, parser):
            times = results.ratio(cold, parser)
            yield Verdict(
                goal=f"{ours.COLD}, {tenants:,} tenants: at most 2.5 times {ours.PARSER}",
                measured=f"{times:.1f} times",
                met=times <= 2.5,
            )


def _in_seconds(results: Results) -> Iterator[Verdict]:
    for tenants, case, most in (
        (100_000, ours.WARM, 0.4),
        (1_000_000, ours.WARM, 2.5),
        (1_000_000, ours.ONE_FILE, 3.5),
        (START_UP, ours.VALIDATE, 0.35),
    ):
        if results.has((tenants, case)):
            seconds = results.seconds(tenants, case)
            size = f", {tenants:,} tenants" if tenants else ""
            yield Verdict(goal=f"{case}{size}: at most {most:g} s", measured=f"{seconds:.2f} s", met=seconds <= most)


def _memory_and_growth(results: Results) -> Iterator[Verdict]:
    small, large = (10_000, ours.COLD), (100_000, ours.COLD)
    if results.has(small):
        peak = results.peak_mib(*small)
        yield Verdict(goal="memory of a plan, 10,000 tenants: at most 60 MB", measured=f"{peak:.0f} MB", met=peak <= 60)
    if results.has(small, large):
        bytes_each = (results.peak_mib(*large) - results.peak_mib(*small)) * 1024 * 1024 / 90_000
        yield Verdict(
            goal="memory from 10,000 to 100,000 tenants: at most 600 bytes a tenant more",
            measured=f"{bytes_each:.0f} bytes",
            met=bytes_each <= 600,
        )
        exponent = log(results.seconds(*large) / results.seconds(*small)) / log(10)
        yield Verdict(
            goal="time of a plan from 10,000 to 100,000 tenants grows with an exponent of at most 1.05",
            measured=f"{exponent:.2f}",
            met=exponent <= 1.05,
        )


def _writing(results: Results) -> Iterator[Verdict]:
    tenants = 100_000
    if results.has((tenants, ours.APPLY), (tenants, ours.ONE_PERCENT)):
        beyond = results.seconds(tenants, ours.APPLY) - results.seconds(tenants, ours.ONE_PERCENT)
        yield Verdict(
            goal="apply of 1 % of 100,000 tenants, beyond its plan: at most 0.2 s",
            measured=f"{beyond:.2f} s",
            met=beyond <= 0.2,
        )
    if results.has((tenants, ours.CREATE_ALL), (tenants, BARE_INSERT)):
        times = results.ratio((tenants, ours.CREATE_ALL), (tenants, BARE_INSERT))
        yield Verdict(
            goal=f"apply that creates 100,000 tenants: at most 2.5 times the {BARE_INSERT}",
            measured=f"{times:.1f} times",
            met=times <= 2.5,
        )
    if results.has((tenants, ours.REPRICED), (tenants, ours.WARM)):
        more = results.ratio((tenants, ours.REPRICED), (tenants, ours.WARM)) - 1
        yield Verdict(
            goal="impact of ten package changes on 100,000 tenants: at most 20 % of the plan",
            measured=f"{more:.0%}",
            met=more <= 0.2,
        )


def _start_up(results: Results) -> Iterator[Verdict]:
    for tenants, case, most in ((START_UP, ours.HELP, 4), (START_UP, ours.VALIDATE, 12), (1_000, ours.WARM, 25)):
        if results.has((tenants, case), (tenants, ours.PYTHON)):
            times = results.ratio((tenants, case), (tenants, ours.PYTHON))
            size = f", {tenants:,} tenants" if tenants else ""
            goal = f"{case}{size}: at most {most} times {ours.PYTHON}"
            yield Verdict(goal=goal, measured=f"{times:.1f} times", met=times <= most)
