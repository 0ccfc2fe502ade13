"""Images made of Debian's packages: built for real, judged with, listed, removed, and never swept."""

import json
import shutil
from contextlib import closing

import docker
import pytest
from typer.testing import CliRunner

from cli.sandbox import app
from judge.audit import audit
from judge.backends import debian_root
from judge.backends.docker import Docker
from judge.backends.docker_built import build_image, list_images, remove_image
from judge.backends.docker_daemon import LABEL, remove_orphans
from judge.errors import SandboxError
from judge.factory import SandboxSettings, open_sandbox
from judge.pool import SlotPool
from judge.problems import Asserts
from judge.protocol import Job, Limits
from storage.errors import ConfigError
from tests.judge.audited import sample_attacks

TAG = "patchmill/of-tests:1"
OWN = """
import ctypes, json, os, sqlite3, sys
assert not os.path.exists('/bin/sh') and sys.prefix == '/usr' and json.__cached__ and os.path.exists(json.__cached__)
def f(n): return n
"""


def _job(code):
    return Job("1", code, "", "f", Asserts(kind="asserts", asserts=("assert f(1) == 1",)), Limits())


@pytest.fixture(scope="session")
def image(engine):
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get: not Debian")
    try:
        made = build_image(engine.host, ["python3"], TAG)
    except SandboxError as error:
        if "apt-get cannot get" in str(error):
            pytest.skip(f"apt's sources cannot be reached: {error}")
        raise
    yield made
    remove_image(engine.host, TAG)


def test_an_image_is_built_swept_over_and_judged_with(engine, image):
    assert list_images(engine.host) == [image] and 20 < image.size_mb < 120
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        remove_orphans(client)
        assert LABEL not in client.images.get(TAG).labels
        assert client.containers.list(all=True, filters={"label": f"{LABEL}=build"}) == []
    with SlotPool(Docker(engine.host, TAG), 1) as judge:
        (row,) = judge.judge([_job(OWN)])
    assert row.verdict == "passed", row


def test_images_are_listed_and_removed_by_tag(engine, image):
    listed = CliRunner().invoke(app, ["list", "--docker-host", engine.host, "--json"])
    assert [row["tag"] for row in json.loads(listed.stdout)] == [TAG]
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        client.images.get(TAG).tag("other", "2")
        gone = CliRunner().invoke(app, ["remove", "other:2", "--docker-host", engine.host])
        assert gone.exit_code == 0 and [made.tag for made in list_images(engine.host)] == [TAG]
    wrong = CliRunner().invoke(app, ["build", "--python", "three", "--docker-host", engine.host])
    assert isinstance(wrong.exception, ConfigError) and "--python" in str(wrong.exception)


def test_attacks_get_their_verdict_in_it(engine, image):
    with closing(
        open_sandbox(SandboxSettings(backend="docker", docker_host=engine.host, image=TAG, jobs=2))
    ) as sandbox:
        wrong = [row for row in audit(sandbox, sample_attacks(), 2) if not row.ok]
    assert wrong == []


def test_an_image_that_is_not_here_is_told(engine):
    with pytest.raises(SandboxError, match="docker pull no-such-image, or patchmill sandbox build"):
        open_sandbox(SandboxSettings(backend="docker", docker_host=engine.host, image="no-such-image"))


@pytest.mark.slow
def test_building_again_leaves_one_image(engine, image):
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        before = len(client.images.list(all=True))
        build_image(engine.host, ["python3"], TAG)
        assert len(client.images.list(all=True)) == before
    assert [made.tag for made in list_images(engine.host)] == [TAG]


def test_what_cannot_be_built_is_one_line(engine, tmp_path, monkeypatch):
    with pytest.raises(SandboxError, match=r"apt-get cannot get python3 no-such-package: E: Unable to locate"):
        build_image(engine.host, ["python3", "no-such-package"], TAG)
    with pytest.raises(SandboxError, match="bring no Python"):
        build_image(engine.host, ["media-types"], TAG)
    with pytest.raises(ConfigError, match="--tag"):
        build_image(engine.host, ["python3"], "No Name")
    with pytest.raises(ConfigError, match="not made by"):
        remove_image(engine.host, "other:1")
    with pytest.raises(SandboxError, match="no daemon answers"):
        build_image(f"unix://{tmp_path}/none", ["python3"], TAG)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="Debian or Ubuntu alone"):
        debian_root.fetch_packages(["python3"], tmp_path)


def test_a_network_that_is_not_there_is_told(tmp_path, monkeypatch):
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get: not Debian")
    (tmp_path / "conf").write_text(
        'Acquire::http::Proxy "http://127.0.0.1:9"; Acquire::https::Proxy "http://127.0.0.1:9";'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "conf"))
    with pytest.raises(SandboxError, match=r"apt-get cannot get python3: E: .*; fix: `apt-get update`"):
        debian_root.fetch_packages(["python3"], tmp_path / "new")
