"""The table of guards is whole: what engine/guards.py can complain of is in it, under the code that it says."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from reconciler.engine import guards
from reconciler.engine.guards import GUARDS
from reconciler.model.finding import CODES

MODULE = ast.parse(inspect.getsource(guards))
FUNCTIONS = {node.name: node for node in MODULE.body if isinstance(node, ast.FunctionDef)}


def codes_in(node: ast.AST) -> Iterator[str]:
    """The finding codes that are written in it."""
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == "blocked_by_class":
            assert isinstance(call.args[0], ast.Constant)
            yield str(call.args[0].value)
        for keyword in call.keywords:
            if keyword.arg == "code" and not isinstance(keyword.value, ast.Name):
                assert isinstance(keyword.value, ast.Constant)
                yield str(keyword.value.value)


def reached_from(name: str) -> Iterator[str]:
    """The function and all functions of the module that it uses, directly or not."""
    found, waiting = set[str](), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [n.id for n in ast.walk(FUNCTIONS[each]) if isinstance(n, ast.Name) and n.id in FUNCTIONS]
    yield from found


def test_every_code_that_a_guard_can_raise_is_in_the_table() -> None:
    assert set(codes_in(MODULE)) == {guard.code for guard in GUARDS}


def test_every_guard_yields_the_code_of_its_line() -> None:
    for guard in GUARDS:
        assert {code for name in reached_from(guard.find.__name__) for code in codes_in(FUNCTIONS[name])} == {
            guard.code
        }


def test_every_function_that_judges_is_in_the_table() -> None:
    judges = {name for name, node in FUNCTIONS.items() if [arg.arg for arg in node.args.args] == ["case"]}
    assert judges == {guard.find.__name__ for guard in GUARDS}


def test_every_code_of_a_guard_is_registered() -> None:
    assert {guard.code for guard in GUARDS} <= CODES.keys()
