"""The prompt of `patchmill sql`: history, completion, and statements that go on until their semicolon."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from cli.options import print_table, stderr
from cli.stopping import ctrl_c_interrupts
from storage.catalog import Catalog
from storage.columns import describe_column
from storage.errors import PatchmillError
from storage.read_only import is_complete
from storage.statements import list_entries
from storage.tables import TABLES

HELP = r"\d lists tables, views and macros, \d NAME its columns, \q or Ctrl-D leaves; a statement ends with ;"
SQL_WORDS = """
select distinct from where group by all having qualify order asc desc nulls first last limit offset join left right full
inner cross anti semi using on as with recursive union except intersect and or not in is null like ilike between exists
case when then else end count sum avg min max median round coalesce filter over partition row_number unnest list create
temp table view macro replace drop describe summarize explain analyze true false interval cast values
"""


def run_prompt(catalog: Catalog, print_answer: Callable[[pa.Table], None]) -> None:
    """Answer statements until the user leaves. Ctrl-C drops the line, or stops the running query."""
    session: PromptSession[str] = PromptSession(
        history=_history(),
        multiline=Condition(lambda: not _is_complete(get_app().current_buffer.text)),
        prompt_continuation="      ...> ",
        complete_while_typing=False,
        enable_history_search=True,
    )
    stderr.print(HELP, markup=False)
    with ctrl_c_interrupts():
        _answer_statements(catalog, print_answer, session)


def _answer_statements(
    catalog: Catalog, print_answer: Callable[[pa.Table], None], session: "PromptSession[str]"
) -> None:
    while True:
        try:
            text = session.prompt("patchmill> ", completer=make_completer(catalog)).strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.rstrip("; ") in (r"\q", "exit", "quit"):
            return
        try:
            if text.startswith("\\"):
                _run_backslash(catalog, text.rstrip("; "))
            else:
                for data in catalog.run_user_sql(text):
                    print_answer(data)
        except PatchmillError as error:
            stderr.print(str(error), markup=False, soft_wrap=True)
        except KeyboardInterrupt:
            stderr.print("stopped")


def _is_complete(text: str) -> bool:
    """Return whether Enter submits the text, instead of starting another line."""
    text = text.strip()
    return not text or text.startswith("\\") or text in ("exit", "quit") or is_complete(text)


def _run_backslash(catalog: Catalog, text: str) -> None:
    match text.split():
        case ["\\d"]:
            print_table(
                {"name": entry.name + entry.parameters, "a row is": entry.description} for entry in list_entries()
            )
        case ["\\d", name]:
            for entry in list_entries():
                if entry.name == name:
                    stderr.print(f"{name}{entry.parameters}: {entry.description}", markup=False)
            print_table(_column_rows(catalog, name))
        case _:
            stderr.print(HELP, markup=False)


def _column_rows(catalog: Catalog, name: str) -> list[dict[str, object]]:
    """Return name and type of each column; those of a table with what they hold."""
    catalog.create_all_views()
    columns = catalog.rows(
        "select column_name as name, data_type as type from duckdb_columns() where table_name = $name", name=name
    )
    schema = next((table.schema for table in TABLES if table.name == name), None)
    if schema is None:
        return columns
    return [{**column, "what": describe_column(schema.field(column["name"]))} for column in columns]


def make_completer(catalog: Catalog) -> WordCompleter:
    """Return a completer of SQL's words and of every table, view, macro and column."""
    catalog.create_all_views()
    columns = catalog.rows(
        "select column_name as name, string_agg(table_name, ', ' order by table_name) as tables from duckdb_columns() "
        "where not internal group by column_name"
    )
    tables = catalog.rows("select table_name as name from duckdb_tables() where not internal")
    notes = dict.fromkeys(SQL_WORDS.split(), "")
    notes |= {column["name"]: f"in {column['tables']}" for column in columns}
    notes |= {table["name"]: "created in this session" for table in tables}
    notes |= {entry.name: entry.description for entry in list_entries()}
    return WordCompleter(sorted(notes), meta_dict=notes, ignore_case=True)


def _history() -> History:
    """Return the history in the user's state folder, readable by that user only; in memory if it is not writable."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "patchmill"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "sql_history").touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(folder / "sql_history"))
