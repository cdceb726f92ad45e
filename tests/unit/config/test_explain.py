"""What a person is told about each wrong value: the sentence, the remedy and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from tests.unit.config.desired_state import complaints

SENDING = ", ".join(f.name.removeprefix("sending.") for f in KINDS["package"].fields if f.name.startswith("sending."))
PACKAGE = [
    (
        "sending: {daily_limit: -5}",
        "range",
        "sending.daily_limit",
        "-5 is below 0",
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: 9223372036854775808}",
        "range",
        "sending.daily_limit",
        "9223372036854775808 is above 9,223,372,036,854,775,807",
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: true}",
        "type",
        "sending.daily_limit",
        "true is not a number",
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: 1e3}",
        "type",
        "sending.daily_limit",
        "1000.0 is not a whole number",
        "write 1000, without point or exponent",
    ),
    (
        "sending: {daily_limit: 1.5}",
        "type",
        "sending.daily_limit",
        "1.5 is not a whole number",
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: .inf}",
        "type",
        "sending.daily_limit",
        "inf is not a whole number",
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: .nan}",
        "type",
        "sending.daily_limit",
        "nan is not a whole number",
        "write a number from 0 or unlimited",
    ),
    ('sending: {daily_limit: "5"}', "type", "sending.daily_limit", '"5" is text', "write 5 without quotes"),
    (
        "sending: {daily_limit: 1_000}",
        "type",
        "sending.daily_limit",
        '"1_000" is text',
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: Unlimited}",
        "choice",
        "sending.daily_limit",
        '"Unlimited" is text (did you mean unlimited?)',
        "write a number from 0 or unlimited",
    ),
    (
        "sending: {daily_limit: [1]}",
        "type",
        "sending.daily_limit",
        "a list is not a number",
        "write a number from 0 or unlimited",
    ),
    ("sending: {max_threads: 0}", "range", "sending.max_threads", "0 is below 1", "write a number from 1 or off"),
    (
        "sending: 5",
        "type",
        "sending",
        "5 is not a mapping",
        f"write fields under it: {SENDING}",
    ),
    (
        "sending: {daily_limt: 5}",
        "unknown-field",
        "sending.daily_limt",
        "there is no such field here",
        "did you mean daily_limit?",
    ),
    (
        "sending: {colour: 5}",
        "unknown-field",
        "sending.colour",
        "there is no such field here",
        f"known here: {SENDING}",
    ),
    (
        "sending.daily_limit: 5",
        "unknown-field",
        "sending.daily_limit",
        "there is no such field here",
        "write it nested: sending: daily_limit:",
    ),
    (
        "daily_limit: 5",
        "unknown-field",
        "daily_limit",
        "there is no such field here",
        "did you mean sending.daily_limit?",
    ),
    (
        "daily_limits: 5",
        "unknown-field",
        "daily_limits",
        "there is no such field here",
        "did you mean sending.daily_limit?",
    ),
    (
        "commercial: {bounce_rate_stop: 101}",
        "range",
        "commercial.bounce_rate_stop",
        "101 is above 100",
        "write a number from 1 to 100 or off",
    ),
    ("quota: {notify_percent: 49}", "range", "quota.notify_percent", "49 is below 50", "write a number from 50 to 98"),
    (
        "quota: {time_unit: months}",
        "choice",
        "quota.time_unit",
        '"months" is not allowed here (did you mean month?)',
        "write minute, hour, day, week, month or year",
    ),
    (
        "quota: {time_unit: 5}",
        "choice",
        "quota.time_unit",
        "5 is not allowed here",
        "write minute, hour, day, week, month or year",
    ),
    ("setup_guide: yes", "type", "setup_guide", '"yes" is neither true nor false', "write true, without quotes"),
    ("setup_guide: 'False'", "type", "setup_guide", '"False" is neither true nor false', "write false, without quotes"),
    ("setup_guide: 1", "type", "setup_guide", "1 is neither true nor false", "write true or false"),
    ("note: 5", "type", "note", "5 is not text", 'write it in quotes: "5"'),
    ("note: {a: b}", "type", "note", "a mapping is not text", "write text"),
    ("role: 5", "type", "role", "5 is not text", 'write it in quotes: "5"'),
    (
        "role: none",
        "name",
        "role",
        'the name is "none", a word that means something of its own',
        "write the name of an object",
    ),
    ("role: [a]", "type", "role", "a list is not text", "write a name"),
    ("previously: Pro", "type", "previously", '"Pro" is not a list', "write a list: [one, another]"),
    ("previously: ['']", "name", "previously.0", "the name is empty", "write a name"),
    ("previously: [5]", "type", "previously.0", "5 is not text", 'write it in quotes: "5"'),
    ("previously: [a, a]", "duplicate", "previously.1", '"a" is listed twice', "take one of them out"),
    ("assets: {sending_nodes: []}", "range", "assets.sending_nodes", "the list is empty", "write names, or off"),
    (
        "assets: {sending_nodes: of}",
        "type",
        "assets.sending_nodes",
        '"of" is not a list (did you mean off?)',
        "write a list: [one, another] or off",
    ),
    ("headers: [a]", "type", "headers", "a list is not a mapping", "write headers under it, name: text"),
    ("headers: {'X A': b}", "name", "headers.X A", '"X A" is not a name of a header', "write a name of [A-Za-z0-9-]+"),
    ("headers: {X-A: 1}", "type", "headers.X-A", "1 is not text", 'write it in quotes: "1"'),
    (
        "headers: {X-A: a, x-a: b}",
        "twins",
        "headers.x-a",
        '"x-a" and "X-A" are the same header',
        "take one of them out",
    ),
    ('headers: {X-A: "a\\nb"}', "type", "headers.X-A", "the text has a line break", "write one line"),
    (
        "options: {'a b': c}",
        "name",
        "options.a b",
        '"a b" is not a name of an option',
        "write a name of [A-Za-z0-9_.-]+",
    ),
    (
        "note: ${HOME}",
        "interpolation",
        "note",
        '"${HOME}" asks for an environment variable; no environment is read here',
        "write the value itself",
    ),
    ('note: "a\\x1b[31m"', "type", "note", "the text holds a control character", "take it out"),
    (
        "previously: ['${OLD}']",
        "interpolation",
        "previously.0",
        '"${OLD}" asks for an environment variable; no environment is read here',
        "write the value itself",
    ),
]


@pytest.mark.parametrize(("written", "code", "field", "message", "remedy"), PACKAGE)
def test_one_field_of_a_package(tmp_path: Path, written: str, code: str, field: str, message: str, remedy: str) -> None:
    expected = f"[{code}] package/Growth: {field}: {message}; {remedy}  packages.d/g.yaml:2"
    assert complaints(tmp_path, {"packages.d/g.yaml": f"Growth:\n  {written}\n"}) == [expected]


TENANT = [
    ("overrides: nothing", "type", "overrides", '"nothing" is not a mapping', "write fields under it, or none"),
    (
        "overrides: {limits: {lists: ~}}",
        "refused-yaml",
        "overrides.limits.lists",
        "~ is no value",
        "write a value ({} for a mapping without fields), or take the line out",
    ),
    (
        "overrides: {sending: {daily_limit: inherited}}",
        "choice",
        "overrides.sending.daily_limit",
        '"inherited" is text (did you mean inherit?)',
        "write a number from 0, unlimited or inherit",
    ),
    (
        "overrides: {require: {dkim: maybe}}",
        "type",
        "overrides.require.dkim",
        '"maybe" is neither true nor false',
        "write true, false or inherit",
    ),
    (
        "overrides: {quota: {emails: 5}}",
        "unknown-field",
        "overrides.quota",
        "there is no such field here",
        "known here: sending, limits, commercial, allowance, require",
    ),
    (
        "package: unlimited",
        "name",
        "package",
        'the name is "unlimited", a word that means something of its own',
        "write the name of an object or none",
    ),
    ('name: "a\\nb"', "type", "name", "the text has a line break", "write one line"),
    (
        "status: Closed",
        "choice",
        "status",
        '"Closed" is not allowed here (did you mean closed?)',
        "write active, suspended or closed",
    ),
]


@pytest.mark.parametrize(("written", "code", "field", "message", "remedy"), TENANT)
def test_one_field_of_a_tenant(tmp_path: Path, written: str, code: str, field: str, message: str, remedy: str) -> None:
    expected = f"[{code}] tenant/a@acme.example: {field}: {message}; {remedy}  tenants.d/t.yml:2"
    assert complaints(tmp_path, {"tenants.d/t.yml": f"a@acme.example:\n  {written}\n"}) == [expected]
