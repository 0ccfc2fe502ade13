"""Programs that try to outlive their run, or to reach the host.

Those of REFUSED return the right sum only after they have broken out, so that a pass would show it.
"""

# ruff: noqa: E501  (programs are data)

from judge.attacks.base import MARK, WRONG, make_attacks

OUTLIVES = make_attacks("outlives its run", ("failed",), {
    "double fork": """
import os, time
def add(a, b):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(1)
        os._exit(0)
    return a - b
""",
    "spawn": """
import subprocess, sys
def add(a, b):
    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'], start_new_session=True)
    return a - b
""",
    "posix_spawn": """
import os, sys
def add(a, b):
    os.posix_spawn(sys.executable, ['python', '-c', 'import time; time.sleep(1000)'], {})
    return a - b
""",
    "clone as a system call": """
import ctypes, time
def add(a, b):
    if ctypes.CDLL(None).syscall(56, 17, 0, 0, 0, 0) == 0: time.sleep(1000)
    return a - b
""",
    "child that holds every descriptor": "import os, time\ndef add(a, b):\n    if os.fork() == 0: time.sleep(1000)\n    return a - b",
    "child deaf to signals": """
import os, signal, time
def add(a, b):
    if os.fork() == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True: time.sleep(1)
    return a - b
""",
    "sub-reaper": """
import ctypes, os, time
def add(a, b):
    ctypes.CDLL(None).prctl(36, 1)
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(36, 1)
        if os.fork() == 0: time.sleep(1000)
        os._exit(0)
    return a - b
""",
    "thread left running": WRONG + "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()",
    "files everywhere": WRONG + f"""
import os
for folder in ('/tmp', '/dev/shm', '/var/tmp', '/root', '/', '/proc', '/judge', '/usr', '/home'):
    try: open(os.path.join(folder, '{MARK}'), 'w')
    except OSError: pass
""",
    "abstract socket": WRONG + f"import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0{MARK}')",
})  # fmt: skip

_LIBC = "import ctypes\ndef add(a, b):\n    assert ctypes.CDLL(None).{} == 0, 'refused'\n    return a + b"
_SYSTEM_CALL = (
    "import ctypes\ndef add(a, b):\n    assert ctypes.CDLL(None).syscall({}) >= 0, 'refused'\n    return a + b"
)
REFUSED = make_attacks("attacks the host", ("error",), {
    "ptrace": _LIBC.format("ptrace(0, 0, 0, 0)"),
    "mount": _LIBC.format("mount(b'x', b'/tmp', b'tmpfs', 0, None)"),
    "unmount": _LIBC.format("umount(b'/proc')"),
    "unshare of users": _LIBC.format("unshare(0x10000000)"),
    "pivot_root": _SYSTEM_CALL.format("155, b'/tmp', b'/tmp'"),
    "process_vm_writev": _SYSTEM_CALL.format("311, 0, 0, 0, 0, 0, 0"),
    "keyring": _SYSTEM_CALL.format("250, 0, -3, 1"),
    "add_key": _SYSTEM_CALL.format("248, b'user', b'x', b'y', 1, -3"),
    "io_uring": _SYSTEM_CALL.format("425, 8, 0"),
    "bpf": _SYSTEM_CALL.format("321, 0, 0, 0"),
    "perf_event_open": _SYSTEM_CALL.format("298, 0, 0, -1, -1, 0"),
    "userfaultfd": _SYSTEM_CALL.format("323, 1"),
    "memfd": _SYSTEM_CALL.format("319, b'x', 0"),
    "shared memory": _SYSTEM_CALL.format("29, 0, 4096, 0o1600"),
    "message queue": _SYSTEM_CALL.format("68, 0, 0o1600"),
    "asynchronous input and output": "import ctypes\nslot = ctypes.c_ulong()\n" + _SYSTEM_CALL.format(
        "206, 60000, ctypes.byref(slot)"
    ),
    "fanotify": _SYSTEM_CALL.format("300, 0, 0"),
    "personality": _SYSTEM_CALL.format("135, 0x0040000"),
    "clone3": _SYSTEM_CALL.format("435, 0, 0"),
    "clock": "import time\ndef add(a, b):\n    time.clock_settime(time.CLOCK_REALTIME, 0)\n    return a + b",
    "chroot": "import os\ndef add(a, b):\n    os.chroot('/tmp')\n    return a + b",
    "setuid": "import os\ndef add(a, b):\n    os.setuid(0)\n    return a + b",
    "higher limits": """
import resource
def add(a, b):
    resource.setrlimit(resource.RLIMIT_NPROC, (1000, 1000))
    return a + b
""",
    "network": "import socket\ndef add(a, b):\n    socket.create_connection(('127.0.0.1', 22), 1)\n    return a + b",
    "datagrams": "import socket\ndef add(a, b):\n    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n    return a + b",
    "netlink": "import socket\ndef add(a, b):\n    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\n    return a + b",
    "kernel crypto": "import socket\ndef add(a, b):\n    socket.socket(38, socket.SOCK_SEQPACKET)\n    return a + b",
    "name server": "import socket\ndef add(a, b):\n    socket.getaddrinfo('example.org', 80)\n    return a + b",
    "code of the judge": "def add(a, b):\n    open('/judge/inside/codec.py', 'a')\n    return a + b",
    "the root folder": "def add(a, b):\n    open('/x', 'w')\n    return a + b",
    "the library": "import os\ndef add(a, b):\n    open(os.__file__, 'a')\n    return a + b",
    "a folder that outlives the program": """
import os
def add(a, b):
    os.chmod('/proc', 0o777)
    open('/proc/note', 'w').close()
    return a + b
""",
    "passwords": "def add(a, b):\n    open('/etc/passwd').read()\n    return a + b",
    "symbolic link to the outside": """
import os
def add(a, b):
    os.symlink('/etc/passwd', '/tmp/link')
    open('/tmp/link').read()
    return a + b
""",
    "memory of the parent": "import os\ndef add(a, b):\n    open(f'/proc/{os.getppid()}/mem', 'r+b')\n    return a + b",
    "device": "import os\ndef add(a, b):\n    os.mknod('/tmp/d', 0o60600, os.makedev(8, 0))\n    return a + b",
    "setuid program": """
import subprocess
def add(a, b):
    subprocess.run(['su', '-c', 'id'], check=True, capture_output=True)
    return a + b
""",
})  # fmt: skip
SIGNALS = make_attacks("attacks the host", ("failed", "error", "exited"), {
    "kill the parent": "import os\ndef add(a, b):\n    os.kill(os.getppid(), 9)\n    return a - b",
    "kill everybody": "import os\ndef add(a, b):\n    os.kill(-1, 9)\n    return a - b",
    "stop its group": "import os\ndef add(a, b):\n    os.kill(0, 19)\n    return a - b",
    "interrupt its group": """
import os, signal
signal.signal(2, signal.SIG_IGN)
def add(a, b):
    os.kill(0, 2)
    return a - b
""",
    "every signal to its group": """
import os, signal
def add(a, b):
    for n in range(1, 65):
        try:
            signal.signal(n, signal.SIG_IGN)
            os.kill(0, n)
        except (OSError, ValueError): pass
    return a - b
""",
    "core dump": "import os\ndef add(a, b):\n    if os.fork() == 0: os.abort()\n    os.wait()\n    return a - b",
    "locks on shared files": WRONG + "import fcntl, os\nfile = open(os.__file__)\nfcntl.flock(file, fcntl.LOCK_EX)",
    "writes to devices": WRONG + """
for name in ('null', 'zero', 'full', 'random'):
    try: open('/dev/' + name, 'wb').write(b'x')
    except OSError: pass
""",
})  # fmt: skip
