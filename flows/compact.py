"""The flow compact: merge the small files that many commits leave behind, and delete files of old versions."""

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
    """Merge the small files of a lake while no run holds it.

    Args:
        lake: the lake; `lake.wait_s` is the number of seconds to wait for a run that holds it.
        vacuum: also delete files that no version of the last `keep_hours` needs.
        keep_hours: age in hours of the versions that stay readable. A dataset of an older version cannot be rebuilt.

    Returns:
        A row per table: numbers of files removed, added and deleted.

    Raises:
        ConfigError: there is no lake.
        LakeError: a run still holds the lake after `lake.wait_s`.
    """
    opened = Lake(lake)
    if not opened.exists():
        raise ConfigError(f"{opened.root}: no lake there; a refresh creates one")
    with opened.hold_exclusively(f"flow run compact {flow_run.id}"):
        merged = opened.compact()
        deleted = opened.vacuum(keep_hours) if vacuum else {}
    rows = [{"table": name, **files, "deleted": deleted.get(name, 0)} for name, files in merged.items()]
    create_table_artifact(rows, key="compact", description=f"Files of {opened.root}: merged, written, deleted")
    return rows
