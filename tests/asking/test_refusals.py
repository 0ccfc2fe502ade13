import pytest

from tasks.asking.answers import extract_explanation
from tasks.asking.refusals import is_refusal
from tasks.write_tests.extract import extract_tests


@pytest.mark.parametrize(
    "text",
    [
        "I can't help with that.", "I cannot assist with this.", "I'm sorry, but I can't provide code for that.",
        "I\u2019m really sorry, but I won\u2019t write this program.", "Sorry, I can't.", "I can't.", "I'm sorry.",
        "I am unable to complete this task.", "Unfortunately, I'm not able to help.", "I must decline.",
        "As an AI assistant, I can't generate such content.", "I apologize, but I cannot fulfill this request.",
        "This would violate our usage policies.", "I will not do that.", "I'm sorry, but I have to decline to answer.",
    ],
)  # fmt: skip
def test_a_refusal_is_told(text: str) -> None:
    assert is_refusal(text)
    assert extract_explanation(text, "stop").reason == "refused"
    assert [test.reason for test in extract_tests(text, "stop", "f", frozenset())] == ["refused"]


@pytest.mark.parametrize(
    "text",
    [
        "The loop can't end, because i is never raised.", "It cannot handle an empty list, so it fails.",
        "It subtracts where it must add.", "You can't compare a string with a number here.",
        "The program will not return anything for zero.", "Sorry for the confusion: the index is one too large.",
        "The function is unable to find the last item.", "A user who says 'I can help' would be wrong here.",
    ],
)  # fmt: skip
def test_words_about_a_program_are_no_refusal(text: str) -> None:
    assert not is_refusal(text)
    assert extract_explanation(text, "stop").text == text


def test_tests_beside_words_of_regret_count() -> None:
    text = "I'm sorry, I can't write more than one.\nassert f(1) == 2"
    assert [test.test for test in extract_tests(text, "stop", "f", frozenset())] == ["assert f(1) == 2"]
