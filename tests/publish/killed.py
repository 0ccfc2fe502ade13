"""Kill a publication at the first, second, third, ... event below the output folder, each time in a fresh copy.

`python -m tests.publish.killed FOLDER` with lakes FOLDER/one and FOLDER/two. Prints how often it killed, and how often
readers met which version. Child processes are forked, so this process itself opens no lake: threads do not survive a
fork.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

import datasets  # noqa: F401 takes seconds; imported once for all forks
import yaml

from storage.lake import LakeSettings
from tasks.publish.settings import DatasetName, PublishSettings
from tasks.publish.task import publish_version

DATASET: DatasetName = "preference_kto"
EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")


def publish_in_child(lake: Path, out: Path, kill_at: int | None = None) -> int:
    """Publish in a child process that kills itself at an event, counted from 1; return its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    events = 0

    def kill_at_event(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal events
        if event in EVENTS and str(arguments[0]).startswith(str(out)):
            events += 1
            if events == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(kill_at_event)
        publish_version.fn(LakeSettings(path=str(lake)), DATASET, out, PublishSettings(gates=()), None)
        os._exit(0)
    finally:
        os._exit(1)


def read_version(out: Path) -> str:
    """Return the version that README.md names, after checks that its files are complete."""
    header = yaml.safe_load((out / DATASET / "README.md").read_text().split("---\n")[1])
    [version] = {Path(file["path"]).parts[0] for file in header["configs"][0]["data_files"]}
    folder = out / DATASET / version
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert sum(file["rows"] for file in manifest["files"]) == sum(manifest["rows"].values()) == 12
    return version[1:]


def main(root: Path) -> None:
    first, out = root / "first", root / "out"
    assert publish_in_child(root / "one", first) == 0
    versions: Counter[str] = Counter()
    for event in range(1, 500):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(first, out)
        status = publish_in_child(root / "two", out, event)
        versions[read_version(out)] += 1
        if status == 0:
            break
        assert os.WIFSIGNALED(status), f"event {event}: status {status}"
        assert publish_in_child(root / "two", out) == 0 and read_version(out) == "2", f"after event {event}"
        names = sorted(path.name for path in (out / DATASET).iterdir())
        assert [name for name in names if not name.endswith(".part")] == ["README.md", "v1", "v2"], names
    sys.stdout.write(json.dumps({"kills": event - 1, "versions": versions}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
