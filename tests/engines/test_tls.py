"""A server elsewhere is spoken to only when it proves who it is: bad certificates are refused by both drivers as they
are, by servers with certificates made by openssl. Elsewhere is a loopback address that no rule takes for local."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from reconciler.model.errors import TargetError
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE
from tests.support.private_servers import Missing
from tests.support.server_pool import left_out
from tests.support.tls_servers import MariaDBElsewhere, PostgreSQLElsewhere, authority, self_signed

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")  # PyMySQL leaves open what it refuses

ESP = "esp"
PLAIN = "plain"
BAD = ("expired", "not yet valid", "of another host", "of another authority", "signed by itself", PLAIN)


@dataclass(frozen=True)
class Certificates:
    """`ours`: the authority that the operator trusts; `shown`: what is wrong with a certificate → where it is."""

    ours: Path
    shown: Mapping[str, Path]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    ours, theirs = authority(folder, "ours"), authority(folder, "theirs")
    return Certificates(
        ours.certificate,
        {
            "good": ours.sign("good"),
            "expired": ours.sign("expired", until="20210101000000Z"),
            "not yet valid": ours.sign("early", since="20980101000000Z"),
            "of another host": ours.sign("host", host="db.example"),
            "of another authority": theirs.sign("other"),
            "signed by itself": self_signed(folder, "itself"),
        },
    )


@pytest.fixture(scope="module")
def postgresql(certificates: Certificates) -> Iterator[PostgreSQLElsewhere]:
    try:
        server = PostgreSQLElsewhere(certificates.shown["good"])
    except Missing as error:
        left_out(f"{PostgreSQLElsewhere.name}: {error}")
    server.create(ESP)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def mariadb(certificates: Certificates) -> Iterator[MariaDBElsewhere]:
    try:
        server = MariaDBElsewhere(certificates.shown["good"])
    except Missing as error:
        left_out(f"{MariaDBElsewhere.name}: {error}")
    server.create(ESP)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def plain_mariadb() -> Iterator[MariaDBElsewhere]:
    """One that knows no TLS."""
    try:
        server = MariaDBElsewhere(None)
    except Missing as error:
        left_out(f"{MariaDBElsewhere.name}: {error}")
    server.create(ESP)
    yield server
    server.stop()


def opened(url: str, *, insecure: bool = False) -> str:
    """Why the server is not spoken to; empty: it was. An empty database is as good as any."""
    try:
        target = NATIVE.open(TargetSettings(name="esp", type="native", url=url, insecure=insecure), KINDS)
        target.doctor()
    except TargetError as error:
        assert "right-password" not in error.message + error.remedy
        return "" if "not an ESP database of ours: it is empty" in error.message else error.message
    finally:
        gc.collect()
    raise AssertionError("the database is empty")


@pytest.mark.torture
def test_postgresql_is_asked_for_a_good_certificate(
    postgresql: PostgreSQLElsewhere, certificates: Certificates
) -> None:
    url = postgresql.elsewhere(ESP, certificates.ours)
    for bad in BAD:
        postgresql.shows(certificates.shown.get(bad))
        why = opened(url)
        assert ("TLS" if bad == PLAIN else "certificate that cannot be verified") in why, bad
    postgresql.shows(certificates.shown["good"])
    assert opened(url) == ""
    assert "no authority is known" in opened(postgresql.elsewhere(ESP, None))


@pytest.mark.torture
def test_postgresql_without_tls_only_where_insecure_is_said(
    postgresql: PostgreSQLElsewhere, certificates: Certificates
) -> None:
    postgresql.shows(None)
    for query in ({}, {"sslmode": "disable"}, {"sslmode": "prefer"}):
        url = postgresql.elsewhere(ESP, None, **query)
        assert opened(url), query
        assert opened(url, insecure=True) == "", query
    postgresql.shows(certificates.shown["expired"])
    assert opened(postgresql.elsewhere(ESP, None, sslmode="require"))
    assert opened(postgresql.elsewhere(ESP, None, sslmode="require"), insecure=True) == ""


@pytest.mark.torture
def test_mariadb_is_asked_for_a_good_certificate(
    mariadb: MariaDBElsewhere, plain_mariadb: MariaDBElsewhere, certificates: Certificates
) -> None:
    for bad in BAD:
        server = plain_mariadb if bad == PLAIN else mariadb
        if bad != PLAIN:
            mariadb.shows(certificates.shown[bad])
        assert "no certificate that can be verified" in opened(server.elsewhere(ESP, certificates.ours)), bad
    mariadb.shows(certificates.shown["good"])
    assert opened(mariadb.elsewhere(ESP, certificates.ours)) == ""


@pytest.mark.torture
def test_mariadb_without_tls_only_where_insecure_is_said(
    mariadb: MariaDBElsewhere, plain_mariadb: MariaDBElsewhere, certificates: Certificates
) -> None:
    mariadb.shows(certificates.shown["expired"])
    for server in (mariadb, plain_mariadb):
        assert "certificate is not checked" in opened(server.elsewhere(ESP, None))
        assert opened(server.elsewhere(ESP, None), insecure=True) == ""
