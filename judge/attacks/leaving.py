"""Programs that end before they have answered, and programs that try to change their exit code."""

from judge.attacks.base import WRONG, Attack, make_attacks
from judge.problems import Check

ENDS = make_attacks("ends early", ("exited",), {
    "sys.exit at import": "import sys\nsys.exit(0)",
    "os._exit at import": "import os\nos._exit(0)",
    "SystemExit at import": "raise SystemExit",
    "quit": "quit()",
    "quit in the call": "def add(a, b): quit()",
    "SystemExit in the call": "def add(a, b): raise SystemExit",
    "sys.exit in the call": "import sys\ndef add(a, b): sys.exit(0)",
    "posix._exit": "import posix\ndef add(a, b): posix._exit(0)",
    "exit of the C library": "import ctypes\ndef add(a, b): ctypes.CDLL(None)._exit(0)",
    "exit of the C library at import": "import ctypes\nctypes.CDLL(None)._exit(0)",
    "exit as a system call": "import ctypes\ndef add(a, b): ctypes.CDLL(None).syscall(231, 0)",
    "SIGKILL to itself": "import os\ndef add(a, b): os.kill(os.getpid(), 9)",
    "SIGKILL to itself at import": "import os\nos.kill(os.getpid(), 9)",
    "raise_signal SIGKILL": "import signal\ndef add(a, b): signal.raise_signal(9)",
    "exit code 137": "import os\nos._exit(137)",
    "exit code 124": "import os\nos._exit(124)",
    "exit code 137 in the call": "import os\ndef add(a, b): os._exit(137)",
    "exit code 124 in the call": "import os\ndef add(a, b): os._exit(124)",
    "abort": "import os\ndef add(a, b): os.abort()",
    "segmentation fault": "import ctypes\ndef add(a, b): return ctypes.string_at(0)",
    "exec": "import os, sys\ndef add(a, b): os.execv(sys.executable, ['python', '-c', ''])",
    "exit while it is compared": """
import os
class Leaver:
    def __abs__(self): os._exit(0)
    def __hash__(self): os._exit(0)
    def __repr__(self): os._exit(0)
    def __len__(self): os._exit(0)
    def __sub__(self, other): os._exit(0)
    def __bool__(self): os._exit(0)
def add(a, b): return Leaver() - 1 if a else Leaver()
""",
    "closes the wire": "import os\ndef add(a, b): os.close(3)",
})  # fmt: skip

SWALLOWED = Check(kind="check", code="""
def check(candidate):
    assert candidate(1, 2) == 3
    try:
        candidate(-4, 9)
    except:
        pass
""")  # fmt: skip
ENDS += (
    Attack(
        "exit where the test catches everything", "ends early",
        "import os\ndef add(a, b): return a + b if a > 0 else os._exit(0)", ("exited",), SWALLOWED,
    ),
)  # fmt: skip

FLIPS = make_attacks("flips the code", ("failed", "exited"), {
    "atexit": WRONG + "import atexit, os\natexit.register(os._exit, 0)",
    "excepthook": WRONG + "import sys, os\nsys.excepthook = lambda *a: os._exit(0)",
    "__del__": WRONG + "import os\nclass D:\n    def __del__(self): os._exit(0)\nd = D()",
    "thread that exits": WRONG + """
import os, threading, time
threading.Thread(target=lambda: (time.sleep(.05), os._exit(0))).start()
""",
    "gc callback": WRONG + "import gc, os\ngc.callbacks.append(lambda *a: os._exit(0))\ngc.collect()",
    "trace function": WRONG + "import sys, os\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "timer": WRONG + """
import os, signal
signal.signal(signal.SIGALRM, lambda *a: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, .001)
""",
    "deaf to signals": WRONG + """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
""",
})  # fmt: skip
