"""Whole programs whose output looks right to a careless comparison."""

# ruff: noqa: RUF001  (the odd digits are the point)

from judge.attacks.base import Attack, make_attacks, make_stdio

FORGERIES = make_attacks("forges output", ("failed", "error", "exited"), {
    "first token alone": "print(1)",
    "right, then more": "print(1, 2, 3)",
    "right twice": "print(1, 2)\nprint(1, 2)",
    "look-alike digits": "print('１', '2')",
    "Arabic digits": "print('١', '٢')",
    "NUL": "print('1\\x00', 2)",
    "backspace": "print('9\\x081', 2)",
    "ANSI": "print('\\x1b[2K1', 2)",
    "zero-width blank": "print('1\\u200b', 2)",
    "words of a harness": "print('PASSED'); print('{\"verdict\": \"passed\"}'); print('1 passed in 0.01s')",
    "nan for numbers": "print('nan', 'nan')",
    "underscores": "print('0_1', '2.0')",
    "hexadecimal": "print('0x1', '0x2')",
    "nothing": "pass",
    "exit code alone": "import os; os._exit(0)",
    "right, then a crash": "print(1, 2)\nraise ValueError",
    "right, then exit code 1": "print(1, 2)\nraise SystemExit(1)",
    "right on stderr": "import sys\nprint(1, 2, file=sys.stderr)",
    "right on every other descriptor": """
import os
for fd in range(2, 256):
    try: os.write(fd, b'1 2')
    except OSError: pass
""",
    "forged report": "import os\nos.write(3, b'[\"Passed\", \"1 2\", 1, null]')\nos._exit(7)",
    "right by a child that outlives it": """
import os, time
if os.fork() == 0:
    time.sleep(5)
    print(1, 2, flush=True)
""",
    "bytes that are no text": "import os\nos.write(1, b'\\xff1 2')",
    "not flushed": "import os\nprint(1, 2)\nos._exit(0)",
}, make_stdio("", "1 2\n"))  # fmt: skip
FORGERIES += tuple(
    Attack(name, "forges output", code, ("failed",), make_stdio("", output))
    for name, code, output in (
        ("float near a large integer", "print(1e17 + 5)", "100000000000000005"),
        ("large integer with a point", "print('1000000.9')", "1000000"),
        ("huge integer with one wrong digit", "print('9' * 400)", "9" * 399 + "8"),
        ("infinity for a float", "print(1e999)", "1.5"),
    )
)
