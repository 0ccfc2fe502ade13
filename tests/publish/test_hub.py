"""Pushing: what a hub was given loads again, equal, and credentials appear nowhere."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.dataset_tables import PREFERENCE_CORRECTNESS, PREFERENCE_KTO
from storage.errors import ConfigError, PublishError
from storage.publication import Publication
from tasks.publish.hub import push
from tasks.publish.settings import PublishSettings
from tasks.publish.task import publish_version
from tests.publish.hub import TOKEN, Hub
from tests.publish.lakes import fill, good

# huggingface_hub 2.4 uploads by an argument that its own HTTP library calls outdated
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

Patchmill = Callable[..., "subprocess.CompletedProcess[str]"]
COMPARE = """
import json, sys
from datasets import load_dataset
here, there = (load_dataset(name, cache_dir=sys.argv[3]) for name in sys.argv[1:3])
assert set(here) == set(there), (here, there)
for split in here:
    assert here[split].features == there[split].features
    assert list(here[split]) == list(there[split])
print(json.dumps({split: len(there[split]) for split in there}))
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub, and an environment whose only credentials are for it."""
    with Hub() as started:
        for name, value in environment(started, tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)  # read when it was imported
        yield started


def environment(hub: Hub, home: Path) -> dict[str, str]:
    return {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def version(root: Path, *numbers: int) -> Any:
    lake = fill(root / "lake", good(*numbers), PREFERENCE_KTO)
    publish_version.fn(lake.settings, "preference_kto", root / "out", PublishSettings(gates=()), None)
    return Publication(root / "out/preference_kto").last()


def test_what_is_pushed_by_the_command_loads_again_equal(
    tmp_path: Path, hub: Hub, patchmill: Patchmill, prefect_server: str
) -> None:
    fill(tmp_path / "lake", good(*range(40)), PREFERENCE_CORRECTNESS)
    done = patchmill(
        "publish", "preference_correctness", "--lake", tmp_path / "lake", "--out", tmp_path / "out",
        "--push", "me/pairs", "--json", env={**os.environ, **environment(hub, tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["commit"].startswith(f"{hub.url}/datasets/me/pairs/commit/")
    assert hub.private == {"me/pairs": True}
    assert set(hub.objects) == {
        file["sha256"]
        for file in Publication(tmp_path / "out/preference_correctness").last().manifest["files"]  # type: ignore[union-attr]
    }, "the bytes arrived"
    command = [sys.executable, "-c", COMPARE, str(tmp_path / "out/preference_correctness"), "me/pairs"]
    loaded = subprocess.run([*command, str(tmp_path / "cache")], capture_output=True, text=True, timeout=200)
    assert loaded.returncode == 0, loaded.stderr[-3000:]
    assert sum(json.loads(loaded.stdout).values()) == 40
    assert TOKEN not in done.stdout + done.stderr


def test_a_repository_holds_exactly_the_last_version_in_one_commit_each(tmp_path: Path, hub: Hub) -> None:
    first = version(tmp_path, *range(30))
    push(first, "me/kto", private=False)
    assert len(hub.repos["me/kto"]) == 2, "the empty repository, and one commit"
    push(first, "me/kto", private=False)
    assert len(hub.repos["me/kto"]) == 2, "nothing new, no commit"
    second = version(tmp_path, *range(5, 12), 0)
    push(second, "me/kto", private=False)
    assert len(hub.repos["me/kto"]) == 3 and hub.tags == {("me/kto", "v1"): 1, ("me/kto", "v2"): 2}
    for found, named in ((first, "v1"), (second, "main")):
        files = {str(p.relative_to(found.path)): p.read_bytes() for p in found.path.rglob("*") if p.is_file()}
        assert {k: v for k, v in hub.files("me/kto", named).items() if k != ".gitattributes"} == files


@pytest.mark.parametrize("step", ["create", "preupload", "objects/batch", "PUT /objects", "commit", "tag"])
def test_a_hub_that_fails_at_any_step_keeps_its_last_version_and_no_text_has_the_token(
    step: str, tmp_path: Path, hub: Hub
) -> None:
    push(version(tmp_path, *range(30)), "me/kto", private=True)
    held = hub.files("me/kto")
    second = version(tmp_path, *range(3, 33))
    hub.refuse = {step: 400}
    with pytest.raises(PublishError, match="answered 400") as failed:
        push(second, "me/kto", private=True)
    assert TOKEN not in str(failed.value) and "\n" not in str(failed.value)
    if step != "tag":
        assert hub.files("me/kto") == held
    hub.refuse = {}
    push(second, "me/kto", private=True)
    assert hub.files("me/kto") != held and hub.tags["me/kto", "v2"] == len(hub.repos["me/kto"]) - 1


def test_refused_and_missing_credentials_are_one_line_each(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = version(tmp_path, *range(12))
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(ConfigError, match="refuses the credentials") as failed:
        push(made, "me/kto", private=True)
    assert "hf_wrong" not in str(failed.value)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(ConfigError, match="no credentials; set HF_TOKEN"):
        push(made, "me/kto", private=True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "http://someone:secret@127.0.0.1:9")
    with pytest.raises(PublishError, match=r"127\.0\.0\.1:9 can't be reached") as failed_too:
        push(made, "me/kto", private=True)
    assert "secret" not in str(failed_too.value)
    assert hub.repos == {}
