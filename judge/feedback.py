"""What a model that repairs is shown: the first test that does not pass, and why."""

import re

from judge.protocol import TestResult, Verdict

LONGEST = 2000
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_LIMITS: dict[Verdict, str] = {
    "timeout": "The program took too long", "memory": "The program used too much memory",
    "output": "The program printed too much", "processes": "The program started too many processes or threads",
    "files": "The program wrote too much to /tmp",
}  # fmt: skip


def scrubbed(text: str) -> str:
    """Without addresses, which change from run to run."""
    return _ADDRESS.sub("0x...", text)


def feedback(verdict: Verdict, tests: tuple[TestResult, ...], why: str = "") -> str:
    """Text of at most 2,000 characters; empty for `passed`. `why` is the limit that was passed, in words."""
    if verdict == "passed":
        return ""
    if verdict == "no_code":
        return "There is no program in the answer."
    first = next((test for test in tests if test.verdict == verdict), None) or next(
        (test for test in tests if test.verdict != "passed"), None
    )
    lines = []
    if verdict in _LIMITS:
        lines.append(f"{_LIMITS[verdict]}: {why}." if why else f"{_LIMITS[verdict]}.")
    if first is not None:
        lines += [f"Test: {_cut(first.test, 700)}", f"Result: {first.verdict}"]
        if first.message and first.message != why:
            lines.append(_cut(first.message, 1000))
    passed = sum(test.verdict == "passed" for test in tests)
    if len(tests) > 1:
        lines.append(f"{passed} of {len(tests)} tests passed.")
    return _cut(scrubbed("\n".join(lines)), LONGEST)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."
