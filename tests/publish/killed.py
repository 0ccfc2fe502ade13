"""Kills a publication at the first, second, third ... thing that it does below the output folder, each in a fresh copy.

`python -m tests.publish.killed FOLDER` with lakes FOLDER/one and FOLDER/two; prints how often it was killed and which
versions readers met. Processes are forked from this one, which itself opens no lake: threads don't survive a fork.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path

import datasets  # noqa: F401 takes seconds; here it is done once for all forks
import yaml

from storage.lake import LakeSettings
from tasks.publish.settings import PublishSettings
from tasks.publish.task import publish_version

NAME = "preference_kto"


def publish(lake: Path, out: Path, kill_at: int | None = None) -> int:
    """Publish in a process of its own, killed at the n-th event; its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir") and str(arguments[0]).startswith(
            str(out)
        ):
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(hook)
        publish_version.fn(LakeSettings(path=str(lake)), NAME, out, PublishSettings(gates=()), None)
        os._exit(0)
    finally:
        os._exit(1)


def met(out: Path) -> str:
    """The version that README.md names, once its files are found to be whole."""
    header = yaml.safe_load((out / NAME / "README.md").read_text().split("---\n")[1])
    [version] = {Path(file["path"]).parts[0] for file in header["configs"][0]["data_files"]}
    folder = out / NAME / version
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        assert hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
    assert sum(file["rows"] for file in manifest["files"]) == sum(manifest["rows"].values()) == 12
    return version[1:]


def main(root: Path) -> None:
    first, out = root / "first", root / "out"
    assert publish(root / "one", first) == 0
    seen: Counter[str] = Counter()
    for point in range(1, 500):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(first, out)
        ended = publish(root / "two", out, point)
        seen[met(out)] += 1
        if ended == 0:
            break
        assert os.WIFSIGNALED(ended), f"point {point}: status {ended}"
        assert publish(root / "two", out) == 0 and met(out) == "2", f"after point {point}"
        left = sorted(path.name for path in (out / NAME).iterdir())
        assert [name for name in left if not name.endswith(".part")] == ["README.md", "v1", "v2"], left
    sys.stdout.write(json.dumps({"killed": point - 1, "seen": seen}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
