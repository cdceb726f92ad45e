"""Plan files that somebody changed: refused (4, or 1 where it is no plan any more), or harmless because the plan in it
is still the same. Whatever is in the file, nobody sees a traceback and nothing is half done (docs/rules.md#rule-36)."""

from __future__ import annotations

import json
import os
import random
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.report import plan_file
from tests.support.esp import without_git
from tests.support.figures import record
from tests.support.scale import count
from tests.torture.stale_applies import Ended, apply, arrived, commanded
from tests.torture.stale_world import World, declared

pytestmark = pytest.mark.torture

KEY, OTHER_KEY = "k1", "k2"
SEED = 20
BY_COMMAND = 100
HOSTILE: tuple[Any, ...] = (
    None,
    "",
    "x" * 300,
    "\x1b[31m\u202e",
    -1,
    2**70,
    1.5,
    True,
    [],
    [[]],
    {},
    {"": None},
    ["a", 1],
)
Step = str | int


class Desk:
    """A world, one plan of it, and what became of the files that were tried."""

    def __init__(self, world: World, plan: str, key: str = "") -> None:
        self.world, self.key = world, key
        self.saved = world.plan(plan)
        self.doc: dict[str, Any] = json.loads(self.saved.text)
        self.content = self.signed(key)
        self.plan = plan_file.parse_plan(self.content, key.encode() or None)
        self.seen: Counter[str] = Counter()
        self.chance = random.Random(SEED)
        world.again()
        self.before = world.place.dump()

    def signed(self, key: str) -> bytes:
        return plan_file.dumps(plan_file.seal(self.doc, key.encode() or None)).encode()

    def tries(self, content: bytes, *, key: str | None = None) -> Ended:
        """Apply it; refused means that nothing happened, let through that it was the plan after all."""
        self.seen["files"] += 1
        key = self.key if key is None else key
        ended = apply(self.world, content, by_command=self.seen["files"] % BY_COMMAND == 0, key=key)
        if ended.code:
            assert self.world.place.dump() == self.before
        else:
            arrived(self.world, self.saved)
            self.world.again()
        self.seen["harmless" if ended.code == 0 else "refused"] += 1
        return ended

    def refused_or_the_same(self, content: bytes) -> None:
        ended = self.tries(content)
        assert ended.code in {0, 1, 4}, ended
        assert ended.code or plan_file.parse_plan(content, self.key.encode() or None) == self.plan

    def figures(self) -> str:
        return f"{self.seen['refused']:,} refused, {self.seen['harmless']:,} harmless, 0 tracebacks"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with without_git():
        yield World("sqlite", nobody, tmp_path_factory.mktemp("tampering"))


def nobody(engine: str) -> Any:
    raise AssertionError(f"{engine} is not needed")


def leaves(part: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Where the single values are."""
    inside: Any = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    if not inside:
        yield path
    for step, inner in inside:
        yield from leaves(inner, (*path, step))


def at(doc: Any, path: tuple[Step, ...]) -> Any:
    for step in path:
        doc = doc[step]
    return doc


def put(doc: Any, path: tuple[Step, ...], value: Any) -> None:
    at(doc, path[:-1])[path[-1]] = value


@pytest.mark.parametrize("key", ["", KEY])
def test_every_flipped_byte(world: World, key: str) -> None:
    desk = Desk(world, "package sending.daily_limit", key)
    assert len(desk.content) > 5_000
    step = count(1, 11)
    for position in range(desk.chance.randrange(step), len(desk.content), step):
        spoiled = bytearray(desk.content)
        spoiled[position] ^= 1 << desk.chance.randrange(8)
        desk.refused_or_the_same(bytes(spoiled))
    record(f"flipped bytes, {'signed' if key else 'unsigned'} plan of {len(desk.content):,} bytes", desk.figures())


def test_cut_doubled_and_filled_files(world: World) -> None:
    desk = Desk(world, "every sort")
    for _ in range(count(600, 60)):
        size = len(desk.content)
        start = desk.chance.randrange(size)
        end = min(size, start + desk.chance.choice((1, 2, 9, 300, size)))
        part = desk.content[start:end]
        filled = desk.chance.choice(
            (b"", part + part, b"[" * 3_000, b"9" * 5_000, b"\xff", b"\xed\xa0\x80", b"NaN", b"{}")
        )
        desk.refused_or_the_same(desk.content[:start] + filled + desk.content[end:])
    for whole in (b"", b"\xef\xbb\xbf" + desk.content, desk.content.decode().encode("utf-16"), b"[" * 200_000, b"null"):
        desk.refused_or_the_same(whole)
    record("cut, doubled and filled plan files", desk.figures())


def test_keys_in_another_order_are_harmless(world: World) -> None:
    desk = Desk(world, "every sort", KEY)

    def mixed(part: Any) -> Any:
        if isinstance(part, dict):
            names = list(part)
            desk.chance.shuffle(names)
            return {name: mixed(part[name]) for name in names}
        return [mixed(inner) for inner in part] if isinstance(part, list) else part

    for _ in range(count(30, 5)):
        another = mixed(json.loads(desk.content))
        text = json.dumps(another, indent=desk.chance.choice((None, 0, 7)), ensure_ascii=desk.chance.random() < 0.5)
        assert desk.tries(text.encode()).code == 0
    record("plan files with their keys in another order", desk.figures())


def test_swapped_values(world: World) -> None:
    desk = Desk(world, "every sort")
    places = [path for path in leaves(desk.doc) if path[0] not in {"meta", "digest"}]
    while desk.seen["files"] < count(600, 60):
        one, other = desk.chance.sample(places, 2)
        doc = json.loads(desk.content)
        first, second = at(doc, one), at(doc, other)
        if json.dumps(first) == json.dumps(second):
            continue
        put(doc, one, second)
        put(doc, other, first)
        ended = desk.tries(json.dumps(doc).encode())
        assert ended.code in {1, 4}, (one, other, ended)
    record("plan files with two values swapped", desk.figures())


def test_forged_values_with_a_new_seal(world: World) -> None:
    """Somebody who knows the format but no key: refused where a key is set; without one, an answer and no traceback."""
    desk = Desk(world, "every sort")
    places = [path for path in leaves(desk.doc) if path[0] not in {"meta", "digest"}]
    tries = [(path, value) for path in places for value in HOSTILE]
    for path, value in desk.chance.sample(tries, count(1_500, 150)):
        doc = json.loads(desk.content)
        put(doc, path, value)
        try:
            forged = plan_file.dumps(plan_file.seal(doc, None)).encode()
            wrongly = plan_file.dumps(plan_file.seal(doc, OTHER_KEY.encode())).encode()
        except ValueError:
            continue
        world.again()
        answer = apply(world, forged, by_command=desk.seen["files"] % BY_COMMAND == 0)
        desk.seen["files"] += 1
        desk.seen["refused" if answer.code else "harmless"] += 1
        assert answer.code in {0, 1, 3, 4}, (path, value, answer)
        if answer.code == 0:
            world.again()
        for content in (forged, wrongly):
            ended = apply(world, content, key=KEY)
            no_plan = path[0] in {"format", "format_version"}
            assert ended.code == 4 or (ended.code == 1 and no_plan), (path, value, ended)
    world.again()
    record("forged and sealed again: without a key", desk.figures())
    record("forged and sealed again: where a key is set", f"{2 * desk.seen['files']:,} refused, 0 let through")


@pytest.mark.parametrize("by_command", [False, True])
def test_who_signs_and_who_asks(world: World, by_command: bool) -> None:
    desk = Desk(world, "every sort")
    unsigned, signed, wrongly = desk.signed(""), desk.signed(KEY), desk.signed(OTHER_KEY)
    codes = {}
    for name, content, key in (
        ("unsigned", unsigned, KEY),
        ("signed by another", wrongly, KEY),
        ("signed", signed, KEY),
        ("signed, no key here", signed, ""),
        ("unsigned, no key here", unsigned, ""),
    ):
        world.again()
        codes[name] = apply(world, content, by_command=by_command, key=key).code
    assert list(codes.values()) == [4, 4, 0, 0, 0], codes


@pytest.mark.parametrize("before", ["nothing", "a file for all"])
def test_a_plan_file_is_for_its_owner_alone(world: World, tmp_path: Path, before: str) -> None:
    world.template.declare(declared("every sort"))
    out = tmp_path / "plan.json"
    if before != "nothing":
        out.write_text("old", encoding="utf-8")
        out.chmod(0o666)
    old = os.umask(0)
    try:
        config = str(world.template.folder / "reconciler.yaml")
        code, _, err = commanded("plan", "--quiet", "--out", str(out), "-c", config)
    finally:
        os.umask(old)
    assert code == 0, err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text())["format"] == "reconciler-plan"
