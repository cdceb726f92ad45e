"""What a role declares: a named set of permissions. Sources: seed 000 (User role), docs/rules.md#rule-4."""

from reconciler.kinds.fields import former_names, note
from reconciler.model.resource import Direction, Field, Names, Removal, Resource, Text

ROLE = Resource(
    kind="role",
    folder="roles.d",
    doc="A role: the permissions that users of a package have.",
    key_doc="The role's name in the live system.",
    key_examples=("Marketing",),
    removal=Removal.DELETE,
    former_names="previously",
    note="note",
    fields=(
        Field(
            "description",
            Text(lines=True),
            "What the role is for, in words.",
            default="",
            examples=("Builds and sends campaigns",),
        ),
        Field(
            "permissions",
            Names("permission", wildcard=True),
            "The permissions it gives, by name. `contacts.*` stands for all that begin with `contacts.`; "
            "it is expanded against the live catalogue when planning.",
            default=(),
            direction=Direction.MORE,
            examples=(("campaigns.view", "contacts.*"),),
        ),
        former_names("role", "Marketing team"),
        note("OPS-412: audit of March"),
    ),
)
