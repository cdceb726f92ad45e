"""What Mumara's packages and roles are given by name: permissions, sending nodes and their groups, bounce addresses,
sending domains. Nothing there keeps names from repeating."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from reconciler.targets.sql.binding import Binder
from reconciler.targets.sql.mapping import Catalogue, Col

SECTION_OF_NODES: Final = 2
"""Groups of sending nodes, among groups of lists, campaigns and templates."""

_TOP: Final = (0, 1)
"""Parents that are no permission of their own."""

DEPTH: Final = 4
"""Titles in a path; the catalogue is not as deep."""

BETWEEN: Final = " / "


def catalogues(found: Mapping[str, sa.Table], live: Binder) -> Iterator[tuple[str, Catalogue]]:
    """Name → catalogue."""
    nodes, groups = found["smtps"].c, found["groups"].c
    bounces, domains = found["bounces"].c, found["domain_maskings"].c
    permissions = _permissions(found["permissions"], live)
    yield "permission", Catalogue(permissions.c.id, permissions.c.name)  # type: ignore[arg-type]  # columns of a query
    yield "sending_node", Catalogue(nodes.id, nodes.name, rather=_not_of_a_client(nodes.user_id, found, live))
    of_nodes = (groups.section_id == SECTION_OF_NODES,) if live.has(groups.section_id) else ()
    rather = _not_of_a_client(groups.user_id, found, live)
    yield "sending_node_group", Catalogue(groups.id, groups.name, of_nodes, rather)
    yield "bounce_address", Catalogue(bounces.id, bounces.name, rather=_not_of_a_client(bounces.user_id, found, live))
    rather = _not_of_a_client(domains.user_id, found, live)
    yield "sending_domain", Catalogue(domains.id, domains.domain, rather=rather)


def _permissions(own: sa.Table, live: Binder) -> sa.Subquery:
    """id and name: the route, or the path of titles where there is none. Ids change with every update of the
    application, so they are no names. The API has permissions of its own."""
    path, source = _titles(own, live)
    name = sa.func.coalesce(sa.func.nullif(own.c.route, ""), path) if live.has(own.c.route) else path
    chosen = sa.select(own.c.id, name.label("name")).select_from(source).where(name != "")
    if live.has(own.c.route_type):
        chosen = chosen.where(sa.func.coalesce(own.c.route_type, "web") == "web")
    return chosen.subquery("permission_names")


def _titles(own: sa.Table, live: Binder) -> tuple[sa.ColumnElement[str], sa.FromClause]:
    there = [name for name in ("default_title", "title") if live.has(own.c[name])]
    titles = [_title(own.c, there)]
    source: sa.FromClause = own
    if live.has(own.c.parent_id):
        below: sa.FromClause = own
        for level in range(1, DEPTH):
            above = own.alias(f"above_{level}")
            is_parent = sa.and_(above.c.id == below.c.parent_id, below.c.parent_id.not_in(_TOP))
            source = source.outerjoin(above, is_parent)
            titles.insert(0, _title(above.c, there))
            below = above
    return sa.func.concat_ws(BETWEEN, *titles), source


def _title(columns: sa.ColumnCollection[str, Col], there: Sequence[str]) -> sa.ColumnElement[str]:
    """The English title; what the interface shows where there is none. NULL for a row that is not there."""
    return sa.func.coalesce(*(sa.func.nullif(columns[name], "") for name in there), sa.null())


def _not_of_a_client(owner: Col, found: Mapping[str, sa.Table], live: Binder) -> sa.ColumnElement[bool] | None:
    """Clients have nodes and domains of their own; what is assigned to a package is the administrator's."""
    users = found["users"].c
    if not live.has(owner):
        return None
    return ~sa.exists(users.id).where(users.id == owner, users.is_client == 1)
