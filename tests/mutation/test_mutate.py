"""Mutants differ from their original and from each other, and are the same in every process."""

import ast
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.mutating.mutate import mutate_program

ROOT = Path(__file__).parents[2]


def references() -> list[str]:
    paths = sorted((ROOT / "configs/problems").glob("*.jsonl"))
    return [json.loads(line)["reference"] for path in paths for line in path.read_text().splitlines()]


def test_mutants_are_the_same_in_every_process() -> None:
    text = "def common(word):\n    return word in {'a', 'b', 'c', 'd'} or word in {'x': 1, 'y': 2.5}\n"
    program = (
        "import sys; from tasks.mutating import mutate; print(*mutate.mutate_program(sys.stdin.read()), sep='\\n')"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], input=text, capture_output=True, text=True, check=True, cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(outputs) == 1 and len(next(iter(outputs)).splitlines()) == len(list(mutate_program(text)))


def check_mutants(source: str, at_most: int) -> None:
    """Assert that every mutant compiles and differs from the original and from every other mutant."""
    program_mutants = list(islice(mutate_program(source), at_most))
    texts = [ast.unparse(ast.parse(mutant.code)) for mutant in program_mutants]
    assert ast.unparse(ast.parse(source)) not in texts
    assert len(set(texts)) == len(texts)
    for mutant in program_mutants:
        compile(mutant.code, "<mutant>", "exec")
        assert 1 <= mutant.line <= len(source.splitlines())


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # `1 is not n` and the like are among the mutants
def test_every_mutant_of_the_shipped_references_compiles_and_differs() -> None:
    for source in references():
        check_mutants(source, 1000)
        assert list(mutate_program(source))


names = st.sampled_from(["a", "b", "items", "text"])
constants = st.sampled_from(["'ab'", "''", "True", "None", "1.5", "[]", "f'{a}-{b:>3}'"])
atoms = names | st.integers(0, 9).map(str) | constants
operators = st.sampled_from(["+", "-", "*", "//", "%", "**", "&", "|", "==", "!=", "<", "<=", "in", "is", "and", "or"])
functions = st.sampled_from(["max", "f", "range", "sorted"])


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"(not {e})"),
        inner.map(lambda e: f"-({e})"),
        st.tuples(names, inner).map(lambda t: f"{t[0]}[{t[1]}:]"),
        st.tuples(names, inner, inner).map(lambda t: f"{t[0]}[{t[1]}:{t[2]}:2]"),
        st.tuples(functions, inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"sorted([x for x in {t[0]} if {t[1]}], reverse=True)"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
    )


expressions = st.recursive(atoms, combine, max_leaves=8)
lines = st.one_of(
    expressions.map(lambda e: f"a = {e}"),
    expressions.map(lambda e: f"b += {e}"),
    expressions.map(lambda e: f"items.append({e})"),
    expressions.map(lambda e: f"return {e}"),
    expressions.map(lambda e: f"if {e}: break"),
    expressions.map(lambda e: f"if {e}: raise ValueError('no')"),
)


@settings(deadline=None)
@given(st.lists(lines, max_size=4), expressions)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_every_mutant_of_any_program_compiles_and_differs(body: list[str], last: str) -> None:
    inside = "".join(f"        {line}\n" for line in [*body, "pass"])
    source = f"def f(a, b, items, text):\n    for a in items:\n{inside}    return {last}\n"
    check_mutants(source, 60)
    assert list(islice(mutate_program(source), 10)) == list(mutate_program(source))[:10]


@pytest.mark.parametrize(
    ("source", "operator", "becomes"),
    [
        pytest.param("a < b", "comparison_boundary", "a <= b", id="boundary"),
        pytest.param("a < b", "comparison_negation", "a >= b", id="negation"),
        pytest.param("a // b", "arithmetic", "a / b", id="arithmetic"),
        pytest.param("a and b", "boolean", "a or b", id="and"),
        pytest.param("a and b", "boolean", "b", id="an operand removed"),
        pytest.param("not a", "unary", "a", id="not"),
        pytest.param("a + 1", "constant", "a + 2", id="constant"),
        pytest.param("a + 'x'", "constant", "a + ''", id="text"),
        pytest.param("a if b else 0", "condition", "a if True else 0", id="condition"),
        pytest.param("a[b:]", "slice", "a[b + 1:]", id="slice"),
        pytest.param("range(a)", "range", "range(a - 1)", id="range"),
        pytest.param("divmod(a, b)", "argument", "divmod(b, a)", id="arguments swapped"),
        pytest.param("sorted(a, reverse=True)", "argument", "sorted(a)", id="keyword removed"),
        pytest.param("min(a, b)", "call", "max(a, b)", id="another function"),
        pytest.param("a.strip()", "call_removal", "a", id="call removed"),
        pytest.param("a", "return_none", "None", id="return"),
    ],
)
def test_each_operator_makes_its_change(source: str, operator: str, becomes: str) -> None:
    changes = {(mutant.operator, mutant.code) for mutant in mutate_program(f"def f(a, b):\n    return {source}\n")}
    assert (operator, f"def f(a, b):\n    return {becomes}\n") in changes


@pytest.mark.parametrize(
    ("source", "unchanged"),
    [
        pytest.param('def f():\n    """Words."""\n    return 1\n', '"""Words."""', id="docstring"),
        pytest.param("def f(a: 'x' = 1) -> 'y':\n    return a\n", "a: 'x'", id="annotation"),
        pytest.param("def f(a):\n    raise ValueError('no')\n", "ValueError('no')", id="message of an error"),
        pytest.param("if __name__ == '__main__':\n    print(1)\n", "if __name__ == '__main__'", id="main"),
    ],
)
def test_text_that_tests_cannot_see_is_not_changed(source: str, unchanged: str) -> None:
    codes = [mutant.code for mutant in mutate_program(source) if mutant.operator != "statement_removal"]
    assert all(unchanged in code for code in codes)


@pytest.mark.parametrize("source", ["def f(:", "print 1", "x = '\0'", "(" * 500, ""], ids=repr)
def test_a_text_that_is_not_python_has_no_mutants(source: str) -> None:
    assert list(mutate_program(source)) == []
