"""Lakes of judged and scored programs, built from rows: input of the preference datasets."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS, SCORES
from tasks.assemble.settings import PreferenceSettings
from tasks.assemble.task import assemble_preference
from tasks.score.rankers import SCORERS
from tasks.timing.measure import EFFICIENCY
from tests.builders import row

TESTS = '{"kind": "asserts", "setup": "", "asserts": ["assert f(1) == 1"]}'


@dataclass(frozen=True)
class ScoredProgram:
    """A program of a problem; a field that is None leaves out the row it stands for."""

    name: str
    score: float | None = None
    results: str | None = "11"
    """Its results on the generated tests t0, t1, ...: 1 is passed, 0 is failed."""
    code: str | None = ""
    """Empty: a program unlike every other."""
    flags: tuple[str, ...] = ()
    passes_given: bool | None = None
    """True where it passes the problem's own test."""
    kind: str = "generate"
    timing: dict[str, Any] | None = None
    """The pair that the scorer of timing stores with it."""

    @property
    def text(self) -> str | None:
        unique = f"def f(x):\n    return {self.name}_a({self.name}_b, {self.name}_c)\n"
        return unique if self.code == "" else self.code


RIGHT = ScoredProgram("a", 1.0, "111")
PARTLY_RIGHT = ScoredProgram("b", 0.7, "110")
WRONG = ScoredProgram("c", 0.2, "100")
PROGRAMS = (RIGHT, PARTLY_RIGHT, WRONG)
"""Programs of a problem, worth one pair."""
NEAR_IDENTICAL = ("def f(x):\n    return x + 1\n", "def f(x):\n    return x - 1  # not quite\n")
"""Two programs of ten tokens that differ in one token."""
PROBLEM_ID = "0000000a"
PROBLEM_KEY: dict[str, Any] = {"problem_id": PROBLEM_ID, "bucket": 0}
"""Key columns of the problem that `add_problem` adds to a lake of one bucket."""


def add_problem(lake: Lake, programs: Iterable[ScoredProgram], problem_id: str = PROBLEM_ID) -> None:
    """Add a problem with its programs, in the order given."""
    add_problems(lake, {problem_id: programs})


def add_problems(lake: Lake, problems: Mapping[str, Iterable[ScoredProgram]]) -> None:
    """Add problems with their programs, in one commit per table."""
    keyed: list[tuple[dict[str, Any], tuple[ScoredProgram, ...]]] = [
        ({"problem_id": problem_id, "bucket": lake.bucket_of(problem_id)}, tuple(programs))
        for problem_id, programs in problems.items()
    ]
    lake.append(PROBLEMS, [
        row(PROBLEMS, **key, prompt=f"Write f for {key['problem_id']}.", entry_point="f", tests=TESTS, source="s",
            source_id=key["problem_id"], licence="MIT")
        for key, _ in keyed
    ])  # fmt: skip
    lake.append(ATTEMPTS, [
        row(ATTEMPTS, attempt_id=program.name, kind=program.kind, code=program.text, model="m", **key,
            no_code_reason=None if program.text else "no_code_block")
        for key, programs in keyed for program in programs
    ])  # fmt: skip
    on_generated_tests = [
        execution_row(program.name, program.results, flags=list(program.flags), **key)
        for key, programs in keyed for program in programs if program.results is not None
    ]  # fmt: skip
    on_given_tests = [
        row(EXECUTIONS, attempt_id=program.name, suite="given", suite_id="g", judge_version=1, total_tests=1,
            verdict="passed" if program.passes_given else "failed", **key)
        for key, programs in keyed for program in programs if program.passes_given is not None
    ]  # fmt: skip
    lake.append(EXECUTIONS, on_generated_tests + on_given_tests)
    lake.append(SCORES, [score for key, programs in keyed for score in score_rows(key, programs)])


def execution_row(program: str, results: str, first_test: int = 0, **columns: Any) -> dict[str, Any]:
    """Build an execution on the generated tests from `first_test` on."""
    tests = [
        {"test": f"assert f({number}) == {number}", "verdict": "passed" if result == "1" else "failed", "message": ""}
        for number, result in enumerate(results, start=first_test)
    ]
    verdict = "passed" if set(results) == {"1"} else "failed"
    return row(
        EXECUTIONS, attempt_id=program, suite="generated", suite_id=f"{first_test}", tests=tests,
        total_tests=len(tests), **{"verdict": verdict, "judge_version": 1, "conditions_id": "c", **columns},
    )  # fmt: skip


def score_rows(
    key: dict[str, Any], programs: Sequence[ScoredProgram], scorer: str = "self_validation@1"
) -> list[dict[str, Any]]:
    """Build the scores of programs by a scorer, and by the scorer of timing."""
    shared = {"matrix_id": "m", "parts": "{}", **key}
    scored = [
        row(SCORES, attempt_id=program.name, scorer=scorer, value=program.score, **shared)
        for program in programs if program.score is not None
    ]  # fmt: skip
    timed = [
        row(SCORES, attempt_id=program.name, scorer=EFFICIENCY, **shared | {"parts": _timing_parts(program)})
        for program in programs if program.timing is not None
    ]  # fmt: skip
    return scored + timed


def _timing_parts(program: ScoredProgram) -> str:
    return json.dumps({"pair": program.timing})


def timing_pair(faster: str, slower: str, ratio: float = 2.0, low: float = 1.8, high: float = 2.3) -> dict[str, Any]:
    """Build what the scorer of timing stores with both programs of a pair, by name."""
    shared = {"ratio": ratio, "low": low, "high": high}
    return {faster: {"with": slower, "faster": True, **shared}, slower: {"with": faster, "faster": False, **shared}}


def assemble(lake: Lake, **settings: Any) -> dict[str, int]:
    """Assemble the preference datasets; return the rows of each."""
    chosen = PreferenceSettings(**settings)
    return assemble_preference.fn(lake.settings, chosen, SCORERS[chosen.scorer], EFFICIENCY)


def assemble_dataset(lake: Lake, dataset: str = "preference_correctness", **settings: Any) -> list[dict[str, Any]]:
    """Assemble the preference datasets; return the rows of one."""
    assemble(lake, **settings)
    with Catalog(lake) as catalog:
        return catalog.rows(f"select * from {dataset} order by all")


def assemble_pairs(lake: Lake, **settings: Any) -> set[tuple[str, str]]:
    """Assemble the preference datasets; return the pairs by correctness as (chosen, rejected)."""
    pairs = assemble_dataset(lake, **settings)
    return {(pair["chosen_attempt_id"], pair["rejected_attempt_id"]) for pair in pairs}


def read_drops(lake: Lake, dataset: str = "preference_correctness") -> dict[str, str]:
    """Read the reason of every row that a dataset left out, by its id."""
    with Catalog(lake) as catalog:
        drops = catalog.rows("select row_id, reason from drops where stage = $stage", stage=f"assemble:{dataset}")
    return {drop["row_id"]: drop["reason"] for drop in drops}
