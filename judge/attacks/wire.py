"""Answers made to break the codec, and bytes written to the wire past it."""

# ruff: noqa: E501  (programs are data)

from judge.attacks.base import TIGHT, WRONG, Attack, make_asserts, make_attacks, make_unittest

CODEC = make_attacks("attacks the codec", ("failed", "error", "memory"), {
    "__reduce__": "class R:\n    def __reduce__(self): return (print, ('x',))\ndef add(a, b): return R()",
    "cycle": "def add(a, b):\n    x = []\n    x.append(x)\n    return x",
    "list that lies about its length": "class E(list):\n    def __len__(self): return 10**9\ndef add(a, b): return E([1])",
    "lone surrogates": "def add(a, b): return '\\udfff' * 9",
    "nan as keys": "def add(a, b): return {float('nan'): n for n in range(999)}",
    "range of 10^18": "def add(a, b): return range(10**18)",
    "signalling decimal": "from decimal import Decimal\ndef add(a, b): return Decimal('sNaN')",
    "exception that lies": """
class E(Exception):
    def __str__(self): raise SystemExit
    args = property(lambda s: 1 / 0)
def add(a, b): raise E
""",
    "exception with a huge number": """
import inside.peer
inside.peer.line_of = lambda error: 10**5000
def add(a, b): raise OSError(5, 'x')
""",
    "exception of the judge's": "from inside.asserts import FailedError\ndef add(a, b): raise FailedError('x', 1, None)",
    "exception as an assertion": "class E(AssertionError): pass\ndef add(a, b): raise E('got 3, expected 3')",
    "KeyboardInterrupt": "def add(a, b): raise KeyboardInterrupt",
    "GeneratorExit": "def add(a, b): raise GeneratorExit",
    "key that answers for itself": """
class K:
    def __hash__(self): return hash(3)
    def __repr__(self): raise SystemExit
def add(a, b): return K()
""",
    "hostile length": "class L:\n    def __len__(self): return -1\n    def __index__(self): raise SystemExit\ndef add(a, b): return L()",
})  # fmt: skip

CODEC += make_attacks("attacks the codec", ("failed", "error", "memory", "timeout"), {
    "nested 10^6 deep": "def add(a, b):\n    x = []\n    for _ in range(10**6): x = [x]\n    return x",
    "10^9 elements": "def add(a, b): return [None] * 10**9",
    "huge integer": "def add(a, b): return 1 << 10**8",
    "colliding set": "def add(a, b): return {i * (2**61 - 1) for i in range(2000)}",
}, limits=TIGHT.model_copy(update={"memory_mib": 256, "cpu_s": 1.0}))  # fmt: skip
CODEC += make_attacks("attacks the codec", ("failed", "error", "memory", "timeout"), {
    "doubling": "def add(a, b):\n    x = []\n    for _ in range(60): x = [x, x]\n    return x",
}, limits=TIGHT.model_copy(update={"cpu_s": 0.3}))  # fmt: skip

_RAW_WRITE = "import os\ndef add(a, b):\n    {}\n    return a - b"
WIRE = make_attacks("attacks the codec", ("failed", "error"), {
    "every descriptor": """
import os
def add(a, b):
    for fd in range(256):
        try: os.write(fd, b'\\x00\\x00\\x00\\x05PASSED 3')
        except OSError: pass
    return a - b
""",
    "reply before the question": "import os\nos.write(3, b'\\x00\\x00\\x00\\x01T' * 9)\n" + WRONG,
    "truncated reply": _RAW_WRITE.format("os.write(3, b'\\x00\\x00\\x10\\x00abc'); os._exit(0)"),
    "endless frame": _RAW_WRITE.format("os.write(3, b'\\xff\\xff\\xff\\xff')"),
    "array unasked for": _RAW_WRITE.format("os.write(3, b'\\x00\\x00\\x00\\x11a\\x02f8\\x01' + bytes(7) + b'\\xff' + bytes(4))"),
    "frame unasked for": _RAW_WRITE.format("os.write(3, b'\\x00\\x00\\x00\\x08Ps\\x00\\x00\\x00\\x02NN')"),
    "no value": _RAW_WRITE.format("os.write(3, b'\\x00\\x00\\x00\\x03zzz')"),
    "forged reply": """
from inside.encoder import Encoder
import os
def add(a, b):
    m = Encoder(None).encode(('r', 7, True, 3, None))
    os.write(3, len(m).to_bytes(4, 'big') + m)
    return a + b
""",
    "answered twice": "import os\ndef add(a, b):\n    os.fork()\n    return a + b",
    "threads that write between": """
import os, threading
def add(a, b):
    for _ in range(4): threading.Thread(target=lambda: [os.write(3, b'\\x00\\x00\\x00\\x01T') for _ in range(99)]).start()
    return a + b
""",
    "last answer spoilt": """
import inside.peer
answer = inside.peer.Peer.answer
def spoilt(self, message):
    if message[2] == 'ping': return self.refuse(message[1], ValueError('\\udfff'))
    return answer(self, message)
inside.peer.Peer.answer = spoilt
def add(a, b): return a + b
""",
}, flag="tampered")  # fmt: skip
WIRE += (
    Attack(
        "request to the judge's builtins", "attacks the codec",
        "def add(f, n):\n    return f._patchmill_ends.ask('call', bytearray, (1 << 30,)) and n", ("failed",),
        make_asserts("assert add(lambda n: n, 3) == 3"), flag="tampered",
    ),
    Attack(
        "descriptors over the wire", "attacks the codec", """
import array, os, socket
def add(a, b):
    wire = socket.socket(fileno=os.dup(3))
    wire.sendmsg([b'\\x00\\x00\\x00\\x01T'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 1, 2, 3]))])
    return a + b
""", ("failed",), flag="tampered",
    ),
    Attack(
        "colliding set, then gone", "attacks the codec", """
import os, socket
def add(a, b):
    n = 30_000
    numbers = ((i * (2**61 - 1)).to_bytes(20, 'big') for i in range(n))
    body = b'<' + n.to_bytes(4, 'big') + b''.join(b'I' + (20).to_bytes(4, 'big') + number for number in numbers)
    socket.socket(fileno=os.dup(3)).sendall(len(body).to_bytes(4, 'big') + body)
    os._exit(0)
""", ("timeout", "failed"), limits=TIGHT.model_copy(update={"cpu_s": 0.3, "wall_s": 1.0}),
    ),
    Attack(
        "class that ends the judge's clean-up", "attacks the codec",
        "class A:\n    def close(self): raise SystemExit\ndef add(a, b): return a - b", ("failed",),
        make_unittest("self.assertEqual(add(1, 2), 3)\n    @classmethod\n    def tearDownClass(cls): A().close()"),
    ),
)  # fmt: skip
