"""Which objects a pattern such as `package/Growth*` means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

from reconciler.model.ref import Ref


class Globs:
    """Patterns `kind/name`, with `*` and `?` in either part. `ref in globs`; an empty one matches nothing."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._by_kind: list[tuple[re.Pattern[str], re.Pattern[str]]] = []
        for pattern in patterns:
            kind, _, name = pattern.partition("/")
            self._by_kind.append((re.compile(translate(kind)), re.compile(translate(name or "*"))))

    def __bool__(self) -> bool:
        return bool(self._by_kind)

    def __contains__(self, ref: Ref) -> bool:
        return any(kind.match(ref.kind) and name.match(ref.key) for kind, name in self._by_kind)

    def names(self, kind: str) -> tuple[re.Pattern[str], ...]:
        """The name patterns that can match objects of this kind."""
        return tuple(name for pattern, name in self._by_kind if pattern.match(kind))

    def among(self, kind: str, keys: Iterable[str]) -> set[str]:
        """The keys of this kind that match; nothing is looked at where no pattern is for the kind."""
        patterns = self.names(kind)
        return {key for key in keys if any(p.match(key) for p in patterns)} if patterns else set()
