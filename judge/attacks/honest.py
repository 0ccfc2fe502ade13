"""Honest but awkward programs, which must pass: a false alarm harms a dataset as much as a missed attack."""

# ruff: noqa: E501  (programs and tests are data)

from judge.attacks.base import Attack, make_asserts
from judge.problems import Stdio
from judge.protocol import Limits

_LIMITS = Limits(cpu_s=10.0, wall_s=60.0, memory_mib=512)
_PROGRAMS: dict[str, tuple[str, ...]] = {
    '400 kB of output': ("""
import sys
def f(n):
    print('x' * 400_000)
    sys.stderr.write('y' * 1000)
    return n
""", 'assert f(1) == 1'),
    'recursion to 900': ('def f(n): return 0 if n == 0 else 1 + f(n - 1)', 'assert f(900) == 900'),
    '10 MB source': ("x = '" + "a" * 10_000_000 + "'\ndef f(): return len(x)", 'assert f() == 10_000_000'),
    'package that may be missing': ("""
try: import numpy as np
except ImportError: np = None
def f(x): return sorted(x) if np is None else np.sort(x).tolist()
""", 'assert f([2, 1]) == [1, 2]'),
    'threads': ("""
import threading
def f():
    out = []
    ts = [threading.Thread(target=out.append, args=(n,)) for n in range(8)]
    [t.start() for t in ts]; [t.join() for t in ts]
    return sorted(out)
""", 'assert f() == list(range(8))'),
    'thread pool': ("""
from concurrent.futures import ThreadPoolExecutor
def f():
    with ThreadPoolExecutor(4) as p: return list(p.map(abs, [-1, 2]))
""", 'assert f() == [1, 2]'),
    'processes': ("""
import multiprocessing as m
def g(x): return x * x
def f():
    with m.get_context('fork').Pool(2) as p: return p.map(g, [1, 2, 3])
""", 'assert f() == [1, 4, 9]'),
    'global state': ("""
n = 0
def f():
    global n
    n += 1
    return n
""", 'assert f() == 1', 'assert f() == 2'),
    'in place': ("""
def f(m):
    m[0][0] = 9
    m[1].append(1)
""", 'm = [[0], [2]]\nrow = m[0]\nf(m)\nassert m == [[9], [2, 1]]\nassert row == [9]'),
    'in place dict': ("""
def f(d, s, b):
    d.update(a=1); s.add(2); b.append(3)
""", "d, s, b = {}, {1}, bytearray()\nf(d, s, b)\nassert (d, s, b) == ({'a': 1}, {1, 2}, b'\\x03')"),
    'generator': ("""
def f(n):
    for i in range(n): yield i * i
""", 'assert list(f(4)) == [0, 1, 4, 9]', 'assert next(iter(f(1))) == 0', 'assert sum(f(3)) == 5'),
    'key function': ('def f(xs, key): return sorted(xs, key=key)', 'assert f([3, -1, 2], lambda x: abs(x)) == [-1, 2, 3]', 'assert f([3, -1], key=abs) == [-1, 3]'),
    'callback that calls back': ("""
def f(g, n): return g(n)
def h(n): return n + 1
""", 'assert f(lambda n: h(n) * f(h, 1), 3) == 8'),
    'closure': ("""
def f(a):
    def g(b): return a + b
    return g
""", 'assert f(1)(2) == 3'),
    'exception expected': ("""
def f(x):
    raise ValueError('no', x)
""", "try:\n    f(3)\n    assert False\nexcept ValueError as e:\n    assert e.args == ('no', 3)"),
    'own exception': ("""
class E(KeyError): pass
def f(): raise E('k')
""", "try:\n    f()\n    assert False\nexcept KeyError as e:\n    assert type(e).__name__ == 'E'"),
    'type as argument': ('def f(xs, t): return [x for x in xs if not isinstance(x, t)]', "assert f([1, 'a', 2.5], int) == ['a', 2.5]"),
    'class in a list': ("""
class P:
    def __init__(self, a): self.a = a
def f(ps): return sum(p.a for p in ps)
""", 'assert f([P(1), P(2)]) == 3'),
    'named tuple': ("""
from collections import namedtuple
P = namedtuple('P', 'x y')
def f(): return P(1, 2)
""", 'assert f() == (1, 2)', 'assert f().y == 2', 'assert P(3, 4).x == 3'),
    'collections': ("""
from collections import *
def f(s): return Counter(s)
def g(): return deque([1], 3), OrderedDict(a=1), defaultdict(int, b=2)
""", "assert f('aab') == {'a': 2, 'b': 1}", "assert f('a')['z'] == 0", "assert g()[1] == {'a': 1} and g()[2] == {'b': 2} and list(g()[0]) == [1]"),
    'name of a builtin': ('def sum(a, b): return a + b', 'assert sum(1, 2) == 3'),
    'library name unimported in tests': ("""
import math
def f(): return math.pi
""", 'assert math.isclose(f(), 3.14159, rel_tol=1e-4)'),
    '2 equals 2.0': ('def f(): return 2', 'assert f() == 2.0'),
    'views': ('def f(): return {1: 2}', 'assert f().keys() == {1}', 'assert list(f().items()) == [(1, 2)]'),
    'files': ("""
def f():
    with open('a.txt', 'w') as o: o.write('x')
    return open('/tmp/a.txt').read()
""", "assert f() == 'x'"),
    'stdin is empty': ("""
import sys
def f(): return sys.stdin.read()
""", "assert f() == ''"),
    'replaced stdout': ("""
import sys, io
sys.stdout = io.StringIO()
def f(): print(1); return 1
""", 'assert f() == 1'),
    'patched print': ("""
import builtins
builtins.print = None
def f(): return 1
""", 'assert f() == 1'),
    'name guard': ("""
def f(): return 1
if __name__ == '__main__':
    raise SystemExit(1)
""", 'assert f() == 1'),
    'helper thread left running': ("""
import threading, time
threading.Thread(target=time.sleep, args=(30,)).start()
def f(): return 1
""", 'assert f() == 1'),
    'dataclass': ("""
from dataclasses import dataclass
@dataclass
class P:
    x: int
def f(): return P(1)
""", 'assert f() == P(1)', 'assert f().x == 1', 'assert f() != P(2)'),
    'unicode and surrogates': ("def f(): return 'ä\\ud800😀', b'\\x00\\xff'", "assert f() == ('ä\\ud800😀', b'\\x00\\xff')"),
    'large integer': ('def f(): return 7 ** 5000', 'assert f() == 7 ** 5000'),
    'large list': ('def f(): return list(range(300_000))', 'assert f() == list(range(300_000))'),
    'subprocess': ("""
import subprocess, sys
def f(): return subprocess.run([sys.executable, '-S', '-c', 'print(5)'], capture_output=True, text=True).stdout
""", "assert f() == '5\\n'"),
    'set of own objects': ("""
class P:
    def __init__(self, n): self.n = n
def f(a, b): return {P(a), P(b)}
""", 'assert sorted(p.n for p in f(1, 2)) == [1, 2]'),
    'dict keyed by an enumeration': ("""
import enum
class C(enum.Enum):
    RED = 1
    BLUE = 2
def f(): return {C.RED: 3, C.BLUE: 4}
""", 'assert f()[C.RED] == 3', 'assert f() == {C.RED: 3, C.BLUE: 4}'),
    'decorator that asks for a name': ("""
import functools
def f(g):
    @functools.wraps(g)
    def h(*a): return g.__name__, g(*a)
    return h
""", "assert f(lambda x: x)(3) == ('<lambda>', 3)"),
    "the test's function in many threads": ("""
from concurrent.futures import ThreadPoolExecutor
def f(g, xs):
    with ThreadPoolExecutor(4) as p: return list(p.map(g, xs))
""", 'assert f(lambda x: x * x, list(range(50))) == [x * x for x in range(50)]'),
    'event loop': ("""
import asyncio
async def g(n):
    await asyncio.sleep(0)
    return n
def f():
    async def main(): return await asyncio.gather(g(1), g(2))
    return asyncio.run(main())
""", 'assert f() == [1, 2]'),
    'number of cores': ("""
import os
def f(): return os.cpu_count() >= 1
""", 'assert f()'),
    'file that is removed again': ("""
import os, tempfile
def f():
    with tempfile.NamedTemporaryFile() as t: t.write(b'x')
    return os.listdir('/tmp')
""", 'assert f() == []'),
    'slow but within limits': ("""
def f():
    n = 0
    for i in range(5_000_000): n += i
    return n
""", 'assert f() == 12499997500000'),
    'stack of a deep recursion': ("""
import sys, threading
sys.setrecursionlimit(10**6)
threading.stack_size(1 << 28)
def g(n): return 0 if n == 0 else 1 + g(n - 1)
def f():
    out = []
    t = threading.Thread(target=lambda: out.append(g(30_000)))
    t.start()
    t.join()
    return out[0]
""", 'assert f() == 30_000'),
    'helper imports': ("""
import bisect, collections, copy, datetime, decimal, fractions, functools, heapq, itertools, math, operator, random, re
import statistics, string, textwrap, typing, unicodedata, zlib, hashlib, csv, json, struct, array, enum, uuid, base64
def f(): return hashlib.sha256(zlib.compress(struct.pack('<i', 7))).hexdigest()[:2]
""", 'assert len(f()) == 2'),
    'numbers of a seed': ("""
import random
random.seed(7)
def f(): return [random.randint(0, 99) for _ in range(5)]
""", 'import random; r = random.Random(7); assert f() == [r.randint(0, 99) for _ in range(5)]'),
    'exception caught by the test': ("""
def f(x):
    if x < 0: raise ValueError('negative')
    return x
""", 'try:\n    f(-1)\nexcept:\n    pass\nassert f(2) == 2'),
}  # fmt: skip
_WHOLE = {
    "exit code zero": """
import sys
print(sum(map(int, sys.stdin.read().split())))
sys.exit(0)
""",
    "descriptor zero": """
import os
print(sum(map(int, open(0).read().split())))
os._exit(0) if print(end='', flush=True) else None
""",
    "guarded main": """
def main():
    print(sum(map(int, input().split())))
if __name__ == '__main__':
    main()
""",
    "at exit": """
import atexit
atexit.register(lambda: print(sum(map(int, input().split()))))
""",
    "thread": """
import threading
threading.Thread(target=lambda: print(sum(map(int, input().split())))).start()
""",
    "blanks after it": "print(sum(map(int, input().split())), '\\t \\n\\n')",
    "exit": """
print(sum(map(int, input().split())))
exit()
""",
    "quit with a code": """
print(sum(map(int, input().split())))
quit(0)
""",
    "unbuffered bytes": """
import sys
sys.stdout.buffer.write(str(sum(map(int, sys.stdin.buffer.read().split()))).encode())
""",
    "written in pieces": "for digit in str(sum(map(int, input().split()))): print(digit, end='')",
}
_CASES = Stdio.model_validate(
    {"kind": "stdio", "cases": [{"input": "1 2\n", "output": "3"}, {"input": "5 5", "output": "10\n"}]}
)
_OWN_NAME = {"name of a builtin": "sum"}
HONEST = (
    *(
        Attack(name, "honest but awkward", code, ("passed",), make_asserts(*tests), _LIMITS, entry=_OWN_NAME.get(name))
        for name, (code, *tests) in _PROGRAMS.items()
    ),
    *(
        Attack(f"whole program: {name}", "honest but awkward", code, ("passed",), _CASES, _LIMITS, entry=None)
        for name, code in _WHOLE.items()
    ),
)
