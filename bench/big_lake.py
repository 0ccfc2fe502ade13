"""Build a synthetic lake of a million attempts: rows that resemble real ones, written as Arrow.

Each problem has a reference, six first attempts by each of two models, and six repairs in round 1 and one in round 2
with their diagnoses. A third of the problems has ten generated tests with their matrix, scores and a pair; one
in twenty was timed; one in five has mutants. One bucket at a time, so that a million attempts need little memory.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.made_up import Dice, choice, draw, filled, ids, lists, problem_ids, programs, sentences, structs
from storage import tables as t
from storage.columns import Table
from storage.dataset_tables import DEBUGGING_SFT, PREFERENCE_CORRECTNESS, PREFERENCE_EFFICIENCY, PREFERENCE_KTO
from storage.lake import Lake

FIRST, REPAIRS, LAST = 12, 6, 1
PER_PROBLEM = 1 + FIRST + REPAIRS + LAST
MODELS = ("Qwen/Qwen2.5-Coder-0.5B-Instruct", "Qwen/Qwen2.5-Coder-7B-Instruct")
SOURCES = ("mbpp", "apps", "humaneval", "mined")
VERDICTS = ("passed", "failed", "error", "timeout", "exited", "memory", "output", "no_code", "infra")
WEIGHTS = (0.34, 0.3, 0.2, 0.03, 0.01, 0.01, 0.01, 0.095, 0.005)
SCORERS = ("self_validation@1", "passed_count@1", "pass_all@1", "random@1", "ground_truth@1")
OPERATORS = ("compare", "arithmetic", "constant", "return", "condition", "statement")
REASONS = ("repair_wrong", "not_repaired", "no_code", "duplicate_or_surplus", "flagged")
TESTS, MUTANTS, REPEATS, RUNS = 10, 20, 5, 60
Made = Iterator[tuple[Table, pa.Table]]


@dataclass(frozen=True)
class Bucket:
    """Values that the tables of one bucket share."""

    dice: Dice
    bucket: int
    code: pa.Array
    prose: pa.Array
    problem_id: pa.Array
    source: pa.Array
    source_id: pa.Array
    reference: pa.Array

    def of(self, problems: np.ndarray) -> dict[str, Any]:
        """Return the columns of rows that belong to these problems."""
        return {"bucket": self.bucket, "problem_id": self.problem_id.take(pa.array(problems))}

    def named(self, problems: np.ndarray) -> dict[str, Any]:
        """Return the same columns with the problems' names."""
        at = pa.array(problems)
        return {
            **self.of(problems),
            "source": self.source.take(at),
            "source_id": self.source_id.take(at),
            "licence": "MIT",
        }


def build(lake: Lake, attempts: int, seed: int = 1, log: Callable[[str], None] = lambda _: None) -> dict[str, int]:
    """Fill an empty lake and return the number of rows by table."""
    dice = np.random.default_rng(seed)
    code, prose = programs(dice), sentences(dice)
    rows: dict[str, int] = {}
    for bucket in range(lake.buckets):
        count = max(20, attempts // PER_PROBLEM // lake.buckets)
        shared = Bucket(
            dice, bucket, code, prose, problem_ids(dice, count, bucket, lake.buckets), choice(dice, SOURCES, count),
            pa.array([f"task-{bucket}-{n}" for n in range(count)]), draw(dice, code, count),
        )  # fmt: skip
        for table, data in _tables(shared):
            lake.replace(table, data, predicate=f"bucket = {bucket}")
            rows[table.name] = rows.get(table.name, 0) + data.num_rows
        log(f"bucket {bucket + 1} of {lake.buckets}")
    return rows


def _tables(b: Bucket) -> Made:
    count = len(b.problem_id)
    everyone = np.arange(count)
    yield t.PROBLEMS, filled(
        t.PROBLEMS, count, **b.named(everyone), prompt=draw(b.dice, b.prose, count), entry_point="solve",
        tests_kind="asserts", tests=json.dumps({"kind": "asserts", "asserts": ["assert solve([1]) == 1"] * 3}),
        reference=b.reference,
    )  # fmt: skip
    yield t.SELECTIONS, filled(t.SELECTIONS, count, **b.of(everyone), selection_id="all")
    verdicts = np.empty((count, PER_PROBLEM), dtype=np.int64)
    verdicts[:] = b.dice.choice(len(VERDICTS), verdicts.shape, p=WEIGHTS)
    verdicts[:, 0] = np.where(b.dice.random(count) < 0.01, 1, 0)
    attempt = ids(b.dice, count * PER_PROBLEM)
    yield from _programs(b, attempt, verdicts)
    yield from _executions(b, attempt, verdicts)
    yield from _matrix(b, attempt, verdicts)
    yield from _timings(b, attempt)
    yield from _mutants(b, attempt)
    yield from _datasets(b, attempt, verdicts)


def _programs(b: Bucket, attempt: pa.Array, verdicts: np.ndarray) -> Made:
    """Attempts, PER_PROBLEM of each problem in their order; diagnoses of the wrong ones; drops."""
    count = len(b.problem_id)
    place = np.tile(np.arange(PER_PROBLEM), count)
    problem = np.repeat(np.arange(count), PER_PROBLEM)
    repair, last = (place > FIRST) & (place <= FIRST + REPAIRS), place > FIRST + REPAIRS
    first = (place > 0) & (place <= FIRST)
    parent = problem * PER_PROBLEM + np.where(last, FIRST + 1, 1 + (place - FIRST - 1) % FIRST)
    parents = pc.if_else(pa.array(repair | last), attempt.take(pa.array(parent)), None)
    diagnosis = ids(b.dice, len(attempt))
    recipes = pa.array([f"{n:024x}" for n in range(4)])
    model = np.where(first, place % 2, 0)
    no_code = pa.array(verdicts.ravel() == VERDICTS.index("no_code"))
    code = pc.if_else(pa.array(place == 0), b.reference.take(pa.array(problem)), draw(b.dice, b.code, len(attempt)))
    yield t.ATTEMPTS, filled(
        t.ATTEMPTS, len(attempt), **b.of(problem), attempt_id=attempt,
        kind=pa.array(["reference", "generate", "repair"]).take(pa.array(1 * (place > 0) + 1 * (place > FIRST))),
        round=np.where(last, 2, np.where(repair, 1, 0)), parent_attempt_id=parents,
        diagnosis_id=pc.if_else(pa.array(repair | last), diagnosis, None),
        recipe_id=recipes.take(pa.array(np.where(place == 0, 3, np.where(first, model, 2)))),
        model=pa.array(["reference", *MODELS]).take(pa.array(np.where(place == 0, 0, 1 + model))),
        sample_index=place // 2,
        template="chat@1", sampling='{"temperature": 1.0}', prompt_hash=draw(b.dice, b.problem_id, len(attempt)),
        completion=pc.if_else(pa.array(place == 0), "", draw(b.dice, b.code, len(attempt))), finish_reason="stop",
        prompt_tokens=np.where(place == 0, 0, 200),
        completion_tokens=np.where(place == 0, 0, b.dice.integers(40, 400, len(attempt))),
        code=pc.if_else(no_code, None, code), no_code_reason=pc.if_else(no_code, "no_fence", None),
    )  # fmt: skip
    rows = np.flatnonzero(repair | last)
    yield t.DIAGNOSES, filled(
        t.DIAGNOSES, len(rows), **b.of(problem[rows]), diagnosis_id=diagnosis.take(pa.array(rows)),
        attempt_id=attempt.take(pa.array(parent[rows])), model=MODELS[1], template="explain@1", sampling="{}",
        completion=draw(b.dice, b.prose, len(rows)), finish_reason="stop", prompt_tokens=400, completion_tokens=90,
        feedback=draw(b.dice, b.prose, len(rows)), explanation=draw(b.dice, b.prose, len(rows)),
    )  # fmt: skip
    half = np.flatnonzero((place > 0) & (verdicts.ravel() != 0))
    yield t.DROPS, filled(
        t.DROPS, len(half), **b.of(problem[half]), stage="assemble:debugging_sft", row_id=attempt.take(pa.array(half)),
        reason=choice(b.dice, REASONS, len(half)), detail="failed",
    )  # fmt: skip


def _executions(b: Bucket, attempt: pa.Array, verdicts: np.ndarray) -> Made:
    """The problems' own tests on every program, and the generated ones on a third of the first attempts."""
    count, rows = len(b.problem_id), len(attempt)
    own = _judged(
        b, attempt, np.repeat(np.arange(count), PER_PROBLEM), verdicts.ravel(), "given", ["one", "two", "three"]
    )
    tested = np.arange(0, count, 3)
    grid = (tested[:, None] * PER_PROBLEM + 1 + np.arange(FIRST)).ravel()
    names = [f"assert solve({n}) == {n}" for n in range(TESTS)]
    more = _judged(b, attempt.take(pa.array(grid)), grid // PER_PROBLEM, verdicts.ravel()[grid], "generated", names)
    assert own.num_rows == rows
    yield t.EXECUTIONS, pa.concat_tables([own, more])


def _judged(
    b: Bucket, attempt: pa.Array, problem: np.ndarray, verdict: np.ndarray, suite: str, names: list[str]
) -> pa.Table:
    count = len(attempt)
    passes = (b.dice.random((count, len(names))) < 0.6) | (verdict == 0)[:, None]
    cells = structs(
        test=pa.array(names).take(pa.array(np.tile(np.arange(len(names)), count))),
        verdict=pa.array(["failed", "passed"]).take(pa.array(passes.ravel().astype(np.int64))),
        message=pa.repeat("", passes.size),
    )
    flag = b.dice.random(count)
    flags = pa.array([[], ["tampered"], ["flaky"]]).take(
        pa.array(np.where(flag < 0.001, 1, np.where(flag < 0.003, 2, 0)))
    )
    run = b.dice.integers(0, RUNS, len(b.problem_id))[problem]
    started = np.datetime64("2026-09-01T02:00:00", "us") + run.astype("timedelta64[D]")
    return filled(
        t.EXECUTIONS, count, **b.of(problem), attempt_id=attempt, suite_id=suite, judge_version=3, suite=suite,
        conditions_id="c", verdict=pa.array(VERDICTS).take(pa.array(verdict)), flags=flags,
        passed_tests=passes.sum(axis=1), total_tests=len(names), tests=lists(cells, len(names)), feedback=pc.if_else(
            pa.array(verdict == 0), "", draw(b.dice, b.prose, count)),
        cpu_ms=b.dice.gamma(2, 4, count), wall_ms=b.dice.gamma(2, 8, count), peak_mib=b.dice.gamma(9, 1.2, count),
        isolation="separate", backend="bubblewrap", limits="{}", evidence="{}",
        run_id=pa.array([f"run-{n:03d}" for n in range(RUNS)]).take(pa.array(run)),
        created_at=pa.array(started).cast(pa.timestamp("us", tz="UTC")),
    )  # fmt: skip


def _matrix(b: Bucket, attempt: pa.Array, verdicts: np.ndarray) -> Made:
    """Generated tests of every third problem, and the scores of its first attempts by five scorers."""
    tested = np.arange(0, len(b.problem_id), 3)
    each = np.repeat(tested, TESTS)
    position = np.tile(np.arange(TESTS), len(tested))
    names = pa.array([f"assert solve({n}) == {n}" for n in range(TESTS)]).take(pa.array(position))
    test_id = ids(b.dice, len(each))
    yield t.TESTS, filled(
        t.TESTS, len(each), **b.of(each), test_id=test_id, position=position, test=names, model=MODELS[0],
        template="asserts@1", sampling="{}", completion="", finish_reason="stop",
        completion_tokens=np.where(position == 0, 300, 0),
    )  # fmt: skip
    yield t.TEST_SCORES, filled(
        t.TEST_SCORES, len(each), **b.of(each), test_id=test_id, scorer=SCORERS[0], matrix_id="m",
        value=b.dice.random(len(each)), passed=b.dice.integers(0, FIRST, len(each)), programs=FIRST,
    )  # fmt: skip
    grid = (tested[:, None] * PER_PROBLEM + 1 + np.arange(FIRST)).ravel()
    right = (verdicts.ravel()[grid] == 0).astype(float)
    scores, rankings = [], []
    for scorer in SCORERS:
        noise = b.dice.random(len(grid))
        value = right if scorer.startswith(("pass_all", "ground")) else np.clip(0.5 * right + 0.5 * noise, 0, 1)
        scores.append(filled(
            t.SCORES, len(grid), **b.of(grid // PER_PROBLEM), attempt_id=attempt.take(pa.array(grid)), scorer=scorer,
            matrix_id="m", value=value, parts='{"passed":3,"tests":10}',
        ))  # fmt: skip
        change = (0.5 ** np.arange(1, 11)).tolist() if scorer == SCORERS[0] else []
        rankings.append(filled(
            t.RANKINGS, len(tested), **b.of(tested), scorer=scorer, matrix_id="m", programs=FIRST, tests=TESTS,
            constant_tests=b.dice.integers(0, 4, len(tested)), change=change,
        ))  # fmt: skip
    yield t.SCORES, pa.concat_tables(scores)
    yield t.RANKINGS, pa.concat_tables(rankings)


def _timings(b: Bucket, attempt: pa.Array) -> Made:
    """Four programs of every twentieth problem on three inputs, five times each."""
    timed = np.arange(0, len(b.problem_id), 20)
    inputs = ids(b.dice, 3 * len(timed))
    scale = np.tile([1, 10, 100], len(timed))
    yield t.INPUTS, filled(
        t.INPUTS, len(inputs), **b.of(np.repeat(timed, 3)), input_id=inputs, test_id="", scale=scale,
        example="solve([1, 2, 3])", programs=4, agreeing=4,
    )  # fmt: skip
    shape = (len(timed), 3, 4, REPEATS)
    at = np.indices(shape).reshape(4, -1)
    speed = b.dice.gamma(2, 3, (len(timed), 1, 4, 1)) * np.array([1, 5, 30]).reshape(1, 3, 1, 1)
    yield t.TIMINGS, filled(
        t.TIMINGS, at.shape[1], **b.of(timed[at[0]]),
        attempt_id=attempt.take(pa.array(timed[at[0]] * PER_PROBLEM + 1 + at[2])),
        input_id=inputs.take(pa.array(at[0] * 3 + at[1])), repeat=at[3], verdict="passed", answer="a", agreed=True,
        cpu_ms=(speed * b.dice.normal(1, 0.02, shape)).ravel(), import_ms=12.0, carry_ms=0.4,
    )  # fmt: skip


def _mutants(b: Bucket, attempt: pa.Array) -> Made:
    measured = np.arange(0, len(b.problem_id), 5)
    each = np.repeat(measured, MUTANTS)
    strength = b.dice.beta(5, 1.5, len(measured))
    killed = b.dice.random(len(each)) < np.repeat(strength, MUTANTS)
    yield t.MUTANTS, filled(
        t.MUTANTS, len(each), **b.of(each), mutant_id=ids(b.dice, len(each)), suite_id="given", judge_version=3,
        attempt_id=attempt.take(pa.array(each * PER_PROBLEM)), mutator_version=1,
        mutant_index=np.tile(np.arange(MUTANTS), len(measured)), operator=choice(b.dice, OPERATORS, len(each)), line=3,
        code=draw(b.dice, b.code, len(each)), verdict=pa.array(["passed", "failed"]).take(pa.array(killed.astype(int))),
        killed=killed,
    )  # fmt: skip


def _datasets(b: Bucket, attempt: pa.Array, verdicts: np.ndarray) -> Made:
    """A right first attempt of every problem, a pair of every third, a speed pair of every twentieth."""
    everyone = np.arange(len(b.problem_id))
    yield DEBUGGING_SFT, filled(
        DEBUGGING_SFT, len(everyone), **b.named(everyone), example_id=ids(b.dice, len(everyone)), model=MODELS[0],
        form=choice(b.dice, ("generate", "repair", "explain_repair"), len(everyone)), attempt_id=attempt.take(
            pa.array(everyone * PER_PROBLEM + 1)),
        code=draw(b.dice, b.code, len(everyone)), judge_version=3,
    )  # fmt: skip
    yield PREFERENCE_CORRECTNESS, _pairs(b, PREFERENCE_CORRECTNESS, attempt, verdicts, everyone[::3])
    yield PREFERENCE_EFFICIENCY, _pairs(b, PREFERENCE_EFFICIENCY, attempt, verdicts, everyone[::20])
    single = everyone[::3]
    yield PREFERENCE_KTO, filled(
        PREFERENCE_KTO, len(single), **b.named(single), example_id=ids(b.dice, len(single)),
        label=b.dice.random(len(single)) < 0.5, passes=verdicts[single, 1] == 0, code=draw(b.dice, b.code, len(single)),
        scorer=SCORERS[0], matrix_id="m", model=MODELS[0],
    )  # fmt: skip


def _pairs(b: Bucket, table: Table, attempt: pa.Array, verdicts: np.ndarray, problems: np.ndarray) -> pa.Table:
    count = len(problems)
    ratio = 1 + b.dice.gamma(2, 1, count)
    speed = (
        {"ratio": ratio, "ratio_low": ratio * 0.9, "ratio_high": ratio * 1.1} if table is PREFERENCE_EFFICIENCY else {}
    )
    tests = structs(
        test=pa.repeat("assert solve(1) == 1", 4 * count), chosen=pa.repeat("passed", 4 * count),
        rejected=choice(b.dice, ("passed", "failed"), 4 * count),
    )  # fmt: skip
    return filled(
        table, count, **b.named(problems), **speed, example_id=ids(b.dice, count), scorer=SCORERS[0], matrix_id="m",
        prompt=[{"role": "user", "content": "Write solve."}],
        chosen_code=draw(b.dice, b.code, count), rejected_code=draw(b.dice, b.code, count),
        chosen_attempt_id=attempt.take(pa.array(problems * PER_PROBLEM + 1)),
        rejected_attempt_id=attempt.take(pa.array(problems * PER_PROBLEM + 2)), chosen_score=b.dice.random(count),
        rejected_score=0.1, gap=b.dice.random(count), verdicts=lists(tests, 4), token_distance=b.dice.random(count),
        chosen_passes=verdicts[problems, 1] == 0, rejected_passes=verdicts[problems, 2] == 0, model=MODELS[0],
        judge_version=3,
    )  # fmt: skip
