"""Names that try to be more than names: for markdown, for HTML, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

PIECES = (
    "|",
    "`",
    "``",
    "\\",
    "\\|",
    "*bold*",
    "_under_",
    "~~gone~~",
    "[x](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</code>",
    "</details>",
    "<!--",
    "-->",
    "&lt;b&gt;",
    "&#96;",
    "@everyone",
    "#123",
    "!12",
    "%7",
    "GH-1",
    ":tada:",
    "$x$",
    "https://evil.example",
    "www.evil.example",
    "owner/repo#1",
    "```",
    "| --- |",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "' onclick='alert(1)",
    '" onclick="alert(1)',
    "\x1b[31m",
    "\u202egpj",
    "\u200b",
    "::error::",
    "- [ ]",
    "<br>",
    "é\u0301\u0301",
    "日本語",
    "𝒳",
    " ",
    "\n# title",
    "</style><b>",
)


def hostile_names(count: int) -> list[str]:
    """So many different names, each of two pieces and a number."""
    return list(islice(_endless(), count))


def _endless() -> Iterator[str]:
    for number, (one, other) in enumerate(product(PIECES, PIECES)):
        yield f"{one}{number}{other}" if number % 2 else f"n{number} {one}{other}"
