"""pytest: one file and one process per program, each assert a test, right if it ends with 0."""

import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from bench.peers.serving import serve_files

# Nothing written beside the tests, no configuration looked for, no plugins: its cheapest.
OPTIONS = ["-q", "--no-header", "-p", "no:cacheprovider", "-c", os.devnull]


def phrase(job: dict[str, Any]) -> str:
    tests = [f"def test_{n}():\n" + textwrap.indent(text, "    ") for n, text in enumerate(job["asserts"])]
    return "\n".join([job["code"], job["setup"], *tests, ""])


def command(path: Path) -> list[str]:
    return [sys.executable, "-m", "pytest", *OPTIONS, "--rootdir", str(path.parent), str(path)]


if __name__ == "__main__":
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    env.pop("PYTHONPATH", None)  # which this runner alone needs
    serve_files(phrase, command, env)
