"""Build images of Debian's packages under a tag, list them, remove them."""

import contextlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judge.backends import debian_root
from judge.backends.docker_daemon import connect, owner_labels, remove_orphans, translate_errors, why_unreachable
from judge.backends.docker_image import import_image
from judge.errors import SandboxError, SandboxSettingError

if TYPE_CHECKING:
    from docker import DockerClient

TAG = "patchmill/sandbox:latest"
PACKAGES = "patchmill.packages"
"""Label of these images. They have no owner's label, so that `remove_orphans` keeps them."""
COMPILE_S = 600
COMPILE = """
import compileall, ctypes, json, sys
if sys.version_info < (3, 11): sys.exit('it is ' + sys.version.split()[0] + ', and 3.11 or newer is needed')
compileall.compile_dir('/usr/lib', quiet=2)
"""


@dataclass(frozen=True)
class BuiltImage:
    """An image that `build_image` made."""

    tag: str
    packages: str
    """Names of the packages asked for, separated by blanks."""
    size_mb: float
    created: str


def build_image(host: str, packages: Sequence[str], tag: str = TAG) -> BuiltImage:
    """Build an image with Python under `tag`; remove an older one of that tag that was built here.

    Args:
        packages: Debian's names, python3 or one like python3.12 among them.

    Raises:
        SandboxSettingError: `tag` is no name of an image.
        SandboxError: no apt here, no such package, no daemon, or a Python that does not run.
    """
    if not re.fullmatch(r"[a-z0-9._/-]+:[A-Za-z0-9._-]+", tag):
        raise SandboxSettingError(f"--tag: expected a name like {TAG}, got {tag!r}", setting="tag")
    client = _connect(host)
    with (
        contextlib.closing(client),
        translate_errors(host),
        tempfile.TemporaryDirectory(prefix="patchmill-") as name,
    ):
        remove_orphans(client)
        root = Path(name) / "root.tar"
        debian_root.write_root(debian_root.fetch_packages(packages, Path(name)), root)
        _compile_image(client, root, packages, tag)
        return next(image for image in _list_images(client) if image.tag == tag)


def list_images(host: str) -> list[BuiltImage]:
    """Return all images that `build_image` made, by tag. Raises SandboxError."""
    client = _connect(host)
    with contextlib.closing(client), translate_errors(host):
        return _list_images(client)


def remove_image(host: str, tag: str) -> None:
    """Remove the image of a tag. Raises SandboxSettingError where `build_image` made none of that tag, SandboxError."""
    client = _connect(host)
    with contextlib.closing(client), translate_errors(host):
        tags = [image.tag for image in _list_images(client)]
        if tag not in tags:
            raise SandboxSettingError(
                f"{tag}: not made by `patchmill sandbox build`; those are: {', '.join(tags) or 'none'}", setting="tag"
            )
        client.images.remove(tag, force=True)


def _connect(host: str) -> "DockerClient":
    if why := why_unreachable(host):
        raise SandboxError(why, fix="start Docker (`docker info` must answer), or name its socket: --docker-host")
    return connect(host)


def _compile_image(client: "DockerClient", root: Path, packages: Sequence[str], tag: str) -> None:
    """Import the files, compile the libraries once for all containers, import the result.

    Only the result has no owner's label: `remove_orphans` takes the rest if this process is killed.
    """
    from docker.errors import APIError

    container = None
    with root.open("rb") as data:
        raw = import_image(client, data, owner_labels("image"))
    try:
        container = client.containers.create(
            raw, entrypoint=["python3", "-I", "-S", "-c", COMPILE], command=[], labels=owner_labels("build"),
            network_mode="none", cap_drop=["ALL"], security_opt=["no-new-privileges:true"],
        )  # fmt: skip
        container.start()
        if container.wait(timeout=COMPILE_S)["StatusCode"]:
            log = container.logs(tail=20).decode("utf-8", "replace").strip()
            raise SandboxError(f"docker: the Python of {' '.join(packages)} cannot be used: {log[-500:]}")
        older = client.images.list(name=tag, filters={"label": PACKAGES})
        import_image(client, container.export(), {PACKAGES: " ".join(packages)}, tag)
        for image in older:
            with contextlib.suppress(APIError):  # a container still uses it
                client.images.remove(image.id)
    finally:
        if container is not None:
            container.remove(force=True, v=True)
        client.images.remove(raw, force=True)


def _list_images(client: "DockerClient") -> list[BuiltImage]:
    images = [
        BuiltImage(tag, image.labels[PACKAGES], round(image.attrs["Size"] / 1e6, 1), image.attrs["Created"][:19])
        for image in client.images.list(filters={"label": PACKAGES})
        for tag in image.tags
    ]
    return sorted(images, key=lambda image: image.tag)
