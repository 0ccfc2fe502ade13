"""Packages for the sandbox's Python: where they lie on this machine, what they were made for, what is preloaded."""

import json
import os
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from judge.errors import SandboxSettingError

TARGET = "/packages"  # inside/packages.py
_COMPILED = re.compile(r"\.cpython-\w+-[\w-]+\.so$")
_VERSION = re.compile(r"^version(?:_info)? *= *(\d+\.\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Packages:
    """What a fork server is given beside the standard library; by default nothing."""

    folder: Path | None = None
    """Holds the packages themselves; bound read-only."""
    preload: tuple[str, ...] = ()
    """Modules that the fork server imports."""
    python: str = ""
    """Version they were made for, `3.11`; empty where nothing tells."""
    suffix: str = ""
    """End of the names of their compiled modules, `.cpython-311-x86_64-linux-gnu.so`; empty where there are none."""

    def argument(self) -> list[str]:
        """What follows the fork server's command (inside/packages.py); nothing where nothing is asked for."""
        if self.folder is None and not self.preload:
            return []
        given = {"bound": self.folder is not None, "preload": self.preload, "python": self.python}
        return [json.dumps({**given, "suffix": self.suffix})]

    def fix(self, otherwise: str) -> str:
        """What to do where a fork server does not start."""
        if not self.argument():
            return otherwise
        return f"if it names a package, install that or take it out of `preload`; if not: {otherwise}"


def find(folder: Path | None, preload: tuple[str, ...], ours: bool = True) -> Packages:
    """Look at a virtual environment, or at what `pip install --target` has made.

    Args:
        folder: of either kind; None for no packages.
        preload: names of modules.
        ours: whether the sandbox has this interpreter; if not, the fork server compares what they were made for.

    Raises:
        SandboxSettingError: it is no such folder, or was made for another Python than ours.
    """
    if folder is None:
        return Packages(preload=preload)
    folder = folder.expanduser()
    if not folder.is_dir():
        raise SandboxSettingError(
            f"packages: no folder {folder}; fix: {sys.executable} -m venv {folder}, and install into it"
        )
    python, site = "", folder
    config, inner = folder / "pyvenv.cfg", sorted(folder.glob("lib/python3*/site-packages"))
    if config.is_file() or inner:
        if len(inner) != 1:
            raise SandboxSettingError(
                f"packages: expected one lib/python3.*/site-packages in {folder}, got {len(inner)}"
            )
        said = _VERSION.search(config.read_text(encoding="utf-8")) if config.is_file() else None
        python, site = said[1] if said else inner[0].parent.name.removeprefix("python"), inner[0]
    elif not any(True for pattern in ("*.dist-info", "*/__init__.py", "*.py") for _ in site.glob(pattern)):
        raise SandboxSettingError(
            f"packages: expected a virtual environment or packages in {folder}, got neither; "
            f"fix: {sys.executable} -m pip install --target {folder} numpy"
        )
    found = Packages(site.resolve(), preload, python, _suffix(site))
    version, suffix = "{}.{}".format(*sys.version_info), sysconfig.get_config_var("EXT_SUFFIX")
    if ours and (python not in ("", version) or found.suffix not in ("", suffix)):
        raise SandboxSettingError(
            f"packages: {folder} was made for Python {' '.join(filter(None, (python, found.suffix)))}, expected "
            f"{version} {suffix}; fix: make it anew with {sys.executable}"
        )
    return found


def _suffix(site: Path) -> str:
    """That of the first compiled module found: an installer puts those of one interpreter into a folder."""
    for _, _, names in os.walk(site):
        for name in names:
            if found := _COMPILED.search(name):
                return found[0]
    return ""
