"""What a url in reconciler.yaml may ask for: whoever proposes one chooses the machine that it goes to."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import settings
from reconciler.model import secrecy
from reconciler.model.errors import FileErrors, ReconcilerError
from reconciler.settings import Settings, TargetEntry
from reconciler.settings.secrets import Unfit, parsed, passwords

OF_OTHERS = (
    *(
        "GITHUB_TOKEN",
        "GITHUB_PASSWORD",
        "CI_JOB_TOKEN",
        "CI_REGISTRY_PASSWORD",
        "GITLAB_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
    ),
    *(
        "RECONCILER_PLAN_KEY",
        "RECONCILER_DATABASE_URL",
        "RECONCILER_URL",
        "RECONCILER_PASSWORD",
        "ACTIONS_RUNTIME_TOKEN",
    ),
    *(
        "AZURE_CLIENT_SECRET",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "NPM_TOKEN",
        "SSH_AUTH_SOCK",
        "VAULT_TOKEN",
        "PGPASSWORD",
    ),
    *("DOCKER_PASSWORD", "DATABASE_URL", "SMTP_PASSWORD", "PASSWORD", "URL", "PATH", "HOME", "_", ""),
    *(
        "ESP_TOKEN",
        "ESP_KEY",
        "XESP_PASSWORD",
        "esp_password",
        "ESPPASSWORD",
        "ESP_PASSWORDS",
        "ESP_PASSWORD_X",
        "ESP_",
    ),
    *("ESP_URLS", "XESP_URL", "esp_url", "ÉSP_URL", "ESP_ÜRL", "ESP_URL ", "ESP_é_URL", "ESP_URL\n", "ESP_A-URL"),
)
"""Variables of other programs, and some that are only like ours."""


def looked_up(folder: Path, url: str, environ: dict[str, str]) -> str:
    entry = TargetEntry(type="native", url=url)
    made = Settings(project="p", folder=folder, root=folder, targets={"live": entry}, default_target="live")
    return settings.target(made, None, environ).url


def refusal(url: str) -> Unfit:
    with pytest.raises(Unfit) as caught:
        parsed(url)
    return caught.value


@pytest.mark.parametrize("name", OF_OTHERS)
def test_no_variable_of_another_program_is_looked_up(tmp_path: Path, name: str) -> None:
    environ = {each.strip(): "canary" for each in OF_OTHERS if each != "RECONCILER_DATABASE_URL"}  # it wins
    for url in (f"env:{name}", f"mysql://u:${{{name}}}@h/d", f"mysql://u:${{{name}:?why}}@h/d"):
        assert refusal(url).code in ("address", "interpolation", "type")
        with pytest.raises(ReconcilerError) as caught:
            looked_up(tmp_path, url, environ)
        assert "canary" not in f"{caught.value}{caught.value.remedy}"
        with pytest.raises(FileErrors):
            settings.build({"project": "p", "targets": {"a": {"type": "native", "url": url}}}, {}, "r.yaml", tmp_path)


@pytest.mark.parametrize("name", ["ESP_URL", "ESP_DATABASE_URL", "ESP_prod_2_URL"])
def test_a_whole_url_by_name(tmp_path: Path, name: str) -> None:
    assert looked_up(tmp_path, f"env:{name}", {name: "postgres://h/d"}) == "postgresql+psycopg://h/d"
    assert refusal(f"mysql://u:${{{name}}}@evil.example/d").code == "address", "it would go to another machine"


@pytest.mark.parametrize("name", ["ESP_PASSWORD", "ESP_SHOP_PASSWORD"])
def test_a_password_by_name(tmp_path: Path, name: str) -> None:
    assert looked_up(tmp_path, f"mysql://u:${{{name}}}@h/d", {name: "é/@"}) == "mysql+pymysql://u:%C3%A9%2F%40@h/d"
    assert refusal(f"env:{name}").code == "address"


@pytest.mark.parametrize(
    "url",
    [
        "${ESP_PASSWORD}",
        "${ESP_PASSWORD}://u@h/d",
        "mysql://${ESP_PASSWORD}@h/d",
        "mysql://${ESP_PASSWORD}:@h/d",
        "mysql://u@${ESP_PASSWORD}/d",
        "mysql://u@h:${ESP_PASSWORD}/d",
        "mysql://u@h/${ESP_PASSWORD}",
        "mysql://u@h/d?ssl_ca=${ESP_PASSWORD}",
        "mysql://u@h/d?password=${ESP_PASSWORD}",
        "mysql://u@h/d#${ESP_PASSWORD}",
        "mysql://u:${ESP_PASSWORD}@${ESP_PASSWORD}/d",
        "mysql://u:${ESP_PASSWORD}@h/${ESP_PASSWORD}",
        "mysql://u:${ESP_PASSWORD}.evil.example/d",
        "mysql://u:${ESP_PASSWORD}/@evil.example/d",
        "mysql://a@b:${ESP_PASSWORD}@h/d",
        "mysql://u:${ESP_PASSWORD-x}@h/d",
        "mysql://u:${${ESP_PASSWORD}}@h/d",
        "sqlite:///${ESP_PASSWORD}.db",
        "http://u@h/${ESP_PASSWORD}",
    ],
)
def test_a_variable_is_the_password_and_nothing_else(tmp_path: Path, url: str) -> None:
    assert refusal(url).code in ("interpolation", "secret", "address")
    with pytest.raises(ReconcilerError) as caught:
        looked_up(tmp_path, url, {"ESP_PASSWORD": "canary"})
    assert "canary" not in f"{caught.value}{caught.value.remedy}"


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/shadow", "~/.ssh/id_rsa", "/proc/self/environ", "/dev/stdin", "/run/secrets/github_token"),
        *("secret", "", ".", "..", "/", "esp_url/", "esp_url/x", "a\0/esp_url", "db_url"),
        *("esp_token", "my_esp_url", "esp_urls", "esp_url.bak", "esp_password"),
    ],
)
def test_no_file_of_another_program_is_looked_into(path: str) -> None:
    assert refusal(f"file:{path}").code in ("address", "type")


@pytest.mark.parametrize("name", ["esp_url", "ESP_URL", "esp-url", "esp_database_url", "esp-production-url"])
def test_a_file_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mysql://u:p@h/d\n", encoding="utf-8")
    assert looked_up(tmp_path, f"file:{name}", {}) == "mysql+pymysql://u:p@h/d"


def test_a_link_leads_to_no_other_file(tmp_path: Path) -> None:
    """Git keeps links: a change can bring one along."""
    (tmp_path / "id_rsa").write_text("canary", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "esp_url").symlink_to(tmp_path / "id_rsa")
    (tmp_path / "esp_url").symlink_to("folder/esp_url")
    (tmp_path / "esp_loop_url").symlink_to("esp_loop_url")
    for name, said in (
        ("esp_url", "a link to a file"),
        ("folder/esp_url", "a link to a file"),
        ("esp_loop_url", "read"),
    ):
        with pytest.raises(ReconcilerError, match=said) as caught:
            looked_up(tmp_path, f"file:{name}", {})
        assert "canary" not in f"{caught.value}{caught.value.remedy}"


def test_a_mounted_secret_is_behind_links_of_its_own_name(tmp_path: Path) -> None:
    """So Kubernetes mounts one."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "esp_url").write_text("mysql://u:p@h/d", encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "esp_url").symlink_to("..data/esp_url")
    assert looked_up(tmp_path, "file:esp_url", {}) == "mysql+pymysql://u:p@h/d"


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "esp_url").write_bytes(b"mysql://u:p@h/" + b"d" * 2**16)
    with pytest.raises(ReconcilerError, match="too long"):
        looked_up(tmp_path, "file:esp_url", {})


@pytest.mark.parametrize(
    "query",
    [
        *("local_infile=1", "client_flag=128", "init_command=SELECT", "read_default_file=/root/.my.cnf"),
        *("read_default_group=client", "passfile=/root/.pgpass", "service=prod", "servicefile=/x", "sslkeylogfile=/x"),
        *(
            "plugin=x",
            "ssl_ca=x&local_infile=1",
            "local%5Finfile=1",
            "LOCAL_INFILE=1",
            "ssl_ca=x?local_infile=1",
            "=1",
            "local_infile",
        ),
        *("auth_plugin_map=x", "server_public_key=x", "gssdelegation=1", "conv=x"),
    ],
)
@pytest.mark.parametrize(
    "url",
    ["mysql://u@h/d?{}", "mariadb+pymysql://u:${{ESP_PASSWORD}}@h/d?{}", "postgresql://h/d?{}", "MySQL://u@h/d?{}"],
)
def test_no_parameter_lets_a_driver_read_or_send_more(url: str, query: str) -> None:
    assert refusal(url.format(query)).code == "address"


def test_a_parameter_behind_a_user_that_looks_like_one(tmp_path: Path) -> None:
    """SQLAlchemy takes a ? in the name of a user for a part of it."""
    assert refusal("mysql://u?ssl_ca=x@evil.example/d?local_infile=1").code == "address"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u@h/d?ssl_ca=/etc/ssl/ca.pem&charset=utf8mb4",
        "postgresql://u@/d?host=/run/postgresql&options=-csearch_path%3Desp",
        "sqlite:///esp.db?timeout=3",
        "mariadb://u:${ESP_PASSWORD:?set it, e.g. in vault?a@b}@/d?unix_socket=/run/mysqld/mysqld.sock",
        "brevo+https://api.example/v3?anything=1",
    ],
)
def test_what_is_usual_is_allowed(url: str) -> None:
    parsed(url)


def test_a_key_called_url_elsewhere_is_no_url(tmp_path: Path) -> None:
    target = {"type": "native", "columns": {"url": "${ESP_PASSWORD}"}}
    with pytest.raises(FileErrors) as caught:
        settings.build({"project": "p", "targets": {"a": target}}, {}, "r.yaml", tmp_path)
    assert [finding.code for finding in caught.value.findings] == ["interpolation"]


def test_whatever_is_substituted_is_veiled(tmp_path: Path) -> None:
    secrecy.start()
    looked_up(tmp_path, "mysql://u:${ESP_PASSWORD}@h/d", {"ESP_PASSWORD": "s3cr/t<"})
    assert secrecy.hidden_in("s3cr/t< s3cr%2Ft%3C s3cr%2ft%3c s3cr/t&lt;") == "*** *** *** ***"
    looked_up(tmp_path, "env:ESP_URL", {"ESP_URL": "postgres://u:other%20s3cret@h/d?sslpassword=third"})
    assert secrecy.hidden_in("other s3cret, other%20s3cret, third") == "***, ***, ***"
    secrecy.start()
    assert secrecy.hidden_in("s3cr/t<") == "s3cr/t<"


LONG = 1_000_000
HUGE = (
    "mysql://" + "a" * LONG,
    "a" * LONG + "://x",
    "a" * LONG,
    "a+" * LONG,
    "a.-" * LONG,
    "mysql://u:" + ":" * LONG,
    "mysql://" + "u:p" * LONG,
    "a://" * (LONG // 4),
    "${A:?" * (LONG // 5),
    "${" * (LONG // 2),
    "mysql://u:${ESP_PASSWORD:?" + "x" * LONG,
    "env:ESP_" + "_" * LONG,
    "env:ESP_" + "_URL" * (LONG // 4) + "x",
    "file:" + "esp_" * LONG,
    "mysql://h/d?" + "a=b&" * (LONG // 4),
    "mysql://h/d?" + "&password" * (LONG // 9),
    "mysql://h/d?" + "%41" * (LONG // 3),
    "@" * LONG,
    "?" * LONG,
)


def test_a_huge_url_takes_time_in_proportion() -> None:
    """In seconds of the processor: what grows with the square would take hours for a million characters."""
    code = (
        "import sys; from reconciler.settings.secrets import Unfit, parsed, passwords, plain_password\n"
        "for url in sys.stdin.read().split('\\n'):\n"
        "    plain_password(url), list(passwords(url))\n"
        "    try: parsed(url)\n"
        "    except Unfit: pass\n"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        input="\n".join(HUGE).encode(),
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (120, 120)),
    )


def test_passwords_of_urls_written_wrongly() -> None:
    assert set(passwords("mysql://u:a@b@h/d?sslpassword=c")) == {"a", "a@b", "c"}
    assert set(passwords("mysql://h/d")) == {""}
