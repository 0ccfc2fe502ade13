"""The lake at one version of every table, and the answers to the queries of pages, each computed once per version.

A statement counts and cuts in DuckDB and returns at most MOST_ROWS rows. Statements of dashboards/sql/temp become
temporary tables when the first query that uses them runs: what several pages need is computed once.
"""

import threading
import time
from typing import TypeVar, cast

import pyarrow as pa

from dashboards.queries import PageQuery, read_sql, temp_tables
from storage.catalog import Catalog, Versions
from storage.errors import ConfigError, LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import TABLES

MOST_ROWS = 5000
MOST_ANSWERS = 500
"""Answers cached for one version; the least recently used one is dropped first."""
FRESH_S = 30.0
"""How long pages show one version while a run writes the next ones."""
AnswerT = TypeVar("AnswerT")
AnswerKey = tuple[str, tuple[tuple[str, str | int], ...]]


class LakeSnapshot:
    """The lake at one version of every table. Threads may share it."""

    def __init__(self, lake: Lake, versions: Versions | None = None) -> None:
        """Pin the versions named (None: the table did not exist), and the newest versions of the other tables.

        Raises:
            ConfigError: there is no lake.
        """
        self.lake = lake
        self._pinned: dict[str, int | None] = {table.name: None for table in TABLES}
        self._pinned |= {**lake.versions(), **(versions or {})}
        self.versions = {name: version for name, version in self._pinned.items() if version is not None}
        self.opened_at = time.time()
        if "problems" not in self.versions:
            raise ConfigError(
                f"{lake.root}: no lake there; create one with `patchmill run CONFIG`, or pass --lake PATH"
            )
        self._catalog: Catalog | None = None
        self._temp_tables: set[str] = set()
        self._answers: dict[AnswerKey, list[dict[str, object]]] = {}
        self._lock = threading.Lock()  # a DuckDB connection serves one thread at a time

    def rows(self, query: PageQuery[AnswerT], **values: str | int) -> list[AnswerT]:
        """Return the rows that answer a query; `$name` in its text takes `values[name]`. Do not change the rows.

        Raises:
            LakeError: a file could not be read, memory ran out, or the statement returns too many rows.
        """
        key = (query.name, tuple(sorted(values.items())))
        with self._lock:
            rows = self._answers.pop(key) if key in self._answers else self._run(query.sql, values)
            self._answers[key] = rows  # now the most recently used one
            if len(self._answers) > MOST_ANSWERS:
                del self._answers[next(iter(self._answers))]
        return cast(list[AnswerT], rows)

    def _run(self, sql: str, values: dict[str, str | int]) -> list[dict[str, object]]:
        self._catalog = self._catalog or Catalog(self.lake, self._pinned)
        for name in temp_tables(sql):
            if name not in self._temp_tables:
                self._catalog.rows(f"create temp table {name} as {read_sql(f'temp/{name}')}")
                self._temp_tables.add(name)
        return bounded_rows(self._catalog.arrow(sql, **values), sql)

    def close(self) -> None:
        """Close the connection; the snapshot runs no further query."""
        with self._lock:
            if self._catalog is not None:
                self._catalog.close()


def bounded_rows(data: pa.Table, sql: str) -> list[dict[str, object]]:
    """Return the rows of an answer.

    Raises:
        LakeError: there are more than MOST_ROWS.
    """
    if data.num_rows > MOST_ROWS:
        raise LakeError(f"a page asked for {data.num_rows} rows, expected {MOST_ROWS} at most: {sql[:80]}...")
    return cast(list[dict[str, object]], data.to_pylist())


_newest: dict[str, LakeSnapshot] = {}
_newest_lock = threading.Lock()


def newest_snapshot(path: str, fresh_s: float = FRESH_S) -> LakeSnapshot:
    """Return the lake as it is now, or was at most `fresh_s` ago. An unchanged lake keeps its snapshot and answers.

    Raises:
        ConfigError: there is no lake.
    """
    with _newest_lock:
        last = _newest.get(path)
        if last is not None and time.time() - last.opened_at < fresh_s:
            return last
        snapshot = LakeSnapshot(Lake(LakeSettings(path=path)))
        if last is not None and last.versions == snapshot.versions:
            last.opened_at = snapshot.opened_at
            return last
        _newest[path] = snapshot  # pages that still use the last one finish with it
        return snapshot
