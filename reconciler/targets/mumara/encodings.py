"""How Mumara writes down "unlimited", "off" and "inherit", which differs from column to column. Data; each has a test.
Source: the forms of 6.2.7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.model.resource import Choice, Limit, Switch, Text, Toggle, Whole
from reconciler.model.values import OFF, UNLIMITED
from reconciler.targets.sql.codec import NO_LIMIT, Codec

LIMIT: Final = Codec(int, {None: UNLIMITED, NO_LIMIT: UNLIMITED}, nothing=NO_LIMIT)
"""-1 is unlimited; columns added later may still be NULL, which limits nothing. 0 means none at all."""

THREADS: Final = Codec(int, {NO_LIMIT: OFF, 0: OFF, None: OFF})
SUPPRESSED_DOMAINS: Final = Codec(int, {NO_LIMIT: OFF, None: OFF})
"""NULL: the switch is off; 0 is a limit."""

BOUNCE_RATE: Final = Codec(int, {NO_LIMIT: OFF, None: OFF, 0: OFF}, nothing=0)
"""The switch is on where it is above 0."""

SWITCHED: Final = Codec(int, {None: False, 0: False, 1: True}, nothing=0)
WORDS: Final = Codec(str, {None: "", "": ""})
"""NULL is read as empty, and empty is written as empty, which every column takes."""

OWN_RATE: Final = Codec(int, {NO_LIMIT: UNLIMITED}, least=1)
"""A user's own limit counts from 1 on; NULL, 0 and less inherit. So `unlimited` cannot be a user's own."""

OWN_CONTACTS: Final = Codec(int, {NO_LIMIT: UNLIMITED}, least=NO_LIMIT)
"""Only NULL inherits."""

OWN_DOMAINS: Final = Codec(int, {NO_LIMIT: OFF}, least=0)
"""Only NULL inherits, and nothing says `off`."""

OWN_THREADS: Final = Codec(int, {NO_LIMIT: OFF}, least=1)

ADDED: Final[Mapping[type, Codec]] = {
    Limit: LIMIT,
    Switch: Codec(int, {NO_LIMIT: OFF, None: OFF}),
    Toggle: SWITCHED,
    Whole: Codec(int),
    Text: WORDS,
    Choice: Codec(str),
}
"""Columns of newer versions, named in the settings: by the type of their field."""
