"""`patchmill judge --since VERSION`: where the newest judge disagrees with an older one."""

from collections import Counter

from cli.options import open_lake, print_json, print_table, stdout
from storage.catalog import Catalog
from storage.errors import ConfigError

SHOWN = 50


def tell(lake: str | None, since: int, as_json: bool) -> None:
    """All changes as JSON, or a table of how many went from what to what, and the first of them.

    Raises:
        ConfigError: no verdict of that version, or none of a newer one, is in the lake.
    """
    with Catalog(open_lake(lake)) as catalog:
        found = catalog.rows("select distinct judge_version as v from executions order by v")
        changes = catalog.rows(
            "select * from verdict_changes($since) order by source, source_id, attempt_id", since=since
        )
    versions = [row["v"] for row in found]
    if since not in versions or since == versions[-1]:
        known = ", ".join(map(str, versions)) or "none"
        what = "no verdict of that version" if since not in versions else "no verdict of a newer judge"
        raise ConfigError(
            f"--since {since}: {what} in the lake (versions: {known}); "
            "`patchmill run CONFIG --only execute` judges everything by the judge of today"
        )
    if as_json:
        print_json(changes)
        return
    kinds = Counter((_said(c, "old"), _said(c, "new")) for c in changes)
    rows = [{"was": was, "is": now, "programs": n} for (was, now), n in kinds.most_common()]
    print_table(rows, title=f"Verdicts since judge {since}")
    columns = ("source", "source_id", "attempt_id", "kind", "old_verdict", "new_verdict", "feedback")
    print_table([{name: change[name] for name in columns} for change in changes[:SHOWN]], title="Programs")
    if len(changes) > SHOWN:
        stdout.print(f"and {len(changes) - SHOWN} more: --json gives all")


def _said(change: dict[str, object], age: str) -> str:
    flags = change[f"{age}_flags"]
    assert isinstance(flags, list)
    return " ".join([str(change[f"{age}_verdict"]), *flags])
