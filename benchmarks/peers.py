"""The same work in other tools, where they are installed: a plan of the same tenants with nothing to change."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.measure import Case, measure

AS_WRITTEN = "terraform plan, for_each over the YAML"
FASTEST = "terraform plan, one literal block a tenant"
OCTODNS = "octodns-sync, YAML to YAML"

TERRAFORM_LARGEST = 1_000
"""Above it `for_each` takes minutes, and ten thousand take the better part of an hour."""

OCTODNS_LARGEST = 10_000

FOR_EACH = """\
locals {
  files   = fileset(path.module, "tenants.d/*.yaml")
  tenants = merge([for name in local.files : yamldecode(file("${path.module}/${name}"))]...)
}

resource "terraform_data" "tenant" {
  for_each = local.tenants
  input    = each.value
}
"""

OCTODNS_CONFIG = """\
providers:
  files: {class: octodns.provider.yaml.YamlProvider, directory: files}
  live: {class: octodns.provider.yaml.YamlProvider, directory: live}
zones:
  customers.example.: {sources: [files], targets: [live]}
"""

# Neither tool shall ask its maker for news while it is measured, nor read a user's own settings.
QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}


def terraform(folder: Path, tenants_folder: Path) -> tuple[Case, ...]:
    """Both ways to write it, applied once with local state; none where the program is not installed."""
    program = shutil.which("terraform")
    if program is None:
        return ()
    shutil.rmtree(folder, ignore_errors=True)
    as_written, literal = folder / "as_written", folder / "literal"
    shutil.copytree(tenants_folder, as_written / "tenants.d")
    (as_written / "main.tf").write_text(FOR_EACH)
    literal.mkdir()
    _literal_blocks(tenants_folder, literal / "main.tf")
    for place in (as_written, literal):
        _terraform(program, place, "init")
        _terraform(program, place, "apply", "-auto-approve")
    plan = (program, "plan", "-input=false", "-no-color", "-detailed-exitcode")
    return (
        Case(name=AS_WRITTEN, argv=plan, folder=as_written, environ=QUIET),
        Case(name=FASTEST, argv=plan, folder=literal, environ=QUIET),
    )


def octodns(folder: Path, tenants: int, program: Path | None) -> tuple[Case, ...]:
    """A zone with one record a tenant, the same on both sides; none where the program is not installed."""
    if program is None:
        return ()
    shutil.rmtree(folder, ignore_errors=True)
    zone = "".join(_record(number) for number in range(tenants))
    for side in ("files", "live"):
        (folder / side).mkdir(parents=True)
        (folder / side / "customers.example.yaml").write_text(f"---\n{zone}")
    (folder / "config.yaml").write_text(OCTODNS_CONFIG)
    return (Case(name=OCTODNS, argv=(str(program), "--config-file", "config.yaml", "--quiet"), folder=folder),)


def _record(number: int) -> str:
    """Four lines or seven, in turn: 5.5 on average, as long as a tenant."""
    values = "  value: given\n" if number % 2 else "  values:\n  - one\n  - three\n  - two\n"
    return f"u{number:06}:\n  ttl: 300\n  type: TXT\n{values}"


def octodns_program(place: Path, *, install: bool) -> Path | None:
    """octodns-sync in an environment of its own at `place`, made if asked for; None where there is none."""
    program = place / "bin" / "octodns-sync"
    if install and not program.exists():
        venv.create(place, with_pip=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "octodns"]
        subprocess.run(pip, check=True, stdout=sys.stderr)
    return program if program.exists() else None


def versions(program: Path | None) -> list[str]:
    """The peers that are here, with their versions."""
    found = []
    if (tool := shutil.which("terraform")) is not None:
        told = subprocess.run([tool, "version", "-json"], check=True, capture_output=True, text=True).stdout
        found.append(f"terraform {json.loads(told)['terraform_version']}")
    if program is not None:
        told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
        found.append(told.strip())
    return found


def _terraform(program: str, place: Path, *arguments: str) -> None:
    argv = (program, *arguments, "-input=false", "-no-color")
    measure(Case(name=f"terraform {arguments[0]}", argv=argv, folder=place, environ=QUIET))


def _literal_blocks(tenants_folder: Path, file: Path) -> None:
    """In a process of its own, so that this one stays small: what a parent holds counts to its children."""
    writer = [sys.executable, "-m", "benchmarks.literal", str(tenants_folder), str(file)]
    subprocess.run(writer, check=True, cwd=Path(__file__).resolve().parent.parent)
