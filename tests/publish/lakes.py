"""Lakes that hold data sets ready to leave, made from rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from storage.columns import Table
from storage.dataset_tables import DATASETS, DEBUGGING_SFT
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tasks.publish.version import PROGRAMS
from tests.builders import row

BY_NAME = {table.name: table for table in DATASETS}
WORDS = (  # noqa: SIM905 one line each would be a page
    "heap lattice orchard violin glacier compass ledger walnut harbour quartz meadow turbine lantern saddle beacon "
    "prism cobalt thistle anchor mosaic raven timber copper velvet falcon marble cinder willow pepper summit canyon"
).split()


@dataclass(frozen=True)
class Verdict:
    """One execution of a program."""

    verdict: str = "passed"
    flags: tuple[str, ...] = ()
    judge_version: int = 1
    suite: str = "given"


@dataclass(frozen=True)
class Planted:
    """One row of a data set with what its programs were judged to be: one list of verdicts for each program."""

    n: int
    """Which problem; rows of one problem have the same."""
    name: str = ""
    """Its example_id; empty: made of n."""
    verdicts: Sequence[Sequence[Verdict]] = ((Verdict(),), (Verdict("failed"),))
    licence: str = "MIT"
    source: str = "ours"
    prompt: str = ""
    code: str = ""
    columns: tuple[tuple[str, Any], ...] = ()
    """Other columns of the data set's row."""

    @property
    def id(self) -> str:
        return self.name or f"e{self.n:04d}"


def task(n: int) -> str:
    """A problem in words, unlike every other."""
    picked = [WORDS[(n * 7 + k * (n // len(WORDS) + 3)) % len(WORDS)] for k in range(12)]
    return f"Task {n}: given {' '.join(picked)}, return number {n}."


def program(n: int, place: int) -> str:
    """A program unlike every other."""
    names = [WORDS[(n * 5 + k * 11 + place) % len(WORDS)] for k in range(6)]
    body = "\n".join(f"    {name} = {name}_{n} * {n + k}" for k, name in enumerate(names))
    return f"def task_{n}_{place}(x):\n{body}\n    return {n}\n"


def fill(path: Path, rows: Iterable[Planted], table: Table = DEBUGGING_SFT, buckets: int = 2) -> Lake:
    """A lake, or more rows in one, whose data set `table` holds exactly these rows."""
    lake, rows = Lake(LakeSettings(path=str(path), buckets=buckets)), list(rows)
    problems, attempts, executions, examples = {}, {}, [], []
    for planted in rows:
        at = {"problem_id": f"{planted.n:024x}", "bucket": planted.n % lake.buckets}
        shared = {**at, "source": planted.source, "source_id": str(planted.n), "licence": planted.licence}
        problems[planted.n] = row(PROBLEMS, **shared, prompt=planted.prompt or task(planted.n), reference="x = 1")
        columns: dict[str, Any] = {}
        for place, (of, (by, holds)) in enumerate(zip(planted.verdicts, PROGRAMS[table.name].items(), strict=False)):
            attempt = f"{planted.id}-{place}"
            code = planted.code or program(planted.n, place)
            columns |= {by: attempt, holds: code}
            attempts[attempt] = row(ATTEMPTS, attempt_id=attempt, kind="generate", model="m", code=code, **at)
            executions += [
                row(EXECUTIONS, attempt_id=attempt, suite_id=f"{said.suite}{k}", suite=said.suite, verdict=said.verdict,
                    flags=list(said.flags), judge_version=said.judge_version, backend="bubblewrap", **at)
                for k, said in enumerate(of)
            ]  # fmt: skip
        turns = [{"role": "user", "content": problems[planted.n]["prompt"]}]
        names = [name for name in ("completion", "chosen", "rejected") if name in table.schema.names]
        said = [f"```python\n{program(planted.n, k)}```" for k in range(len(names))]
        answers = {name: [{"role": "assistant", "content": text}] for name, text in zip(names, said, strict=True)}
        extra = {"form": "repair"} if table is DEBUGGING_SFT else {}
        if "label" in table.schema.names:
            extra["label"] = planted.n % 2 == 0
        default = {**shared, "prompt": turns, "judge_version": 1, "model": "m", **answers, **extra, **columns}
        examples.append(row(table, example_id=planted.id, **{**default, **dict(planted.columns)}))
    lake.upsert(PROBLEMS, list(problems.values()))
    lake.upsert(ATTEMPTS, list(attempts.values()))
    lake.upsert(EXECUTIONS, executions)
    lake.replace(table, pa.Table.from_pylist(examples, schema=table.schema))
    return lake


def good(*numbers: int, **columns: Any) -> list[Planted]:
    """Rows with nothing against them."""
    return [Planted(n, **columns) for n in numbers]
