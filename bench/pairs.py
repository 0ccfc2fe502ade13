"""Do the work that bench/lake.py times, each piece in a process of its own: seconds, CPU seconds and peak memory.

Pairs hold the programs with the best and the worst score of each problem, at least GAP apart, with the prompt and both
codes. They are written into one Parquet file: from the lake, from one sorted file per table (`floor`), and by pandas
and datasets.
"""

import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SCORER, GAP = "self_validation@1", 0.1
PAIRS = f"""
create or replace temp table picked as
select problem_id, max_by(attempt_id, value) as chosen, min_by(attempt_id, value) as rejected,
       max(value) - min(value) as gap
from {{scores}} where scorer = '{SCORER}' group by problem_id having gap >= {GAP};
create or replace temp table needed as
select attempt_id, code from {{attempts}} where attempt_id in (select unnest([chosen, rejected]) from picked);
select k.problem_id, p.prompt, k.chosen, k.rejected, k.gap, c.code as chosen_code, r.code as rejected_code
from picked as k join {{problems}} as p using (problem_id)
join needed as c on c.attempt_id = k.chosen join needed as r on r.attempt_id = k.rejected
"""
TABLES = {
    "problems": ("problem_id", "prompt"), "attempts": ("problem_id", "attempt_id", "code"),
    "scores": ("problem_id", "attempt_id", "scorer", "value"),
}  # fmt: skip


def measure_piece(piece: str, *arguments: object) -> dict[str, Any]:
    """Do one piece of work in a process of its own; return its own figures, its times and its peak memory."""
    command = [sys.executable, "-m", "bench.pairs", piece, *map(str, arguments)]
    process = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=Path(__file__).parents[1])
    figures: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return figures


def list_files(root: str, table: str) -> list[str]:
    """Return the files of a table in order of bucket."""
    from storage import tables
    from storage.lake import Lake, LakeSettings

    files = Lake(LakeSettings(path=root)).files(getattr(tables, table.upper()))
    return sorted(files, key=lambda name: int(name.split("bucket=")[1].split("/")[0]))


def write_parts(parts: Iterator[Any], out: str) -> int:
    """Write Arrow tables into one Parquet file; return the number of rows."""
    import pyarrow.parquet as pq

    count, writer = 0, None
    for part in parts:
        writer = writer or pq.ParquetWriter(out, part.schema, compression="zstd")
        writer.write_table(part)
        count += part.num_rows
    assert writer is not None
    writer.close()
    return count


def pair_in_lake(root: str, out: str) -> dict[str, Any]:
    """Write the pairs of a lake bucket by bucket, as the stages work."""
    from storage.catalog import Catalog
    from storage.lake import Lake, LakeSettings

    lake = Lake(LakeSettings(path=root))
    versions = lake.versions()

    def parts() -> Iterator[Any]:
        for bucket in range(lake.buckets):
            with Catalog(lake, versions, bucket) as catalog:
                yield catalog.db.sql(PAIRS.format(**{name: name for name in TABLES})).to_arrow_table()

    return {"pairs": write_parts(parts(), out)}


def pair_in_sorted_files(folder: str, out: str, chunks: str) -> dict[str, Any]:
    """Write the pairs of one file per table, sorted by problem, in as many ranges as the lake has buckets."""
    import duckdb

    db, size = duckdb.connect(), int(chunks)
    db.execute("set memory_limit = '1GB'; set enable_progress_bar = false")

    def parts() -> Iterator[Any]:
        for n in range(size):
            low, high = f"{(n << 32) // size:08x}", f"{((n + 1) << 32) // size:08x}" if n + 1 < size else "g"
            views = {
                name: f"(select * from '{folder}/{name}.parquet' where problem_id >= '{low}' and problem_id < '{high}')"
                for name in TABLES
            }
            yield db.sql(PAIRS.format(**views)).to_arrow_table()

    return {"pairs": write_parts(parts(), out)}


def sort_tables(root: str, folder: str) -> dict[str, Any]:
    """Write the files that `pair_in_sorted_files` reads."""
    import duckdb

    db = duckdb.connect()
    db.execute(f"set memory_limit = '4GB'; set temp_directory = '{folder}/spill'")
    for name, columns in TABLES.items():
        listed = ", ".join(f"'{file}'" for file in list_files(root, name))
        query = f"select {', '.join(columns)} from read_parquet([{listed}]) order by problem_id"
        db.execute(f"copy ({query}) to '{folder}/{name}.parquet' (compression zstd)")
    return {}


def pair_with_pandas(root: str, out: str) -> dict[str, Any]:
    """Write the pairs with whole tables in memory."""
    import pandas as pd

    frames = {
        name: pd.concat(
            [pd.read_parquet(file, columns=list(columns)) for file in list_files(root, name)], ignore_index=True
        )
        for name, columns in TABLES.items()
    }
    scores = frames["scores"].query(f"scorer == '{SCORER}'")
    values = scores.groupby("problem_id")["value"]
    best, worst = scores.loc[values.idxmax()], scores.loc[values.idxmin()]
    pairs = best.merge(worst, on="problem_id", suffixes=("_chosen", "_rejected"))
    pairs["gap"] = pairs["value_chosen"] - pairs["value_rejected"]
    pairs = pairs[pairs["gap"] >= GAP]
    codes = frames["attempts"].set_index("attempt_id")["code"]
    pairs["chosen_code"] = pairs["attempt_id_chosen"].map(codes)
    pairs["rejected_code"] = pairs["attempt_id_rejected"].map(codes)
    pairs.merge(frames["problems"], on="problem_id").to_parquet(out, compression="zstd")
    return {"pairs": len(pairs)}


def pair_with_datasets(root: str, out: str) -> dict[str, Any]:
    """Write the pairs with `map`, which needs the rows of each problem together, in both tables alike."""
    import tempfile

    from datasets import Dataset, concatenate_datasets, disable_progress_bars

    disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:

        def load(name: str, columns: list[str]) -> Dataset:
            return Dataset.from_parquet(list_files(root, name), columns=columns, cache_dir=cache)

        prompts = {row["problem_id"]: row["prompt"] for row in load("problems", ["problem_id", "prompt"])}
        attempts = load("attempts", ["problem_id", "attempt_id", "code"])
        scored = concatenate_datasets([attempts, load("scores", ["value"])], axis=1)

        def pair_batch(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
            rows_by_problem: dict[str, list[int]] = {}
            for n, problem in enumerate(batch["problem_id"]):
                rows_by_problem.setdefault(problem, []).append(n)
            columns: dict[str, list[Any]] = {
                name: []
                for name in ("problem_id", "prompt", "chosen", "rejected", "gap", "chosen_code", "rejected_code")
            }
            for problem, rows in rows_by_problem.items():
                best, worst = max(rows, key=batch["value"].__getitem__), min(rows, key=batch["value"].__getitem__)
                gap = batch["value"][best] - batch["value"][worst]
                if gap >= GAP:
                    for name, value in zip(columns, (
                        problem, prompts[problem], batch["attempt_id"][best], batch["attempt_id"][worst], gap,
                        batch["code"][best], batch["code"][worst],
                    ), strict=True):  # fmt: skip
                        columns[name].append(value)
            return columns

        pairs = scored.map(pair_batch, batched=True, batch_size=1000, remove_columns=scored.column_names)
        pairs.to_parquet(out)
        return {"pairs": len(pairs)}


def read_funnel(root: str) -> dict[str, Any]:
    """Read the view `funnel` of a lake."""
    from storage.catalog import Catalog
    from storage.lake import Lake, LakeSettings

    with Catalog(Lake(LakeSettings(path=root))) as catalog:
        return {"programs": sum(row["attempts"] for row in catalog.rows("select * from funnel"))}


def compact_lake(root: str) -> dict[str, Any]:
    """Compact all tables of a lake."""
    from storage.lake import Lake, LakeSettings

    files_before = len(list_files(root, "executions"))
    Lake(LakeSettings(path=root)).compact()
    return {"files_before": files_before, "files_after": len(list_files(root, "executions"))}


def assemble_pairs(root: str) -> dict[str, Any]:
    """Assemble the preference datasets of a lake, as the stage does."""
    from storage.lake import LakeSettings
    from tasks.assemble.settings import PreferenceSettings
    from tasks.assemble.task import assemble_preference
    from tasks.score.rankers import SCORERS
    from tasks.timing.measure import EFFICIENCY

    settings = PreferenceSettings()
    return dict(assemble_preference.fn(LakeSettings(path=root), settings, SCORERS[settings.scorer], EFFICIENCY))


MODULES = {"pandas": ("pandas",), "datasets": ("datasets",), "assemble": ("tasks.assemble.task",)}
"""Modules that a piece needs, beyond those that all pieces need."""
PIECES: dict[str, Callable[..., dict[str, Any]]] = {
    "lake": pair_in_lake,
    "floor": pair_in_sorted_files,
    "sort": sort_tables,
    "pandas": pair_with_pandas,
    "datasets": pair_with_datasets,
    "funnel": read_funnel,
    "compact": compact_lake,
    "assemble": assemble_pairs,
}

if __name__ == "__main__":
    for module in ("storage.catalog", "pyarrow.parquet", *MODULES.get(sys.argv[1], ())):
        importlib.import_module(module)  # before the clock starts
    began, cpu_began = time.perf_counter(), time.process_time()
    figures = PIECES[sys.argv[1]](*sys.argv[2:])
    times = {"s": round(time.perf_counter() - began, 2), "cpu_s": round(time.process_time() - cpu_began, 2)}
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({**figures, **times, "rss_mib": int(peak) // 1024}))
