CREATE TABLE esp_schema (
    version INTEGER NOT NULL,
    PRIMARY KEY (version)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_bounce_address (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_esp_bounce_address_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_permission (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_esp_permission_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_sending_domain (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_esp_sending_domain_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_sending_node (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_esp_sending_node_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_sending_node_group (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_esp_sending_node_group_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_role (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    description TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT '',
    PRIMARY KEY (id),
    CONSTRAINT uq_esp_role_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_role_permissions (
    role_id BIGINT NOT NULL,
    permission_id BIGINT NOT NULL,
    PRIMARY KEY (role_id, permission_id),
    CONSTRAINT fk_esp_role_permissions_role_id FOREIGN KEY(role_id) REFERENCES esp_role (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_role_permissions_permission_id FOREIGN KEY(permission_id) REFERENCES esp_permission (id) ON DELETE RESTRICT
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_role_permissions_permission_id ON esp_role_permissions (permission_id);

CREATE TABLE esp_package (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    role_id BIGINT,
    lifecycle VARCHAR(32) NOT NULL DEFAULT 'active',
    sending_hourly_speed BIGINT NOT NULL DEFAULT '-1',
    sending_daily_limit BIGINT NOT NULL DEFAULT '-1',
    sending_monthly_quota BIGINT NOT NULL DEFAULT '-1',
    sending_max_threads BIGINT NOT NULL DEFAULT '-1',
    quota_emails BIGINT NOT NULL DEFAULT '-1',
    quota_time_value BIGINT NOT NULL DEFAULT '-1',
    quota_time_unit VARCHAR(32) NOT NULL DEFAULT 'month',
    quota_wait_for_expiry SMALLINT NOT NULL DEFAULT '1',
    quota_action VARCHAR(32) NOT NULL DEFAULT 'none',
    quota_move_to_id BIGINT,
    quota_notify SMALLINT NOT NULL DEFAULT '0',
    quota_notify_percent BIGINT NOT NULL DEFAULT '95',
    quota_notify_message TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL DEFAULT '',
    limits_contacts BIGINT NOT NULL DEFAULT '-1',
    limits_lists BIGINT NOT NULL DEFAULT '-1',
    limits_sending_domains BIGINT NOT NULL DEFAULT '-1',
    limits_sending_nodes BIGINT NOT NULL DEFAULT '-1',
    limits_segments BIGINT NOT NULL DEFAULT '-1',
    limits_triggers BIGINT NOT NULL DEFAULT '-1',
    limits_trigger_actions_monthly BIGINT NOT NULL DEFAULT '-1',
    limits_evergreen_campaigns BIGINT NOT NULL DEFAULT '-1',
    automation_reset_limit BIGINT NOT NULL DEFAULT '-1',
    automation_monthly_actions BIGINT NOT NULL DEFAULT '-1',
    automation_actions_per_automation BIGINT NOT NULL DEFAULT '-1',
    commercial_suppressed_domains BIGINT NOT NULL DEFAULT '-1',
    commercial_bounce_rate_stop BIGINT NOT NULL DEFAULT '-1',
    commercial_credits SMALLINT NOT NULL DEFAULT '0',
    commercial_allow_overuse SMALLINT NOT NULL DEFAULT '0',
    commercial_branding SMALLINT NOT NULL DEFAULT '0',
    allowance_emails BIGINT,
    allowance_sms BIGINT,
    allowance_whatsapp BIGINT,
    allowance_users BIGINT,
    allowance_inboxes BIGINT,
    allowance_landing_pages BIGINT,
    sender_from_sending_nodes SMALLINT NOT NULL DEFAULT '1',
    sender_from_contact_lists SMALLINT NOT NULL DEFAULT '1',
    sender_custom SMALLINT NOT NULL DEFAULT '1',
    setup_guide SMALLINT NOT NULL DEFAULT '1',
    require_dkim SMALLINT NOT NULL DEFAULT '0',
    require_tracking_domain SMALLINT NOT NULL DEFAULT '0',
    require_bounce_domain SMALLINT NOT NULL DEFAULT '0',
    PRIMARY KEY (id),
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
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_package_role_id ON esp_package (role_id);

CREATE INDEX ix_esp_package_quota_move_to_id ON esp_package (quota_move_to_id);

CREATE TABLE esp_package_headers (
    package_id BIGINT NOT NULL,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    value TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (package_id, name),
    CONSTRAINT fk_esp_package_headers_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_package_assets_sending_nodes (
    package_id BIGINT NOT NULL,
    sending_node_id BIGINT NOT NULL,
    PRIMARY KEY (package_id, sending_node_id),
    CONSTRAINT fk_esp_package_assets_sending_nodes_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_sending_nodes_sending_node_id FOREIGN KEY(sending_node_id) REFERENCES esp_sending_node (id) ON DELETE RESTRICT
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_package_assets_sending_nodes_sending_node_id ON esp_package_assets_sending_nodes (sending_node_id);

CREATE TABLE esp_package_assets_sending_node_groups (
    package_id BIGINT NOT NULL,
    sending_node_group_id BIGINT NOT NULL,
    PRIMARY KEY (package_id, sending_node_group_id),
    CONSTRAINT fk_esp_package_assets_sending_node_groups_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_sending_node_groups_sending_node_group_id FOREIGN KEY(sending_node_group_id) REFERENCES esp_sending_node_group (id) ON DELETE RESTRICT
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_package_assets_sending_node_groups_sending_node_group_id ON esp_package_assets_sending_node_groups (sending_node_group_id);

CREATE TABLE esp_package_assets_bounce_addresses (
    package_id BIGINT NOT NULL,
    bounce_address_id BIGINT NOT NULL,
    PRIMARY KEY (package_id, bounce_address_id),
    CONSTRAINT fk_esp_package_assets_bounce_addresses_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_bounce_addresses_bounce_address_id FOREIGN KEY(bounce_address_id) REFERENCES esp_bounce_address (id) ON DELETE RESTRICT
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_package_assets_bounce_addresses_bounce_address_id ON esp_package_assets_bounce_addresses (bounce_address_id);

CREATE TABLE esp_package_assets_sending_domains (
    package_id BIGINT NOT NULL,
    sending_domain_id BIGINT NOT NULL,
    PRIMARY KEY (package_id, sending_domain_id),
    CONSTRAINT fk_esp_package_assets_sending_domains_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE,
    CONSTRAINT fk_esp_package_assets_sending_domains_sending_domain_id FOREIGN KEY(sending_domain_id) REFERENCES esp_sending_domain (id) ON DELETE RESTRICT
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_package_assets_sending_domains_sending_domain_id ON esp_package_assets_sending_domains (sending_domain_id);

CREATE TABLE esp_package_options (
    package_id BIGINT NOT NULL,
    name VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    value TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (package_id, name),
    CONSTRAINT fk_esp_package_options_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_tenant (
    id BIGINT NOT NULL AUTO_INCREMENT,
    email VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    parent_id BIGINT,
    deleted_at DATETIME,
    name TEXT(16777216) COLLATE utf8mb4_nopad_bin,
    package_id BIGINT,
    status VARCHAR(32) NOT NULL DEFAULT 'active',
    credits_monthly BIGINT NOT NULL DEFAULT '-1',
    PRIMARY KEY (id),
    CONSTRAINT ck_esp_tenant_status CHECK (status IN ('active', 'suspended', 'closed')),
    CONSTRAINT uq_esp_tenant_email UNIQUE (email),
    CONSTRAINT fk_esp_tenant_parent_id FOREIGN KEY(parent_id) REFERENCES esp_tenant (id) ON DELETE RESTRICT,
    CONSTRAINT fk_esp_tenant_package_id FOREIGN KEY(package_id) REFERENCES esp_package (id) ON DELETE RESTRICT
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE INDEX ix_esp_tenant_package_id ON esp_tenant (package_id);

CREATE TABLE esp_tenant_override (
    tenant_id BIGINT NOT NULL,
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
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE esp_usage (
    tenant_id BIGINT NOT NULL,
    contacts BIGINT NOT NULL DEFAULT '0',
    credits BIGINT NOT NULL DEFAULT '0',
    evergreen_campaigns BIGINT NOT NULL DEFAULT '0',
    lists BIGINT NOT NULL DEFAULT '0',
    segments BIGINT NOT NULL DEFAULT '0',
    sending_domains BIGINT NOT NULL DEFAULT '0',
    sending_nodes BIGINT NOT NULL DEFAULT '0',
    sent_this_hour BIGINT NOT NULL DEFAULT '0',
    sent_this_month BIGINT NOT NULL DEFAULT '0',
    sent_this_period BIGINT NOT NULL DEFAULT '0',
    sent_today BIGINT NOT NULL DEFAULT '0',
    trigger_actions_this_month BIGINT NOT NULL DEFAULT '0',
    triggers BIGINT NOT NULL DEFAULT '0',
    PRIMARY KEY (tenant_id),
    CONSTRAINT fk_esp_usage_tenant_id FOREIGN KEY(tenant_id) REFERENCES esp_tenant (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE SCHEMA {memory};

CREATE TABLE {memory}.reconciler_meta (
    id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    instance VARCHAR(32) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE {memory}.reconciler_lock (
    id INTEGER NOT NULL,
    heartbeat BIGINT NOT NULL,
    run VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE {memory}.reconciler_pause (
    project VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    reason TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL,
    actor VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    since VARCHAR(40) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (project)
);

CREATE TABLE {memory}.reconciler_managed (
    project VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_nopad_bin NOT NULL,
    `key` VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    stated TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL,
    origin TEXT(16777216) COLLATE utf8mb4_nopad_bin NOT NULL,
    run VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (project, kind, `key`)
);

CREATE TABLE {memory}.reconciler_run (
    id VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    project VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    actor VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    host VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    command VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    plan VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    commit VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    started VARCHAR(40) COLLATE utf8mb4_nopad_bin NOT NULL,
    finished VARCHAR(40) COLLATE utf8mb4_nopad_bin,
    outcome VARCHAR(16) COLLATE utf8mb4_nopad_bin NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX reconciler_run_outcome ON {memory}.reconciler_run (outcome);

CREATE TABLE {memory}.reconciler_change (
    run VARCHAR(64) COLLATE utf8mb4_nopad_bin NOT NULL,
    seq INTEGER NOT NULL,
    kind VARCHAR(32) COLLATE utf8mb4_nopad_bin NOT NULL,
    `key` VARCHAR(255) COLLATE utf8mb4_nopad_bin NOT NULL,
    action VARCHAR(32) COLLATE utf8mb4_nopad_bin NOT NULL,
    `before` TEXT(16777216) COLLATE utf8mb4_nopad_bin,
    after TEXT(16777216) COLLATE utf8mb4_nopad_bin,
    raw TEXT(16777216) COLLATE utf8mb4_nopad_bin,
    PRIMARY KEY (run, seq),
    FOREIGN KEY(run) REFERENCES {memory}.reconciler_run (id) ON DELETE RESTRICT
);

SET sql_mode = 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES';
