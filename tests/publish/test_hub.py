"""A pushed version loads again equal, and no text contains credentials."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.dataset_tables import PREFERENCE_CORRECTNESS, PREFERENCE_KTO
from storage.errors import ConfigError, PublishError
from storage.publication import Publication, PublishedVersion
from tasks.publish.hub import upload_version
from tests.publish.hub import TOKEN, Hub
from tests.publish.lakes import fill_lake, plant, publish

# huggingface_hub 2.4 uploads by an argument that its own HTTP library calls outdated
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

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


@pytest.fixture(autouse=True)
def _credentials(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set an environment whose only credentials are for the hub."""
    values = {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def publish_numbers(folder: Path, *numbers: int) -> PublishedVersion:
    """Publish examples with these numbers as one more version."""
    lake = fill_lake(folder / "lake", plant(*numbers), PREFERENCE_KTO)
    publish(lake, folder / "out", "preference_kto")
    version = Publication(folder / "out/preference_kto").last_version()
    assert version is not None
    return version


def test_a_version_pushed_by_the_command_loads_again_equal(
    tmp_path: Path, hub: Hub, patchmill: Callable[..., "subprocess.CompletedProcess[str]"], prefect_server: str
) -> None:
    fill_lake(tmp_path / "lake", plant(*range(40)), PREFERENCE_CORRECTNESS)
    process = patchmill(
        "publish", "preference_correctness", "--lake", tmp_path / "lake", "--out", tmp_path / "out",
        "--push", "me/pairs", "--json", env=dict(os.environ),
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["commit"].startswith(f"{hub.url}/datasets/me/pairs/commit/")
    assert hub.private == {"me/pairs": True}
    version = Publication(tmp_path / "out/preference_correctness").last_version()
    assert version is not None
    assert set(hub.objects) == {file["sha256"] for file in version.manifest["files"]}, "the bytes arrived"
    command = [sys.executable, "-c", COMPARE, str(tmp_path / "out/preference_correctness"), "me/pairs"]
    loaded = subprocess.run([*command, str(tmp_path / "cache")], capture_output=True, text=True, timeout=200)
    assert loaded.returncode == 0, loaded.stderr[-3000:]
    assert sum(json.loads(loaded.stdout).values()) == 40
    assert TOKEN not in process.stdout + process.stderr


def test_a_repository_holds_exactly_the_last_version_with_one_commit_for_each(tmp_path: Path, hub: Hub) -> None:
    first = publish_numbers(tmp_path, *range(30))
    upload_version(first, "me/kto", private=False)
    assert len(hub.commits["me/kto"]) == 2, "the empty repository, and one commit"
    upload_version(first, "me/kto", private=False)
    assert len(hub.commits["me/kto"]) == 2, "nothing new, no commit"
    second = publish_numbers(tmp_path, *range(5, 12), 0)
    upload_version(second, "me/kto", private=False)
    assert len(hub.commits["me/kto"]) == 3 and hub.tags == {("me/kto", "v1"): 1, ("me/kto", "v2"): 2}
    for version, revision in ((first, "v1"), (second, "main")):
        files = {str(p.relative_to(version.path)): p.read_bytes() for p in version.path.rglob("*") if p.is_file()}
        assert {k: v for k, v in hub.files("me/kto", revision).items() if k != ".gitattributes"} == files


@pytest.mark.parametrize("step", ["create", "preupload", "objects/batch", "PUT /objects", "commit", "tag"])
def test_a_hub_that_fails_at_any_step_keeps_its_last_version_and_no_text_has_the_token(
    step: str, tmp_path: Path, hub: Hub
) -> None:
    upload_version(publish_numbers(tmp_path, *range(30)), "me/kto", private=True)
    before = hub.files("me/kto")
    second = publish_numbers(tmp_path, *range(3, 33))
    hub.refusals = {step: 400}
    with pytest.raises(PublishError, match="answered 400") as error:
        upload_version(second, "me/kto", private=True)
    assert TOKEN not in str(error.value) and "\n" not in str(error.value)
    if step != "tag":
        assert hub.files("me/kto") == before
    hub.refusals = {}
    upload_version(second, "me/kto", private=True)
    assert hub.files("me/kto") != before and hub.tags["me/kto", "v2"] == len(hub.commits["me/kto"]) - 1


def test_refused_and_missing_credentials_are_one_line_each(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish_numbers(tmp_path, *range(12))
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(ConfigError, match="refuses the credentials") as refused:
        upload_version(version, "me/kto", private=True)
    assert "hf_wrong" not in str(refused.value)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(ConfigError, match="no credentials; set HF_TOKEN"):
        upload_version(version, "me/kto", private=True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", "http://someone:secret@127.0.0.1:9")
    with pytest.raises(PublishError, match=r"127\.0\.0\.1:9 can't be reached") as unreachable:
        upload_version(version, "me/kto", private=True)
    assert "secret" not in str(unreachable.value)
    assert hub.commits == {}
