"""Names that mean something to the programs that read our reports."""

from __future__ import annotations

import random
from dataclasses import replace

from reconciler.kinds import KINDS
from reconciler.model.change import Create
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Plan
from reconciler.model.ref import Origin, Ref
from reconciler.report.topic import Frame
from tests.support.report_plans import the_design_plan

TOKEN = "0123456789abcdef0123456789abcdef"
FRAME = Frame(vocabulary=KINDS, token=TOKEN, folder="esp/")
_PARTS = (
    *(
        "::error::x",
        "::stop-commands::x",
        "##[error]x",
        "%0A::error::x",
        "::",
        "%25",
        "%",
        "\n",
        "\r",
        "\r\n",
        "\x1b]8;;x",
    ),
    *("<failure/>", "]]>", "&amp;", '"', "'", "<", "</testcase>", "{0}", "{{", "[x](http://x.example)", "\\", "\\["),
    *("\u202e", "\ufffe", "\x00", "\x7f", "\u2028", "\x85", "\ud800", ",file=y", ":line=9", "EOF", "Growth", " ", "é"),
)


def names(count: int) -> list[str]:
    """The same names each time, each made of a few parts."""
    chance = random.Random(5)
    return ["".join(chance.choices(_PARTS, k=chance.randint(1, 5))) for _ in range(count)]


def plan_of(name: str) -> Plan:
    """A plan that says this name wherever a name can be said."""
    ref = Ref("package", name)
    origin = Origin(f"packages.d/{name}.yaml", 3)
    said = {"message": name, "remedy": name, "names": (name, name), "origin": origin}
    findings = (
        Finding(code="in-use", ref=ref, **said),
        Finding(code="over-limit", severity=Severity.WARNING, ref=ref, field=name, **said),
        Finding(code="released", severity=Severity.NOTE, **said),
    )
    change = Create(ref=ref, after={"role": name}, defaults=frozenset(), origin=origin, note=name)
    return replace(the_design_plan(), changes=(change,), findings=findings, impact=())
