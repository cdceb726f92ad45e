"""Whether live tables can be planned on at all: an account that does not see everything would take what is hidden for
absent, and a table without transactions would keep what is rolled back. Knows no kind by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.errors import TargetError
from reconciler.targets.sql.dialect import (
    TABLE,
    LiveTable,
    live_tables,
    sight_lacking,
    speaking,
    with_transactions,
)
from reconciler.targets.sql.mapping import System
from reconciler.targets.sql.needs import spoken_of
from reconciler.targets.sql.wire import Connection


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a table cannot be planned on, as what follows its name, and what to run or do."""

    table: str
    why: str
    remedy: str


def half_sight(wire: Connection) -> str:
    """The GRANT without which the account does not see all tables of its schema; empty: it sees them."""
    with speaking(wire.place):
        return sight_lacking(wire.connection)


def refuse_half_sight(wire: Connection) -> None:
    """Raise TargetError when the account may not see all tables of its schema."""
    grant = half_sight(wire)
    if grant:
        raise TargetError(
            f"the account may not see all tables of {wire.place.shown}: what it does not see would count as absent",
            remedy=f"let its owner run {grant}",
        )


def refuse(wire: Connection, system: System) -> None:
    """Raise TargetError unless every table of the mapping can be planned on and rolled back, naming all that cannot."""
    refuse_half_sight(wire)
    found = list(flaws(wire, _tables(system)))
    if found:
        raise flawed(found)


def told(wire: Connection, system: System) -> list[tuple[str, str]]:
    """What `doctor` says of the tables that `refuse` would name."""
    return [(f"table {flaw.table}", f"{flaw.why}: {flaw.remedy}") for flaw in flaws(wire, _tables(system))]


def _tables(system: System) -> set[str]:
    return {column.table.name for column in spoken_of(system)}


def flawed(found: Collection[Flaw]) -> TargetError:
    """The error that names them all."""
    reasons: dict[str, list[str]] = {}
    for flaw in found:
        reasons.setdefault(flaw.why, []).append(flaw.table)
    remedies = list(dict.fromkeys(flaw.remedy for flaw in found))
    return TargetError(
        "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items()) + "; nothing was changed",
        remedy=" ".join(remedies),
    )


def flaws(wire: Connection, names: Collection[str]) -> Iterator[Flaw]:
    """Of these tables, as far as they are there, sorted."""
    with speaking(wire.place):
        live = live_tables(wire.connection)
    for name in sorted(names):
        if name in live:
            yield from _flaws_of(wire, name, live[name])


def view_in_place_of(name: str, live: Mapping[str, LiveTable]) -> Flaw | None:
    """Set where something else than a table has the name."""
    sort = live[name].sort if name in live else TABLE
    if sort == TABLE:
        return None
    return Flaw(name, f"a {sort}, of which nobody knows what it hides", "use a database that has the table itself")


def _flaws_of(wire: Connection, name: str, live: LiveTable) -> Iterator[Flaw]:
    other = view_in_place_of(name, {name: live})
    if other is not None:
        yield other
        return
    if live.engine:
        why = f"{live.engine} has no transactions, so nothing could be rolled back"
        yield Flaw(name, why, with_transactions(wire.connection, name))
    if live.conceals:
        why = "row-level security hides rows from this account, which would count as absent"
        yield Flaw(name, why, "use an account that no policy binds (BYPASSRLS)")
