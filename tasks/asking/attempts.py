"""Addresses of attempts."""

from storage.ids import content_id


def attempt_id(
    problem_id: str, recipe_id: str, sample_index: int, parent: str | None = None, diagnosis: str | None = None
) -> str:
    """Return the address of a program by what it was asked for; the program itself is not known yet.

    Args:
        parent: for a repair, the id of the wrong attempt.
        diagnosis: for a repair, the id of the explanation that it was given.
    """
    return content_id(
        "attempt", problem=problem_id, recipe=recipe_id, sample=sample_index, parent=parent, diagnosis=diagnosis
    )
