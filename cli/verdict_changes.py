"""`patchmill judge --since VERSION`: show where the newest judge disagrees with an older one."""

from collections import Counter
from typing import TypedDict, cast

from cli.options import open_lake, print_json, print_table, stdout
from storage.catalog import Catalog
from storage.errors import ConfigError

MOST_PROGRAMS = 50
"""Programs listed in the table; --json has no limit."""
PROGRAM_COLUMNS = ("source", "source_id", "attempt_id", "kind", "old_verdict", "new_verdict", "feedback")


class VerdictChange(TypedDict):
    """Columns of the macro verdict_changes that are counted."""

    old_verdict: str
    new_verdict: str
    old_flags: list[str]
    new_flags: list[str]


def print_changes(lake: str | None, since: int, as_json: bool) -> None:
    """Print all changed verdicts as JSON, or a table that counts them and a table of the first programs.

    Raises:
        ConfigError: the lake holds no verdict of that version, or none of a newer one.
    """
    with Catalog(open_lake(lake)) as catalog:
        versions = [row["v"] for row in catalog.rows("select distinct judge_version as v from executions order by v")]
        changes = catalog.rows(
            "select * from verdict_changes($since) order by source, source_id, attempt_id", since=since
        )
    if since not in versions or since == versions[-1]:
        fault = "no verdict of that version" if since not in versions else "no verdict of a newer judge"
        raise ConfigError(
            f"--since {since}: {fault} in the lake (versions: {', '.join(map(str, versions)) or 'none'}); "
            "`patchmill run CONFIG --only execute` judges everything by the newest judge"
        )
    if as_json:
        print_json(changes)
        return
    counts = Counter(map(_old_and_new, cast(list[VerdictChange], changes)))
    rows = [{"was": old, "is": new, "programs": count} for (old, new), count in counts.most_common()]
    print_table(rows, title=f"Verdicts since judge {since}")
    programs = [{name: change[name] for name in PROGRAM_COLUMNS} for change in changes[:MOST_PROGRAMS]]
    print_table(programs, title="Programs")
    if len(changes) > MOST_PROGRAMS:
        stdout.print(f"... and {len(changes) - MOST_PROGRAMS} more programs: --json lists all")


def _old_and_new(change: VerdictChange) -> tuple[str, str]:
    """Return both verdicts, each with its flags."""
    old = " ".join([change["old_verdict"], *change["old_flags"]])
    return old, " ".join([change["new_verdict"], *change["new_flags"]])
