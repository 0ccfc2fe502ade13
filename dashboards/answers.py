"""What the pages ask the lake: the statements of dashboards/sql, each answered once per version of the lake.

A statement counts and cuts in DuckDB and brings at most `MOST_ROWS` rows. Those of dashboards/sql/temp become tables
of the connection when the first statement that names one is asked: what several pages need is worked out once.
"""

import re
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from storage.catalog import Catalog, Versions
from storage.errors import ConfigError, LakeError
from storage.lake import Lake, LakeSettings
from storage.tables import TABLES

SQL = Path(__file__).parent / "sql"
MOST_ROWS = 5000
MOST_KEPT = 500
"""Answers of one version; what nobody asked for longest goes first."""
FRESH_S = 30.0
"""How long pages show one version while a run writes the next ones."""
Rows = list[dict[str, Any]]


@cache
def statement(name: str) -> str:
    """The text of dashboards/sql/NAME.sql."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


@cache
def prepared(sql: str) -> tuple[str, ...]:
    """Names of dashboards/sql/temp that a statement uses."""
    words = set(re.findall(r"\w+", re.sub("--.*", "", sql)))
    return tuple(sorted(path.stem for path in (SQL / "temp").glob("*.sql") if path.stem in words))


class Answers:
    """The lake at one version of every table; threads may share it."""

    def __init__(self, lake: Lake, versions: Versions | None = None) -> None:
        """Pin the versions named (None: the table did not exist), and the newest of the other tables.

        Raises:
            ConfigError: there is no lake.
        """
        self.lake = lake
        self._pinned: dict[str, int | None] = {table.name: None for table in TABLES}
        self._pinned |= {**lake.versions(), **(versions or {})}
        self.versions = {name: version for name, version in self._pinned.items() if version is not None}
        self.looked_at = time.time()
        if "problems" not in self.versions:
            raise ConfigError(
                f"{lake.root}: no lake there; `patchmill run CONFIG` makes one, --lake PATH names another"
            )
        self._catalog: Catalog | None = None
        self._made: set[str] = set()
        self._kept: dict[tuple[str, tuple[tuple[str, Any], ...]], Rows] = {}
        self._lock = threading.Lock()  # a DuckDB connection answers one thread at a time

    def ask(self, name: str, **values: Any) -> Rows:
        """The rows of a statement; `$name` in its text takes `values[name]`. Don't change what you get.

        Raises:
            LakeError: a file could not be read, or memory ran out, or the statement brings too many rows.
        """
        key = (name, tuple(sorted(values.items())))
        with self._lock:
            found = self._kept.pop(key) if key in self._kept else self._answer(statement(name), values)
            self._kept[key] = found  # last again
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return found

    def _answer(self, sql: str, values: Mapping[str, Any]) -> Rows:
        self._catalog = self._catalog or Catalog(self.lake, self._pinned)
        for temp in prepared(sql):
            if temp not in self._made:
                self._catalog.rows(f"create temp table {temp} as {statement(f'temp/{temp}')}")
                self._made.add(temp)
        found = self._catalog.arrow(sql, **values)
        if found.num_rows > MOST_ROWS:
            raise LakeError(f"a page asked for {found.num_rows} rows, expected {MOST_ROWS} at most: {sql[:80]}...")
        rows: Rows = found.to_pylist()
        return rows

    def close(self) -> None:
        with self._lock:
            if self._catalog is not None:
                self._catalog.close()


_HELD: dict[str, Answers] = {}
_LOOKING = threading.Lock()


def newest(path: str, fresh_s: float = FRESH_S) -> Answers:
    """The lake as it is now, or was at most `fresh_s` ago; answers are kept until it has changed.

    Raises:
        ConfigError: there is no lake.
    """
    with _LOOKING:
        held = _HELD.get(path)
        if held is not None and time.time() - held.looked_at < fresh_s:
            return held
        found = Answers(Lake(LakeSettings(path=path)))
        if held is not None and held.versions == found.versions:
            held.looked_at = found.looked_at
            return held
        _HELD[path] = found  # pages that still hold the old one finish with it
        return found
