"""Honest but awkward programs pass: a false alarm poisons a dataset as much as a miss."""

# ruff: noqa: E501 (programs and cases are data, one a line; the odd digits are the point)

import json
from pathlib import Path

import pytest

from storage.problems import Asserts, Stdio
from tasks.sandbox.protocol import Job, Limits

PROGRAMS = {
    "400 kB of output": ("import sys\ndef f(n):\n    print('x' * 400_000)\n    sys.stderr.write('y' * 1000)\n    return n", "assert f(1) == 1"),
    "recursion to 900": ("def f(n): return 0 if n == 0 else 1 + f(n - 1)", "assert f(900) == 900"),
    "10 MB source": ("x = '" + "a" * 10_000_000 + "'\ndef f(): return len(x)", "assert f() == 10_000_000"),
    "threads": ("import threading\ndef f():\n    out = []\n    ts = [threading.Thread(target=out.append, args=(n,)) for n in range(8)]\n    [t.start() for t in ts]; [t.join() for t in ts]\n    return sorted(out)", "assert f() == list(range(8))"),
    "thread pool": ("from concurrent.futures import ThreadPoolExecutor\ndef f():\n    with ThreadPoolExecutor(4) as p: return list(p.map(abs, [-1, 2]))", "assert f() == [1, 2]"),
    "processes": ("import multiprocessing as m\ndef g(x): return x * x\ndef f():\n    with m.get_context('fork').Pool(2) as p: return p.map(g, [1, 2, 3])", "assert f() == [1, 4, 9]"),
    "global state": ("n = 0\ndef f():\n    global n\n    n += 1\n    return n", "assert f() == 1", "assert f() == 2"),
    "in place": ("def f(m):\n    m[0][0] = 9\n    m[1].append(1)", "m = [[0], [2]]\nrow = m[0]\nf(m)\nassert m == [[9], [2, 1]]\nassert row == [9]"),
    "in place dict": ("def f(d, s, b):\n    d.update(a=1); s.add(2); b.append(3)", "d, s, b = {}, {1}, bytearray()\nf(d, s, b)\nassert (d, s, b) == ({'a': 1}, {1, 2}, b'\\x03')"),
    "generator": ("def f(n):\n    for i in range(n): yield i * i", "assert list(f(4)) == [0, 1, 4, 9]", "assert next(iter(f(1))) == 0", "assert sum(f(3)) == 5"),
    "key function": ("def f(xs, key): return sorted(xs, key=key)", "assert f([3, -1, 2], lambda x: abs(x)) == [-1, 2, 3]", "assert f([3, -1], key=abs) == [-1, 3]"),
    "callback that calls back": ("def f(g, n): return g(n)\ndef h(n): return n + 1", "assert f(lambda n: h(n) * f(h, 1), 3) == 8"),
    "closure": ("def f(a):\n    def g(b): return a + b\n    return g", "assert f(1)(2) == 3"),
    "exception expected": ("def f(x):\n    raise ValueError('no', x)", "try:\n    f(3)\n    assert False\nexcept ValueError as e:\n    assert e.args == ('no', 3)"),
    "own exception": ("class E(KeyError): pass\ndef f(): raise E('k')", "try:\n    f()\n    assert False\nexcept KeyError as e:\n    assert type(e).__name__ == 'E'"),
    "type as argument": ("def f(xs, t): return [x for x in xs if not isinstance(x, t)]", "assert f([1, 'a', 2.5], int) == ['a', 2.5]"),
    "class in a list": ("class P:\n    def __init__(self, a): self.a = a\ndef f(ps): return sum(p.a for p in ps)", "assert f([P(1), P(2)]) == 3"),
    "named tuple": ("from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef f(): return P(1, 2)", "assert f() == (1, 2)", "assert f().y == 2", "assert P(3, 4).x == 3"),
    "collections": ("from collections import *\ndef f(s): return Counter(s)\ndef g(): return deque([1], 3), OrderedDict(a=1), defaultdict(int, b=2)", "assert f('aab') == {'a': 2, 'b': 1}", "assert f('a')['z'] == 0", "assert g()[1] == {'a': 1} and g()[2] == {'b': 2} and list(g()[0]) == [1]"),
    "name of a builtin": ("def sum(a, b): return a + b", "assert sum(1, 2) == 3"),
    "library name unimported in tests": ("import math\ndef f(): return math.pi", "assert math.isclose(f(), 3.14159, rel_tol=1e-4)"),
    "2 equals 2.0": ("def f(): return 2", "assert f() == 2.0"),
    "views": ("def f(): return {1: 2}", "assert f().keys() == {1}", "assert list(f().items()) == [(1, 2)]"),
    "files": ("def f():\n    with open('a.txt', 'w') as o: o.write('x')\n    return open('/tmp/a.txt').read()", "assert f() == 'x'"),
    "stdin is empty": ("import sys\ndef f(): return sys.stdin.read()", "assert f() == ''"),
    "replaced stdout": ("import sys, io\nsys.stdout = io.StringIO()\ndef f(): print(1); return 1", "assert f() == 1"),
    "patched print": ("import builtins\nbuiltins.print = None\ndef f(): return 1", "assert f() == 1"),
    "name guard": ("def f(): return 1\nif __name__ == '__main__':\n    raise SystemExit(1)", "assert f() == 1"),
    "helper thread left running": ("import threading, time\nthreading.Thread(target=time.sleep, args=(30,)).start()\ndef f(): return 1", "assert f() == 1"),
    "dataclass": ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(): return P(1)", "assert f() == P(1)", "assert f().x == 1", "assert f() != P(2)"),
    "unicode and surrogates": ("def f(): return 'ä\\ud800😀', b'\\x00\\xff'", "assert f() == ('ä\\ud800😀', b'\\x00\\xff')"),
    "large integer": ("def f(): return 7 ** 5000", "assert f() == 7 ** 5000"),
    "large list": ("def f(): return list(range(300_000))", "assert f() == list(range(300_000))"),
    "subprocess": ("import subprocess, sys\ndef f(): return subprocess.run([sys.executable, '-S', '-c', 'print(5)'], capture_output=True, text=True).stdout", "assert f() == '5\\n'"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_awkward_but_right_programs_pass(judge, name):
    code, *asserts = PROGRAMS[name]
    entry = "sum" if name == "name of a builtin" else None
    row = judge(code, *asserts, entry=entry, cpu_s=10.0, wall_s=60.0, memory_mib=512, processes=32)
    assert row.verdict == "passed" and not row.flags, row


STDIO = {
    "exit code zero": "import sys\nprint(sum(map(int, sys.stdin.read().split())))\nsys.exit(0)",
    "descriptor zero": "import os\nprint(sum(map(int, open(0).read().split())))\nos._exit(0) if print(end='', flush=True) else None",
    "guarded main": "def main():\n    print(sum(map(int, input().split())))\nif __name__ == '__main__':\n    main()",
    "at exit": "import atexit\natexit.register(lambda: print(sum(map(int, input().split()))))",
    "thread": "import threading\nthreading.Thread(target=lambda: print(sum(map(int, input().split())))).start()",
    "as a float": "print(float(sum(map(int, input().split()))), '\\n\\n')",
}


@pytest.mark.parametrize("name", STDIO)
def test_awkward_but_right_whole_programs_pass(judge, name):
    cases = ({"input": "1 2\n", "output": "3"}, {"input": "5 5", "output": "10\n"})
    row = judge(STDIO[name], Stdio(kind="stdio", cases=cases))
    assert row.verdict == "passed", row


def test_every_reference_of_mbpp_passes(sandbox):
    path = Path(__file__).parents[3] / "shared" / "data" / "mbpp" / "mbpp_dev.jsonl"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the repository")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    jobs = [
        Job(str(row["task_id"]), row["code"], "", None, _asserts(row), Limits(cpu_s=60.0, wall_s=240.0)) for row in rows
    ]
    wrong = [(row.job_id, row.verdict, row.feedback) for row in sandbox.judge(jobs) if row.verdict != "passed"]
    assert wrong == [] and len(jobs) > 100


def _asserts(row):
    return Asserts(
        kind="asserts", setup=row["test_setup_code"], asserts=(*row["test_list"], *row["challenge_test_list"])
    )
