"""Lakes whose programs have been judged and scored, so that only their speed is not known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.factory import SandboxSettings
from judge.protocol import JUDGE_VERSION
from storage.catalog import Catalog
from storage.ids import content_id
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS, RANKINGS, SCORES, SELECTIONS, TESTS
from tasks.models.settings import OpenAISettings
from tasks.plan import SCORERS, Plan, conditions_id, tests_recipe
from tasks.settings import TimeSettings, WriteSettings
from tests.builders import row

SCORER = SCORERS["self_validation"]
FAST = TimeSettings(inputs=1, repeats=5, least_ms=10)


@dataclass(frozen=True)
class Program:
    """Its code, its score by self-validation, and the tests that it passes (None: all)."""

    code: str
    score: float = 1.0
    passes: tuple[str, ...] | None = None


def plan_of(path: Path, time: TimeSettings = FAST, **write: Any) -> Plan:
    nobody = OpenAISettings(kind="openai", urls=("http://127.0.0.1:9/v1",), name="nobody")
    return Plan(
        lake=LakeSettings(path=str(path), buckets=1), selection_id="s", model=nobody, model_revision="", teacher=nobody,
        teacher_revision="", sandbox=SandboxSettings(jobs=2), products=("preference",), time=time,
        write=WriteSettings(**write),
    )  # fmt: skip


def fill(plan: Plan, problems: Mapping[str, tuple[tuple[str, ...], Mapping[str, Program]]]) -> None:
    """Write problems by name, each with its generated tests and its programs by name; the entry point is `f`."""
    lake = Lake(plan.lake)
    rows: dict[Any, list[Any]] = {t: [] for t in (PROBLEMS, SELECTIONS, TESTS, ATTEMPTS, EXECUTIONS, SCORES, RANKINGS)}
    for name, (tests, programs) in problems.items():
        mine = {"problem_id": content_id("problem", name=name), "bucket": 0}
        given = {"kind": "asserts", "setup": "", "asserts": ["assert f"]}
        rows[PROBLEMS].append(row(PROBLEMS, **mine, source_id=name, entry_point="f", tests=json.dumps(given)))
        rows[SELECTIONS].append({"selection_id": "s", **mine})
        for at, test in enumerate(tests):
            recipe = tests_recipe(plan).recipe_id
            rows[TESTS].append(row(TESTS, test_id=f"{name}-{at}", **mine, recipe_id=recipe, position=at, test=test))
        for who, program in programs.items():
            own = {"attempt_id": f"{name}-{who}", **mine}
            verdicts = ["passed" if program.passes is None or t in program.passes else "failed" for t in tests]
            cells = [{"test": t, "verdict": v, "message": ""} for t, v in zip(tests, verdicts, strict=True)]
            rows[ATTEMPTS].append(row(ATTEMPTS, **own, kind="generate", code=program.code))
            rows[EXECUTIONS].append(row(
                EXECUTIONS, **own, suite_id="generated", judge_version=JUDGE_VERSION, suite="generated", tests=cells,
                conditions_id=conditions_id(plan, plan.matrix.limits), verdict="passed",
            ))  # fmt: skip
            rows[SCORES].append(row(SCORES, **own, scorer=SCORER, matrix_id=f"{name}-1", value=program.score))
        rows[RANKINGS].append(row(RANKINGS, **mine, scorer=SCORER, matrix_id=f"{name}-1"))
    for table, made in rows.items():
        lake.append(table, made)


def asked(plan: Plan, sql: str) -> list[dict[str, Any]]:
    with Catalog(Lake(plan.lake)) as catalog:
        return catalog.rows(sql)
