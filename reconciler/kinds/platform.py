"""What holds for tenants that have no package: one object, `default`. Seed 001 (Settings → Customers)."""

from dataclasses import replace

from reconciler.kinds.fields import NEVER_ENDS, QUOTA, SENDING, note
from reconciler.kinds.quota import NO_INHERITANCE, QUOTA_ADVICE, QUOTA_MEANING
from reconciler.model.resource import Removal, Resource

PLATFORM = Resource(
    kind="platform",
    folder="platform.d",
    doc="The platform: what holds for customers without a package.",
    key_doc="Always `default`: there is one.",
    key_examples=("default",),
    only_key="default",
    removal=Removal.KEEP,
    note="note",
    refused=(NEVER_ENDS,),
    meanings=(QUOTA_MEANING,),
    advice=QUOTA_ADVICE,
    fallback=NO_INHERITANCE,
    fields=(
        # Nobody overrides these, and whose usage they cap is not counted.
        *(replace(field, overridable=False, measured_by="") for field in (*SENDING, *QUOTA)),
        note("OPS-377: agreed with support"),
    ),
)
