"""`patchmill down`: end what `patchmill up` has started."""

from cli.options import JsonOption, print_json, print_rows, words


def command(as_json: JsonOption = False) -> None:
    """End server, workers, runs and dashboard, and whatever they have started. What runs have committed stays."""
    from cli.background import end
    from tasks.models.settings import home

    with words.status("ending ..."):
        ended = end(home() / "up", last="server")
    rows = [{"part": one.name, "pid": one.pid, "state": "ended"} for one in ended]
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(rows)
    else:
        words.print("nothing was up")
