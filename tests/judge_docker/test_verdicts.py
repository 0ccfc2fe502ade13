"""Verdicts in Docker are those in bubblewrap; attacks fail; nothing passes from one job to the next."""

# ruff: noqa: E501 (programs are data, one a line)

from contextlib import closing
from pathlib import Path

import docker
import pytest

from judge.problems import Call, Calls, Check, JudgedTests, Stdio, StdioCase, UnitTest, Untested
from judge.protocol import Job, Limits, Sandbox
from tasks.ingest.settings import JsonlSource
from tasks.ingest.sources import read_source
from tasks.reading.problem import Problem
from tests.judge.running import Run, RunAdd
from tests.judge_docker.conftest import DockerEngine

PROGRAMS = {
    "passed": "def add(a, b): return a + b",
    "failed": "def add(a, b): return a - b",
    "error": "def add(a, b): return a + c",
    "exited": "import os\ndef add(a, b): os._exit(0)",
    "timeout": "def add(a, b):\n    while True: pass",
    "memory": "def add(a, b):\n    x = []\n    while True: x.append(bytearray(1 << 18))",
    "output": "def add(a, b):\n    while True: print('x' * 4096)",
    "processes": "import threading, time\ndef add(a, b):\n    while True:\n        try: threading.Thread(target=time.sleep, args=(9,)).start()\n        except RuntimeError: pass",
    "files": "def add(a, b):\n    f = open('/tmp/x', 'wb')\n    while True: f.write(bytes(1 << 16))",
    "no_code": " ",
}
TREE = "import os, time\ndef add(a, b):\n    for _ in range(6):\n        if os.fork() == 0:\n            x = bytearray(b'1') * (40 << 20)\n            time.sleep(30)\n    time.sleep(30)"


@pytest.mark.parametrize("verdict", PROGRAMS)
def test_each_verdict_has_a_program_that_gets_it(add: RunAdd, verdict: str) -> None:
    row = add(PROGRAMS[verdict])
    assert row.verdict == verdict and row.evidence.get("retries", 0) == 0, row
    if verdict != "no_code":
        assert row.evidence["cgroup"] in ("v1", "v2") and row.cpu_ms > 0 and row.peak_mib > 5


def test_sleepers_are_ended_by_the_wall_clock(add: RunAdd) -> None:
    row = add("import time\ndef add(a, b): time.sleep(60)", wall_s=1.0)
    assert row.verdict == "timeout" and row.cpu_ms < 500 and row.wall_ms < 3000


UNIT = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(add(1, 2), 3)\n"
RIGHT, WRONG = "def add(a, b): return a + b", "def add(a, b): return a - b"
KINDS = [
    pytest.param(Check(code="def check(candidate):\n    assert candidate(1, 2) == 3\n"), RIGHT, WRONG, id="check"),
    pytest.param(UnitTest(code=UNIT), RIGHT, WRONG, id="unittest"),
    pytest.param(Calls(cases=(Call(args=(1, 2), expected=3),)), RIGHT, WRONG, id="calls"),
    pytest.param(
        Stdio(cases=(StdioCase(input="4\n", output="8\n"), StdioCase(input="5\n", output="10\n"))),
        "print(2 * int(input()))", "print(8)", id="stdio",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("tests", "right", "wrong"), KINDS)
def test_every_kind_of_tests_tells_right_from_wrong(judge: Run, tests: JudgedTests, right: str, wrong: str) -> None:
    assert judge(right, tests, entry="add").verdict == "passed"
    assert judge(wrong, tests, entry="add").verdict == "failed"


LIBC = "import ctypes\nlibc = ctypes.CDLL(None)\ndef add(a, b):\n    assert {} >= 0\n    return 3"
LIMITS = Limits(cpu_s=30)
FAILS = {"failed", "error", "exited"}
ATTACKS = {
    "fork bomb": ("import os\ndef add(a, b):\n    while True:\n        try: os.fork()\n        except OSError: pass", {"processes", "timeout"}),
    "memory at once": ("def add(a, b): return len(b'x' * (1 << 33))", {"memory"}),
    "memory in children": (TREE, {"memory"}),
    "memory in /dev/shm": ("def add(a, b):\n    f = open('/dev/shm/x', 'wb')\n    while True: f.write(bytes(1 << 16))", {"files"}),
    "inodes": ("def add(a, b):\n    for n in range(10**6): open(f'/tmp/{n}', 'w').close()", {"files"}),
    "network": ("import socket\ndef add(a, b): socket.create_connection(('127.0.0.1', 22), 1); return 3", FAILS),
    "names": ("import socket\ndef add(a, b): socket.getaddrinfo('example.org', 80); return 3", FAILS),
    "the daemon": ("import socket\ndef add(a, b): socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock'); return 3", FAILS),
    "the control socket": ("import socket\ndef add(a, b): socket.socket(socket.AF_UNIX, 5).connect('/judge/control/socket'); return 3", FAILS),
    "other processes": ("import os\ndef add(a, b): open(f'/proc/{os.getppid()}/environ').read(); return 3", FAILS),
    "own process": ("def add(a, b): open('/proc/self/mem', 'rb'); return 3", FAILS),
    "the machine": ("import os\ndef add(a, b): os.listdir('/sys/fs'); return 3", FAILS),
    "the root": ("def add(a, b): open('/x', 'w'); return 3", FAILS),
    "the interpreter": ("def add(a, b): open('/judge/inside/codec.py', 'a'); return 3", FAILS),
    "the devices": ("def add(a, b): open('/dev/x', 'w'); return 3", FAILS),
    "a device": ("import os\ndef add(a, b): os.mknod('/tmp/d', 0o60600, os.makedev(8, 0)); open('/tmp/d'); return 3", FAILS),
    "mount": (LIBC.format("libc.mount(b'x', b'/tmp', b'tmpfs', 0, None)"), FAILS),
    "remount": (LIBC.format("libc.mount(b'', b'/', None, 32 | 4096, None)"), FAILS),
    "namespaces": (LIBC.format("libc.unshare(0x10000000)"), FAILS),
    "ptrace": (LIBC.format("libc.ptrace(0, 0, 0, 0)"), FAILS),
    "io_uring": (LIBC.format("libc.syscall(425, 8, 0)"), FAILS),
    "root": ("import os\ndef add(a, b): os.setuid(0); return 3", FAILS),
    "forged replies": ("import os\ndef add(a, b):\n    for fd in range(256):\n        try: os.write(fd, b'\\x00\\x00\\x00\\x05PASSED 3')\n        except OSError: pass\n    return a - b", FAILS),
    "everything killed": ("import os\ndef add(a, b): os.kill(-1, 9); return 3", FAILS),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_get_their_verdict(add: RunAdd, name: str) -> None:
    code, allowed = ATTACKS[name]
    row = add(code)
    assert row.verdict in allowed and row.wall_ms < 20_000, row


LEAVES = {
    "a daemon": "import os, time\ndef add(a, b):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            while True: time.sleep(1)\n        os._exit(0)\n    return a + b",
    "a program": "import subprocess, sys\ndef add(a, b):\n    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'], start_new_session=True)\n    return a + b",
    "files": "import os\nfor d in ('/tmp', '/dev/shm', '/dev', '/judge/control'):\n    try: open(os.path.join(d, 'patchmill-was-here'), 'w')\n    except OSError: pass\ndef add(a, b): return a + b",
}  # fmt: skip
CLEAN = "import os\nassert os.getpid() == 1 and os.listdir('/tmp') == os.listdir('/dev/shm') == os.listdir('/judge/control') == []\ndef add(a, b): return a + b"


@pytest.mark.parametrize("name", LEAVES)
def test_nothing_survives_a_run(add: RunAdd, engine: DockerEngine, name: str) -> None:
    add(LEAVES[name])
    assert [pid for pid in list_pids(engine) if b"inside.contained" not in read_command(pid)] == []
    for _ in range(3):  # on either slot
        assert add(CLEAN).verdict == "passed"


def list_pids(engine: DockerEngine) -> list[int]:
    """Return the processes of every running container."""
    with closing(docker.DockerClient(base_url=engine.host)) as client:
        pids: list[int] = [container.attrs["State"]["Pid"] for container in client.containers.list()]
    assert pids
    for pid in pids:
        pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return pids


def read_command(pid: int) -> bytes:
    """Return a process's command line; that of a fork server if it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b"inside.contained"


def test_every_shipped_reference_passes(sandbox: Sandbox) -> None:
    source = JsonlSource(kind="jsonl", path=Path(__file__).parents[2] / "configs/problems")
    problems = [row for row in read_source(source) if isinstance(row, Problem)]
    jobs = [
        Job(problem.source_id, problem.reference or "", problem.context, problem.entry_point, problem.tests, LIMITS)
        for problem in problems
        if not isinstance(problem.tests, Untested)
    ]
    wrong = {row.job_id: f"{row.verdict}: {row.feedback}" for row in sandbox.judge(jobs) if row.verdict != "passed"}
    assert len(jobs) == len(problems) >= 40 and wrong == {}
