"""What deploy/ holds fits the command line and the programs that read it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.commands.drift import command
from reconciler.cli.drift_job import JobOptions
from reconciler.kinds import KINDS
from reconciler.report.metrics import METRICS, PREFIX
from tests.support import REPOSITORY
from tests.support.programs import program
from tests.support.repository import Cli, Place
from tests.support.web_server import listening

DEPLOY = REPOSITORY / "deploy"
UNIT = DEPLOY / "systemd" / "reconciler-drift.service"
RULES = DEPLOY / "prometheus" / "reconciler.rules.yaml"
RULES_TEST = DEPLOY / "prometheus" / "reconciler.rules.test.yaml"
SECRETS = ("db_url", "webhook_url", "webhook_key")


def of_the_unit(key: str) -> list[str]:
    text = UNIT.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def cron_job() -> dict[str, Any]:
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "drift-cronjob.yaml").read_text(encoding="utf-8")))
    assert [each["kind"] for each in documents] == ["PersistentVolumeClaim", "CronJob"]
    return dict(documents[1])


def pod() -> dict[str, Any]:
    return dict(cron_job()["spec"]["jobTemplate"]["spec"]["template"]["spec"])


def words_of_the_unit() -> list[str]:
    return shlex.split(of_the_unit("ExecStart")[0])


def words_of_the_job() -> list[str]:
    [container] = pod()["containers"]
    return [*container["command"], *container["args"]]


PLACES = {
    "/etc/reconciler/reconciler.yaml": "reconciler.yaml",
    "/desired/reconciler.yaml": "reconciler.yaml",
    "/var/lib/prometheus/node-exporter/": "",
    "${STATE_DIRECTORY}/": "",
    "${CREDENTIALS_DIRECTORY}/": "",
    "/state/": "",
    "/run/secrets/reconciler/": "",
}


@pytest.mark.parametrize("words", [words_of_the_unit(), words_of_the_job()], ids=["systemd", "kubernetes"])
def test_the_command_runs_as_it_is_written(cli: Cli, place: Place, words: list[str]) -> None:
    name, *rest = words
    for there, here in PLACES.items():
        rest = [word.replace(there, here) for word in rest]
    assert Path(name).name == "reconciler"
    assert not [word for word in rest if "/" in word], "every place is known"
    place.sql("UPDATE esp_package SET sending_daily_limit = 7 WHERE name = 'Growth'")
    with listening() as there:
        place.write("webhook_url", f"{there.url}/x")
        place.write("webhook_key", "a key of some length")
        assert [cli(*rest).code, cli(*rest).code] == [2, 0]
    assert there.paths == ["/x"]


def test_systemd_understands_the_unit_and_the_timer(tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    for file in (DEPLOY / "systemd").iterdir():
        shutil.copy(file, tmp_path)
    unit = tmp_path / UNIT.name
    unit.write_text(unit.read_text().replace("/usr/local/bin/reconciler", sys.executable))
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run([analyze, "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    [calendar] = re.findall("^OnCalendar=(.*)$", (DEPLOY / "systemd/reconciler-drift.timer").read_text(), re.MULTILINE)
    subprocess.run([analyze, "calendar", calendar], capture_output=True, check=True)


def test_the_unit_takes_drift_for_no_failure_and_hands_over_every_secret() -> None:
    assert of_the_unit("SuccessExitStatus") == ["2"]
    handed = [each.partition(":")[0] for each in of_the_unit("LoadCredential")]
    assert handed == list(SECRETS)
    named = re.findall(r"file:\$\{CREDENTIALS_DIRECTORY\}/(\w+)", of_the_unit("ExecStart")[0])
    assert set(named) == set(SECRETS) - {"db_url"}


def test_the_cron_job_never_runs_twice_at_once_and_can_write_nowhere_else() -> None:
    spec = cron_job()["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod()["restartPolicy"] == "Never"
    [container] = pod()["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod()["volumes"]}
    written = [word.partition("=")[2] for word in container["args"] if word.startswith("--state")]
    assert all(path.startswith(f"{mounts['state']}/") for path in written)
    assert container["env"][0]["value"] == f"{mounts['secrets']}/db_url"


def test_every_series_of_the_alerts_is_one_that_is_written() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    named = {name for rule in rules for name in re.findall(rf"{PREFIX}\w+", rule["expr"])}
    assert named <= {PREFIX + name for name in METRICS}
    kinds = re.findall(r'kind="(\w+)"', RULES_TEST.read_text())
    assert set(kinds) <= set(KINDS.kinds)


def test_promtool_takes_the_alerts_and_they_fire_when_they_should() -> None:
    promtool = program("promtool", "prometheus")
    for what, file in (("check", RULES), ("test", RULES_TEST)):
        done = subprocess.run([promtool, what, "rules", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_tells_every_metric_and_every_option() -> None:
    page = (DEPLOY.parent / "docs" / "drift.md").read_text(encoding="utf-8")
    options = {
        option for param in command.params if param.name in JobOptions.__dataclass_fields__ for option in param.opts
    }
    assert len(options) == len(JobOptions.__dataclass_fields__)
    told = {*options, "--write-back", "--log-format", *(PREFIX + name for name in METRICS)}
    assert [each for each in sorted(told) if each not in page] == []
    labels = {label for metric in METRICS.values() for label in metric.labels}
    assert [label for label in labels if f"`{label}`" not in page] == []
