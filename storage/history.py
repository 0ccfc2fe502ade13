"""The lake as it was: the versions of its tables at a time, or those that a dataset was built from."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from deltalake.exceptions import DeltaError

from storage.columns import Table
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError, LakeError
from storage.lake import Lake
from storage.s3.store import is_s3
from storage.tables import DROPS, TABLES


class CommitInfo(TypedDict):
    """The entries that this module reads of a commit in the log of a Delta table."""

    version: int
    timestamp: int
    """Milliseconds since 1970, UTC."""
    built_from: NotRequired[str]
    """Versions of the tables that the rows were built from, as JSON."""
    built_by: NotRequired[str]
    """Address of the rules that they were built by."""


def resolve_as_of(lake: Lake, as_of: str) -> dict[str, int | None]:
    """Return the version of every table that `as_of` names; None for a table that did not exist yet.

    Args:
        lake: an existing lake.
        as_of: a time in ISO format, UTC where it names no zone: every table as its last commit until then left it. Or
            a dataset, as NAME@VERSION or as NAME for its newest version: every table as that version was built from it.

    Raises:
        ConfigError: it is neither, or the lake does not reach back that far.
    """
    dataset = re.fullmatch(r"([a-z_]+)(?:@(\d+))?", as_of)
    if dataset:
        versions = _versions_of_build(lake, as_of, dataset[1], None if dataset[2] is None else int(dataset[2]))
    else:
        versions = _versions_at(lake, as_of)
    if not is_s3(lake.root):
        _check_files(lake, as_of, versions)
    return versions


def is_built_from(lake: Lake, dataset: Table, versions: Mapping[str, int], built_by: str) -> bool:
    """Tell whether the last build of a dataset used these versions of all other tables and the rules `built_by`."""
    build = next((commit for commit in _read_commits(lake, dataset) if "built_from" in commit), None)
    if build is None or build.get("built_by") != built_by:
        return False
    built_from = json.loads(build["built_from"])
    inputs = [table.name for table in TABLES if table not in (DROPS, *DATASETS)]
    return all(built_from.get(name) == versions.get(name) for name in inputs)


def _versions_at(lake: Lake, as_of: str) -> dict[str, int | None]:
    """Return the last version of every table that was committed until a time."""
    moment = _parse_time(as_of)
    commits_of = {table.name: _read_commits(lake, table) for table in TABLES}
    times = sorted(_commit_time(commit) for commits in commits_of.values() for commit in commits)
    if moment < times[0] or moment > datetime.now(UTC):
        raise ConfigError(
            f"--as-of {as_of}: expected a time from {times[0]:%Y-%m-%dT%H:%M:%SZ}, the lake's first commit, until now; "
            f"its last was at {times[-1]:%Y-%m-%dT%H:%M:%SZ}",
            field="--as-of",
        )
    versions: dict[str, int | None] = {}
    for name, commits in commits_of.items():
        versions[name] = max((commit["version"] for commit in commits if _commit_time(commit) <= moment), default=None)
        if versions[name] is None and commits and (oldest := commits[-1])["version"] > 0:
            raise ConfigError(
                f"--as-of {as_of}: the log of {name} reaches back to {_commit_time(oldest):%Y-%m-%dT%H:%M:%SZ} only",
                field="--as-of",
            )
    return versions


def _parse_time(as_of: str) -> datetime:
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        raise ConfigError(
            f"--as-of {as_of}: expected a time such as 2026-11-22T10:00 (UTC), or a dataset such as debugging_sft or "
            "debugging_sft@3",
            field="--as-of",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _versions_of_build(lake: Lake, as_of: str, name: str, version: int | None) -> dict[str, int | None]:
    """Return the versions that a dataset was built from, with `drops` and the datasets of the same assembly."""
    dataset = next((dataset for dataset in DATASETS if dataset.name == name), None)
    if dataset is None:
        names = ", ".join(dataset.name for dataset in DATASETS)
        raise ConfigError(
            f"--as-of {as_of}: no dataset is called {name}; there are {names}, or name a time", field="--as-of"
        )
    commits = _read_commits(lake, dataset)
    builds = [commit for commit in commits if "built_from" in commit]
    build = next((commit for commit in builds if version is None or commit["version"] <= version), None)
    if build is None or (version is not None and version > commits[0]["version"]):
        recent = ", ".join(f"{build['version']} ({_commit_time(build):%Y-%m-%dT%H:%M:%SZ})" for build in builds[:8])
        raise ConfigError(
            f"--as-of {as_of}: no such version of {name} was built; there are {recent or 'none'}", field="--as-of"
        )
    versions = json.loads(build["built_from"])
    for table in (DROPS, *DATASETS):
        same_build = [c for c in _read_commits(lake, table) if c.get("built_from") == build["built_from"]]
        if same_build:
            versions[table.name] = same_build[0]["version"]
    versions[name] = build["version"]
    return {table.name: versions.get(table.name) for table in TABLES}


def _check_files(lake: Lake, as_of: str, versions: Mapping[str, int | None]) -> None:
    """Raise ConfigError where files of a version were deleted."""
    for table in TABLES:
        version = versions[table.name]
        if version is None:
            continue
        deleted = [file for file in lake.files(table, version) if not Path(file).exists()]
        if deleted:
            raise ConfigError(
                f"--as-of {as_of}: {table.name}@{version} can't be read any more, {len(deleted)} of its files were "
                "deleted (`patchmill compact --vacuum`); name a later time",
                field="--as-of",
            )


def _read_commits(lake: Lake, table: Table) -> Sequence[CommitInfo]:
    """Return the commits that the log of a table still holds, the newest first; none where there is no table."""
    delta_table = lake.tables.open(table)
    if delta_table is None:
        return []
    try:
        return cast(list[CommitInfo], delta_table.history())
    except (DeltaError, OSError) as error:
        raise LakeError(f"{lake.uri(table)}: its log cannot be read: {error}", table=table.name) from error


def _commit_time(commit: CommitInfo) -> datetime:
    return datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
