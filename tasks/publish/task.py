"""Stage publish: a data set leaves the lake as one more version of a folder, or stays where its gates say so."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.catalog import Catalog
from storage.columns import Table
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.history import as_of
from storage.lake import Lake, LakeSettings
from storage.publication import Publication, Version
from storage.tables import DROPS
from tasks.publish.benchmarks import read_benchmarks
from tasks.publish.card import card, scripts
from tasks.publish.gates import Outcome, as_rows, judge
from tasks.publish.hub import push
from tasks.publish.settings import DataSet, PublishSettings
from tasks.publish.version import Draft, draft
from tasks.running.stage import stage


@dataclass(frozen=True)
class Published:
    """What came of it."""

    data_set: str
    path: str
    """DIR/NAME."""
    version: int | None
    """The last version now; None where there is none."""
    made: bool
    """Whether it was made now; else its content was there already, or a gate blocks."""
    rows: Mapping[str, int]
    """By split, of what was to leave."""
    left_out: Mapping[str, int]
    """By reason."""
    changes: Sequence[Mapping[str, Any]]
    """Against the last version, by split and source."""
    gates: Sequence[Outcome]

    @property
    def blocked(self) -> list[Outcome]:
        """The gates that keep it from leaving."""
        return [outcome for outcome in self.gates if outcome.blocks]


@stage("publish", "publish-{data_set}")
def publish_version(
    settings: LakeSettings, data_set: DataSet, out: Path, how: PublishSettings, when: str | None
) -> Published:
    """Clean a data set, ask its gates, and write a version where all of them pass and the content is new.

    Raises:
        ConfigError: the lake, a benchmark or a gate is not as named.
        PublishError: the folder can't be read or written, or another publication works on it.
    """
    table = next(table for table in DATASETS if table.name == data_set)
    lake, folder = Lake(settings), Publication(out / data_set)
    benchmarks = read_benchmarks(how.clean.benchmarks)
    pinned = as_of(lake, when) if when else None
    with folder.alone(), Catalog(lake, pinned) as catalog:
        last = folder.last()
        made = draft(catalog, table, how, benchmarks, last)
        outcomes = judge(how.gates, made.facts)
        if any(outcome.blocks for outcome in outcomes):
            return _told(folder, made, outcomes, last, False)
        new = last is None or last.manifest["content"] != made.content
        if new:
            number = last.number + 1 if last else 1
            text = card(catalog, made, how, outcomes, number, last.number if last else None)
            last = folder.write(number, made.splits(), text, _manifest(made, how, outcomes, catalog, number))
        assert last is not None
        folder.point(last)
        _replace_drops(lake, table, made, catalog.versions)
        return _told(folder, made, outcomes, last, new)


@stage("push", "push-{repo}")
def push_version(out: Path, data_set: DataSet, repo: str, private: bool) -> str:
    """The last version of DIR/NAME becomes the newest commit of a repository; returns the commit's address."""
    last = Publication(out / data_set).last()
    if last is None:
        raise ConfigError(f"--push {repo}: nothing was published in {out / data_set}")
    return push(last, repo, private)


def _told(folder: Publication, made: Draft, outcomes: Sequence[Outcome], last: Version | None, new: bool) -> Published:
    return Published(
        data_set=made.table.name,
        path=str(folder.folder),
        version=last.number if last else None,
        made=new,
        rows=made.facts.splits,
        left_out=made.left_out(),
        changes=made.changes,
        gates=outcomes,
    )


def _manifest(
    made: Draft, how: PublishSettings, outcomes: Sequence[Outcome], catalog: Catalog, number: int
) -> dict[str, Any]:
    """What is kept of how a version came to be; the writer adds the files."""
    judges = sorted(set(made.rows.column("judge_version").to_pylist()))
    return {
        "data_set": made.table.name,
        "version": number,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": made.content,
        "schema": made.facts.schema,
        "rows": made.facts.splits,
        "tables": catalog.versions,
        "judge_versions": judges,
        "left_out": made.left_out(),
        "changes": made.changes,
        "cleaning": made.report,
        "gates": as_rows(outcomes),
        "settings": json.loads(
            json.dumps(how.model_dump(), default=lambda path: path.name)
        ),  # no paths of this machine
        "sql": scripts(made),
    }


def _replace_drops(lake: Lake, table: Table, made: Draft, pinned: Mapping[str, int]) -> None:
    """`drops` says what is not in the last version; written where it says something else."""
    where = f"stage = 'publish:{table.name}'"
    with Catalog(lake) as catalog:
        held = catalog.arrow(f"select * from drops where {where} order by row_id").cast(DROPS.schema)  # noqa: S608
    if not held.combine_chunks().equals(made.drops.sort_by("row_id").combine_chunks()):
        lake.replace(DROPS, made.drops, where, pinned)
