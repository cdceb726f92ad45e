"""Names and passwords of accounts may have any letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from reconciler.kinds import KINDS
from reconciler.model.errors import TargetError
from reconciler.model.target import TargetSettings
from reconciler.targets.native.target import NATIVE, NativeTarget
from tests.support.private_servers import MariaDB, Missing, PostgreSQL
from tests.support.server_pool import left_out
from tests.support.tls_servers import MariaDBElsewhere, PostgreSQLElsewhere, authority

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")  # PyMySQL leaves open what it refuses

LETTERS = ("pässwörd", "пароль", "密码🔑", "latin é ÿ", "plain:/@?#%")

Elsewhere = PostgreSQLElsewhere | MariaDBElsewhere


@pytest.fixture(scope="module", params=[PostgreSQLElsewhere, MariaDBElsewhere])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """One that asks for passwords."""
    folder = tmp_path_factory.mktemp("certificates")
    ours = authority(folder, "ours")
    try:
        server = request.param(ours.sign("good"))
    except Missing as error:
        left_out(f"{request.param.name}: {error}")
    server.create("esp")
    yield server
    server.stop()


@pytest.fixture
def trusted(server: Elsewhere) -> Path:
    """The certificate of the authority that the server's own was made by."""
    return server._certificate.parent / "ours.pem" if server._certificate else Path()


def target(server: Elsewhere, trusted: Path, name: str, password: str) -> NativeTarget:
    url = sa.make_url(server.elsewhere("esp", trusted)).set(username=name, password=password)
    written = url.render_as_string(hide_password=False)
    return NATIVE.open(TargetSettings(name="esp", type="native", url=written, timeout=30), KINDS)


def make_account(server: Elsewhere, name: str, password: str) -> None:
    escaped = password.replace("%", "%%")
    if isinstance(server, PostgreSQL):
        server.execute(f"CREATE ROLE \"{name}\" LOGIN SUPERUSER PASSWORD '{escaped}'")
    else:
        assert isinstance(server, MariaDB)
        server.execute(f"CREATE USER '{name}'@'%%' IDENTIFIED BY '{escaped}'")
        server.execute(f"GRANT ALL ON *.* TO '{name}'@'%%'")


@pytest.mark.torture
@pytest.mark.parametrize("letters", LETTERS)
def test_an_account_is_let_in_by_its_password_whatever_the_letters(
    server: Elsewhere, trusted: Path, letters: str
) -> None:
    name = f"{letters[:5]}ñ"
    make_account(server, name, letters)
    with (
        pytest.raises(TargetError, match="not an ESP database of ours"),
        target(server, trusted, name, letters).reader(),
    ):
        pass
    with pytest.raises(TargetError, match="does not accept the account"), target(server, trusted, name, "x").reader():
        pass
