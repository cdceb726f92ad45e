"""A checkout that tries to be run: modules and settings that Python and pip would take from the folder at hand."""

from __future__ import annotations

from pathlib import Path

MODULES = (
    *("venv", "pip", "ensurepip", "sitecustomize", "usercustomize"),
    *("json", "urllib", "api", "reconciler", "click", "yaml_rs", "hatchling", "evil_target"),
)


def planted(folder: Path, mark: Path) -> dict[str, str]:
    """Each of them leaves the mark when it is run. What a careless job would add to its variables."""
    run = f"open({str(mark)!r}, 'a').write(__name__ + '\\n')\n"
    for name in MODULES:
        package = folder / name
        package.mkdir()
        for inner in ("__init__", "__main__", "cli", "request"):
            (package / f"{inner}.py").write_text(run, encoding="utf-8")
    told = folder / "evil-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n", encoding="utf-8")
    (told / "entry_points.txt").write_text("[reconciler.targets]\nnative = evil_target:TARGET\n", encoding="utf-8")
    (folder / "evil.pth").write_text(f"import os; {run}", encoding="utf-8")
    (folder / "start.py").write_text(run, encoding="utf-8")
    (folder / "pip.conf").write_text(f"[install]\ntarget = {folder / 'taken'}\n", encoding="utf-8")
    return {
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": str(folder / "start.py"),
        "PIP_CONFIG_FILE": "pip.conf",
        "PIP_TARGET": "taken",
    }
