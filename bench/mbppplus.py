"""Judge a lake's MBPP programs by MBPP+, for `bench.ablation --truth`: one row per program, tests passed and in all.

    .venv/bin/python -m bench.mbppplus LAKE MbppPlus.jsonl.gz --out truth.parquet --packages .venv

MBPP+ compares with numpy: `--packages` names an environment that has it. The file must be of the OriginFmt kind; its
code runs in the sandbox alone. Programs of problems that it does not hold get no row. After a limit (a hang) no further
test of a program counts as passed.
"""

import argparse
import ast
import gzip
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job, Limits
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings

PROGRAMS = """
select a.attempt_id, a.code, p.source_id, p.entry_point
from attempts as a
join problems as p using (problem_id)
where a.kind = 'generate' and a.code is not null and p.source = 'mbpp'
order by a.attempt_id
"""
LIMITS = Limits(cpu_s=5.0, wall_s=60.0, memory_mib=1024)


def load_suites(path: Path) -> dict[str, Asserts]:
    """Return MBPP+'s suites by task id; the last statement, a loop over inputs and results, becomes many tests."""
    suites = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if suite := _parse_suite(row["test"]):
                suites[str(row["task_id"])] = suite
    return suites


def _parse_suite(script: str) -> Asserts | None:
    """Return the suite of a script; None where results come from a reference that would run with the tests."""
    tree = ast.parse(script)
    loop = tree.body.pop()
    assigned = [(node.targets[0], node.value) for node in tree.body if isinstance(node, ast.Assign)]
    values = {target.id: value for target, value in assigned if isinstance(target, ast.Name)}
    if not isinstance(loop, ast.For) or "results" not in values:
        return None
    (check,) = loop.body
    inputs = values["inputs"]
    assert isinstance(inputs, ast.List)
    tests = (
        f"for inp, exp in [(inputs[{n}], results[{n}])]:\n    {ast.unparse(check)}" for n in range(len(inputs.elts))
    )
    return Asserts(kind="asserts", setup=ast.unparse(tree), asserts=tuple(tests))


def make_jobs(programs: list[dict[str, Any]], tests: dict[str, Asserts]) -> Iterator[Job]:
    """Yield a job for each program whose problem MBPP+ holds."""
    for row in programs:
        if suite := tests.get(row["source_id"]):
            yield Job(row["attempt_id"], row["code"], "", row["entry_point"], suite, LIMITS)


def main() -> None:
    """Write the verdicts, and print their counts as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("lake")
    parser.add_argument("tests", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True)
    arguments = parser.parse_args()
    began = time.monotonic()
    with Catalog(Lake(LakeSettings(path=arguments.lake))) as catalog:
        programs = catalog.rows(PROGRAMS)
    tests = load_suites(arguments.tests)
    sandbox = open_sandbox(SandboxSettings(packages=arguments.packages, preload=("numpy",)))
    try:
        rows = [
            {"attempt_id": row.job_id, "passed": sum(t.verdict == "passed" for t in row.tests), "total": len(row.tests)}
            for row in sandbox.judge(make_jobs(programs, tests))
            if row.verdict != "infra"
        ]
    finally:
        sandbox.close()
    rows.sort(key=lambda row: str(row["attempt_id"]))
    schema = pa.schema([("attempt_id", pa.string()), ("passed", pa.int64()), ("total", pa.int64())])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), arguments.out)
    right = sum(row["passed"] == row["total"] for row in rows)
    report = {
        "programs": len(programs),
        "judged": len(rows),
        "right": right,
        "wall_s": round(time.monotonic() - began, 1),
    }
    json.dump(report, sys.stdout)
    print()


if __name__ == "__main__":
    main()
