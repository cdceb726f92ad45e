"""Two people at once: one edits files, one edits rows. What each may do in one step; nothing here knows the reconciler.

The files are kept as plain data, so that an invariant can ask what they state without asking the code under test.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.support.esp import Esp

ROLES = ("Marketing", "Support", "Analyst")
PACKAGES = ("Starter Plan", "Growth", "Legacy", "Trial", "Scale")
TENANTS = ("ops@acme.example", "crm@beta.example", "old@corp.example", "solo@free.example", "new@gamma.example")
KEYS = {"role": ROLES, "package": PACKAGES, "tenant": TENANTS}
NEEDED = ("role", "package", "lifecycle", "reassign_to", "previously")

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

    def edit(self, which: tuple[str, str, Any], position: int) -> None:
        """State one field of an object; one that is new gets what creation needs."""
        kind, name, value = which
        new = copy.deepcopy(self.now)
        key = KEYS[kind][position % len(KEYS[kind])]
        needed = {} if kind == "role" else {"role": self._any(new, "role", position)}
        if kind == "tenant":
            needed = {"package": self._any(new, "package", position)}
        new[kind].setdefault(key, needed)[name] = value
        self._write(new)

    def release(self, which: tuple[str, str]) -> None:
        """Take a field out that need not be there."""
        kind, key = which
        new = copy.deepcopy(self.now)
        optional = [name for name in new[kind].get(key, {}) if name not in NEEDED]
        if optional:
            del new[kind][key][optional[-1]]
            self._write(new)

    def take_out(self, which: tuple[str, str], wild: bool) -> None:
        """Take the object out of the files; wild: and leave the references to it."""
        kind, key = which
        if key in self.now[kind]:
            new = copy.deepcopy(self.now)
            del new[kind][key]
            if not wild:
                self._repoint(new, kind, key)
            self._write(new)

    def assign(self, key: str, position: int) -> None:
        """Say which package a tenant is on; `none` now and then."""
        new = copy.deepcopy(self.now)
        package = "none" if position == 0 else self._any(new, "package", position)
        new["tenant"].setdefault(key, {})["package"] = package
        self._write(new)

    def bury(self, key: str, position: int, wild: bool) -> None:
        """`lifecycle: removed`, and a successor; wild: without one, and with tenants that still name the package."""
        new = copy.deepcopy(self.now)
        new["package"][key] = {"lifecycle": "removed"}
        successor = self._any(new, "package", position)
        if not wild and successor != key:
            new["package"][key]["reassign_to"] = successor
            self._repoint(new, "package", key)
        self._write(new)

    def rename(self, kind: str, position: int, suffix: str) -> None:
        """Give a declared object another name everywhere."""
        old = self._any(self.now, kind, position)
        key = old.partition(suffix)[0] if old.endswith(suffix) else old + suffix
        if old not in self.now[kind] or key in self.now[kind] or self.now[kind][old].get("lifecycle") == "removed":
            return
        new = copy.deepcopy(self.now)
        new[kind][key] = {**new[kind].pop(old), "previously": [old]}
        for name, of_kind in (("role", new["package"]), ("package", new["tenant"]), ("package", new["package"])):
            for fields in of_kind.values():
                for field_name in (name, "reassign_to"):
                    if name == kind and fields.get(field_name) == old:
                        fields[field_name] = key
        self._write(new)

    def revert(self, steps: int) -> None:
        """Back to an earlier state of the files."""
        if self.past:
            self._write(copy.deepcopy(self.past[-min(steps, len(self.past))]))

    def mend(self) -> None:
        """References to nowhere, or to what is removed, name something that stays."""
        new = copy.deepcopy(self.now)
        for kind in ("role", "package"):
            if not _staying(new, kind):
                new[kind][KEYS[kind][0]] = {} if kind == "role" else {"role": self._any(new, "role", 0)}
        for fields in new["package"].values():
            if "role" in fields and fields["role"] not in new["role"]:
                fields["role"] = self._any(new, "role", 0)
            if fields.get("reassign_to", "Growth") not in _staying(new, "package"):
                fields.pop("reassign_to", None)
        for fields in new["tenant"].values():
            if fields["package"] not in ("none", *_staying(new, "package")):
                fields["package"] = self._any(new, "package", 0)
        if new != self.now:
            self._write(new)

    def obey(self, packages: list[str]) -> None:
        """The remedy of a refused deletion: remove them in words, with a successor."""
        for key in packages:
            self.now["package"].setdefault(key, {"lifecycle": "removed"})
        for position, key in enumerate(packages):
            self.bury(key, position, wild=False)
        self.mend()

    def _repoint(self, files: Files, kind: str, key: str) -> None:
        users = {"role": "package", "package": "tenant"}.get(kind)
        for fields in files[users].values() if users else ():
            if fields.get(kind) == key:
                fields[kind] = self._any(files, kind, len(key))

    def _any(self, files: Files, kind: str, position: int) -> str:
        """Something declared that stays; where there is nothing, a name that leads nowhere."""
        staying = _staying(files, kind) or list(KEYS[kind])
        return staying[position % len(staying)]


def _staying(files: Files, kind: str) -> list[str]:
    return sorted(key for key, fields in files[kind].items() if fields.get("lifecycle") != "removed")
