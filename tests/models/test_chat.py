"""What is sent and what is read, without a network."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.models import chat
from tasks.models.protocol import Message, Prompt, Sampling


def request(samples: int = 1) -> chat.Request:
    return chat.Request("k", (Message("user", "hi"),), tuple(range(samples)), Sampling(), None)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), min_size=1, max_size=50))
def test_shares_sum_to_the_total_and_are_never_negative(total: int, weights: list[int]) -> None:
    parts = chat.shares(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0


@given(st.integers(0, 40), st.integers(1, 9), st.booleans())
def test_splitting_keeps_every_sample_once_within_the_bound(samples: int, at_most: int, seeds: bool) -> None:
    prompt = Prompt("k", (), tuple(range(100, 100 + samples)))
    requests = list(chat.split([prompt], Sampling(seed=7), seeds, at_most))
    assert [index for one in requests for index in one.sample_indices] == list(prompt.sample_indices)
    assert all(one.n <= (1 if seeds else at_most) for one in requests)
    assert all(one.seed == 7 + one.sample_indices[0] for one in requests if seeds)


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"choices": None}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": "x"}]}, "text"],
)
def test_an_answer_that_is_no_completion_is_called_so(answer: Any) -> None:
    with pytest.raises(chat.BadAnswerError):
        chat.read(request(), answer)


@pytest.mark.parametrize(
    ("content", "reason", "text", "kept"),
    [
        ("a", "stop", "a", "stop"),
        (None, "tool_calls", "", "other"),
        ("b", "length", "b", "length"),
        ("lone \ud800 half", "stop", "lone \ufffd half", "stop"),
        ("\ufeff\U0001f600", "stop", "\ufeff\U0001f600", "stop"),
    ],
)
def test_text_and_reason_are_read(content: str | None, reason: str, text: str, kept: str) -> None:
    [got] = chat.read(request(), {"choices": [{"message": {"content": content}, "finish_reason": reason}]})
    assert (got.text, got.finish_reason, got.completion_tokens) == (text, kept, 0)
