-- A small installation: two pools and their addresses, one customer with three mail servers, and one that was deleted.
INSERT INTO ip_pools (id, name, uuid, created_at, updated_at) VALUES
    (1, 'Shared', 'a1', '2024-03-01 09:00:00', '2024-03-01 09:00:00'),
    (2, 'Dedicated', 'b2', '2024-03-01 09:00:00', '2024-03-01 09:00:00');
INSERT INTO ip_addresses (id, ip_pool_id, ipv4, hostname) VALUES
    (1, 1, '192.0.2.1', 'mx1.example'), (2, 1, '192.0.2.2', 'mx2.example'), (3, 2, '192.0.2.9', 'mx9.example');
INSERT INTO organizations (id, uuid, name, permalink, owner_id) VALUES (1, 'c3', 'Acme', 'acme', 1);
INSERT INTO organization_ip_pools (id, organization_id, ip_pool_id) VALUES (1, 1, 1), (2, 1, 2);
INSERT INTO servers (id, organization_id, name, permalink, token, ip_pool_id, send_limit, suspended_at, created_at) VALUES
    (1, 1, 'Acme Shop', 'acme-shop', 'x1y2z3', 1, 5000, NULL, '2024-03-02 10:00:00'),
    (2, 1, 'Acme News', 'acme-news', 'k4l5m6', 1, NULL, NULL, '2024-03-02 10:00:00'),
    (3, 1, 'Acme Tests', 'acme-tests', 'p7q8r9', NULL, 100, '2024-06-01 08:30:00', '2024-03-02 10:00:00');
INSERT INTO servers (id, organization_id, name, permalink, token, ip_pool_id, deleted_at, created_at) VALUES
    (4, 1, 'Acme Old', 'acme-old', 's0t1u2', 1, '2024-05-01 00:00:00', '2024-03-02 10:00:00');
