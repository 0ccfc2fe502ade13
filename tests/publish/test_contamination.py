"""A benchmark's task is known by its own n-grams, whatever else stands beside it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tasks.publish.benchmarks import BenchmarkItem, read_benchmarks
from tasks.publish.contamination import Detector, Overlap
from tasks.publish.normalised import code_tokens
from tasks.publish.settings import CleanSettings
from tests.publish.builders import MEDIAN, PRIMES

MEDIAN_TASK = "Write a function to find the median of a list of unsorted temperature readings."
ITEMS = [
    BenchmarkItem("b", "primes", "Write a function to find all the primes below a given limit.", PRIMES),
    BenchmarkItem("b", "median", MEDIAN_TASK, MEDIAN),
    BenchmarkItem("b", "sum", "Write a function to find the sum of two numbers.", "def add(a, b):\n    return a + b"),
]
UNLIKE = "Reverse the digits of an integer."


def worst(prompt: str, *codes: str, items: list[BenchmarkItem] = ITEMS) -> Overlap | None:
    usual = CleanSettings()
    found = Detector(items, usual.prompt_ngram, usual.prompt_overlap, usual.code_ngram, usual.code_overlap)
    return found.worst(found.of_prompt(prompt), [found.of_code(code_tokens(code)) for code in codes])


def score(prompt: str, *codes: str) -> float:
    return found.score if (found := worst(prompt, *codes)) else 0.0


def test_a_prompt_within_a_longer_one_is_wholly_there() -> None:
    found = worst(f"Anna has a station. {MEDIAN_TASK.upper()} Print it.")
    assert found is not None and found.prompt == pytest.approx(1) and found.item.item_id == "median"


def test_a_solution_within_a_longer_program_and_with_other_names_is_wholly_there() -> None:
    renamed = MEDIAN.replace("ordered", "s").replace("middle", "half").replace("median", "mid").replace("values", "v")
    found = worst(UNLIKE, f"def help(q):\n    return q * 2\n\n{renamed}\nprint(mid([1, 2]))")
    assert found is not None and found.code == 1 and found.score >= 1


def test_what_every_task_says_says_nothing() -> None:
    assert score("Write a function to find a longest path in a graph.") < 0.3
    assert score("Median of a list of unsorted temperature readings") > 1


def test_a_short_solution_is_nobodys() -> None:
    assert score(UNLIKE, "def total(x, y):\n    return x + y") < 0.5


def test_some_of_the_prompt_and_some_of_the_solution_add_up() -> None:
    prompt, program = "Find the median of readings.", MEDIAN.partition("    if len(")[0] + "    return 0\n"
    alone = score(prompt), score(UNLIKE, program)
    assert max(alone) < 1 <= score(prompt, program) == pytest.approx(sum(alone), rel=0.05)


def test_parts_of_two_benchmarks_do_not_add_up() -> None:
    of_one, of_other = (
        score("Find the median of readings."),
        PRIMES.partition("number % known")[0] + "found):\n            pass\n",
    )
    assert max(of_one, score(UNLIKE, of_other)) <= score("Find the median of readings.", of_other) < 1
    assert of_one + score(UNLIKE, of_other) > 1


def test_of_several_programs_the_one_that_holds_most_counts() -> None:
    assert score(UNLIKE, "x = 1", MEDIAN) == score(UNLIKE, MEDIAN) == score(UNLIKE, MEDIAN, PRIMES[:20])


def test_nothing_in_common_is_no_overlap_and_no_benchmark_finds_nothing() -> None:
    assert worst("Zebra.") is None and worst(MEDIAN_TASK, MEDIAN, items=[]) is None


def test_one_benchmark_item_is_found_too() -> None:
    found = worst(MEDIAN_TASK, items=[ITEMS[1]])
    assert found is not None and found.prompt == pytest.approx(1)


def test_the_detail_tells_what_matched_and_how_much() -> None:
    found = worst(MEDIAN_TASK, MEDIAN)
    assert found is not None
    assert found.detail == f"b median: 1.00 of its prompt, 1.00 of its solution, score {found.score:.2f}"


def test_every_task_of_mbpp_is_found_by_its_prompt_and_the_longer_ones_by_their_program(
    shared: Callable[[str], Path],
) -> None:
    items = read_benchmarks([shared("mbpp/mbpp_dev.jsonl")])
    usual = CleanSettings()
    known = Detector(items, usual.prompt_ngram, usual.prompt_overlap, usual.code_ngram, usual.code_overlap)
    for item in items:
        prompt = known.worst(known.of_prompt(f"{item.prompt}\n>>> f(1)\n2"), [])
        assert prompt is not None and prompt.prompt == pytest.approx(1)
        tokens = code_tokens(item.code or "")
        if len(tokens) >= 40:
            code = known.worst(np.zeros(len(items)), [known.of_code(tokens)])
            assert code is not None and code.score >= 1
