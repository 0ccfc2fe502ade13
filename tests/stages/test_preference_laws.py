"""What holds of the preference data sets whatever is in the lake."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.catalog import Catalog
from storage.dataset_tables import PREFERENCE_CORRECTNESS
from storage.lake import Lake, LakeSettings
from storage.tables import DROPS, SCORES
from tests.builders import row
from tests.training.lakes import NEAR, THREE, P, Program, built, drops, fill, fill_all, scores, told_apart

NAMES = ("preference_correctness", "preference_efficiency", "preference_kto")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))


def pairs(lake: Lake, **how: Any) -> set[tuple[str, str]]:
    return {(r["chosen_attempt_id"], r["rejected_attempt_id"]) for r in built(lake, **how)}


def test_assembling_again_writes_nothing_and_keeps_what_it_was_made_from(lake: Lake) -> None:
    told = told_apart("b", "a")
    fill(lake, [replace(p, pair=told.get(p.name)) for p in THREE])
    fill(lake, [replace(p, name=f"{p.name}2") for p in THREE], "0000000b")
    before = lake.versions()
    assert [len(built(lake, name)) for name in NAMES] == [2, 1, 4]
    after = lake.versions()
    assert len(built(lake)) == 2
    assert lake.versions() == after
    [commit] = DeltaTable(lake.uri(PREFERENCE_CORRECTNESS)).history(1)
    assert json.loads(commit["built_from"]) == before


def test_a_changed_score_changes_the_data_set_and_nothing_else_does(lake: Lake) -> None:
    fill(lake, THREE)
    assert pairs(lake) == {("a", "c")}
    before = lake.versions()
    lake.upsert(SCORES, scores(P, [replace(THREE[0], score=0.1)]))
    assert pairs(lake) == {("b", "a")}
    changed = {name for name, version in lake.versions().items() if version != before[name]}
    assert changed == {"scores", "preference_correctness", "preference_kto", "drops"}


def test_the_reasons_of_other_stages_are_left_alone(lake: Lake) -> None:
    fill(lake, THREE)
    lake.append(DROPS, [row(DROPS, stage="assemble:debugging_sft", row_id="b", bucket=0, reason="unjudged")])
    built(lake)
    assert drops(lake, "debugging_sft") == {"b": "unjudged"}


@st.composite
def populations(draw: Callable[..., Any]) -> list[Program]:
    """Programs of one problem in which ties, copies, flags and gaps all come up."""
    count = draw(st.integers(0, 6))
    return [
        Program(
            f"p{i}",
            draw(st.sampled_from([None, 0.0, 0.1, 0.5, 0.9, 1.0])),
            draw(st.sampled_from(["00", "01", "11", None])),
            draw(st.sampled_from(["", NEAR[0], NEAR[1], None])),
            draw(st.sampled_from([(), (), (), ("flaky",)])),
            draw(st.sampled_from([None, True, False])),
            draw(st.sampled_from(["generate", "generate", "repair"])),
        )
        for i in range(count)
    ]


@given(
    st.lists(populations(), min_size=4, max_size=12),
    st.sampled_from(["best_worst", "all_above_gap"]),
    st.floats(0.05, 1),
    st.randoms(),
)
@settings(max_examples=4, deadline=None)
def test_every_program_is_in_an_example_or_has_its_reason_and_row_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[list[Program]],
    how: str,
    min_gap: float,
    dice: random.Random,
) -> None:
    problems = {f"{n:08x}": [replace(p, name=f"{p.name}of{n}") for p in found] for n, found in enumerate(drawn)}
    results = []
    for shuffled in (False, True):
        lake = Lake(LakeSettings(path=str(tmp_path_factory.mktemp("lake")), buckets=2))
        names = dice.sample(list(problems), len(problems)) if shuffled else problems
        fill_all(lake, {n: dice.sample(problems[n], len(problems[n])) if shuffled else problems[n] for n in names})
        found = built(lake, pairs=how, min_gap=min_gap)
        with Catalog(lake) as catalog:
            kto = catalog.rows("select * from preference_kto order by example_id")
            left = catalog.rows("select * from drops order by stage, row_id")
        results.append((found, kto, left))
    assert results[0] == results[1]
    score = {p.name: p.score for programs in problems.values() for p in programs}
    for pair in found:
        assert pair["chosen_score"] - pair["rejected_score"] >= min_gap - 1e-9
        assert pair["chosen_score"] == score[pair["chosen_attempt_id"]]
        assert "passed" in {v["chosen"] for v in pair["verdicts"]}
    paired = {r[f"{side}_attempt_id"] for r in found for side in ("chosen", "rejected")}
    _every_program_once(score.keys(), paired, lake, "preference_correctness")
    _every_program_once(score.keys(), {r["attempt_id"] for r in kto}, lake, "preference_kto")
    _every_program_once(score.keys(), set(), lake, "preference_efficiency")


def _every_program_once(programs: Iterable[str], used: set[str], lake: Lake, name: str) -> None:
    left = {row_id for row_id, reason in drops(lake, name).items() if reason != "near_identical_pair"}
    assert used | left == set(programs) and not used & left
