"""Build configs whose model gets no request, and the rows of their plans, for tests of single stages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.config import RefreshConfig
from flows.plan import make_plan, write_plan
from storage.lake import Lake, LakeSettings
from tasks.ingest.settings import JsonlSource
from tasks.models.settings import OpenAISettings

SELECTION = "s"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def make_config(path: Path, commit_rows: int = 64, **settings: Any) -> RefreshConfig:
    """Return a config of a lake with one bucket."""
    unreachable = OpenAISettings(kind="openai", urls=("http://127.0.0.1:9/v1",), name="unreachable")
    return RefreshConfig(
        lake=LakeSettings(path=str(path), buckets=1, commit_rows=commit_rows),
        sources=(JsonlSource(kind="jsonl", path=path),),
        model=unreachable,
        **settings,
    )


def store_plan(config: RefreshConfig) -> str:
    """Write the plan of a config for the problems of SELECTION; return its id."""
    plan = make_plan(config, SELECTION, NOW)
    write_plan(Lake(config.lake), plan)
    return plan["plan_id"]
