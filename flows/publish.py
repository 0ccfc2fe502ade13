"""The flow publish: write a dataset of a lake as a new version in a folder, and optionally push it to a hub."""

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
    """URL of the commit on the hub; None where nothing was pushed."""


@flow(name="publish", flow_run_name="publish {dataset}", persist_result=False)
def publish(
    dataset: DatasetName,
    lake: LakeSettings,
    out: Path,
    settings: PublishSettings | None = None,
    push: str | None = None,
    as_of: str | None = None,
) -> PublishRun:
    """Publish one dataset of a lake as a version of OUT/NAME. Unchanged content gives no new version.

    Args:
        dataset: name of the dataset.
        lake: the lake that holds it. Every table is read at one version, so a refresh may run at the same time.
        out: folder of the published datasets.
        settings: settings of cleaning, gates and card; default: those of PublishSettings.
        push: dataset repository on a hub (HF_ENDPOINT) to which the newest version is uploaded.
        as_of: publish an earlier state of the lake: a time, or DATASET[@VERSION].

    Raises:
        ConfigError: there is no lake, or the repository, a benchmark or a gate does not exist or is not valid.
        PublishError: a gate blocks. The artifact `gates` names it, and the last version stays.
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
    """Describe the first gate that blocks, and the number of others."""
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
