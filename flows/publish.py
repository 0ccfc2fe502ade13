"""A data set leaves the lake: cleaned, past its gates, as one more version of a folder; perhaps on to a hub."""

from dataclasses import dataclass
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_table_artifact

from storage.errors import ConfigError, PublishError
from storage.lake import Lake, LakeSettings
from tasks.publish import hub
from tasks.publish.settings import DataSet, PublishSettings
from tasks.publish.task import Published, publish_version, push_version


@dataclass(frozen=True)
class Publication:
    """What a run of the flow comes to."""

    published: Published
    commit: str | None
    """Address of the hub's commit."""


@flow(name="publish", flow_run_name="publish {data_set}", persist_result=False)
def publish(
    data_set: DataSet,
    lake: LakeSettings,
    out: Path,
    how: PublishSettings | None = None,
    push: str | None = None,
    when: str | None = None,
) -> Publication:
    """Publish one data set of a lake as a version of OUT/NAME. The same content again makes no new version.

    Args:
        data_set: which one.
        lake: where it is assembled; read at one version of every table, so a refresh may go on beside.
        out: folder of the published data sets.
        how: cleaning, gates and card; default: as configs/publish has it for debugging_sft, but without a title.
        push: data set repository of a hub (HF_ENDPOINT) that gets the last version, too.
        when: publish the lake as it was: a time, or DATASET[@VERSION].

    Raises:
        PublishError: a gate blocks; the artifact `gates` says which, and the last version stays.
    """
    if push is not None:
        hub.check(push)
    if not Lake(lake).exists():
        raise ConfigError(f"{lake.path}: no lake there; a refresh makes one")
    how = how or PublishSettings()
    done = publish_version(lake, data_set, out, how, when)
    create_table_artifact(
        [outcome.row() for outcome in done.gates], key="gates", description=f"Gates of {done.path}, {_state(done)}"
    )
    create_table_artifact(
        [{"reason": reason, "rows": n} for reason, n in done.left_out.items()],
        key="left-out",
        description=f"Left out of {done.path}",
    )
    if done.blocked:
        raise PublishError(f"{done.path}: {_why(done)}; {_state(done)}")
    return Publication(done, push_version(out, data_set, push, how.private) if push else None)


def _why(done: Published) -> str:
    first, *more = done.blocked
    others = f" (and {len(more)} more)" if more else ""
    return f"blocked by gate {first.gate}: got {first.got}, expected {first.expected}{others}"


def _state(done: Published) -> str:
    """What readers of the folder find."""
    if done.version is None:
        return "nothing is published there"
    if done.blocked:
        return f"version {done.version} stays"
    return f"version {done.version} {'is new' if done.made else 'was there already'}"
