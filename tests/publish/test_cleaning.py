"""Examples that cleaning drops, and why; the order of the input decides nothing."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.cleaning import CleanedDataset, clean
from tasks.publish.examples import Example
from tasks.publish.settings import CleanSettings
from tests.publish.builders import MEDIAN, PRIMES, build_example
from tests.publish.test_splits import GENERATORS, draw_prompts, prompt_similarity

LONG = "Take the temperatures of a day and tell by how many degrees each differs from the mean of all others before it."
BENCHMARK_ITEM = BenchmarkItem("HumanEval.jsonl", "HumanEval/1", LONG, MEDIAN)
KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
EMAIL = "# anna.berg@uni-foo.de"


def clean_reasons(examples: list[Example], *benchmarks: BenchmarkItem, **fields: Any) -> dict[str, str]:
    """Clean examples; return the reason of every dropped one by its id."""
    dropped = clean(examples, CleanSettings(**fields), benchmarks).dropped
    return {drop.row_id: drop.reason for drop in dropped}


def test_an_empty_dataset_is_clean() -> None:
    cleaned = clean([], CleanSettings(), [])
    assert cleaned == CleanedDataset({}, [], {}, cleaned.report)
    assert cleaned.report["examples"] == cleaned.report["kept"] == 0


@pytest.mark.parametrize(
    ("fields", "clean_settings", "reason"),
    [
        pytest.param({"licence": "GPL-3.0-only"}, {"licences": ("MIT",)}, "licence", id="licence"),
        pytest.param({"codes": (f"k = '{KEY}'",)}, {}, "secret", id="key in a program"),
        pytest.param({"prompt": f"Log in with {KEY}."}, {}, "secret", id="key in a prompt"),
        pytest.param({"codes": (EMAIL,), "mined": True}, {}, "personal_data", id="e-mail in mined code"),
        pytest.param({"prompt": LONG}, {}, "contaminated", id="prompt of a benchmark"),
        pytest.param({"codes": ("x = 1", MEDIAN)}, {}, "contaminated", id="solution of a benchmark"),
    ],
)
def test_every_reason_drops_its_example(fields: dict[str, Any], clean_settings: dict[str, Any], reason: str) -> None:
    examples = [build_example("a", **fields), build_example("b")]
    assert clean_reasons(examples, BENCHMARK_ITEM, **clean_settings) == {"a": reason}


@pytest.mark.parametrize(
    ("fields", "clean_settings"),
    [
        pytest.param({"licence": "GPL-3.0-only"}, {}, id="any licence"),
        pytest.param({"licence": "MIT"}, {"licences": ("mit",)}, id="licence in lower case"),
        pytest.param({"codes": (f"k = '{KEY}'",)}, {"drop_secrets": False}, id="secrets allowed"),
        pytest.param({"codes": (EMAIL,)}, {}, id="e-mail in code that is not mined"),
        pytest.param({"codes": (EMAIL,), "mined": True}, {"drop_personal_data": False}, id="personal data allowed"),
    ],
)
def test_an_example_that_the_settings_allow_stays(fields: dict[str, Any], clean_settings: dict[str, Any]) -> None:
    assert clean_reasons([build_example("a", **fields)], BENCHMARK_ITEM, **clean_settings) == {}


def test_a_problem_that_holds_a_benchmark_task_is_dropped_with_all_its_rows() -> None:
    examples = [
        build_example("a", problem_id="p", codes=(MEDIAN,)),
        build_example("b", problem_id="p", codes=("x = 1",)),
        build_example("c"),
    ]
    cleaned = clean(examples, CleanSettings(), [BENCHMARK_ITEM])
    assert [drop.row_id for drop in cleaned.dropped] == ["a", "b"] and set(cleaned.splits) == {"c"}
    assert all(drop.detail.startswith("HumanEval.jsonl HumanEval/1: ") for drop in cleaned.dropped)
    assert cleaned.report["benchmarks"] == {"HumanEval.jsonl": {"items": 1, "problems_left_out": 1}}


@pytest.mark.parametrize(
    ("mbpp_ids", "reasons"),
    [
        pytest.param((11, 510), {}, id="outside"),
        pytest.param(None, {"a": "contaminated"}, id="all"),
        pytest.param((511, 600), {"a": "contaminated"}, id="within"),
    ],
)
def test_only_the_selected_ids_of_mbpp_count(mbpp_ids: tuple[int, int] | None, reasons: dict[str, str]) -> None:
    item = BenchmarkItem("mbpp", "511", LONG, None, 511)
    assert clean_reasons([build_example("a", prompt=LONG)], item, mbpp_ids=mbpp_ids) == reasons


RENAMED = PRIMES.replace("found", "out").replace("# ", "") + "\n# the end\n"
SIMILAR = PRIMES.replace("number % known", "known % number")


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        pytest.param({"prompt": "Find primes."}, {"prompt": "find PRIMES"}, "duplicate", id="same words"),
        pytest.param(
            {"prompt": "P", "codes": (PRIMES,)}, {"prompt": "p", "codes": (RENAMED,)}, "duplicate", id="renamed program"
        ),
        pytest.param({"prompt": LONG}, {"prompt": LONG.replace("day", "week")}, "near_duplicate", id="similar prompt"),
        pytest.param(
            {"prompt": "P", "codes": (PRIMES,)}, {"prompt": "P", "codes": (MEDIAN,)}, None, id="another program"
        ),
        pytest.param(
            {"prompt": "P", "codes": (PRIMES, MEDIAN)}, {"prompt": "P", "codes": (MEDIAN, PRIMES)}, None,
            id="programs exchanged",
        ),
        pytest.param(
            {"prompt": "P", "codes": (PRIMES, MEDIAN)}, {"prompt": "P", "codes": (PRIMES, SIMILAR)}, None,
            id="another second program",
        ),
        pytest.param(
            {"prompt": "P", "codes": (PRIMES, MEDIAN)}, {"prompt": "P", "codes": (PRIMES,)}, None,
            id="no second program",
        ),
        pytest.param(
            {"prompt": LONG, "codes": (PRIMES,)}, {"prompt": LONG, "codes": (SIMILAR,)}, None,
            id="a program that is not similar enough",
        ),
        pytest.param(
            {"prompt": LONG, "codes": (PRIMES,)}, {"prompt": "Find primes.", "codes": (PRIMES,)}, None,
            id="another prompt",
        ),
    ],
)  # fmt: skip
def test_prompt_and_all_programs_together_make_a_duplicate(
    first: dict[str, Any], second: dict[str, Any], reason: str | None
) -> None:
    examples = [build_example("b", **second), build_example("a", **first)]
    assert clean_reasons(examples, near_duplicate=0.85) == ({"b": reason} if reason else {})


def test_a_near_duplicate_names_the_row_that_stays_and_the_similarity() -> None:
    examples = [
        build_example("a", prompt=LONG.replace("day", "day")),
        build_example("b", prompt=LONG.replace("day", "week")),
    ]
    [drop] = clean(examples, CleanSettings(near_duplicate=0.8), []).dropped
    assert drop.detail.startswith("of a, similarity 0.8")


def test_a_chain_of_near_duplicates_loses_only_rows_that_are_like_one_that_stays() -> None:
    words = [f"w{i}" for i in range(40)]
    examples = [build_example(f"{i}", problem_id="p", prompt=" ".join(words[i : i + 30])) for i in range(4)]
    assert clean_reasons(examples, near_duplicate=0.9) == {"1": "near_duplicate", "3": "near_duplicate"}


def test_bands_find_the_same_duplicates_as_a_comparison_of_every_pair() -> None:
    rng = random.Random(3)
    words = [f"w{i}" for i in range(60)]
    programs = [
        "\n".join(f"{rng.choice(words)}({rng.randint(0, 3)}, {rng.choice(words)})" for _ in range(30))
        for _ in range(60)
    ]
    twins = [code.replace("\n", "\nextra()\n", 1) for code in programs]
    examples = [
        build_example(f"{i:03}", problem_id="p", prompt="P", codes=(code,)) for i, code in enumerate(programs + twins)
    ]
    assert clean_reasons(examples) == {f"{i:03}": "near_duplicate" for i in range(60, 120)}


def test_problems_that_share_a_long_program_are_one_family() -> None:
    examples = [
        build_example("a", prompt="Sort names.", codes=(MEDIAN,)),
        build_example("b", prompt="Area of it.", codes=(MEDIAN,)),
    ]
    joined = clean(examples, CleanSettings(shared_program_tokens=30), [])
    separate = clean(examples, CleanSettings(shared_program_tokens=300), [])
    assert len(set(joined.families.values())) == 1 and len(set(separate.families.values())) == 2


@given(GENERATORS, st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_every_example_is_in_one_split_or_dropped_and_the_order_of_the_input_changes_nothing(
    rng: random.Random, count: int
) -> None:
    prompts = draw_prompts(rng, count)
    codes = [PRIMES, SIMILAR, MEDIAN]
    examples = [
        build_example(f"{problem_id}-{i}", problem_id=problem_id, prompt=text, codes=(rng.choice(codes),))
        for problem_id, text in prompts.items()
        for i in range(rng.randint(1, 3))
    ]
    clean_settings = CleanSettings(train=0.4, validation=0.3, test=0.3, near_duplicate=0.8)
    cleaned = clean(examples, clean_settings, [])
    dropped = {drop.row_id for drop in cleaned.dropped}
    assert cleaned.splits.keys() | dropped == {example.example_id for example in examples}
    assert not cleaned.splits.keys() & dropped
    report = cleaned.report
    assert report["kept"] + sum(report["left"].values()) == len(examples) == report["examples"]
    near_duplicates = [drop for drop in cleaned.dropped if drop.reason == "near_duplicate"]
    assert all(drop.detail.split()[1].rstrip(",") in cleaned.splits for drop in near_duplicates)
    again = clean(rng.sample(examples, len(examples)), clean_settings, [])
    assert again.splits == cleaned.splits and again.families == cleaned.families
    assert set(again.dropped) == set(cleaned.dropped)
    kept_examples = [example for example in examples if example.example_id in cleaned.splits]
    for example in kept_examples:
        for other in kept_examples:
            if prompt_similarity(example.prompt, other.prompt) >= 0.7:
                assert cleaned.splits[example.example_id] == cleaned.splits[other.example_id]


@given(GENERATORS)
@settings(max_examples=10, deadline=None)
def test_cleaning_a_clean_dataset_drops_nothing(rng: random.Random) -> None:
    prompts = draw_prompts(rng, 40)
    examples = [build_example(problem_id, problem_id=problem_id, prompt=text) for problem_id, text in prompts.items()]
    clean_settings = CleanSettings(near_duplicate=0.75)
    cleaned = clean(examples, clean_settings, [])
    kept_examples = [example for example in examples if example.example_id in cleaned.splits]
    assert clean(kept_examples, clean_settings, []).dropped == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"train": 0.9, "validation": 0.2, "test": 0.1}, "sum to 1", id="shares"),
        pytest.param({"near_duplicate": 0.5, "family": 0.7}, "at least as large as family", id="similarities"),
        pytest.param({"mbpp_ids": (510, 11)}, "first and the last", id="ids"),
        pytest.param({"licences": ()}, "at least 1 item", id="no licence"),
        pytest.param({"prompt_overlap": 0}, "greater than 0", id="overlap of 0"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CleanSettings(**fields)


def test_benchmarks_are_paths() -> None:
    assert CleanSettings.model_validate({"benchmarks": ["a.jsonl"]}).benchmarks == (Path("a.jsonl"),)
