"""Time the dashboard's pages on a lake of a million attempts: prints one JSON line, exit 1 where a page is slow.

    .venv/bin/python -m bench.dashboard [--attempts 1000000] [--lake FOLDER] [--browser]

The lake is synthetic (bench/big_lake.py), in a temporary folder or in FOLDER, where it stays for later runs. Every page
is run by Streamlit's AppTest in one process, as the server does. `first_s` is the first run, which queries the lake;
`warm_s` is the median of five more runs; `moved_s` is the first run with another item picked (problem, pair, mutant or
reason), which no run has queried before. `--browser` also times Chromium, after every page was seen once: from the
click on a page's name until the page is drawn.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from streamlit.testing.v1 import AppTest

from bench.big_lake import build
from bench.browser import open_page
from bench.dashboard_server import PAGES as ADDRESSES
from bench.dashboard_server import open_url, serve_dashboard, visit_page
from dashboards.page import LAKE
from storage.lake import Lake, LakeSettings

PAGES = ("overview", "pass_at_k", "scores", "problem", "drops", "efficiency", "strength")
PICKERS = {"scores": "Pair", "problem": "Problem", "drops": "Reason", "efficiency": "Pair", "strength": "Problem"}
"""Label of the box that picks another item, by page; the other pages have none."""
LIMIT_S, WARM_RUNS = 2.0, 5


def folder_mib(path: Path) -> float:
    """Return the size of all files in a folder."""
    return round(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / (1 << 20), 1)


def run_page(app: AppTest) -> float:
    """Run a page once and return the seconds; a page that fails ends the measurement."""
    began = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - began
    if app.exception or app.error:
        sys.exit(f"page failed: {[e.value for e in (*app.exception, *app.error)]}")
    return seconds


def time_page(name: str) -> dict[str, float]:
    """Return the seconds of the first run of a page, of later runs, and of a run with another item picked."""
    source = f"from dashboards.pages import {name}\n{name}.page()"
    first_s = run_page(AppTest.from_string(source, default_timeout=300))
    app = AppTest.from_string(source, default_timeout=300)
    warm_s = [run_page(app) for _ in range(WARM_RUNS)]
    figures = {
        "first_s": round(first_s, 2),
        "warm_s": round(statistics.median(warm_s), 3),
        "warm_most_s": round(max(warm_s), 3),
    }
    if name in PICKERS:
        [box] = [box for box in app.selectbox if box.label == PICKERS[name]]
        box.select_index(1)
        figures["moved_s"] = round(run_page(app), 3)
    return figures


def time_browser(root: Path) -> dict[str, float]:
    """Return, by page, the seconds from the click on its name until it is drawn, after every page was seen once."""
    with serve_dashboard(root) as url, open_page() as record:
        open_url(record.page, url, 300)
        for address in ADDRESSES:
            visit_page(record.page, address, 300)
        return {address: round(visit_page(record.page, address), 2) for address in ADDRESSES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=1_000_000)
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        root = arguments.lake or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lake-"))) / "lake"
        lake = Lake(LakeSettings(path=str(root)))
        began = time.monotonic()
        rows = {} if lake.exists() else build(lake, arguments.attempts, log=lambda text: print(text, file=sys.stderr))
        build_s = round(time.monotonic() - began, 1)
        os.environ[LAKE] = str(root)
        pages = {name: time_page(name) for name in PAGES}
        report = {
            "rows": rows, "lake_mib": folder_mib(root), "build_s": build_s, "pages": pages,
            "browser_s": time_browser(root) if arguments.browser else None,
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip
    print(json.dumps(report))
    slow_pages = [name for name, figures in pages.items() if figures["warm_s"] >= LIMIT_S]
    if slow_pages:
        print(f"slower than {LIMIT_S} s when warm: {', '.join(slow_pages)}", file=sys.stderr)
    return 1 if slow_pages else 0


if __name__ == "__main__":
    sys.exit(main())
