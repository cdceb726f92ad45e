"""Postal, the mail delivery platform, as a target of the reconciler."""
