"""Take pictures of every page of the dashboard with Chromium: prints one JSON line.

    .venv/bin/python -m bench.screenshots LAKE FOLDER [--prefect URL]

The problem page is taken twice: as it opens, with the first repaired program unfolded, and (`matrix`) for the problem
whose generated tests distinguish most programs. `--prefect` adds pictures of the last scheduled refresh that had work
to do, in the UI of that server. The line names the files, the hosts that the pages asked, and errors of their scripts;
exit 1 where a host is not this machine, or a script threw an error.
"""

import argparse
import json
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import FlowRunSort

from bench.browser import open_page, save_screenshot
from bench.dashboard_server import PAGES, open_url, serve_dashboard, visit_page
from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings

UNFOLD = "document.querySelectorAll('.pm-tree details:has(details)')[0]?.setAttribute('open', '')"
MAX_KIB = 150
MATRIX_PROBLEM = "select problem_id from rankings order by tests - constant_tests desc, problem_id limit 1"


def save_picture(page: Page, path: Path) -> str:
    """Write a picture in as many colours as fit into MAX_KIB (text and flat areas need few); return name and size."""
    save_screenshot(page, path)
    with Image.open(path) as file:
        picture = file.convert("RGB")
    for colours in (256, 128, 64):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MAX_KIB * 1024:
            break
    return f"{path} {path.stat().st_size // 1024} KiB"


def save_prefect_pictures(url: str, folder: Path) -> tuple[list[str], set[str]]:
    """Save the run's page with its artifacts, its tables, and the form of its parameters; return files and hosts."""
    with SyncPrefectClient(api=f"{url}/api") as client:
        tables = {(artifact.flow_run_id, artifact.key): artifact.id for artifact in client.read_artifacts()}
        runs = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC)
        run = next(run for run in runs if run.auto_scheduled and (run.id, "live") in tables)
    addresses = {
        "run": f"/runs/flow-run/{run.id}",
        **{key: f"/artifacts/artifact/{tables[run.id, key]}" for key in ("live", "funnel", "summary")},
        "form": f"/deployments/deployment/{run.deployment_id}/run",
    }
    files = []
    with open_page() as record:
        page = record.page
        for name, address in addresses.items():
            page.goto(url + address)
            page.wait_for_timeout(8000)  # drawn in several steps; none of them says that it is the last
            if name == "run":
                page.locator("li#artifacts").click()
                page.wait_for_timeout(3000)
            files.append(save_picture(page, folder / f"prefect-{name}.png"))
    return files, record.hosts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prefect", help="of a server: http://127.0.0.1:4200")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with Catalog(Lake(LakeSettings(path=str(arguments.lake)))) as catalog:
        problem_ids = [row["problem_id"] for row in catalog.rows(MATRIX_PROBLEM)]
    files = []
    with serve_dashboard(arguments.lake) as url, open_page() as record:
        page = record.page
        open_url(page, url)
        for name in PAGES:
            visit_page(page, name)
            page.evaluate(UNFOLD)
            files.append(save_picture(page, arguments.folder / f"dashboard-{name}.png"))
        for problem_id in problem_ids:
            open_url(page, f"{url}/problem?problem={problem_id}")
            files.append(save_picture(page, arguments.folder / "dashboard-matrix.png"))
    hosts = record.hosts
    if arguments.prefect:
        prefect_files, prefect_hosts = save_prefect_pictures(arguments.prefect, arguments.folder)
        files, hosts = files + prefect_files, hosts | prefect_hosts
    print(json.dumps({"files": files, "hosts": sorted(hosts), "errors": record.errors}))
    return 1 if record.errors or hosts - {"127.0.0.1"} else 0


if __name__ == "__main__":
    sys.exit(main())
