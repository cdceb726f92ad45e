"""Every law of the contract; a test module imports all of it.

A law that speaks of something that the system has not is left out by name.
"""

from reconciler.testing.suite import facts, fixtures, restoring, roundtrip, writing
from reconciler.testing.suite.facts import *
from reconciler.testing.suite.fixtures import *
from reconciler.testing.suite.restoring import *
from reconciler.testing.suite.roundtrip import *
from reconciler.testing.suite.writing import *

__all__ = facts.__all__ + fixtures.__all__ + restoring.__all__ + roundtrip.__all__ + writing.__all__
