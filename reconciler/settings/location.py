"""Where `reconciler.yaml` is looked for. Reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "reconciler.yaml"
VARIABLE = "RECONCILER_CONFIG"


def work_tree(folder: Path) -> Path | None:
    """The nearest folder from here up that git has a work tree in."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)


def find(start: Path, environ: Mapping[str, str]) -> Path | None:
    """The file or folder that `RECONCILER_CONFIG` names (there or not), else the nearest file from `start` up to the
    root of the git work tree. Outside a work tree only `start` is looked at: a file in a folder above may be somebody
    else's. Raises FileNotFoundError where `start` is relative and the current folder is gone."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    here = start.absolute()
    top = work_tree(here) or here
    reach = (folder for folder in (here, *here.parents) if folder.is_relative_to(top))
    return next((folder / FILE_NAME for folder in reach if (folder / FILE_NAME).is_file()), None)
