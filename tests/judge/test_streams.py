"""A whole program finds its streams and its file as under any interpreter, and its output is complete at its end."""

import subprocess
import sys
from pathlib import Path

import pytest

from judge.problems import Stdio, StdioCase
from tests.judge.running import Run

HEAD = "def total(text): return sum(map(int, text.split()))\n"
HONEST = {
    "/dev/stdin": "print(total(open('/dev/stdin').read()))",
    "/dev/fd/0": "import os\nprint(total(os.read(os.open('/dev/fd/0', os.O_RDONLY), 99)))",
    "Path of /dev/stdin": "from pathlib import Path\nprint(total(Path('/dev/stdin').read_text()))",
    "fileinput of /dev/stdin": "import fileinput\nfor line in fileinput.input('/dev/stdin'): print(total(line))",
    "/dev/stdin exists": "import os\nif os.path.exists('/dev/stdin'): print(total(input()))",
    "/dev/stdout": "open('/dev/stdout', 'w').write(str(total(input())))",
    "/dev/stdout kept open": "out = open('/dev/stdout', 'w')\nprint(total(input()), file=out)",
    "/dev/stderr": "print('debug', file=open('/dev/stderr', 'w'))\nprint(total(input()))",
    "descriptor 1 kept open": "out = open(1, 'w')\nout.write(str(total(input())))",
    "copy of descriptor 1": "import os\nout = os.fdopen(os.dup(1), 'w')\nprint(total(input()), file=out)",
    "kept in an object": "class App:\n    def __init__(self): self.out = open(1, 'w', closefd=False)\n"
    "    def run(self): self.out.write(str(total(input())))\napp = App()\napp.run()\napp.me = app",
    "kept by a module": "import sys\nsys.out = open(1, 'w')\nsys.out.write(str(total(input())))",
    "sys.__stdout__": "import sys, io\nsys.stdout = io.StringIO()\n"
    "print(total(input()))\nsys.__stdout__.write(sys.stdout.getvalue())",
    "wrapped": "import sys, io\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\nprint(total(input()))",
    "detached": "import sys, io\nsys.stdout = io.TextIOWrapper(sys.stdout.detach())\nprint(total(input()))",
    "closed at the end": "import sys\nprint(total(input()))\nsys.stdout.close()",
    "__del__": "class A:\n    def __del__(self): print(total(input()))\na = A()",
    "atexit": "import atexit\n@atexit.register\ndef end(): print(total(input()))",
    "thread": "import threading\nthreading.Timer(0.01, lambda: print(total(input()))).start()",
    "byte order mark": "\ufeffprint(total(input()))",
    "byte order mark and lines": "\ufeff# a comment\r\nprint(total(input()))\r\n",
    "own file": "import os\nassert '__file__' in open(__file__).read() and os.path.isabs(__file__)\n"
    "print(total(input()))",
    "folder of its file": "import os, sys\nsys.path.append(os.path.dirname(os.path.abspath(__file__)))\n"
    "os.chdir(os.path.dirname(__file__))\nprint(total(input()))",
    "large integers": "n = total(input())\nprint(n if len(str(7 ** 9000)) + int('9' * 5000) else 0)",
    "bytes": "import sys\nsys.stdout.buffer.write(b'%d' % total(sys.stdin.buffer.read()))",
}  # fmt: skip
TESTS = Stdio(cases=(StdioCase(input="1 2\n", output="3\n"),))


@pytest.mark.parametrize("kind", HONEST)
def test_streams_and_file_are_those_of_an_interpreter(judge: Run, kind: str) -> None:
    row = judge(HONEST[kind], TESTS, context=HEAD)
    assert row.verdict == "passed", (row.feedback, row.stderr_tail)
    row = judge(HONEST[kind], Stdio(cases=(StdioCase(input="1 3\n", output="3\n"),)), context=HEAD)
    assert row.verdict == "failed", row


PROGRAMS = {
    "prompts": "a = input('a: ')\nb = input()\nprint(a, b)",
    "nothing flushed by _exit": "import os\nprint(3)\nos._exit(0)",
    "order of streams": "import sys, os\nos.write(1, b'1 ')\nsys.__stdout__.write('2 ')\nsys.stdout.buffer.write(b'3')",
    "end of a generator": "def g():\n    try: yield\n    finally: print('closed')\nopened = g()\nnext(opened)",
    "order at the end": "class A:\n    def __init__(self, n): self.n = n\n    def __del__(self): print(self.n)\n"
    "b = A('b')\n_a = A('a')\nimport atexit\natexit.register(print, 'first')",
    "cycle": "class A:\n    def __del__(self): print('gone')\na = A()\na.a = a",
    "write to a read file": "f = open('/dev/stdin')\ntry: f.write('x')\nexcept Exception as e: print(type(e).__name__)",
    "no such path": "try: open('/dev/fd/9')\nexcept OSError as e: print(e.errno)",
    "status of a stream": "import os, stat\nprint(stat.S_ISFIFO(os.stat('/dev/stdout').st_mode))",
}  # fmt: skip


@pytest.mark.parametrize("kind", PROGRAMS)
def test_output_is_that_of_an_interpreter(judge: Run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "solution.py"
    file.write_text(PROGRAMS[kind])
    command = [sys.executable, str(file)]
    output = subprocess.run(command, input="1\n2\n", capture_output=True, text=True, env={}, check=False).stdout
    row = judge(PROGRAMS[kind], Stdio(cases=(StdioCase(input="1\n2\n", output="none of it"),)))
    assert row.verdict == "failed" and row.stdout_tail == output


def test_large_outputs_are_compared_while_they_come(judge: Run) -> None:
    expected = "\n".join(map(str, range(700_000)))
    tests = Stdio(cases=(StdioCase(input="", output=expected),))
    row = judge("for n in range(700_000): print(n)", tests, cpu_s=9)
    assert row.verdict == "passed" and len(row.stdout_tail) <= 2000, row.feedback
    row = judge("for n in range(700_000): print(n if n != 600_000 else 1)", tests, cpu_s=9)
    assert (row.verdict, row.tests[0].message.split(", for")[0]) == ("failed", "token 600001 is '1', expected '600000'")


def test_output_far_beyond_the_expected_one_is_stopped(judge: Run) -> None:
    tests = Stdio(cases=(StdioCase(input="", output="1\n" * 600_000),))
    row = judge("while True: print(1)", tests, cpu_s=9)
    assert row.verdict == "output" and row.feedback.startswith("The program printed too much: more than 2195 KiB")


def test_a_limit_holds_for_all_cases_together(judge: Run) -> None:
    tests = Stdio(cases=tuple(StdioCase(input="", output="1") for _ in range(4)))
    row = judge("import time\nwhile time.process_time() < 0.4: pass\nprint(1)", tests, cpu_s=1.0)
    assert [test.verdict for test in row.tests] == ["passed", "passed", "timeout", "timeout"]
    assert row.tests[3].message.startswith("not run")


def test_a_tolerance_is_the_problems_own(judge: Run) -> None:
    cases = (StdioCase(input="", output="0.3333333333"),)
    assert judge("print(1 / 3)", Stdio(cases=cases)).verdict == "failed"
    assert judge("print(1 / 3)", Stdio(cases=cases, float_tolerance=1e-9)).verdict == "passed"
    assert judge("print(0.334)", Stdio(cases=cases, float_tolerance=1e-9)).verdict == "failed"


def test_lines_count(judge: Run) -> None:
    tests = Stdio(cases=(StdioCase(input="", output="2\n1 2\n3 4\n"),))
    assert judge("print('2 1\\n2 3 4')", tests).verdict == "failed"
    assert judge("print('2 ')\nprint(1, 2, '')\nprint()\nprint(3, 4)\nprint()", tests).verdict == "passed"
