"""Examples that need to name only the fields that matter to a test."""

from dataclasses import replace
from typing import Any

from tasks.publish.examples import Example

PRIMES = """\
def primes(limit):
    found = []
    for number in range(2, limit):
        if all(number % known for known in found):
            found.append(number)
    return found
"""
MEDIAN = """\
def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
"""


def build_example(example_id: str, **fields: Any) -> Example:
    """Build an example of a problem of its own."""
    default = Example(
        example_id=example_id,
        problem_id=f"problem of {example_id}",
        source="builder",
        licence="MIT",
        origin="",
        prompt=f"Task {example_id}",
        codes=(),
        mined=False,
    )
    return replace(default, **fields)
