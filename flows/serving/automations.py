"""Read automations from files, and apply them to Prefect's server: reactions to failures, late runs and high rates."""

from pathlib import Path
from typing import Any, Literal
from uuid import UUID

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
    """Message that is sent where `--notify` names a block; Prefect fills in the expressions in {{ }}."""

    subject: str
    """Subject, one line."""
    body: str
    """Text of the message."""


class AutomationFile(Settings):
    """One file of configs/automations."""

    name: str = Field(min_length=1)
    """Name of the automation; an automation of this name on the server is replaced."""
    description: str = ""
    """Text for the UI."""
    enabled: bool = True
    """False keeps it from firing."""
    trigger: dict[str, Any]
    """Trigger, as in Prefect's docs on automations."""
    actions: tuple[dict[str, Any], ...] = ({"type": "do-nothing"},)
    """Actions, as in Prefect's docs; do-nothing leaves an entry in the event feed."""
    notify: Notification | None = None
    """Message for the block that `--notify` names; null sends none."""


def read_automations(folder: Path) -> dict[Path, AutomationFile]:
    """Read every *.yaml of a folder, and check it against Prefect's own schema.

    Raises:
        ConfigError: the folder has no files, or one is wrong; the line names the file and the field.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(
            f"{folder}: no automations there, expected *.yaml files; the shipped ones are in configs/automations"
        )
    files = {path: load_settings(path, AutomationFile) for path in paths}
    names: dict[str, Path] = {}
    for path, file in files.items():
        if file.name in names:
            raise ConfigError(
                f"{path}: name: {file.name!r} is also in {names[file.name]}; give each automation its own name"
            )
        names[file.name] = path
        _check_trigger(file.trigger, f"{path}: trigger")
        to_prefect(path, file)
    return files


def to_prefect(path: Path, file: AutomationFile, block_id: UUID | None = None) -> AutomationCore:
    """Return the automation as Prefect's server takes it; the id of a block adds the notification to its actions.

    Raises:
        ConfigError: Prefect's schema rejects the file.
    """
    actions: list[Any] = list(file.actions)
    if file.notify is not None and block_id is not None:
        notification = SendNotification(block_document_id=block_id, **file.notify.model_dump())
        actions.append(notification.model_dump(mode="json"))
    try:
        return AutomationCore.model_validate({**file.model_dump(exclude={"notify"}), "actions": actions})
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain_validation(error, AutomationCore)}") from None


def apply_automations(
    client: SyncPrefectClient, files: dict[Path, AutomationFile], notify: str | None = None, dry_run: bool = False
) -> dict[str, Change]:
    """Create or update the automations of the files on the server; those with other names stay as they are.

    Args:
        client: client of the server.
        files: automations by path, from `read_automations`.
        notify: a block of Prefect that sends the notifications of the files, as TYPE/NAME.
        dry_run: return the changes without making them.

    Returns:
        The change of each automation by name.

    Raises:
        ConfigError: the block does not exist, or the server has several automations of one name.
    """
    block_id = _find_block(client, notify) if notify else None
    changes: dict[str, Change] = {}
    for path, file in files.items():
        automation = to_prefect(path, file, block_id)
        on_server = client.read_automations_by_name(automation.name)
        if len(on_server) > 1:
            raise ConfigError(
                f"{path}: the server has {len(on_server)} automations called {automation.name!r}; delete all but one"
            )
        if not on_server:
            changes[automation.name] = "created"
            if not dry_run:
                client.create_automation(automation)
        elif _is_same(on_server[0], automation):
            changes[automation.name] = "unchanged"
        else:
            changes[automation.name] = "updated"
            if not dry_run:
                fields = automation.model_dump(exclude={"owner_resource"})  # the server rejects this field
                client.update_automation(on_server[0].id, AutomationCore.model_validate(fields))
    return changes


def _is_same(on_server: Automation, automation: AutomationCore) -> bool:
    """Return whether the server's automation equals that of a file, apart from fields that only the server sets."""
    return AutomationCore.model_validate(on_server.model_dump()).model_dump() == automation.model_dump()


def _find_block(client: SyncPrefectClient, notify: str) -> UUID:
    """Return the id of the block that --notify names as TYPE/NAME."""
    kind, slash, name = notify.partition("/")
    if not slash or not kind or not name:
        raise ConfigError(f"--notify {notify}: expected TYPE/NAME of a block, such as slack-webhook/ops")
    try:
        return client.read_block_document_by_name(name, kind).id
    except ObjectNotFound:
        raise ConfigError(
            f"--notify {notify}: the server has no such block; create it in the UI under Blocks"
        ) from None


def _check_trigger(trigger: dict[str, Any], at: str) -> None:
    """Check the type of a trigger and the names of its fields, with those of the triggers below it.

    Prefect ignores unknown fields, so a misspelt one would make a trigger that fires always or never.
    """
    kind = trigger.get("type", "event")
    if kind not in TRIGGERS:
        raise ConfigError(f"{at}.type: expected one of {', '.join(TRIGGERS)}, got {kind!r}")
    fields = set(TRIGGERS[kind].model_fields)
    if unknown := sorted(trigger.keys() - fields):
        raise ConfigError(f"{at}.{unknown[0]}: unknown setting; known here: {', '.join(sorted(fields))}")
    for place, inner in enumerate(trigger.get("triggers", ())):
        _check_trigger(inner, f"{at}.triggers.{place}")
