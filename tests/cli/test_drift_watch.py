"""Whom `drift` tells when it runs now and then: a webhook, a ping, a file of metrics."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.programs import program
from tests.support.repository import Cli, Place
from tests.support.web_server import BUSY, OK, Listener, answering, listening

KEY = "key-Zq7Lk2Vw9T"
SECRET = "T0canary9XyZ"
JSON = ("--webhook", "env:HOOK", "--webhook-key", "env:HOOK_KEY")
SLACK = ("--webhook", "env:HOOK", "--webhook-format", "slack")
PING = ("--ping", "env:PING")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with listening() as listener:
        monkeypatch.setenv("HOOK", f"{listener.url}/hooks/{SECRET}")
        monkeypatch.setenv("HOOK_KEY", KEY)
        monkeypatch.setenv("PING", f"{listener.url}/{SECRET}?create=1")
        yield listener


def by_hand(place: Place, limit: int = 7) -> None:
    place.sql("UPDATE esp_package SET sending_daily_limit = ? WHERE name = 'Growth'", limit)


def broken(place: Place) -> None:
    place.write("packages.d/wrong.yaml", "X: [")


def told_secret(ended: object) -> bool:
    return SECRET in str(ended) or KEY in str(ended)


def test_drift_is_sent_signed(cli: Cli, place: Place, there: Listener) -> None:
    by_hand(place)
    ended = cli("drift", *JSON)
    assert ended.code == 2
    [heard] = there.heard
    expected = "sha256=" + hmac.new(KEY.encode(), heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["X-Signature-256"] == expected
    message = json.loads(heard.body)
    assert heard.headers["X-Reconciler-Run"] == message["run_id"]
    assert message["summary"] == "Drift: 1 object; 4 unchanged, 0 unmanaged."
    assert message["drift"] == [
        {
            "address": "package/Growth",
            "kind": "package",
            "name": "Growth",
            "what": "changed",
            "field": "sending.daily_limit",
            "wrote": 25000,
            "found": 7,
            "conflict": False,
            "origin": "packages.d/packages.yaml:8",
        }
    ]
    assert not told_secret(ended)


def test_nothing_is_sent_where_nothing_is_new(cli: Cli, place: Place, there: Listener) -> None:
    assert cli("drift", *JSON).code == 0
    by_hand(place)
    for _ in range(3):
        cli("drift", "--state", "s.json", "--only-new", *JSON)
    assert len(there.heard) == 1


def test_slack_is_told_in_its_own_shape(cli: Cli, place: Place, there: Listener) -> None:
    by_hand(place)
    assert cli("drift", *SLACK).code == 2
    message = json.loads(there.heard[0].body)
    assert message["text"] == "Drift on esp (project test): Drift: 1 object; 4 unchanged, 0 unmanaged."
    assert "package/Growth" in message["blocks"][1]["text"]["text"]
    assert "X-Signature-256" not in there.heard[0].headers


def test_a_webhook_that_is_busy_is_told_again(cli: Cli, place: Place, there: Listener) -> None:
    by_hand(place)
    there.answers = [BUSY, answering(429, Retry_After="0"), OK]
    assert cli("drift", *JSON).code == 2
    assert len({heard.body for heard in there.heard}) == 1
    assert len(there.heard) == 3


@pytest.mark.parametrize(("answer", "tries"), [(BUSY, 3), (answering(404), 1), (answering(302, Location="/"), 1)])
def test_a_webhook_that_cannot_be_told_is_an_error_and_the_alarm_stays_due(
    cli: Cli, place: Place, there: Listener, answer: object, tries: int
) -> None:
    by_hand(place)
    there.answers = [answer]  # type: ignore[list-item]
    watch = ("drift", "--state", "s.json", "--only-new", *JSON)
    ended = cli(*watch)
    assert ended.code == 1
    assert "env:HOOK did not take it" in ended.err
    assert len(there.heard) == tries
    assert not told_secret(ended)
    there.answers = [OK]
    assert cli(*watch).code == 2, "it was never told"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (f"https://hooks.example/{SECRET}", "neither env:NAME nor file:PATH"),
        ("env:NOT_SET", "NOT_SET is empty or not set"),
        ("file:missing", "cannot be read"),
        ("env:ELSEWHERE", "without TLS"),
        ("env:ODD", "no http(s) address"),
    ],
)
def test_an_address_that_cannot_be_used_is_an_error_before_anything_is_read(
    cli: Cli, place: Place, there: Listener, monkeypatch: pytest.MonkeyPatch, given: str, said: str
) -> None:
    monkeypatch.setenv("ELSEWHERE", f"http://hooks.example/{SECRET}")
    monkeypatch.setenv("ODD", f"file:///etc/{SECRET}")
    ended = cli("drift", "--webhook", given, "--webhook-key", "env:HOOK_KEY")
    assert ended.code == 1
    assert said in ended.err
    assert ended.out == ""
    assert not told_secret(ended)


def test_an_unsigned_message_is_not_sent(cli: Cli, place: Place, there: Listener) -> None:
    assert cli("drift", "--webhook", "env:HOOK").code == 64
    assert cli("drift", "--webhook-key", "env:HOOK_KEY").code == 64
    assert there.heard == []


def test_the_secret_of_a_file_is_read(cli: Cli, place: Place, there: Listener) -> None:
    by_hand(place)
    place.write("hook", f"{there.url}/hooks/{SECRET}\n")
    place.write("key", KEY + "\n")
    assert cli("drift", "--webhook", "file:hook", "--webhook-key", "file:key").code == 2
    assert there.paths == [f"/hooks/{SECRET}"]


def test_the_ping_tells_start_and_end_of_one_run(cli: Cli, place: Place, there: Listener) -> None:
    assert cli("drift", *PING).code == 0
    assert there.paths == [f"/{SECRET}/start", f"/{SECRET}/0"]
    queries = [parse_qs(urlsplit(heard.path).query) for heard in there.heard]
    assert queries[0] == queries[1]
    assert queries[0]["create"] == ["1"]
    assert "Drift: none" in there.heard[1].body.decode()


@pytest.mark.parametrize(("says", "code"), [("success", "0"), ("failure", "2")])
def test_drift_is_a_failure_of_the_ping_only_where_that_is_wanted(
    cli: Cli, place: Place, there: Listener, says: str, code: str
) -> None:
    by_hand(place)
    assert cli("drift", *PING, "--ping-on-drift", says).code == 2
    assert there.paths[1] == f"/{SECRET}/{code}"


def test_a_run_that_fails_pings_its_exit_code(cli: Cli, place: Place, there: Listener) -> None:
    broken(place)
    assert cli("drift", *PING).code == 1
    assert there.paths[1] == f"/{SECRET}/1"
    assert "the files are wrong" in there.heard[1].body.decode()


@pytest.mark.parametrize("answer", [answering(500, Retry_After="0"), answering(404), answering(301, Location="/x")])
def test_a_ping_that_nobody_takes_never_fails_the_run(cli: Cli, place: Place, there: Listener, answer: object) -> None:
    there.answers = [answer]  # type: ignore[list-item]
    ended = cli("drift", *PING)
    assert ended.code == 0
    assert "the ping was not heard" in ended.err
    assert not told_secret(ended)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1/x", "http://ping.example/x", "gopher://x", "http://[::1"])
def test_a_ping_that_leads_nowhere_never_fails_the_run(
    cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PING", url)
    ended = cli("drift", *PING)
    assert ended.code == 0
    assert "warning:" in ended.err


def metrics(place: Place) -> dict[str, float]:
    lines = (place.folder / "reconciler.prom").read_text().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_the_textfile_says_how_it_is(cli: Cli, place: Place) -> None:
    by_hand(place)
    place.replace("tenants.d/eu.yaml", "name: Acme", "name: Acme Inc")
    assert cli("drift", "--textfile", "reconciler.prom").code == 2
    said = metrics(place)
    assert said['reconciler_drifted_objects{kind="package",target="esp"}'] == 1
    assert said['reconciler_pending_changes{action="update",kind="tenant",target="esp"}'] == 1
    assert said['reconciler_pending_changes{action="update",kind="package",target="esp"}'] == 0
    assert said['reconciler_managed_objects{kind="tenant",target="esp"}'] == 2
    assert said['reconciler_last_run_exit_code{target="esp"}'] == 2
    assert said['reconciler_last_success_timestamp_seconds{target="esp"}'] > 1.7e9
    assert 'phase="read"' in "".join(said)
    assert "acme" not in "".join(said)


def test_drift_that_was_told_is_still_in_the_metrics(cli: Cli, place: Place) -> None:
    by_hand(place)
    watch = ("drift", "--state", "s.json", "--only-new", "--textfile", "reconciler.prom")
    assert [cli(*watch).code, cli(*watch).code] == [2, 0]
    assert metrics(place)['reconciler_drifted_objects{kind="package",target="esp"}'] == 1


def test_a_run_that_fails_says_so_and_clears_no_alarm(cli: Cli, place: Place) -> None:
    by_hand(place)
    cli("drift", "--textfile", "reconciler.prom")
    before = metrics(place)
    broken(place)
    assert cli("drift", "--textfile", "reconciler.prom").code == 1
    after = metrics(place)
    success = 'reconciler_last_success_timestamp_seconds{target="esp"}'
    assert after['reconciler_last_run_exit_code{target="esp"}'] == 1
    assert after[success] == before[success]
    assert after['reconciler_drifted_objects{kind="package",target="esp"}'] == 1


def test_settings_that_cannot_be_read_leave_the_series_of_their_target(cli: Cli, place: Place) -> None:
    cli("drift", "--textfile", "reconciler.prom")
    place.write("reconciler.yaml", "nonsense: [")
    assert cli("drift", "--textfile", "reconciler.prom").code == 1
    assert metrics(place)['reconciler_last_run_exit_code{target="esp"}'] == 1


def test_a_textfile_that_cannot_be_written_is_an_error(cli: Cli, place: Place, there: Listener) -> None:
    ended = cli("drift", "--textfile", "nowhere/reconciler.prom", *PING)
    assert ended.code == 1
    assert "nowhere/reconciler.prom cannot be written" in ended.err
    assert there.paths[1] == f"/{SECRET}/1"


def test_the_textfile_is_replaced_whole(cli: Cli, place: Place) -> None:
    """A reader that has it open keeps what it reads, and no half of a file lies beside it."""
    cli("drift", "--textfile", "reconciler.prom")
    with (place.folder / "reconciler.prom").open() as reader:
        first = reader.read(20)
        by_hand(place)
        cli("drift", "--textfile", "reconciler.prom")
        rest = reader.read()
    assert 'drifted_objects{kind="package",target="esp"} 0.0' in first + rest
    assert [path.name for path in place.folder.glob("*.prom*")] == ["reconciler.prom"]


def test_an_apply_that_has_not_ended_is_seen(cli: Cli, place: Place) -> None:
    place.sql("UPDATE reconciler_run SET outcome = 'running', finished = NULL")
    cli("drift", "--textfile", "reconciler.prom")
    assert metrics(place)['reconciler_lock_held_seconds{target="esp"}'] > 0


def test_users_of_nothing_are_counted(cli: Cli, place: Place) -> None:
    place.sql("UPDATE esp_tenant SET package_id = 4711 WHERE email = 'ops@acme.example'")
    cli("drift", "--textfile", "reconciler.prom")
    assert metrics(place)['reconciler_orphaned_users{target="esp"}'] == 1


def test_promtool_finds_nothing_wrong_with_the_textfile(cli: Cli, place: Place) -> None:
    promtool = program("promtool", "prometheus")
    by_hand(place)
    cli("drift", "--textfile", "reconciler.prom")
    with Path("reconciler.prom").open("rb") as text:
        done = subprocess.run([promtool, "check", "metrics"], stdin=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(("end", "code"), [(KeyboardInterrupt(), 130), (RuntimeError("x"), 1)], ids=["Ctrl-C", "crash"])
def test_whatever_ends_a_run_is_told(
    cli: Cli, place: Place, there: Listener, monkeypatch: pytest.MonkeyPatch, end: BaseException, code: int
) -> None:
    def fall(*_: object) -> None:
        raise end

    monkeypatch.setattr("reconciler.workflow.plan.checkout", fall)
    assert cli("drift", "--textfile", "reconciler.prom", "-t", "esp", *PING).code == code
    assert there.paths[1] == f"/{SECRET}/{code}"
    assert metrics(place)['reconciler_last_run_exit_code{target="esp"}'] == code


def test_without_the_library_the_textfile_is_an_error(cli: Cli, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    ended = cli("drift", "--textfile", "reconciler.prom")
    assert ended.code == 1
    assert "pip install 'esp-reconciler[metrics]'" in ended.err
