"""SQL that a person wrote may read the lake and create tables in memory; it writes no file and reads no other."""

from __future__ import annotations  # types of DuckDB that a function holds on to are leaks that it reports at exit

import re

import duckdb

from storage.errors import ConfigError

_CREATABLE = ("table", "view", "macro")
_WRITING_OPERATOR = re.compile(r'"name": "(\w*COPY\w*|JSON_EXECUTE_SERIALIZED_SQL)"')
"""Operators of a plan that write files, or that run SQL which the plan does not show."""


def restrict_access(db: duckdb.DuckDBPyConnection, root: str) -> None:
    """Leave a connection the files below `root` and its own spill files, without extensions; make this irrevocable."""
    quoted = root.replace("'", "''")
    db.execute(f"set allowed_directories = ['{quoted}']")
    for option in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_persistent_secrets"):
        db.execute(f"set {option} = false")
    db.execute("set enable_external_access = false")
    db.execute("set lock_configuration = true")


def require_read_only(db: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Refuse a statement, unless it only reads, or creates a table, view or macro in memory.

    DuckDB calls a query with `copy ... to` in its `with` clause a SELECT, so its plan is checked, too. For a plan, what
    the statement names must exist: check and run a text statement by statement.

    Returns:
        Whether the statement returns rows.

    Raises:
        ConfigError: it does more.
        duckdb.Error: it is not valid SQL over the views of the connection.
    """
    query, words = statement.query, _split_words(statement.query)
    try:
        kind = statement.type.name
    except ValueError:  # a kind that the client has no name for
        kind = "OTHER"
    if kind == "EXPLAIN":
        start = words[2 if words[1][1] in ("analyze", "analyse") else 1][0]
        [explained] = duckdb.extract_statements(query.encode()[start:].decode())
        return require_read_only(db, explained) or True
    if kind == "MULTI":  # DuckDB runs a part of it to find the values, before there is a plan
        raise ConfigError("SQL: a pivot must name its values here: pivot ... on NAME in ('a', 'b')")
    created = next((word for _, word in words[1:] if word not in ("or", "replace", "temp", "temporary")), "")
    if kind not in ("SELECT", "DROP") and not (kind == "CREATE" and created in _CREATABLE):
        start_of_text = " ".join(word for _, word in words[:2])
        raise ConfigError(
            f"SQL: {start_of_text} ...: expected queries, or tables, views and macros created in memory; "
            "--out FILE writes a file"
        )
    if kind == "SELECT" or (kind == "CREATE" and created == "table"):
        plan = "".join(row[1] for row in db.execute(f"explain (format json) {query}").fetchall())
        if operator := _WRITING_OPERATOR.search(plan):
            raise ConfigError(f"SQL: {operator[1].lower()}: expected a query that only reads; --out FILE writes a file")
    return kind == "SELECT"


def is_complete(sql: str) -> bool:
    """Return whether the last word of a text is a semicolon, outside strings and comments."""
    return [word for _, word in _split_words(sql)][-1:] == [";"]


def one_line(error: duckdb.Error) -> str:
    """Return DuckDB's message in one line: what is wrong, the names that were perhaps meant, and where."""
    text = str(error)
    first, *more = [line.strip() for line in text.split("\nLINE ")[0].splitlines() if line.strip()]
    hints = [
        line for line in more if re.match(r'Did you mean "(?!pg_|duckdb_|sqlite_)|Candidate (bindings|tables)', line)
    ]
    message = " ".join([re.sub(r"^\w+( \w+)* Error: ", "", first), *hints])
    marked = re.search(r"\nLINE (\d+: )(.*)\n( *)\^", text)
    if marked is None:
        return f"SQL: {message}"
    start = len(marked[3]) - len("LINE " + marked[1])
    return f"SQL: {message} (line {marked[1][:-2]}, at {marked[2][start : start + 40].strip()!r})"


def _split_words(sql: str) -> list[tuple[int, str]]:
    """Return each word in small letters with the byte where it begins; leave comments out."""
    data, marks = sql.encode(), duckdb.tokenize(sql)
    ends = [start for start, _ in marks[1:]] + [len(data)]
    return [
        (start, data[start:end].decode(errors="replace").strip().lower())
        for (start, kind), end in zip(marks, ends, strict=False)  # a text without words has an end, too
        if kind != duckdb.token_type.comment
    ]
