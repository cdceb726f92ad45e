-- A system that has been run for years: repeated names, values of all encodings, ids as text, what is gone.
INSERT INTO users (id, name, email, role, is_admin, is_client, role_id) VALUES
    (1, 'Root', 'root@esp.example', 'super_admin', 1, 0, 1), (2, 'Second', 'second@esp.example', 'admin', 1, 0, 2);
INSERT INTO users (id, name, email, is_staff, role_id) VALUES (3, 'Staff', 'staff@esp.example', 1, 2);
INSERT INTO roles (id, name, user_id, is_staff, type, description) VALUES
    (1, 'Super Administrator', 1, 1, 'web', NULL), (2, 'Support', 1, 1, 'web', 'staff'),
    (3, 'Marketing', 1, 0, 'web', 'Builds and sends'), (4, 'Support', 1, 0, 'web', NULL),
    (5, 'Robots', 1, 0, 'api', NULL), (6, 'Twin', 1, 0, 'web', NULL), (7, 'Twin', 1, 0, 'web', NULL),
    (8, 'Spare', 1, 0, 'web', '');
INSERT INTO permissions (id, parent_id, default_title, title, route_type, route) VALUES
    (1, 0, 'Everything', NULL, 'web', NULL), (10, 1, 'Campaigns', 'campaigns', 'web', NULL),
    (11, 10, 'View', NULL, 'web', 'campaigns.view'), (12, 10, 'Make a copy', NULL, 'web', NULL),
    (13, 10, 'Send', NULL, 'web', 'campaigns.send'), (14, 0, NULL, 'contacts', 'web', NULL),
    (15, 14, 'Make a copy', NULL, 'web', ''), (16, 14, 'View', NULL, 'web', 'contacts.view'),
    (17, 14, 'View again', NULL, 'web', 'contacts.view'), (18, 0, 'Api', NULL, 'api', 'campaigns.view'),
    (19, 0, NULL, NULL, 'web', NULL), (20, 20, 'Own parent', NULL, 'web', NULL);
INSERT INTO role_permissions (role_id, permission_id) VALUES
    (3, 11), (3, 11), (3, 11), (3, 12), (3, 16), (3, 999), (4, 15), (5, 18), (2, 11);
INSERT INTO smtps (id, name, user_id) VALUES
    (1, 'smtp-eu-1', 1), (2, 'smtp-eu-2', 1), (3, 'twin', 1), (4, 'twin', 1), (5, 'smtp-eu-1', 102), (6, NULL, 1);
INSERT INTO sections VALUES (1, 'List'), (2, 'SMTP'), (3, 'Campaign');
INSERT INTO `groups` VALUES (1, 'eu-pool', 2), (2, 'eu-pool', 1), (3, 'us-pool', 2);
INSERT INTO bounces (id, name, user_id) VALUES (1, 'bounce@mail.example', 1), (2, 'return@mail.example', 1);
INSERT INTO domain_maskings (id, domain, user_id) VALUES
    (1, 'mail.example', 1), (2, 'news.example', 1), (3, 'acme.example', 101);
INSERT INTO packages (id, package_name, role_id, user_id, daily_email_limit, monthly_email_limit, hourly_email_limit,
    sending_domain_limit, segments_limit, triggers_limit, evergreen_campaigns, trigger_actions, smtp_type, smtp_ids,
    smtp_groups, sending_domains, bounce_emails, sending_options, additional_headers, allow_overuse, credits_enabled,
    max_threads, suppress_domains_limit, bounce_rate_limit, tracking_restrictions, allow_branding) VALUES
    (1, 'Starter Plan', 3, 1, 5000, 50000, 500, 3, NULL, -1, 0, 0, 'smtp', '["1","2"]', '["1"]', '["1",2]', '[1]',
     '{"sending_node":"on","form_list":"on","custom":""}', '[{"header":"X-Tier","value":"starter"}]', 0, 1, 4, 100, 8,
     '{"dkim_restriction":"on"}', 1),
    (2, 'Growth', 3, 1, 25000, -1, -1, -1, 5, NULL, -1, -1, 'group', '[]', '[1,"3"]', NULL, '', '[]', NULL, NULL, NULL,
     NULL, NULL, 0, '[]', NULL),
    (3, 'Legacy', 4, 1, 1000, -1, -1, -1, NULL, NULL, -1, -1, '', NULL, NULL, '["77"]', '{"0":"1","2":"2"}',
     '', '', 1, 0, 0, 0, NULL, '', 0),
    (4, 'Twin Plan', 3, 1, 1, -1, -1, -1, NULL, NULL, -1, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, '{}', NULL),
    (5, 'Twin Plan', 3, 1, 2, -1, -1, -1, NULL, NULL, -1, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, '{}', NULL),
    (6, 'Café', 3, 1, 6, -1, -1, -1, NULL, NULL, -1, -1, 'smtp', '["3"]', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, '{}', NULL),
    (7, 'Roleless', NULL, 1, 7, -1, -1, -1, NULL, NULL, -1, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, '{}', NULL),
    (8, 'Staff Only', 1, 1, 8, -1, -1, -1, NULL, NULL, -1, -1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, '{}', NULL);
INSERT INTO users (id, name, email, is_client, role, role_id, package_id, status, parent_id, max_threads, deleted_at)
VALUES
    (101, 'Acme', 'ops@acme.example', 1, 'client', 3, 2, 'active', 0, NULL, NULL),
    (102, 'Beta', 'crm@beta.example', 1, 'client', 3, 1, 'active', NULL, 6, NULL),
    (103, 'Corp', 'old@corp.example', 1, 'client', 4, 3, 'suspended', 0, NULL, NULL),
    (104, 'Free', 'solo@free.example', 1, 'client', NULL, NULL, 'closed', 0, NULL, NULL),
    (105, 'Sub', 'sub@acme.example', 1, 'client', 3, 2, 'active', 101, NULL, NULL),
    (106, 'Gone (Deleting)', 'gone@free.example', 1, 'client', 4, 3, 'active', 0, NULL, '2025-01-02 03:04:05'),
    (107, 'New', 'new@free.example', 1, 'client', 3, 2, 'pending', 0, NULL, NULL),
    (108, 'Nobody', 'nobody@free.example', 1, 'client', NULL, 0, 'active', 0, NULL, NULL),
    (109, 'Twin', 'twin@free.example', 1, 'client', 3, 5, 'active', 0, NULL, NULL),
    (110, 'Café', 'cafe@free.example', 1, 'client', 3, 6, 'active', 0, NULL, NULL);
INSERT INTO user_email_limits (user_id, hourly_rate, daily_limit, monthly_limit, trigger_actions_limit, contacts_limit,
    domain_suppression_limit, sent_today, sent_this_month, total_bounced_hard, total_bounced_soft,
    bounced_hard_this_month, bounced_soft_this_month, trigger_actions_this_month, contacts) VALUES
    (101, 0, -1, NULL, 0, NULL, NULL, 10, 24000, 0, 0, 0, 0, 5, 40),
    (102, 600, 6000, -1, 7, -1, 5, 20, 200, 1, 2, 3, 4, 0, NULL),
    (103, NULL, NULL, 0, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0),
    (1, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO lists (id, name, user_id, total_subscribers) VALUES (1, 'a', 101, 30), (2, 'b', 101, 25), (3, 'c', 102, NULL);
INSERT INTO subscribers (email, list_id, user_id) VALUES ('a@x.example', 3, 102), ('b@x.example', 3, 102);
INSERT INTO segmentations (user_id) VALUES (101), (101);
INSERT INTO api_tokens (role_id, name) VALUES (5, 'robot'), (8, 'spare robot');
INSERT INTO application_settings (setting_name, setting_value) VALUES
    ('contacts_limit', '-1'), ('contacts_limit', '-1'), ('smtp_password', 'SECRET-setting')
