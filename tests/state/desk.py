"""Two people at once: one edits files, one edits rows. What each may do in one step; nothing here knows the reconciler.

The files are kept as plain data, so that an invariant can ask what they state without asking the code under test.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from esp_place import Esp

ROLES = ("Marketing", "Support", "Analyst")
PACKAGES = ("Starter Plan", "Growth", "Legacy", "Trial", "Scale")
TENANTS = ("ops@acme.example", "crm@beta.example", "old@corp.example", "solo@free.example", "new@gamma.example")
HIDDEN = ("sub@acme.example", "gone@free.example")
"""A sub-account and one in the bin: users that no file can name."""

FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "role": {
        "description": ("", "Sends", "Looks"),
        "permissions": ([], ["reports.view"], ["campaigns.*"], ["contacts.view", "reports.*"]),
    },
    "package": {
        "lifecycle": ("active", "retired"),
        "sending.daily_limit": (0, 5_000, "unlimited"),
        "limits.contacts": (10, -1),
        "sending.max_threads": (4, "off"),
        "require.dkim": (True, False),
        "headers": ({}, {"X-Tier": "a"}, {"X-Tier": "b", "X-More": "c"}),
        "options": ({"a.b": "1"}, {"a.b": "2", "c": "3"}),
        "assets.sending_nodes": ("off", ["smtp-eu-1"], ["smtp-eu-1", "smtp-us-1"]),
    },
    "tenant": {
        "name": ("Acme", "Beta"),
        "status": ("active", "suspended"),
        "overrides": ("none", {"sending": {"daily_limit": 7}}, {"limits": {"contacts": "unlimited"}}),
        "credits.monthly": ("off", 500),
    },
}

COLUMNS = {
    "esp_role": ("description",),
    "esp_package": ("sending_daily_limit", "limits_contacts", "setup_guide", "quota_notify_percent"),
    "esp_tenant": ("name", "credits_monthly"),
}
ODD = (0, 1, -1, -7, 3.5, "many", b"\xff\x00", "\x1b[31mred", 2**62)
"""What a hand or another program may leave in a column; the schema itself refuses some of it."""

Files = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Desk:
    """The operator's files: `now` is what is on disk, `past` what was there before."""

    esp: Esp
    now: Files
    past: list[Files] = field(default_factory=list)

    def _write(self, new: Files) -> None:
        self.past = [*self.past[-4:], copy.deepcopy(self.now)]
        self.now = new
        self.esp.declare(new)

    def edit(self, kind: str, key: str, name: str, value: Any, user_of: str) -> None:
        """State one field; an object that is new gets what creation needs."""
        new = copy.deepcopy(self.now)
        if kind == "role":
            fields = new[kind].setdefault(key, {})
        else:
            needed = "role" if kind == "package" else "package"
            fields = new[kind].setdefault(key, {needed: user_of})
        fields[name] = value
        self._write(new)

    def release(self, kind: str, key: str) -> None:
        """Take the last field out that need not be there."""
        new = copy.deepcopy(self.now)
        fields = new[kind].get(key, {})
        optional = [name for name in fields if name not in ("role", "package", "lifecycle", "reassign_to", "previously")]
        if optional:
            del fields[optional[-1]]
            self._write(new)

    def take_out(self, kind: str, key: str) -> None:
        """Take the object out of the files."""
        if key in self.now[kind]:
            new = copy.deepcopy(self.now)
            del new[kind][key]
            self._write(new)

    def assign(self, key: str, package: str) -> None:
        """Say which package a tenant is on, or `none`."""
        new = copy.deepcopy(self.now)
        new["tenant"].setdefault(key, {})["package"] = package
        self._write(new)

    def bury(self, key: str, successor: str, *, tidy: bool) -> None:
        """`lifecycle: removed`; tidy: with a successor, and no file names the package any more."""
        new = copy.deepcopy(self.now)
        new["package"][key] = {"lifecycle": "removed"}
        if tidy and successor != key:
            new["package"][key]["reassign_to"] = successor
            for fields in new["tenant"].values():
                if fields["package"] == key:
                    fields["package"] = successor
        self._write(new)

    def rename(self, kind: str, old: str, key: str) -> None:
        """Give a declared object another name everywhere."""
        if old not in self.now[kind] or key in self.now[kind]:
            return
        new = copy.deepcopy(self.now)
        fields = new[kind].pop(old)
        new[kind][key] = {**fields, "previously": [old]}
        for name, of_kind in (("role", new["package"]), ("package", new["tenant"])):
            for referring in of_kind.values():
                if name == kind and referring.get(name) == old:
                    referring[name] = key
        for buried in new["package"].values():
            if kind == "package" and buried.get("reassign_to") == old:
                buried["reassign_to"] = key
        self._write(new)

    def revert(self, steps: int) -> None:
        """Back to an earlier state of the files."""
        if self.past:
            self._write(copy.deepcopy(self.past[-min(steps, len(self.past))]))

    def states_none(self, email: str) -> bool:
        """Whether a file takes this tenant off its package."""
        return self.now["tenant"].get(email, {}).get("package") == "none"
