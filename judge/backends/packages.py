"""Packages for the sandbox's Python: their folder on this machine, the Python they were made for, what is preloaded."""

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
    """Packages that a fork server gets beside the standard library; by default none."""

    folder: Path | None = None
    """Holds the packages themselves; bound read-only."""
    preload: tuple[str, ...] = ()
    """Modules that the fork server imports."""
    python: str = ""
    """Version they were made for, `3.11`; empty where nothing tells."""
    suffix: str = ""
    """End of the names of their compiled modules, `.cpython-311-x86_64-linux-gnu.so`; empty where there are none."""

    def argument(self) -> list[str]:
        """Return the fork server's argument (inside/packages.py); empty where it gets no packages."""
        if self.folder is None and not self.preload:
            return []
        values = {"bound": self.folder is not None, "preload": self.preload, "python": self.python}
        return [json.dumps({**values, "suffix": self.suffix})]

    def fix(self, otherwise: str) -> str:
        """Say what to do where a fork server does not start."""
        if not self.argument():
            return otherwise
        return f"if it names a package, install that or take it out of `preload`; if not: {otherwise}"


def find_packages(folder: Path | None, preload: tuple[str, ...], own_interpreter: bool = True) -> Packages:
    """Inspect a virtual environment, or a folder that `pip install --target` filled.

    Args:
        folder: of either kind; None for no packages.
        preload: names of modules.
        own_interpreter: the sandbox has the interpreter that runs the judge. If not, the fork server itself compares
            its version with the one that the packages were made for.

    Raises:
        SandboxSettingError: it is no such folder, or was made for another Python than this one.
    """
    if folder is None:
        return Packages(preload=preload)
    folder = folder.expanduser()
    if not folder.is_dir():
        raise _setting_error(f"no folder {folder}", fix=f"{sys.executable} -m venv {folder}, and install into it")
    python, site = "", folder
    config, inner = folder / "pyvenv.cfg", sorted(folder.glob("lib/python3*/site-packages"))
    if config.is_file() or inner:
        if len(inner) != 1:
            raise _setting_error(f"expected one lib/python3.*/site-packages in {folder}, got {len(inner)}")
        version_line = _VERSION.search(config.read_text(encoding="utf-8")) if config.is_file() else None
        python, site = version_line[1] if version_line else inner[0].parent.name.removeprefix("python"), inner[0]
    elif not any(True for pattern in ("*.dist-info", "*/__init__.py", "*.py") for _ in site.glob(pattern)):
        raise _setting_error(
            f"expected a virtual environment or packages in {folder}, got neither",
            fix=f"{sys.executable} -m pip install --target {folder} numpy",
        )
    packages = Packages(site.resolve(), preload, python, _find_suffix(site))
    version, suffix = "{}.{}".format(*sys.version_info), sysconfig.get_config_var("EXT_SUFFIX")
    if own_interpreter and (python not in ("", version) or packages.suffix not in ("", suffix)):
        built_for = " ".join(filter(None, (python, packages.suffix)))
        raise _setting_error(
            f"{folder} was made for Python {built_for}, expected {version} {suffix}",
            fix=f"make it anew with {sys.executable}",
        )
    return packages


def _setting_error(problem: str, fix: str = "") -> SandboxSettingError:
    return SandboxSettingError(f"packages: {problem}", fix=fix, setting="packages")


def _find_suffix(site: Path) -> str:
    """Return the suffix of the first compiled module: an installer puts those of one interpreter into a folder."""
    for _, _, names in os.walk(site):
        for name in names:
            if suffix := _COMPILED.search(name):
                return suffix[0]
    return ""
