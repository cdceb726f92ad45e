"""MailWizz on a test stand of the contract suite. Its customers are made by hand, as nobody of ours may make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.resource import Field
from reconciler.model.values import Value
from reconciler.targets.mailwizz.defaults import NEW_GROUP
from reconciler.targets.mailwizz.mapping import LIMITS, QUOTA, SENDING
from tests.contract.stands import Loads, Stand
from tests.support.mailwizz import Mailwizz

FIELDS_OF_THEIR_OWN = {*(f"{SENDING}.{key}" for key, _, _ in QUOTA.values()), *(code for code, _ in LIMITS.values())}
GIVEN: dict[str, Value] = {
    "limits.sending_nodes": 0,
    "options": {code: text for code, text in NEW_GROUP.items() if code not in FIELDS_OF_THEIR_OWN},
}
"""Where MailWizz gives a new group something else than the vocabulary would."""


@dataclass(frozen=True, slots=True)
class MailwizzStand(Stand):
    """`mail`: the hand behind its back."""

    mail: Mailwizz

    def stock(self, names: Iterable[str]) -> None:
        for name in names:
            self.mail.server(name, f"{name}.host")

    def default(self, field: Field) -> Value | None:
        return GIVEN.get(field.name, field.default)

    def makes(self, kind: str) -> bool:
        return kind in ("package", "tenant")

    def load(self, loads: Loads) -> None:
        """What MailWizz has no place for is left out, so that the suite may speak of any system."""
        for email in loads.get("tenant", {}):
            self.mail.customer(email)
        with self.target.writer() as writer:
            writer.begin()
            for kind in ("package", "tenant"):
                supported = self.target.supports[kind]
                drafts = {
                    key: {name: value for name, value in draft.items() if name in supported}
                    for key, draft in loads.get(kind, {}).items()
                }
                (writer.insert if kind in self.target.creates else writer.update)(kind, drafts)
            writer.commit()
