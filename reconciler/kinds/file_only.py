"""Fields that only files have: they are never compared, remembered or exported (VOCABULARY 2, mark f)."""

from reconciler.model.resource import Field, NameList, Text


def former_names(kind: str, example: str) -> Field:
    """`previously`: the old names of an object, so that it is renamed and not made anew."""
    return Field(
        "previously",
        NameList(),
        f"Former names. A live {kind} of such a name is renamed instead of created anew.",
        file_only=True,
        examples=((example,),),
    )


def note(example: str) -> Field:
    """`note`: why an object is as it is."""
    return Field(
        "note",
        Text(lines=True),
        "Why it is so: a ticket, a decision. Shown in the plan, kept nowhere else.",
        file_only=True,
        examples=(example,),
    )
