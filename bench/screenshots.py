"""Pictures of every page of the dashboard, taken by Chromium: `bench/screenshots.py LAKE FOLDER [--prefect URL]`.

The problem page is taken twice: as it opens, with the first repaired program unfolded, and (matrix) for the problem
whose generated tests tell most apart. `--prefect` adds pictures of the last scheduled refresh that had something to do,
in the UI of the server there. Prints one JSON line with the files, the hosts that the pages asked, and errors of their
scripts; exit 1 where a host is not this machine, or an error was thrown.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from PIL import Image
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import FlowRunSort

from bench.browser import Browser, opened
from bench.served import DRAWN, PAGES, click, served
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings

UNFOLD = "document.querySelectorAll('.pm-tree details:has(details)')[0]?.setAttribute('open', '')"
MOST_KIB = 150
TOLD_APART = "select problem_id from rankings order by tests - constant_tests desc, problem_id limit 1"


def shot(browser: Browser, path: Path) -> str:
    """A picture of the page in as many colours as fit into MOST_KIB: text and flat areas need few."""
    browser.screenshot(path)
    with Image.open(path) as file:
        picture = file.convert("RGB")
    for colours in (256, 128, 64):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_KIB * 1024:
            break
    return f"{path} {path.stat().st_size // 1024} KiB"


def of_prefect(url: str, folder: Path) -> tuple[list[str], set[str]]:
    """The run's page with its artifacts, its tables, and the form of its parameters; files and hosts asked."""
    with SyncPrefectClient(api=f"{url}/api") as client:
        tables = {(one.flow_run_id, one.key): one.id for one in client.read_artifacts()}
        runs = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC)
        run = next(run for run in runs if run.auto_scheduled and (run.id, "live") in tables)
    pages = {
        "run": f"/runs/flow-run/{run.id}",
        **{key: f"/artifacts/artifact/{tables[run.id, key]}" for key in ("live", "funnel", "summary")},
        "form": f"/deployments/deployment/{run.deployment_id}/run",
    }
    files = []
    with opened() as browser:
        for name, path in pages.items():
            browser.open(url + path)
            time.sleep(8)  # drawn in several steps; none of them says that it is the last
            if name == "run":
                browser.js("document.querySelector('li#artifacts').click()")
                time.sleep(3)
            files.append(shot(browser, folder / f"prefect-{name}.png"))
        return files, browser.hosts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prefect", help="of a server: http://127.0.0.1:4200")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with Catalog(Lake(LakeSettings(path=str(arguments.lake)))) as catalog:
        told_apart = [row["problem_id"] for row in catalog.rows(TOLD_APART)]
    files = []
    with served(arguments.lake) as url, opened() as browser:
        browser.open(url)
        browser.wait(DRAWN, 120)
        for page in PAGES:
            click(browser, page)
            browser.js(UNFOLD)
            files.append(shot(browser, arguments.folder / f"dashboard-{page}.png"))
        for problem in told_apart:
            browser.open(f"{url}/problem?problem={problem}")
            browser.wait(DRAWN, 120)
            files.append(shot(browser, arguments.folder / "dashboard-matrix.png"))
        hosts, errors = browser.hosts, browser.errors
    if arguments.prefect:
        more, asked = of_prefect(arguments.prefect, arguments.folder)
        files, hosts = files + more, hosts | asked
    print(json.dumps({"files": files, "hosts": sorted(hosts), "errors": errors}))
    return 1 if errors or hosts - {"127.0.0.1"} else 0


if __name__ == "__main__":
    sys.exit(main())
