"""Automations as files: what Prefect's server does by itself when a run fails, is late, or its rates are high."""

from pathlib import Path
from typing import Any, Literal

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import (
    Automation,
    AutomationCore,
    CompoundTrigger,
    EventTrigger,
    MetricTrigger,
    SequenceTrigger,
)
from prefect.exceptions import ObjectNotFound
from pydantic import BaseModel, Field, ValidationError

from storage.errors import ConfigError
from storage.settings import Settings, explain_validation, load_settings

TRIGGERS: dict[str, type[BaseModel]] = {
    "event": EventTrigger, "metric": MetricTrigger, "compound": CompoundTrigger, "sequence": SequenceTrigger
}  # fmt: skip
Change = Literal["created", "updated", "unchanged"]


class Notification(Settings):
    """What is sent where `--notify` names a block; Prefect fills in what stands in {{ }}."""

    subject: str
    """One line."""
    body: str
    """The text."""


class AutomationFile(Settings):
    """One file of configs/automations."""

    name: str = Field(min_length=1)
    """What it is known by: a file with the name of an automation that is there replaces it."""
    description: str = ""
    """For the UI."""
    enabled: bool = True
    """Whether it fires."""
    trigger: dict[str, Any]
    """As in Prefect's docs on automations."""
    actions: tuple[dict[str, Any], ...] = ({"type": "do-nothing"},)
    """As in Prefect's docs; do-nothing leaves an entry in the event feed."""
    notify: Notification | None = None
    """What to say, to whom it may concern."""


def read_automations(folder: Path) -> dict[Path, AutomationFile]:
    """Every *.yaml of a folder, checked against Prefect's own schema.

    Raises:
        ConfigError: one line that names the file and the field.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder}: no automations there (*.yaml); the shipped ones are in configs/automations")
    files = {path: load_settings(path, AutomationFile) for path in paths}
    names: dict[str, Path] = {}
    for path, file in files.items():
        if file.name in names:
            raise ConfigError(f"{path}: name: {file.name!r} is also in {names[file.name]}")
        names[file.name] = path
        _check_trigger(file.trigger, f"{path}: trigger")
        as_prefect(path, file)
    return files


def as_prefect(path: Path, file: AutomationFile, block_id: Any = None) -> AutomationCore:
    """The automation as Prefect's server takes it; with the id of a block, also with a notification."""
    actions: list[Any] = list(file.actions)
    if file.notify is not None and block_id is not None:
        said = SendNotification(block_document_id=block_id, **file.notify.model_dump())
        actions.append(said.model_dump(mode="json"))
    try:
        return AutomationCore.model_validate({**file.model_dump(exclude={"notify"}), "actions": actions})
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain_validation(error, AutomationCore)}") from None


def apply(
    client: SyncPrefectClient, files: dict[Path, AutomationFile], notify: str | None = None, dry_run: bool = False
) -> dict[str, Change]:
    """Bring the server to what the files say, by name; what is there under other names stays. What became of each.

    Args:
        client: of the server.
        files: from `read_automations`.
        notify: a block of Prefect that can send, as TYPE/NAME; it gets the files' notifications.
        dry_run: only say what would be done.
    """
    block_id = _block(client, notify) if notify else None
    done: dict[str, Change] = {}
    for path, file in files.items():
        wanted = as_prefect(path, file, block_id)
        found = client.read_automations_by_name(wanted.name)
        if len(found) > 1:
            raise ConfigError(
                f"{path}: the server has {len(found)} automations called {wanted.name!r}; delete all but one"
            )
        if not found:
            done[wanted.name] = "created"
            if not dry_run:
                client.create_automation(wanted)
        elif _same(found[0], wanted):
            done[wanted.name] = "unchanged"
        else:
            done[wanted.name] = "updated"
            if not dry_run:
                said = wanted.model_dump(exclude={"owner_resource"})  # which the server won't have
                whole = AutomationCore.model_validate(said)
                client.update_automation(found[0].id, whole)
    return done


def _same(found: Automation, wanted: AutomationCore) -> bool:
    return AutomationCore.model_validate(found.model_dump()).model_dump() == wanted.model_dump()


def _block(client: SyncPrefectClient, notify: str) -> Any:
    kind, slash, name = notify.partition("/")
    if not slash or not kind or not name:
        raise ConfigError(f"--notify {notify}: expected TYPE/NAME of a block, such as slack-webhook/ops")
    try:
        return client.read_block_document_by_name(name, kind).id
    except ObjectNotFound:
        raise ConfigError(f"--notify {notify}: the server has no such block; make it in its UI under Blocks") from None


def _check_trigger(trigger: dict[str, Any], at: str) -> None:
    """Prefect passes over fields it does not know; a misspelt one would make a trigger that fires always or never."""
    kind = trigger.get("type", "event")
    if kind not in TRIGGERS:
        raise ConfigError(f"{at}.type: expected one of {', '.join(TRIGGERS)}, got {kind!r}")
    known = set(TRIGGERS[kind].model_fields)
    if unknown := sorted(trigger.keys() - known):
        raise ConfigError(f"{at}.{unknown[0]}: unknown setting; known here: {', '.join(sorted(known))}")
    for place, below in enumerate(trigger.get("triggers", ())):
        _check_trigger(below, f"{at}.triggers.{place}")
