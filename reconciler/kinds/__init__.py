"""The vocabulary: every kind, one file each. A new kind is its file and its name here."""

from reconciler.kinds.package import PACKAGE
from reconciler.kinds.platform import PLATFORM
from reconciler.kinds.role import ROLE
from reconciler.kinds.tenant import TENANT
from reconciler.model.resource import Vocabulary

KINDS = Vocabulary((ROLE, PACKAGE, TENANT, PLATFORM))
