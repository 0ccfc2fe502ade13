"""Lakes that hold datasets to publish, built from rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from storage.columns import Table
from storage.dataset_tables import DATASETS, DEBUGGING_SFT
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, EXECUTIONS, PROBLEMS
from tasks.publish.draft import PROGRAM_COLUMNS
from tasks.publish.settings import DatasetName, PublishSettings
from tasks.publish.task import PublishResult, publish_version
from tests.builders import row

DATASET_BY_NAME = {dataset.name: dataset for dataset in DATASETS}
WORDS = (  # noqa: SIM905 one line each would be a page
    "heap lattice orchard violin glacier compass ledger walnut harbour quartz meadow turbine lantern saddle beacon "
    "prism cobalt thistle anchor mosaic raven timber copper velvet falcon marble cinder willow pepper summit canyon"
).split()


@dataclass(frozen=True)
class PlantedExecution:
    """One execution of a program."""

    verdict: str = "passed"
    flags: tuple[str, ...] = ()
    judge_version: int = 1
    suite: str = "given"


@dataclass(frozen=True)
class PlantedExample:
    """One row of a dataset, with the executions of its programs."""

    number: int
    """Number of its problem; rows of one problem share it."""
    name: str = ""
    """Its example_id; empty: derived from the number."""
    executions: Sequence[Sequence[PlantedExecution]] = ((PlantedExecution(),), (PlantedExecution("failed"),))
    """Executions of each program of the row."""
    licence: str = "MIT"
    source: str = "ours"
    prompt: str = ""
    code: str = ""
    columns: tuple[tuple[str, Any], ...] = ()
    """Other columns of the dataset's row."""

    @property
    def example_id(self) -> str:
        return self.name or f"e{self.number:04d}"


def describe_task(number: int) -> str:
    """Return a prompt unlike that of every other number."""
    words = [WORDS[(number * 7 + place * (number // len(WORDS) + 3)) % len(WORDS)] for place in range(12)]
    return f"Task {number}: given {' '.join(words)}, return number {number}."


def write_program(number: int, place: int) -> str:
    """Return a program unlike that of every other number and place."""
    names = [WORDS[(number * 5 + line * 11 + place) % len(WORDS)] for line in range(6)]
    body = "\n".join(f"    {name} = {name}_{number} * {number + line}" for line, name in enumerate(names))
    return f"def task_{number}_{place}(x):\n{body}\n    return {number}\n"


def plant(*numbers: int, **fields: Any) -> list[PlantedExample]:
    """Return examples that nothing keeps from being published."""
    return [PlantedExample(number, **fields) for number in numbers]


def fill_lake(path: Path, examples: Iterable[PlantedExample], dataset: Table = DEBUGGING_SFT, buckets: int = 2) -> Lake:
    """Create a lake, or add to one, and make its dataset hold exactly these examples."""
    lake, examples = Lake(LakeSettings(path=str(path), buckets=buckets)), list(examples)
    problems, attempts, executions, rows = {}, {}, [], []
    for example in examples:
        key = {"problem_id": f"{example.number:024x}", "bucket": example.number % lake.buckets}
        about = {"source": example.source, "source_id": str(example.number), "licence": example.licence}
        prompt = example.prompt or describe_task(example.number)
        problems[example.number] = row(PROBLEMS, **key, **about, prompt=prompt, reference="x = 1")
        columns: dict[str, Any] = {}
        programs = zip(example.executions, PROGRAM_COLUMNS[dataset.name].items(), strict=False)
        for place, (planted_executions, (id_column, code_column)) in enumerate(programs):
            attempt_id, code = f"{example.example_id}-{place}", example.code or write_program(example.number, place)
            columns |= {id_column: attempt_id, code_column: code}
            attempts[attempt_id] = row(ATTEMPTS, attempt_id=attempt_id, kind="generate", model="m", code=code, **key)
            executions += [
                row(EXECUTIONS, attempt_id=attempt_id, suite_id=f"{execution.suite}{index}", suite=execution.suite,
                    verdict=execution.verdict, flags=list(execution.flags), judge_version=execution.judge_version,
                    backend="bubblewrap", **key)
                for index, execution in enumerate(planted_executions)
            ]  # fmt: skip
        columns |= _turns(dataset, example.number, prompt) | dict(example.columns)
        default = {**key, **about, "judge_version": 1, "model": "m"}
        rows.append(row(dataset, example_id=example.example_id, **{**default, **columns}))
    lake.upsert(PROBLEMS, list(problems.values()))
    lake.upsert(ATTEMPTS, list(attempts.values()))
    lake.upsert(EXECUTIONS, executions)
    lake.replace(dataset, pa.Table.from_pylist(rows, schema=dataset.schema))
    return lake


def _turns(dataset: Table, number: int, prompt: str) -> dict[str, Any]:
    """Return prompt, answers and form or label of a row."""
    names = [name for name in ("completion", "chosen", "rejected") if name in dataset.schema.names]
    columns: dict[str, Any] = {"prompt": [{"role": "user", "content": prompt}]}
    for place, name in enumerate(names):
        columns[name] = [{"role": "assistant", "content": f"```python\n{write_program(number, place)}```"}]
    if dataset is DEBUGGING_SFT:
        columns["form"] = "repair"
    if "label" in dataset.schema.names:
        columns["label"] = number % 2 == 0
    return columns


def publish(lake: Lake, out: Path, dataset: DatasetName, settings: PublishSettings | None = None) -> PublishResult:
    """Publish a dataset of a lake; by default no gate is checked."""
    return publish_version.fn(lake.settings, dataset, out, settings or PublishSettings(gates=()), None)
