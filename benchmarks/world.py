"""The operator that the benchmarks measure: its files, written by a child process. Knows no measurement.

A tenant has 5.45 lines on average: key, name, package, status, and in half of them one to three overrides. The same
numbers always give the same files. `python -m benchmarks.world FOLDER --tenants N` writes three sets of files:
`base/`; `changed/`, in which every hundredth tenant differs, spread over all files; `repriced/`, in which every
package does. A reconciler.yaml for each works on one database.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

FILES = 100
CHANGED_EVERY = 100
STATUSES = ("active",) * 46 + ("suspended",) * 3 + ("closed",)
HOW_MANY = (1, 1, 1, 1, 2, 2, 2, 3, 3, 3)
"""Overrides of a tenant that has any: 1.9 on average."""

OVERRIDES = ("sending: {{daily_limit: {}}}", "limits: {{contacts: {}}}", "allowance: {{emails: {}}}")
PACKAGES = tuple(f"Plan {letter}" for letter in "ABCDEFGHIJ")

ROLE = """\
Customer:
  description: What a customer may do
"""

PACKAGE = """\
{name}:
  role: Customer
  sending:
    hourly_speed: {hourly}
    daily_limit: {daily}
    monthly_quota: {monthly}
  limits:
    contacts: 200000
    segments: 50
    triggers: 10
"""

SETTINGS = """\
project: benchmark
root: {root}
cache: cache
targets:
  esp:
    type: native
    url: sqlite:///esp.db
safety:
  max_change_percent: 100  # in `repriced` every package changes
"""


def tenant(number: int, *, changed: bool) -> str:
    """One tenant as YAML. `changed`: one override is larger, or the name is another where nothing is overridden."""
    dice = random.Random(number)
    name = f"Customer {number:06}"
    lines = [f"u{number:06}@c{number % 977}.example:", f"  name: {name}", f"  package: {dice.choice(PACKAGES)}"]
    lines.append(f"  status: {dice.choice(STATUSES)}")
    overrides = dice.sample(OVERRIDES, dice.choice(HOW_MANY)) if dice.random() < 0.5 else []
    amounts = [dice.randrange(1_000, 100_000) for _ in overrides]
    if changed and not overrides:
        lines[1] += " Ltd"
    if overrides:
        amounts[0] += 500 if changed else 0
        lines.append("  overrides:")
        lines += [f"    {text.format(amount)}" for text, amount in zip(overrides, amounts, strict=True)]
    return "\n".join(lines) + "\n"


def tenant_files(tenants: int, *, changed: bool) -> Iterator[tuple[str, str]]:
    """(name, text) of each file."""
    size = -(-tenants // FILES)
    for first in range(0, tenants, size):
        numbers = range(first, min(first + size, tenants))
        text = "".join(tenant(number, changed=changed and number % CHANGED_EVERY == 0) for number in numbers)
        yield f"t{first // size:03}.yaml", text


def packages(*, repriced: bool) -> str:
    """All packages in one file. `repriced`: each has another monthly quota."""
    return "".join(
        PACKAGE.format(
            name=name,
            hourly=2_000 * (number + 1),
            daily=25_000 * (number + 1),
            monthly=250_000 * (number + 1) - (1_000 if repriced else 0),
        )
        for number, name in enumerate(PACKAGES)
    )


def write(folder: Path, tenants: int) -> None:
    """Three sets of files and a reconciler.yaml for each: base.yaml, changed.yaml, repriced.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    for root in ("base", "changed", "repriced"):
        (folder / f"{root}.yaml").write_text(SETTINGS.format(root=root))
        for inner in ("roles.d", "packages.d", "tenants.d"):
            (folder / root / inner).mkdir(parents=True)
        (folder / root / "roles.d" / "roles.yaml").write_text(ROLE)
        (folder / root / "packages.d" / "packages.yaml").write_text(packages(repriced=root == "repriced"))
        for name, text in tenant_files(tenants, changed=root == "changed"):
            (folder / root / "tenants.d" / name).write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the files of one operator.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tenants", type=int, required=True)
    asked = parser.parse_args()
    write(asked.folder, asked.tenants)


if __name__ == "__main__":
    main()
