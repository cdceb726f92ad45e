"""Every sort of change is in the table of words, once."""

from typing import get_args

from reconciler.model.change import Change, Operation


def test_every_change_has_its_own_line() -> None:
    assert [change.operation for change in get_args(Change)] == list(Operation)


def test_a_line_is_whole() -> None:
    for operation in Operation:
        assert all((operation.todo, operation.done, operation.marker, operation.action))
    assert sorted(operation.place for operation in Operation) == list(range(len(Operation)))


def test_a_word_is_plain_text_to_whoever_writes_it_down() -> None:
    assert type(str(Operation.CREATE)) is str
    assert f"{Operation.CREATE}" == Operation("create") == "create"
