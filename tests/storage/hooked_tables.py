"""Delta tables that call a test's functions around each commit: to fail there, to wait, or to let others write."""

from collections.abc import Callable
from typing import TypeVar

from deltalake import DeltaTable

from storage.columns import Table
from storage.delta import DeltaTables
from storage.errors import LakeError
from storage.lake import Lake, LakeSettings

_Result = TypeVar("_Result")
Hook = Callable[[], object]


class HookedTables(DeltaTables):
    """Delta tables of a lake.

    Args:
        settings: settings of the lake.
        before_write: called when a table is open for a commit, before anything is written.
        after_commit: called when a commit is complete.
    """

    def __init__(
        self, settings: LakeSettings, before_write: Hook = lambda: None, after_commit: Hook = lambda: None
    ) -> None:
        super().__init__(settings.path, settings.buckets)
        self._before_write = before_write
        self._after_commit = after_commit

    def commit(self, table: Table, action: str, write: Callable[[DeltaTable], _Result]) -> _Result:
        def hooked_write(target: DeltaTable) -> _Result:
            self._before_write()
            return write(target)

        result = super().commit(table, action, hooked_write)
        self._after_commit()
        return result


def refuse_commit() -> None:
    """Fail as a store does that refuses a commit."""
    raise LakeError("refused")


def lake_with_hooks(lake: Lake, before_write: Hook = lambda: None, after_commit: Hook = lambda: None) -> Lake:
    """Return the same lake as another writer, whose commits call the hooks."""
    return Lake(lake.settings, HookedTables(lake.settings, before_write, after_commit))
