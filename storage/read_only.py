"""SQL that a person wrote may read the lake and make tables in memory; it writes no file and reads no other."""

from __future__ import annotations  # types of DuckDB that a function holds on to are leaks that it reports at exit

import re

import duckdb

from storage.errors import ConfigError

_MADE = ("table", "view", "macro")
_WRITES = re.compile(r'"name": "(\w*COPY\w*|JSON_EXECUTE_SERIALIZED_SQL)"')
"""Operators of a plan that write files, or that run SQL which the plan does not show."""


def lock(db: duckdb.DuckDBPyConnection, root: str) -> None:
    """Leave a connection the files below `root` and its spill, load no extension, and let nothing change this."""
    quoted = root.replace("'", "''")
    db.execute(f"set allowed_directories = ['{quoted}']")
    for option in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_persistent_secrets"):
        db.execute(f"set {option} = false")
    db.execute("set enable_external_access = false")
    db.execute("set lock_configuration = true")


def check(db: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Refuse a statement that does more than read, or make a table, view or macro in memory. True if it brings rows.

    DuckDB calls a query with `copy ... to` in its `with` clause a SELECT, so the plan is looked at, too. What the
    statement needs must exist by now: a text is checked and run statement by statement.

    Raises:
        ConfigError: it does more.
        duckdb.Error: it is not valid SQL over these views.
    """
    query, words = statement.query, _words(statement.query)
    try:
        kind = statement.type.name
    except ValueError:  # a kind that the client has no name for
        kind = "OTHER"
    if kind == "EXPLAIN":
        place = words[2 if words[1][1] in ("analyze", "analyse") else 1][0]
        [asked] = duckdb.extract_statements(query.encode()[place:].decode())
        return check(db, asked) or True
    if kind == "MULTI":  # DuckDB looks for the values by running a part of it before there is a plan
        raise ConfigError("SQL: a pivot must name its values here: pivot ... on NAME in ('a', 'b')")
    made = next((word for _, word in words[1:] if word not in ("or", "replace", "temp", "temporary")), "")
    if kind not in ("SELECT", "DROP") and not (kind == "CREATE" and made in _MADE):
        said = " ".join(word for _, word in words[:2])
        raise ConfigError(
            f"SQL: {said} ...: only queries may be asked here, and tables, views and macros made in memory; "
            "--out FILE writes a file"
        )
    if kind == "SELECT" or (kind == "CREATE" and made == "table"):
        plan = "".join(row[1] for row in db.execute(f"explain (format json) {query}").fetchall())
        if found := _WRITES.search(plan):
            raise ConfigError(f"SQL: {found[1].lower()}: a query only reads here; --out FILE writes a file")
    return kind == "SELECT"


def ends(sql: str) -> bool:
    """Whether a text is done: its last word is a semicolon, one that stands in no string and no comment."""
    return [word for _, word in _words(sql)][-1:] == [";"]


def told(error: duckdb.Error) -> str:
    """DuckDB's message in one line: what is wrong, the names it thinks were meant, and where."""
    text = str(error)
    first, *more = [line.strip() for line in text.split("\nLINE ")[0].splitlines() if line.strip()]
    hints = [
        line for line in more if re.match(r'Did you mean "(?!pg_|duckdb_|sqlite_)|Candidate (bindings|tables)', line)
    ]
    said = " ".join([re.sub(r"^\w+( \w+)* Error: ", "", first), *hints])
    marked = re.search(r"\nLINE (\d+: )(.*)\n( *)\^", text)
    if marked is None:
        return f"SQL: {said}"
    start = len(marked[3]) - len("LINE " + marked[1])
    return f"SQL: {said} (line {marked[1][:-2]}, at {marked[2][start : start + 40].strip()!r})"


def _words(sql: str) -> list[tuple[int, str]]:
    """Where each word begins, in bytes, and the word in small letters; comments are none."""
    data, marks = sql.encode(), duckdb.tokenize(sql)
    stops = [place for place, _ in marks[1:]] + [len(data)]
    return [
        (place, data[place:stop].decode(errors="replace").strip().lower())
        for (place, kind), stop in zip(marks, stops, strict=False)  # of no words there is one stop
        if kind != duckdb.token_type.comment
    ]
