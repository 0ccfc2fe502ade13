"""Programs and tests may use numpy and pandas in the sandbox, where a folder of packages is given."""

# ruff: noqa: E501 (programs are data)

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judge.backends.packages import find_packages
from judge.calibration import RunIsolation
from judge.errors import SandboxError, SandboxSettingError
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts, Check, JudgedTests, Stdio, StdioCase, UnitTest
from judge.protocol import Job, Judged, Limits, Sandbox

LIMITS = Limits(cpu_s=5.0, wall_s=60.0, memory_mib=128, processes=4)
HEAD = "import numpy as np\nimport pandas as pd\n"
Run = Callable[..., Judged]


def open_with(packages: Path, preload: tuple[str, ...] = ()) -> Sandbox:
    """Open a sandbox that has the packages of a folder."""
    return open_sandbox(SandboxSettings(jobs=1, reruns=0, packages=packages, preload=preload))


@pytest.fixture(scope="module")
def warm() -> Iterator[Sandbox]:
    """A sandbox with this environment's packages, whose fork servers have imported numpy and pandas."""
    sandbox = open_with(Path(sys.prefix), preload=("numpy", "pandas"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def judge(warm: Sandbox) -> Run:
    """judge(code, tests) -> Judged; `tests` is a tests model, or assert statements after the imports."""

    def run(
        code: str, *tests: str | JudgedTests, sandbox: Sandbox = warm, isolation: RunIsolation = "separate"
    ) -> Judged:
        model = tests[0] if not isinstance(tests[0], str) else Asserts.model_validate({"setup": HEAD, "asserts": tests})
        (row,) = sandbox.judge([Job("job", HEAD + code, "", "f", model, LIMITS, isolation=isolation)])
        return row

    return run


RIGHT = {
    "array": ("def f(x): return np.sort(x)", "np.testing.assert_array_equal(f(np.array([3, 1])), [1, 3])"),
    "exact types": (
        "def f(x): return x.sum(), x.astype('f4'), x > 1, np.float64(2)",
        "assert [type(part).__name__ for part in f(np.array([1, 2]))] == ['int64', 'ndarray', 'ndarray', 'float64']",
        "assert f(np.ones(2))[1].dtype == np.float32 and isinstance(f(np.ones(2))[3], np.floating)",
    ),
    "changed in place": (
        "def f(x, rows):\n    x.sort()\n    rows[1] *= 2",
        "x, a = np.array([3, 1, 2]), np.ones(2)\nf(x, rows=[0, a])\nassert x.tolist() == [1, 2, 3] and a.tolist() == [2, 2]",
        "x = np.arange(6).reshape(2, 3)\nf(x[:, ::-1], [0, 1])\nassert x.tolist() == [[2, 1, 0], [5, 4, 3]]",
    ),
    "dtype given": ("def f(n, dtype): return np.zeros(n, dtype)", "assert f(2, np.int8).dtype == f(2, np.dtype('i1')).dtype"),
    "generator given": (
        "def f(rng): return rng.normal(size=3)",
        "np.testing.assert_allclose(f(np.random.default_rng(7)), np.random.default_rng(7).normal(size=3))",
    ),
    "function given": ("def f(g, x): return g(x) + g(0.0)", "assert f(np.cos, np.zeros(2)).tolist() == [2.0, 2.0]"),
    "frame": (
        "def f(df): return df.groupby('k', as_index=False)['v'].sum()",
        "pd.testing.assert_frame_equal(f(pd.DataFrame({'k': ['b', 'a', 'b'], 'v': [1, 2, 3]})),"
        " pd.DataFrame({'k': ['a', 'b'], 'v': [2, 4]}))",
    ),
    "frame changed in place": (
        "def f(df): df['c'] = df.a * 2",
        "df = pd.DataFrame({'a': [1, 2]})\nf(df)\npd.testing.assert_frame_equal(df, pd.DataFrame({'a': [1, 2], 'c': [2, 4]}))",
    ),
    "series of dates": (
        "def f(s): return pd.to_datetime(s).dt.tz_localize('Europe/Rome').sort_values(ascending=False)",
        "got = f(pd.Series(['2024-01-01', '2024-07-01']))\nassert got.iloc[0] == pd.Timestamp('2024-07-01', tz='Europe/Rome')",
    ),
    "several indexes": (
        "def f(df): return df.set_index(['x', 'y']).unstack()",
        "df = pd.DataFrame({'x': [1, 1], 'y': ['a', 'b'], 'z': [5.0, 6.0]})\n"
        "pd.testing.assert_frame_equal(f(df), df.set_index(['x', 'y']).unstack())",
    ),
    "class with arrays": (
        "class f:\n    def fit(self, x):\n        self.mean_ = x.mean(axis=0)\n        return self\n"
        "    def transform(self, x): return x - self.mean_",
        "x = np.eye(2)\nnp.testing.assert_allclose(f().fit(x).transform(x), [[.5, -.5], [-.5, .5]])",
    ),
    "masked": (
        "def f(x): return np.ma.masked_less(x, 2)",
        "assert f(np.arange(4)).filled(9).tolist() == [9, 9, 2, 3] and f(np.arange(4)).mask.tolist() == [1, 1, 0, 0]",
    ),
    "operators of its own class": (
        """
class f:
    def __init__(self, x): self.x = x
    def __add__(self, other): return f(self.x + (other.x if isinstance(other, f) else other))
    def __len__(self): return len(self.x)
""",
        "assert (f(1) + 2).x == 3 and (f(np.ones(2)) + f(1)).x.tolist() == [2, 2] and len(f([1, 2])) == 2",
        "assert np.asarray(f([1]).x).tolist() == [1]",
    ),
    "threads of its library": (
        "def f(n):\n    a = np.random.rand(n, n)\n    return np.allclose(a @ np.linalg.inv(a), np.eye(n))", "assert f(300)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", RIGHT.values(), ids=RIGHT)
def test_right_programs_pass(judge: Run, program: tuple[str, ...]) -> None:
    row = judge(*program)
    assert row.verdict == "passed", row


def test_np_in_a_test_is_never_the_programs_own(judge: Run) -> None:
    fake = "class np:\n    allclose = staticmethod(lambda *a: True)\ndef f(x): return 0"
    bare = Asserts(asserts=("assert np.allclose(f(1), 2)",))
    assert judge(fake, bare).verdict == "failed"
    assert judge("def f(x): return np.array(x + 1.0)", bare).verdict == "passed"


def test_check_compares_arrays(judge: Run) -> None:
    body = HEAD + "def check(candidate):\n    np.testing.assert_allclose(candidate(np.ones(2)), [2, 2])"
    assert judge("def f(x): return x * 2", Check(code=body)).verdict == "passed"
    row = judge("def f(x): return x", Check(code=body))
    assert row.verdict == "failed" and "Not equal to tolerance" in row.feedback


def test_unittest_compares_columns(judge: Run) -> None:
    unit = UnitTest(
        code=HEAD + "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n"
        "        pd.testing.assert_series_equal(f(pd.Series([1, 2])), pd.Series([1, 3]))"
    )
    assert judge("TABLE = np.zeros(10**7)\ndef f(s): return s.cumsum()", unit).verdict == "passed"
    assert judge("def f(s): return s.cumsum().astype(float)", unit).verdict == "failed"


def test_an_answer_that_does_not_cross_is_judged_in_one_process(judge: Run) -> None:
    bare = Asserts(asserts=("assert f(np.ma.ones(2)) == 2",))
    row = judge("def f(x): return x.sum()", bare, isolation="native")
    assert row.verdict == "passed" and row.isolation == "native" and row.flags == ()


def test_packages_are_read_only(judge: Run) -> None:
    code = """
import errno, os
def f(n):
    tried = (lambda: open('/packages/numpy/__init__.py', 'a'), lambda: os.mkdir('/packages/x'),
             lambda: os.chmod('/packages', 0o777), lambda: os.unlink('/packages/six.py'))
    for call in tried:
        try: call()
        except OSError as error: assert error.errno in (errno.EROFS, errno.EACCES, errno.EPERM), error
        else: return 'written'
    return 'refused'
"""
    assert judge(code, "assert f(1) == 'refused'").verdict == "passed"


def test_memory_of_preloaded_modules_does_not_count(judge: Run) -> None:
    assert judge("def f(n): return np.ones(n << 17).sum()", "assert f(64) == 64 << 17").verdict == "passed"
    row = judge("def f(n): return np.ones(n << 17).sum()", "assert f(400) == 400 << 17")
    assert row.verdict == "memory" and "128 MiB" in row.feedback


def test_every_program_has_random_numbers_of_its_own(judge: Run) -> None:
    code = "import random\nprint(random.random(), np.random.rand())"
    rows = [judge(code, Stdio(cases=(StdioCase(input="", output="1"),))) for _ in range(3)]
    python, numpy = zip(*(row.stdout_tail.split() for row in rows), strict=True)
    assert len(set(python)) == len(set(numpy)) == 3


def test_programs_pass_without_preload_too(judge: Run) -> None:
    cold = open_with(Path(sys.prefix))
    try:
        for name in ("array", "changed in place", "frame"):
            assert judge(*RIGHT[name], sandbox=cold).verdict == "passed"
    finally:
        cold.close()


def test_there_is_no_numpy_without_packages(judge: Run, sandbox: Sandbox) -> None:
    row = judge("def f(x): return x", "assert f(1) == 1", sandbox=sandbox)
    assert row.verdict == "error" and row.exception_type == "ModuleNotFoundError" and "numpy" in row.feedback


def test_a_module_that_cannot_be_preloaded_is_named_before_any_verdict(judge: Run) -> None:
    broken = open_with(Path(sys.prefix), preload=("nonesuch",))
    with pytest.raises(SandboxError, match=r"nonesuch.*can't be imported: ModuleNotFoundError.*`preload`"):
        judge("def f(x): return x", "assert f(1) == 1", sandbox=broken)
    broken.close()


THIS_VERSION = "{}.{}".format(*sys.version_info)


def make_venv(folder: Path, version: str, lib: str) -> Path:
    """Make what looks like a virtual environment of a version of Python."""
    (folder / "lib" / lib / "site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    return folder


def make_target(folder: Path) -> Path:
    """Make what looks like a folder of `pip install --target`."""
    folder.mkdir()
    (folder / "thing.py").touch()
    return folder


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(lambda folder: folder / "none", "no folder", id="no folder"),
        pytest.param(lambda folder: folder, "expected a virtual environment or packages", id="empty folder"),
        pytest.param(lambda folder: make_venv(folder, "3.8.1", "python3.8"), "made for Python 3.8", id="old Python"),
        pytest.param(
            lambda folder: make_venv(folder, "3.8.1", f"python{THIS_VERSION}"), "made for Python 3.8", id="wrong name"
        ),
    ],
)  # fmt: skip
def test_folders_without_packages_for_this_python_are_refused_with_the_fix(
    tmp_path: Path, make: Callable[[Path], Path], why: str
) -> None:
    with pytest.raises(SandboxSettingError, match=f"packages: .*{why}.*fix: "):
        open_with(make(tmp_path))


def test_a_virtual_environment_tells_its_version(tmp_path: Path) -> None:
    folder = make_venv(tmp_path, f"{THIS_VERSION}.0", f"python{THIS_VERSION}")
    assert find_packages(folder, ()).python == THIS_VERSION


def test_a_virtual_environment_of_two_versions_is_refused(tmp_path: Path) -> None:
    folder = make_venv(tmp_path, "3.8.1", f"python{THIS_VERSION}")
    (folder / "lib" / "python3.8" / "site-packages").mkdir(parents=True)
    with pytest.raises(SandboxSettingError, match="expected one lib"):
        find_packages(folder, ())


def test_a_fork_server_is_told_of_the_folder_and_what_to_preload(tmp_path: Path) -> None:
    assert find_packages(make_target(tmp_path / "target"), ("thing",)).argument() == [
        json.dumps({"bound": True, "preload": ["thing"], "python": "", "suffix": ""})
    ]


def test_compiled_modules_of_another_python_are_refused_unless_the_sandbox_has_its_own(tmp_path: Path) -> None:
    folder = make_target(tmp_path / "target")
    (folder / "fast.cpython-38-x86_64-linux-gnu.so").touch()
    with pytest.raises(SandboxSettingError, match="cpython-38"):
        find_packages(folder, ())
    assert find_packages(folder, (), own_interpreter=False).suffix == ".cpython-38-x86_64-linux-gnu.so"


@pytest.mark.parametrize("name", ["", "a b", "os;x", "1a", ".a"])
def test_preload_takes_names_of_modules_only(name: str) -> None:
    with pytest.raises(ValueError, match="preload"):
        SandboxSettings(preload=(name,))
