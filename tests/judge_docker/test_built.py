"""Images of Debian's packages: built for real, used, listed, removed, and never taken for orphans."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from typer.testing import CliRunner

from cli.sandbox import app
from judge.audit import audit
from judge.backends import debian_root
from judge.backends.docker import Docker
from judge.backends.docker_built import BuiltImage, build_image, list_images, remove_image
from judge.backends.docker_daemon import LABEL, remove_orphans
from judge.errors import SandboxError, SandboxSettingError
from judge.factory import SandboxSettings, open_sandbox
from judge.pool import SlotPool
from judge.protocol import Job, Limits
from storage.errors import ConfigError
from tests.judge.audited import sample_attacks
from tests.judge.running import asserts
from tests.judge_docker.conftest import DockerEngine

TAG = "patchmill/of-tests:1"
OWN = """
import ctypes, json, os, sqlite3, sys
assert not os.path.exists('/bin/sh') and sys.prefix == '/usr' and json.__cached__ and os.path.exists(json.__cached__)
def f(n): return n
"""


@pytest.fixture(scope="session")
def image(engine: DockerEngine) -> Iterator[BuiltImage]:
    """An image with Debian's Python."""
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get: not Debian")
    try:
        image = build_image(engine.host, ["python3"], TAG)
    except SandboxError as error:
        if "apt-get cannot get" in str(error):
            pytest.skip(f"apt's sources cannot be reached: {error}")
        raise
    yield image
    remove_image(engine.host, TAG)


def test_an_image_is_built_survives_the_removal_of_orphans_and_judges(engine: DockerEngine, image: BuiltImage) -> None:
    assert list_images(engine.host) == [image] and 20 < image.size_mb < 120
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        remove_orphans(client)
        assert LABEL not in client.images.get(TAG).labels
        assert client.containers.list(all=True, filters={"label": f"{LABEL}=build"}) == []
    with SlotPool(Docker(engine.host, TAG), 1) as pool:
        (row,) = pool.judge([Job("1", OWN, "", "f", asserts("assert f(1) == 1"), Limits())])
    assert row.verdict == "passed", row


def test_images_are_listed_and_removed_by_tag(engine: DockerEngine, image: BuiltImage) -> None:
    listed = CliRunner().invoke(app, ["list", "--docker-host", engine.host, "--json"])
    assert [row["tag"] for row in json.loads(listed.stdout)] == [TAG]
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        client.images.get(TAG).tag("other", "2")
        removal = CliRunner().invoke(app, ["remove", "other:2", "--docker-host", engine.host])
        assert removal.exit_code == 0 and [image.tag for image in list_images(engine.host)] == [TAG]
    refused = CliRunner().invoke(app, ["build", "--python", "three", "--docker-host", engine.host])
    assert isinstance(refused.exception, ConfigError) and "--python" in str(refused.exception)


def test_attacks_get_their_verdict_in_it(engine: DockerEngine, image: BuiltImage) -> None:
    with closing(
        open_sandbox(SandboxSettings(backend="docker", docker_host=engine.host, image=TAG, jobs=2))
    ) as sandbox:
        wrong = [row for row in audit(sandbox, sample_attacks(), 2) if not row.ok]
    assert wrong == []


def test_an_image_that_is_not_here_is_named_with_the_fix(engine: DockerEngine) -> None:
    with pytest.raises(SandboxError, match="docker pull no-such-image, or patchmill sandbox build"):
        open_sandbox(SandboxSettings(backend="docker", docker_host=engine.host, image="no-such-image"))


@pytest.mark.slow
def test_building_again_leaves_one_image(engine: DockerEngine, image: BuiltImage) -> None:
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        before = len(client.images.list(all=True))
        build_image(engine.host, ["python3"], TAG)
        assert len(client.images.list(all=True)) == before
    assert [image.tag for image in list_images(engine.host)] == [TAG]


FAULTS = [
    pytest.param(
        lambda host: build_image(host, ["python3", "no-such-package"], TAG), SandboxError,
        r"apt-get cannot get python3 no-such-package: E: Unable to locate", id="no such package",
    ),
    pytest.param(lambda host: build_image(host, ["media-types"], TAG), SandboxError, "bring no Python", id="no Python"),
    pytest.param(lambda host: build_image(host, ["python3"], "No Name"), SandboxSettingError, "--tag", id="no tag"),
    pytest.param(lambda host: remove_image(host, "other:1"), SandboxSettingError, "not made by", id="no such image"),
    pytest.param(
        lambda host: build_image("unix:///nowhere/socket", ["python3"], TAG), SandboxError, "no daemon answers",
        id="no daemon",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("act", "error", "message"), FAULTS)
def test_a_fault_of_an_image_is_named(
    engine: DockerEngine, act: Callable[[str], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        act(engine.host)


def test_a_machine_without_apt_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="Debian or Ubuntu alone"):
        debian_root.fetch_packages(["python3"], tmp_path)


def test_sources_that_cannot_be_reached_are_named_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get: not Debian")
    (tmp_path / "conf").write_text(
        'Acquire::http::Proxy "http://127.0.0.1:9"; Acquire::https::Proxy "http://127.0.0.1:9";'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "conf"))
    with pytest.raises(SandboxError, match=r"apt-get cannot get python3: E: .*; fix: `apt-get update`"):
        debian_root.fetch_packages(["python3"], tmp_path / "new")
