"""The work that bench/lake.py times, each piece in a process of its own: seconds, CPU seconds and peak memory.

`pairs` is of every problem the program with the best and the one with the worst score, GAP or more apart, with the
prompt and both codes, into one Parquet file.
"""

import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
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


def measured(what: str, *arguments: object) -> dict[str, Any]:
    """Do one piece in a process of its own; its figures, with what it says itself."""
    command = [sys.executable, "-m", "bench.pairs", what, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=Path(__file__).parents[1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def files(root: str, table: str) -> list[str]:
    from storage import tables
    from storage.lake import Lake, LakeSettings

    found = Lake(LakeSettings(path=root)).files(getattr(tables, table.upper()))
    return sorted(found, key=lambda name: int(name.split("bucket=")[1].split("/")[0]))


def written(parts: Iterator[Any], out: str) -> int:
    """Arrow tables into one Parquet file; how many rows."""
    import pyarrow.parquet as pq

    count, writer = 0, None
    for part in parts:
        writer = writer or pq.ParquetWriter(out, part.schema, compression="zstd")
        writer.write_table(part)
        count += part.num_rows
    assert writer is not None
    writer.close()
    return count


def lake(root: str, out: str) -> dict[str, Any]:
    """A bucket at a time, as the stages work."""
    from storage.catalog import Catalog
    from storage.lake import Lake, LakeSettings

    opened = Lake(LakeSettings(path=root))
    pinned = opened.versions()

    def parts() -> Iterator[Any]:
        for bucket in range(opened.buckets):
            with Catalog(opened, pinned, bucket) as catalog:
                yield catalog.db.sql(PAIRS.format(**{name: name for name in TABLES})).to_arrow_table()

    return {"pairs": written(parts(), out)}


def floor(folder: str, out: str, chunks: str) -> dict[str, Any]:
    """One file a table, sorted by problem: as many ranges of it as the lake has buckets."""
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

    return {"pairs": written(parts(), out)}


def sort(root: str, folder: str) -> dict[str, Any]:
    """The files that `floor` reads."""
    import duckdb

    db = duckdb.connect()
    db.execute(f"set memory_limit = '4GB'; set temp_directory = '{folder}/spill'")
    for name, columns in TABLES.items():
        listed = ", ".join(f"'{file}'" for file in files(root, name))
        query = f"select {', '.join(columns)} from read_parquet([{listed}]) order by problem_id"
        db.execute(f"copy ({query}) to '{folder}/{name}.parquet' (compression zstd)")
    return {}


def pandas(root: str, out: str) -> dict[str, Any]:
    import pandas as pd

    read = {
        name: pd.concat([pd.read_parquet(file, columns=list(columns)) for file in files(root, name)], ignore_index=True)
        for name, columns in TABLES.items()
    }
    scores = read["scores"].query(f"scorer == '{SCORER}'")
    values = scores.groupby("problem_id")["value"]
    best, worst = scores.loc[values.idxmax()], scores.loc[values.idxmin()]
    made = best.merge(worst, on="problem_id", suffixes=("_chosen", "_rejected"))
    made["gap"] = made["value_chosen"] - made["value_rejected"]
    made = made[made["gap"] >= GAP]
    codes = read["attempts"].set_index("attempt_id")["code"]
    made["chosen_code"] = made["attempt_id_chosen"].map(codes)
    made["rejected_code"] = made["attempt_id_rejected"].map(codes)
    made.merge(read["problems"], on="problem_id").to_parquet(out, compression="zstd")
    return {"pairs": len(made)}


def datasets(root: str, out: str) -> dict[str, Any]:
    """Rows of a problem stand together in these files, in both tables alike, which `map` needs and a lake does not."""
    import tempfile

    from datasets import Dataset, concatenate_datasets, disable_progress_bars

    disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:

        def load(name: str, columns: list[str]) -> Dataset:
            return Dataset.from_parquet(files(root, name), columns=columns, cache_dir=cache)

        prompts = {row["problem_id"]: row["prompt"] for row in load("problems", ["problem_id", "prompt"])}
        attempts = load("attempts", ["problem_id", "attempt_id", "code"])
        both = concatenate_datasets([attempts, load("scores", ["value"])], axis=1)

        def pair(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
            of: dict[str, list[int]] = {}
            for n, problem in enumerate(batch["problem_id"]):
                of.setdefault(problem, []).append(n)
            made: dict[str, list[Any]] = {
                name: []
                for name in ("problem_id", "prompt", "chosen", "rejected", "gap", "chosen_code", "rejected_code")
            }
            for problem, rows in of.items():
                best, worst = max(rows, key=batch["value"].__getitem__), min(rows, key=batch["value"].__getitem__)
                gap = batch["value"][best] - batch["value"][worst]
                if gap >= GAP:
                    for name, value in zip(made, (
                        problem, prompts[problem], batch["attempt_id"][best], batch["attempt_id"][worst], gap,
                        batch["code"][best], batch["code"][worst],
                    ), strict=True):  # fmt: skip
                        made[name].append(value)
            return made

        done = both.map(pair, batched=True, batch_size=1000, remove_columns=both.column_names)
        done.to_parquet(out)
        return {"pairs": len(done)}


def funnel(root: str) -> dict[str, Any]:
    from storage.catalog import Catalog
    from storage.lake import Lake, LakeSettings

    with Catalog(Lake(LakeSettings(path=root))) as catalog:
        return {"programs": sum(row["attempts"] for row in catalog.rows("select * from funnel"))}


def compact(root: str) -> dict[str, Any]:
    from storage.lake import Lake, LakeSettings

    before = len(files(root, "executions"))
    Lake(LakeSettings(path=root)).compact()
    return {"files_before": before, "files_after": len(files(root, "executions"))}


def assemble(root: str) -> dict[str, Any]:
    from storage.lake import LakeSettings
    from tasks.assemble.settings import PreferenceSettings
    from tasks.assemble.task import assemble_preference
    from tasks.score.rankers import SCORERS
    from tasks.timing.measure import EFFICIENCY

    settings = PreferenceSettings()
    return dict(assemble_preference.fn(LakeSettings(path=root), settings, SCORERS[settings.scorer], EFFICIENCY))


LOADED = {"pandas": ("pandas",), "datasets": ("datasets",), "assemble": ("tasks.assemble.task",)}
PIECES = {one.__name__: one for one in (lake, floor, sort, pandas, datasets, funnel, compact, assemble)}

if __name__ == "__main__":
    for module in ("storage.catalog", "pyarrow.parquet", *LOADED.get(sys.argv[1], ())):
        importlib.import_module(module)  # what is measured begins with the work
    began, cpu = time.perf_counter(), time.process_time()
    said = PIECES[sys.argv[1]](*sys.argv[2:])
    took = {"s": round(time.perf_counter() - began, 2), "cpu_s": round(time.process_time() - cpu, 2)}
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({**said, **took, "rss_mib": int(peak) // 1024}))
