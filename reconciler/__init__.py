"""Config-as-code for e-mail service providers: packages, roles and tenants as reviewed YAML."""

__version__ = "0.1.0"
