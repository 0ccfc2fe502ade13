"""pytest: one file and one process per program, each assert a test, right if it ends with 0."""

import os
import sys
import tempfile
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from serving import WORKERS, exit_code, serve

# Nothing written beside the tests, no configuration looked for, no plugins: its cheapest.
OPTIONS = ["-q", "--no-header", "-p", "no:cacheprovider", "-c", os.devnull]


def prepare(job: dict[str, Any], limit_s: float) -> tuple[str, str, float]:
    tests = [f"def test_{n}():\n" + textwrap.indent(text, "    ") for n, text in enumerate(job["asserts"])]
    return job["id"], "\n".join([job["code"], job["setup"], *tests, ""]), limit_s


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def one(given: tuple[str, str, float]) -> tuple[str, bool]:
        name, text, limit_s = given
        path = folder / f"test_{name.replace('-', '_')}.py"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        command = [sys.executable, "-m", "pytest", *OPTIONS, "--rootdir", str(folder), str(path)]
        passed = exit_code(command, limit_s, env) == 0
        path.unlink(missing_ok=True)
        return name, passed

    with ThreadPoolExecutor(WORKERS) as pool:
        serve(prepare, lambda jobs: dict(pool.map(one, jobs)))


if __name__ == "__main__":
    main()
