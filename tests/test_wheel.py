"""A wheel built from the tree works in an environment that never saw the tree."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROBLEM = {
    "source": "wheel", "source_id": "add", "prompt": "Add two numbers.", "entry_point": "add", "context": "",
    "tests": {"kind": "asserts", "setup": "", "asserts": ["assert add(1, 2) == 3"]}, "reference": None,
    "licence": "Apache-2.0", "origin": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel; dependencies are those of the environment that runs the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(build, check=True, timeout=120)
    [wheel] = folder.glob("patchmill-*.whl")
    home = folder / "environment"
    venv.create(home, with_pip=False)
    [site] = home.glob("lib/python3*/site-packages")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(home / "bin/python"),
        "install",
        "--quiet",
        "--no-deps",
        str(wheel),
    ]
    subprocess.run(install, check=True, timeout=120)
    # A path in a .pth file brings packages, but not the .pth files among them: the editable install stays unseen.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def run(environment: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(environment / "bin/patchmill"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)


def test_the_command_prints_its_version(environment: Path, tmp_path: Path) -> None:
    result = run(environment, tmp_path, "--version")
    assert (result.returncode, result.stdout.split()[0]) == (0, "patchmill"), result.stderr


def test_the_command_judges_programs(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "problems.jsonl").write_text(json.dumps(PROBLEM) + "\n")
    programs = ("def add(a, b):\n    return a + b\n", "def add(a, b):\n    return a - b\n")
    lines = [json.dumps({"id": f"p{n}", "source_id": "add", "code": code}) + "\n" for n, code in enumerate(programs)]
    (tmp_path / "solutions.jsonl").write_text("".join(lines))
    result = run(environment, tmp_path, "judge", "problems.jsonl", "solutions.jsonl")
    assert result.returncode == 0, result.stderr
    verdicts = [json.loads(line)["verdict"] for line in result.stdout.splitlines()]
    assert verdicts == ["passed", "failed"]


def test_every_package_is_taken_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    names = ["judge", "storage", "tasks", "flows", "cli", "dashboards", "patchmill"]
    code = f"import importlib; print(*[importlib.import_module(name).__file__ for name in {names}], sep='\\n')"
    result = subprocess.run(
        [environment / "bin/python", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert [line for line in result.stdout.splitlines() if not line.startswith(str(environment))] == []
