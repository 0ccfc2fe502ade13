"""Requests that are built and answers that are read, without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.models import chat
from tasks.models.protocol import Message, Prompt, Sampling


def build_request(samples: int = 1) -> chat.Request:
    return chat.Request("k", (Message("user", "hi"),), tuple(range(samples)), Sampling(), None)


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), min_size=1, max_size=50))
def test_split_tokens_sum_to_the_total_and_are_never_negative(total: int, weights: list[int]) -> None:
    parts = chat.split_tokens(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0


@given(st.integers(0, 40), st.integers(1, 9), st.booleans())
def test_splitting_keeps_every_sample_once_within_the_bound(samples: int, max_samples: int, send_seed: bool) -> None:
    prompt = Prompt("k", (), tuple(range(100, 100 + samples)))
    requests = list(chat.split_prompts([prompt], Sampling(seed=7), send_seed, max_samples))
    assert [index for request in requests for index in request.sample_indices] == list(prompt.sample_indices)
    assert all(request.n <= (1 if send_seed else max_samples) for request in requests)
    assert all(request.seed == 7 + request.sample_indices[0] for request in requests if send_seed)


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"choices": None}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": "x"}]}, "text"],
)
def test_an_answer_that_is_no_chat_completion_is_an_error(answer: object) -> None:
    with pytest.raises(chat.BadAnswerError):
        chat.read_completions(build_request(), answer)


@pytest.mark.parametrize(
    ("content", "reason", "text", "finish_reason"),
    [
        ("a", "stop", "a", "stop"),
        (None, "tool_calls", "", "other"),
        ("b", "length", "b", "length"),
        ("lone \ud800 half", "stop", "lone \ufffd half", "stop"),
        ("\ufeff\U0001f600", "stop", "\ufeff\U0001f600", "stop"),
    ],
)
def test_text_and_finish_reason_are_read(content: str | None, reason: str, text: str, finish_reason: str) -> None:
    answer = {"choices": [{"message": {"content": content}, "finish_reason": reason}]}
    [completion] = chat.read_completions(build_request(), answer)
    assert (completion.text, completion.finish_reason, completion.completion_tokens) == (text, finish_reason, 0)
