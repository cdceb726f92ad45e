"""Private servers that listen on the loopback too, at an address that no rule takes for local, with a certificate that
the test chooses, and an account with a password."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.support.private_servers import MariaDB, PostgreSQL, unprivileged

ELSEWHERE = "127.0.0.2"
"""Loopback, but not by the name of it."""

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""How a client asks PostgreSQL whether it speaks TLS."""

ACCOUNT, PASSWORD = "tester", "right-password"


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; made with openssl."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def sign(self, name: str, *, host: str = ELSEWHERE, since: str = "", until: str = "") -> Path:
        """A certificate for this host, its key beside it as NAME.key; a time is YYYYMMDDHHMMSSZ."""
        made = self.folder / f"{name}.pem"
        request, extension = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        sort = "IP" if host[0].isdigit() else "DNS"
        extension.write_text(f"subjectAltName={sort}:{host}\n", encoding="utf-8")
        openssl("req", "-new", *KEY, "-keyout", made.with_suffix(".key"), "-out", request, "-subj", f"/CN={host}")
        times = ["-startdate", since or "20200101000000Z", "-enddate", until or "20991231000000Z"]
        database = self.folder / f"{self.name}.index"
        database.touch()
        settings = self.folder / "ca.cnf"
        settings.write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={database}\nrand_serial=yes\nnew_certs_dir={self.folder}\n"
            "default_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n",
            encoding="utf-8",
        )
        signing = ["-cert", self.certificate, "-keyfile", self.certificate.with_suffix(".key"), "-extfile", extension]
        openssl("ca", "-batch", "-notext", "-config", settings, *signing, *times, "-in", request, "-out", made)
        return made


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def authority(folder: Path, name: str) -> Authority:
    """A new one, which signs itself."""
    made = Authority(folder, name)
    own = ["-keyout", made.certificate.with_suffix(".key"), "-out", made.certificate]
    openssl("req", "-x509", *KEY, *own, "-days", "3650", "-subj", f"/CN={name}")
    return made


def self_signed(folder: Path, name: str) -> Path:
    """A certificate for the right host that nobody vouches for."""
    made = folder / f"{name}.pem"
    own = ["-keyout", made.with_suffix(".key"), "-out", made, "-addext", f"subjectAltName=IP:{ELSEWHERE}"]
    openssl("req", "-x509", *KEY, *own, "-days", "3650", "-subj", f"/CN={ELSEWHERE}")
    return made


def openssl(*arguments: str | Path) -> None:
    ended = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind((ELSEWHERE, 0))
        return int(asked.getsockname()[1])


def installed(certificate: Path, folder: Path) -> None:
    """Put a certificate and its key where the server looks, and let only the server read the key."""
    user = unprivileged()
    for source, name in ((certificate, "server.pem"), (certificate.with_suffix(".key"), "server.key")):
        target = folder / name
        target.unlink(missing_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)
        if user is not None:
            os.chown(target, user.pw_uid, user.pw_gid)


class PostgreSQLElsewhere(PostgreSQL):
    """`shows` another certificate without a restart."""

    variable = ""  # always of our own

    def __init__(self, certificate: Path) -> None:
        self._certificate = certificate
        self.port = free_port()
        super().__init__()
        self.execute(f"CREATE ROLE {ACCOUNT} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")

    def _made(self, folder: Path) -> tuple[sa.URL, Sequence[str]]:
        self._place = folder
        url, command = super()._made(folder)
        installed(self._certificate, folder)
        (folder / "data" / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n")
        more = {"ssl": "on", "ssl_cert_file": folder / "server.pem", "ssl_key_file": folder / "server.key"}
        listening = ["-c", f"listen_addresses={ELSEWHERE}", "-p", str(self.port)]
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in more.items())
        return url.update_query_dict({"port": str(self.port)}), [*command, *listening]

    def shows(self, certificate: Path | None) -> None:
        """From now on; None: no certificate, the server speaks plainly."""
        if certificate is not None:
            installed(certificate, self._place)
        self.execute(f"ALTER SYSTEM SET ssl = {'on' if certificate else 'off'}")
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        wanted = certificate and ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="utf-8"))
        for _ in range(200):
            if self._shown() == wanted:
                return
            time.sleep(0.05)
        raise AssertionError("the server has not taken the certificate")

    def _shown(self) -> bytes | None:
        """The certificate that a new connection sees; None: no TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((ELSEWHERE, self.port)) as asked:
            asked.sendall(SSL_REQUEST)
            if asked.recv(1) != b"S":
                return None
            with context.wrap_socket(asked) as secured:
                return secured.getpeercert(binary_form=True)

    def elsewhere(self, database: str, authority: Path | None, **query: str) -> str:
        given = {"sslrootcert": str(authority)} if authority else {}
        return _url("postgresql+psycopg", self.port, database, {**given, **query})


class MariaDBElsewhere(MariaDB):
    """As PostgreSQLElsewhere. Whether it speaks TLS at all is said at its start."""

    variable = ""

    def __init__(self, certificate: Path | None) -> None:
        self._certificate = certificate
        self.port = free_port()
        super().__init__()
        self.execute(f"CREATE USER '{ACCOUNT}'@'%%' IDENTIFIED BY '{PASSWORD}'")
        self.execute(f"GRANT ALL ON *.* TO '{ACCOUNT}'@'%%'")

    def _made(self, folder: Path) -> tuple[sa.URL, Sequence[str]]:
        self._place = folder
        url, command = super()._made(folder)
        more = [f"--bind-address={ELSEWHERE}", f"--port={self.port}"]
        if self._certificate is not None:
            installed(self._certificate, folder)
            more += [f"--ssl-cert={folder / 'server.pem'}", f"--ssl-key={folder / 'server.key'}"]
        else:
            more += ["--skip-ssl"]
        return url, [*(word for word in command if word != "--skip-networking"), *more]

    def shows(self, certificate: Path) -> None:
        """From now on."""
        installed(certificate, self._place)
        self.execute("FLUSH SSL")

    def elsewhere(self, database: str, authority: Path | None, **query: str) -> str:
        given = {"ssl_ca": str(authority)} if authority else {}
        return _url("mariadb+pymysql", self.port, database, {**given, **query})


def _url(driver: str, port: int, database: str, query: dict[str, str]) -> str:
    url = sa.URL.create(driver, ACCOUNT, PASSWORD, ELSEWHERE, port, database, query)
    return url.render_as_string(hide_password=False)
