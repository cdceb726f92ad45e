"""Who an object is and where it came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The only identity above `targets/`: a kind and the name in the live system."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read `package/Starter Plan`. Raises ValueError when there is no `/` or nothing around it."""
        kind, slash, key = text.partition("/")
        if not (kind and slash and key):
            raise ValueError(f'"{text}" is not a reference; write kind/name, as in package/Growth')
        return cls(kind, key)


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place a person can open: `packages.d/growth.yaml:4`, or the table of a live row (no line)."""

    place: str
    line: int | None = None

    def __str__(self) -> str:
        return self.place if self.line is None else f"{self.place}:{self.line}"
