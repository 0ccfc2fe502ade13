"""How far programs are apart, in tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.assemble.tokens import token_distance, tokens


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        pytest.param("a = 1  # one\n", "a=1\n\n# another", 0.0, id="comments and layout"),
        pytest.param("a = 1", "a = 2", 1 / 3, id="one of three"),
        pytest.param("", "", 0.0, id="nothing"),
        pytest.param("", "x", 1.0, id="all"),
        pytest.param("def f(:\n  '''never closed", "def f(:\n  '''never  closed", 1 / 5, id="broken code"),
        pytest.param("s = 'a # b'", "s = 'a # c'", 1 / 3, id="a string is one token, no comment"),
        pytest.param("x **= y // 2.5e3", "x **= y / 2.5e3", 1 / 5, id="operators and numbers are whole"),
    ],
)
def test_distance_counts_tokens(one: str, other: str, distance: float) -> None:
    assert token_distance(tokens(one), tokens(other)) == pytest.approx(distance)
    assert token_distance(tokens(other), tokens(one)) == pytest.approx(distance)


@given(st.text(max_size=60))
def test_no_text_is_too_broken_for_tokens_and_none_is_lost(text: str) -> None:
    found = tokens(text)
    if "#" not in text:
        assert "".join("".join(found).split()) == "".join(text.split())
