"""Exit-code judging: a file with the program and its asserts, `python -I -S` on it, right if it ends with 0."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from serving import WORKERS, exit_code, script, serve


def prepare(job: dict[str, Any], limit_s: float) -> tuple[str, str, float]:
    return job["id"], script(job), limit_s


def main() -> None:
    folder = Path(tempfile.mkdtemp())

    def one(given: tuple[str, str, float]) -> tuple[str, bool]:
        name, text, limit_s = given
        path = folder / f"{name}.py"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        passed = exit_code([sys.executable, "-I", "-S", str(path)], limit_s) == 0
        path.unlink(missing_ok=True)
        return name, passed

    with ThreadPoolExecutor(WORKERS) as pool:
        serve(prepare, lambda jobs: dict(pool.map(one, jobs)))


if __name__ == "__main__":
    main()
