"""What a tenant declares: a customer account, its package and what it overrides. Seeds 000, 002."""

from reconciler.kinds.fields import note
from reconciler.model.resource import Choice, Field, Overrides, Reference, Removal, Resource, Switch, Text
from reconciler.model.values import OFF

TENANT = Resource(
    kind="tenant",
    folder="tenants.d",
    doc="A tenant: a customer account, on a package, with its own limits where it has some.",
    key_doc="The account's e-mail address in the live system.",
    key_examples=("ops@acme.example",),
    removal=Removal.FORGET,
    personal=True,
    note="note",
    exclusive=(("credits.monthly", "overrides.allowance.emails"),),
    fields=(
        Field("name", Text(), "The customer's name.", examples=("Acme Ltd",)),
        Field(
            "package",
            Reference("package", none=True, membership=True),
            "The package the account is on, or `none`.",
            required=True,
            examples=("Starter Plan", "none"),
        ),
        Field(
            "status",
            Choice(("active", "suspended", "closed")),
            "Whether the account may be used.",
            default="active",
            examples=("active",),
        ),
        Field(
            "overrides",
            Overrides("package"),
            "Own values in place of the package's, as one whole: what is not listed is inherited; `none` overrides "
            "nothing. Without this field overrides are not managed.",
            examples=({"sending.daily_limit": 40_000}, "none"),
        ),
        Field(
            "credits.monthly",
            Switch(0),
            "Credits given once in each period of the platform's plan, or `off`.",
            default=OFF,
            examples=(10_000, OFF),
        ),
        note("OPS-501: promotion until June"),
    ),
)
