"""How long the dashboard's pages take on a lake of a million attempts: prints one JSON line, exit 1 where one is slow.

    .venv/bin/python -m bench.dashboard [--attempts 1000000] [--lake FOLDER] [--browser]

The lake is made up (bench/big_lake.py) in a temporary folder, or in FOLDER, where it stays and is used again. Every
page is run by Streamlit's AppTest: `first` asks the lake, `warm` is the median of five more runs, `moved` is the first
run with something else picked (another problem, pair, mutant or reason) that nobody asked for before. All are of one
process, as the server's. `--browser` also times a real one: from the click on a page's name until it is drawn, when
every page was seen once.
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
from typing import Any

from streamlit.testing.v1 import AppTest

from bench.big_lake import build
from bench.browser import opened
from bench.served import DRAWN, click, served
from bench.served import PAGES as PAGES_BY_NAME
from dashboards.page import LAKE
from storage.lake import Lake, LakeSettings

PAGES = ("overview", "pass_at_k", "scores", "problem", "drops", "efficiency", "strength")
MOVED = {"scores": "Pair", "problem": "Problem", "drops": "Reason", "efficiency": "Pair", "strength": "Problem"}
"""What is picked anew; the other pages let nobody pick what they have not asked for."""
LIMIT_S, WARM = 2.0, 5


def folder_mib(path: Path) -> float:
    return round(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / (1 << 20), 1)


def run(app: AppTest) -> float:
    """Seconds of one run; a page that failed ends the bench."""
    start = time.perf_counter()
    app.run()
    took = time.perf_counter() - start
    if app.exception or app.error:
        sys.exit(f"page failed: {[e.value for e in (*app.exception, *app.error)]}")
    return took


def timed(name: str) -> dict[str, Any]:
    def fresh() -> AppTest:
        return AppTest.from_string(f"from dashboards.pages import {name}\n{name}.page()", default_timeout=300)

    first = run(fresh())
    app = fresh()
    warm = [run(app) for _ in range(WARM)]
    figures = {
        "first_s": round(first, 2),
        "warm_s": round(statistics.median(warm), 3),
        "warm_most_s": round(max(warm), 3),
    }
    if name in MOVED:
        [box] = [box for box in app.selectbox if box.label == MOVED[name]]
        box.select_index(1)
        figures["moved_s"] = round(run(app), 3)
    return figures


def in_browser(root: Path) -> dict[str, float]:
    """Seconds from the click on a page's name until it is drawn, when every page was seen once."""
    with served(root) as url, opened() as browser:
        browser.open(url)
        browser.wait(DRAWN, 300)
        for page in PAGES_BY_NAME:
            click(browser, page, 300)
        return {page: round(click(browser, page), 2) for page in PAGES_BY_NAME}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=1_000_000)
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        root = arguments.lake or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lake-"))) / "lake"
        lake = Lake(LakeSettings(path=str(root)))
        start = time.monotonic()
        rows = {} if lake.exists() else build(lake, arguments.attempts, told=lambda text: print(text, file=sys.stderr))
        built = round(time.monotonic() - start, 1)
        os.environ[LAKE] = str(root)
        pages = {name: timed(name) for name in PAGES}
        report = {
            "rows": rows, "lake_mib": folder_mib(root), "build_s": built, "pages": pages,
            "browser_s": in_browser(root) if arguments.browser else None,
            "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip
    print(json.dumps(report))
    slow = [name for name, figures in pages.items() if figures["warm_s"] >= LIMIT_S]
    if slow:
        print(f"too slow: {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
