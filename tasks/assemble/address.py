"""The address of an assembly: everything that decides which examples given rows become."""

from storage.ids import content_id
from storage.settings import Settings
from storage.statements import load_statement, load_views

ASSEMBLY_VERSION = 2
"""Raise it when code of this folder changes any example; changes of SQL and settings are in the address anyway."""


def assembly_address(settings: Settings, *statements: str) -> str:
    """Return the address of an assembly: its version, its settings, its statements and all views that these may read.

    Args:
        settings: of the stage.
        statements: names of files in storage/sql, without their suffix.
    """
    texts = [load_views(), *(load_statement(name) for name in statements)]
    return content_id("assembly", version=ASSEMBLY_VERSION, how=settings.model_dump(mode="json"), sql=texts)
