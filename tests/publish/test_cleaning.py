"""What is left out, for what reason; and what no settings can let through."""

import random
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.cleaning import Cleaned, clean, marked
from tasks.publish.examples import Example
from tasks.publish.near import jaccard
from tasks.publish.normalised import Grams
from tasks.publish.settings import CleanSettings
from tests.publish.builders import MEDIAN, PRIMES, example
from tests.publish.test_near import grams, some
from tests.publish.test_splits import SEEDS, alike, prompts_with_twins

LONG = "Take the temperatures of a day and tell by how many degrees each differs from the mean of all others before it."
HELD = BenchmarkItem("HumanEval.jsonl", "HumanEval/1", LONG, MEDIAN)
KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


def reasons(examples: list[Example], *benchmarks: BenchmarkItem, **how: Any) -> dict[str, str]:
    return {one.row_id: one.reason for one in clean(examples, CleanSettings(**how), benchmarks).left}


def test_nothing_at_all_is_clean() -> None:
    assert clean([], CleanSettings(), []) == Cleaned({}, [], {}, clean([], CleanSettings(), []).report)


@pytest.mark.parametrize(
    ("fields", "how", "reason"),
    [
        ({"licence": "GPL-3.0-only"}, {"licences": ("MIT",)}, "licence"),
        ({"codes": (f"k = '{KEY}'",)}, {}, "secret"),
        ({"prompt": f"Log in with {KEY}."}, {}, "secret"),
        ({"codes": ("# anna.berg@uni-foo.de",), "mined": True}, {}, "personal_data"),
        ({"prompt": LONG}, {}, "contaminated"),
        ({"codes": ("x = 1", MEDIAN)}, {}, "contaminated"),
    ],
)
def test_every_reason_leaves_its_example_out(fields: dict[str, Any], how: dict[str, Any], reason: str) -> None:
    assert reasons([example("a", **fields), example("b")], HELD, **how) == {"a": reason}


@pytest.mark.parametrize(
    ("fields", "how"),
    [
        ({"licence": "GPL-3.0-only"}, {}),
        ({"licence": "MIT"}, {"licences": ("mit",)}),
        ({"codes": (f"k = '{KEY}'",)}, {"drop_secrets": False}),
        ({"codes": ("# anna.berg@uni-foo.de",)}, {}),
        ({"codes": ("# anna.berg@uni-foo.de",), "mined": True}, {"drop_personal_data": False}),
    ],
)
def test_what_the_settings_allow_stays(fields: dict[str, Any], how: dict[str, Any]) -> None:
    assert reasons([example("a", **fields)], HELD, **how) == {}


def test_a_problem_that_holds_a_benchmark_leaves_with_all_its_rows_and_tells_why() -> None:
    rows = [example("a", problem_id="p", codes=(MEDIAN,)), example("b", problem_id="p", codes=("x = 1",)), example("c")]
    cleaned = clean(rows, CleanSettings(), [HELD])
    assert [one.row_id for one in cleaned.left] == ["a", "b"] and set(cleaned.split) == {"c"}
    assert all(one.detail.startswith("HumanEval.jsonl HumanEval/1: ") for one in cleaned.left)
    assert cleaned.report["benchmarks"] == {"HumanEval.jsonl": {"items": 1, "problems_left_out": 1}}


@pytest.mark.parametrize(
    ("ids", "left"), [((11, 510), {}), (None, {"a": "contaminated"}), ((511, 600), {"a": "contaminated"})]
)
def test_of_mbpp_only_the_chosen_ids_count(ids: tuple[int, int] | None, left: dict[str, str]) -> None:
    assert reasons([example("a", prompt=LONG)], BenchmarkItem("mbpp", "511", LONG, None, 511), mbpp_ids=ids) == left


RENAMED = PRIMES.replace("found", "out").replace("# ", "") + "\n# the end\n"
OTHER = PRIMES.replace("number % known", "known % number")


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({"prompt": "Find primes."}, {"prompt": "find PRIMES"}, "duplicate"),
        ({"prompt": "P", "codes": (PRIMES,)}, {"prompt": "p", "codes": (RENAMED,)}, "duplicate"),
        ({"prompt": LONG}, {"prompt": LONG.replace("day", "week")}, "near_duplicate"),
        ({"prompt": "P", "codes": (PRIMES,)}, {"prompt": "P", "codes": (MEDIAN,)}, None),
        ({"prompt": "P", "codes": (PRIMES, MEDIAN)}, {"prompt": "P", "codes": (MEDIAN, PRIMES)}, None),
        ({"prompt": "P", "codes": (PRIMES, MEDIAN)}, {"prompt": "P", "codes": (PRIMES, OTHER)}, None),
        ({"prompt": "P", "codes": (PRIMES, MEDIAN)}, {"prompt": "P", "codes": (PRIMES,)}, None),
        ({"prompt": LONG, "codes": (PRIMES,)}, {"prompt": LONG, "codes": (OTHER,)}, None),
        ({"prompt": LONG, "codes": (PRIMES,)}, {"prompt": "Find primes.", "codes": (PRIMES,)}, None),
    ],
)  # fmt: skip
def test_prompt_and_all_programs_decide_together_what_is_a_duplicate(
    first: dict[str, Any], second: dict[str, Any], reason: str | None
) -> None:
    rows = [example("b", **second), example("a", **first)]
    assert reasons(rows, near_duplicate=0.85) == ({"b": reason} if reason else {})


def test_a_near_duplicate_names_the_row_that_stays_and_how_alike_they_are() -> None:
    rows = [example(name, prompt=LONG.replace("day", day)) for name, day in (("a", "day"), ("b", "week"))]
    (left,) = clean(rows, CleanSettings(near_duplicate=0.8), []).left
    assert left.detail.startswith("of a, similarity 0.8")


@given(st.lists(st.tuples(some, some), min_size=1, max_size=3))
@hypothesis.example([(grams(0, 2), grams(0, 1, 2)), (grams(1, 2), grams(1, 2, 3))])
def test_rows_whose_every_part_is_alike_are_alike_as_one_set(pairs: list[tuple[Grams, Grams]]) -> None:
    whole = jaccard(*(marked(parts) for parts in zip(*pairs, strict=True)))
    assert whole >= min(jaccard(one, other) for one, other in pairs) - 1e-9


def test_a_chain_of_near_duplicates_loses_only_what_is_like_a_row_that_stays() -> None:
    words = [f"w{i}" for i in range(40)]
    rows = [example(f"{i}", problem_id="p", prompt=" ".join(words[i : i + 30])) for i in range(4)]
    assert reasons(rows, near_duplicate=0.9) == {"1": "near_duplicate", "3": "near_duplicate"}


def test_many_rows_of_one_problem_are_compared_by_bands_and_give_what_every_pair_gives() -> None:
    rng = random.Random(3)
    words = [f"w{i}" for i in range(60)]
    programs = [
        "\n".join(f"{rng.choice(words)}({rng.randint(0, 3)}, {rng.choice(words)})" for _ in range(30))
        for _ in range(60)
    ]
    twins = [code.replace("\n", "\nextra()\n", 1) for code in programs]
    rows = [example(f"{i:03}", problem_id="p", prompt="P", codes=(code,)) for i, code in enumerate(programs + twins)]
    assert reasons(rows) == {f"{i:03}": "near_duplicate" for i in range(60, 120)}


def test_problems_that_share_a_long_program_are_one_family() -> None:
    rows = [example("a", prompt="Sort names.", codes=(MEDIAN,)), example("b", prompt="Area of it.", codes=(MEDIAN,))]
    one = clean(rows, CleanSettings(shared_program_tokens=30), [])
    other = clean(rows, CleanSettings(shared_program_tokens=300), [])
    assert len(set(one.families.values())) == 1 and len(set(other.families.values())) == 2


@given(SEEDS, st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_every_example_is_in_one_split_or_left_out_and_order_changes_nothing(rng: random.Random, count: int) -> None:
    prompts = prompts_with_twins(rng, count)
    codes = [PRIMES, OTHER, MEDIAN]
    rows = [
        example(f"{p}-{i}", problem_id=p, prompt=text, codes=(rng.choice(codes),))
        for p, text in prompts.items()
        for i in range(rng.randint(1, 3))
    ]
    how = CleanSettings(train=0.4, validation=0.3, test=0.3, near_duplicate=0.8)
    cleaned = clean(rows, how, [])
    gone = {one.row_id for one in cleaned.left}
    assert cleaned.split.keys() | gone == {row.example_id for row in rows} and not cleaned.split.keys() & gone
    assert cleaned.report["kept"] + sum(cleaned.report["left"].values()) == len(rows) == cleaned.report["examples"]
    near = [one for one in cleaned.left if one.reason == "near_duplicate"]
    assert all(one.detail.split()[1].rstrip(",") in cleaned.split for one in near)
    shuffled = rng.sample(rows, len(rows))
    again = clean(shuffled, how, [])
    assert again.split == cleaned.split and set(again.left) == set(cleaned.left) and again.families == cleaned.families
    kept = [row for row in rows if row.example_id in cleaned.split]
    for one in kept:
        for other in kept:
            if alike(one.prompt, other.prompt):
                assert cleaned.split[one.example_id] == cleaned.split[other.example_id]


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_what_was_cleaned_is_clean(rng: random.Random) -> None:
    prompts = prompts_with_twins(rng, 40)
    rows = [example(p, problem_id=p, prompt=text) for p, text in prompts.items()]
    once = clean(rows, CleanSettings(near_duplicate=0.75), [])
    kept = [row for row in rows if row.example_id in once.split]
    assert clean(kept, CleanSettings(near_duplicate=0.75), []).left == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"train": 0.9, "validation": 0.2, "test": 0.1}, "sum to 1"),
        ({"near_duplicate": 0.5, "family": 0.7}, "at least as large as family"),
        ({"mbpp_ids": (510, 11)}, "first and the last"),
        ({"licences": ()}, "at least 1 item"),
        ({"prompt_overlap": 0}, "greater than 0"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CleanSettings(**fields)


def test_benchmarks_are_paths() -> None:
    assert CleanSettings.model_validate({"benchmarks": ["a.jsonl"]}).benchmarks == (Path("a.jsonl"),)
