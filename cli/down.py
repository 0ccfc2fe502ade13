"""`patchmill down`: end what `patchmill up` started."""

from cli.options import JsonOption, print_json, print_table, stderr


def command(as_json: JsonOption = False) -> None:
    """End the server, workers, runs and dashboard with all their processes. What runs have committed stays."""
    from cli.background import end_processes
    from tasks.models.settings import home

    with stderr.status("ending ..."):
        ended = end_processes(home() / "up", last="server")
    rows = [{"part": process.name, "pid": process.pid, "state": "ended"} for process in ended]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows)
    else:
        stderr.print("nothing is running")
