"""Stage publish: clean a dataset, check its gates, and write it as one more version of a folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage.catalog import Catalog
from storage.dataset_tables import DATASETS
from storage.errors import ConfigError
from storage.history import resolve_as_of
from storage.lake import Lake, LakeSettings
from storage.publication import Publication
from storage.tables import DROPS
from tasks.publish.benchmarks import read_benchmarks
from tasks.publish.card import load_scripts, render_card
from tasks.publish.draft import Draft, draft_version
from tasks.publish.facts import ChangeRow
from tasks.publish.gate_results import GateResult, check_gates
from tasks.publish.hub import upload_version
from tasks.publish.settings import DatasetName, PublishSettings
from tasks.running.stage import stage


@dataclass(frozen=True)
class PublishResult:
    """The result of publishing one dataset."""

    dataset: str
    path: str
    """Folder of the published dataset."""
    version: int | None
    """Number of the last version; None where there is none."""
    is_new: bool
    """True where this run wrote that version. Else its content equals the last version's, or a gate blocks."""
    rows: Mapping[str, int]
    """Rows by split."""
    left_out: Mapping[str, int]
    """Rows left out, by reason."""
    changes: Sequence[ChangeRow]
    """Changes against the last version."""
    gates: Sequence[GateResult]

    def blocking_gates(self) -> list[GateResult]:
        """Return the gates that keep the version from being published."""
        return [result for result in self.gates if result.blocks]


@stage("publish", "publish-{dataset_name}")
def publish_version(
    lake_settings: LakeSettings, dataset_name: DatasetName, out: Path, settings: PublishSettings, as_of: str | None
) -> PublishResult:
    """Publish a dataset as a version of OUT/NAME where every gate passes and the content is new.

    Args:
        lake_settings: the lake that holds the dataset.
        dataset_name: the dataset.
        out: folder of the published datasets.
        settings: cleaning, gates and card.
        as_of: publish the lake as it was: a time, or DATASET[@VERSION]. None: as it is.

    Raises:
        ConfigError: the lake, a benchmark or a gate is not as named.
        PublishError: the folder cannot be read or written, or another publication works on it.
    """
    dataset = next(table for table in DATASETS if table.name == dataset_name)
    lake, publication = Lake(lake_settings), Publication(out / dataset_name)
    benchmarks = read_benchmarks(settings.clean.benchmarks)
    versions = resolve_as_of(lake, as_of) if as_of else None
    with publication.hold_exclusively(), Catalog(lake, versions) as catalog:
        last = publication.last_version()
        draft = draft_version(catalog, dataset, settings, benchmarks, last)
        results = check_gates(settings.gates, draft.facts)
        is_blocked = any(result.blocks for result in results)
        is_new = not is_blocked and (last is None or last.manifest["content"] != draft.content)
        if is_new:
            number, last_number = (last.number + 1, last.number) if last else (1, None)
            text = render_card(catalog, draft, settings, results, number, last_number)
            manifest = _build_manifest(draft, settings, results, catalog.versions, number, datetime.now(UTC))
            last = publication.write_version(number, draft.rows_by_split(), text, manifest)
        if not is_blocked and last is not None:
            publication.point_to(last)
            _replace_drops(lake, draft, catalog.versions)
        return PublishResult(
            dataset=dataset_name,
            path=str(publication.folder),
            version=last.number if last else None,
            is_new=is_new,
            rows=draft.facts.rows,
            left_out=draft.count_left_out(),
            changes=draft.changes,
            gates=results,
        )


@stage("push", "push-{repo}")
def push_version(out: Path, dataset_name: DatasetName, repo: str, private: bool) -> str:
    """Upload the last version of OUT/NAME as the newest commit of a repository; return the URL of the commit."""
    last = Publication(out / dataset_name).last_version()
    if last is None:
        raise ConfigError(f"--push {repo}: nothing was published in {out / dataset_name}", field="--push")
    return upload_version(last, repo, private)


def _build_manifest(
    draft: Draft,
    settings: PublishSettings,
    results: Sequence[GateResult],
    versions: Mapping[str, int],
    number: int,
    published_at: datetime,
) -> dict[str, object]:
    """Build the entries of manifest.json, except the files.

    Args:
        draft: the version.
        settings: of the stage.
        results: of the gates.
        versions: versions of the lake's tables that were read.
        number: of the version.
        published_at: current time.
    """
    settings_without_paths = json.loads(json.dumps(settings.model_dump(), default=lambda path: path.name))
    return {
        "data_set": draft.dataset.name,
        "version": number,
        "published_at": published_at.isoformat(timespec="seconds"),
        "content": draft.content,
        "schema": draft.facts.schema,
        "rows": draft.facts.rows,
        "tables": versions,
        "judge_versions": sorted(set(draft.rows.column("judge_version").to_pylist())),
        "left_out": draft.count_left_out(),
        "changes": draft.changes,
        "cleaning": draft.report,
        "gates": [asdict(result) for result in results],
        "settings": settings_without_paths,
        "sql": load_scripts(draft.dataset),
    }


def _replace_drops(lake: Lake, draft: Draft, versions: Mapping[str, int]) -> None:
    """Make `drops` hold the rows that the last version leaves out; write nothing where it does already."""
    condition = f"stage = 'publish:{draft.dataset.name}'"
    with Catalog(lake) as catalog:
        present = catalog.arrow(f"select * from drops where {condition} order by row_id").cast(DROPS.schema)  # noqa: S608
    if not present.combine_chunks().equals(draft.drops.sort_by("row_id").combine_chunks()):
        lake.replace(DROPS, draft.drops, condition, versions)
