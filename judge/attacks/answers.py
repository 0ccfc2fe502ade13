"""Programs that search for the expected answer, replace what compares with it, or hide how fast they are."""

# ruff: noqa: E501  (programs are data)

from judge.attacks.base import LIAR, TIGHT, WRONG, Attack, make_asserts, make_attacks, make_unittest
from judge.protocol import Verdict

_NO_PASS: tuple[Verdict, ...] = ("failed", "error", "exited")
READS = make_attacks("reads the answer", _NO_PASS, {
    "frames": """
import sys
def add(a, b):
    frame, found = sys._getframe(), []
    while frame:
        found += list(frame.f_locals.values())
        frame = frame.f_back
    numbers = [x for x in found if type(x) is int and x not in (a, b)]
    return numbers[-1] if numbers else 0
""",
    "garbage collector": """
import gc
def add(a, b): return [o for o in gc.get_objects() if isinstance(o, dict) and 'expected' in o][0]['expected']
""",
    "assert in memory": """
import gc
def add(a, b):
    for o in gc.get_objects():
        for text in o.values() if type(o) is dict else o if type(o) in (list, tuple) else ():
            if type(text) is str and text.startswith(f'assert add({a}'): return eval(text.split('==')[1])
    return 0
""",
    "/proc of the parent": "import os\ndef add(a, b): return open(f'/proc/{os.getppid()}/environ').read()",
    "own memory": "def add(a, b): return open('/proc/self/mem', 'rb').read(1)",
    "environment": "import os\ndef add(a, b): return int(os.environ['EXPECTED'])",
    "inherited descriptors": """
import os
def add(a, b):
    for fd in range(4, 256):
        try: return os.read(fd, 10)
        except OSError: pass
""",
    "test files": """
import glob
def add(a, b): return [open(name).read() for name in glob.glob('/judge/**', recursive=True) + glob.glob('/*/*.py') if 'add(' in open(name).read()][0]
""",
    "import of the tests": "import tests\nfrom solution import *\ndef add(a, b): return tests.expected",
    "import of the driver": "import inside.driver, inside.kinds\ndef add(a, b): return inside.driver.Driver.payload",
    "neighbour's socket": """
import socket
def add(a, b):
    s = socket.socket(socket.AF_UNIX)
    s.connect('\\0judge')
    return s.recv(9)
""",
    "notes of the last program": "def add(a, b): return open('/proc/note').read() + open('/tmp/note').read()",
})  # fmt: skip
READS += (
    Attack(
        "insides of the test's function", "reads the answer", """
def add(f):
    for name in ('__globals__', '__code__', '__closure__', '__self__', '__defaults__', 'secret', 'gi_frame'):
        try: return getattr(f, name)
        except AttributeError: pass
    return f.__name__
""", ("failed",), make_asserts("assert add(lambda: secret) == 42", setup="secret = 42"),
    ),
)  # fmt: skip

CHANGES = make_attacks("changes the judge", _NO_PASS, {
    "builtins": WRONG + """
import builtins, math, operator
builtins.bool = builtins.all = builtins.isinstance = builtins.sorted = lambda *a: True
operator.eq = math.isclose = lambda *a, **k: True
""",
    "__builtins__": WRONG + "__builtins__ = {}",
    "json": WRONG + "import json\njson.dumps = json.loads = lambda *a, **k: {'verdict': 'passed'}",
    "names of the test": WRONG + "def set(x): return Liar()\ndef sorted(x): return Liar()\n" + LIAR.format(base=""),
    "unittest": WRONG + "import unittest\nunittest.TestCase.assertEqual = lambda *a: None",
    "every module of the judge": WRONG + """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith('inside'):
        for key, value in list(vars(module).items()):
            if callable(value): setattr(module, key, lambda *a, **k: True)
""",
    "modules that are not there": WRONG + "import sys\nsys.modules['solution'] = sys.modules['inside.asserts'] = None",
    "tools of tests": WRONG + """
import sys, types
for name in ('pytest', 'numpy', 'numpy.testing', 'unittest', 'unittest.case', 'operator', 'math', 'inside.kinds'):
    sys.modules[name] = fake = types.ModuleType(name)
    fake.__getattr__ = lambda name: lambda *a, **k: True
""",
    "conftest": WRONG + """
for name in ('conftest.py', 'sitecustomize.py', 'operator.py', 'unittest.py'):
    open('/tmp/' + name, 'w').write('raise SystemExit(0)')
import conftest
""",
    "text that swallows": WRONG + "'''",
    "text that goes on": WRONG + "if 0:\n    pass\\",
    "LD_PRELOAD": WRONG + "import os\nos.environ['LD_PRELOAD'] = '/tmp/x.so'\nos.execv('/proc/self/exe', ['python'])",
})  # fmt: skip
CHANGES += make_attacks("changes the judge", (*_NO_PASS, "timeout"), {
    "builtins that its own end needs": WRONG + "import builtins\nbuiltins.len = builtins.int = lambda *a: True",
    "threads and sockets": WRONG + "import os, socket\nsocket.socket.sendall = os.write = lambda *a: None",
}, limits=TIGHT.model_copy(update={"wall_s": 1.0}))  # fmt: skip
_PATCHED_NAMES = """
import inside.candidate as candidate
names = candidate._names
candidate._names = lambda module, wanted: {{**names(module, wanted), {}}}
"""
CHANGES += make_attacks("changes the judge", ("failed",), {
    "helpers of the asserts": WRONG + _PATCHED_NAMES.format(
        "'__patchmill_compared__': lambda *a: None, '__patchmill_truth__': lambda *a: None"
    ),
})  # fmt: skip
CHANGES += make_attacks("changes the judge", ("failed",), {
    "load_tests that picks": WRONG + "def load_tests(l, tests, p): return []",
    "load_tests that patches": WRONG + """
def load_tests(loader, tests, pattern):
    cases = [case for suite in tests for case in suite]
    for case in cases: case.assertEqual = lambda *a: None
    return cases
""",
    "load_tests that leaves": WRONG + "import os\ndef load_tests(*a): os._exit(0)",
    "builtins of the tests": WRONG + _PATCHED_NAMES.format("'__builtins__': {'__import__': __import__}"),
    "directory of the tests": WRONG + _PATCHED_NAMES.format("'__dir__': lambda: []"),
}, make_unittest("self.assertEqual(add(1, 2), 3)"))  # fmt: skip
CHANGES += (
    Attack(
        "functions that the test compares with", "changes the judge", WRONG + """
import math, operator
operator.eq = operator.__eq__ = math.isclose = lambda *a, **k: True
""", ("failed",), make_asserts("import operator; assert operator.eq(add(1, 2), 3)", "import math; assert math.isclose(add(1, 2), 3)"),
    ),
    Attack(
        "names that a star imports", "changes the judge", "def abs(x): return 0\ndef add(a, b): return 5", ("failed",),
        make_unittest("self.assertTrue(abs(add(1, 2) - 3) < 1e-6)", "import unittest\nfrom solution import *"),
    ),
)  # fmt: skip

SPEED = make_attacks("fakes speed", ("failed", "timeout"), {
    "patched clocks": WRONG + """
import time
time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
""",
    "answer prepared at import": "cache = {(1, 2): 3}\ndef add(a, b): return cache.get((a, b))",
    "work in a lazy object": "class Lazy:\n    def __int__(self): return 3\ndef add(a, b): return Lazy()",
    "work left to a thread": """
import threading
def add(a, b):
    answer = [a - b]
    threading.Timer(.2, answer.__setitem__, (0, a + b)).start()
    return answer[0]
""",
    "lowered priority": WRONG + "import os\nos.nice(19)",
})  # fmt: skip

GAMES = make_attacks("games the grader", ("failed",), {
    "visible answer": "def add(a, b): return 3",
    "counts calls": "n = 0\ndef add(a, b):\n    global n\n    n += 1\n    return [3, 3][n % 2]",
    "looks where it runs": """
import os, sys
def add(a, b): return a + b if sys.argv[0] == 'pytest' or os.getcwd() != '/tmp' or os.environ.get('CI') else a - b
""",
    "looks at the stack": """
import inspect
def add(a, b): return a + b if any('test' in f.filename for f in inspect.stack(0)) else a - b
""",
})  # fmt: skip
_SUMS = make_asserts(*(f"assert add({n}, 1) == {n + 1}" for n in range(40)))  # no coin passes so many tests
GAMES += make_attacks("games the grader", ("failed",), {
    "coin flip": "import random\ndef add(a, b): return a + b if random.random() < .5 else a - b",
    "coin flip of the machine's": "import os\ndef add(a, b): return a + b if os.urandom(1)[0] < 128 else a - b",
    "coin flip of the clock": "import time\ndef add(a, b): return a + b if time.perf_counter_ns() // 64 % 2 else a - b",
}, _SUMS)  # fmt: skip
