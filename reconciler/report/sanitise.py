"""Makes text from files, live rows and drivers safe to show: nothing in it can move a cursor, turn a line round, hide,
or give a secret away.

Everything that any renderer prints goes through `plain`. Knows no renderer.
"""

from __future__ import annotations

from reconciler.model.secrecy import hidden_in
from reconciler.model.visible import visible


def safe_text(text: str) -> str:
    """The same text on one line, with whatever is not seen written out, and secrets veiled. Markup of any terminal
    library stays literal: nobody here interprets it."""
    return visible(hidden_in(text))
