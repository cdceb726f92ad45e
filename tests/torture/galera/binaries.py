"""The programs of a Galera node: those that are installed, or packages of this system unpacked in a folder. Nothing is
installed."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.private_servers import PATHS, Missing, binary

PROGRAMS = ("mariadbd", "mariadb-install-db", "rsync", "gawk")
PACKAGES = (
    *("mariadb-server", "mariadb-server-core", "mariadb-client", "mariadb-client-core", "mariadb-common"),
    *("mysql-common", "galera-4", "rsync", "socat", "libaio1", "liburing2", "libmariadb3", "libpopt0", "libwrap0"),
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """What runs a node. `root`: where it is unpacked; empty, where it is installed."""

    root: str

    @property
    def provider(self) -> Path:
        return Path(f"{self.root}/usr/lib/galera/libgalera_smm.so")

    @property
    def environment(self) -> dict[str, str]:
        """For the node and for the scripts that it starts."""
        own = f"{self.root}/usr/bin:{self.root}/usr/sbin"
        found = {**os.environ, "PATH": f"{own}:{PATHS}", "LC_ALL": "C.UTF-8"}
        if self.root:
            found["LD_LIBRARY_PATH"] = f"{self.root}/usr/lib/x86_64-linux-gnu"
        return found

    def program(self, name: str) -> str:
        """Where it is. Raises Missing."""
        return binary(name, self.environment["PATH"])


def binaries(folder: Path) -> Binaries:
    """Those that are installed, else fetched ones. Raises Missing."""
    installed = Binaries("")
    try:
        for name in PROGRAMS:
            installed.program(name)
    except Missing:
        return fetched(folder)
    return installed if installed.provider.exists() else fetched(folder)


def fetched(folder: Path) -> Binaries:
    """The packages of this system, unpacked below the folder. Raises Missing."""
    archives, root = folder / "packages", folder / "root"
    archives.mkdir()
    # apt leaves files that only its own user could write; as root it says so and goes on.
    asked = [binary("apt-get"), "download", "-o", "APT::Sandbox::User=root", *PACKAGES]
    ended = subprocess.run(asked, cwd=archives, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise Missing(f"Galera is not installed and cannot be fetched: {ended.stderr[-300:]}")
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run([binary("dpkg"), "-x", archive, root], check=True)
    return Binaries(str(root))
