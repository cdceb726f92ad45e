CREATE TABLE esp_schema (
    version INTEGER NOT NULL,
    PRIMARY KEY (version)
);

CREATE TABLE esp_bounce_address (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    CONSTRAINT uq_esp_bounce_address_name UNIQUE (name)
);

CREATE TABLE esp_permission (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    CONSTRAINT uq_esp_permission_name UNIQUE (name)
);

CREATE TABLE esp_sending_domain (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    CONSTRAINT uq_esp_sending_domain_name UNIQUE (name)
);

CREATE TABLE esp_sending_node (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    CONSTRAINT uq_esp_sending_node_name UNIQUE (name)
);

CREATE TABLE esp_sending_node_group (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    CONSTRAINT uq_esp_sending_node_group_name UNIQUE (name)
);

CREATE TABLE esp_role (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    CONSTRAINT uq_esp_role_name UNIQUE (name)
);

CREATE TABLE esp_role_permissions (
    role_id INTEGER NOT NULL,
    permission_id INTEGER NOT NULL,
    PRIMARY KEY (role_id, permission_id),
    CONSTRAINT fk_esp_role_permissions_role_id FOREIGN KEY(role_id) REFERENCES esp_role (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_role_permissions_permission_id FOREIGN KEY(permission_id) REFERENCES esp_permission (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_role_permissions_permission_id ON esp_role_permissions (permission_id);

CREATE TABLE esp_package (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR(255) NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    role_id INTEGER,
    lifecycle VARCHAR(32) DEFAULT 'active' NOT NULL,
    sending_hourly_speed BIGINT DEFAULT '-1' NOT NULL,
    sending_daily_limit BIGINT DEFAULT '-1' NOT NULL,
    sending_monthly_quota BIGINT DEFAULT '-1' NOT NULL,
    sending_max_threads BIGINT DEFAULT '-1' NOT NULL,
    quota_emails BIGINT DEFAULT '-1' NOT NULL,
    quota_time_value BIGINT DEFAULT '-1' NOT NULL,
    quota_time_unit VARCHAR(32) DEFAULT 'month' NOT NULL,
    quota_wait_for_expiry SMALLINT DEFAULT '1' NOT NULL,
    quota_action VARCHAR(32) DEFAULT 'none' NOT NULL,
    quota_move_to_id INTEGER,
    quota_notify SMALLINT DEFAULT '0' NOT NULL,
    quota_notify_percent BIGINT DEFAULT '95' NOT NULL,
    quota_notify_message TEXT DEFAULT '' NOT NULL,
    limits_contacts BIGINT DEFAULT '-1' NOT NULL,
    limits_lists BIGINT DEFAULT '-1' NOT NULL,
    limits_sending_domains BIGINT DEFAULT '-1' NOT NULL,
    limits_sending_nodes BIGINT DEFAULT '-1' NOT NULL,
    limits_segments BIGINT DEFAULT '-1' NOT NULL,
    limits_triggers BIGINT DEFAULT '-1' NOT NULL,
    limits_trigger_actions_monthly BIGINT DEFAULT '-1' NOT NULL,
    limits_evergreen_campaigns BIGINT DEFAULT '-1' NOT NULL,
    automation_reset_limit BIGINT DEFAULT '-1' NOT NULL,
    automation_monthly_actions BIGINT DEFAULT '-1' NOT NULL,
    automation_actions_per_automation BIGINT DEFAULT '-1' NOT NULL,
    commercial_suppressed_domains BIGINT DEFAULT '-1' NOT NULL,
    commercial_bounce_rate_stop BIGINT DEFAULT '-1' NOT NULL,
    commercial_credits SMALLINT DEFAULT '0' NOT NULL,
    commercial_allow_overuse SMALLINT DEFAULT '0' NOT NULL,
    commercial_branding SMALLINT DEFAULT '0' NOT NULL,
    allowance_emails BIGINT,
    allowance_sms BIGINT,
    allowance_whatsapp BIGINT,
    allowance_users BIGINT,
    allowance_inboxes BIGINT,
    allowance_landing_pages BIGINT,
    sender_from_sending_nodes SMALLINT DEFAULT '1' NOT NULL,
    sender_from_contact_lists SMALLINT DEFAULT '1' NOT NULL,
    sender_custom SMALLINT DEFAULT '1' NOT NULL,
    setup_guide SMALLINT DEFAULT '1' NOT NULL,
    require_dkim SMALLINT DEFAULT '0' NOT NULL,
    require_tracking_domain SMALLINT DEFAULT '0' NOT NULL,
    require_bounce_domain SMALLINT DEFAULT '0' NOT NULL,
    CONSTRAINT ck_esp_package_lifecycle CHECK (lifecycle IN ('active', 'retired', 'removed')),
    CONSTRAINT ck_esp_package_quota_time_unit CHECK (quota_time_unit IN ('minute', 'hour', 'day', 'week', 'month', 'year')),
    CONSTRAINT ck_esp_package_quota_wait_for_expiry CHECK (quota_wait_for_expiry IN (0, 1)),
    CONSTRAINT ck_esp_package_quota_action CHECK (quota_action IN ('none', 'reset', 'move')),
    CONSTRAINT ck_esp_package_quota_notify CHECK (quota_notify IN (0, 1)),
    CONSTRAINT ck_esp_package_commercial_credits CHECK (commercial_credits IN (0, 1)),
    CONSTRAINT ck_esp_package_commercial_allow_overuse CHECK (commercial_allow_overuse IN (0, 1)),
    CONSTRAINT ck_esp_package_commercial_branding CHECK (commercial_branding IN (0, 1)),
    CONSTRAINT ck_esp_package_sender_from_sending_nodes CHECK (sender_from_sending_nodes IN (0, 1)),
    CONSTRAINT ck_esp_package_sender_from_contact_lists CHECK (sender_from_contact_lists IN (0, 1)),
    CONSTRAINT ck_esp_package_sender_custom CHECK (sender_custom IN (0, 1)),
    CONSTRAINT ck_esp_package_setup_guide CHECK (setup_guide IN (0, 1)),
    CONSTRAINT ck_esp_package_require_dkim CHECK (require_dkim IN (0, 1)),
    CONSTRAINT ck_esp_package_require_tracking_domain CHECK (require_tracking_domain IN (0, 1)),
    CONSTRAINT ck_esp_package_require_bounce_domain CHECK (require_bounce_domain IN (0, 1)),
    CONSTRAINT uq_esp_package_name UNIQUE (name),
    CONSTRAINT fk_esp_package_role_id FOREIGN KEY(role_id) REFERENCES esp_role (id) ON DELETE RESTRICT,
    CONSTRAINT fk_esp_package_quota_move_to_id FOREIGN KEY(quota_move_to_id) REFERENCES esp_package (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_package_role_id ON esp_package (role_id);

CREATE INDEX ix_esp_package_quota_move_to_id ON esp_package (quota_move_to_id);

CREATE TABLE esp_package_headers (
    package_id INTEGER NOT NULL,
    name VARCHAR(255) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (package_id, name),
    CONSTRAINT fk_esp_package_headers_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE
);

CREATE TABLE esp_package_assets_sending_nodes (
    package_id INTEGER NOT NULL,
    sending_node_id INTEGER NOT NULL,
    PRIMARY KEY (package_id, sending_node_id),
    CONSTRAINT fk_esp_package_assets_sending_nodes_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_sending_nodes_sending_node_id FOREIGN KEY(sending_node_id) REFERENCES esp_sending_node (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_package_assets_sending_nodes_sending_node_id ON esp_package_assets_sending_nodes (sending_node_id);

CREATE TABLE esp_package_assets_sending_node_groups (
    package_id INTEGER NOT NULL,
    sending_node_group_id INTEGER NOT NULL,
    PRIMARY KEY (package_id, sending_node_group_id),
    CONSTRAINT fk_esp_package_assets_sending_node_groups_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_sending_node_groups_sending_node_group_id FOREIGN KEY(sending_node_group_id) REFERENCES esp_sending_node_group (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_package_assets_sending_node_groups_sending_node_group_id ON esp_package_assets_sending_node_groups (sending_node_group_id);

CREATE TABLE esp_package_assets_bounce_addresses (
    package_id INTEGER NOT NULL,
    bounce_address_id INTEGER NOT NULL,
    PRIMARY KEY (package_id, bounce_address_id),
    CONSTRAINT fk_esp_package_assets_bounce_addresses_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_bounce_addresses_bounce_address_id FOREIGN KEY(bounce_address_id) REFERENCES esp_bounce_address (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_package_assets_bounce_addresses_bounce_address_id ON esp_package_assets_bounce_addresses (bounce_address_id);

CREATE TABLE esp_package_assets_sending_domains (
    package_id INTEGER NOT NULL,
    sending_domain_id INTEGER NOT NULL,
    PRIMARY KEY (package_id, sending_domain_id),
    CONSTRAINT fk_esp_package_assets_sending_domains_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_sending_domains_sending_domain_id FOREIGN KEY(sending_domain_id) REFERENCES esp_sending_domain (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_package_assets_sending_domains_sending_domain_id ON esp_package_assets_sending_domains (sending_domain_id);

CREATE TABLE esp_package_options (
    package_id INTEGER NOT NULL,
    name VARCHAR(255) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (package_id, name),
    CONSTRAINT fk_esp_package_options_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE
);

CREATE TABLE esp_tenant (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(255) NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL,
    parent_id INTEGER,
    deleted_at DATETIME,
    name TEXT,
    package_id INTEGER,
    status VARCHAR(32) DEFAULT 'active' NOT NULL,
    credits_monthly BIGINT DEFAULT '-1' NOT NULL,
    CONSTRAINT ck_esp_tenant_status CHECK (status IN ('active', 'suspended', 'closed')),
    CONSTRAINT uq_esp_tenant_email UNIQUE (email),
    CONSTRAINT fk_esp_tenant_parent_id FOREIGN KEY(parent_id) REFERENCES esp_tenant (id) ON DELETE RESTRICT,
    CONSTRAINT fk_esp_tenant_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE RESTRICT
);

CREATE INDEX ix_esp_tenant_package_id ON esp_tenant (package_id);

CREATE TABLE esp_tenant_override (
    tenant_id INTEGER NOT NULL,
    sending_hourly_speed BIGINT,
    sending_daily_limit BIGINT,
    sending_monthly_quota BIGINT,
    sending_max_threads BIGINT,
    limits_contacts BIGINT,
    limits_lists BIGINT,
    limits_sending_domains BIGINT,
    limits_sending_nodes BIGINT,
    limits_segments BIGINT,
    limits_triggers BIGINT,
    limits_trigger_actions_monthly BIGINT,
    limits_evergreen_campaigns BIGINT,
    commercial_suppressed_domains BIGINT,
    allowance_emails BIGINT,
    allowance_sms BIGINT,
    allowance_whatsapp BIGINT,
    allowance_users BIGINT,
    allowance_inboxes BIGINT,
    allowance_landing_pages BIGINT,
    require_dkim SMALLINT,
    require_tracking_domain SMALLINT,
    require_bounce_domain SMALLINT,
    PRIMARY KEY (tenant_id),
    CONSTRAINT fk_esp_tenant_override_tenant_id FOREIGN KEY(tenant_id) REFERENCES esp_tenant (id) ON DELETE CASCADE
);

CREATE TABLE esp_usage (
    tenant_id INTEGER NOT NULL,
    contacts BIGINT DEFAULT '0' NOT NULL,
    credits BIGINT DEFAULT '0' NOT NULL,
    evergreen_campaigns BIGINT DEFAULT '0' NOT NULL,
    lists BIGINT DEFAULT '0' NOT NULL,
    segments BIGINT DEFAULT '0' NOT NULL,
    sending_domains BIGINT DEFAULT '0' NOT NULL,
    sending_nodes BIGINT DEFAULT '0' NOT NULL,
    sent_this_hour BIGINT DEFAULT '0' NOT NULL,
    sent_this_month BIGINT DEFAULT '0' NOT NULL,
    sent_this_period BIGINT DEFAULT '0' NOT NULL,
    sent_today BIGINT DEFAULT '0' NOT NULL,
    trigger_actions_this_month BIGINT DEFAULT '0' NOT NULL,
    triggers BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT fk_esp_usage_tenant_id FOREIGN KEY(tenant_id) REFERENCES esp_tenant (id) ON DELETE CASCADE
);

CREATE TABLE reconciler_meta (
    id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    instance VARCHAR(32) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE reconciler_lock (
    id INTEGER NOT NULL,
    heartbeat BIGINT NOT NULL,
    run VARCHAR(64) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE reconciler_pause (
    project VARCHAR(64) NOT NULL,
    reason TEXT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    since VARCHAR(40) NOT NULL,
    PRIMARY KEY (project)
);

CREATE TABLE reconciler_managed (
    project VARCHAR(64) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    stated TEXT NOT NULL,
    origin TEXT NOT NULL,
    run VARCHAR(64) NOT NULL,
    PRIMARY KEY (project, kind, "key")
)
 WITHOUT ROWID;

CREATE TABLE reconciler_run (
    id VARCHAR(64) NOT NULL,
    project VARCHAR(64) NOT NULL,
    actor VARCHAR(255) NOT NULL,
    host VARCHAR(255) NOT NULL,
    command VARCHAR(64) NOT NULL,
    "plan" VARCHAR(64) NOT NULL,
    "commit" VARCHAR(64) NOT NULL,
    started VARCHAR(40) NOT NULL,
    finished VARCHAR(40),
    outcome VARCHAR(16) NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX reconciler_run_outcome ON reconciler_run (outcome);

CREATE TABLE reconciler_change (
    run VARCHAR(64) NOT NULL,
    seq INTEGER NOT NULL,
    kind VARCHAR(32) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    action VARCHAR(32) NOT NULL,
    "before" TEXT,
    "after" TEXT,
    raw TEXT,
    PRIMARY KEY (run, seq),
    FOREIGN KEY(run) REFERENCES reconciler_run (id) ON DELETE RESTRICT
);
