"""Which target, and where its URL comes from."""

import os
from pathlib import Path

import pytest

from reconciler import settings
from reconciler.model.errors import ReconcilerError
from reconciler.settings import Settings, TargetEntry
from reconciler.settings.secrets import plain_password


@pytest.fixture
def one(tmp_path: Path) -> Settings:
    return stated(tmp_path, "sqlite:///var/esp.db")


def stated(folder: Path, url: str) -> Settings:
    entry = TargetEntry(type="native", url=url, insecure=True, options={"memory": "m"})
    return Settings(project="p", folder=folder, root=folder, targets={"live": entry}, default_target="live")


def url_of(made: Settings, environ: dict[str, str] | None = None, url_file: Path | None = None) -> str:
    return settings.target(made, None, environ or {}, url_file).url


def test_all_that_the_entry_says_is_handed_on(one: Settings) -> None:
    found = settings.target(one, "live", {})
    assert (found.name, found.type, found.insecure, found.options) == ("live", "native", True, {"memory": "m"})
    assert "sqlite" not in repr(found)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("sqlite:///var/esp.db", "sqlite:///{base}/var/esp.db"),
        ("sqlite+pysqlite:///esp.db?timeout=3", "sqlite+pysqlite:///{base}/esp.db?timeout=3"),
        ("sqlite:////srv/esp.db", "sqlite:////srv/esp.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("mysql://u@h/d", "mysql+pymysql://u@h/d"),
        ("mariadb://u@h/d", "mariadb+pymysql://u@h/d"),
    ],
)
def test_a_url_is_made_whole(tmp_path: Path, url: str, whole: str) -> None:
    assert url_of(stated(tmp_path, url)) == whole.format(base=tmp_path)


def test_env_and_file(tmp_path: Path) -> None:
    (tmp_path / "esp_url").write_text("mysql://u:p@h/d\n")
    assert url_of(stated(tmp_path, "file:esp_url")) == "mysql+pymysql://u:p@h/d"
    assert url_of(stated(tmp_path, f"file:{tmp_path}/esp_url")) == "mysql+pymysql://u:p@h/d"
    assert url_of(stated(tmp_path, "env:ESP_URL"), {"ESP_URL": "postgres://h/d"}) == "postgresql+psycopg://h/d"


def test_a_variable_inside_a_url_is_quoted(tmp_path: Path) -> None:
    made = stated(tmp_path, "mysql://u:${ESP_PASSWORD:?ask the team}@h/d?ssl_ca=x")
    assert url_of(made, {"ESP_PASSWORD": "a@b/c"}) == "mysql+pymysql://u:a%40b%2Fc@h/d?ssl_ca=x"
    with pytest.raises(ReconcilerError, match="ESP_PASSWORD is not set: ask the team"):
        url_of(made, {})


def test_the_environment_wins_over_the_file(one: Settings, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite:////from/file.db")
    (tmp_path / "db_url").write_text("sqlite:////from/credentials.db")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert url_of(one, credentials) == "sqlite:////from/credentials.db"
    assert url_of(one, {**credentials, "RECONCILER_DATABASE_URL": "sqlite:////env.db"}) == "sqlite:////env.db"
    assert url_of(one, {**credentials, "RECONCILER_DATABASE_URL_FILE": str(file)}) == "sqlite:////from/file.db"
    assert url_of(one, credentials, file) == "sqlite:////from/file.db"
    assert url_of(one, {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}).endswith("/var/esp.db")


@pytest.mark.parametrize("option", [True, False])
def test_two_sources_are_one_too_many(one: Settings, tmp_path: Path, option: bool) -> None:
    environ = {"RECONCILER_DATABASE_URL": "sqlite://s3cret", "RECONCILER_DATABASE_URL_FILE": "x"}
    if option:
        environ.pop("RECONCILER_DATABASE_URL_FILE")
    with pytest.raises(ReconcilerError, match="both set") as caught:
        url_of(one, environ, tmp_path / "x" if option else None)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "environ", "said"),
    [
        ("", {}, "no database URL"),
        ("env:ESP_NO_URL", {}, "ESP_NO_URL is not set"),
        ("file:no/esp_url", {}, "cannot be read: No such file"),
        ("file:esp_empty_url", {}, "is empty"),
        ("file:esp_bytes_url", {}, "not UTF-8"),
        ("env:ESP_URL", {"ESP_URL": "ENC[AES256_GCM,data:x]"}, "encrypted"),
    ],
)
def test_no_url(tmp_path: Path, url: str, environ: dict[str, str], said: str) -> None:
    (tmp_path / "esp_empty_url").write_text("\n")
    (tmp_path / "esp_bytes_url").write_bytes(b"\xff\xfe")
    with pytest.raises(ReconcilerError, match=said):
        url_of(stated(tmp_path, url), environ)


def test_which_target(tmp_path: Path) -> None:
    entry = TargetEntry(type="native", url="sqlite:///x.db")
    none = Settings(project="p", folder=tmp_path, root=tmp_path, targets={})
    two = Settings(project="p", folder=tmp_path, root=tmp_path, targets={"live": entry, "test": entry})
    assert settings.target(two, "test", {}).name == "test"
    with pytest.raises(ReconcilerError, match="names no target"):
        settings.target(none, "live", {})
    with pytest.raises(ReconcilerError, match="several targets: live, test"):
        settings.target(two, None, {})
    with pytest.raises(ReconcilerError, match='did you mean "live"'):
        settings.target(two, "life", {})
    with pytest.raises(ReconcilerError, match=r'no target "zzz"$'):
        settings.target(two, "zzz", {})


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("mysql://u:p@h/d", True),
        ("mysql://u:${P}@h/d", False),
        ("mysql://u:x${P}@h/d", True),
        ("mysql://u@h/d", False),
        ("mysql://h/d?password=p", True),
        ("mysql://h/d?password=${P}", False),
        ("mysql://h:3306/d", False),
        ("sqlite:///a:b@c.db", False),
        ("env:NAME", False),
    ],
)
def test_what_counts_as_a_password_in_plain(url: str, plain: bool) -> None:
    assert plain_password(url) is plain


def test_find_walks_up_to_the_top_of_the_work_tree_only(tmp_path: Path) -> None:
    top, inner = tmp_path / "repo", tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "reconciler.yaml").touch()
    assert settings.find(inner, {}) is None
    (top / ".git").mkdir()
    assert settings.find(inner, {}) is None
    (top / "reconciler.yaml").touch()
    assert settings.find(inner, {}) == top / "reconciler.yaml"
    assert settings.find(tmp_path, {}) == tmp_path / "reconciler.yaml"
    assert settings.find(inner, {"RECONCILER_CONFIG": "else.yaml"}) == Path("else.yaml")


@pytest.mark.parametrize("name", ["RECONCILER_DATABASE_URL", "RECONCILER_DATABASE_URL_FILE"])
def test_a_blank_variable_is_an_error_and_no_fallback(one: Settings, name: str) -> None:
    with pytest.raises(ReconcilerError, match=f"{name} is blank"):
        url_of(one, {name: " \n"})
    assert url_of(one, {name: ""}).endswith("/var/esp.db"), "an empty one is not set, as in docker's -e NAME="


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/tty", "pipe", "folder", "long", "nul\0byte"])
def test_a_file_of_the_settings_is_a_short_regular_one(tmp_path: Path, place: str) -> None:
    """The line may be anybody's proposal: nothing is waited for, and nothing read without end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "long").write_text(f"sqlite:///{'x' * 2**16}")
    with pytest.raises(ReconcilerError, match=r"targets\.live\.url"):
        url_of(stated(tmp_path, f"file:{place}"))
