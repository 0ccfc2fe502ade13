"""Words of a prompt: its description without case, punctuation, code and examples."""

import pytest

from tasks.publish.prompt_words import extract_words


def test_case_space_and_punctuation_do_not_count() -> None:
    assert extract_words("Return  the SUM,\nof a list!") == extract_words("return the sum of a list")
    assert extract_words("Return the sum of 2 lists") != extract_words("Return the sum of 3 lists")


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param(
            'from math import pi\n\ndef add(a: int) -> int:\n    """ Add one to it.\n    >>> add(1)\n    2\n    """\n',
            id="HumanEval",
        ),
        pytest.param("Add one to it.\n\nExamples:\nadd(1) == 2\nadd(5) => 6\n", id="announced"),
        pytest.param("Add one to it.\nassert add(3) == 4", id="assert"),
        pytest.param("def add(a):\nAdd one to it.\n>>> add(1)\n2\n\n>>> add(2)\n3", id="signature"),
    ],
)
def test_only_the_description_of_a_prompt_counts(prompt: str) -> None:
    assert extract_words(prompt) == ("add", "one", "to", "it")


@pytest.mark.parametrize("line", ["From the given list take the first.", "Import taxes are to be added up."])
def test_prose_that_starts_like_code_stays(line: str) -> None:
    assert len(extract_words(f"A task.\n{line}")) > 3


def test_a_prompt_of_nothing_but_code_keeps_its_words() -> None:
    assert extract_words("assert add(1) == 2") == ("assert", "add", "1", "2")
