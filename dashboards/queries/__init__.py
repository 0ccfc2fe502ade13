"""The queries of pages: each is a statement of dashboards/sql with the type of the rows that answer it."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

SQL = Path(__file__).parents[1] / "sql"
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


@dataclass(frozen=True)
class PageQuery(Generic[AnswerT_co]):
    """One statement. Its text takes parameters as `$name`."""

    name: str
    """Its file is dashboards/sql/NAME.sql."""
    answer: type[AnswerT_co]
    """A row: a TypedDict of all columns, or dict[str, object] where pages only show the row."""

    @property
    def sql(self) -> str:
        """The text of the statement."""
        return read_sql(self.name)


@cache
def read_sql(name: str) -> str:
    """Return the text of dashboards/sql/NAME.sql."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


@cache
def temp_tables(sql: str) -> tuple[str, ...]:
    """Return the names of dashboards/sql/temp that a statement uses."""
    words = set(re.findall(r"\w+", re.sub("--.*", "", sql)))
    return tuple(sorted(path.stem for path in (SQL / "temp").glob("*.sql") if path.stem in words))
