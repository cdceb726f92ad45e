"""The contract suite: what every target keeps, as tests that any package can run on a target of its own.

A test module of yours imports all of `reconciler.testing.suite` and has a fixture `empty_stand`, a Stand of a system
without any object; docs/targets.md shows one. Needs the extra `testing`; the product itself imports nothing of this.
"""

import pytest

# Before the suite is imported, so that a law that fails shows both sides of its comparison.
pytest.register_assert_rewrite("reconciler.testing.suite")
