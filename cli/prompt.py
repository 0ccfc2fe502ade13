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
from storage.catalog import Catalog, offers
from storage.errors import PatchmillError
from storage.read_only import ends
from storage.tables import TABLES

HELP = r"\d lists what can be asked, \d NAME its columns, \q or Ctrl-D leaves; a statement ends with ;"
SQL_WORDS = """
select distinct from where group by all having qualify order asc desc nulls first last limit offset join left right full
inner cross anti semi using on as with recursive union except intersect and or not in is null like ilike between exists
case when then else end count sum avg min max median round coalesce filter over partition row_number unnest list create
temp table view macro replace drop describe summarize explain analyze true false interval cast values
"""


def talk(catalog: Catalog, show: Callable[[pa.Table], None]) -> None:
    """Answer what a person types until they leave. Ctrl-C drops the line, or stops the query that runs."""
    session: PromptSession[str] = PromptSession(
        history=_history(),
        multiline=Condition(lambda: not _done(get_app().current_buffer.text)),
        prompt_continuation="      ...> ",
        complete_while_typing=False,
        enable_history_search=True,
    )
    stderr.print(HELP, markup=False)
    while True:
        try:
            text = session.prompt("patchmill> ", completer=completer(catalog)).strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.rstrip("; ") in (r"\q", "exit", "quit"):
            return
        try:
            if text.startswith("\\"):
                _help(catalog, text.rstrip("; "))
            else:
                for data in catalog.answers(text):
                    show(data)
        except PatchmillError as error:
            stderr.print(str(error), markup=False, soft_wrap=True)
        except KeyboardInterrupt:
            stderr.print("stopped")


def _done(text: str) -> bool:
    """Whether Enter hands the text over, rather than begin another line."""
    text = text.strip()
    return not text or text.startswith("\\") or text in ("exit", "quit") or ends(text)


def _help(catalog: Catalog, text: str) -> None:
    match text.split():
        case ["\\d"]:
            print_table({"name": offer.name + offer.parameters, "a row is": offer.about} for offer in offers())
        case ["\\d", name]:
            columns = catalog.rows(
                "select column_name as name, data_type as type from duckdb_columns() where table_name = $name",
                name=name,
            )
            for table in TABLES:
                if table.name == name:
                    columns = [
                        {**c, "what": table.schema.field(c["name"]).metadata[b"about"].decode()} for c in columns
                    ]
            for offer in offers():
                if offer.name == name:
                    stderr.print(f"{name}{offer.parameters}: {offer.about}", markup=False)
            print_table(columns)
        case _:
            stderr.print(HELP, markup=False)


def completer(catalog: Catalog) -> WordCompleter:
    """Words of SQL, and every table, view, macro and column."""
    columns = catalog.rows(
        "select column_name as name, string_agg(table_name, ', ' order by table_name) as tables from duckdb_columns() "
        "where not internal group by column_name"
    )
    made = catalog.rows("select table_name as name from duckdb_tables() where not internal")
    what = dict.fromkeys(SQL_WORDS.split(), "")
    what |= {column["name"]: f"in {column['tables']}" for column in columns}
    what |= {table["name"]: "made here" for table in made}
    what |= {offer.name: offer.about for offer in offers()}
    return WordCompleter(sorted(what), meta_dict=what, ignore_case=True)


def _history() -> History:
    """In the user's state folder, for them alone; in memory where it can't be written."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "patchmill"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "sql_history").touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(folder / "sql_history"))
