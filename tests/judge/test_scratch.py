"""Preloaded modules, tests and programs have a writable, bounded /tmp, which is also their home."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts, Check
from judge.protocol import Job, Limits, Sandbox
from tests.judge.running import Run, run_in

# What scipy, scikit-learn and matplotlib do at import: ask for a folder for temporary files, write settings at home.
NEEDY = """
import os, pathlib, tempfile
with tempfile.NamedTemporaryFile() as file:
    file.write(b'1')
settings = pathlib.Path.home() / '.config' / 'needy'
settings.mkdir(parents=True, exist_ok=True)
(settings / 'cache').write_text('fonts')
BACKEND, THREADS = os.environ['MPLBACKEND'], os.environ['OPENBLAS_NUM_THREADS']
"""
NEEDY_TESTS = Check(
    code="import needy, os\ndef check(f):\n    open('ans.png', 'w').close()\n"
    "    assert os.path.exists('/tmp/ans.png')\n    assert f() == (needy.BACKEND, '1')"
)


@pytest.fixture(params=[(), ("needy",)], ids=["imported", "preloaded"])
def needy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox with the package `needy`; its folder is made readable for the sandbox's user."""
    (tmp_path / "needy.py").write_text(NEEDY)
    settings = SandboxSettings(jobs=1, reruns=0, packages=tmp_path, preload=request.param)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    with closing(open_sandbox(settings)) as sandbox:
        yield sandbox


def test_a_module_that_writes_as_it_is_imported_is_there_for_programs_tests_and_preload(needy: Sandbox) -> None:
    write = "open(os.path.expanduser('~/x'), 'w').close()"
    code = f"import needy, os\ndef f():\n    {write}\n    return needy.BACKEND, needy.THREADS"
    job = Job("1", code, "", "f", NEEDY_TESTS, Limits(cpu_s=5))
    for _ in range(2):
        (judged,) = needy.judge([job])
        assert judged.verdict == "passed", judged


def test_a_driver_keeps_no_file_of_an_earlier_programs_tests(sandbox: Sandbox) -> None:
    judge = run_in(sandbox)
    tests = Check(
        code="import os\ndef check(f):\n    assert os.listdir() == []\n    os.makedirs('a/b')\n"
        "    open('a/b/c', 'w').close()\n    os.symlink('/etc', 'link')\n    assert f()"
    )
    for _ in range(3):
        assert judge("def f(): return 1", tests, entry="f").verdict == "passed"


@pytest.mark.parametrize(
    "write",
    [
        pytest.param("for n in range(200): file.write(b'x' * (1 << 20))", id="bytes"),
        pytest.param("for n in range(10_000): open(f'f{n}', 'w').close()", id="files"),
    ],
)
def test_the_tests_own_folder_is_bounded(judge: Run, write: str) -> None:
    tests = Asserts(
        setup="import errno",
        asserts=(
            "try:\n    with open('big', 'wb') as file:\n        "
            + write
            + "\nexcept OSError as error:\n    assert error.errno == errno.ENOSPC\nelse:\n    assert not 'unbounded'",
        ),
    )
    # Natively the folder is the program's, too, and its limit ends both.
    assert judge("def f(): return 1", tests, entry="f").verdict in ("passed", "files")
