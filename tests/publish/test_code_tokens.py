"""Tokens of a program leave out layout and names, and nothing else."""

import pytest

from tasks.publish.code_tokens import tokenize_code, unify_names
from tasks.publish.ngrams import hash_ngrams
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
    assert tokenize_code(OTHER_NAMES) == tokenize_code(PRIMES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("range(2", "range(3", id="constant"),
        pytest.param("all(", "any(", id="builtin"),
        pytest.param("number % known", "known % number", id="order"),
        pytest.param("append", "remove", id="method"),
    ],
)
def test_another_constant_builtin_order_or_method_gives_other_tokens(old: str, new: str) -> None:
    assert tokenize_code(PRIMES.replace(old, new)) != tokenize_code(PRIMES)


def test_a_function_gives_the_same_tokens_behind_another_one() -> None:
    helper = "def helper(a, b):\n    return a - b\n\n\n"
    assert tokenize_code(helper + PRIMES)[-len(tokenize_code(PRIMES)) :] == tokenize_code(PRIMES)


def test_names_of_methods_and_attributes_that_the_program_sets_do_not_count_and_others_do() -> None:
    code = "class A:\n    def put(self, x):\n        self.held = x\n        x.sort()"
    renamed = "class B:\n    def set(self, y):\n        self.kept = y\n        y.sort()"
    assert tokenize_code(code) == tokenize_code(renamed) != tokenize_code(renamed.replace("sort", "clear"))


def test_an_added_variable_changes_the_numbers_of_names_but_few_ngrams_of_unified_names() -> None:
    shifted = PRIMES.replace("    found = []", "    extra = 0\n    found = []")
    unified = [set(hash_ngrams(unify_names(tokenize_code(code)), 8).tolist()) for code in (PRIMES, shifted)]
    shared = unified[0] & unified[1]
    assert len(shared) / len(unified[0]) > 0.7
    numbered = [set(hash_ngrams(tokenize_code(code), 8).tolist()) for code in (PRIMES, shifted)]
    assert len(numbered[0] & numbered[1]) < len(shared)


def test_code_that_is_not_python_3_is_split_into_words_with_numbered_names() -> None:
    code, renamed = "print 'a', total # sum\n", "print 'a',  amount\n"
    assert tokenize_code(code) == tokenize_code(renamed) != tokenize_code("print 'b', total")


def test_code_nested_beyond_the_recursion_limit_still_has_tokens() -> None:
    assert tokenize_code("x = a" + ".b" * 900) == ("v0", "=", "v1", *(".", "v2") * 900)
