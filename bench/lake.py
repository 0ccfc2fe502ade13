"""What a large lake costs: prints one JSON line, exit 1 where memory passed 1 GB or the lake took twice the floor.

    .venv/bin/python -m bench.lake [--problems 1000000] [--peer-problems 20000] [--assemble]

Of each problem there are five programs, each judged on the problem's own tests and on ten generated ones (so 10
executions a problem), and scored. Rows are made up (bench/made_up.py) and written a bucket at a time as Arrow
(`write`); what stages do, dictionaries in batches of 64, is measured on 100 batches (`append`). Then, each in a process
of its own whose peak memory is reported: the view `funnel`; the pairs of best and worst program of each problem with
their codes, into one Parquet file (`pairs`); the same from one Parquet file a table, sorted by problem, which is the
floor (CPU seconds are compared); compaction of what the batches left. pandas and the `map` of Hugging Face's datasets
assemble the same pairs from the files of a smaller lake (`--peer-problems`), beside ours; all must make the same pairs.
There the stage assemble runs, too, with all it does beside: verdicts, token distances, three data sets, drops; with
`--assemble` also on the large lake, which takes 25 minutes for a million problems.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.made_up import choice, draw, filled, ids, lists, problem_ids, programs, sentences, structs
from bench.pairs import measure_piece
from storage import tables as t
from storage.catalog import Catalog
from storage.columns import Table
from storage.lake import Lake, LakeSettings

PROGRAMS, TESTS, BATCH, BATCHES = 5, 10, 64, 100
VERDICTS = ("passed", "failed", "error")
A_BUCKET = 20_000  # problems: what fits the memory of a stage many times over
MEMORY_MIB, FLOOR = 1024, 2.0
PEERS = ("pandas", "datasets")


def rows(dice: np.random.Generator, texts: tuple[pa.Array, pa.Array], count: int, bucket: int, buckets: int) -> Any:
    """The tables of one bucket, as Arrow."""
    code, prose = texts
    problem = problem_ids(dice, count, bucket, buckets)
    each = pa.array(np.repeat(np.arange(count), PROGRAMS))
    of, attempt, total = problem.take(each), ids(dice, count * PROGRAMS), count * PROGRAMS
    names = {"source": "made-up", "source_id": problem, "licence": "MIT", "entry_point": "solve"}
    yield t.PROBLEMS, filled(
        t.PROBLEMS, count, bucket=bucket, problem_id=problem, prompt=draw(dice, prose, count), tests_kind="asserts",
        tests='{"kind": "asserts", "setup": "", "asserts": ["assert solve(1) == 1"]}', **names,
    )  # fmt: skip
    yield t.ATTEMPTS, filled(
        t.ATTEMPTS, total, bucket=bucket, problem_id=of, attempt_id=attempt, kind="generate", model="made-up",
        code=draw(dice, code, total), completion=draw(dice, code, total), sampling="{}", finish_reason="stop",
    )  # fmt: skip
    able = dice.random(total)
    suites = (("given", ["one", "two", "three"]), ("generated", [f"assert solve({n}) == {n}" for n in range(TESTS)]))
    judged = []
    for suite, tests in suites:
        passes = dice.random((total, len(tests))) < able[:, None]
        cells = structs(
            test=pa.array(tests).take(pa.array(np.tile(np.arange(len(tests)), total))),
            verdict=pa.array(["failed", "passed"]).take(pa.array(passes.ravel().astype(np.int64))),
            message=pa.repeat("", passes.size),
        )
        verdict = pc.if_else(pa.array(passes.all(axis=1)), "passed", choice(dice, VERDICTS[1:], total))
        judged.append(filled(
            t.EXECUTIONS, total, bucket=bucket, problem_id=of, attempt_id=attempt, suite_id=suite, suite=suite,
            judge_version=3, conditions_id="c", verdict=verdict, passed_tests=passes.sum(axis=1),
            total_tests=len(tests), tests=lists(cells, len(tests)), feedback=draw(dice, prose, total), limits="{}",
            evidence="{}", cpu_ms=dice.gamma(2, 4, total),
        ))  # fmt: skip
    yield t.EXECUTIONS, pa.concat_tables(judged)
    yield t.SCORES, filled(
        t.SCORES, total, bucket=bucket, problem_id=of, attempt_id=attempt, scorer="self_validation@1", matrix_id="m",
        value=able, parts="{}",
    )  # fmt: skip


def build(root: Path, problems: int) -> tuple[Lake, dict[str, Any]]:
    """A lake of so many problems, and how fast its rows were written (making them up is not counted)."""
    lake = Lake(LakeSettings(path=str(root), buckets=min(4096, max(4, math.ceil(problems / A_BUCKET)))))
    dice = np.random.default_rng(1)
    texts = programs(dice), sentences(dice)
    wrote, written = 0.0, dict[str, int]()
    for bucket in range(lake.buckets):
        for table, data in rows(dice, texts, problems // lake.buckets, bucket, lake.buckets):
            wrote += seconds(lambda table=table, data=data, bucket=bucket: write(lake, table, data, bucket))
            written[table.name] = written.get(table.name, 0) + data.num_rows
        if bucket % 10 == 9:
            print(f"bucket {bucket + 1} of {lake.buckets}", file=sys.stderr)
    return lake, {"rows": written, "s": round(wrote, 1), "rows_per_s": round(sum(written.values()) / wrote)}


def write(lake: Lake, table: Table, data: pa.Table, bucket: int) -> None:
    lake.replace(table, data, predicate=f"bucket = {bucket}")


def seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def append(lake: Lake) -> dict[str, Any]:
    """Executions as a stage appends them: of programs that are there already, under another suite."""
    with Catalog(lake, bucket=0) as catalog:
        found = catalog.rows(f"select * from executions limit {BATCH * BATCHES}")
    batches = [
        [{**row, "suite_id": f"again-{n}"} for row in found[n * BATCH : (n + 1) * BATCH]] for n in range(BATCHES)
    ]
    took = seconds(lambda: [lake.append(t.EXECUTIONS, batch) for batch in batches])
    return {
        "batches": BATCHES,
        "rows_per_s": round(BATCH * BATCHES / took),
        "ms_per_batch": round(1000 * took / BATCHES, 1),
    }


def beside_peers(problems: int) -> dict[str, Any]:
    """Ours, pandas and datasets on one lake that they can hold."""
    with tempfile.TemporaryDirectory(prefix="lake-") as folder:
        lake, _ = build(Path(folder) / "lake", problems)
        made = {name: measure_piece(name, lake.root, Path(folder) / f"{name}.parquet") for name in ("lake", *PEERS)}
        made["assemble"] = measure_piece("assemble", lake.root)
        for peer in PEERS:
            assert pairs_in(folder, peer) == pairs_in(folder, "lake"), f"{peer} made other pairs"
    return {"problems": problems, **made}


def pairs_in(folder: str, name: str) -> set[tuple[str, str, str]]:
    codes = pq.read_table(Path(folder) / f"{name}.parquet", columns=["problem_id", "chosen_code", "rejected_code"])
    return set(zip(*(column.to_pylist() for column in codes.columns), strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=1_000_000)
    parser.add_argument("--peer-problems", type=int, default=20_000)
    parser.add_argument("--assemble", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lake-") as folder:
        lake, wrote = build(Path(folder) / "lake", arguments.problems)
        measure_piece("sort", lake.root, folder)
        report: dict[str, Any] = {"problems": arguments.problems, "buckets": lake.buckets, "write": wrote}
        report["funnel"] = measure_piece("funnel", lake.root)
        report["pairs"] = measure_piece("lake", lake.root, Path(folder) / "ours.parquet")
        report["floor"] = measure_piece("floor", folder, Path(folder) / "floor.parquet", lake.buckets)
        assert report["floor"]["pairs"] == report["pairs"]["pairs"], "the floor made other pairs"
        if arguments.assemble:
            report["assemble"] = measure_piece("assemble", lake.root)
        report["append"] = append(lake)
        report["compact"] = measure_piece("compact", lake.root)
    report["peers"] = beside_peers(arguments.peer_problems)
    ratio = report["pairs"]["cpu_s"] / report["floor"]["cpu_s"]
    most = max(report[one]["rss_mib"] for one in ("funnel", "pairs", "assemble", "compact") if one in report)
    report |= {"over_floor_cpu": round(ratio, 2), "most_rss_mib": most}
    print(json.dumps(report))
    return 1 if ratio > FLOOR or most > MEMORY_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
