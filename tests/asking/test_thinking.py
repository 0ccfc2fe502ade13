"""Thinking, tokens and later turns are taken off an answer, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.asking.answers import extract_code, extract_explanation
from tasks.asking.ask import separate_thinking
from tasks.asking.thinking import split_thinking, strip_tokens
from tasks.models.protocol import Completion
from tasks.write_tests.extract import extract_tests

F = "```python\ndef f(x):\n    return x\n```"
DRAFT = "```python\ndef f(x):\n    return None\n```"
HM = "Hm."


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        pytest.param(f"<think>\n{HM}\n</think>\n\n{F}", F, HM, id="think"),
        pytest.param(f"<thinking>{HM}</thinking>{F}", F, HM, id="thinking, on the line of the fence"),
        pytest.param(f"<REASONING>\n{HM}\n</REASONING>\n{F}", F, HM, id="reasoning, in capitals"),
        pytest.param(f"\ufeff\n <think>\r\n{HM}\r\n</think>\r\n\r\n{F}", F, HM, id="a byte order mark, CRLF"),
        pytest.param(f"{HM}\n</think>\n\n{F}", F, HM, id="the opening tag is in the prompt"),
        pytest.param(f"{HM}\n{DRAFT}\n</think>\n\n{F}", F, f"{HM}\n{DRAFT}", id="a draft, no opening tag"),
        pytest.param(f"{HM}\n```python\ndef f(\n</think>\n{F}", F, f"{HM}\n```python\ndef f(", id="a draft broken off"),
        pytest.param(f"<think>a<think>b</think>c</think>\n{F}", F, "a<think>b\n\nc", id="nested"),
        pytest.param(f"<think>a</think>\n<think>b</think>\n{F}", F, "a\n\nb", id="two"),
        pytest.param(f"Well.\n<think>{HM}</think>\n{F}", f"Well.\n\n{F}", HM, id="behind words"),
        pytest.param(f"<think>{HM}</thinking>{F}", F, HM, id="closed by another tag"),
        pytest.param(f"<think>\n{HM} {DRAFT}", "", f"{HM} {DRAFT}", id="never closed"),
        pytest.param(f"{F}\n</think>", "", F, id="closed at the end"),
        pytest.param(f"{F}\n\n<think>\n{HM}", f"{F}\n\n", HM, id="behind the answer, never closed"),
        pytest.param(f"<think></think>{F}", F, "", id="empty"),
        pytest.param(f"<think>in r'<think>.*</think>' I\n</think>\n{F}", F,
                     "in r'<think>.*</think>' I", id="tags named"),
        pytest.param(f"[THINK]{HM}[/THINK]{F}", F, HM, id="Mistral"),
        pytest.param(f"\u25c1think\u25b7{HM}\u25c1/think\u25b7{F}", F, HM, id="Kimi"),
        pytest.param(f"<|START_THINKING|>{HM}<|END_THINKING|>{F}", F, HM, id="Cohere"),
        pytest.param(
            f"<|channel|>analysis<|message|>{HM}<|end|><|start|>assistant<|channel|>final<|message|>{F}<|return|>",
            F, HM, id="gpt-oss",
        ),
        pytest.param(f"<|channel|>analysis<|message|>{HM}", "", HM, id="gpt-oss, cut"),
        pytest.param(f"analysisWe must.assistantfinal{F}", F, "We must.", id="gpt-oss without tokens"),
    ],
)  # fmt: skip
def test_thinking_is_taken_off(text: str, answer: str, thinking: str) -> None:
    assert split_thinking(text) == (answer, thinking)


@pytest.mark.parametrize(
    "text",
    [
        "```python\ndef f(t):\n    return re.sub('<think>.*?</think>', '', t)\n```",
        "def f(t):\n    return t.split('</think>')[-1]\n",
        '```python\nT = """\n<think>\nhm\n</think>\n"""\n```',
        f"{F}\n\nIt also strips `</think>`.",
        f'The tags are "<think>" and "</think>".\n{F}',
        f"{F}\nSample:\n\n```\n<think>\nhm\n</think>\n```\n",
        "```html\n<reasoning>\nx\n</reasoning>\n```",
        "I think </ b is wrong, since x <thinking> nothing.",
        "analysis of the program: it ends.",
    ],
)
def test_tags_that_an_answer_speaks_of_stay(text: str) -> None:
    assert split_thinking(text) == (text, None)


@pytest.mark.parametrize(
    "token",
    ["<|im_end|>", "<|eot_id|>", "</s>", "<|endoftext|>", "<end_of_turn>", "<eos>", "<|end|>", "<|EOT|>",
     "<|end_of_text|>", "<\uff5cend\u2581of\u2581sentence\uff5c>", "<|END_OF_TURN_TOKEN|>", "<|im_end|>\n<|endoftext|>",
     "</s></s></s>"],
)  # fmt: skip
@pytest.mark.parametrize("text", [F, "def f(x):\n    return x", "The loop starts at one, not at zero."])
@pytest.mark.parametrize("blank", ["", "\n", " \n\n"])
def test_a_token_that_ends_the_turn_is_taken_off(token: str, text: str, blank: str) -> None:
    assert strip_tokens(text + blank + token + blank).rstrip() == text


@pytest.mark.parametrize("start", ["<s> ", "<|im_start|>assistant\n", "<start_of_turn>model\n", "\ufeff", "<bos>"])
def test_a_token_that_begins_the_turn_is_taken_off(start: str) -> None:
    assert strip_tokens(start + F) == F


@pytest.mark.parametrize(
    "later",
    ["<|im_end|>\n<|im_start|>user\nThanks.", "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThanks.",
     "\n<end_of_turn>\n<start_of_turn>user\nThanks.", "</s><s>[INST] Thanks. [/INST]", "\n<|endoftext|>\nThanks."],
)  # fmt: skip
def test_later_turns_are_no_part_of_an_answer(later: str) -> None:
    other = later.replace("Thanks.", f"Thanks.\n{DRAFT}\n")
    assert extract_code(F + other, "stop", "f").text == "def f(x):\n    return x\n"
    assert strip_tokens(F + other).rstrip() == F


@pytest.mark.parametrize(
    "text", ["```python\nEND = '<|im_end|>'\n```", "x = ['</s>', '<eos>']\n", 'T = """\n</s>\n"""\n']
)
def test_tokens_within_a_program_stay(text: str) -> None:
    assert strip_tokens(text) == text


@pytest.mark.parametrize(
    ("finish", "reason"),
    [pytest.param("length", "truncated", id="cut"), pytest.param("stop", "only_thinking", id="ended")],
)
@pytest.mark.parametrize(
    "text", [f"<think>\nassert f(1) == 2\nThe loop starts at one.\n{F}", f"{F} assert f(1) == 2</think>"]
)
def test_thinking_alone_is_no_answer_of_any_kind(text: str, finish: str, reason: str) -> None:
    for completion, reasoning in ((text, None), ("", text)):  # beside the answer, where the server takes it off
        assert extract_code(completion, finish, "f", reasoning).reason == reason  # type: ignore[arg-type]
        assert extract_explanation(completion, finish, reasoning).reason == reason  # type: ignore[arg-type]
        tests = extract_tests(completion, finish, "f", frozenset(), reasoning)  # type: ignore[arg-type]
        assert [(test.test, test.reason) for test in tests] == [(None, reason)]


def test_tests_and_explanations_are_read_behind_the_thinking() -> None:
    thinking = "<think>\nassert f(0) == 9\nI was shown the tests; better not say so.\n</think>\n"
    tests = extract_tests(f"{thinking}```python\nassert f(1) == 2\n```<|im_end|>", "stop", "f", frozenset())
    assert [test.test for test in tests] == ["assert f(1) == 2"]
    words = "It subtracts, the task asks for a sum."
    assert extract_explanation(f"{thinking}\n{words}<|im_end|>", "stop").text == words


def test_thinking_within_and_beside_an_answer_is_kept_together() -> None:
    completion = Completion("k", 0, f"<think>b</think>\n{F}", "stop", 1, 2, reasoning="a")
    assert separate_thinking(completion) == Completion("k", 0, F, "stop", 1, 2, reasoning="a\n\nb")
    without = Completion("k", 0, F, "stop", 1, 2)
    assert separate_thinking(without) is without


@given(
    st.lists(
        st.sampled_from(
            [
                "<think>",
                "</think>",
                "\n",
                "'",
                "`",
                "```",
                "```python\n",
                "x = 1",
                "hm",
                "<|im_end|>",
                "<|channel|>final<|message|>",
                " ",
            ]
        ),
        max_size=20,
    ).map("".join)
)
def test_of_any_text_no_word_is_lost_and_a_second_reading_changes_nothing(text: str) -> None:
    answer, thinking = split_thinking(text)
    assert (answer + (thinking or "")).count("hm") == text.count("hm")
    assert split_thinking(answer) == (answer, None)
