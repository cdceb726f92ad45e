"""Tables as a MailWizz installation has them, in the tests' own words: those that the adapter reads, with columns that
it does not know, and some of the many others that hang on them."""

from __future__ import annotations

from collections.abc import Iterator

DATES = "date_added DATETIME NOT NULL, last_updated DATETIME NOT NULL"

TABLES = {
    "customer_group": f"group_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL, "
    f"is_default ENUM('no','yes') NOT NULL DEFAULT 'no', {DATES}",
    "customer_group_option": f"option_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, group_id INT NOT NULL, "
    f"code VARCHAR(255) NOT NULL, is_serialized TINYINT(1) NOT NULL DEFAULT 0, value LONGBLOB NULL, {DATES}, "
    "KEY group_code (group_id, code), "
    "CONSTRAINT {p}fk_cgo FOREIGN KEY (group_id) REFERENCES `{p}customer_group` (group_id) ON DELETE CASCADE",
    "option": f"category VARCHAR(150) NOT NULL, `key` VARCHAR(150) NOT NULL, value LONGBLOB NOT NULL, "
    f"is_serialized TINYINT(1) NOT NULL DEFAULT 0, {DATES}, PRIMARY KEY (category, `key`)",
    "language": "language_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255) NOT NULL",
    "customer": f"customer_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_uid CHAR(13) NOT NULL UNIQUE, "
    f"parent_id INT NULL, group_id INT NULL, language_id INT NULL, first_name VARCHAR(100) NULL, "
    f"email VARCHAR(100) NOT NULL UNIQUE, password CHAR(34) NOT NULL, timezone VARCHAR(50) NOT NULL, "
    f"removable ENUM('no','yes') NOT NULL DEFAULT 'yes', hourly_quota INT NOT NULL DEFAULT 0, "
    f"status CHAR(15) NOT NULL DEFAULT 'inactive', inactive_at DATETIME NULL, {DATES}, "
    "CONSTRAINT {p}fk_cg FOREIGN KEY (group_id) REFERENCES `{p}customer_group` (group_id) ON DELETE SET NULL, "
    "CONSTRAINT {p}fk_cl FOREIGN KEY (language_id) REFERENCES `{p}language` (language_id) ON DELETE SET NULL, "
    "CONSTRAINT {p}fk_cp FOREIGN KEY (parent_id) REFERENCES `{p}customer` (customer_id) ON DELETE CASCADE",
    "user_group": "group_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(191) NOT NULL UNIQUE",
    "user": "user_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, group_id INT NULL, email VARCHAR(100) NOT NULL UNIQUE, "
    "CONSTRAINT {p}fk_ug FOREIGN KEY (group_id) REFERENCES `{p}user_group` (group_id) ON DELETE SET NULL",
    "delivery_server": f"server_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NULL, type CHAR(20) NULL, "
    f"name VARCHAR(150) NULL, hostname VARCHAR(150) NOT NULL, password VARCHAR(150) NULL, "
    f"hourly_quota INT NOT NULL DEFAULT 0, status CHAR(15) NOT NULL DEFAULT 'active', {DATES}, "
    "CONSTRAINT {p}fk_dsc FOREIGN KEY (customer_id) REFERENCES `{p}customer` (customer_id) ON DELETE CASCADE",
    "delivery_server_to_customer_group": "server_id INT NOT NULL, group_id INT NOT NULL, "
    "PRIMARY KEY (server_id, group_id), "
    "CONSTRAINT {p}fk_dss FOREIGN KEY (server_id) REFERENCES `{p}delivery_server` (server_id) ON DELETE CASCADE, "
    "CONSTRAINT {p}fk_dsg FOREIGN KEY (group_id) REFERENCES `{p}customer_group` (group_id) ON DELETE CASCADE",
    "delivery_server_usage_log": "log_id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, server_id INT NULL, "
    "customer_id INT NULL, delivery_for CHAR(15) NOT NULL DEFAULT 'system', "
    "customer_countable ENUM('yes','no') NOT NULL DEFAULT 'yes', date_added DATETIME NOT NULL, "
    "KEY customer_countable_date (customer_id, customer_countable, date_added)",
    "customer_quota_mark": "mark_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, "
    "date_added DATETIME NOT NULL, "
    "CONSTRAINT {p}fk_qm FOREIGN KEY (customer_id) REFERENCES `{p}customer` (customer_id) ON DELETE CASCADE",
    "list": "list_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NULL, name VARCHAR(100) NOT NULL, "
    "CONSTRAINT {p}fk_l FOREIGN KEY (customer_id) REFERENCES `{p}customer` (customer_id) ON DELETE CASCADE",
    "list_subscriber": "subscriber_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, list_id INT NOT NULL, "
    "email VARCHAR(150) NOT NULL, "
    "CONSTRAINT {p}fk_ls FOREIGN KEY (list_id) REFERENCES `{p}list` (list_id) ON DELETE CASCADE",
    "sending_domain": "domain_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NULL, "
    "name VARCHAR(64) NOT NULL, "
    "CONSTRAINT {p}fk_sd FOREIGN KEY (customer_id) REFERENCES `{p}customer` (customer_id) ON DELETE CASCADE",
    "price_plan": f"plan_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, group_id INT NOT NULL, "
    f"name VARCHAR(50) NOT NULL, price DECIMAL(15,4) NOT NULL DEFAULT 0, status CHAR(15) NOT NULL DEFAULT 'active', "
    f"{DATES}, "
    "CONSTRAINT {p}fk_pp FOREIGN KEY (group_id) REFERENCES `{p}customer_group` (group_id) ON DELETE CASCADE",
    "price_plan_order": f"order_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, "
    f"plan_id INT NOT NULL, status CHAR(15) NOT NULL DEFAULT 'incomplete', {DATES}, "
    "CONSTRAINT {p}fk_poc FOREIGN KEY (customer_id) REFERENCES `{p}customer` (customer_id) ON DELETE CASCADE, "
    "CONSTRAINT {p}fk_pop FOREIGN KEY (plan_id) REFERENCES `{p}price_plan` (plan_id) ON DELETE CASCADE",
    "price_plan_order_transaction": "transaction_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, "
    "CONSTRAINT {p}fk_pot FOREIGN KEY (order_id) REFERENCES `{p}price_plan_order` (order_id) ON DELETE CASCADE",
    "price_plan_customer_group_display": "plan_id INT NOT NULL, group_id INT NOT NULL, "
    "PRIMARY KEY (plan_id, group_id), "
    "CONSTRAINT {p}fk_ppd FOREIGN KEY (plan_id) REFERENCES `{p}price_plan` (plan_id) ON DELETE CASCADE, "
    "CONSTRAINT {p}fk_ppg FOREIGN KEY (group_id) REFERENCES `{p}customer_group` (group_id) ON DELETE CASCADE",
}
"""Name without the prefix → columns and keys; `{p}` stands for the prefix."""


def statements(prefix: str, charset: str) -> Iterator[str]:
    """The DDL of all tables, in an order that keys allow. `charset`: what follows that word."""
    for name, columns in TABLES.items():
        body = columns.replace("{p}", prefix)
        yield f"CREATE TABLE `{prefix}{name}` ({body}) ENGINE=InnoDB DEFAULT CHARSET={charset}"
