-- A subset of what Mumara Campaigns 6.2.7 has, with the columns, defaults and lack of keys that matter, and some that
-- do not; written from descriptions of the schema.
CREATE TABLE roles (
    id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NULL, user_id INT NULL, is_staff TINYINT NOT NULL DEFAULT 0,
    type ENUM('web', 'api') NULL DEFAULT 'web', description TEXT NULL,
    created_at TIMESTAMP NULL, updated_at TIMESTAMP NULL
);
CREATE TABLE permissions (
    id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT NOT NULL DEFAULT 0, default_title VARCHAR(255) NULL,
    title VARCHAR(255) NULL, is_available TINYINT NOT NULL DEFAULT 1, sequence INT NULL,
    route_type ENUM('web', 'api') NULL DEFAULT 'web', route VARCHAR(255) NULL, skip_in_acl TINYINT NULL,
    hidden_in_acl TINYINT NULL, access_level ENUM('super_admin', 'admin', 'all') NULL DEFAULT 'all',
    permission VARCHAR(255) NULL
);
CREATE TABLE role_permissions (
    id INT AUTO_INCREMENT PRIMARY KEY, role_id INT NOT NULL, permission_id INT NOT NULL,
    created_at TIMESTAMP NULL, updated_at TIMESTAMP NULL, KEY (role_id)
);
CREATE TABLE packages (
    id INT AUTO_INCREMENT PRIMARY KEY, package_name VARCHAR(255) NULL, role_id INT NULL, user_id INT NOT NULL,
    lists_limit INT NOT NULL DEFAULT -1, subscribers_limit INT NOT NULL DEFAULT -1,
    smtps_limit INT NOT NULL DEFAULT -1, monthly_email_limit INT NOT NULL DEFAULT -1,
    daily_email_limit INT NOT NULL DEFAULT -1, hourly_email_limit INT NOT NULL DEFAULT -1,
    sending_domain_limit INT NOT NULL, segments_limit INT NULL, triggers_limit INT NULL,
    evergreen_campaigns INT NOT NULL, trigger_actions INT NOT NULL,
    modules VARCHAR(255) NULL, list_ids VARCHAR(255) NULL, segment_ids VARCHAR(255) NULL,
    email_template_ids VARCHAR(255) NULL, allow_smtp TINYINT NULL DEFAULT 1, allow_tracking TINYINT NULL DEFAULT 1,
    smtp_type VARCHAR(255) NULL,
    smtp_ids TEXT CHARACTER SET utf8mb3 NULL, smtp_groups TEXT CHARACTER SET utf8mb3 NULL,
    sending_domains TEXT CHARACTER SET utf8mb3 NULL, bounce_emails TEXT CHARACTER SET utf8mb3 NULL,
    sending_options VARCHAR(255) NULL, additional_headers TEXT NULL,
    oversending TINYINT NULL DEFAULT 0, oversending_price INT UNSIGNED NULL, oversending_limit INT UNSIGNED NULL,
    allow_overuse TINYINT NULL, credits_enabled TINYINT NULL,
    update_existing_users_setting TINYINT NOT NULL DEFAULT 1, max_threads INT NULL, suppress_domains_limit INT NULL,
    bounce_rate_limit INT NULL DEFAULT 0, tracking_restrictions VARCHAR(255) NOT NULL, allow_branding INT NULL,
    created_at TIMESTAMP NULL, updated_at TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00' ON UPDATE CURRENT_TIMESTAMP,
    KEY (created_at)
);
CREATE TABLE users (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL DEFAULT '', email VARCHAR(100) NULL,
    password VARCHAR(255) NOT NULL DEFAULT 'SECRET-password', role ENUM('super_admin', 'admin', 'client') NULL,
    role_id INT NULL, package_id INT NULL, is_admin TINYINT NOT NULL DEFAULT 0, is_staff TINYINT NOT NULL DEFAULT 0,
    is_client TINYINT NOT NULL DEFAULT 0,
    status ENUM('active', 'suspended', 'closed', 'pending') NOT NULL DEFAULT 'active', parent_id INT NULL DEFAULT 0,
    user_id INT NULL, login_ips TEXT NULL, timezone VARCHAR(64) NULL, max_threads INT NULL, allow_branding INT NULL,
    one_time_password VARCHAR(64) NULL DEFAULT 'SECRET-otp', api_token VARCHAR(80) NULL UNIQUE,
    is_setup_completed TINYINT NOT NULL DEFAULT 0, deleted_at TIMESTAMP NULL,
    created_at TIMESTAMP NULL, updated_at TIMESTAMP NULL, UNIQUE (email)
);
CREATE TABLE user_email_limits (
    id INT AUTO_INCREMENT PRIMARY KEY, user_id INT UNSIGNED NOT NULL UNIQUE,
    hourly_rate INT NULL DEFAULT 0, daily_limit INT NULL DEFAULT 0, monthly_limit INT NULL DEFAULT 0,
    trigger_actions_limit BIGINT NOT NULL DEFAULT 0, contacts_limit INT NULL, domain_suppression_limit INT NULL,
    domains_limit INT NULL, sent_today INT NOT NULL DEFAULT 0, sent_this_month INT NOT NULL DEFAULT 0,
    total_sent BIGINT NOT NULL DEFAULT 0, total_bounced_hard INT NOT NULL, total_bounced_soft INT NOT NULL,
    bounced_hard_this_month INT NOT NULL, bounced_soft_this_month INT NOT NULL,
    trigger_actions_this_month BIGINT NOT NULL DEFAULT 0, contacts INT UNSIGNED NULL, credits INT NOT NULL DEFAULT 0,
    monthly_credits INT NULL, created_at TIMESTAMP NULL, updated_at TIMESTAMP NULL
);
CREATE TABLE api_tokens (
    id INT AUTO_INCREMENT PRIMARY KEY, role_id INT NULL, user_id INT NULL, name VARCHAR(255) NULL,
    status TINYINT NULL, api_token VARCHAR(80) NULL DEFAULT 'SECRET-token', rate_limit INT UNSIGNED NULL DEFAULT 60
);
CREATE TABLE two_fa (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NULL, secret VARCHAR(80) DEFAULT 'SECRET-two');
CREATE TABLE smtps (
    id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NULL, host VARCHAR(255) NULL,
    password VARCHAR(255) NULL DEFAULT 'SECRET-smtp', type VARCHAR(32) NULL DEFAULT 'smtp', group_id INT NULL,
    status VARCHAR(32) NULL, user_id INT NULL
);
CREATE TABLE sections (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64) NULL);
CREATE TABLE `groups` (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NULL, section_id INT NULL);
CREATE TABLE bounces (
    id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NULL, host VARCHAR(255) NULL, username VARCHAR(255) NULL,
    password VARCHAR(255) NULL DEFAULT 'SECRET-bounce', user_id INT NULL, is_active TINYINT NULL
);
CREATE TABLE domain_maskings (
    id INT AUTO_INCREMENT PRIMARY KEY, domain VARCHAR(255) NULL, user_id INT NULL, is_verified TINYINT NULL,
    dkim_private_key TEXT NULL DEFAULT 'SECRET-dkim'
);
CREATE TABLE lists (
    id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NULL, user_id INT NULL, total_subscribers INT NULL
);
CREATE TABLE subscribers (
    id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) NULL, list_id INT NULL, user_id INT NULL, KEY (user_id),
    FOREIGN KEY (list_id) REFERENCES lists (id) ON DELETE RESTRICT
);
CREATE TABLE segmentations (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NULL);
CREATE TABLE triggers (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NULL);
CREATE TABLE evergreen_campaigns (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NULL);
CREATE TABLE suppression_domains (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NULL, domain VARCHAR(255) NULL);
CREATE TABLE application_settings (
    id INT AUTO_INCREMENT PRIMARY KEY, setting_name VARCHAR(255) NULL, setting_value TEXT NULL
);
CREATE TABLE activity_logs (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT NULL, activity VARCHAR(255) NULL)
