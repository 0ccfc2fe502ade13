"""Images with a tag, made of Debian's packages: built, listed, removed."""

import contextlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judge.backends import debian_root
from judge.backends.docker_daemon import connect, labels, sweep, translated, unreachable
from judge.backends.docker_image import imported
from judge.errors import SandboxError, SandboxSettingError

if TYPE_CHECKING:
    from docker import DockerClient

TAG = "patchmill/sandbox:latest"
PACKAGES = "patchmill.packages"
"""Label of such images. They have no owner's label, so that no sweep takes them."""
COMPILE_S = 600
COMPILE = """
import compileall, ctypes, json, sys
if sys.version_info < (3, 11): sys.exit('it is ' + sys.version.split()[0] + ', and 3.11 or newer is needed')
compileall.compile_dir('/usr/lib', quiet=2)
"""


@dataclass(frozen=True)
class Built:
    """An image that `build` made."""

    tag: str
    packages: str
    """Those asked for, by name, between blanks."""
    size_mb: float
    created: str


def build(host: str, packages: Sequence[str], tag: str = TAG) -> Built:
    """Make an image with Python and give it `tag`; one that had the tag and was made here is removed.

    Args:
        packages: Debian's names, python3 or one like python3.12 among them.

    Raises:
        SandboxSettingError: no image can be called so.
        SandboxError: no apt here, no such package, no daemon, or a Python that does not run.
    """
    if not re.fullmatch(r"[a-z0-9._/-]+:[A-Za-z0-9._-]+", tag):
        raise SandboxSettingError(f"--tag: expected a name like {TAG}, got {tag!r}")
    client = _connected(host)
    with (
        contextlib.closing(client),
        translated(host),
        tempfile.TemporaryDirectory(prefix="patchmill-") as name,
    ):
        sweep(client)
        root = Path(name) / "root.tar"
        debian_root.write_root(debian_root.fetch(packages, Path(name)), root)
        _make(client, root, packages, tag)
        return next(image for image in _all(client) if image.tag == tag)


def built(host: str) -> list[Built]:
    """All images that `build` made, by tag. Raises SandboxError."""
    client = _connected(host)
    with contextlib.closing(client), translated(host):
        return _all(client)


def remove(host: str, tag: str) -> None:
    """Remove one. Raises SandboxSettingError where `build` has made none of that tag, SandboxError."""
    client = _connected(host)
    with contextlib.closing(client), translated(host):
        known = [image.tag for image in _all(client)]
        if tag not in known:
            raise SandboxSettingError(
                f"{tag}: not made by `patchmill sandbox build`; those are: {', '.join(known) or 'none'}"
            )
        client.images.remove(tag, force=True)


def _connected(host: str) -> "DockerClient":
    if why := unreachable(host):
        raise SandboxError(f"{why}; fix: start Docker (`docker info` must answer), or name its socket: --docker-host")
    return connect(host)


def _make(client: "DockerClient", root: Path, packages: Sequence[str], tag: str) -> None:
    """Import, compile the libraries once for all containers, import the result.

    Only the last has no owner; the others are swept if we are killed.
    """
    from docker.errors import APIError

    container = None
    with root.open("rb") as data:
        raw = imported(client, data, labels("image"))
    try:
        container = client.containers.create(
            raw, entrypoint=["python3", "-I", "-S", "-c", COMPILE], command=[], labels=labels("build"),
            network_mode="none", cap_drop=["ALL"], security_opt=["no-new-privileges:true"],
        )  # fmt: skip
        container.start()
        if container.wait(timeout=COMPILE_S)["StatusCode"]:
            said = container.logs(tail=20).decode("utf-8", "replace").strip()
            raise SandboxError(f"docker: the Python of {' '.join(packages)} is of no use: {said[-500:]}")
        older = client.images.list(name=tag, filters={"label": PACKAGES})
        imported(client, container.export(), {PACKAGES: " ".join(packages)}, tag)
        for image in older:
            with contextlib.suppress(APIError):  # a container still runs in it
                client.images.remove(image.id)
    finally:
        if container is not None:
            container.remove(force=True, v=True)
        client.images.remove(raw, force=True)


def _all(client: "DockerClient") -> list[Built]:
    found = [
        Built(tag, image.labels[PACKAGES], round(image.attrs["Size"] / 1e6, 1), image.attrs["Created"][:19])
        for image in client.images.list(filters={"label": PACKAGES})
        for tag in image.tags
    ]
    return sorted(found, key=lambda image: image.tag)
