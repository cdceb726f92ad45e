"""Where a kind's fields live in somebody's tables, as data. A difference between systems is a row of it, not an `if`.

Terms
    system    the whole of one application's database: its kinds, its catalogues, who else points at objects
    kind      one of ours (role, package, tenant, platform); a KindMap says which rows of which table are its objects
    place     where one field lives: a Column, a Foreign key, Links, Pairs, a SideTable, a SharedColumn, an Option
    codec     how one value is written there: what means `unlimited`, `off`, `inherit`
    catalogue names that are assigned and never created by us
    binding   the mapping as one live database has it (binding.py)

Premise
    A mapping is written down once, for the newest version that is known, without a table prefix, at the level of a
    module. Nothing in it asks the live database. What differs from one installation to the next is applied when it is
    bound: the prefix, the sizes of columns, whether a column takes NULL, and what a version lacks.
      - A field whose column is not there has no place, and neither has a counter, a catalogue or a pointer.
      - A column that only a condition or a query speaks of, and that older versions lack, is `optional`: without it the
        condition reads what it says of such versions.
      - Without an id, a name or a reference nothing works, and nothing is read.

Example, a whole system of one kind, in two tables:

    METADATA = sa.MetaData()
    PLANS = sa.Table("plans", METADATA, sa.Column("id", sa.Integer), sa.Column("title", sa.String),
                     sa.Column("max_mails", sa.Integer), optional("deleted_at", sa.DateTime))
    PRICES = sa.Table("prices", METADATA, sa.Column("plan_id", sa.Integer), sa.Column("label", sa.String))
    PACKAGE = KindMap(
        kind="package",
        table=PLANS,
        id=PLANS.c.id,
        key=PLANS.c.title,
        where=(PLANS.c.deleted_at.is_(None),),
        fields={"sending.monthly_quota": Column(PLANS.c.max_mails, Codec(int, {0: UNLIMITED}))},
    )
    SYSTEM = System(
        name="Letters",
        kinds={"package": PACKAGE},
        pointers=(Pointer(kind="package", by="price", name=PRICES.c.label, field="plan_id", number=PRICES.c.plan_id),),
    )

    LETTERS = SystemType(SystemAdapter(type="letters", system=SYSTEM, creates=frozenset({"package"})))

The last line (target.py) is what the entry point `reconciler.targets` names. Runs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.util import ClauseAdapter

from reconciler.model.values import Value
from reconciler.targets.sql.codec import Codec

Col = sa.Column[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A column of users that the application keeps equal to one of what they are on, and the SQL that keeps it so.

    `copy`: the users' column; `of`: the column it copies; `through`: the users' column that names what they are on;
    `number`: the users' id; `on`: the id of what they are on. `where`: which users have a copy; `proof`: which of them
    show whether the application keeps it equal."""

    copy: Col
    of: Col
    through: Col
    number: Col
    on: Col
    where: tuple[sa.ColumnElement[bool], ...] = ()
    proof: tuple[sa.ColumnElement[bool], ...] = ()

    def evidence(self) -> sa.Select[*tuple[Any, ...]]:
        """(whether they are on something, whether the copy differs) of all users, each once. Who is on nothing should
        have none."""
        attached = sa.case((self.on.is_not(None), 1), else_=0)
        differs = sa.case((self.copy.is_distinct_from(self.of), 1), else_=0)
        joined = self.copy.table.outerjoin(self.of.table, self.on == self.through)
        there = sa.or_(self.on.is_not(None), sa.func.coalesce(self.through, 0) == 0)
        return sa.select(attached, differs).distinct().select_from(joined).where(there, *self.where, *self.proof)

    def mirrored(self) -> sa.ColumnElement[bool]:
        """Whether a user's value is no more than its copy: it is equal, and everybody's is."""
        equal = sa.exists(self.on).where(self.on == self.through, self.of == self.copy)
        users, things = self.copy.table.alias("mirrored_users"), self.of.table.alias("mirrored_things")
        inside = ClauseAdapter(users).chain(ClauseAdapter(things))
        differs = sa.exists(things.c[self.on.name]).where(
            *map(
                inside.traverse,
                (self.on == self.through, self.copy.is_distinct_from(self.of), *self.where, *self.proof),
            )
        )
        return sa.and_(equal, ~differs, *self.where)

    def follow(self, changed: Col, ids: Collection[int], *, clearing: bool) -> sa.Update | None:
        """Make the copies equal where rows with these ids were changed; None: they are of a table without a copy.
        `clearing`: who is on nothing by now has none."""
        by = {self.on: self.through, self.number: self.number}.get(changed)
        if by is None:
            return None
        wanted = sa.select(self.of).where(self.on == self.through).correlate(self.copy.table).scalar_subquery()
        touched: sa.ColumnElement[bool] = self.through.in_(sa.select(self.on))
        if clearing:
            touched = sa.or_(touched, sa.func.coalesce(self.through, 0) == 0)
        return (
            sa.update(self.copy.table)
            .where(by.in_(ids), touched, self.copy.is_distinct_from(wanted), *self.where)
            .values({self.copy: wanted})
        )


ABSENT: Final = "absent"
"""The key under which an optional column keeps what versions without it read."""


def optional(name: str, type_: type[sa.types.TypeEngine[Any]] | sa.types.TypeEngine[Any], absent: Any = None) -> Col:
    """A column that some versions lack and that conditions and queries speak of. `absent`: what they read there."""
    return sa.Column(name, type_, info={ABSENT: absent})


def column_of(query: sa.Subquery, name: str) -> Col:
    """A column of a query, which is as good as one of a table where nothing is written."""
    return cast("Col", query.c[name])


@dataclass(frozen=True, slots=True)
class Column:
    """One value in one column of the kind's own table (or, in a Side, of that table)."""

    column: Col
    codec: Codec


@dataclass(frozen=True, slots=True)
class Foreign:
    """The id of another object. `empty`: what NULL means, and 0, which no object has. `nothing`: which of the two is
    written; binding sets it to 0 where the column takes no NULL."""

    column: Col
    kind: str
    empty: Value | None
    nothing: int | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Names out of a catalogue, one row each in a table of pairs of ids. `empty`: the value without any row. `where`:
    which rows are ours; others are left alone."""

    owner: Col
    item: Col
    catalogue: str
    empty: Value
    where: tuple[sa.ColumnElement[bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Pairs:
    """Name and text, one row each. `whole`: names that a new value does not list are removed."""

    owner: Col
    name: Col
    value: Col
    whole: bool


@dataclass(frozen=True, slots=True)
class SideTable:
    """A row at the side of the object's own, with a column for each field of a map; what decodes to None is not in the
    map, and is written as NULL, or as 0 where the column takes no NULL. `own`: such columns in the object's own row;
    where all are there, `columns` is empty and `owner` the object's own id."""

    owner: Col
    columns: Mapping[str, Column]
    own: Mapping[str, Column] = field(default_factory=dict)


Ids: TypeAlias = Mapping[str, tuple[int, ...]]
"""Name → the ids of all that is called so: nothing there need prevent several."""


class JsonCodec(Protocol):
    """A value among others in the same columns."""

    def decode(self, stored: tuple[Any, ...], names: Mapping[int, str]) -> Value | None:
        """The value. `names`: id → name of the catalogue."""
        ...

    def encode(self, value: Value | None, stored: tuple[Any, ...], ids: Ids) -> tuple[Any, ...]:
        """The columns with the value written into what is there; all None in a new row."""
        ...


@dataclass(frozen=True, slots=True)
class SharedColumn:
    """A value that shares columns of the kind's own table with others. `catalogue`: whose ids are in it."""

    columns: tuple[Col, ...]
    weave: JsonCodec
    catalogue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTable:
    """A table of options, a row a code. Nothing there need prevent several rows of one code.

    `id` None: a code has one row. `owner` None: the options are those of the only object of the kind. `within`: columns
    whose value is fixed. `serialized`: set where the text is PHP's own form. `template`: code → text of what a new
    object gets besides its fields. `secret`: words in a code whose text nobody may see (docs/rules.md#rule-40)."""

    code: Col
    value: Col
    id: Col | None = None
    owner: Col | None = None
    within: Mapping[Col, str] = field(default_factory=dict)
    serialized: Col | None = None
    template: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ("password", "secret", "token")

    @property
    def table(self) -> sa.Table:
        """Where the rows are."""
        table = self.code.table
        assert isinstance(table, sa.Table)
        return table

    @property
    def columns(self) -> tuple[Col, ...]:
        """Every column that is read of a row."""
        maybe = (self.id, self.owner, self.serialized)
        return (self.code, self.value, *self.within, *(column for column in maybe if column is not None))

    def hides(self, code: str) -> bool:
        """Whether the option holds a secret."""
        return any(word in code.lower() for word in self.secret)


@dataclass(frozen=True, slots=True)
class Option:
    """One value in a register. `missing`: what it means that there is no row, or NULL in it."""

    register: OptionTable
    code: str
    codec: Codec
    missing: Value | None


@dataclass(frozen=True, slots=True)
class OptionReference:
    """The id of another object, as the text of an option. `empty`: what no row, no text or a 0 means."""

    register: OptionTable
    code: str
    kind: str
    empty: Value | None


@dataclass(frozen=True, slots=True)
class Options:
    """All options of a register that no field of its own speaks of."""

    register: OptionTable


Place: TypeAlias = Column | Foreign | Links | Pairs | SideTable | SharedColumn | Option | OptionReference | Options


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names that are assigned but never created by us. `where`: which rows count; `rather`: which of several rows of
    one name is meant by it; `single`: several of one name cannot be told apart, so only those that are linked already
    can be meant."""

    id: Col
    name: Col
    where: tuple[sa.ColumnElement[bool], ...] = ()
    rather: sa.ColumnElement[bool] | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted of each account: a column of a table, or of a query, with one row an `owner`."""

    owner: Col
    count: Col


@dataclass(frozen=True, slots=True)
class Largest:
    """Several counters of one thing, which need not agree: the largest counts, of those that this version has."""

    counters: tuple[Counter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an object that is a user of others has besides its fields: `state`, the field that tells whether it is in
    use; `child`, true of sub-accounts; `binned`, true of what lies in the bin; `counters` of its usage."""

    state: str
    child: sa.ColumnElement[bool]
    binned: sa.ColumnElement[bool]
    counters: Mapping[str, Counter | Largest] = field(default_factory=dict)

    @property
    def counted(self) -> Mapping[str, Counter]:
        """The counters once they are bound: each is one column then."""
        return cast("Mapping[str, Counter]", self.counters)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindMap:
    """One kind in one table. `where`: which of its rows are objects of the kind. `created`: when one was made.
    `belongs`: owner columns of rows that belong to the object alone, besides those of its fields. `rivals`: pairs of
    fields of which one at most is not `off`. `nameable`: type of a field → how it is written in a column that newer
    versions may have, which the settings name under `columns`."""

    kind: str
    table: sa.Table | sa.Subquery
    id: Col
    key: Col
    fields: Mapping[str, Place]
    created: sa.ColumnElement[Any] = field(default_factory=lambda: sa.literal(""))
    account: Account | None = None
    where: tuple[sa.ColumnElement[bool], ...] = ()
    belongs: tuple[Col, ...] = ()
    rivals: tuple[tuple[str, str], ...] = ()
    nameable: Mapping[type, Codec] = field(default_factory=dict)

    @property
    def shown(self) -> tuple[sa.ColumnElement[bool], ...]:
        """What makes a row an object: sub-accounts and what lies in the bin are none."""
        if self.account is None:
            return self.where
        return (*self.where, sa.not_(self.account.child), sa.not_(self.account.binned))

    def belongings(self) -> Iterator[Col]:
        """The owner columns of all rows that belong to the object alone and go with it."""
        owners: dict[Col, None] = {}
        for place in self.fields.values():
            match place:
                case Links(owner=owner) | Pairs(owner=owner) | SideTable(owner=owner):
                    owners[owner] = None
                case Option(register=register) | OptionReference(register=register) | Options(register=register):
                    if register.owner is not None:
                        owners[register.owner] = None
                case _:
                    pass
        owners.pop(self.id, None)  # a SideTable without a table of its own
        yield from {**owners, **dict.fromkeys(self.belongs)}

    def registers(self) -> tuple[OptionTable, ...]:
        """The registers that its fields are in."""
        found = {
            place.register.code: place.register
            for place in self.fields.values()
            if isinstance(place, (Option, OptionReference, Options))
        }
        return tuple(found.values())

    def codes(self, register: OptionTable) -> frozenset[str]:
        """The codes of a register that fields of their own speak of."""
        return frozenset(
            place.code
            for place in self.fields.values()
            if isinstance(place, (Option, OptionReference)) and place.register.code is register.code
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What else of the system names an object of a kind though no field speaks of it, such as a price plan: `by` and
    `name` tell what it is, `field` how it names it. `number`: the id, as a number or as text."""

    kind: str
    by: str
    name: sa.ColumnElement[Any]
    field: str
    number: Col
    where: tuple[sa.ColumnElement[bool], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDefaults:
    """What a table wants besides our values. `fresh`: column → value of a new row; `touched`: of a changed one.
    NOW is this moment; a query is asked at binding, and its column left out where it finds nothing; a function is
    called for each new row, such as one that makes an id of the application's own."""

    fresh: Mapping[str, Any] = field(default_factory=dict)
    touched: Mapping[str, Any] = field(default_factory=dict)


NOW: Final = "now"


@dataclass(frozen=True, slots=True)
class NotedVersion:
    """A version that the application notes itself: the first value of a query."""

    query: sa.Select[Any]


@dataclass(frozen=True, slots=True)
class VersionByColumns:
    """A version that is told by the columns of a table: whether it has those of the mapping. `unused`: columns of the
    known version that the mapping does not speak of."""

    table: sa.Table
    unused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A whole system: its kinds and catalogues, and who else points at objects.

    `name` and `known`: the application, and the version that the mapping was written from. `told_by`: the tables by
    which an installation and its prefix are found, the first by its name; none: the prefix is what the settings say.
    `stamps`: what its tables want besides. `hiding`: tables that hold more than we may see, such as passwords: only
    mapped columns are selected. `mirrors`: what is kept equal along with what is written. `by_triggers`: class A is had
    by triggers, for a foreign key would refuse what the application itself leaves behind. `reads`: queries of the
    adapter's own; bound, those are missing that this version cannot answer. `needed`: columns that every known version
    has, besides ids, names, references and conditions: without one it is another system."""

    kinds: Mapping[str, KindMap]
    name: str = ""
    known: str = ""
    version: NotedVersion | VersionByColumns | None = None
    told_by: tuple[sa.Table, ...] = ()
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    pointers: tuple[Pointer, ...] = ()
    stamps: Mapping[sa.Table, RowDefaults] = field(default_factory=dict)
    hiding: frozenset[sa.Table] = frozenset()
    mirrors: tuple[Mirror, ...] = ()
    by_triggers: bool = False
    reads: Mapping[str, sa.Select[Any]] = field(default_factory=dict)
    needed: tuple[Col, ...] = ()

    def referrers(self, kind: str) -> Iterator[tuple[KindMap, str, Foreign]]:
        """Every field of any kind that names an object of this kind by a column."""
        for other in self.kinds.values():
            for name, place in other.fields.items():
                if isinstance(place, Foreign) and place.kind == kind:
                    yield other, name, place

    def options_naming(self, kind: str) -> Iterator[tuple[KindMap, str, OptionReference]]:
        """Every field of any kind that names an object of this kind by an option."""
        for other in self.kinds.values():
            for name, place in other.fields.items():
                if isinstance(place, OptionReference) and place.kind == kind:
                    yield other, name, place


def mapped(system: System) -> frozenset[Col]:
    """The columns of kinds and catalogues, ids and keys too."""
    found = {column for catalogue in system.catalogues.values() for column in (catalogue.id, catalogue.name)}
    for kind in system.kinds.values():
        found.update(_of_kind(kind))
    return frozenset(found)


def _of_kind(kind: KindMap) -> Iterator[Col]:
    yield from (kind.id, kind.key, *kind.belongs)
    for place in kind.fields.values():
        yield from of_place(place)


def of_place(place: Place) -> Iterator[Col]:
    """The columns of a field, wherever they are."""
    match place:
        case Links(owner=owner, item=item):
            yield from (owner, item)
        case Pairs(owner=owner, name=name, value=value):
            yield from (owner, name, value)
        case SideTable(owner=owner, columns=columns):
            yield from (owner, *(each.column for each in columns.values()), *own_columns(place))
        case Option(register=register) | OptionReference(register=register) | Options(register=register):
            yield from register.columns
        case _:
            yield from own_columns(place)


def own_columns(place: Place) -> Sequence[Col]:
    """The columns of a field that are in the object's own row."""
    match place:
        case Column(column=column) | Foreign(column=column):
            return (column,)
        case SharedColumn(columns=columns):
            return columns
        case SideTable(own=own):
            return tuple(each.column for each in own.values())
        case _:
            return ()


def columns_in(*expressions: sa.ClauseElement) -> Iterator[Col]:
    """The columns of tables that expressions speak of, those of queries inside them too."""
    for expression in expressions:
        if isinstance(expression, sa.Column) and isinstance(expression.table, sa.Table):
            yield expression
            continue
        query = expression.table if isinstance(expression, sa.ColumnClause) else None
        for found in visitors.iterate(expression if query is None else query):
            if isinstance(found, sa.Column) and isinstance(found.table, sa.Table):
                yield found
