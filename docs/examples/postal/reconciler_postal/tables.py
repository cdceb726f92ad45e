"""The tables of Postal that are read or written, and of each only the columns that are."""

import sqlalchemy as sa

NUMBER, WORDS = sa.Integer(), sa.String(255)
MOMENT = sa.String()  # as text: only whether there is one is read, and every engine takes it

METADATA = sa.MetaData()

IP_POOLS = sa.Table(
    "ip_pools",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("name", WORDS),
    sa.Column("uuid", WORDS),
    sa.Column("default", NUMBER),
    sa.Column("created_at", MOMENT),
    sa.Column("updated_at", MOMENT),
)
IP_ADDRESSES = sa.Table(
    "ip_addresses",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("ip_pool_id", NUMBER),
    sa.Column("ipv4", WORDS),
)
ORGANIZATIONS = sa.Table(
    "organizations",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("permalink", WORDS),
    sa.Column("ip_pool_id", NUMBER),
)
ORGANIZATION_IP_POOLS = sa.Table(
    "organization_ip_pools",
    METADATA,
    sa.Column("organization_id", NUMBER),
    sa.Column("ip_pool_id", NUMBER),
)
SERVERS = sa.Table(
    "servers",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("name", WORDS),
    sa.Column("permalink", WORDS),
    sa.Column("ip_pool_id", NUMBER),
    sa.Column("send_limit", NUMBER),
    sa.Column("suspended_at", MOMENT),
    sa.Column("deleted_at", MOMENT),
    sa.Column("created_at", MOMENT),
    sa.Column("updated_at", MOMENT),
)
MIGRATIONS = sa.Table("schema_migrations", METADATA, sa.Column("version", WORDS))
