"""What a torture measured, in one line: `kill points, postgresql: 200 random + 296 at statements, 0 half-applied`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def record(name: str, text: str) -> None:
    """Add the line to the file that RECONCILER_FIGURES names, else print it (pytest shows that with -rP or -s)."""
    line = f"{name}: {text}\n"
    if file := os.environ.get("RECONCILER_FIGURES"):
        with Path(file).open("a", encoding="utf-8") as figures:
            figures.write(line)  # one write: the lines of two workers do not mix
    else:
        sys.stdout.write(line)
