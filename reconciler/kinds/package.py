"""What a package declares: the service tier of a customer. Its fields stand in the files beside this one.
Sources: seeds 000 (Mumara packages), 001 (MailWizz quotas), 002 (allowances of child accounts), VOCABULARY 2."""

from reconciler.kinds.file_only import former_names, note
from reconciler.kinds.package_features import ASSETS, HEADERS, OPTIONS, REQUIRE, SENDER, SETUP_GUIDE
from reconciler.kinds.package_limits import ALLOWANCE, AUTOMATION, COMMERCIAL, LIMITS
from reconciler.kinds.package_quotas import NEVER_ENDS, QUOTA, SENDING
from reconciler.kinds.quota_advice import QUOTA_ADVICE, QUOTA_MEANING
from reconciler.model.resource import Choice, Field, Reference, Removal, Resource, Tombstone

LIFECYCLE = (
    Field(
        "role",
        Reference("role"),
        "The role whose permissions users of this package have.",
        label="User role",
        required=True,
        examples=("Marketing",),
    ),
    Field(
        "lifecycle",
        Choice(("active", "retired", "removed")),
        "`active`; `retired`: closed to new tenants, those on it keep it; `removed`: delete it, which is refused "
        "while it has users.",
        default="active",
        examples=("active", "removed"),
    ),
    Field(
        "reassign_to",
        Reference("package"),
        "With `lifecycle: removed`: the package to which everyone on it is moved first.",
        file_only=True,
        only_with=("lifecycle", "removed"),
        examples=("Starter Plan",),
    ),
    Field(
        "upgrade_to",
        Reference("package"),
        "The next larger package, for the upgrade path in lint and docs.",
        file_only=True,
        examples=("Enterprise",),
    ),
    former_names("package", "Pro"),
    note("OPS-377: price list of 2026"),
)

PACKAGE = Resource(
    kind="package",
    folder="packages.d",
    doc="A package: a service tier with its limits, features and assets.",
    key_doc="The package's name in the live system.",
    key_examples=("Starter Plan",),
    removal=Removal.DELETE,
    tombstone=Tombstone(field="lifecycle", removed="removed", closed="retired", successor="reassign_to"),
    former_names="previously",
    note="note",
    refused=(NEVER_ENDS,),
    meanings=(QUOTA_MEANING,),
    advice=QUOTA_ADVICE,
    fields=(
        *LIFECYCLE,
        *SENDING,
        *QUOTA,
        *LIMITS,
        *AUTOMATION,
        *COMMERCIAL,
        *ALLOWANCE,
        HEADERS,
        *ASSETS,
        *SENDER,
        SETUP_GUIDE,
        *REQUIRE,
        OPTIONS,
    ),
)
