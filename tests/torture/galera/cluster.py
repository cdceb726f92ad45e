"""A Galera cluster of the tests' own: three nodes on loopback, from the installed binaries or from packages unpacked in
a temporary folder; nothing is installed. It is gone at the end, however the tests end.

Unlike the other private servers these flush what they commit: here crashes are tested.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pymysql
import sqlalchemy as sa

from tests.support.private_servers import Server, lowered, unprivileged
from tests.torture.galera.binaries import Binaries, binaries

SIZE = 3
PATIENCE = 120.0
"""Seconds until a node has joined; it copies the whole database of another one, and machines of builds are slow."""

IN_SERVICE = {"wsrep_ready": "ON", "wsrep_cluster_status": "Primary", "wsrep_local_state_comment": "Synced"}

CONFIGURATION = """
[mysqld]
basedir={root}/usr
lc-messages-dir={root}/usr/share/mysql
plugin-dir={root}/usr/lib/mysql/plugin
datadir={folder}/{name}
socket={folder}/{name}.sock
pid-file={folder}/{name}.pid
port={port}
bind-address=127.0.0.1
skip-name-resolve
performance-schema=OFF
character-set-server=utf8mb4
binlog_format=ROW
default-storage-engine=InnoDB
innodb_autoinc_lock_mode=2
innodb_buffer_pool_size=64M
innodb_log_file_size=16M
innodb_flush_log_at_trx_commit=1
wsrep_on=ON
wsrep_provider={provider}
wsrep_cluster_name=recon
wsrep_cluster_address=gcomm://{everyone}
wsrep_node_name={name}
wsrep_node_address=127.0.0.1:{group}
wsrep_node_incoming_address=127.0.0.1:{port}
wsrep_provider_options="base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};ist.recv_addr=127.0.0.1:{changes};gcache.size=32M"
wsrep_sst_method=rsync
wsrep_sst_receive_address=127.0.0.1:{copies}
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """What one node listens on: for clients, for the group, for missed changes and for a whole copy."""

    clients: int
    group: int
    changes: int
    copies: int


class Node(Server):
    """One node. What hands read here is what the cluster has committed; their changes wait for nobody."""

    name = "Galera"
    quoted = "`{}`"
    hastily: ClassVar = {"ssl_disabled": "true", "init_command": "SET SESSION wsrep_sync_wait = 1"}

    def __init__(self, title: str, ports: Ports, folder: Path, programs: Binaries) -> None:
        self.title = title
        self.ports = ports
        self.url = sa.URL.create("mariadb+pymysql", username="root", host="127.0.0.1", port=ports.clients)
        self._at = folder
        self._programs = programs
        self._folder = None  # it is the cluster's
        self._engines: dict[tuple[str | None, bool], sa.Engine] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS `{database}`")

    def configure(self, everyone: str) -> None:
        """Write the node's file. `everyone`: the addresses of the group."""
        text = CONFIGURATION.format(
            root=self._programs.root,
            provider=self._programs.provider,
            folder=self._at,
            name=self.title,
            port=self.ports.clients,
            group=self.ports.group,
            changes=self.ports.changes,
            copies=self.ports.copies,
            everyone=everyone,
        )
        self._file.write_text(text, encoding="utf-8")
        (self._at / self.title).mkdir()
        owned(self._at / self.title)

    def found(self) -> None:
        """Make the data of the first node; the others copy it."""
        install = [self._programs.program("mariadb-install-db"), f"--defaults-file={self._file}", "--wsrep-on=OFF"]
        install += ["--auth-root-authentication-method=normal", "--skip-test-db"]
        environment = {**self._programs.environment, "HOME": str(self._at)}
        ended = subprocess.run(lowered(install), cwd=self._at, env=environment, capture_output=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"{ended.stdout[-1000:]!r}{ended.stderr[-1000:]!r}")

    def start(self, *more: str) -> None:
        """Run it; `joined` tells when it is of use."""
        command = [self._programs.program("mariadbd"), f"--defaults-file={self._file}", *more]
        environment = {**self._programs.environment, "HOME": str(self._at)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(lowered(command), stdout=log, stderr=log, cwd=self._at, env=environment)

    def joined(self) -> None:
        """Wait until it answers as a part of its cluster."""
        self.waits_for(lambda: {name: self.state().get(name) for name in IN_SERVICE} == IN_SERVICE)

    def waits_for(self, condition: Callable[[], bool]) -> None:
        """Ask until it is so. Raises RuntimeError when the node ends first, or after a long time."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if not self.alive or time.monotonic() > deadline:
                raise RuntimeError(f"{self.title}: {self.state()}\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def state(self) -> dict[str, str]:
        """What it says of itself and its cluster, also cut off; nothing when it does not answer."""
        try:
            with self._plainly() as connection, connection.cursor() as cursor:
                cursor.execute("SHOW STATUS LIKE 'wsrep%'")
                return {str(name): str(value) for name, value in cursor.fetchall()}
        except pymysql.MySQLError:
            return {}

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def lead(self) -> None:
        """What an operator says to the node that is left, once the others are known to be dead."""
        with self._plainly() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")

    def _plainly(self) -> pymysql.Connection:
        """A connection that asks nothing by itself: a node that is cut off answers little."""
        return pymysql.connect(
            host="127.0.0.1", port=self.ports.clients, user="root", connect_timeout=5, read_timeout=5, ssl_disabled=True
        )

    @property
    def _file(self) -> Path:
        return self._at / f"{self.title}.cnf"

    @property
    def _log(self) -> Path:
        return self._at / f"{self.title}.err"


class Cluster:
    """Three nodes that run. Raises Missing where that cannot be."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ga-"))
        owned(self.folder)
        self.nodes: list[Node] = []
        try:
            programs = binaries(self.folder)
            ports = free_ports()
            self.nodes = [
                Node(f"n{number}", Ports(*(next(ports) for _ in range(4))), self.folder, programs)
                for number in range(1, SIZE + 1)
            ]
            everyone = ",".join(f"127.0.0.1:{node.ports.group}" for node in self.nodes)
            for node in self.nodes:
                node.configure(everyone)
            first, *others = self.nodes
            first.found()
            first.start("--wsrep-new-cluster")
            first.joined()
            for node in others:
                node.start()
                node.joined()
        except BaseException:
            self.stop()
            raise

    def kill(self, *nodes: Node) -> None:
        """kill -9, one right after the other."""
        for node in nodes:
            node.stop()

    def mend(self) -> None:
        """Bring back together what is left, start what is dead, and wait until all are one again."""
        left = [node for node in self.nodes if node.alive]
        if len(left) * 2 < len(self.nodes):
            left[0].waits_for(lambda: left[0].state().get("wsrep_cluster_status") == "non-Primary")
            left[0].lead()
        for node in left:
            node.joined()
        for node in self.nodes:
            if not node.alive:
                node.start()
                node.joined()
        for node in self.nodes:
            node.waits_for(lambda node=node: node.state().get("wsrep_cluster_size") == str(SIZE))

    def stop(self) -> None:
        """End all of it, frozen or not, with what copies between nodes."""
        for node in self.nodes:
            node.stop()
        for process in leftovers(self.folder):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def leftovers(folder: Path) -> Iterator[int]:
    """Processes that were started with this folder, which has a name of its own."""
    for said in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if os.fsencode(folder) in said.read_bytes():
                yield int(said.parent.name)


def free_ports() -> Iterator[int]:
    """Ports that nobody listens on, below those that connections take for themselves."""
    for port in random.sample(range(20_000, 32_000), 400):
        with suppress(OSError):
            with socket.socket() as attempt:
                attempt.bind(("127.0.0.1", port))
            yield port


def owned(path: Path) -> None:
    """By the user who runs the nodes. As root they could not copy: rsync's daemon gives its rights up."""
    user = unprivileged()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
