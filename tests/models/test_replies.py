"""Answers of servers are read in the shapes that servers send, without a network."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.models.chat import Request
from tasks.models.protocol import Completion, Message, Reply, Sampling, Unanswered
from tasks.models.replies import BadAnswerError, one_line, read_error, read_replies, split_tokens


def build_request(samples: int = 1) -> Request:
    return Request("k", (Message("user", "hi"),), tuple(range(samples)), Sampling(), None)


def choice(content: object = "a", reason: object = "stop", index: object = 0, **message: object) -> dict[str, Any]:
    return {"index": index, "message": {"role": "assistant", "content": content, **message}, "finish_reason": reason}


def read_one(*choices: dict[str, Any], samples: int = 1, usage: object = None) -> Reply:
    return read_replies(build_request(samples), {"choices": list(choices), "usage": usage})[0]


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**4), min_size=1, max_size=50))
def test_split_tokens_sum_to_the_total_and_are_never_negative(total: int, weights: list[int]) -> None:
    parts = split_tokens(total, weights)
    assert sum(parts) == total
    assert min(parts) >= 0


@pytest.mark.parametrize(
    "body",
    [
        None, [], {}, {"choices": None}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": "x"}]}, "text", 1,
        {"choices": {"0": choice()}}, {"choices": [choice(content=5)]}, {"choices": [choice(content=[[7]])]},
        {"choices": [{"message": {"content": None}, "error": {"message": "upstream died"}}]},
    ],
)  # fmt: skip
def test_an_answer_that_is_no_chat_completion_is_an_error(body: object) -> None:
    with pytest.raises(BadAnswerError):
        read_replies(build_request(), body)


@pytest.mark.parametrize(
    ("content", "reason", "text", "finish_reason"),
    [
        ("a", "stop", "a", "stop"),
        (None, "tool_calls", "", "other"),
        ("b", "length", "b", "length"),
        ("c", "MAX_TOKENS", "c", "length"),
        ("d", "eos", "d", "stop"),
        ("e", None, "e", "other"),
        ("f", ["stop"], "f", "other"),
        ("lone \ud800 half", "stop", "lone \ufffd half", "stop"),
        ("\ufeff\U0001f600", "stop", "\ufeff\U0001f600", "stop"),
    ],
)
def test_text_and_finish_reason_are_read(content: object, reason: object, text: str, finish_reason: str) -> None:
    assert read_one(choice(content, reason)) == Completion("k", 0, text, finish_reason, 0, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "text", "thoughts"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab", None),
        ([{"type": "thinking", "thinking": []}, {"type": "text", "text": "a"}], "a", None),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, "a"], "a", "hm"),
        ([{"type": "reasoning", "text": "hm"}, "a"], "a", "hm"),
        ([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}, "a"], "a", "hm"),
        ([{"text": "hm", "thought": True}, {"text": "a"}], "a", "hm"),
        ([{"type": "output_text", "text": {"value": "a", "annotations": []}}], "a", None),
        ([{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "a"}], "a", None),
        ({"parts": [{"text": "a"}, {"text": "b"}]}, "ab", None),
        ({"type": "text", "text": "a"}, "a", None),
        (["a", None, "b"], "ab", None),
        ([], "", None),
    ],
)  # fmt: skip
def test_content_may_come_in_parts(content: object, text: str, thoughts: str | None) -> None:
    assert read_one(choice(content)) == Completion("k", 0, text, "stop", 0, 0, thoughts)


@pytest.mark.parametrize(
    ("message", "thoughts"),
    [
        ({"reasoning_content": "hm"}, "hm"),
        ({"reasoning": "hm"}, "hm"),
        ({"reasoning": "hm", "reasoning_content": "hm"}, "hm"),
        ({"reasoning": None, "reasoning_content": ""}, None),
        ({"reasoning": {"effort": "low"}}, None),
    ],
)
def test_thoughts_beside_the_answer_are_no_answer(message: dict[str, object], thoughts: str | None) -> None:
    assert read_one(choice("a", **message)) == Completion("k", 0, "a", "stop", 0, 0, thoughts)
    assert read_one(choice(None, "length", **message)) == Completion("k", 0, "", "length", 0, 0, thoughts)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (choice(None, "content_filter"), "finish_reason content_filter"),
        (choice("half an an", "content_filter"), "finish_reason content_filter: half an an"),
        (choice(None, "SAFETY"), "finish_reason SAFETY"),
        (choice(None, refusal="I can't help\nwith that."), "I can't help with that."),
        (choice([{"type": "refusal", "refusal": "No."}]), "No."),
    ],
)
def test_a_refusal_is_a_status_with_the_servers_words(refused: dict[str, Any], words: str) -> None:
    assert read_one(refused) == Unanswered("k", 0, "refused", words)


def test_a_refused_choice_leaves_the_others_alone() -> None:
    body = {"choices": [choice("a", index=0), choice(None, "content_filter", index=1), choice("c", index=2)]}
    first, second, third = read_replies(build_request(3), body)
    assert isinstance(first, Completion) and isinstance(third, Completion)
    assert (first.text, third.text, second.sample_index) == ("a", "c", 1)
    assert isinstance(second, Unanswered)


@pytest.mark.parametrize(
    ("indices", "texts"),
    [([1, 0], ["b", "a"]), ([0, 0], ["a", "b"]), ([7, 3], ["b", "a"]), ([None, None], ["a", "b"]),
     (["1", "0"], ["a", "b"]), ([-1, 0], ["a", "b"]), ([1.5, 0], ["a", "b"])],
)  # fmt: skip
def test_choices_have_an_order_whatever_their_indices(indices: list[object], texts: list[str]) -> None:
    body = {"choices": [choice(text, index=index) for text, index in zip("ab", indices, strict=True)]}
    replies = read_replies(build_request(2), body)
    assert [(r.sample_index, r.text) for r in replies if isinstance(r, Completion)] == list(enumerate(texts))


@pytest.mark.parametrize(("choices", "samples", "expected"), [(5, 2, 2), (1, 3, 1), (2, 2, 2)])
def test_more_choices_than_asked_are_cut_and_fewer_are_kept(choices: int, samples: int, expected: int) -> None:
    body = {"choices": [choice(str(index), index=index) for index in range(choices)]}
    assert [reply.sample_index for reply in read_replies(build_request(samples), body)] == list(range(expected))


def test_a_choice_that_cannot_be_read_leaves_the_others() -> None:
    body = {"choices": [choice(content=5), choice("a", index=1), "x"]}
    [reply] = read_replies(build_request(3), body)
    assert reply == Completion("k", 0, "a", "stop", 0, 0)


def test_the_choices_of_a_completion_server_are_read() -> None:
    assert read_one({"text": "a", "finish_reason": "stop"}) == Completion("k", 0, "a", "stop", 0, 0)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (None, 0), ([], 0), ({}, 0), ({"completion_tokens": None}, 0), ({"completion_tokens": "12"}, 12),
        ({"completion_tokens": 12.0}, 12), ({"completion_tokens": -1}, 0), ({"completion_tokens": float("nan")}, 0),
        ({"completion_tokens": True}, 0), ({"completion_tokens": 10**40}, 2**31 - 1), ({"completion_tokens": {}}, 0),
    ],
)  # fmt: skip
def test_odd_counts_of_tokens_cost_no_answer(usage: object, tokens: int) -> None:
    reply = read_one(choice(logprobs={"content": "odd"}) | {"logprobs": [1, None]}, usage=usage)
    assert isinstance(reply, Completion)
    assert (reply.text, reply.completion_tokens) == ("a", tokens)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"message": "too\nlong", "code": 400}}, ("400", "too long")),
        ({"error": {"message": "no", "type": "invalid_request_error", "code": None}}, ("invalid_request_error", "no")),
        ({"error": "no"}, ("", "no")),
        ({"detail": [{"msg": "field required", "type": "missing"}]}, ("missing", "field required")),
        ({"object": "error", "message": "no"}, ("", "no")),
        ({"error": None}, ("", "")),
        ([], ("", "")),
    ],
)
def test_code_and_words_of_an_error_are_read(body: object, expected: tuple[str, str]) -> None:
    assert read_error(body) == expected


def test_words_are_one_printable_line_of_bounded_length() -> None:
    assert one_line("a\r\n\tb\x00\x1b[31m\ud800") == "a b\ufffd\ufffd[31m\ufffd"
    assert len(one_line("x" * 10_000)) == 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["choices", "message", "content", "text", "type", "index", "usage", "finish_reason", "error",
                         "refusal", "reasoning", "thinking", "completion_tokens"]), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300)
@given(JSON, st.integers(1, 4))
def test_any_json_gives_replies_or_one_error(body: Any, samples: int) -> None:
    if isinstance(body, dict) and isinstance(body.get("choices"), list | None):
        body["choices"] = [*(body.get("choices") or []), body.get("message")]
    try:
        replies = read_replies(build_request(samples), body)
    except BadAnswerError as error:
        assert str(error).isprintable()
        return
    assert 1 <= len(replies) <= samples
    for reply in replies:
        text = f"{reply.text}{reply.reasoning}" if isinstance(reply, Completion) else reply.words
        assert text.encode()
