"""Programs that take more than their limits; each must be stopped by the limit that it exceeds."""

# ruff: noqa: E501  (programs are data)

from judge.attacks.base import TIGHT, WRONG, Attack
from judge.protocol import Verdict

_SHORT_CPU = TIGHT.model_copy(update={"cpu_s": 0.3})
_SHORT_WALL = TIGHT.model_copy(update={"wall_s": 0.5})
_PROGRAMS: dict[str, tuple[str, tuple[Verdict, ...]]] = {
    "fork bomb": ("""
import os
def add(a, b):
    while True:
        try: os.fork()
        except OSError: pass
""", ("processes", "timeout")),
    "thread bomb": ("""
import threading, time
def add(a, b):
    while True:
        try: threading.Thread(target=time.sleep, args=(9,)).start()
        except RuntimeError: pass
""", ("processes",)),
    "memory, fast": ("def add(a, b): return len(b'x' * (1 << 33))", ("memory",)),
    "memory, slow": ("def add(a, b):\n    x = []\n    while True: x.append(bytearray(1 << 18))", ("memory",)),
    "memory in children": ("""
import os, time
def add(a, b):
    for _ in range(6):
        if os.fork() == 0:
            x = bytearray(b'1') * (40 << 20)
            time.sleep(30)
    time.sleep(30)
""", ("memory",)),
    "memory mapped and shared": ("""
import mmap
def add(a, b):
    m = mmap.mmap(-1, 1 << 30)
    for i in range(0, 1 << 30, 4096): m[i] = 1
""", ("memory",)),
    "memory of a thread whose process has no first thread": ("""
import ctypes, os, threading, time
def eat():
    time.sleep(.2)
    x = []
    while True:
        x.append(bytearray(b'1') * (1 << 20))
        time.sleep(.002)
def add(a, b):
    threading.Thread(target=eat).start()
    ctypes.CDLL(None).syscall(60, 0)
""", ("memory",)),
    "memory of socket buffers": ("""
import os, socket, time
def fill():
    kept = []
    while True:
        try: kept += socket.socketpair()
        except OSError: return kept
        for end in kept[-2:]:
            end.setblocking(False)
            try:
                while True: end.send(bytes(1 << 16))
            except OSError: pass
def add(a, b):
    full, said = os.pipe()
    for _ in range(8):
        if os.fork() == 0:
            kept = fill()
            os.write(said, b'x')
            time.sleep(30)
    for _ in range(8): os.read(full, 1)
    time.sleep(.1)
    return a - b
""", ("memory", "failed", "processes")),
    "memory of files": ("""
def add(a, b):
    with open('/dev/shm/x', 'wb') as f:
        while True: f.write(bytes(1 << 20))
""", ("files",)),
    "files caught in the act": ("""
def add(a, b):
    try:
        with open('x', 'wb') as f: f.write(bytes(20 << 20))
    except OSError: pass
    return a + b
""", ("files",)),
    "inodes": ("def add(a, b):\n    for i in range(10**6): open(f'{i}', 'w').close()", ("files",)),
    "flood of stdout": ("def add(a, b):\n    while True: print('x' * 1000)", ("output",)),
    "flood of stderr": ("import os\ndef add(a, b):\n    while True: os.write(2, b'x' * 1000)", ("output",)),
    "flood by a child": ("""
import os, time
def add(a, b):
    if os.fork() == 0:
        while True: os.write(1, b'x' * 1000)
    time.sleep(30)
""", ("output",)),
}  # fmt: skip
_BUSY = {
    "busy at import": "while True: pass",
    "busy in the call": "def add(a, b):\n    while True: pass",
    "deaf loop in C": """
import re, signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
def add(a, b): re.match('(a*)*b', 'a' * 40)
""",
    "deaf to the end of its time": """
import signal
for n in (signal.SIGXCPU, signal.SIGTERM, signal.SIGALRM): signal.signal(n, signal.SIG_IGN)
def add(a, b):
    while True: pass
""",
    "busy children": """
import os, time
def add(a, b):
    for _ in range(3):
        if os.fork() == 0:
            while True: pass
    time.sleep(60)
""",
    "busy children nobody waits for": """
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def add(a, b):
    while True:
        if os.fork() == 0:
            for _ in range(10**6): pass
            os._exit(0)
        try: os.wait()
        except OSError: pass
""",
    "busy conversion": "def add(a, b): return 10 ** (10 ** 9)",
    "busy when its text is asked for": "class E(Exception):\n    def __str__(self):\n        while True: pass\ndef add(a, b): raise E",
}
_SLEEPERS = {
    "sleep": "import time\ndef add(a, b): time.sleep(60)",
    "deadlock": "import threading\nlock = threading.Lock()\ndef add(a, b): return lock.acquire() and lock.acquire()",
    "pipe nobody writes to": "import os\ndef add(a, b):\n    os.mkfifo('f')\n    return open('f').read()",
    "wire nobody reads": WRONG + "import time\ntime.sleep(60)",
}
GREED = (
    *(Attack(name, "eats the machine", code, expected) for name, (code, expected) in _PROGRAMS.items()),
    *(Attack(name, "eats the machine", code, ("timeout",), limits=_SHORT_CPU) for name, code in _BUSY.items()),
    *(Attack(name, "eats the machine", code, ("timeout",), limits=_SHORT_WALL) for name, code in _SLEEPERS.items()),
    Attack(
        "comparison that never ends", "eats the machine", """
def add(a, b): return Endless()
class Endless:
    def __eq__(self, other):
        while True: pass
""", ("failed",),
    ),
)  # fmt: skip
