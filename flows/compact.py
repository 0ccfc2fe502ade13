"""Fewer, larger files: what many small commits leave behind is merged, and what nobody can need any more is deleted."""

from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run
from pydantic import Field

from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings


@flow(name="compact", flow_run_name="compact {lake.path}", persist_result=False)
def compact(
    lake: LakeSettings, vacuum: bool = True, keep_hours: Annotated[int, Field(ge=0)] = 168
) -> list[dict[str, Any]]:
    """Merge the small files of a lake while no run works on it; returns files removed, added and deleted by table.

    Args:
        lake: the lake; `lake.wait_s` says how long to wait for a run that works on it.
        vacuum: also delete files that no version of the last `keep_hours` needs.
        keep_hours: older versions than that can't be read any more, data sets that name them can't be made again.
    """
    opened = Lake(lake)
    if not opened.exists():
        raise ConfigError(f"{opened.root}: no lake there; a refresh makes one")
    with opened.hold_exclusively(f"flow run compact {flow_run.id}"):
        merged = opened.compact()
        deleted = opened.vacuum(keep_hours) if vacuum else {}
    rows = [{"table": name, **files, "deleted": deleted.get(name, 0)} for name, files in merged.items()]
    create_table_artifact(rows, key="compact", description=f"Files of {opened.root}: merged, written, deleted")
    return rows
