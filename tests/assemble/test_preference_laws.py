"""Laws of the preference datasets that hold for every lake."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.catalog import Catalog
from storage.dataset_tables import PREFERENCE_CORRECTNESS
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS, SCORES
from tests.assemble.lakes import (
    NEAR_IDENTICAL,
    PROBLEM_KEY,
    PROGRAMS,
    RIGHT,
    ScoredProgram,
    add_problem,
    add_problems,
    assemble,
    assemble_dataset,
    assemble_pairs,
    read_drops,
    score_rows,
    timing_pair,
)
from tests.builders import row


def test_assembling_again_writes_nothing_and_the_commit_keeps_the_versions_it_was_built_from(lake: Lake) -> None:
    timing = timing_pair("b", "a")
    add_problem(lake, [replace(program, timing=timing.get(program.name)) for program in PROGRAMS])
    add_problem(lake, [replace(program, name=f"{program.name}2") for program in PROGRAMS], "0000000b")
    inputs = lake.versions()
    counts = {"preference_correctness": 2, "preference_kto": 4, "preference_efficiency": 1}
    assert assemble(lake) == counts
    assembled = lake.versions()
    assert assemble(lake) == counts
    assert lake.versions() == assembled
    [commit] = DeltaTable(lake.uri(PREFERENCE_CORRECTNESS)).history(1)
    assert json.loads(commit["built_from"]) == inputs


def test_a_changed_score_changes_the_pairs_and_writes_no_other_dataset(lake: Lake) -> None:
    add_problem(lake, PROGRAMS)
    assert assemble_pairs(lake) == {("a", "c")}
    before = lake.versions()
    lake.upsert(SCORES, score_rows(PROBLEM_KEY, [replace(RIGHT, score=0.1)]))
    assert assemble_pairs(lake) == {("b", "a")}
    changed = {name for name, version in lake.versions().items() if version != before[name]}
    assert changed == {"scores", "preference_correctness", "preference_kto", "drops"}


def test_drops_of_other_stages_stay(lake: Lake) -> None:
    add_problem(lake, PROGRAMS)
    lake.append(DROPS, [row(DROPS, stage="assemble:debugging_sft", row_id="b", bucket=0, reason="unjudged")])
    assemble(lake)
    assert read_drops(lake, "debugging_sft") == {"b": "unjudged"}


@st.composite
def programs_of_a_problem(draw: Callable[..., Any]) -> list[ScoredProgram]:
    """Draw programs of one problem, among them ties, copies, flags and gaps."""
    count = draw(st.integers(0, 6))
    return [
        ScoredProgram(
            f"p{number}",
            draw(st.sampled_from([None, 0.0, 0.1, 0.5, 0.9, 1.0])),
            draw(st.sampled_from(["00", "01", "11", None])),
            draw(st.sampled_from(["", *NEAR_IDENTICAL, None])),
            draw(st.sampled_from([(), (), (), ("flaky",)])),
            draw(st.sampled_from([None, True, False])),
            draw(st.sampled_from(["generate", "generate", "repair"])),
        )
        for number in range(count)
    ]


@given(
    st.lists(programs_of_a_problem(), min_size=4, max_size=12),
    st.sampled_from(["best_worst", "all_above_gap"]),
    st.floats(0.05, 1),
    st.randoms(),
)
@settings(max_examples=4, deadline=None)
def test_every_program_is_in_an_example_or_has_a_reason_and_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[list[ScoredProgram]],
    mode: str,
    min_gap: float,
    rng: random.Random,
) -> None:
    problems = {
        f"{number:08x}": [replace(program, name=f"{program.name}of{number}") for program in programs]
        for number, programs in enumerate(drawn)
    }
    results = []
    for order in (problems, _shuffle(problems, rng)):
        lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("lake")), buckets=2))
        add_problems(lake, order)
        pairs = assemble_dataset(lake, pairs=mode, min_gap=min_gap)
        with Catalog(lake) as catalog:
            labelled = catalog.rows("select * from preference_kto order by example_id")
            drops = catalog.rows("select * from drops order by stage, row_id")
        results.append((pairs, labelled, drops))
    assert results[0] == results[1]
    score = {program.name: program.score for programs in problems.values() for program in programs}
    for pair in pairs:
        assert pair["chosen_score"] - pair["rejected_score"] >= min_gap - 1e-9
        assert pair["chosen_score"] == score[pair["chosen_attempt_id"]]
        assert "passed" in {cell["chosen"] for cell in pair["verdicts"]}
    paired = {pair[f"{side}_attempt_id"] for pair in pairs for side in ("chosen", "rejected")}
    _assert_used_or_dropped(score.keys(), paired, lake, "preference_correctness")
    _assert_used_or_dropped(score.keys(), {example["attempt_id"] for example in labelled}, lake, "preference_kto")
    _assert_used_or_dropped(score.keys(), set(), lake, "preference_efficiency")


def _shuffle(problems: dict[str, list[ScoredProgram]], rng: random.Random) -> dict[str, list[ScoredProgram]]:
    names = rng.sample(list(problems), len(problems))
    return {name: rng.sample(problems[name], len(problems[name])) for name in names}


def _assert_used_or_dropped(programs: Iterable[str], used: set[str], lake: Lake, dataset: str) -> None:
    dropped = {row_id for row_id, reason in read_drops(lake, dataset).items() if reason != "near_identical_pair"}
    assert used | dropped == set(programs) and not used & dropped
