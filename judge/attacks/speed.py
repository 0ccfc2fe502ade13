"""Right programs that use a known amount of CPU time and hide it; the judge must measure at least that much."""

# ruff: noqa: E501  (programs are data)

from judge.attacks.base import TIGHT, Attack, AttackTests, Group, make_asserts, make_stdio
from judge.protocol import Answers

LEAST_CPU_MS = 150  # of the 200 that programs use
_BURN = """
from time import thread_time as _clock
def burn(seconds):
    end = _clock() + seconds
    while _clock() < end: pass
"""
_IN_CALL = "def add(a, b):\n    hidden()\n    return a + b\n"
_CHILD = """
import os
def child(seconds):
    # Its end is seen through a pipe, so that nobody has to wait for it.
    done, said = os.pipe()
    if os.fork() == 0:
        os.close(done)
        burn(seconds)
        os._exit(0)
    os.close(said)
    os.read(done, 1)
    os.close(done)
"""
_PATCHED = """
import os, resource, time
for name in ('time', 'monotonic', 'perf_counter', 'process_time', 'thread_time'):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + '_ns', lambda: 0)
time.clock_gettime = lambda *a: 0.0
os.times = lambda: (0.0,) * 5
resource.getrusage = lambda who: resource.struct_rusage([0] * 16)
"""
_PROGRAMS = {
    "behind patched clocks": _PATCHED + "def hidden(): burn(.1)\n" + _IN_CALL,
    "at import": "burn(.2)\ndef add(a, b): return a + b",
    "in threads": """
import threading
def hidden():
    threads = [threading.Thread(target=burn, args=(.025,)) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
""" + _IN_CALL,
    "in a thread that nobody joins": """
import _thread
def hidden():
    done = _thread.allocate_lock()
    done.acquire()
    def work():
        burn(.1)
        done.release()
    _thread.start_new_thread(work, ())
    done.acquire()
""" + _IN_CALL,
    "in a child": """
import os
def hidden():
    pid = os.fork()
    if pid == 0:
        burn(.1)
        os._exit(0)
    os.waitpid(pid, 0)
""" + _IN_CALL,
    "in a child nobody waits for": _CHILD + "def hidden(): child(.1)\n" + _IN_CALL,
    "in children that are never zombies": _CHILD + """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def hidden(): child(.2)  # twice as long: without a cgroup it is only seen every 10 to 20 ms
""" + _IN_CALL,
    "in an orphan": """
import os
def hidden():
    done, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0:
            os.setsid()
            os.close(done)
            burn(.1)
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(said)
    os.read(done, 1)
""" + _IN_CALL,
    "in another program": """
import subprocess, sys
WORK = "from time import process_time as c\\nwhile c() < .1: pass"
def hidden(): subprocess.run([sys.executable, '-S', '-c', WORK], check=True)
""" + _IN_CALL,
    "in a spawned program nobody waits for": """
import os, sys
WORK = "from time import process_time as c\\nwhile c() < .1: pass"
def hidden():
    done, said = os.pipe()
    os.set_inheritable(said, True)
    os.posix_spawn(sys.executable, [sys.executable, '-S', '-c', WORK], {})
    os.close(said)
    os.read(done, 1)
""" + _IN_CALL,
    "in a pool of processes": """
import multiprocessing
def hidden():
    with multiprocessing.get_context('fork').Pool(2) as pool: pool.map(burn, [.05, .05])
""" + _IN_CALL,
    "in a finaliser": """
class Heavy:
    def __del__(self): burn(.1)
def hidden(): Heavy()
""" + _IN_CALL,
    "in a signal handler": """
import signal
signal.signal(signal.SIGUSR1, lambda *a: burn(.1))
def hidden(): signal.raise_signal(signal.SIGUSR1)
""" + _IN_CALL,
    "in a trace function": """
import sys
def trace(*a):
    sys.settrace(None)
    burn(.1)
def step(): pass
def hidden():
    sys.settrace(trace)
    step()
""" + _IN_CALL,
    "at the lowest priority": "import os\nos.nice(19)\ndef hidden(): burn(.1)\n" + _IN_CALL,
    "in the kernel": """
from time import process_time
def hidden():
    end = process_time() + .1
    with open('/dev/zero', 'rb') as zero:
        while process_time() < end: zero.read(1 << 16)
""" + _IN_CALL,
    # A program that passes is run again. One that then finds what it has left is `exited`, and flagged `flaky`.
    "once, kept in a file": """
import os
if os.path.exists('/tmp/kept'): raise SystemExit
def hidden():
    burn(.1)
    open('/tmp/kept', 'w').close()
""" + _IN_CALL,
    "once, kept among the modules": """
import sys
if 'kept' in sys.modules: raise SystemExit
sys.modules['kept'] = sys
def hidden(): burn(.1)
""" + _IN_CALL,
    "once, kept by lru_cache": """
import functools
@functools.lru_cache
def answer(a, b):
    burn(.1)
    return a + b
def add(a, b): return answer(a, b) if answer.cache_info().hits == 0 else None
""",
    "in a default argument": "def add(a, b, work=burn(.2)): return a + b",
}  # fmt: skip
_LAZY: dict[str, tuple[str, AttackTests, str | None]] = {
    "in a generator": (
        "def add(a, b):\n    burn(.2)\n    yield a + b", make_asserts("assert list(add(1, 2)) == [3]"), "add",
    ),
    "in an object that is a number later": (
        "class Later:\n    def __int__(self):\n        burn(.2)\n        return 3\ndef add(a, b): return Later()",
        make_asserts("assert int(add(1, 2)) == 3"), "add",
    ),
    "at exit": (
        "import atexit\natexit.register(lambda: (burn(.2), print(sum(map(int, input().split())))))", make_stdio("1 2", "3"), None,
    ),
    "in a thread after the end": (
        "import threading\ndef work():\n    burn(.2)\n    print(3)\nthreading.Timer(.01, work).start()", make_stdio("1 2", "3"), None,
    ),
}  # fmt: skip
_ANSWERS = Answers(calls=("add(1, 2)",))
_GROUP: Group = "hides its CPU time"
HIDES = (
    *(Attack(f"work {name}", _GROUP, _BURN + code, ("passed",), least_cpu_ms=LEAST_CPU_MS) for name, code in _PROGRAMS.items()),
    *(
        Attack(f"work {name}", _GROUP, _BURN + code, ("passed",), tests, TIGHT, entry=entry, least_cpu_ms=LEAST_CPU_MS)
        for name, (code, tests, entry) in _LAZY.items()
    ),
    Attack("work in a call that is only timed", _GROUP, _BURN + "def add(a, b): return burn(.2)", ("passed",), _ANSWERS, least_cpu_ms=LEAST_CPU_MS),
    # A value that is not computed yet is no answer, and is not timed.
    Attack("work put off to a generator", _GROUP, _BURN + "def add(a, b):\n    burn(.2)\n    yield a + b", ("failed",), _ANSWERS),
    Attack("work put off to an object", _GROUP, "class Later:\n    def __int__(self): return 3\ndef add(a, b): return [Later()]", ("failed",), _ANSWERS),
)  # fmt: skip
