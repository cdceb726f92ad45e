-- As much of Postal as these tests need: its own columns and a few that nobody here speaks of. It has no foreign keys.
CREATE TABLE organizations (
    id INTEGER PRIMARY KEY, uuid VARCHAR(255), name VARCHAR(255), permalink VARCHAR(255), owner_id INTEGER,
    ip_pool_id INTEGER, suspended_at DATETIME, suspension_reason VARCHAR(255), deleted_at DATETIME
);
CREATE TABLE ip_pools (
    id INTEGER PRIMARY KEY, name VARCHAR(255), uuid VARCHAR(255), `default` INTEGER DEFAULT 0, created_at DATETIME,
    updated_at DATETIME
);
CREATE TABLE ip_addresses (
    id INTEGER PRIMARY KEY, ip_pool_id INTEGER, ipv4 VARCHAR(255), ipv6 VARCHAR(255), hostname VARCHAR(255)
);
CREATE TABLE organization_ip_pools (id INTEGER PRIMARY KEY, organization_id INTEGER, ip_pool_id INTEGER);
CREATE TABLE servers (
    id INTEGER PRIMARY KEY, organization_id INTEGER, uuid VARCHAR(255), name VARCHAR(255), permalink VARCHAR(255),
    token VARCHAR(255), mode VARCHAR(255) DEFAULT 'Live', ip_pool_id INTEGER, send_limit INTEGER,
    send_limit_exceeded_at DATETIME, suspended_at DATETIME, suspension_reason VARCHAR(255), deleted_at DATETIME,
    message_retention_days INTEGER, spam_threshold DECIMAL(8, 2), created_at DATETIME, updated_at DATETIME
);
CREATE TABLE schema_migrations (version VARCHAR(255) PRIMARY KEY);
INSERT INTO schema_migrations VALUES ('20240223141501');
