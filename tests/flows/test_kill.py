"""After kill -9 at any moment, the next run finishes the work, and the lake equals that of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from storage.catalog import Catalog
from storage.columns import Table
from storage.lake import Lake, LakeSettings
from storage.tables import ATTEMPTS, AUDITS, DIAGNOSES, EXECUTIONS, SCORES, TABLES, TESTS

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("PATCHMILL_KILLS", "3"))  # `PATCHMILL_KILLS=20 make test` for the long version
BUCKETS = "4"
CONFIGS = {
    "recorded": (),
    # without the measured speeds, which differ between runs
    "preference_recorded": ("--only", "ingest,generate,write_tests,execute,matrix,score,assemble"),
}


def start_refresh(lake: Path, config: str) -> subprocess.Popen[bytes]:
    """Start a recorded refresh as a user does, as leader of its own process group."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "run", f"configs/refresh/{config}.yaml"]
    command += [*CONFIGS[config], "--lake", str(lake)]
    command += ["--set", f"lake.buckets={BUCKETS}", "--set", "lake.commit_rows=8"]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def finish_refresh(lake: Path, config: str) -> None:
    """Run a refresh to its end, which must succeed."""
    process = start_refresh(lake, config)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors.decode()[-2000:]


def kill_tree(process: subprocess.Popen[Any]) -> None:
    """Kill a process and all its descendants, and wait for its end."""
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for member in tree:
        try:
            member.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
    process.communicate()


def read_contents(lake: Path | str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row by table, in a fixed order, without times and measurements, which differ between runs."""
    measured = {"created_at", "cpu_ms", "wall_ms", "peak_mib", "evidence", "stdout_tail", "stderr_tail", "run_id"}
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        return {
            table.name: [
                tuple(row.values())
                for row in catalog.rows(
                    f"select {', '.join(_compared_columns(table, measured))} from {table.name} order by all"
                )
            ]
            for table in TABLES
        }


def _compared_columns(table: Table, measured: set[str]) -> list[str]:
    """Return the columns to compare: of audits the key alone, because an attack may end in one of several ways."""
    return list(table.key) if table is AUDITS else [name for name in table.schema.names if name not in measured]


def read_keys(lake: Path | str) -> list[tuple[object, ...]]:
    """Return the table and the key of every row."""
    with Catalog(Lake(LakeSettings(path=str(lake)))) as catalog:
        return [
            (table.name, *row.values())
            for table in (ATTEMPTS, TESTS, EXECUTIONS, DIAGNOSES, SCORES)
            for row in catalog.rows(f"select {', '.join(table.key)} from {table.name}")
        ]


@pytest.mark.timeout(60 * KILLS + 300)
@pytest.mark.parametrize("config", CONFIGS)
def test_a_run_killed_at_random_moments_loses_and_doubles_no_row(
    tmp_path: Path, prefect_server: str, config: str
) -> None:
    began = time.monotonic()
    finish_refresh(tmp_path / "undisturbed", config)
    undisturbed_s = time.monotonic() - began
    dice = random.Random(20260101)
    killed = 0
    while killed < KILLS:
        lake = tmp_path / f"killed-{killed}"
        before: set[tuple[object, ...]] = set()
        for _ in range(min(5, KILLS - killed)):  # several kills hit the same lake before a run may finish
            process = start_refresh(lake, config)
            time.sleep(dice.uniform(0.1, 0.9) * undisturbed_s)
            if process.poll() is None:
                kill_tree(process)
                killed += 1
            else:
                process.communicate()
            after = read_keys(lake) if lake.exists() else []
            assert before <= set(after) and len(after) == len(
                set(after)
            )  # every committed row stays, and none comes twice
            before = set(after)
        finish_refresh(lake, config)
        assert read_contents(lake) == read_contents(tmp_path / "undisturbed")


def test_without_a_server_configured_a_killed_run_leaves_no_server_behind(tmp_path: Path) -> None:
    """Prefect's temporary server outlives a killed parent; `patchmill run` has to end it."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "PATCHMILL_RUN")}
    command = [sys.executable, "-c", "from cli.main import main; main()", "run", "configs/refresh/recorded.yaml"]
    process = subprocess.Popen(
        [*command, "--lake", str(tmp_path / "lake")],
        cwd=ROOT,
        env={**environment, "PREFECT_HOME": str(tmp_path / "prefect")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    servers: list[psutil.Process] = []
    deadline = time.monotonic() + 120
    while not servers and time.monotonic() < deadline:
        time.sleep(0.2)
        servers = [p for p in psutil.Process(process.pid).children(recursive=True) if "uvicorn" in p.cmdline()]
    process.kill()
    process.wait()
    assert servers, "the run started no server of its own"
    _, alive = psutil.wait_procs(servers, timeout=15)
    assert not alive
