"""A secret is in nothing that a command says or writes, whichever way it fails: one line a path."""

from __future__ import annotations

import gc
import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli import canaries as via
from tests.cli.canaries import SECRET, Scene, Source, found_in
from tests.support.private_servers import Missing
from tests.support.repository import Cli, Place
from tests.support.server_pool import ServerPool, left_out, mariadb
from tests.support.tls_servers import PostgreSQLElsewhere, authority

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")  # PyMySQL leaves open what it cannot use

PG = "postgresql://{me}:{p}@{pg}"
MY = "mariadb://{me}:{p}@/{db}?unix_socket={my}"
PLAN = ["plan"]

FAILING: list[tuple[str, str, Source, str, list[str]]] = [
    ("wrong password", "not accept", via.option, "postgresql://{me}:{p}x@{pg}/{db}?sslrootcert={ca}", PLAN),
    ("wrong password", "not accept", via.variable, "postgresql://{me}:{p}wrong@{pg}/{db}?sslrootcert={ca}", PLAN),
    ("wrong password", "not accept", via.variable_file, "mariadb://{me}:{p}wrong@/{db}?unix_socket={my}", PLAN),
    (
        "wrong password",
        "not accept",
        via.credential,
        "mariadb://{me}:{p}wrong@/{db}?unix_socket={my}",
        ["apply", "--yes"],
    ),
    ("wrong password", "not accept", via.env, "mariadb://{me}:{p}wrong@/{db}?unix_socket={my}", ["drift", "--json"]),
    (
        "wrong password",
        "not accept",
        via.file,
        "postgresql://{me}:{p}wrong@{pg}/{db}?sslrootcert={ca}",
        ["doctor", "--json"],
    ),
    ("wrong password", "not accept", via.part, "mariadb://nobody:{p}@/{db}?unix_socket={my}", ["export"]),
    ("unknown host", "cannot be reached", via.option, "mariadb://{me}:{p}@nowhere.invalid/{db}?ssl_ca={ca}", PLAN),
    (
        "unknown host",
        "a name that nobody knows",
        via.env,
        "postgresql://{me}:{p}@nowhere.invalid/{db}?sslrootcert={ca}",
        ["history"],
    ),
    ("refused port", "cannot be reached", via.variable, "postgresql://{me}:{p}@127.0.0.1:1/{db}", ["list", "package"]),
    ("refused port", "cannot be reached", via.file, "mariadb://{me}:{p}@127.0.0.1:1/{db}", ["pause", "--reason", "x"]),
    ("no socket", "cannot be reached", via.credential, "mariadb://{me}:{p}@/{db}?unix_socket=/nowhere", ["resume"]),
    ("no database", "let this account use", via.option, "mariadb://{me}:{p}@/missing?unix_socket={my}", PLAN),
    (
        "no database",
        "no such account or database",
        via.variable,
        PG + "/missing?sslrootcert={ca}",
        ["database", "create"],
    ),
    ("an empty database", "it is empty", via.part, PG + "/{db}?sslrootcert={ca}", ["history", "abc"]),
    ("an empty database", "it is empty", via.part, MY, ["doctor"]),
    ("no TLS asked for", "not checked", via.variable, "mariadb://{me}:{p}@db.example/esp", PLAN),
    ("no TLS asked for", "not checked", via.file, "postgresql://{me}:{p}@db.example/esp?sslmode=disable", PLAN),
    ("another authority", "cannot be verified", via.option, PG + "/{db}?sslrootcert={other}", PLAN),
    ("no authority", "no authority is known", via.env, PG + "/{db}", PLAN),
    ("no such authority", "ssl_ca", via.env, "mariadb://{me}:{p}@db.example/esp?ssl_ca=/nowhere.pem", PLAN),
    (
        "plain where TLS is",
        "no such account or database",
        via.insecure_env,
        "postgresql://{me}:{p}@{pg}/missing?sslmode=disable",
        PLAN,
    ),
    ("both set", "both set", via.both, PG + "/{db}", PLAN),
    ("both set", "both set", via.both_variables, PG + "/{db}", ["apply", "--yes"]),
    ("not UTF-8", "not UTF-8", via.latin, PG + "/{db}", PLAN),
    ("a URL for a path", "not the path of a file", via.as_path, PG + "/{db}", PLAN),
    ("a URL for a path", "not the path of a file", via.as_path_variable, PG + "/{db}", PLAN),
    ("encrypted", "encrypted", via.encrypted, "", PLAN),
    ("bad URL: no scheme", "cannot be read", via.variable, "{me}:{raw}@host/esp", PLAN),
    ("bad URL: no slashes", "cannot be read", via.option, "postgresql:{me}:{raw}@host/esp", PLAN),
    ("bad URL: not quoted", "more than one @", via.variable, "postgresql://{me}:{raw}@127.0.0.1:1/esp", PLAN),
    ("bad URL: not quoted", "more than one @", via.file, "mariadb://{me}:{raw}@127.0.0.1:1/esp", PLAN),
    ("bad URL: port no number", "cannot be read", via.env, "postgresql://{me}:{p}@host:{raw}/esp", PLAN),
    ("bad URL: password as port", "cannot be read", via.variable, "mysql://{me}:{p}/esp", PLAN),
    ("bad URL: no database", "names no database", via.variable, "mysql://{me}:{p}@host", PLAN),
    ("bad URL: another system", "type oracle", via.option, "oracle://{me}:{p}@host/esp", PLAN),
    (
        "bad URL: another driver",
        "a driver that is not supported",
        via.credential,
        "mysql+mysqldb://{me}:{p}@127.0.0.1:1/esp",
        PLAN,
    ),
    (
        "bad URL: as a parameter",
        "cannot be reached",
        via.env,
        "postgresql://127.0.0.1:1/esp?user={me}&password={p}",
        PLAN,
    ),
    (
        "bad URL: unknown parameter",
        "does not take a parameter",
        via.variable,
        "mysql://{me}:{p}@127.0.0.1:1/esp?{p}={p}",
        PLAN,
    ),
    (
        "bad URL: unknown parameter",
        "cannot be reached",
        via.variable,
        "postgresql://{me}:{p}@127.0.0.1:1/esp?{p}={p}",
        PLAN,
    ),
    ("bad URL: only the secret", "cannot be read", via.variable, "{raw}", PLAN),
    (
        "bad URL: two lines",
        "more than one line",
        via.option,
        "mysql://{me}:{p}@127.0.0.1:1/esp\nmysql://{me}:{raw}",
        PLAN,
    ),
    ("bad URL: bad bracket", "cannot be read", via.variable, "postgresql://{me}:{p}@[::1/esp", PLAN),
]


@pytest.fixture(scope="module")
def hosts(pool: ServerPool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Servers with an account whose password is the secret; what the URLs above are filled with."""
    folder = tmp_path_factory.mktemp("authorities")
    ours, theirs = authority(folder, "ours"), authority(folder, "theirs")
    maria = mariadb(pool)
    name = pool.name(maria)
    maria.create(name)
    maria.execute(f"CREATE USER {name}@localhost IDENTIFIED BY '{SECRET}'")
    for schema in (name, f"{name}_memory"):
        maria.execute(f"GRANT ALL ON {schema}.* TO {name}@localhost")
    try:
        postgres = PostgreSQLElsewhere(ours.sign("good"))
    except Missing as error:
        left_out(f"{PostgreSQLElsewhere.name}: {error}")
    postgres.execute(f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD '{SECRET}'")
    postgres.execute(f"CREATE DATABASE {name} OWNER {name}")
    gc.freeze()
    yield {
        "pg": f"127.0.0.2:{postgres.port}",
        "my": str(maria.url.query["unix_socket"]),
        "me": name,
        "db": name,
        "ca": str(ours.certificate),
        "other": str(theirs.certificate),
    }
    gc.unfreeze()
    postgres.stop()
    maria.execute(f"DROP USER {name}@localhost")


@pytest.fixture
def scene(place: Place, hosts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name in [name for name in os.environ if name.startswith(("RECONCILER_DATABASE", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.folder / "cache"))
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    yield Scene(place, secrets, monkeypatch, hosts)
    gc.collect()  # what PyMySQL left open is complained of here, where it is known


@pytest.mark.parametrize(
    ("said", "source", "url", "command"),
    [pytest.param(*rest, id=f"{number}: {name}, {rest[1].__name__}") for number, (name, *rest) in enumerate(FAILING)],
)
def test_a_failure_gives_no_secret_away(
    cli: Cli, scene: Scene, said: str, source: Source, url: str, command: list[str]
) -> None:
    arguments = source(scene, scene.url(url))
    for debug in ("", "1"):
        scene.patch.setenv("RECONCILER_DEBUG", debug)
        ended = cli(*command, *arguments)
        assert ended.code == 1, ended
        assert said in ended.err
        assert scene.left_behind(ended) == {}
        assert "internal error" not in ended.err


def test_a_password_in_the_settings_is_refused_and_not_repeated(cli: Cli, scene: Scene) -> None:
    arguments = via.in_the_settings(scene, scene.url(PG + "/{db}"))
    left = scene.left_behind(cli("plan", *arguments))
    assert set(left) == {"reconciler.yaml"}


def test_a_crash_inside_gives_no_secret_away(cli: Cli, scene: Scene) -> None:
    """The deepest place that is given the password falls over, and says with what."""

    def crash(*arguments: object, **named: object) -> None:
        raise RuntimeError(f"cannot connect with {arguments} {named} {scene.url(MY)} {b64encode(SECRET.encode())!r}")

    arguments = via.env(scene, scene.url(MY))
    with scene.patch.context() as patch:
        patch.setattr("pymysql.connect", crash)
        assert scene.left_behind(cli("plan", *arguments)) == {}
        patch.setenv("RECONCILER_DEBUG", "1")
        ended = cli("plan", *arguments)
    assert "Traceback" in ended.err
    assert "RuntimeError: cannot connect with" in ended.err
    assert scene.left_behind(ended) == {}


def test_a_journey_that_succeeds_writes_no_secret_down(cli: Cli, scene: Scene) -> None:
    """Neither into plan files nor into the database."""
    scene.patch.setenv("RECONCILER_PLAN_KEY", SECRET)
    arguments = via.env(scene, scene.url(MY))
    for command, code in (
        (["database", "create"], 0),
        (["plan", "--out", "plan.json", "--json"], 0),
        (["show", "plan.json"], 0),
        (["apply", "plan.json"], 0),
        (["plan", "--json"], 0),
        (["drift", "--json"], 0),
        (["doctor"], 0),
        (["doctor", "--rehearse", "--json"], 0),
        (["history", "--json"], 0),
        (["list", "tenant"], 0),
        (["export", "--write", "--complete"], 0),
        (["pause", "--reason", "moving house"], 0),
        (["apply", "--yes"], 3),
    ):
        ended = cli(*command, *(arguments if command[0] != "show" else ()))
        assert ended.code == code, (command, ended)
        assert scene.left_behind(ended) == {}, command
    assert found_in(rows_of(scene).encode()) == []


def rows_of(scene: Scene) -> str:
    """Every row of both schemas, as text."""
    engine = sa.create_engine(scene.url(MY).replace("mariadb:", "mariadb+pymysql:"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        tables = connection.exec_driver_sql(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE %s",
            (f"{scene.hosts['db']}%",),
        ).all()
        assert len(tables) > 20
        found = [str(connection.exec_driver_sql(f"SELECT * FROM {s}.{t}").all()) for s, t in tables]
    engine.dispose()
    return "\n".join(found)


KEYS = [
    ("signed and good", ["show", "plan.json"], "", 0),
    ("changed", ["apply", "plan.json"], "5001", 4),
    ("no plan any more", ["apply", "plan.json"], '"format"', 1),
    ("signed by another", ["show", "plan.json"], "other key", 4),
    ("not signed", ["apply", "plan.json"], "no key", 4),
]


@pytest.mark.parametrize(("command", "spoiled", "code"), [pytest.param(*rest, id=name) for name, *rest in KEYS])
def test_the_key_of_plans_is_in_nothing(
    cli: Cli, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], spoiled: str, code: int
) -> None:
    place.replace("packages.d/packages.yaml", "5000", "5001")
    scene = Scene(place, tmp_path, monkeypatch)
    if spoiled != "no key":
        monkeypatch.setenv("RECONCILER_PLAN_KEY", "another" if spoiled == "other key" else SECRET)
    assert cli("plan", "--out", "plan.json").code == 0
    monkeypatch.setenv("RECONCILER_PLAN_KEY", SECRET)
    plan = place.folder / "plan.json"
    plan.write_text(plan.read_text().replace(spoiled, spoiled[::-1]) if spoiled else plan.read_text())
    monkeypatch.setenv("RECONCILER_DEBUG", "1")
    ended = cli(*command)
    assert ended.code == code, ended
    assert scene.left_behind(ended) == {}
