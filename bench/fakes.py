"""Programs that fake their speed: each does the work of the honest one and hides it, puts it off or prepares it."""

from bench.races import Race

_HONEST = """
def f(n):
    total = 0
    for i in range(n): total += i * i % 7
    return total
"""
_WORK = _HONEST.replace("def f", "def work")
_PIPED = (
    _WORK
    + """
import os, signal
def f(n):
    answer, said = os.pipe()
    if os.fork() == 0:
        {}
        os.write(said, str(work(n)).encode())
        os._exit(0)
    os.close(said)
    found = int(os.read(answer, 99))
    os.close(answer)
    return found
"""
)
_FAKES = {
    "patched clocks": """
import time
for name in ('time', 'monotonic', 'perf_counter', 'process_time', 'thread_time'):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + '_ns', lambda: 0)
import os, resource
os.times = lambda: (0.0,) * 5
resource.getrusage = lambda who: resource.struct_rusage([0] * 16)
""" + _HONEST,
    "work at import": """
table = [0]
for i in range(1 << 20): table.append(table[-1] + i * i % 7)
def f(n): return table[n] if n < len(table) else table[-1] + sum(i * i % 7 for i in range(len(table) - 1, n))
""",
    "work in a thread": _WORK + """
import _thread
def f(n):
    done, out = _thread.allocate_lock(), []
    done.acquire()
    _thread.start_new_thread(lambda: (out.append(work(n)), done.release()), ())
    done.acquire()
    return out[0]
""",
    "work in a child": _PIPED.format("pass"),
    "work in a child that is no zombie": _PIPED.format("pass") + "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n",
    "work in an orphan": _PIPED.format("if os.fork(): os._exit(0)"),
    "work in another program": _WORK + """
import subprocess, sys
TEXT = "import sys; n = int(sys.argv[1]); t = 0\\nfor i in range(n): t += i * i % 7\\nprint(t)"
def f(n): return int(subprocess.run([sys.executable, '-S', '-c', TEXT, str(n)], capture_output=True).stdout)
""",
    "answers kept in a file": _WORK + """
def f(n):
    try: return int(open('/tmp/%d' % n).read())
    except OSError: found = work(n)
    with open('/tmp/%d' % n, 'w') as kept: kept.write(str(found))
    return found
""",
    "answers kept in memory": "import functools" + _HONEST.replace("def f", "@functools.lru_cache(None)\ndef f"),
    "an object that works later": _WORK + """
class Later:
    def __init__(self, n): self.n = n
    def __int__(self): return work(self.n)
    def __eq__(self, other): return int(self) == other
def f(n): return Later(n)
""",
    "a generator that works later": _WORK + "def f(n): yield work(n)\n",
}  # fmt: skip
FAKES = tuple(Race(name, "assert f(1000) == 0", _HONEST, code) for name, code in _FAKES.items())
