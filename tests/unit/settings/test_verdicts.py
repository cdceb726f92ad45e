"""Two verdicts on one reconciler.yaml: the fast one says what pydantic says, or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler import settings
from reconciler.settings.document import verdict
from reconciler.settings.fast_keys import fast_verdict
from reconciler.settings.keys import SETTINGS, MapOf, Table
from tests.support.properties import tried

ROOT = Path(__file__).parents[3]
SCHEMA = Draft202012Validator(settings.schema())
NUMBERS = (-1, 0, 1, 3, 4, 100, 101, 1000, 100_001, 2**70, 1.0)
WORDS = (
    "",
    "a",
    " a",
    "a\nb",
    "a\x00",
    "\x85",
    "a" * 101,
    "off",
    "native",
    "10 %",
    "30 s",
    "role/x",
    "x/y",
    "~",
    "var/x",
)
SCALARS: tuple[Any, ...] = (True, False, *NUMBERS, *WORDS, "wildcard", "delete", "env:ESP_URL", "a://b:c@d/e", "${X}")


def drawn(chance: Random, depth: int = 0) -> Any:
    """Any data: a scalar, a list or a mapping."""
    roll = chance.random()
    if depth > 2 or roll < 0.7:
        return chance.choice(SCALARS)
    if roll < 0.85:
        return [drawn(chance, depth + 1) for _ in range(chance.randrange(3))]
    return {chance.choice(WORDS): drawn(chance, depth + 1) for _ in range(chance.randrange(3))}


def stated(table: Table, chance: Random) -> dict[str, Any]:
    """Some of the keys, most of them with a value that they may have."""
    made: dict[str, Any] = {}
    for key in table.keys:
        if chance.random() < 0.6 and key.name not in ("project", "type"):
            continue
        if chance.random() < 0.15:
            made[key.name] = drawn(chance)
        elif isinstance(key.type, Table):
            made[key.name] = stated(key.type, chance)
        elif isinstance(key.type, MapOf) and isinstance(key.type.value, Table):
            made[key.name] = {name: stated(key.type.value, chance) for name in chance.sample(("a", "b c", ""), 1)}
        else:
            made[key.name] = chance.choice(key.examples or (key.default,))
    return made


@tried(st.integers(min_value=0), examples=1_000)
def test_the_fast_verdict_is_that_of_pydantic(seed: int) -> None:
    data = stated(SETTINGS, Random(seed))
    fast = fast_verdict(data)
    values, errors = verdict(data)
    assert fast is None or (not errors and repr(fast) == repr(values))
    if not errors:
        assert SCHEMA.is_valid(data)


def test_most_of_what_is_right_is_surely_right() -> None:
    """Else every run would load pydantic; and nothing would be compared above."""
    right = [data for seed in range(500) if not verdict(data := stated(SETTINGS, Random(seed)))[1]]
    assert len(right) > 50
    assert sum(fast_verdict(data) is not None for data in right) >= 0.9 * len(right)


def test_a_repository_whose_files_are_right_loads_no_pydantic(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from reconciler.workflow.plan import validated; from reconciler.workflow.site import Choices, open_site\n"
        f"place = Path({str(ROOT / 'reconciler.yaml')!r})\n"
        "validated(open_site(Choices(config=place), {}, place.parent)); print(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"XDG_CACHE_HOME": str(tmp_path), "PATH": ""},
    )
    assert "reconciler.config.fast_types" in run.stdout.split()
    assert not [name for name in run.stdout.split() if name.startswith("pydantic")]
