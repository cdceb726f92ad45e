"""What is known of database URLs on two floors: where the settings are read, and where databases are opened."""

from __future__ import annotations

from typing import Final

DRIVERS: Final = {"mariadb": "pymysql", "mysql": "pymysql", "postgresql": "psycopg", "sqlite": "pysqlite"}
"""Database → its driver, as SQLAlchemy calls both."""

CERTIFICATES: Final = frozenset({"ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_check_hostname"})
"""Parameters of PyMySQL that say how a server proves who it is."""
