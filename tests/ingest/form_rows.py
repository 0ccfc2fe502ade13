"""A row of every named form, as its authors publish it, with the kind of tests and the entry point of its problem."""

import base64
import json
import pickle
import zlib

from judge.problems import Asserts, Calls, Check, Stdio, UnitTest

ADD = "def add(a, b):\n    return a + b\n"
STDIN = {"inputs": ["1 2\n", "5 5\n"], "outputs": ["3\n", "10\n"]}
PROGRAM = "print(sum(map(int, input().split())))"
LCB_TESTS = [{"input": "[1, 2]\n3", "output": "[1, 2, 3]", "testtype": "functional"}]
LCB_STARTER = "class Solution:\n    def push(self, xs: List[int], x: int) -> List[int]:\n        "
KODCODE_TEST = (
    "import pytest\nfrom solution import add\n\n\n@pytest.mark.parametrize('a, b, c', [(1, 2, 3), (0, 0, 0)])\n"
    "def test_add(a, b, c):\n    assert add(a, b) == c\n\n\ndef test_text():\n    with pytest.raises(TypeError):\n"
    "        add(1, 'x')\n"
)
CHECK_HEAD = 'from typing import List\n\n\ndef largest(xs: List[int]) -> int:\n    """Return the largest."""\n'


def pack(tests: object) -> str:
    """Return tests as LiveCodeBench packs private ones."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


ROWS: dict[str, tuple[str, dict[str, object], type, str | None]] = {
    "apps on standard input": (
        "apps",
        {"problem_id": 4, "question": "Add.", "input_output": json.dumps(STDIN), "solutions": json.dumps([PROGRAM])},
        Stdio,
        None,
    ),
    "taco with a function": (
        "taco",
        {
            "question": "Add.",
            "input_output": json.dumps({"fn_name": "add", "inputs": [[1, 2], [0, 0]], "outputs": [[3], [0]]}),
            "solutions": json.dumps([ADD]),
            "starter_code": "def add(a, b):\n\t",
        },
        Calls,
        "add",
    ),
    "apps with a method and no starter code": (
        "apps",
        {
            "question": "Add.",
            "input_output": {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]},
            "solutions": ["class Solution:\n    def add(self, a: List[int], b):\n        return a + b"],
        },
        Asserts,
        "Solution",
    ),
    "codecontests": (
        "codecontests",
        {
            "name": "1_A. Sum",
            "description": "Add.",
            "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
            "private_tests": {"input": ["1 2\n", "2 2\n"], "output": ["3\n", "4\n"]},
            "generated_tests": {"input": [], "output": []},
            "solutions": {"language": [2, 3], "solution": ["int main() {}", PROGRAM]},
            "input_file": "",
        },
        Stdio,
        None,
    ),
    "livecodebench on standard input": (
        "livecodebench",
        {
            "question_id": "abc_a",
            "question_content": "Add.",
            "starter_code": "",
            "metadata": "{}",
            "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
            "private_test_cases": pack([{"input": "2 2\n", "output": "4\n", "testtype": "stdin"}]),
        },
        Stdio,
        None,
    ),
    "livecodebench with a method": (
        "livecodebench",
        {
            "question_id": "3",
            "question_content": "Push.",
            "starter_code": LCB_STARTER,
            "metadata": json.dumps({"func_name": "push"}),
            "public_test_cases": json.dumps(LCB_TESTS),
            "private_test_cases": pack(LCB_TESTS),
        },
        Asserts,
        "Solution",
    ),
    "kodcode": (
        "kodcode",
        {
            "question_id": "k1",
            "question": "Write a sum.",
            "solution": ADD,
            "test": KODCODE_TEST,
            "test_info": [{"function_name": "add", "function_declaration": "def add(a, b):"}],
        },
        UnitTest,
        "add",
    ),
    "acecode": (
        "acecode",
        {
            "id": "a1",
            "question": "Write add.",
            "test_cases": ["assert add(1, 2) == 3", "import math\nassert math.isclose(add(0.1, 0.2), 0.3)"],
            "inferences": [
                {"completion": "def add(a, b): return a", "pass_rate": 0.5},
                {"completion": f"Here:\n```python\n{ADD}```", "pass_rate": 1.0},
            ],
        },
        Asserts,
        "add",
    ),
    "opencodeinstruct": (
        "opencodeinstruct",
        {
            "id": "o1",
            "input": "Write add.",
            "output": f"```python\n{ADD}```",
            "unit_tests": json.dumps(["\nassert add(1, 2) == 3\n", "\nassert add(0, 0) == 0\n"]),
            "tests_execution_status": json.dumps(["pass", "pass"]),
            "average_test_score": "1",
        },
        Asserts,
        "add",
    ),
    "deepcoder with typed tests": (
        "deepcoder",
        {
            "problem": "Write add.",
            "tests": json.dumps([{"type": "function_call", "fn_name": "add", "input": [1, 2], "output": [3]}]),
            "solutions": [ADD],
        },
        Calls,
        "add",
    ),
    "verl with inputs and outputs": (
        "verl",
        {
            "data_source": "taco",
            "prompt": [{"role": "system", "content": "Think."}, {"role": "user", "content": "Add."}],
            "reward_model": {"style": "rule", "ground_truth": json.dumps(STDIN)},
            "extra_info": {"index": 5, "split": "train", "reference": PROGRAM},
        },
        Stdio,
        None,
    ),
    "verl with pytest functions": (
        "verl",
        {
            "prompt": "Write add.",
            "reward_model": json.dumps({"ground_truth": json.dumps({"functional": KODCODE_TEST})}),
            "extra_info": {"reference": ADD},
        },
        UnitTest,
        "add",
    ),
    "verl with asserts": (
        "verl",
        {"prompt": "Write add.", "reward_model": {"ground_truth": json.dumps(["assert add(1, 2) == 3"])}},
        Asserts,
        "add",
    ),
    "verl with a check": (
        "verl",
        {
            "prompt": "Write add.",
            "reward_model": {
                "ground_truth": json.dumps(
                    {
                        "entry_point": "Solution().add",
                        "import_prefix": "import math",
                        "test_code": "def check(candidate):\n    assert candidate(1, 2) == math.ceil(2.5)",
                    }
                )
            },
            "solution": "class Solution:\n    def add(self, a, b):\n        return a + b",
        },
        Check,
        "Solution",
    ),
    "mbpp": (
        "mbpp",
        {
            "task_id": 602,
            "text": "Write add.",
            "code": ADD,
            "test_list": ["assert add(1, 2) == 3"],
            "test_setup_code": "",
            "challenge_test_list": [],
        },
        Asserts,
        "add",
    ),
    "sanitized mbpp": (
        "mbpp",
        {
            "task_id": 602,
            "prompt": "Write add.",
            "code": ADD,
            "test_imports": ["import math"],
            "test_list": ["assert add(1, 2) == math.ceil(2.5)"],
        },
        Asserts,
        "add",
    ),
    "humaneval": (
        "humaneval",
        {
            "task_id": "HumanEval/900",
            "prompt": CHECK_HEAD,
            "canonical_solution": "    return max(xs)\n",
            "entry_point": "largest",
            "test": "def check(candidate):\n    assert candidate([1, 3]) == 3\n",
        },
        Check,
        "largest",
    ),
    "humanevalfix": (
        "humanevalfix",
        {
            "task_id": "Python/0",
            "prompt": CHECK_HEAD,
            "canonical_solution": "    return max(xs)\n",
            "buggy_solution": "    return min(xs)\n",
            "import": "",
            "test_setup": "",
            "entry_point": "largest",
            "test": "def check(largest):\n    assert largest([1, 3]) == 3\n\ncheck(largest)",
        },
        Check,
        "largest",
    ),
}
