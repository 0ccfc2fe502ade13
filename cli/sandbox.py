"""`patchmill sandbox`: images for the Docker backend, made of Debian's packages."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.options import JsonOption, print_json, print_table, stderr
from judge.backends.docker_built import TAG, build, built, remove
from judge.backends.docker_daemon import host_of
from storage.errors import ConfigError

HostOption = Annotated[
    str | None, typer.Option("--docker-host", help="The daemon's socket; default: DOCKER_HOST, else the usual one.")
]
app = typer.Typer(help="Images for `sandbox: {backend: docker, image: ...}`.", no_args_is_help=True)


@app.command(name="build")
def build_command(
    tag: Annotated[str, typer.Option(help="What to call the image.")] = TAG,
    python: Annotated[str | None, typer.Option(help="Debian's Python, such as 3.11; default: its python3.")] = None,
    package: Annotated[
        list[str] | None, typer.Option(help="A further Debian package, such as python3-numpy; may be repeated.")
    ] = None,
    docker_host: HostOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an image of this machine's Debian packages; no registry is asked."""
    if python is not None and not python.replace(".", "").isdigit():
        raise ConfigError(f"--python: expected a version such as 3.11, got {python!r}")
    packages = [f"python{python or 3}", *(package or [])]
    with stderr.status(f"building {tag} of {' '.join(packages)} ..."):
        made = build(host_of(docker_host), packages, tag)
    print_json(asdict(made)) if as_json else print_table([asdict(made)])


@app.command(name="list")
def list_command(docker_host: HostOption = None, as_json: JsonOption = False) -> None:
    """Show the images that `build` has made."""
    rows = [asdict(image) for image in built(host_of(docker_host))]
    print_json(rows) if as_json else print_table(rows)


@app.command(name="remove")
def remove_command(
    tag: Annotated[str, typer.Argument(help="An image that `build` has made.")] = TAG, docker_host: HostOption = None
) -> None:
    """Remove an image that `build` has made."""
    remove(host_of(docker_host), tag)
    stderr.print(f"{tag} is removed", markup=False)
