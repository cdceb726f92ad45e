"""What ends a command, each with its exit code (docs/reference/exit-codes.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.finding import Finding


class ReconcilerError(Exception):
    """A clear end. `exit_code` is one of docs/reference/exit-codes.md; `findings` are printed one by one; `remedy` says
    what to do."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "", findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.findings = findings


class FileErrors(ReconcilerError):
    """The files are wrong; all complaints are in `findings`."""


class TargetError(ReconcilerError):
    """The live system cannot be read or written, or is not ours; nothing was changed."""


class Retry(TargetError):
    """The database gave the transaction up for another one's sake: nothing of it is left, and it may be done again."""


class Lost(TargetError):
    """The connection is lost, and with it whatever was not committed."""


class Refused(ReconcilerError):
    """A guard, a threshold, a policy or a pause refuses; nothing was written."""

    exit_code = 3


class Stale(ReconcilerError):
    """The plan is of another world: moved rows, another target, a changed file."""

    exit_code = 4


class Locked(ReconcilerError):
    """Another apply holds the lock."""

    exit_code = 5


class Orphaned(ReconcilerError):
    """The apply is done, and meanwhile somebody came to refer to what it deleted."""

    exit_code = 6


class Unknown(ReconcilerError):
    """The outcome of the COMMIT is not known."""

    exit_code = 6
