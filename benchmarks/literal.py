"""Tenants as literal terraform blocks. `python -m benchmarks.literal TENANTS_FOLDER FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml


def block(number: int, tenant: dict[str, object]) -> str:
    """HCL takes JSON for the value of an argument."""
    return f'resource "terraform_data" "tenant_{number}" {{\n  input = {json.dumps(tenant)}\n}}\n'


def main(folder: Path, file: Path) -> None:
    tenants = [
        tenant
        for path in sorted(folder.glob("*.yaml"))
        for tenant in yaml.load(path.read_bytes(), yaml.CSafeLoader).values()
    ]
    file.write_text("".join(block(number, tenant) for number, tenant in enumerate(tenants)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
