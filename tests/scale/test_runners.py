"""Threads, Dask and Ray make the same rows, and a runner that is not installed is one line."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import runners
from judge.factory import SandboxSettings
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from tests.flows.test_kill import read_contents
from tests.scale.conftest import require_module
from tests.scripted import ScriptedServer


@pytest.mark.slow  # a cluster's start takes as long as all of the refresh
@pytest.mark.parametrize("runner", ["dask", "ray"])
def test_every_runner_makes_the_rows_that_threads_make(
    tmp_path: Path, finish: Callable[..., None], writer: ScriptedServer, runner: str
) -> None:
    require_module(f"prefect_{runner}", f"prefect-{runner}")
    finish(tmp_path / "threads")
    asked = dict(writer.asked)
    writer.forget()
    writer.asked.clear()
    finish(tmp_path / runner, runner=runner, parallel_buckets=2)
    assert read_contents(tmp_path / runner) == read_contents(tmp_path / "threads")
    assert dict(writer.asked) == asked  # no prompt was sent twice
    with Catalog(Lake(LakeSettings(path=str(tmp_path / runner)))) as catalog:
        [executions] = catalog.rows(
            "select count(*) as n, count(distinct run_id) as runs, min(run_id) as run from executions"
        )
    assert executions["n"] > 12 and executions["runs"] == 1 and executions["run"] != ""  # workers know their run


@pytest.mark.parametrize(("runner", "package"), [("dask", "prefect_dask"), ("ray", "prefect_ray")])
def test_a_runner_that_is_not_installed_is_one_line_with_the_command(
    monkeypatch: pytest.MonkeyPatch, runner: runners.Runner, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ConfigError, match=rf"^runner: {runner} is not installed; .* -m pip install 'prefect-{runner}>="
    ):
        runners.check_runner(runner, None)


def test_threads_take_no_cluster() -> None:
    with pytest.raises(ConfigError, match="cluster: expected runner: dask or ray"):
        runners.check_runner("threads", "tcp://host:8786")


@pytest.mark.parametrize(("runner", "jobs"), [("threads", None), ("dask", 2), ("ray", 1)])
def test_the_workers_of_one_machine_share_its_cores(runner: runners.Runner, jobs: int | None) -> None:
    assert runners.sandbox_of_worker(SandboxSettings(), runner, None, 4096).jobs == jobs
    assert runners.sandbox_of_worker(SandboxSettings(jobs=5), runner, None, 4096).jobs == 5
    assert runners.sandbox_of_worker(SandboxSettings(), runner, "tcp://host:8786", 4096).jobs is None
