"""Measure a large lake: prints one JSON line, exit 1 where memory passed 1 GB or CPU time passed twice the floor.

    .venv/bin/python -m bench.lake [--problems 1000000] [--peer-problems 20000] [--assemble]

Each problem has five programs, judged on its own tests and on ten generated ones (10 executions a problem), and scored.
Rows are synthetic (bench/made_up.py) and written a bucket at a time as Arrow (`write`). `append` writes 100 batches of
64 dictionaries, as stages do. The rest runs piece by piece, each in a process whose peak memory is reported:

- `funnel`: the view;
- `pairs`: best and worst program of each problem with their codes, into one Parquet file;
- `floor`: the same from one Parquet file per table, sorted by problem; CPU seconds are compared;
- `compact`: compaction of the files that the batches left.

`peers`: pandas and the `map` of Hugging Face's datasets build the same pairs from the files of a smaller lake
(`--peer-problems`). There the stage assemble runs, too, with verdicts, token distances, three datasets and drops; with
`--assemble` also on the large lake, which takes 25 minutes for a million problems.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
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
from storage.lake import Lake, LakeSettings

PROGRAMS, TESTS, BATCH, BATCHES = 5, 10, 64, 100
VERDICTS = ("passed", "failed", "error")
PROBLEMS_PER_BUCKET = 20_000  # fits the memory of a stage many times over
MEMORY_MIB, FLOOR = 1024, 2.0
PEERS = ("pandas", "datasets")


def rows(dice: np.random.Generator, texts: tuple[pa.Array, pa.Array], count: int, bucket: int, buckets: int) -> Any:
    """Yield the tables of one bucket with their rows, as Arrow."""
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
    """Build a lake of so many problems; return it and how fast its rows were written, without drawing them."""
    lake = Lake(LakeSettings(path=str(root), buckets=min(4096, max(4, math.ceil(problems / PROBLEMS_PER_BUCKET)))))
    dice = np.random.default_rng(1)
    texts = programs(dice), sentences(dice)
    wrote_s, written = 0.0, dict[str, int]()
    for bucket in range(lake.buckets):
        for table, data in rows(dice, texts, problems // lake.buckets, bucket, lake.buckets):
            began = time.perf_counter()
            lake.replace(table, data, predicate=f"bucket = {bucket}")
            wrote_s += time.perf_counter() - began
            written[table.name] = written.get(table.name, 0) + data.num_rows
        if bucket % 10 == 9:
            print(f"bucket {bucket + 1} of {lake.buckets}", file=sys.stderr)
    return lake, {"rows": written, "s": round(wrote_s, 1), "rows_per_s": round(sum(written.values()) / wrote_s)}


def time_call(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def append(lake: Lake) -> dict[str, Any]:
    """Append executions in batches, as a stage does: of existing programs, under another suite; return the speed."""
    with Catalog(lake, bucket=0) as catalog:
        executions = catalog.rows(f"select * from executions limit {BATCH * BATCHES}")
    batches = [
        [{**row, "suite_id": f"again-{n}"} for row in executions[n * BATCH : (n + 1) * BATCH]] for n in range(BATCHES)
    ]
    took = time_call(lambda: [lake.append(t.EXECUTIONS, batch) for batch in batches])
    return {
        "batches": BATCHES,
        "rows_per_s": round(BATCH * BATCHES / took),
        "ms_per_batch": round(1000 * took / BATCHES, 1),
    }


def compare_peers(problems: int) -> dict[str, Any]:
    """Build the pairs of one lake from the lake, by pandas and by datasets; return the figures of each."""
    with tempfile.TemporaryDirectory(prefix="lake-") as folder:
        lake, _ = build(Path(folder) / "lake", problems)
        figures = {name: measure_piece(name, lake.root, Path(folder) / f"{name}.parquet") for name in ("lake", *PEERS)}
        figures["assemble"] = measure_piece("assemble", lake.root)
        for peer in PEERS:
            assert read_pairs(folder, peer) == read_pairs(folder, "lake"), f"{peer} made other pairs"
    return {"problems": problems, **figures}


def read_pairs(folder: str, name: str) -> set[tuple[str, str, str]]:
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
    report["peers"] = compare_peers(arguments.peer_problems)
    ratio = report["pairs"]["cpu_s"] / report["floor"]["cpu_s"]
    most = max(report[piece]["rss_mib"] for piece in ("funnel", "pairs", "assemble", "compact") if piece in report)
    report |= {"over_floor_cpu": round(ratio, 2), "most_rss_mib": most}
    print(json.dumps(report))
    return 1 if ratio > FLOOR or most > MEMORY_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
