"""What one node writes another one reads, at once and whole (docs/reliability.md)."""

from __future__ import annotations

import pymysql
import pytest

from reconciler.workflow import doctor
from tests.support.esp import FILES, MUCH, changed
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.galera.esp_on_cluster import Clustered

pytestmark = [pytest.mark.torture, pytest.mark.galera]

READS = count(300, 50)
BALLAST = 20_000
"""Rows that are written beside."""


def test_a_plan_is_applied_on_one_node_and_seen_on_all(esp: Clustered) -> None:
    esp.declare(changed(FILES, MUCH))
    plan = esp.plan()
    assert esp.at(1).plan().changes == plan.changes
    assert len(esp.at(1).apply(plan).done) == len(plan.changes)
    for number in range(3):
        assert not esp.at(number).plan().changes
    first, *others = esp.everywhere()
    assert others == [first, first]
    assert dict(doctor.diagnosis(esp.at(2).site()))["protection of package"] == "A"


def test_a_plan_reads_what_another_node_has_just_committed(esp: Clustered) -> None:
    """Much is committed at once, so that the second node has it late."""
    second = esp.at(1).site().target
    stale = careless = 0
    esp.sql("CREATE TABLE ballast (id INT PRIMARY KEY, weight INT)")
    with bystander(esp) as connection, connection.cursor() as careless_cursor, esp.place.session() as application:
        application.executemany("INSERT INTO ballast VALUES (?, 0)", [(number,) for number in range(BALLAST)])
        for number in range(1, READS + 1):
            application.execute("UPDATE ballast SET weight = weight + 1")
            application.execute("UPDATE esp_package SET sending_daily_limit = ? WHERE name = 'Growth'", (number,))
            application.commit()
            careless_cursor.execute("SELECT sending_daily_limit FROM esp_package WHERE name = 'Growth'")
            careless += careless_cursor.fetchone() != (number,)
            with second.reader() as reader:
                found = reader.snapshot().sheets["package"]["Growth"].values["sending.daily_limit"]
            stale += found != number
    record("galera, written on n1 and planned on n2", f"{READS} reads, {stale} stale ({careless} without waiting)")
    assert stale == 0


def bystander(esp: Clustered) -> pymysql.Connection:
    """An application on the second node that waits for nothing."""
    node = esp.cluster.nodes[1]
    return pymysql.connect(
        host="127.0.0.1",
        port=node.ports.clients,
        user="root",
        database=esp.place.name,
        ssl_disabled=True,
        autocommit=True,
    )
