"""What is gone from a program and a prompt, and what is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.publish.normalised import blind, code_tokens, grams, prompt_words, up_to
from tests.publish.builders import PRIMES

OTHER_NAMES = '''\
def p(top: int) -> list[int]:
    """Say what it does."""
    out: list = []  # primes so far
    for n in range(2,
                   top):
        if (all(n % x for x in out)):
            out.append(n)

    return out
'''


def test_layout_comments_docstrings_annotations_and_names_do_not_count() -> None:
    assert code_tokens(OTHER_NAMES) == code_tokens(PRIMES)


@pytest.mark.parametrize(
    ("old", "new"),
    [("range(2", "range(3"), ("all(", "any("), ("number % known", "known % number"), ("append", "remove")],
)
def test_another_constant_builtin_order_or_method_is_another_program(old: str, new: str) -> None:
    assert code_tokens(PRIMES.replace(old, new)) != code_tokens(PRIMES)


def test_a_function_reads_the_same_behind_another_one() -> None:
    helper = "def helper(a, b):\n    return a - b\n\n\n"
    assert code_tokens(helper + PRIMES)[-len(code_tokens(PRIMES)) :] == code_tokens(PRIMES)


def test_methods_and_attributes_that_the_program_sets_are_names_others_are_not() -> None:
    one = "class A:\n    def put(self, x):\n        self.held = x\n        x.sort()"
    other = "class B:\n    def set(self, y):\n        self.kept = y\n        y.sort()"
    assert code_tokens(one) == code_tokens(other) != code_tokens(other.replace("sort", "clear"))


def test_one_more_variable_changes_numbers_but_not_what_is_left_without_names() -> None:
    shifted = PRIMES.replace("    found = []", "    extra = 0\n    found = []")
    one, other = (set(grams(blind(code_tokens(code)), 8).tolist()) for code in (PRIMES, shifted))
    assert len(one & other) / len(one) > 0.7
    numbered = [set(grams(code_tokens(code), 8).tolist()) for code in (PRIMES, shifted)]
    assert len(numbered[0] & numbered[1]) < len(one & other)


def test_code_that_is_no_python_3_is_cut_into_words_with_names_numbered_too() -> None:
    one, other = "print 'a', total # sum\n", "print 'a',  amount\n"
    assert code_tokens(one) == code_tokens(other) != code_tokens("print 'b', total")


def test_code_nested_beyond_recursion_is_read_all_the_same() -> None:
    assert code_tokens("x = a" + ".b" * 900) == ("v0", "=", "v1", *(".", "v2") * 900)


def test_case_space_and_punctuation_of_a_prompt_do_not_count() -> None:
    assert prompt_words("Return  the SUM,\nof a list!") == prompt_words("return the sum of a list")
    assert prompt_words("Return the sum of 2 lists") != prompt_words("Return the sum of 3 lists")


@pytest.mark.parametrize(
    "prompt",
    [
        'from math import pi\n\ndef add(a: int) -> int:\n    """ Add one to it.\n    >>> add(1)\n    2\n    """\n',
        "Add one to it.\n\nExamples:\nadd(1) == 2\nadd(5) => 6\n",
        "Add one to it.\nassert add(3) == 4",
        "def add(a):\nAdd one to it.\n>>> add(1)\n2\n\n>>> add(2)\n3",
    ],
    ids=["HumanEval", "announced", "assert", "signature"],
)
def test_of_a_prompt_only_what_it_says_is_left(prompt: str) -> None:
    assert prompt_words(prompt) == ("add", "one", "to", "it")


@pytest.mark.parametrize("line", ["From the given list take the first.", "Import taxes are to be added up."])
def test_prose_that_starts_like_code_stays(line: str) -> None:
    assert len(prompt_words(f"A task.\n{line}")) > 3


def test_a_prompt_of_nothing_but_code_keeps_its_words() -> None:
    assert prompt_words("assert add(1) == 2") == ("assert", "add", "1", "2")


@given(st.lists(st.sampled_from("abcd"), max_size=12).map(tuple), st.integers(1, 6))
def test_grams_are_the_runs_of_tokens_each_once(tokens: tuple[str, ...], size: int) -> None:
    run = min(size, len(tokens))
    runs = {tokens[i : i + run] for i in range(len(tokens) - run + 1)} if tokens else set()
    found = grams(tokens, size)
    assert len(found) == len(runs) and (np.diff(found.astype(object)) > 0).all()


def test_grams_are_the_same_in_every_process() -> None:
    assert [hex(gram) for gram in grams(("a", "b"), 2).tolist()] == ["0xf442460e208bcfc4"]


def test_runs_up_to_two_are_words_and_pairs_of_them() -> None:
    assert len(up_to(("a", "b", "c"), 2)) == 5
