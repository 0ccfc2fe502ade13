"""Describe a verdict to the model that repairs the program: the first test that did not pass, and why."""

import re

from judge.protocol import TestResult, Verdict

LONGEST = 2000
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_LIMITS: dict[Verdict, str] = {
    "timeout": "The program took too long", "memory": "The program used too much memory",
    "output": "The program printed too much", "processes": "The program started too many processes or threads",
    "files": "The program wrote too much to /tmp",
}  # fmt: skip


def scrub_addresses(text: str) -> str:
    """Replace memory addresses, which change from run to run."""
    return _ADDRESS.sub("0x...", text)


def write_feedback(verdict: Verdict, tests: tuple[TestResult, ...], exceeded_limit: str = "") -> str:
    """Return a text of at most 2,000 characters, empty for `passed`; `exceeded_limit` names the limit in words."""
    if verdict == "passed":
        return ""
    if verdict == "no_code":
        return "There is no program in the answer."
    not_passed = [test for test in tests if test.verdict != "passed"]
    deciding = [test for test in tests if test.verdict == verdict] or not_passed
    lines = []
    if verdict in _LIMITS:
        lines.append(f"{_LIMITS[verdict]}: {exceeded_limit}." if exceeded_limit else f"{_LIMITS[verdict]}.")
    if deciding:
        first = deciding[0]
        lines += [f"Test: {_cut(first.test, 700)}", f"Result: {first.verdict}"]
        if first.message and first.message != exceeded_limit:
            lines.append(_cut(first.message, 1000))
    passed = sum(test.verdict == "passed" for test in tests)
    if len(tests) > 1:
        lines.append(f"{passed} of {len(tests)} tests passed.")
    return _cut(scrub_addresses("\n".join(lines)), LONGEST)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
