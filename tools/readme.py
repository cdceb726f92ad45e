"""Writes the output blocks of README.md by running what they show. `refreshed()` is what a test compares.

A block stands between `<!-- output: NAME -->` and `<!-- end -->`. What differs from run to run (ids, seconds) is
written as a placeholder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
README = REPOSITORY / "README.md"
BLOCK = re.compile(r"(<!-- output: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SETTLED = (
    (re.compile(r"Run [0-9a-f]{16}, [\d.,]+ s\."), "Run 0123456789abcdef, 0.1 s."),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


def demo() -> str:
    """What `make demo` prints."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(REPOSITORY / "tools" / "demo.py"), str(Path(folder) / "demo")]
        environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    if ended.returncode != 0:
        raise SystemExit(f"the demo failed:\n{ended.stdout[-2000:]}{ended.stderr}")
    text = ended.stdout.strip("\n")
    for pattern, settled in SETTLED:
        text = pattern.sub(settled, text)
    return text


SOURCES = {"demo": demo}


def refreshed(text: str) -> str:
    """The README's text with every output block made anew."""
    return BLOCK.sub(lambda block: f"{block[1]}```text\n{SOURCES[block['name']]()}\n```\n{block[3]}", text)


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
