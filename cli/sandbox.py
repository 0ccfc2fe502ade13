"""`patchmill sandbox`: images for the Docker backend, made from Debian packages."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.options import JsonOption, print_json, print_table, stderr
from judge.backends.docker_built import TAG, build_image, list_images, remove_image
from judge.backends.docker_daemon import find_host
from storage.errors import ConfigError

HostOption = Annotated[
    str | None,
    typer.Option(
        "--docker-host", metavar="ADDRESS", help="The daemon's socket; default: DOCKER_HOST, else the usual one."
    ),
]
app = typer.Typer(help="Manage images for `sandbox: {backend: docker, image: ...}`.", no_args_is_help=True)


@app.command(name="build")
def build_command(
    tag: Annotated[str, typer.Option(help="Name of the image.")] = TAG,
    python: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Debian's Python, such as 3.11; default: its python3.")
    ] = None,
    package: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Add a Debian package, such as python3-numpy. Repeatable."),
    ] = None,
    docker_host: HostOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build an image from this machine's Debian packages; needs no registry."""
    if python is not None and not python.replace(".", "").isdigit():
        raise ConfigError(f"--python: expected a version such as 3.11, got {python!r}")
    packages = [f"python{python or 3}", *(package or [])]
    with stderr.status(f"building {tag} from {' '.join(packages)} ..."):
        image = build_image(find_host(docker_host), packages, tag)
    print_json(asdict(image)) if as_json else print_table([asdict(image)])


@app.command(name="list")
def list_command(docker_host: HostOption = None, as_json: JsonOption = False) -> None:
    """List the images that `build` made."""
    rows = [asdict(image) for image in list_images(find_host(docker_host))]
    print_json(rows) if as_json else print_table(rows)


@app.command(name="remove")
def remove_command(
    tag: Annotated[str, typer.Argument(help="An image that `build` made.")] = TAG, docker_host: HostOption = None
) -> None:
    """Remove an image that `build` made."""
    remove_image(find_host(docker_host), tag)
    stderr.print(f"removed {tag}", markup=False)
