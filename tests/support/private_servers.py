"""Database servers of the tests' own: started from the installed binaries on a temporary folder and a socket, without
network, without durability, and gone at the end. Nothing of the machine's own servers is touched.

An environment variable may name a server instead: RECONCILER_TEST_POSTGRES_URL, RECONCILER_TEST_MARIADB_URL.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

PATHS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/usr/bin", "/bin"))
"""Where programs are; as it was at the beginning, for a test may take PATH away."""

PATIENCE = 60.0
"""Seconds that a server may take to answer; machines of builds are slow."""


class Missing(Exception):
    """What is not installed, by name."""


class Server:
    """One running server. `url` is of an account that may do everything, without a database."""

    name = ""
    variable = ""
    quoted = '"{}"'
    hastily: ClassVar[Mapping[str, str]] = {}
    """What makes a hand quicker to connect."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._engines: dict[tuple[str | None, bool], sa.Engine] = {}
        self._process: subprocess.Popen[bytes] | None = None
        given = os.environ.get(self.variable)
        self.url = sa.make_url(given) if given else self._started()

    def url_of(self, database: str) -> str:
        """The URL of one database, password included."""
        return self.url.set(database=database).render_as_string(hide_password=False)

    def engine(self, database: str | None = None, *, autocommit: bool = True) -> sa.Engine:
        """For a hand in the database; with `autocommit` every statement commits by itself. One is made for each
        database: it keeps no connection, but asks the server a few questions when it is new."""
        if (database, autocommit) not in self._engines:
            url = self.url.set(database=database or self.url.database or self.entrance)
            options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
            made = sa.create_engine(url.update_query_dict(self.hastily), poolclass=sa.NullPool, **options)
            self._engines[database, autocommit] = made
        return self._engines[database, autocommit]

    def execute(self, statement: str, database: str | None = None) -> None:
        """One statement by a connection of its own."""
        engine = self.engine(database)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def create(self, database: str) -> None:
        """An empty database."""
        self.execute(f"CREATE DATABASE {self.quoted.format(database)}")

    @abstractmethod
    def drop(self, database: str) -> None:
        """Away with it, whoever is connected."""

    def stop(self) -> None:
        """End the process and remove its folder."""
        if self._process is not None:
            self._process.send_signal(self.hard)  # nothing of it is wanted any more
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    hard = signal.SIGKILL
    entrance: str | None = None
    account = "nobody"

    @abstractmethod
    def _made(self, folder: Path) -> tuple[sa.URL, Sequence[str]]:
        """Prepare the folder; the URL, and the command that runs the server in it. Raises Missing."""

    def _started(self) -> sa.URL:
        # Not below pytest's folder: a socket's path may have 107 characters, and others must be let in.
        folder = self._folder = Path(tempfile.mkdtemp(prefix=f"{self.name[:2].lower()}-"))
        user = unprivileged()
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        try:
            url, command = self._made(folder)
            with (folder / "log").open("wb") as log:
                # MariaDB sweeps its temporary folder when it starts: with one of its own it takes nobody's tables away.
                own = {**os.environ, "TMPDIR": str(folder)}
                self._process = subprocess.Popen(lowered(command), stdout=log, stderr=log, cwd=folder, env=own)
            self._wait(url, folder)
        except BaseException:
            self.stop()
            raise
        return url

    def _wait(self, url: sa.URL, folder: Path) -> None:
        engine = sa.create_engine(url.set(database=self.entrance), poolclass=sa.NullPool)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if any(path.is_socket() for path in folder.iterdir()):  # PyMySQL leaves open what it cannot connect
                    with engine.connect():
                        return engine.dispose()
            except sa.exc.DBAPIError:
                pass
            dead = self._process is not None and self._process.poll() is not None
            if dead or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)


class PostgreSQL(Server):
    """fsync off: what a crash of the machine does is not tested here."""

    name = "PostgreSQL"
    variable = "RECONCILER_TEST_POSTGRES_URL"
    entrance = "postgres"
    hard = signal.SIGQUIT  # it has children

    def drop(self, database: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _made(self, folder: Path) -> tuple[sa.URL, Sequence[str]]:
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
        paths = os.pathsep.join([*map(str, folders), PATHS])
        initdb, postgres = binary("initdb", paths), binary("postgres", paths)
        cluster = str(folder / "data")
        made = [initdb, "-D", cluster, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        run(lowered(made), folder)
        command = [postgres, "-D", cluster, "-k", str(folder), "-c", "listen_addresses="]
        for setting in ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB"):
            command += ["-c", setting]
        return sa.URL.create("postgresql+psycopg", username="tests", query={"host": str(folder)}), command


class MariaDB(Server):
    """Nothing is flushed: what a crash of the machine does is not tested here."""

    name = "MariaDB"
    variable = "RECONCILER_TEST_MARIADB_URL"
    quoted = "`{}`"
    hastily: ClassVar = {"ssl_disabled": "true"}

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS `{database}`")

    def _made(self, folder: Path) -> tuple[sa.URL, Sequence[str]]:
        install, daemon = binary("mariadb-install-db"), binary("mariadbd")
        cluster, socket = f"--datadir={folder / 'data'}", str(folder / "socket")
        options = ("--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M")
        # The account that runs it is the administrator: on a socket it needs no password.
        install_as = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        run(lowered([install, "--no-defaults", cluster, *install_as, *options]), folder)
        command = [daemon, "--no-defaults", cluster, f"--socket={socket}", f"--pid-file={folder / 'pid'}", *options]
        command += ["--skip-networking", "--skip-log-bin", "--skip-name-resolve", "--performance-schema=OFF"]
        command += ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF", "--innodb-fast-shutdown=2"]
        command += ["--character-set-server=utf8mb4", "--max-connections=100"]
        return sa.URL.create("mariadb+pymysql", username="root", query={"unix_socket": socket}), command


def binary(name: str, paths: str = PATHS) -> str:
    """Where a program is. Raises Missing."""
    found = shutil.which(name, path=paths)
    if found is None:
        raise Missing(f"the program {name} is not installed")
    return found


def unprivileged() -> pwd.struct_passwd | None:
    """Who runs the servers, which refuse to run as root; None: whoever runs the tests."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def lowered(command: Sequence[str]) -> list[str]:
    """The command as the unprivileged user runs it. It ends with the tests, however those end."""
    user = unprivileged()
    lower = [binary("setpriv"), "--pdeathsig=KILL"]
    if user is not None:
        lower += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [*lower, "--", *command]


def run(command: Sequence[str], folder: Path) -> None:
    """One program to its end. Raises RuntimeError with what it said."""
    own = {"HOME": str(folder), "TMPDIR": str(folder)}
    environment: dict[str, Any] = {**os.environ, **own, "PATH": PATHS, "LC_ALL": "C.UTF-8"}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    if ended.returncode:
        raise RuntimeError(f"{command}: {ended.stdout[-1000:]}{ended.stderr[-1000:]}")
