"""What Mumara's packages and roles are given by name: permissions, sending nodes and their groups, bounce addresses,
sending domains. Nothing there keeps names from repeating."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from reconciler.targets.mumara.tables import (
    ASSET_GROUPS,
    BOUNCES,
    DOMAINS,
    NODES,
    PERMISSIONS,
    SECTION_OF_NODES,
    USERS,
)
from reconciler.targets.sql.mapping import Catalogue, Col, column_of

_TOP: Final = (0, 1)
"""Parents that are no permission of their own."""

DEPTH: Final = 4
"""Titles in a path; the catalogue is not as deep."""

BETWEEN: Final = " / "


def _title(row: sa.FromClause) -> sa.ColumnElement[str]:
    """The English title; what the interface shows where there is none. NULL for a row that is not there."""
    return sa.func.coalesce(sa.func.nullif(row.c.default_title, ""), sa.func.nullif(row.c.title, ""))


def _named_permissions() -> sa.Subquery:
    """id and name: the route, or the path of titles where there is none. Ids change with every update of the
    application, so they are no names. The API has permissions of its own."""
    source: sa.FromClause = PERMISSIONS
    below: sa.FromClause = PERMISSIONS
    titles = [_title(PERMISSIONS)]
    for level in range(1, DEPTH):
        above = PERMISSIONS.alias(f"above_{level}")
        is_parent = sa.and_(above.c.id == below.c.parent_id, below.c.parent_id.not_in(_TOP))
        source = source.outerjoin(above, is_parent)
        titles.insert(0, _title(above))
        below = above
    path = sa.func.concat_ws(BETWEEN, *titles)
    name = sa.func.coalesce(sa.func.nullif(PERMISSIONS.c.route, ""), path)
    is_of_web = sa.func.coalesce(PERMISSIONS.c.route_type, "web") == "web"
    named = sa.select(PERMISSIONS.c.id, name.label("name")).select_from(source).where(name != "", is_of_web)
    return named.subquery("permission_names")


def _not_of_a_client(owner: Col) -> sa.ColumnElement[bool]:
    """Clients have nodes and domains of their own; what is assigned to a package is the administrator's."""
    return ~sa.exists(USERS.c.id).where(USERS.c.id == owner, USERS.c.is_client == 1)


def _owned(table: sa.Table, name: Col, *where: sa.ColumnElement[bool]) -> Catalogue:
    return Catalogue(table.c.id, name, where, rather=_not_of_a_client(table.c.user_id))


_PERMISSIONS: Final = _named_permissions()

CATALOGUES: Final[Mapping[str, Catalogue]] = {
    "permission": Catalogue(column_of(_PERMISSIONS, "id"), column_of(_PERMISSIONS, "name")),
    "sending_node": _owned(NODES, NODES.c.name),
    "sending_node_group": _owned(ASSET_GROUPS, ASSET_GROUPS.c.name, ASSET_GROUPS.c.section_id == SECTION_OF_NODES),
    "bounce_address": _owned(BOUNCES, BOUNCES.c.name),
    "sending_domain": _owned(DOMAINS, DOMAINS.c.domain),
}
