"""Where `reconciler.yaml` is looked for. Reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "reconciler.yaml"
VARIABLE = "RECONCILER_CONFIG"


def find(start: Path, environ: Mapping[str, str]) -> Path | None:
    """The file that `RECONCILER_CONFIG` names (there or not), else the nearest one from `start` up to the root of the
    git work tree. Outside a work tree only `start` is looked at: a file in a folder above may be somebody else's."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    folders = [start, *start.absolute().parents]
    tops = [depth for depth, folder in enumerate(folders) if (folder / ".git").exists()]
    reach = folders[: tops[0] + 1] if tops else folders[:1]
    return next((folder / FILE_NAME for folder in reach if (folder / FILE_NAME).is_file()), None)
