"""A benchmark's task is detected by its own n-grams, whatever else an example holds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tasks.publish.benchmarks import BenchmarkItem, read_benchmarks
from tasks.publish.code_tokens import tokenize_code
from tasks.publish.contamination import ContaminationDetector, Overlap
from tasks.publish.settings import CleanSettings
from tests.publish.builders import MEDIAN, PRIMES

MEDIAN_TASK = "Write a function to find the median of a list of unsorted temperature readings."
MEDIAN_PART = "Find the median of readings."
ITEMS = [
    BenchmarkItem("b", "primes", "Write a function to find all the primes below a given limit.", PRIMES),
    BenchmarkItem("b", "median", MEDIAN_TASK, MEDIAN),
    BenchmarkItem("b", "sum", "Write a function to find the sum of two numbers.", "def add(a, b):\n    return a + b"),
]
UNRELATED = "Reverse the digits of an integer."


def build_detector(items: list[BenchmarkItem]) -> ContaminationDetector:
    default = CleanSettings()
    return ContaminationDetector(
        items, default.prompt_ngram, default.prompt_overlap, default.code_ngram, default.code_overlap
    )


def find_overlap(prompt: str, *codes: str, items: list[BenchmarkItem] = ITEMS) -> Overlap | None:
    detector = build_detector(items)
    code_shares = [detector.code_shares(tokenize_code(code)) for code in codes]
    return detector.largest_overlap(detector.prompt_shares(prompt), code_shares)


def score(prompt: str, *codes: str) -> float:
    overlap = find_overlap(prompt, *codes)
    return overlap.score if overlap else 0.0


def test_a_prompt_within_a_longer_one_is_found_whole() -> None:
    overlap = find_overlap(f"Anna has a station. {MEDIAN_TASK.upper()} Print it.")
    assert overlap is not None and overlap.prompt == pytest.approx(1) and overlap.item.item_id == "median"


def test_a_renamed_solution_within_a_longer_program_is_found_whole() -> None:
    renamed = MEDIAN.replace("ordered", "s").replace("middle", "half").replace("median", "mid").replace("values", "v")
    overlap = find_overlap(UNRELATED, f"def help(q):\n    return q * 2\n\n{renamed}\nprint(mid([1, 2]))")
    assert overlap is not None and overlap.code == 1 and overlap.score >= 1


def test_phrases_of_every_task_count_little() -> None:
    assert score("Write a function to find a longest path in a graph.") < 0.3
    assert score("Median of a list of unsorted temperature readings") > 1


def test_a_short_solution_alone_is_no_task() -> None:
    assert score(UNRELATED, "def total(x, y):\n    return x + y") < 0.5


def test_parts_of_the_prompt_and_of_the_solution_add_up() -> None:
    program = MEDIAN.partition("    if len(")[0] + "    return 0\n"
    of_prompt, of_program = score(MEDIAN_PART), score(UNRELATED, program)
    assert max(of_prompt, of_program) < 1
    assert 1 <= score(MEDIAN_PART, program) == pytest.approx(of_prompt + of_program, rel=0.05)


def test_parts_of_two_tasks_do_not_add_up() -> None:
    program = PRIMES.partition("number % known")[0] + "found):\n            pass\n"
    of_prompt, of_program = score(MEDIAN_PART), score(UNRELATED, program)
    assert max(of_prompt, of_program) <= score(MEDIAN_PART, program) < 1
    assert of_prompt + of_program > 1


def test_of_several_programs_the_one_with_the_largest_share_counts() -> None:
    assert score(UNRELATED, "x = 1", MEDIAN) == score(UNRELATED, MEDIAN) == score(UNRELATED, MEDIAN, PRIMES[:20])


def test_there_is_no_overlap_without_common_ngrams_or_without_items() -> None:
    assert find_overlap("Zebra.") is None and find_overlap(MEDIAN_TASK, MEDIAN, items=[]) is None


def test_a_single_item_is_found_too() -> None:
    overlap = find_overlap(MEDIAN_TASK, items=[ITEMS[1]])
    assert overlap is not None and overlap.prompt == pytest.approx(1)


def test_the_detail_names_the_task_and_the_shares() -> None:
    overlap = find_overlap(MEDIAN_TASK, MEDIAN)
    assert overlap is not None
    assert overlap.detail == f"b median: 1.00 of its prompt, 1.00 of its solution, score {overlap.score:.2f}"


def test_every_task_of_mbpp_is_found_by_its_prompt_and_longer_ones_by_their_program(
    shared: Callable[[str], Path],
) -> None:
    items = read_benchmarks([shared("mbpp/mbpp_dev.jsonl")])
    detector = build_detector(items)
    for item in items:
        by_prompt = detector.largest_overlap(detector.prompt_shares(f"{item.prompt}\n>>> f(1)\n2"), [])
        assert by_prompt is not None and by_prompt.prompt == pytest.approx(1)
        tokens = tokenize_code(item.code or "")
        if len(tokens) >= 40:
            by_code = detector.largest_overlap(np.zeros(len(items)), [detector.code_shares(tokens)])
            assert by_code is not None and by_code.score >= 1
