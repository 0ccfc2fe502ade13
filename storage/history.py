"""The lake as it was: at a time, or when a data set was built."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from storage.columns import Table
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError, LakeError
from storage.lake import Lake
from storage.s3.store import remote
from storage.tables import DROPS, TABLES

Commit = Mapping[str, Any]


def as_of(lake: Lake, when: str) -> dict[str, int | None]:
    """The version of every table that `when` names; None for tables that were not there yet.

    Args:
        lake: an existing lake.
        when: a time in ISO form, UTC where it names no zone: tables as their last commit until then left them. Or the
            name of a data set, with @VERSION or without for its newest: tables as it was built from them.

    Raises:
        ConfigError: it is neither, or the lake does not reach back so far.
    """
    data_set = re.fullmatch(r"([a-z_]+)(?:@(\d+))?", when)
    if data_set:
        found = _built(lake, when, data_set[1], None if data_set[2] is None else int(data_set[2]))
    else:
        found = _until(lake, when)
    for table in TABLES:
        version = found[table.name]
        if version is not None and not remote(lake.root):
            gone = [file for file in lake.files(table, version) if not Path(file).exists()]
            if gone:
                raise ConfigError(
                    f"--as-of {when}: {table.name}@{version} can't be read any more, {len(gone)} of its files were "
                    "deleted (`patchmill compact --vacuum`); name a later time"
                )
    return found


def _until(lake: Lake, when: str) -> dict[str, int | None]:
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        raise ConfigError(
            f"--as-of {when}: expected a time such as 2026-11-22T10:00 (UTC), or a data set such as debugging_sft or "
            "debugging_sft@3"
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    commits = {table.name: _commits(lake, table) for table in TABLES}
    made = sorted(_time(commit) for found in commits.values() for commit in found)
    if moment < made[0] or moment > datetime.now(UTC):
        raise ConfigError(
            f"--as-of {when}: expected a time from {made[0]:%Y-%m-%dT%H:%M:%SZ}, the lake's first commit, until now; "
            f"its last was at {made[-1]:%Y-%m-%dT%H:%M:%SZ}"
        )
    found: dict[str, int | None] = {}
    for name, history in commits.items():
        found[name] = max((commit["version"] for commit in history if _time(commit) <= moment), default=None)
        if found[name] is None and history and (first := history[-1])["version"] > 0:
            raise ConfigError(
                f"--as-of {when}: the log of {name} reaches back to {_time(first):%Y-%m-%dT%H:%M:%SZ} only"
            )
    return found


def _built(lake: Lake, when: str, name: str, version: int | None) -> dict[str, int | None]:
    """What a version of a data set was built from, with itself and the data sets and drops built from the same."""
    table = next((table for table in DATASETS if table.name == name), None)
    if table is None:
        known = ", ".join(table.name for table in DATASETS)
        raise ConfigError(f"--as-of {when}: no data set is called {name}; there are {known}, or name a time")
    history = _commits(lake, table)
    builds = [commit for commit in history if "built_from" in commit]
    build = next((commit for commit in builds if version is None or commit["version"] <= version), None)
    if build is None or (version is not None and version > history[0]["version"]):
        known = ", ".join(f"{commit['version']} ({_time(commit):%Y-%m-%dT%H:%M:%SZ})" for commit in builds[:8])
        raise ConfigError(f"--as-of {when}: no such version of {name} was built; there are {known or 'none'}")
    pinned = json.loads(build["built_from"])
    for other in (DROPS, *DATASETS):
        beside = [commit for commit in _commits(lake, other) if commit.get("built_from") == build["built_from"]]
        if beside:
            pinned[other.name] = beside[0]["version"]
    pinned[name] = build["version"]
    return {table.name: pinned.get(table.name) for table in TABLES}


def is_built(lake: Lake, data_set: Table, versions: Mapping[str, int], built_by: str) -> bool:
    """Whether a data set was last built from these versions of all other tables, by what has this address."""
    build = next((commit for commit in _commits(lake, data_set) if "built_from" in commit), None)
    if build is None or build.get("built_by") != built_by:
        return False
    then = json.loads(build["built_from"])
    inputs = [table.name for table in TABLES if table not in (DROPS, *DATASETS)]
    return all(then.get(name) == versions.get(name) for name in inputs)


def _commits(lake: Lake, table: Table) -> Sequence[Commit]:
    """The commits of a table that its log still holds, the newest first; none where there is no table."""
    try:
        if not DeltaTable.is_deltatable(lake.uri(table), lake.tables.options):
            return []
        return DeltaTable(lake.uri(table), storage_options=lake.tables.options).history()
    except (DeltaError, OSError) as error:
        raise LakeError(f"{lake.uri(table)}: its log cannot be read: {error}") from error


def _time(commit: Commit) -> datetime:
    return datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
