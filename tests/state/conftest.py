"""The repository and the faults are those of the live tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "live"))
