"""A Mumara on a private server: its tables, rows as the application leaves them, and a repository that manages it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.engine.apply import ApplyResult
from reconciler.kinds import KINDS
from reconciler.model.plan import Allowance, Plan
from reconciler.model.target import TargetSettings
from reconciler.targets.mumara.target import MUMARA
from reconciler.targets.sql.target import SystemTarget
from reconciler.workflow import database
from reconciler.workflow import export as exporting
from reconciler.workflow.export import ExportResult
from reconciler.workflow.plan import PlanRequest, applied, planned
from reconciler.workflow.site import Choices, Site, open_site
from tests.support.engines import ServerPlace, run

HERE = Path(__file__).parent


def load(place: ServerPlace, file: str) -> None:
    """Run a file of statements."""
    text = "\n".join(
        line for line in (HERE / file).read_text(encoding="utf-8").splitlines() if not line.startswith("--")
    )
    with place.hand(lawless=True) as connection:
        run(connection, "SET SESSION sql_mode = ''")
        for statement in filter(str.strip, text.split(";\n")):
            run(connection, statement)


def target(place: ServerPlace, **options: Any) -> SystemTarget:
    """The target as a command opens it."""
    return MUMARA.open(
        TargetSettings(
            name="esp",
            type="mumara",
            url=place.url,
            lock_timeout=5,
            options={"memory": place.memory, "columns": {}, "table_prefix": "", **options},
        ),
        KINDS,
    )


def quiet(phase: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Mumara:
    """One repository and its system. `folder` holds reconciler.yaml and the files."""

    folder: Path
    place: ServerPlace
    sites: dict[str, Site] = field(default_factory=dict, compare=False, repr=False)

    def settings(self, more: str = "", target: str = "") -> None:
        """Write reconciler.yaml; `more` is added at the end, `target` to the target's own settings."""
        ours = f"type: mumara, url: 'file:esp_url', memory: {self.place.memory}{target}"
        safety = "" if "safety:" in more else "safety: {block: []}\n"
        safety += "" if "external:" in more else "external: ['role/*', 'package/*']\n"
        text = f"project: shop\ntargets: {{esp: {{{ours}}}}}\ncache: false\n{safety}{more}\n"
        (self.folder / "esp_url").write_text(self.place.url, encoding="utf-8")
        (self.folder / "reconciler.yaml").write_text(text, encoding="utf-8")

    def site(self) -> Site:
        # Opened anew each time: a command looks at the live schema each time.
        return open_site(Choices(config=self.folder / "reconciler.yaml", lock_timeout=5.0), {}, self.folder)

    def write(self, kind: str, text: str) -> None:
        """One file of a kind in place of all others."""
        folder = self.folder / KINDS[kind].folder
        folder.mkdir(exist_ok=True)
        for file in folder.glob("*.yaml"):
            file.unlink()
        (folder / "all.yaml").write_text(text, encoding="utf-8")

    def plan(self, *allowed: str) -> Plan:
        lifted = tuple(Allowance(code=code, reason="a test") for code in allowed)
        return planned(self.site(), PlanRequest(only=(), allowances=lifted), quiet)

    def apply(self, *allowed: str, plan: Plan | None = None) -> ApplyResult:
        return applied(self.site(), plan or self.plan(*allowed), quiet)

    def export(self) -> ExportResult:
        return exporting.export(self.site(), quiet, complete=False)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.place.sql(statement, *values)


def founded(place: ServerPlace, folder: Path, rows: str = "mumara_rows.sql") -> Mumara:
    """Tables, rows and memory."""
    load(place, "mumara_tables.sql")
    if rows:
        load(place, rows)
    folder.mkdir(parents=True, exist_ok=True)
    found = Mumara(folder, place)
    found.settings()
    database.create(found.site())
    return found
