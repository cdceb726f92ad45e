"""Draws the floors of `docs/architecture.md` from the imports of the code. `refreshed()` is what a test compares.

The order of the floors is the contract `Floors` in pyproject.toml, which `make lint` holds the code to.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "architecture.md"
BLOCK = re.compile(r"(<!-- picture: floors -->\n).*?(<!-- end -->)", re.DOTALL)
PACKAGE = "reconciler"


def floors() -> list[list[str]]:
    """The folders of each floor, the highest floor first."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(each for each in settings["tool"]["importlinter"]["contracts"] if each["name"] == "Floors")
    return [[folder.strip().removeprefix(f"{PACKAGE}.") for folder in layer.split("|")] for layer in contract["layers"]]


def imports() -> set[tuple[str, str]]:
    """Which folder imports which, itself left out."""
    found = set()
    for path in sorted((REPOSITORY / PACKAGE).rglob("*.py")):
        folder = path.relative_to(REPOSITORY / PACKAGE).parts[0]
        for module in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            found.add((folder, module))
    known = {folder for floor in floors() for folder in floor}
    return {(user, used) for user, used in found if user != used and {user, used} <= known}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        package, _, rest = node.module.partition(".")
        if package == PACKAGE:
            yield from [rest.split(".")[0]] if rest else [alias.name for alias in node.names]


def picture() -> str:
    """A Mermaid flowchart: a box a floor, an arrow an import from one folder to another."""
    lines = ["flowchart TD"]
    for number, floor in enumerate(floors()):
        lines.append(f'    subgraph floor{number} [" "]')
        lines += [f"        {folder}" for folder in floor]
        lines.append("    end")
    lines += [f"    {user} --> {used}" for user, used in sorted(imports())]
    return "\n".join(lines)


def refreshed(text: str) -> str:
    """The page's text with the picture drawn anew."""
    return BLOCK.sub(lambda block: f"{block[1]}```mermaid\n{picture()}\n```\n{block[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
