"""`patchmill down`: end what `patchmill up` has started."""

from cli.options import JsonOption, print_json, print_table, stderr


def command(as_json: JsonOption = False) -> None:
    """End server, workers, runs and dashboard, and whatever they have started. What runs have committed stays."""
    from cli.background import end
    from tasks.models.settings import home

    with stderr.status("ending ..."):
        ended = end(home() / "up", last="server")
    rows = [{"part": one.name, "pid": one.pid, "state": "ended"} for one in ended]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        stderr.print("nothing was up")
