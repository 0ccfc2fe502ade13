"""Lakes of judged and scored programs, made from rows: what the preference data sets are assembled from."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.catalog import Catalog
from storage.lake import Lake
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS, SCORES
from tasks.assemble.settings import PreferenceSettings
from tasks.assemble.task import assemble_preference
from tests.builders import row

TESTS = '{"kind": "asserts", "setup": "", "asserts": ["assert f(1) == 1"]}'


@dataclass(frozen=True)
class Program:
    """A program of a problem; what is None is not there."""

    name: str
    score: float | None = None
    cells: str | None = "11"
    """Its verdicts on the generated tests t0, t1, ...: 1 is passed, 0 failed."""
    code: str | None = ""
    """Empty: one that is like no other."""
    flags: tuple[str, ...] = ()
    given: bool | None = None
    """Whether it passes the problem's own test."""
    kind: str = "generate"
    pair: dict[str, Any] | None = None
    """What the scorer efficiency@1 says of it."""

    @property
    def text(self) -> str | None:
        return f"def f(x):\n    return {self.name}_a({self.name}_b, {self.name}_c)\n" if self.code == "" else self.code


THREE = (Program("a", 1.0, "111"), Program("b", 0.7, "110"), Program("c", 0.2, "100"))
"""A problem's right, half right and wrong program, worth one pair."""
NEAR = ("def f(x):\n    return x + 1\n", "def f(x):\n    return x - 1  # not quite\n")
"""Programs of ten tokens that differ in one."""
P = {"problem_id": "0000000a", "bucket": 0}
"""Where `fill` puts a problem in a lake of one bucket."""


def judged(program: str, cells: str, first: int = 0, **columns: Any) -> dict[str, Any]:
    """An execution on the generated tests t<first>, ..."""
    tests = [
        {"test": f"assert f({first + i}) == {i}", "verdict": "passed" if c == "1" else "failed", "message": ""}
        for i, c in enumerate(cells)
    ]
    verdict = "passed" if set(cells) == {"1"} else "failed"
    return row(
        EXECUTIONS, attempt_id=program, suite="generated", suite_id=f"{first}", tests=tests, total_tests=len(tests),
        **{"verdict": verdict, "judge_version": 1, "conditions_id": "c", **columns},
    )  # fmt: skip


def fill(lake: Lake, programs: Iterable[Program], problem: str = "0000000a") -> None:
    """Add a problem with its programs, in the order given."""
    fill_all(lake, {problem: programs})


def fill_all(lake: Lake, problems: Mapping[str, Iterable[Program]]) -> None:
    """Add several, in one commit per table."""
    every = [({"problem_id": name, "bucket": lake.bucket_of(name)}, tuple(found)) for name, found in problems.items()]
    lake.append(PROBLEMS, [
        row(PROBLEMS, **at, prompt=f"Write f for {at['problem_id']}.", entry_point="f", tests=TESTS, source="s",
            source_id=at["problem_id"], licence="MIT")
        for at, _ in every
    ])  # fmt: skip
    lake.append(ATTEMPTS, [
        row(ATTEMPTS, attempt_id=p.name, kind=p.kind, code=p.text, model="m", **at,
            no_code_reason=None if p.text else "no_code_block")
        for at, programs in every for p in programs
    ])  # fmt: skip
    runs = [
        judged(p.name, p.cells, flags=list(p.flags), **at)
        for at, programs in every for p in programs if p.cells is not None
    ]  # fmt: skip
    own = [
        row(EXECUTIONS, attempt_id=p.name, suite="given", suite_id="g", judge_version=1, total_tests=1,
            verdict="passed" if p.given else "failed", **at)
        for at, programs in every for p in programs if p.given is not None
    ]  # fmt: skip
    lake.append(EXECUTIONS, runs + own)
    lake.append(SCORES, [rated for at, programs in every for rated in scores(at, programs)])


def scores(at: dict[str, Any], programs: Sequence[Program], scorer: str = "self_validation@1") -> list[dict[str, Any]]:
    """Their rows of the table scores, by a scorer and by efficiency@1."""
    shared = {"matrix_id": "m", "parts": "{}", **at}
    rated = [
        row(SCORES, attempt_id=p.name, scorer=scorer, value=p.score, **shared)
        for p in programs if p.score is not None
    ]  # fmt: skip
    timed = [
        row(SCORES, attempt_id=p.name, scorer="efficiency@1", **{**shared, "parts": json.dumps({"pair": p.pair})})
        for p in programs if p.pair is not None
    ]  # fmt: skip
    return rated + timed


def told_apart(faster: str, slower: str, ratio: float = 2.0, low: float = 1.8, high: float = 2.3) -> dict[str, Any]:
    """What both programs of an efficiency pair carry, by name."""
    shared = {"ratio": ratio, "low": low, "high": high}
    return {faster: {"with": slower, "faster": True, **shared}, slower: {"with": faster, "faster": False, **shared}}


def built(lake: Lake, name: str = "preference_correctness", **how: Any) -> list[dict[str, Any]]:
    """Assemble, and the rows of one data set."""
    assemble_preference.fn(lake.settings, PreferenceSettings(**how))
    with Catalog(lake) as catalog:
        return catalog.rows(f"select * from {name} order by all")


def drops(lake: Lake, name: str = "preference_correctness") -> dict[str, str]:
    """What was left out of one data set, and why."""
    with Catalog(lake) as catalog:
        found = catalog.rows("select row_id, reason from drops where stage = $stage", stage=f"assemble:{name}")
    return {r["row_id"]: r["reason"] for r in found}
