"""The flow publish: a dataset of a lake becomes a version of a folder, and perhaps of a repository on a hub."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_table_artifact

from storage.errors import ConfigError, PublishError
from storage.lake import Lake, LakeSettings
from tasks.publish import hub
from tasks.publish.settings import DatasetName, PublishSettings
from tasks.publish.task import PublishResult, publish_version, push_version


@dataclass(frozen=True)
class PublishRun:
    """The result of one run of the flow."""

    result: PublishResult
    commit_url: str | None
    """Commit of the hub; None where nothing is pushed."""


@flow(name="publish", flow_run_name="publish {dataset}", persist_result=False)
def publish(
    dataset: DatasetName,
    lake: LakeSettings,
    out: Path,
    settings: PublishSettings | None = None,
    push: str | None = None,
    as_of: str | None = None,
) -> PublishRun:
    """Publish one dataset of a lake as a version of OUT/NAME. The same content again gives no new version.

    Args:
        dataset: which dataset.
        lake: the lake that holds it. Every table is read at one version, so a refresh may run at the same time.
        out: folder of the published datasets.
        settings: cleaning, gates and card; default: those of PublishSettings.
        push: a dataset repository on a hub (HF_ENDPOINT) that the last version is uploaded to as well.
        as_of: publish the lake as it was: a time, or DATASET[@VERSION].

    Raises:
        ConfigError: there is no lake, or the repository, a benchmark or a gate is not as named.
        PublishError: a gate blocks. The artifact `gates` tells which one, and the last version stays.
    """
    if push is not None:
        hub.read_token(push)
    if not Lake(lake).exists():
        raise ConfigError(f"{lake.path}: no lake there; a refresh creates one", field="lake.path")
    settings = settings or PublishSettings()
    result = publish_version(lake, dataset, out, settings, as_of)
    _write_artifacts(result)
    if result.blocking_gates():
        raise PublishError(
            f"{result.path}: {_describe_block(result)}; {_describe_state(result)}", path=Path(result.path)
        )
    return PublishRun(result, push_version(out, dataset, push, settings.private) if push else None)


def _write_artifacts(result: PublishResult) -> None:
    """Write the gates and the rows left out as table artifacts of the flow run."""
    create_table_artifact(
        [gate.as_table_row() for gate in result.gates],
        key="gates",
        description=f"Gates of {result.path}, {_describe_state(result)}",
    )
    create_table_artifact(
        [{"reason": reason, "rows": rows} for reason, rows in result.left_out.items()],
        key="left-out",
        description=f"Rows left out of {result.path}",
    )


def _describe_block(result: PublishResult) -> str:
    first, *further = result.blocking_gates()
    more = f" (and {len(further)} more)" if further else ""
    return f"blocked by gate {first.gate}: got {first.got}, expected {first.expected}{more}"


def _describe_state(result: PublishResult) -> str:
    """Describe the version that readers of the folder get."""
    if result.version is None:
        return "nothing is published there"
    if result.blocking_gates():
        return f"version {result.version} stays"
    return f"version {result.version} {'is new' if result.is_new else 'was published before'}"
