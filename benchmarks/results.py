"""What was measured: medians, ratios of the same round, and whether a goal is met. Knows no command."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from benchmarks.measure import Sample


@dataclass(slots=True)
class Results:
    """Samples by (tenants, name of the case), in the order of the rounds; and the sizes there was no time for."""

    samples: dict[tuple[int, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    left_out: list[int] = field(default_factory=list)

    def add(self, tenants: int, name: str, sample: Sample) -> None:
        self.samples[tenants, name].append(sample)

    def has(self, *cases: tuple[int, str]) -> bool:
        return all(self.samples.get(case) for case in cases)

    def seconds(self, tenants: int, name: str) -> float:
        return median(sample.seconds for sample in self.samples[tenants, name])

    def busy(self, tenants: int, name: str) -> float:
        return median(sample.busy for sample in self.samples[tenants, name])

    def peak_mib(self, tenants: int, name: str) -> float:
        return max(sample.peak_mib for sample in self.samples[tenants, name])

    def rounds(self, tenants: int, name: str) -> int:
        return len(self.samples[tenants, name])

    def ratio(self, slower: tuple[int, str], faster: tuple[int, str]) -> float:
        """The median of the ratios within a round: the machine's mood is then the same on both sides."""
        pairs = zip(self.samples[slower], self.samples[faster], strict=False)
        return median(slow.seconds / fast.seconds for slow, fast in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One goal and what came of it."""

    goal: str
    measured: str
    met: bool

    @property
    def word(self) -> str:
        return "met" if self.met else "missed"
