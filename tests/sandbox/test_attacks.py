"""Wrong programs that lie, break out, or eat the machine, each with the verdicts it may get; none may pass."""

# ruff: noqa: E501, RUF001 (programs and cases are data, one a line; the odd digits are the point)

import os
import time
from pathlib import Path

import pytest

from storage.problems import Asserts, Check, Stdio, UnitTest

WRONG = "def add(a, b): return a - b\n"
LIAR = "class Liar{base}:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n    def __hash__(self): return 0\n"
NO, GONE, BROKEN = {"failed"}, {"exited"}, {"failed", "error", "exited"}
ENDS = {
    "sys.exit at import": "import sys\nsys.exit(0)", "os._exit at import": "import os\nos._exit(0)",
    "SystemExit in the call": "def add(a, b): raise SystemExit", "quit": "import builtins\ndef add(a, b): exit = __import__('sys').exit; exit()",
    "posix._exit": "import posix\ndef add(a, b): posix._exit(0)", "ctypes _exit": "import ctypes\ndef add(a, b): ctypes.CDLL(None)._exit(0)",
    "SIGKILL self": "import os\ndef add(a, b): os.kill(os.getpid(), 9)", "raise SIGKILL": "import signal\ndef add(a, b): signal.raise_signal(9)",
    "code 137": "import os\nos._exit(137)", "code 124 in the call": "import os\ndef add(a, b): os._exit(124)",
    "abort": "import os\ndef add(a, b): os.abort()", "exec": "import os, sys\ndef add(a, b): os.execv(sys.executable, ['python', '-c', ''])",
}  # fmt: skip
FLIPS = {
    "atexit": WRONG + "import atexit, os\natexit.register(os._exit, 0)",
    "excepthook": WRONG + "import sys, os\nsys.excepthook = lambda *a: os._exit(0)",
    "__del__": WRONG + "import os\nclass D:\n    def __del__(self): os._exit(0)\nd = D()",
    "thread that exits": WRONG
    + "import os, threading, time\nthreading.Thread(target=lambda: (time.sleep(.05), os._exit(0))).start()",
}
LIES = {
    "__eq__": LIAR.format(base="") + "def add(a, b): return Liar()",
    "reflexive int": LIAR.format(base="(int)") + "def add(a, b): return Liar(a - b)",
    "str": LIAR.format(base="(str)") + "def add(a, b): return Liar('x')", "list": LIAR.format(base="(list)") + "def add(a, b): return Liar()",
    "dict": LIAR.format(base="(dict)") + "def add(a, b): return Liar()", "float": LIAR.format(base="(float)") + "def add(a, b): return Liar()",
    "tuple": LIAR.format(base="(tuple)") + "def add(a, b): return Liar()", "nan": "def add(a, b): return float('nan')",
    "lazy": "def add(a, b):\n    while True: yield 3", "class": LIAR.format(base="(type)") + "class X(metaclass=Liar): pass\ndef add(a, b): return X",
    "mock": "from unittest.mock import ANY\ndef add(a, b): return ANY", "__class__": LIAR.format(base="") + "    __class__ = property(lambda s: int)\ndef add(a, b): return Liar()",
    "getattr": "class L:\n    def __getattr__(self, n): return lambda *a, **k: True\ndef add(a, b): return L()",
}  # fmt: skip
CODEC = {
    "__reduce__": "class R:\n    def __reduce__(self): return (print, ('x',))\ndef add(a, b): return R()",
    "depth": "def add(a, b):\n    x = []\n    for _ in range(10**6): x = [x]\n    return x",
    "cycle": "def add(a, b):\n    x = []\n    x.append(x)\n    return x",
    "doubling": "def add(a, b):\n    x = []\n    for _ in range(60): x = [x, x]\n    return x",
    "10^9 elements": "def add(a, b): return [None] * 10**9", "endless list": "class E(list):\n    def __len__(self): return 10**9\ndef add(a, b): return E([1])",
    "huge integer": "def add(a, b): return 1 << 10**8", "surrogates": "def add(a, b): return '\\udfff' * 9",
    "colliding set": "def add(a, b): return {i * (2**61 - 1) for i in range(2000)}",
    "exception that lies": "class E(Exception):\n    def __str__(self): raise SystemExit\n    args = property(lambda s: 1 / 0)\ndef add(a, b): raise E",
}  # fmt: skip
RAW = "import os, struct\ndef add(a, b):\n    {}\n    return a - b"
WIRE = {
    "every descriptor": RAW.format("for fd in range(256):\n        try: os.write(fd, b'\\x00\\x00\\x00\\x05PASSED 3')\n        except OSError: pass"),
    "early": "import os\nos.write(3, b'\\x00\\x00\\x00\\x01T' * 9)\n" + WRONG, "truncated": RAW.format("os.write(3, b'\\x00\\x00\\x10\\x00abc'); os._exit(0)"),
    "endless frame": RAW.format("os.write(3, b'\\xff\\xff\\xff\\xff')"), "no value": RAW.format("os.write(3, b'\\x00\\x00\\x00\\x03zzz')"),
    "forged reply": "from inside.encoder import Encoder\nimport os\ndef add(a, b):\n    m = Encoder(None).encode(('r', 7, True, 3, None))\n    os.write(3, len(m).to_bytes(4, 'big') + m)\n    return 3",
    "answered twice": "import os\ndef add(a, b):\n    os.fork()\n    return a + b",
}  # fmt: skip
READS = {
    "frames": "import sys\ndef add(a, b):\n    f, found = sys._getframe(), []\n    while f: found += list(f.f_locals.values()); f = f.f_back\n    return [x for x in found if type(x) is int and x not in (a, b)][-1] if found else 0",
    "gc": "import gc\ndef add(a, b): return [o for o in gc.get_objects() if isinstance(o, dict) and 'expected' in o][0]['expected']",
    "proc": "import os\ndef add(a, b): return open(f'/proc/{os.getppid()}/environ').read()",
    "environment": "import os\ndef add(a, b): return int(os.environ['EXPECTED'])",
    "descriptors": "import os\ndef add(a, b):\n    for fd in range(4, 256):\n        try: return os.read(fd, 10)\n        except OSError: pass",
}  # fmt: skip
PATCHES = {
    "builtins": WRONG + "import builtins, operator, math\nbuiltins.bool = builtins.all = builtins.isinstance = lambda *a: True\noperator.eq = math.isclose = lambda *a, **k: True",
    "names of the test": WRONG + "def set(x): return Liar()\ndef sorted(x): return Liar()\n" + LIAR.format(base=""),
    "unittest": WRONG + "import unittest\nunittest.TestCase.assertEqual = lambda *a: None",
    "judge's modules": WRONG + "import sys\nfor n, m in list(sys.modules.items()):\n    if n.startswith('inside'):\n        for k, v in list(vars(m).items()):\n            if callable(v): setattr(m, k, lambda *a, **k: True)",
    "files": WRONG + "for n in ('conftest.py', 'sitecustomize.py', 'operator.py'):\n    open('/tmp/' + n, 'w').write('raise SystemExit(0)')",
    "swallowing text": WRONG + "'''",
}  # fmt: skip
EATS = {
    "fork bomb": ("import os\ndef add(a, b):\n    while True:\n        try: os.fork()\n        except OSError: pass", {"processes", "timeout"}),
    "thread bomb": ("import threading, time\ndef add(a, b):\n    while True:\n        try: threading.Thread(target=time.sleep, args=(9,)).start()\n        except RuntimeError: pass", {"processes"}),
    "memory fast": ("def add(a, b): return len(b'x' * (1 << 33))", {"memory"}),
    "memory slow": ("def add(a, b):\n    x = []\n    while True: x.append(bytearray(1 << 18))", {"memory"}),
    "memory in children": ("import os, time\ndef add(a, b):\n    for _ in range(6):\n        if os.fork() == 0:\n            x = bytearray(b'1') * (40 << 20)\n            time.sleep(30)\n    time.sleep(30)", {"memory"}),
    "memory mapped and shared": ("import mmap\ndef add(a, b):\n    m = mmap.mmap(-1, 1 << 30)\n    for i in range(0, 1 << 30, 4096): m[i] = 1", {"memory"}),
    "tmpfs": ("def add(a, b):\n    with open('/dev/shm/x', 'wb') as f:\n        while True: f.write(bytes(1 << 20))", {"files"}),
    "inodes": ("def add(a, b):\n    for i in range(10**6): open(f'{i}', 'w').close()", {"files"}),
    "stdout flood": ("def add(a, b):\n    while True: print('x' * 1000)", {"output"}),
    "stderr flood": ("import os\ndef add(a, b):\n    while True: os.write(2, b'x' * 1000)", {"output"}),
    "deaf loop": ("import signal, re\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\ndef add(a, b): re.match('(a*)*b', 'a' * 40)", {"timeout"}),
    "busy children": ("import os, time\ndef add(a, b):\n    for _ in range(3):\n        if os.fork() == 0:\n            while True: pass\n    time.sleep(60)", {"timeout"}),
    "busy children nobody waits for": ("import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\ndef add(a, b):\n    while True:\n        if os.fork() == 0:\n            for _ in range(10**6): pass\n            os._exit(0)\n        try: os.wait()\n        except OSError: pass", {"timeout"}),
    "colliding set, then gone": ("import os, socket\ndef add(a, b):\n    n = 60_000\n    body = b'<' + n.to_bytes(4, 'big') + b''.join(b'I' + (20).to_bytes(4, 'big') + (i * (2**61 - 1)).to_bytes(20, 'big') for i in range(n))\n    socket.socket(fileno=os.dup(3)).sendall(len(body).to_bytes(4, 'big') + body)\n    os._exit(0)", {"timeout"}),
    "endless answer": ("def add(a, b):\n    return Endless()\nclass Endless:\n    def __eq__(self, o):\n        while True: pass\n", {"failed"}),
    "busy import": ("while True: pass", {"timeout"}),
}  # fmt: skip
HOST = {
    "kill parent": "import os\ndef add(a, b): os.kill(os.getppid(), 9); return 3", "kill -1": "import os\ndef add(a, b): os.kill(-1, 9); return 3",
    "stop self": "import os\ndef add(a, b): os.kill(0, 19); return a - b",
    "ptrace": "import ctypes\ndef add(a, b): assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0; return 3",
    "mount": "import ctypes\ndef add(a, b): assert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0; return 3",
    "unshare": "import ctypes\ndef add(a, b): assert ctypes.CDLL(None).unshare(0x10000000) == 0; return 3",
    "chroot": "import os\ndef add(a, b): os.chroot('/tmp'); return 3", "setuid": "import os\ndef add(a, b): os.setuid(0); return 3",
    "network": "import socket\ndef add(a, b): socket.create_connection(('127.0.0.1', 22), 1); return 3",
    "udp": "import socket\ndef add(a, b): socket.socket(socket.AF_INET, socket.SOCK_DGRAM); return 3",
    "dns": "import socket\ndef add(a, b): socket.getaddrinfo('example.org', 80); return 3",
    "write the judge": "def add(a, b): open('/judge/inside/codec.py', 'a'); return 3", "write the root": "def add(a, b): open('/x', 'w'); return 3",
    "passwords": "def add(a, b): open('/etc/passwd').read(); return 3", "io_uring": "import ctypes\ndef add(a, b): assert ctypes.CDLL(None).syscall(425, 8, 0) >= 0; return 3",
    "device": "import os\ndef add(a, b): os.mknod('/tmp/d', 0o60600, os.makedev(8, 0)); return 3",
}  # fmt: skip


def _flat(**groups):
    return [
        pytest.param(code, allowed, id=f"{group}-{name}")
        for group, (cases, allowed) in groups.items()
        for name, code in cases.items()
    ]


@pytest.mark.parametrize(
    ("code", "allowed"),
    _flat(
        ends=(ENDS, GONE), flips=(FLIPS, NO | GONE), lies=(LIES, NO), codec=(CODEC, {"failed", "error", "memory"}),
        reads=(READS, BROKEN), patches=(PATCHES, BROKEN), host=(HOST, BROKEN),
    ),
)  # fmt: skip
def test_wrong_programs_get_their_verdict(add, code, allowed):
    if "return 3" in code:  # breaking out must have failed: the answer is right for the first test only
        code = code.replace("return 3", "return a + b")
        allowed = allowed | ({"passed"} if "kill" in code else set())  # a signal that reaches nobody does no harm
    row = add(code, wall_s=20.0, cpu_s=8.0, memory_mib=256)
    assert row.verdict in allowed, row


@pytest.mark.parametrize("name", WIRE)
def test_forged_replies_are_seen(add, name):
    row = add(WIRE[name])
    assert row.verdict in ("failed", "error") and row.flags == ("tampered",), row


@pytest.mark.parametrize("name", EATS)
def test_greedy_programs_are_stopped_by_the_limit_they_pass(add, name):
    code, allowed = EATS[name]
    row = add(code)
    assert row.verdict in allowed and row.wall_ms < 20_000, row


NUMERIC = "class L:\n" + "".join(
    f"    def __{op}__(self, *a): return {'True' if op in ('lt', 'le', 'gt', 'ge', 'eq', 'contains', 'bool') else 'self' if op in ('sub', 'rsub', 'abs', 'round') else '0.0'}\n"
    for op in ("sub", "rsub", "abs", "float", "lt", "le", "gt", "ge", "eq", "contains", "round", "bool", "truediv")
)  # fmt: skip


@pytest.mark.parametrize(
    "test",
    [
        "assert abs(add(1, 2) - 3) < 1e-6", "assert 3 - 1e-6 < add(1, 2) < 3 + 1e-6", "import math; assert math.isclose(add(1, 2), 3)",
        "assert abs(3 - add(1, 2)) <= 0", "assert round(add(1, 2) - 3) == 0", "assert add(1, 2) in [3]", "assert [add(1, 2)] == [3]",
        "assert {'x': add(1, 2)} == {'x': 3}", "assert str(add(1, 2)) == '3'", "assert not add(1, 2) != 3",
    ],
)  # fmt: skip
def test_an_object_is_never_a_number(judge, test):
    row = judge(NUMERIC + "def add(a, b): return L()", test, entry="add")
    assert row.verdict in ("failed", "error"), row


def test_lies_fail_every_kind_of_tests(judge):
    code = LIAR.format(base="") + "def add(a, b): return Liar()"
    unit = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): {}(add(1, 2), 3)\n"
    for method in ("self.assertEqual", "self.assertAlmostEqual", "self.assertGreaterEqual"):
        row = judge(code, UnitTest(kind="unittest", code=unit.format(method)), entry="add")
        assert row.verdict in ("failed", "error"), row
    check = Check(
        kind="check", code="def check(candidate):\n    assert candidate(1, 2) == 3\n    assert 3 == candidate(1, 2)\n"
    )
    assert judge(code, check, entry="add").verdict == "failed"


STDIO_FORGERS = {
    "prefix only": "print(1)", "too much": "print(1, 2, 3)", "look-alike digits": "print('１', '2')", "NUL": "print('1\\x00', 2)",
    "ANSI": "print('\\x1b[2K1', 2)", "harness words": "print('PASSED'); print('{\"verdict\": \"passed\"}')", "nan": "print('nan', 'nan')",
    "underscore": "print('0_1', '2.0')", "nothing": "pass", "exit code": "import os; os._exit(0)", "right, then crash": "print(1, 2)\nraise ValueError",
    "right, then exit 1": "print(1, 2)\nraise SystemExit(1)",
}  # fmt: skip


@pytest.mark.parametrize("name", STDIO_FORGERS)
def test_forged_output_fails(judge, name):
    row = judge(STDIO_FORGERS[name], Stdio(kind="stdio", cases=({"input": "", "output": "1 2\n"},)))
    assert row.verdict in ("failed", "error", "exited"), row


def test_tests_may_hold_secrets(judge):
    spy = "def f(cb):\n    for n in ('__globals__', '__code__', 'secret', 'func_globals', '__closure__', '__self__'):\n        try: return getattr(cb, n)\n        except Exception: pass\n    return 'nothing'"
    tests = Asserts(kind="asserts", setup="secret = 42", asserts=("assert f(lambda x: secret) == 'nothing'",))
    assert judge(spy, tests, entry="f").verdict == "passed"


SURVIVORS = {
    "double fork": "import os, time\ndef add(a, b):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            while True: time.sleep(1)\n        os._exit(0)\n    return a + b",
    "spawn": "import subprocess, sys\ndef add(a, b):\n    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'], start_new_session=True)\n    return a + b",
    "child holds stdout": "import os, time\ndef add(a, b):\n    if os.fork() == 0: time.sleep(1000)\n    return a + b",
    "files": "import os\nfor d in ('/tmp', '/dev/shm', '/var/tmp', '/root', '/'):\n    try: open(os.path.join(d, 'patchmill-was-here'), 'w')\n    except OSError: pass\ndef add(a, b): return a + b",
    "socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0patchmill-was-here')\ndef add(a, b): return a + b",
}  # fmt: skip


def _mine() -> set[int]:
    """Every process below this one."""
    found = [os.getpid()]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return set(found)


@pytest.mark.parametrize("name", SURVIVORS)
def test_nothing_survives_a_run(add, name):
    assert add("def add(a, b): return a + b").verdict == "passed"  # so that the servers are up
    before, began = _mine(), time.monotonic()
    add(SURVIVORS[name])
    assert time.monotonic() - began < 5
    started = _mine() - before
    new = [pid for pid in started if b"inside.zygote" not in _command(pid)]
    assert new == []
    assert not any(
        os.access(f"{d}/patchmill-was-here", os.F_OK) for d in ("/tmp", "/dev/shm", "/var/tmp", "/root", "/")
    )
    again = add("import os\nassert os.listdir('/tmp') == []\nassert os.getpid() == 1\ndef add(a, b): return a + b")
    assert again.verdict == "passed"


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b"inside.zygote"  # gone since
