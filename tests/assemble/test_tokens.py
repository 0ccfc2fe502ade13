"""Token distance of two programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.assemble.tokens import split_tokens, token_distance


@pytest.mark.parametrize(
    ("code", "other_code", "distance"),
    [
        pytest.param("a = 1  # one\n", "a=1\n\n# another", 0.0, id="comments and layout"),
        pytest.param("a = 1", "a = 2", 1 / 3, id="one of three"),
        pytest.param("", "", 0.0, id="both empty"),
        pytest.param("", "x", 1.0, id="all"),
        pytest.param("def f(:\n  '''never closed", "def f(:\n  '''never  closed", 1 / 5, id="broken code"),
        pytest.param("s = 'a # b'", "s = 'a # c'", 1 / 3, id="a string is one token, not a comment"),
        pytest.param("x **= y // 2.5e3", "x **= y / 2.5e3", 1 / 5, id="operators and numbers are whole"),
    ],
)
def test_distance_counts_tokens(code: str, other_code: str, distance: float) -> None:
    assert token_distance(split_tokens(code), split_tokens(other_code)) == pytest.approx(distance)
    assert token_distance(split_tokens(other_code), split_tokens(code)) == pytest.approx(distance)


@given(st.text(max_size=60))
def test_every_text_has_tokens_and_none_of_it_is_lost(text: str) -> None:
    tokens = split_tokens(text)
    if "#" not in text:
        assert "".join("".join(tokens).split()) == "".join(text.split())
