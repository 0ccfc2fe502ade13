"""Lakes whose programs have been judged and scored, so that only their speed is unknown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.config import RefreshConfig
from flows.plan import recipes_of
from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION
from storage.catalog import Catalog
from storage.columns import Table
from storage.ids import content_id
from storage.lake import Lake
from storage.plan_tables import SELECTIONS
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS, RANKINGS, SCORES, TESTS
from tasks.running.conditions import conditions_id
from tasks.running.order import Order
from tasks.score.rankers import SCORERS
from tasks.timing.settings import TimingSettings
from tasks.timing.task import timing
from tests.builders import row
from tests.plans import SELECTION, make_config, store_plan

SCORER = SCORERS["self_validation"]
FAST = TimingSettings(inputs=1, repeats=5, least_ms=10)


@dataclass(frozen=True)
class JudgedProgram:
    """A program, its score by self-validation, and the tests that it passes."""

    code: str
    score: float = 1.0
    passes: tuple[str, ...] | None = None
    """None for all."""


Problems = Mapping[str, tuple[tuple[str, ...], Mapping[str, JudgedProgram]]]
"""The generated tests, and the programs by name, of each problem by name."""


def config_of(path: Path, settings: TimingSettings = FAST, commit_rows: int = 64) -> RefreshConfig:
    return make_config(
        path, commit_rows, sandbox=SandboxSettings(jobs=2), products=("preference",), timing=settings
    )  # fmt: skip


def run(config: RefreshConfig) -> int:
    """Run the stage on the lake's only bucket; return how many rows it wrote."""
    return timing.fn(Order(config.lake, store_plan(config), 0, config.timing, config.sandbox))


def fill(config: RefreshConfig, problems: Problems) -> None:
    """Write problems whose entry point is `f`."""
    rows: dict[Table, list[dict[str, Any]]] = {
        table: [] for table in (PROBLEMS, SELECTIONS, TESTS, ATTEMPTS, EXECUTIONS, SCORES, RANKINGS)
    }
    recipe_id = recipes_of(config).write_tests.recipe_id
    conditions = conditions_id(config.sandbox, config.matrix.limits)
    for name, (tests, programs) in problems.items():
        problem = {"problem_id": content_id("problem", name=name), "bucket": 0}
        own_tests = json.dumps({"kind": "asserts", "setup": "", "asserts": ["assert f"]})
        rows[PROBLEMS].append(row(PROBLEMS, **problem, source_id=name, entry_point="f", tests=own_tests))
        rows[SELECTIONS].append({"selection_id": SELECTION, **problem})
        for position, test in enumerate(tests):
            ids = {"test_id": f"{name}-{position}", "recipe_id": recipe_id}
            rows[TESTS].append(row(TESTS, **problem, **ids, position=position, test=test))
        for program_name, program in programs.items():
            attempt = {"attempt_id": f"{name}-{program_name}", **problem}
            verdicts = ["passed" if program.passes is None or t in program.passes else "failed" for t in tests]
            cells = [{"test": t, "verdict": v, "message": ""} for t, v in zip(tests, verdicts, strict=True)]
            rows[ATTEMPTS].append(row(ATTEMPTS, **attempt, kind="generate", code=program.code))
            rows[EXECUTIONS].append(row(
                EXECUTIONS, **attempt, suite_id="generated", judge_version=JUDGE_VERSION, suite="generated",
                tests=cells, conditions_id=conditions, verdict="passed",
            ))  # fmt: skip
            rows[SCORES].append(row(SCORES, **attempt, scorer=SCORER, matrix_id=f"{name}-1", value=program.score))
        rows[RANKINGS].append(row(RANKINGS, **problem, scorer=SCORER, matrix_id=f"{name}-1"))
    lake = Lake(config.lake)
    for table, table_rows in rows.items():
        lake.append(table, table_rows)


def query(config: RefreshConfig, sql: str) -> list[dict[str, Any]]:
    with Catalog(Lake(config.lake)) as catalog:
        return catalog.rows(sql)
